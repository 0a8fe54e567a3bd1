"""Staged ledgers: they show what is staged, take it back, and are checked against what will be committed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from campledger import Ledger
from campledger.errors import GitError, RefusedError, UsageError
from campledger.operations.acts.act import How
from campledger.operations.acts.notes import note
from campledger.operations.define import saved_queries
from campledger.operations.read.find_campaigns import View
from campledger.operations.sets import edit_sets
from campledger.operations.workspace import Workspace
from campledger.operations.write.staging import StagedLedger
from campledger.operations.write.writing import Writing

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]


@pytest.fixture
def staged(ledger: Path) -> StagedLedger:
    return Writing(Workspace(ledger)).open(several=True)


def define(staged: StagedLedger, name: str) -> str:
    campaign = f"2026-11-22-{name}-k7mq"
    path = f"campaigns/2026/11/{campaign}/campaign.yaml"
    text = f"id: {campaign}\nname: {name}\nproduction: other\nkind: other\ndescription: d\n"
    staged.define(campaign, path, {path: text.encode()}, f"define {name}")
    return campaign


def test_what_is_staged_is_read_and_what_is_undone_is_not(staged: StagedLedger, snapshot: Snapshot) -> None:
    before = snapshot()
    start = staged.mark
    campaign = define(staged, "new")
    event = staged.append(staged.find("new"), {"type": "note", "text": "t"}, "note")
    edit_sets.add_new(
        staged, "bad", edit_sets.entries_set([{"instrument": "HSC", "visit": 1}]), ".json", "r", "exclude"
    )
    saved_queries.save(staged, "open", "state:running", View())
    history = staged.find("new").history
    assert history is not None
    assert [one.id for one in history.events] == [event["id"]]
    assert "bad" in staged.shared_sets
    assert staged.slugs["new"] == (campaign,)
    assert len(staged.acts) == 4
    staged.undo_to(start)
    assert staged.acts == []
    assert "bad" not in staged.shared_sets
    assert campaign not in staged.directories
    with pytest.raises(UsageError):
        staged.find("new")
    assert staged.commit() is None
    assert define(staged, "new") == campaign
    assert snapshot() == before


def test_an_event_that_is_undone_is_found_no_more(staged: StagedLedger) -> None:
    start = staged.mark
    campaign = define(staged, "new")
    assert [staged.recorded("nothing") for _ in range(2)] == [[], []]  # from the second question on there is an index
    event = staged.append(staged.find("new"), {"type": "note", "text": "t"}, "note")
    assert staged.recorded(event["id"]) == [campaign]
    staged.undo_to(start)
    assert staged.recorded(event["id"]) == []


def test_a_refused_act_leaves_nothing_staged(staged: StagedLedger) -> None:
    mark = staged.mark
    with pytest.raises(RefusedError, match="unknown-production"):
        path = "campaigns/2026/11/2026-11-22-x-k7mq/campaign.yaml"
        text = "name: x\nproduction: nope\nkind: other\ndescription: d\n"
        staged.define("2026-11-22-x-k7mq", path, {path: text.encode()}, "define x")
    with pytest.raises(RefusedError, match="illegal-transition"):
        staged.append(staged.find("hello"), {"type": "status", "from": "paused", "to": "running"}, "resume")
    with pytest.raises(RefusedError, match="query-expression"):
        staged.put_query("odd", b"name: odd\nexpression: 'stat:x'\n", "save odd")
    with pytest.raises(RefusedError, match="is no event of a set"):
        staged.append_to_set("bad", {"type": "status", "from": "defined", "to": "running"}, "start")
    assert (staged.mark, staged.acts) == (mark, [])


def test_what_came_and_went_again_is_no_commit(ledger: Path, git: Git) -> None:
    head = git("rev-parse", "HEAD")
    with Ledger.open(ledger).transaction() as t:
        t.query_save("odd", "state:running")
        t.query_remove("odd")
    assert (t.commit, git("rev-parse", "HEAD")) == (None, head)


def test_a_file_that_is_on_disk_only_does_not_count(ledger: Path, campaign: Path, campledger: Run, git: Git) -> None:
    """Untracked or ignored: it would be missing for everybody else."""
    assert campledger("start", "hello").returncode == 0
    for name in ("run.yaml", "run.log"):
        (campaign / name).write_text("pipelineYaml: x\n")
    (ledger / ".git/info/exclude").write_text("*.log\n")
    head = git("rev-parse", "HEAD")
    for name in ("run.yaml", "run.log"):
        done = campledger("record", "hello", "step1", "--file", name)
        assert done.returncode == 3, done.stderr
        assert f"missing file `{name}`" in done.stderr
    assert git("rev-parse", "HEAD") == head


def test_an_uncommitted_change_beside_it_neither_helps_nor_hinders_an_act(
    campaign: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    definition = campaign / "campaign.yaml"
    text = definition.read_text()
    definition.write_text(text.replace("  - name: step2\n", "  - name: step3\n"))
    refused = campledger("note", "hello", "x", "--on", "step3")
    assert (refused.returncode, "unknown-step" in refused.stderr) == (3, True), refused.stderr
    assert campledger("note", "hello", "x", "--on", "step1").returncode == 0
    assert git("diff", "--name-only").endswith("campaign.yaml")
    definition.write_text(text)
    sound()


def test_a_campaign_that_comes_back_is_judged_as_one_that_runs(campledger: Run) -> None:
    assert campledger("edit", "hello", "--set", "software.stack=w_YYYY_WW").returncode == 0
    assert campledger("cancel", "hello", "--reason", "r").returncode == 0
    back = campledger("reopen", "hello", "--reason", "r")
    assert (back.returncode, "placeholder" in back.stderr) == (3, True), back.stderr


def test_without_an_identity_nothing_is_written(
    ledger: Path, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.useConfigOnly")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    before = snapshot()
    with pytest.raises(GitError, match="git does not know who you are"), Writing(Workspace(ledger)).stage() as staged:
        saved_queries.save(staged, "open", "state:running", View())
    assert snapshot() == before


def test_events_made_again_keep_their_identity(staged: StagedLedger, ledger: Path) -> None:
    how = How()
    first = note(staged, "hello", "t", None, how)
    again = note(Writing(Workspace(ledger)).open(), "hello", "t", None, how)
    assert first.event["id"] == again.event["id"]
