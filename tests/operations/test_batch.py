"""`campledger batch`: a file of acts in one commit or none, with everything that is wrong told by line and column."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campledger.documents.schema import acts
from campledger.operations import batch

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]

DEFINE = {
    "act": "define", "as": "night", "name": "night", "production": "other", "kind": "nightly", "description": "d",
    "key": "n/1", "set": {"steps": [{"name": "step1"}]},
}  # fmt: skip
EVERYTHING: list[dict[str, Any]] = [
    DEFINE,
    {"act": "start", "campaign": "@night", "at": "2026-01-02T03:04"},
    {"act": "record", "as": "first", "campaign": "@night", "places": ["step1"], "run_id": "4242"},
    {"act": "outcome", "submission": "4242", "state": "failed", "jobs": {"failed": 2}, "failures": {"isr": 2}},
    {"act": "record", "as": "second", "campaign": "night", "places": ["step1"], "parents": ["@first"]},
    {"act": "outcome", "submission": "@second", "state": "succeeded"},
    {"act": "reject", "submission": "@second", "reason": "r"},
    {"act": "accept", "submission": "@second", "reason": "after all"},
    {"act": "edit", "campaign": "@night", "set": {"title": "The night"}},
    {"act": "approve", "campaign": "@night"},
    {"act": "note", "as": "wrong", "campaign": "hello", "text": "x", "on": "step1"},
    {"act": "retract", "event": "@wrong", "reason": "r"},
    {"act": "link", "campaign": "hello", "url": "https://x.example.org", "type": "qa", "title": "Plots"},
    {"act": "assign", "campaign": "hello", "person": "me", "on": "step1"},
    {"act": "unassign", "campaign": "hello", "person": "vera", "on": "step1"},
    {"act": "pause", "campaign": "@night", "reason": "r"},
    {"act": "resume", "campaign": "@night"},
    {"act": "complete", "campaign": "@night"},
    {"act": "reopen", "campaign": "@night", "reason": "r"},
    {"act": "fail", "campaign": "@night", "reason": "r"},
    {"act": "define", "name": "again", "from": "@night", "as": "again"},
    {"act": "cancel", "campaign": "@again", "reason": "r"},
    {"act": "define", "as": "made", "template": "nightly", "params": {"day_obs": 20260102}},
    {"act": "edit", "campaign": "@made", "set": {"steps": [{"name": "s"}]}},
    {"act": "dataids_add", "as": "bad", "name": "bad", "new": "exclude", "reason": "r", "members": [
        {"instrument": "HSC", "visit": [1228, 1230], "reason": "donuts"}, {"instrument": "HSC", "visit": 1242},
    ]},
    {"act": "dataids_add", "name": "bad", "members": [{"instrument": "HSC", "visit": 1244}], "reason": "r"},
    {"act": "dataids_remove", "name": "bad", "where": {"visit": 1242}, "reason": "r"},
    {"act": "dataids_add", "name": "few", "new": "exclude", "reason": "r",
     "members": [{"instrument": "HSC", "visit": 1228}]},
    {"act": "dataids_union", "name": "both", "sets": ["bad", "few"], "reason": "r"},
    {"act": "dataids_minus", "name": "rest", "sets": ["bad", "few"], "reason": "r", "members": True},
    {"act": "dataids_intersect", "name": "common", "sets": ["bad", "few"], "reason": "r"},
    {"act": "dataids_convert", "name": "few", "format": "ecsv"},
    {"act": "receipt", "set": "bad", "facts": {
        "type": "uploaded", "set": "bad", "name": "bad", "revision": 1, "digest": f"sha256:{'0' * 64}", "count": 3,
        "dimensions": ["instrument", "visit"], "butler": "main", "registry": "r",
    }},
    {"act": "query_save", "name": "open", "expression": "state:running", "columns": ["state", "name"]},
    {"act": "query_save", "name": "gone", "expression": "state:failed"},
    {"act": "query_remove", "name": "gone"},
]  # fmt: skip


def lines(*acts: object) -> bytes:
    return "".join(f"{json.dumps(one)}\n" for one in acts).encode()


def test_every_act_but_one_is_in_a_batch_that_lands_in_one_commit(
    ledger: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    # `reconcile` needs a fork, which a batch cannot make.
    assert {one["act"] for one in EVERYTHING} == set(acts()) - {"reconcile", "groups"}
    head = git("rev-parse", "HEAD")
    done = campledger("batch", "-", "--json", "--message", "All of it", stdin=lines(*EVERYTHING))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["commit"] == git("rev-parse", "HEAD")
    assert git("rev-parse", "HEAD^") == head
    assert git("log", "-1", "--format=%s") == "All of it"
    assert [one["line"] for one in result["lines"]] == list(range(1, len(EVERYTHING) + 1))
    night = json.loads(campledger("show", "night", "--json").stdout)
    assert (night["id"], night["state"]) == (result["lines"][0]["id"], "failed")
    first, second = (result["lines"][number]["id"] for number in (2, 4))
    (rescue,) = [one for one in night["events"] if one["id"] == second]
    assert (rescue["parents"], rescue["relation"]) == ([first], "rescue")
    again = json.loads(campledger("show", "again", "--json").stdout)
    assert again["definition"]["derived_from"] == night["id"]  # which is in no commit yet that could be named
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_a_batch_says_what_it_made_or_would_make(
    ledger: Path, campledger: Run, git: Git, snapshot: Snapshot, tmp_path: Path
) -> None:
    file = tmp_path / "acts.jsonl"
    file.write_bytes(
        b"\xef\xbb\xbf" + lines(DEFINE).replace(b"\n", b"\r\n\r\n") + lines({"act": "start", "campaign": "@night"})
    )
    before = snapshot()
    dry = campledger("batch", file, "--dry-run")
    assert snapshot() == before
    first, second, last = dry.stdout.splitlines()
    home = first.rpartition("(")[2].removesuffix(")")
    assert (first, second) == (f"{file}:1: define night ({home})", f"{file}:3: start night ({home})")
    assert last == "2 acts on 1 campaign would be made"
    done = campledger("batch", file)
    assert done.stdout == f"2 acts on 1 campaign made, commit {git('rev-parse', '--short=10', 'HEAD')}\n"


def test_a_batch_with_keys_can_be_run_again(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    keyed = [one if one["act"] == "define" else {**one, "key": "k"} for one in EVERYTHING[:4]]
    assert campledger("batch", "-", stdin=lines(*keyed)).returncode == 0
    before = snapshot()
    again = campledger("batch", "-", stdin=lines(*keyed))
    assert (again.returncode, again.stdout) == (
        0, "nothing to do: there are no acts in it that were not made before\n",
    )  # fmt: skip
    assert [
        one["changed"] for one in json.loads(campledger("batch", "-", "--json", stdin=lines(*keyed)).stdout)["lines"]
    ] == [False] * 4
    assert snapshot() == before


UNREADABLE: list[tuple[bytes, str]] = [
    (b'{"act": "strat"}', "1:9: schema: unknown `act`: expected one of define, edit, start,"),
    (b'{"campaign": "x"}', "1:1: schema: unknown `act`: expected one of define"),
    (b'{"act": "start"}', "1:1: schema: missing key `campaign`"),
    (b'{"act": "start", "campaing": "x", "campaign": "x"}', "1:18: unknown-key: unknown key `campaing`"),
    (b'{"act": "start", "campaign": 5}', "1:30: schema: `campaign` is a number, expected text"),
    (b'{"act": "pause", "campaign": "x"}', "1:1: schema: missing key `reason`"),
    (
        b'{"act": "outcome", "submission": "x", "state": "ok"}',
        "1:48: schema: invalid value `ok` of `state`: expected one of",
    ),
    (b'{"act": "record", "campaign": "x", "places": ["a", 1]}', "1:52: schema: entry 2 of `places` is a number"),
    (
        b'{"act": "note", "campaign": "x", "text": "a", "text": "b"}',
        "1:47: unreadable: duplicate key `text`",
    ),
    (b'{"act": "note", "campaign": "x"', "1:32: unreadable: not JSON: "),
    (b'{"act": NaN}', "1:9: unreadable: `NaN` is not a number of JSON"),
    (b"[1]", "1:1: schema: an act must be a mapping"),
    (b'{"act": "note", "text": "\xff"}', "1:26: unreadable: not UTF-8 text"),
    (b"[" * 100_000, "1:31: unreadable: nested more than 30 deep"),
    (b"9" * 10_000, "1:1: unreadable: "),
]


@pytest.mark.parametrize(("line", "expected"), UNREADABLE, ids=[one[1][:40] for one in UNREADABLE])
def test_a_line_that_has_not_the_form_is_told_by_column(
    ledger: Path, campledger: Run, snapshot: Snapshot, line: bytes, expected: str
) -> None:
    before = snapshot()
    done = campledger("batch", "-", stdin=line + b"\n")
    assert done.returncode == 1
    head, problem, *_ = done.stderr.splitlines()
    assert head.endswith("nothing was changed:")
    assert problem.startswith(f"-:{expected}"), done.stderr
    assert snapshot() == before


def test_all_lines_that_have_not_the_form_are_told(ledger: Path, campledger: Run, tmp_path: Path) -> None:
    file = tmp_path / "acts.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line, _ in UNREADABLE))
    told = campledger("batch", file).stderr
    for number, (_, expected) in enumerate(UNREADABLE, 1):
        assert f"{file}:{number}:{expected.partition(':')[2]}" in told


REFUSED = [
    ({"act": "resume", "campaign": "hello"}, "1:9: refused-act: 2"),
    ({"act": "start", "campaign": "nope"}, "1:30: refused-act: unknown campaign `nope`"),
    ({"act": "start", "campaign": "@nope"}, "1:30: refused-act: no line before this one is called `@nope`"),
    ({"act": "note", "campaign": "hello", "text": "x", "on": "step9"}, "1:57: refused-act: "),
    ({"act": "accept", "submission": "4242"}, "1:33: refused-act: unknown submission `4242`"),
    ({"act": "assign", "campaign": "hello", "person": "bob"}, "1:50: refused-act: unknown person `bob`"),
    ({**DEFINE, "production": "nope"}, "1:65: unknown-production: unknown production `nope`"),
    ({**DEFINE, "set": {"scope.tracts": "x"}}, "1:151: schema: `tracts` is text, expected a list"),
    (
        {**DEFINE, "set": {"software.stack": "nope", "data.butler": "nope"}},
        "1:176: unknown-butler: unknown Butler repository",
    ),
    ({**DEFINE, "name": "hello-campledger"}, "1:42: duplicate-name: duplicate name `hello-campledger`: 2"),
    ({"act": "start", "campaign": "hello", "at": "2026-13-45"}, "1:45: refused-act: invalid time `2026-13-45`"),
]


@pytest.mark.parametrize(("act", "expected"), REFUSED, ids=[one[1][:50] for one in REFUSED])
def test_an_act_that_is_refused_is_told_at_what_it_is_about(
    ledger: Path, campledger: Run, snapshot: Snapshot, act: object, expected: str
) -> None:
    before = snapshot()
    done = campledger("batch", "-", stdin=lines(act))
    assert done.returncode == 3
    assert done.stderr.splitlines()[1].startswith(f"-:{expected}"), done.stderr
    assert snapshot() == before


def test_all_refused_acts_are_told_and_what_rests_on_them_is_not_tried(ledger: Path, campledger: Run) -> None:
    bad = [
        {"act": "note", "campaign": "hello", "text": "fine"},
        {**DEFINE, "production": "nope"},
        {"act": "start", "campaign": "@night"},
        {"act": "record", "as": "run", "campaign": "@night", "places": ["step1"]},
        {"act": "accept", "submission": "@run"},
        {"act": "note", "as": "run", "campaign": "hello", "text": "a label twice"},
        {"act": "resume", "campaign": "hello"},
    ]
    done = campledger("batch", "-", stdin=lines(*bad))
    told = [line for line in done.stderr.splitlines() if line.startswith("-:")]
    assert [line.split(" ")[0] for line in told] == ["-:2:65:", "-:6:23:", "-:7:9:"]
    assert done.stderr.splitlines()[-1] == "not tried, since they rest on these: 3 lines"
    many = campledger("batch", "-", stdin=lines(*[{"act": "start", "campaign": "nope"}] * 150)).stderr.splitlines()
    assert (many[0], many[-1]) == ("campledger: 150 problems, nothing was changed:", "and 50 more")


def test_a_batch_is_bounded(ledger: Path, campledger: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    note = {"act": "note", "campaign": "hello", "text": "x"}
    monkeypatch.setattr(batch, "MAX_LINE", 100)
    done = campledger("batch", "-", stdin=lines(note, {**note, "text": "x" * 100}, note))
    assert done.stderr.splitlines()[1] == "-:2:1: unreadable: this line has more than 100 bytes"
    monkeypatch.setattr(batch, "MAX_BYTES", 120)
    done = campledger("batch", "-", stdin=lines(note, note, note))
    assert done.stderr.splitlines()[1] == "-:3:1: unreadable: the batch has more than 120 bytes"


def test_a_batch_that_is_no_file(ledger: Path, campledger: Run, tmp_path: Path) -> None:
    assert campledger("batch", tmp_path / "none").returncode == 2
    assert campledger("batch", tmp_path).returncode == 2
    assert campledger("batch", "-").stdout == "nothing to do: there are no acts in it that were not made before\n"


def test_the_lock_is_not_held_while_a_pipe_is_slow(ledger: Path, campledger: Run) -> None:
    command = [sys.executable, "-m", "campledger", "batch", "-"]
    process = subprocess.Popen(command, cwd=ledger, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(lines({"act": "note", "campaign": "hello", "text": "slow"}))
    process.stdin.flush()
    assert campledger("note", "hello", "quick").returncode == 0
    process.communicate(timeout=30)
    assert process.returncode == 0
    log = json.loads(campledger("log", "hello", "--json").stdout)
    assert [event["text"] for event in log] == ["slow", "quick"]


def test_two_batches_at_once_do_not_mix(guarded: Path, campledger: Run, git: Git, sound: Sound) -> None:
    command = [sys.executable, "-m", "campledger", "batch", "-"]
    processes = []
    for name in "ab":
        process = subprocess.Popen(command, cwd=guarded, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stdin is not None
        process.stdin.write(lines(*({"act": "note", "campaign": "hello", "text": name} for _ in range(50))))
        processes.append(process)
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0]
    log = json.loads(campledger("log", "hello", "--json").stdout)
    assert "".join(event["text"] for event in log) in {"a" * 50 + "b" * 50, "b" * 50 + "a" * 50}
    assert git("rev-list", "--count", "HEAD") == "4"
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_a_hook_that_refuses_leaves_everything_as_it_was(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    hook = ledger / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
    hook.chmod(0o755)
    before = snapshot()
    done = campledger("batch", "-", stdin=lines(*EVERYTHING))
    assert (done.returncode, "no such luck" in done.stderr) == (4, True)
    assert snapshot() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_batch_that_is_stopped_leaves_everything_as_it_was(
    ledger: Path, snapshot: Snapshot, sound: Sound, number: signal.Signals
) -> None:
    hook = ledger / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\ntouch .git/reached\nsleep 20\n")
    hook.chmod(0o755)
    before = snapshot()
    command = [sys.executable, "-m", "campledger", "batch", "-"]
    process = subprocess.Popen(
        command, cwd=ledger, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert process.stdin is not None
    process.stdin.write(lines(*EVERYTHING))
    process.stdin.close()
    while not (ledger / ".git/reached").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, number)
    assert process.wait(timeout=15) == 130
    hook.unlink()
    assert snapshot() == before
    sound()


def test_a_batch_is_pushed_on_what_came(ledger: Path, campledger: Run, git: Git, tmp_path: Path) -> None:
    git("clone", "--quiet", "--bare", ledger, tmp_path / "hub.git")
    for name in "ab":
        git("clone", "--quiet", tmp_path / "hub.git", tmp_path / name)
    assert campledger("note", "hello", "theirs", "--push", cwd=tmp_path / "b").returncode == 0
    done = campledger("batch", "-", "--push", stdin=lines(*EVERYTHING), cwd=tmp_path / "a")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(", pushed to origin/main\n")
    assert git("rev-parse", "main", cwd=tmp_path / "hub.git") == git("rev-parse", "HEAD", cwd=tmp_path / "a")
    late = campledger("batch", "-", "--push", stdin=lines(EVERYTHING[1] | {"campaign": "night"}), cwd=tmp_path / "b")
    assert late.returncode == 3
    assert "is failed: it cannot start" in late.stderr


def test_thousands_of_files_are_one_commit(ledger: Path, campledger: Run, git: Git, sound: Sound) -> None:
    acts = [
        {"act": "define", "name": f"{'n' * 50}-{number}", "production": "other", "kind": "other", "description": "d"}
        for number in range(1100)
    ]
    done = campledger("batch", "-", stdin=lines(*acts))
    assert done.returncode == 0, done.stderr
    assert len(git("diff", "--name-only", "HEAD^").splitlines()) == 1100
    sound()
