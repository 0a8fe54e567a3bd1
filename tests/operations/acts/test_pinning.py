"""Pins of submissions: taken as they are recorded, kept when the act is made again, and left out where unknown."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campledger import Ledger

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Sound = Callable[..., None]

EXCLUDED = '[{"instrument": "HSC", "visit": "1..3"}]\n'


def redefine(home: Path, git: Git, old: str, new: str, message: str = "edit") -> None:
    file = home / "campaign.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    git("commit", "--quiet", "--all", "--message", message, cwd=home)


@pytest.fixture
def started(ledger: Path, campaign: Path, campledger: Run, git: Git) -> Path:
    """Return the directory of a running campaign with a stack, and a set that is left out."""
    (ledger / "dataids").mkdir(exist_ok=True)
    (ledger / "dataids/bad.json").write_text(EXCLUDED)
    git("add", "dataids")
    redefine(campaign, git, "\ndata:\n", "\ndata:\n  exclude:\n    - bad\n")
    assert campledger("start", "hello").returncode == 0
    return campaign


def submissions(home: Path) -> list[dict[str, Any]]:
    events = [json.loads(line[2:]) for line in (home / "events.yaml").read_text().splitlines()]
    return [event for event in events if event["type"] in {"submission", "outcome"}]


def test_a_submission_is_recorded_with_its_pins(started: Path, campledger: Run, sound: Sound) -> None:
    done = campledger("record", "hello", "step1", "--run-id", "42")
    assert (done.returncode, done.stderr) == (0, "")
    (event,) = submissions(started)
    assert event["pins"]["stack"] == ["w_2026_46"]
    assert [(one["name"], one["count"], one["purpose"]) for one in event["pins"]["sets"]] == [("bad", 3, "exclude")]
    assert "base" not in event["pins"]  # nobody else has this ledger
    sound()


def test_scripts_and_rescues_take_pins_too(started: Path, ledger: Path, git: Git) -> None:
    with Ledger.open(ledger).transaction() as acts:
        first = acts.record("hello", "step1", run_id="42")
        acts.outcome(first, "failed")
    redefine(started, git, "w_2026_46", "w_2026_48")
    with Ledger.open(ledger).transaction() as acts:
        acts.record("hello", "step1/g", relation="rescue", run_id="43")
    found = [event["pins"]["stack"] for event in submissions(started) if event["type"] == "submission"]
    assert found == [["w_2026_46"], ["w_2026_48"]]


def test_a_planned_submission_takes_its_pins_when_it_is_submitted(started: Path, campledger: Run, git: Git) -> None:
    assert campledger("record", "hello", "step1", "--planned").returncode == 0
    redefine(started, git, "w_2026_46", "w_2026_48")
    (planned,) = submissions(started)
    assert campledger("outcome", planned["id"], "submitted", "--run-id", "42").returncode == 0
    planned, submitted = submissions(started)
    assert "pins" not in planned
    assert submitted["pins"]["stack"] == ["w_2026_48"]


def test_an_earlier_run_has_pins_only_if_nothing_has_changed_since(started: Path, campledger: Run, git: Git) -> None:
    later = datetime.now(UTC) + timedelta(seconds=30)  # within what clocks may differ
    at = later.strftime("%Y-%m-%dT%H:%M:%SZ")
    done = campledger("record", "hello", "step1/g", "--run-id", "42", "--at", at)
    assert (done.returncode, done.stderr) == (0, "")
    done = campledger("record", "hello", "step1/r", "--run-id", "43", "--at", "2026-01-02T03:04")
    assert done.returncode == 0
    assert "it is not recorded with what it ran: the definition, its files or its sets have changed" in done.stderr
    with_pins, without = submissions(started)
    assert "pins" in with_pins
    assert "pins" not in without


def test_a_set_that_cannot_be_read_is_told(started: Path, ledger: Path, campledger: Run, git: Git) -> None:
    (ledger / "dataids/bad.json").write_text("[{")
    git("commit", "--quiet", "--all", "--message", "break it", "--no-verify")
    done = campledger("record", "hello", "step1", "--run-id", "42")
    assert done.returncode == 0
    assert "it is not recorded with what it ran: the set cannot be read" in done.stderr
    assert "pins" not in submissions(started)[0]


def test_pins_say_whether_others_had_the_same(started: Path, ledger: Path, campledger: Run, git: Git) -> None:
    git("clone", "--quiet", "--bare", ledger, ledger.parent / "hub.git")
    git("remote", "add", "origin", ledger.parent / "hub.git")
    git("fetch", "--quiet", "origin")
    shared = git("rev-parse", "HEAD")
    assert campledger("record", "hello", "step1/g", "--run-id", "42").returncode == 0
    redefine(started, git, "w_2026_46", "w_2026_48")
    assert campledger("record", "hello", "step1/r", "--run-id", "43").returncode == 0
    first, second = (event["pins"] for event in submissions(started))
    assert (first["base"], first["published"]) == (shared, True)
    assert (second["base"], second["published"]) == (shared, False)


def test_an_act_made_again_on_a_newer_tip_keeps_its_pins(
    started: Path, ledger: Path, campledger: Run, git: Git
) -> None:
    hub, other = ledger.parent / "hub.git", ledger.parent / "other"
    git("clone", "--quiet", "--bare", ledger, hub)
    git("remote", "add", "origin", hub)
    git("fetch", "--quiet", "origin")
    git("clone", "--quiet", hub, other)
    assert campledger("record", "hello", "step1", "--run-id", "42").returncode == 0
    (before,) = submissions(started)
    home = other / started.relative_to(ledger)
    redefine(home, git, "w_2026_46", "w_2026_48")
    git("push", "--quiet", cwd=other)
    done = campledger("push")
    assert done.returncode == 0, done.stderr
    (after,) = submissions(started)
    assert "w_2026_48" in (started / "campaign.yaml").read_text()
    assert after["pins"] == before["pins"]


def test_a_run_is_shown_with_what_it_ran_beside_what_is_defined_now(
    started: Path, ledger: Path, campledger: Run, git: Git
) -> None:
    assert campledger("record", "hello", "step1", "--run-id", "42").returncode == 0
    redefine(started, git, "w_2026_46", "w_2026_48")
    assert "ran with w_2026_46; now w_2026_48; exclude bad, 3 members, sha256:" in campledger("show", "hello").stdout
    for stack in ("w_2026_46", "w_2026_48"):
        assert "hello-campledger" in campledger("list", f"stack:{stack}", "--columns", "name").stdout
    (ledger / "dataids/bad.json").write_text(EXCLUDED.replace("1..3", "1..4"))
    told = campledger("dataids", "show", "bad").stdout
    (event,) = submissions(started)
    assert f"used by run 42 ({event['id']}) of {started.name}, exclude, with 3 members; now 4 (sha256:" in told
    (run,) = json.loads(campledger("dataids", "show", "bad", "--json").stdout)["runs"]
    assert (run["run_id"], run["count"]) == ("42", 3)


def test_of_a_run_without_pins_nothing_is_told_but_that(started: Path, campledger: Run) -> None:
    done = campledger("record", "hello", "step1", "--run-id", "42", "--at", "2026-01-02T03:04")
    assert done.returncode == 0
    shown = campledger("show", "hello").stdout
    assert "ran with" not in shown
    assert "with what 1 submission ran is not recorded" in shown


def test_an_edit_tells_what_has_run_with_the_old_value(started: Path, campledger: Run) -> None:
    assert campledger("record", "hello", "step1", "--run-id", "42").returncode == 0
    done = campledger("edit", "hello", "--set", "software.stack=w_2026_48")
    assert (done.returncode, done.stderr) == (0, "note: 2 groups ran with w_2026_46\n")
    assert campledger("edit", "hello", "--set", "title=Another").stderr == ""
    done = campledger("edit", "hello", "--set", "software.stack=w_2026_49", "--json")
    assert json.loads(done.stdout)["remarks"] == ["2 groups ran with w_2026_46"]  # not with 48, in between
    assert campledger("edit", "hello", "--set", "software.stack=w_2026_46").stderr == ""
    done = campledger("edit", "hello", "--set", "scope.tracts=[9814]")
    assert done.stderr == "note: 2 groups ran with another definition\n"
