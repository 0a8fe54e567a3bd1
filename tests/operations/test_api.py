"""The Python API: what a script reads, and transactions that land whole or leave nothing."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from campledger import Ledger
from campledger.cli.main import SECTIONS
from campledger.dataids.formats import FORMATS, OWN
from campledger.documents import schema
from campledger.errors import DataError, GitError, RefusedError, UsageError
from campledger.model.history import Event
from campledger.model.states import CAMPAIGN_ACTS, CAMPAIGN_TABLE
from campledger.operations.transaction import Transaction
from campledger.operations.workspace import Workspace
from campledger.repository.event_commits import event_commits

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]

NIGHT: dict[str, Any] = {
    "production": "other", "kind": "nightly", "description": "d", "set": {"steps": [{"name": "step1"}]},
}  # fmt: skip


@pytest.fixture
def opened(ledger: Path) -> Ledger:
    return Ledger.open(ledger)


def events_of(home: Path) -> list[dict[str, Any]]:
    file = home / "events.yaml"
    return [json.loads(line[2:]) for line in file.read_text().splitlines()] if file.exists() else []


# Reading


def test_a_ledger_is_found_from_below_by_variable_or_not_at_all(
    ledger: Path, campaign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Ledger.open(campaign).root == ledger
    monkeypatch.setenv("CAMPLEDGER_LEDGER", str(ledger))
    monkeypatch.chdir(tmp_path)
    assert Ledger.open().root == ledger
    monkeypatch.delenv("CAMPLEDGER_LEDGER")
    with pytest.raises(UsageError, match="no ledger here"):
        Ledger.open()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    with Ledger.open(ledger).transaction() as t:
        t.note("hello", "not elsewhere")
    assert t.commit is not None


def test_a_campaign_tells_what_list_and_show_tell(opened: Ledger, campaign: Path, campledger: Run, git: Git) -> None:
    for words in (["start", "hello"], ["record", "hello", "step1", "--run-id", "42"], ["outcome", "42", "succeeded"]):
        assert campledger(*words).returncode == 0
    one = opened.campaign("hello")
    assert (one.id, one.name, one.title) == (campaign.name, "hello-campledger", "A first campaign to play with")
    assert (one.state, one.owner, one.definition["kind"]) == ("running", "vera", "development")
    assert one.groups == {"step1/g": "ended", "step1/r": "ended", "step2/all": "waiting"}
    assert [event.type for event in one.events] == ["status", "submission", "outcome"]
    (submission,) = one.submissions.values()
    assert (submission.state, submission.result, submission.facts["run_id"]) == ("ended", "succeeded", "42")
    assert one.facts["run_id"] == ("42",)
    assert [one.row] == json.loads(campledger("list", "--json").stdout)
    assert one.problems == ()
    assert opened.campaign("hello", commit="HEAD~3").state == "defined"
    assert repr(opened) == f"Ledger.open({str(opened.root)!r})"


def test_find_understands_what_list_does(opened: Ledger, campaign: Path) -> None:
    with opened.transaction() as t:
        first = t.define("b-night", **NIGHT)
        t.define("a-night", **NIGHT)
        t.start(first)
    assert [one.name for one in opened.find("kind:nightly")] == ["b-night", "a-night"]  # running first
    assert [one.name for one in opened.find(sort=["name"], limit=2)] == ["a-night", "b-night"]
    assert [one.name for one in opened.find("owner:me state:running")] == ["b-night"]
    assert opened.find("kind:nightly", commit="HEAD~1") == []
    (campaign / "campaign.yaml").write_text("name: [")
    assert len(opened.find()) == 2
    assert [problem.rule for problem in opened.check()] == ["yaml-syntax"]
    with pytest.raises(DataError, match="cannot be read") as error:
        opened.campaign("hello")
    assert error.value.problems[0].rule == "yaml-syntax"
    with pytest.raises(UsageError, match="unknown column `nmae`: did you mean `name`"):
        opened.find(sort=["nmae"])
    with pytest.raises(UsageError):
        opened.find("stat:running")


# Transactions


def test_many_acts_on_many_campaigns_are_one_commit(
    opened: Ledger, campaign: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    head = git("rev-parse", "HEAD")
    with opened.transaction() as t:
        night = t.define("night", title="The night", tickets=["DM-1"], tags=["x"], key="n/1", **NIGHT)
        assert t.campaign(night).state == "defined"
        t.start(night, at="2026-01-02T03:04")
        run = t.record(night, "step1", run_id="4242", deviations={"memory": "16384"})
        t.outcome("4242", "failed", jobs={"failed": 2}, failures={"isr": 2})
        rescue = t.record("night", ["step1"], parents=[run], run_id="4243")
        t.outcome(rescue[:6], "succeeded", quanta={"succeeded": 5})
        t.accept("4243", reason="fine")
        assert t.campaign(night).groups == {"step1/all": "accepted"}
        t.assign("hello", "me", on="step1")
        t.unassign("hello", "vera", on="step1")
        t.link("hello", "https://x.example.org", type="qa", title="Plots")
        wrong = t.note("hello", "wrong")
        t.retract(wrong, reason="meant another")
        t.edit("hello", set={"tags": ["edited"]})
        t.pause(night, reason="r")
        t.resume(night)
        t.complete(night)
        t.reopen(night, reason="r")
        t.fail(night, reason="r")
        t.cancel("hello", reason="r")
        assert git("rev-parse", "HEAD") == head
    assert t.commit == git("rev-parse", "HEAD")
    assert git("rev-parse", "HEAD^") == head
    assert git("log", "-1", "--format=%s") == "19 acts on 2 campaigns"
    first = opened.campaign(night)
    assert (first.state, first.owner, opened.campaign("hello").state) == ("failed", "vera", "cancelled")
    assert first.definition["tickets"] == [{"key": "DM-1"}]
    assert first.events[0].data["at"] == "2026-01-02T03:04:00Z"
    assert first.submissions[run].state == "rescued"
    assert opened.campaign("hello").definition["tags"] == ["edited"]
    everything = {event.id for one in opened.find() for event in one.events}
    commits = event_commits(Workspace(opened.root).repository, "HEAD")
    assert {event: name for event, (_, name) in commits.items()} == dict.fromkeys(everything, t.commit)
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_what_was_committed_says_what_was_done(opened: Ledger, git: Git) -> None:
    with opened.transaction("Nightly\n\nBy the \x1b[31mrobot") as t:
        event = t.note("hello", "a\nCampledger-Event: zzzzzzzzzzzz")
    home = opened.campaign("hello").id
    assert git("log", "-1", "--format=%B").splitlines() == [
        "Nightly", "", "By the ?[31mrobot", "", "- note on hello-campledger: a Campledger-Event: zzzzzzzzzzzz", "",
        f"Campledger-Campaign: {home}", f"Campledger-Event: {event}",
    ]  # fmt: skip
    with opened.transaction() as t:
        t.note("hello", "one act reads like one")
    assert git("log", "-1", "--format=%s") == "note on hello-campledger: one act reads like one"
    with opened.transaction() as t:
        for number in range(30):
            t.note("hello", f"number {number}")
    body = git("log", "-1", "--format=%b").splitlines()
    assert [body[19], body[20]] == ["- note on hello-campledger: number 19", "- and 10 more"]
    with pytest.raises(UsageError, match="message of the commit is empty"), opened.transaction(" ") as t:
        t.note("hello", "x")


def test_nothing_to_do_is_no_commit(opened: Ledger, git: Git, snapshot: Snapshot) -> None:
    with opened.transaction() as t:
        night = t.define("night", key="n/1", **NIGHT)
    before = snapshot()
    with opened.transaction() as t:
        pass
    assert t.commit is None
    with opened.transaction() as t:
        assert t.define("night", key="n/1", **NIGHT) == night
    assert t.commit is None
    assert snapshot() == before


def test_an_act_with_a_key_is_made_once(opened: Ledger, git: Git, snapshot: Snapshot) -> None:
    def script() -> tuple[list[str], str | None]:
        with opened.transaction() as t:
            night = t.define("night", key="n/1", **NIGHT)
            ids = [night, t.start(night, key="n/1"), run := t.record(night, "step1", run_id="1", key="n/1")]
            ids += [t.outcome(run, "succeeded", key="n/1"), t.accept(run, key="n/1"), t.complete(night, key="n/1")]
        return ids, t.commit

    first, commit = script()
    assert commit is not None
    before = snapshot()
    assert script() == (first, None)
    assert snapshot() == before
    with opened.transaction() as t:
        assert t.note(first[0], "a", key="k") == t.note(first[0], "a", key="k")
        with pytest.raises(RefusedError, match="the key was used for an act on"):
            t.note("hello", "a", key="k")


def test_an_exception_in_the_block_leaves_nothing(opened: Ledger, snapshot: Snapshot) -> None:
    before = snapshot()
    with pytest.raises(ZeroDivisionError), opened.transaction() as t:
        t.start("hello")
        t.define("night", **NIGHT)
        raise ZeroDivisionError
    assert snapshot() == before
    with pytest.raises(UsageError, match="in the block of the transaction"):
        t.note("hello", "too late")


REFUSED: list[tuple[str, Callable[[Any], object], type[Exception], str, str | None]] = [
    ("state", lambda t: t.resume("hello"), RefusedError, "is defined: it cannot resume", None),
    ("twice", lambda t: (t.start("hello"), t.start("hello")), RefusedError, "is running: it cannot start", None),
    ("nobody", lambda t: t.start("nope"), UsageError, "unknown campaign `nope`", None),
    ("submission", lambda t: t.accept("4242"), UsageError, "unknown submission `4242`", None),
    ("outcome", lambda t: t.outcome("4242", "fine"), UsageError, "`fine` is no outcome", None),
    ("time", lambda t: t.note("hello", "x", at="noon"), UsageError, "invalid time `noon`", None),
    ("future", lambda t: t.note("hello", "x", at="2999-01-01"), UsageError, "is still to come", None),
    ("places", lambda t: t.record("hello", []), UsageError, "`places` is empty", None),
    ("list", lambda t: t.define("x", tags="abc"), UsageError, "`tags` takes a list", None),
    ("schema", lambda t: t.note("hello", 5), RefusedError, "`text` is a number, expected text", "schema"),
    ("name", lambda t: t.define("a b", **NIGHT), RefusedError, "invalid value `a b` of `name`", "schema"),
    ("missing", lambda t: t.define("x"), RefusedError, "missing key `production`", "schema"),
    (
        "table",
        lambda t: (t.start("hello"), t.accept(t.record("hello", "step1"))),
        RefusedError, "cannot become accepted", None,
    ),
    ("edit", lambda t: t.edit("hello", set={"kind": "nope"}), RefusedError, "invalid value `nope` of `kind`", "schema"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("act", "kind", "message", "rule"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED]
)
def test_a_refused_act_raises_where_it_stands_and_is_not_made(
    opened: Ledger,
    snapshot: Snapshot,
    act: Callable[[Any], object],
    kind: type[Exception],
    message: str,
    rule: str | None,
) -> None:
    before = snapshot()
    with pytest.raises(kind, match=message) as error, opened.transaction() as t:
        t.note("hello", "before it")
        act(t)
        raise AssertionError("not reached")
    problems = getattr(error.value, "problems", ())
    assert [one.rule for one in problems][:1] == ([rule] if rule else [])
    assert snapshot() == before


def test_a_script_may_go_on_after_a_refusal(opened: Ledger, campledger: Run) -> None:
    with opened.transaction() as t:
        t.start("hello")
        with pytest.raises(RefusedError):
            t.start("hello")
        with pytest.raises(RefusedError):
            t.define("a b", **NIGHT)
        with pytest.raises(RefusedError):
            t.edit("hello", set={"kind": "x"})
        t.note("hello", "on we go")
    assert [event.type for event in opened.campaign("hello").events] == ["status", "note"]
    assert len(opened.find()) == 1
    assert campledger("check", "--strict").returncode == 0


def test_what_lies_between_campaigns_is_checked_at_the_end(opened: Ledger, snapshot: Snapshot) -> None:
    before = snapshot()
    with pytest.raises(RefusedError, match="duplicate-name") as error, opened.transaction() as t:
        t.define("twin", **NIGHT)
        t.define("twin", **NIGHT)
    assert {one.rule for one in error.value.problems} == {"duplicate-name"}
    assert snapshot() == before


def test_a_dry_run_checks_and_writes_nothing(opened: Ledger, snapshot: Snapshot) -> None:
    before = snapshot()
    with opened.transaction(dry_run=True) as t:
        t.start("hello")
        t.record("hello", "step1")
    assert t.commit is None
    with pytest.raises(RefusedError, match="duplicate-name"), opened.transaction(dry_run=True) as t:
        t.define("hello-campledger", **NIGHT)
    assert snapshot() == before


# Others at work


def test_acts_are_made_again_where_somebody_else_was_faster(opened: Ledger, campledger: Run, sound: Sound) -> None:
    with opened.transaction() as t:
        mine = t.note("hello", "mine")
        night = t.define("night", key="n/1", **NIGHT)
        assert campledger("note", "hello", "theirs").returncode == 0
    events = opened.campaign("hello").events
    assert [event.data["text"] for event in events] == ["theirs", "mine"]
    assert (events[1].id, opened.campaign(night).state) == (mine, "defined")
    assert events[0].time < events[1].time
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_an_act_that_has_become_illegal_is_refused_at_the_end(opened: Ledger, campledger: Run, git: Git) -> None:
    with pytest.raises(RefusedError) as error, opened.transaction() as t:
        t.note("hello", "mine")
        t.start("hello")
        assert campledger("cancel", "hello", "--reason", "theirs").returncode == 0
    assert str(error.value).startswith("others changed the ledger meanwhile, and now: ")
    assert str(error.value).endswith("it cannot start; possible is `campledger reopen`\nnothing was changed")
    assert [event.type for event in opened.campaign("hello").events] == ["status"]


def test_what_is_not_committed_is_not_taken_along(opened: Ledger, campaign: Path, campledger: Run) -> None:
    assert campledger("note", "hello", "first").returncode == 0
    file = campaign / "events.yaml"
    kept = file.read_bytes()
    file.write_bytes(kept + b"# mine\n")
    with pytest.raises(GitError, match="has changes that are not committed"), opened.transaction() as t:
        t.note("hello", "second")
    assert file.read_bytes() == kept + b"# mine\n"


def test_a_hook_that_refuses_leaves_everything_as_it_was(opened: Ledger, ledger: Path, snapshot: Snapshot) -> None:
    hook = ledger / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
    hook.chmod(0o755)
    before = snapshot()
    with pytest.raises(GitError, match="no such luck"), opened.transaction() as t:
        t.define("night", **NIGHT)
        t.start("hello")
    assert snapshot() == before


WRITER = """
import sys
from campledger import Ledger
ledger = Ledger.open()
for turn in range(5):
    with ledger.transaction() as t:
        for number in range(4):
            t.note("hello", f"{sys.argv[1]}-{turn}-{number}")
        t.define(f"c-{sys.argv[1]}-{turn}", production="other", kind="other", description="d")
"""


def test_two_writers_at_once_lose_nothing_and_mix_nothing(
    guarded: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name], cwd=guarded) for name in "ab"]
    assert [one.wait() for one in writers] == [0, 0]
    notes = [event.data["text"] for event in Ledger.open(guarded).campaign("hello").events]
    assert len(set(notes)) == 40
    together = [notes[start : start + 4] for start in range(0, 40, 4)]
    assert all(len({note.rpartition("-")[0] for note in four}) == 1 for four in together)
    assert len(Ledger.open(guarded).find("c-")) == 10
    assert campledger("check", "--strict").returncode == 0
    sound()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_script_that_is_stopped_leaves_all_or_nothing(
    ledger: Path, campaign: Path, git: Git, sound: Sound, number: signal.Signals
) -> None:
    hook = ledger / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\ntouch .git/reached\nsleep 20\n")
    hook.chmod(0o755)
    code = """
import signal
signal.signal(signal.SIGTERM, signal.default_int_handler)
from campledger import Ledger
with Ledger.open().transaction() as t:
    t.define("night", production="other", kind="other", description="d")
    t.start("hello")
"""
    head = git("rev-parse", "HEAD")
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ledger, stderr=subprocess.DEVNULL)
    while not (ledger / ".git/reached").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(timeout=15) != 0
    hook.unlink()
    assert git("rev-parse", "HEAD") == head
    assert not (campaign / "events.yaml").exists()
    assert len(list(ledger.glob("campaigns/*/*/*"))) == 1
    assert not list((ledger / ".git").glob("campledger-message-*"))
    sound()


# Pushing


@pytest.fixture
def hub(ledger: Path, git: Git, tmp_path: Path) -> Path:
    git("clone", "--quiet", "--bare", ledger, tmp_path / "hub.git")
    return tmp_path / "hub.git"


def clone(hub: Path, git: Git, name: str) -> Path:
    path = hub.parent / name
    git("clone", "--quiet", hub, path)
    git("config", "user.name", name, cwd=path)
    return path


def test_a_transaction_is_pushed_made_again_on_what_came(hub: Path, campledger: Run, git: Git, sound: Sound) -> None:
    a, b = clone(hub, git, "a"), clone(hub, git, "b")
    assert campledger("note", "hello", "before", "--push", cwd=b).returncode == 0
    with Ledger.open(a).transaction(push=True) as t:
        assert [event.data["text"] for event in t.campaign("hello").events] == ["before"]
        t.note("hello", "mine")
        t.start("hello")
        assert campledger("note", "hello", "during", "--push", cwd=b).returncode == 0
    assert t.commit == git("rev-parse", "HEAD", cwd=a) == git("rev-parse", "main", cwd=hub)
    events = Ledger.open(a).campaign("hello").events
    assert [event.data.get("text") for event in events] == ["before", "during", "mine", None]
    assert campledger("check", "--strict", cwd=a).returncode == 0
    sound(cwd=a)


def test_a_pushed_transaction_is_withdrawn_whole(hub: Path, campledger: Run, git: Git, sound: Sound) -> None:
    a, b = clone(hub, git, "a"), clone(hub, git, "b")
    with (
        pytest.raises(RefusedError, match="withdrawn, since others were faster"),
        Ledger.open(a).transaction(push=True) as t,
    ):
        t.note("hello", "mine")
        t.start("hello")
        assert campledger("start", "hello", "--push", cwd=b).returncode == 0
    assert [event.by for event in Ledger.open(a).campaign("hello").events] == ["vera"]
    sound(cwd=a)


def test_two_clones_that_make_acts_of_one_key_make_them_once(hub: Path, git: Git, campledger: Run) -> None:
    a, b = clone(hub, git, "a"), clone(hub, git, "b")

    def night(root: Path, meanwhile: Callable[[], object] = lambda: None) -> Event:
        with Ledger.open(root).transaction(push=True) as t:
            home = t.define("night", key="n/1", **NIGHT)
            t.start(home, key="n/1")
            meanwhile()
        return Ledger.open(root).campaign(home).events[0]

    first = night(a, lambda: night(b))
    assert first.data == Ledger.open(b).campaign("night").events[0].data
    assert git("rev-list", "--count", "main", cwd=hub) == str(int(git("rev-list", "--count", "main")) + 1)
    assert campledger("check", "--strict", cwd=a).returncode == 0


@pytest.mark.parametrize("act", CAMPAIGN_ACTS)
def test_a_transaction_can_make_every_act_on_a_campaign(act: str) -> None:
    parameters = inspect.signature(getattr(Transaction, act)).parameters
    required = any(row.needs_reason for row in CAMPAIGN_TABLE if row.act == act)
    assert (parameters["reason"].default is inspect.Parameter.empty) is required


def test_scripts_and_batches_can_make_every_act_of_the_command_line() -> None:
    names = {*SECTIONS["Follow"], *SECTIONS["Record"]} - {"batch"}
    assert names <= vars(Transaction).keys()
    assert names <= set(schema.alternatives("act"))


def test_scripts_and_batches_know_every_format_of_sets() -> None:
    for act, known in (("dataids_add", OWN), ("dataids_convert", tuple(one.name for one in FORMATS.values()))):
        assert get_args(get_type_hints(getattr(Transaction, act))["format"]) == known
        assert tuple(schema.schema("act")["$defs"][act]["properties"]["format"]["enum"]) == known


def test_the_package_is_quick_to_import_without_it() -> None:
    code = "import sys, campledger; print([one for one in sys.modules if one.startswith('campledger.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout == "[]\n"
    with pytest.raises(ImportError):
        exec("from campledger import Nothing", {})
