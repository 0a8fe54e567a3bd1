"""Permissions hold for every way in which an act is made: commands, files of acts, scripts; people and automata."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from campledger import Ledger
from campledger.documents.schema import acts
from campledger.errors import RefusedError
from campledger.model.event_kinds import EVENT_KINDS
from campledger.operations.write.permissions import act_of

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]

SETTINGS = """
automata:
  auto-pilot:
    description: Follows runs; ask vera
    emails: [auto-pilot@example.org]
roles:
  manager: [vera, auto-pilot]
  board: []
permissions:
  start: [%s]
  edit: [%s]
"""
REFUSAL = (
    "`start` is for the role board, and vera is not in it: `roles` and `permissions` in campledger.yaml say who is"
)


def permit(ledger: Path, git: Git, role: str) -> None:
    file = ledger / "campledger.yaml"
    file.write_text(file.read_text() + SETTINGS % (role, role))
    git("commit", "--quiet", "--all", "--message", "permissions")


def test_a_command_of_somebody_else_is_refused(ledger: Path, campledger: Run, git: Git) -> None:
    permit(ledger, git, "board")
    done = campledger("start", "hello")
    assert (done.returncode, REFUSAL in done.stderr) == (3, True), done.stderr
    assert campledger("edit", "hello", "--set", "title=Other").returncode == 3
    assert campledger("note", "hello", "anybody may").returncode == 0
    assert campledger("check").returncode == 0


def test_a_file_of_acts_is_held_to_it(ledger: Path, campledger: Run, git: Git) -> None:
    permit(ledger, git, "board")
    line = json.dumps({"act": "start", "campaign": "hello"})
    done = campledger("batch", "-", stdin=line.encode())
    assert (done.returncode, REFUSAL in done.stdout + done.stderr) == (3, True), done.stdout + done.stderr


def test_a_script_is_held_to_it(ledger: Path, git: Git) -> None:
    permit(ledger, git, "board")
    with Ledger.open(ledger).transaction() as transaction, pytest.raises(RefusedError, match="is for the role board"):
        transaction.start("hello")


@pytest.mark.parametrize("email", ["vera@example.org", "auto-pilot@example.org"])
def test_a_role_lets_people_and_automata_act(ledger: Path, campledger: Run, git: Git, email: str) -> None:
    permit(ledger, git, "manager")
    git("config", "user.email", email)
    done = campledger("start", "hello")
    assert done.returncode == 0, done.stderr


def test_an_automaton_in_no_role_is_refused(ledger: Path, campledger: Run, git: Git) -> None:
    permit(ledger, git, "board")
    git("config", "user.email", "auto-pilot@example.org")
    done = campledger("start", "hello")
    assert (done.returncode, "auto-pilot is not in it" in done.stderr) == (3, True)


def test_sets_are_held_to_it_by_what_comes_and_goes(ledger: Path, campledger: Run, git: Git) -> None:
    file = ledger / "campledger.yaml"
    file.write_text(file.read_text() + "roles:\n  board: []\npermissions:\n  dataids_remove: [board]\n")
    (ledger / "dataids").mkdir(exist_ok=True)
    (ledger / "dataids/bad.json").write_text('[{"instrument": "HSC", "visit": "1..3"}]\n')
    git("add", "--all")
    git("commit", "--quiet", "--message", "permissions")
    about = ("--reason", "r", "instrument=HSC")
    assert campledger("dataids", "add", "bad", *about, "visit=4").returncode == 0
    done = campledger("dataids", "remove", "bad", *about, "visit=1")
    assert (done.returncode, "`dataids_remove` is for the role board" in done.stderr) == (3, True), done.stderr


def test_every_kind_of_event_comes_from_an_act_that_permissions_can_name() -> None:
    known = {*acts(), "approve"}
    later = {"ticked", "unticked", "night"}  # formats that no act writes yet
    for kind in EVENT_KINDS:
        data = {"type": kind, "from": "defined", "to": "running", "decision": "accepted"}
        assert act_of(data) in known | later
