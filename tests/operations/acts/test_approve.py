"""Approvals: recorded as defined then, changed by an edit, restored by its undoing, and needed to start."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from campledger import Ledger

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Sound = Callable[..., None]


@pytest.fixture
def asking(ledger: Path, campaign: Path, git: Git) -> Path:
    """Return the directory of a campaign that needs an approval to start, with an excluded set and an included one."""
    (ledger / "dataids").mkdir(exist_ok=True)
    for name in ("bad", "good"):
        (ledger / f"dataids/{name}.json").write_text('[{"instrument": "HSC", "visit": "1..3"}]\n')
    file = campaign / "campaign.yaml"
    sets = "\ndata:\n  exclude:\n    - bad\n  include:\n    - good\n"
    file.write_text(file.read_text().replace("\ndata:\n", sets, 1))
    settings = ledger / "campledger.yaml"
    settings.write_text(settings.read_text() + "\napproval:\n  required: [other]\n  sets: include\n")
    git("add", "--all")
    git("commit", "--quiet", "--message", "approvals are needed")
    return campaign


def edit(home: Path, git: Git, old: str, new: str) -> None:
    file = home / "campaign.yaml"
    file.write_text(file.read_text().replace(old, new, 1))
    git("commit", "--quiet", "--all", "--message", "edit")


def test_a_start_needs_the_approval_that_settings_ask_for(asking: Path, campledger: Run, sound: Sound) -> None:
    done = campledger("start", "hello")
    assert done.returncode == 3
    assert "cannot start without approval:\n  step1 is not approved\n  step2 is not approved" in done.stderr
    assert campledger("approve", "hello", "step1", "--condition", "the disk is enlarged").returncode == 0
    assert "step1 is not" not in campledger("start", "hello").stderr
    assert campledger("approve", "hello", "step2", "--until", "2999-12-31", "--reason", "fine").returncode == 0
    assert "on condition that the disk is enlarged" in campledger("show", "hello").stdout
    done = campledger("start", "hello")
    assert done.returncode == 0, done.stderr
    sound()


def test_a_change_ends_an_approval_and_its_undoing_restores_it(asking: Path, campledger: Run, git: Git) -> None:
    assert campledger("approve", "hello").returncode == 0
    edit(asking, git, "w_2026_46", "w_2026_48")
    assert ": changed since" in campledger("show", "hello").stdout
    done = campledger("start", "hello")
    assert (done.returncode, "step1 was approved by vera on" in done.stderr) == (3, True)
    edit(asking, git, "w_2026_48", "w_2026_46")
    assert campledger("start", "hello").returncode == 0


def test_a_set_that_is_included_asks_for_a_new_one_and_an_exclusion_does_not(
    asking: Path, ledger: Path, campledger: Run
) -> None:
    assert campledger("approve", "hello").returncode == 0
    about = ("--reason", "r", "instrument=HSC", "visit=9")
    assert campledger("dataids", "add", "bad", *about).returncode == 0
    assert campledger("start", "hello", "--dry-run").returncode == 0
    assert campledger("dataids", "add", "good", *about).returncode == 0
    done = campledger("start", "hello")
    assert (done.returncode, "the set good changed since" in done.stderr) == (3, True), done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("step9",), "has no step or group `step9`"),
        (("step1/g",), "`step1/g` is a group: steps are approved as a whole"),
        (("--until", "2020-01-01"), "expected today or a later day"),
    ],
)
def test_what_makes_no_sense_is_refused(campledger: Run, words: tuple[str, ...], message: str) -> None:
    done = campledger("approve", "hello", *words)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_scripts_and_files_of_acts_approve_too(ledger: Path, campledger: Run) -> None:
    with Ledger.open(ledger).transaction() as acts:
        acts.approve("hello", ["step1"], until="2999-12-31")
    line = json.dumps({"act": "approve", "campaign": "hello", "scope": ["step2"], "reason": "fine"})
    done = campledger("batch", "-", stdin=line.encode())
    assert done.returncode == 0, done.stderr
    assert "step1: approved by vera" in campledger("show", "hello").stdout
