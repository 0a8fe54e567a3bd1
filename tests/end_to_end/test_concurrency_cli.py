"""Many writers at once, and writers that are stopped at any moment."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Sound = Callable[..., None]

WRITERS = 8
ACTS = 25

NOTES = """
import sys
from pathlib import Path
from campledger.operations.acts.act import How
from campledger.operations.acts.notes import note
from campledger.operations.workspace import Workspace
from campledger.operations.write.writing import Writing
space = Workspace(Path.cwd())
for number in range({acts}):
    with Writing(space).stage() as staged:
        note(staged, "hello", f"{{sys.argv[1]}}-{{number}}", None, How())
"""

TRANSITIONS = """
import sys
from pathlib import Path
from campledger.operations.acts.act import How
from campledger.operations.acts.change_state import change_state
from campledger.operations.workspace import Workspace
from campledger.operations.write.writing import Writing
space = Workspace(Path.cwd())
acts = ["start", *(["pause", "resume"] * {acts})]
for act in acts[:{acts}]:
    with Writing(space).stage() as staged:
        change_state(staged, sys.argv[1], act, "because", How())
"""


def at_once(ledger: Path, script: str, names: list[str]) -> None:
    """Run the script once for each name, all at the same time, in processes of their own."""
    code = script.format(acts=ACTS)
    processes = [
        subprocess.Popen([sys.executable, "-c", code, name], cwd=ledger, stderr=subprocess.PIPE, text=True)
        for name in names
    ]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(names), "".join(errors)


def events_of(campaign: Path) -> list[dict[str, Any]]:
    return [json.loads(line[2:]) for line in (campaign / "events.yaml").read_text().splitlines()]


def test_eight_writers_of_one_campaign_lose_nothing(
    guarded: Path, campaign: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    before = int(git("rev-list", "--count", "HEAD"))
    at_once(guarded, NOTES, [f"writer{number}" for number in range(WRITERS)])
    events = events_of(campaign)
    expected = {f"writer{writer}-{number}" for writer in range(WRITERS) for number in range(ACTS)}
    assert len(events) == WRITERS * ACTS
    assert {event["text"] for event in events} == expected
    times = [event["time"] for event in events]
    assert times == sorted(set(times))
    assert int(git("rev-list", "--count", "HEAD")) == before + WRITERS * ACTS
    assert git("rev-list", "--merges", "--count", "HEAD") == "0"
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_eight_campaigns_change_their_states_at_once(guarded: Path, campledger: Run, git: Git, sound: Sound) -> None:
    names = [f"campaign-{number}" for number in range(WRITERS)]
    for name in names:
        words = ("define", name, "--production", "other", "--kind", "other", "--description", "d")
        assert campledger(*words).returncode == 0
    before = int(git("rev-list", "--count", "HEAD"))
    at_once(guarded, TRANSITIONS, names)
    assert int(git("rev-list", "--count", "HEAD")) == before + WRITERS * ACTS
    for name in names:
        events = events_of(next(guarded.glob(f"campaigns/*/*/*-{name}-*")))
        assert len(events) == ACTS
        assert [event["to"] for event in events[:3]] == ["running", "paused", "running"]
        times = [event["time"] for event in events]
        assert times == sorted(set(times))
    shown = json.loads(campledger("list", "campaign-", "--json").stdout)
    assert [row["state"] for row in shown] == ["running"] * WRITERS
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_writers_of_linked_worktrees_wait_for_each_other(guarded: Path, git: Git, sound: Sound, tmp_path: Path) -> None:
    git("worktree", "add", "--quiet", "-b", "side", tmp_path / "linked")
    code = NOTES.format(acts=5)
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(number)], cwd=root)
        for number, root in enumerate([guarded, tmp_path / "linked"] * 2)
    ]
    assert [process.wait() for process in processes] == [0] * 4
    for branch in ("main", "side"):
        assert git("rev-list", "--count", f"{git('merge-base', 'main', 'side')}..{branch}") == "10"
    sound()
    sound(cwd=tmp_path / "linked")


def test_one_key_asked_for_by_eight_at_once_opens_one_campaign(ledger: Path, git: Git, sound: Sound) -> None:
    command = [
        sys.executable, "-m", "campledger", "define", "night", "--key", "n/1", "--production", "other", "--kind",
        "other", "--description", "d", "--json",
    ]  # fmt: skip
    processes = [subprocess.Popen(command, cwd=ledger, stdout=subprocess.PIPE, text=True) for _ in range(WRITERS)]
    results = [json.loads(process.communicate()[0]) for process in processes]
    assert sorted(result["created"] for result in results) == [False] * (WRITERS - 1) + [True]
    assert len({result["campaign"] for result in results}) == 1
    assert len(list(ledger.glob("campaigns/*/*/*-night-*"))) == 1
    sound()


def commit_as_a_user(ledger: Path, file: str) -> None:
    """Add and commit a file, again and again while git says that it is busy.

    To commit only some paths, git reads the index before it locks it, so what is added in between is not in the index
    any more and has to be added again; the file itself stays.
    """
    commands = ["git", "add", file], ["git", "commit", "--quiet", "-m", "mine", "--", file]
    for _ in range(2000):
        done = [subprocess.run(one, cwd=ledger, capture_output=True, text=True, check=False) for one in commands]
        if done[-1].returncode == 0:
            return
        time.sleep(0.01)
    raise AssertionError(done[-1].stderr)


def test_a_user_who_commits_at_the_same_time_loses_nothing(
    ledger: Path, campaign: Path, git: Git, sound: Sound
) -> None:
    acts = subprocess.Popen([sys.executable, "-c", NOTES.format(acts=10), "w"], cwd=ledger)
    landed = 0
    while acts.poll() is None:
        (ledger / f"file{landed}").write_text("mine\n")
        commit_as_a_user(ledger, f"file{landed}")
        landed += 1
    assert acts.returncode == 0
    assert len(events_of(campaign)) == 10
    assert git("log", "--format=%s").splitlines().count("mine") == landed
    sound()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("reach", ["the process", "the group"])
def test_a_writer_stopped_at_any_moment_leaves_an_act_or_none(
    ledger: Path, campaign: Path, campledger: Run, git: Git, number: signal.Signals, reach: str
) -> None:
    assert campledger("note", "hello", "first").returncode == 0
    chance = random.Random(20260102)
    file = campaign / "events.yaml"
    path = str(file.relative_to(ledger))
    interrupted = 0
    for turn in range(12):
        head, events = git("rev-parse", "HEAD"), events_of(campaign)
        command = [sys.executable, "-m", "campledger", "note", "hello", f"turn {turn}"]
        process = subprocess.Popen(
            command, cwd=ledger, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(chance.uniform(0.1, 0.5))
        if process.poll() is None:
            interrupted += 1
            if reach == "the group":
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        process.wait()
        wait_for_git(ledger, process.pid)
        lock = ledger / ".git/index.lock"
        if number == signal.SIGKILL:
            lock.unlink(missing_ok=True)
        assert not lock.exists()
        text = file.read_text()
        assert text.endswith("}\n")  # never half a line
        if git("rev-parse", "HEAD") == head:
            if number == signal.SIGKILL and text != git("show", f"HEAD:{path}") + "\n":
                refused = campledger("note", "hello", "next")
                assert refused.returncode == 4
                assert f"`git restore --staged --worktree {path}`" in refused.stderr
                git("restore", "--staged", "--worktree", path)
            assert events_of(campaign) == events
        else:
            assert git("rev-parse", "HEAD^") == head
            assert len(events_of(campaign)) == len(events) + 1
        assert git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
        left = git("status", "--porcelain")
        if number == signal.SIGKILL:
            for stray in campaign.glob(".campledger-*"):
                stray.unlink()
            left = git("status", "--porcelain")
        assert left == ""
    assert interrupted
    assert campledger("note", "hello", "last").returncode == 0


def wait_for_git(ledger: Path, session: int) -> None:
    """Wait until no process that the writer started is left: git may outlive it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        listed = subprocess.run(["ps", "-e", "-o", "sess=,stat="], capture_output=True, text=True, check=True).stdout
        rows = [row.split() for row in listed.splitlines()]
        if not [row for row in rows if row[0] == str(session) and not row[1].startswith("Z")]:
            return
        time.sleep(0.02)
    raise AssertionError(f"git still runs in {ledger}")
