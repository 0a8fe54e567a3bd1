"""What shells are offered, asked as shells ask: a process with the words in its environment, and a real bash."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from campledger.cli.main import main
from campledger.cli.shell_completion import COMPLETERS

Run = Callable[..., subprocess.CompletedProcess[str]]


def complete(root: Path, line: str, shell: str = "bash", **variables: str) -> list[str]:
    """Return what is offered at the end of a line."""
    words = line.split(" ")
    asked = {
        "_CAMPLEDGER_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
    }
    command = [sys.executable, "-m", "campledger"]
    environment = {**os.environ, **asked, **variables}
    done = subprocess.run(command, cwd=root, env=environment, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def offered(root: Path, line: str) -> list[str]:
    return [one.removeprefix("plain,") for one in complete(root, line)]


@pytest.fixture
def told(ledger: Path, campaign: Path, campledger: Run) -> Path:
    """A ledger with something of everything."""
    (ledger / "dataids").mkdir(exist_ok=True)
    for words in (
        ["query", "save", "mine", "owner:me"],
        ["start", "hello"],
        ["record", "hello", "step1", "--run-id", "4242"],
        ["note", "hello", "a note"],
        ["define", "hello-two", "--production", "other", "--kind", "other", "--description", "d"],
    ):
        done = campledger(*words)
        assert done.returncode == 0, done.stderr
    (ledger / "dataids/bad-visits.csv").write_text("instrument,visit\nHSC,1\n")
    (ledger / "dataids/$(touch pwned).csv").write_text("instrument,visit\nHSC,1\n")
    return ledger


def test_names_and_ids(told: Path, campaign: Path) -> None:
    two = next(told.glob("campaigns/*/*/*-hello-two-*")).name
    assert offered(told, "campledger show h") == ["hello-two", "hello-campledger"]
    assert offered(told, "campledger show hello-c") == ["hello-campledger"]
    assert set(offered(told, "campledger show 2")) == {two, campaign.name}
    assert offered(told, f"campledger show {two[:-2]}") == [two]
    assert offered(told, f"campledger pause {campaign.name[-4:]}") == [campaign.name]
    assert offered(told, "campledger show x") == []
    assert offered(told, "campledger sho") == ["show"]
    assert "--as-of" in offered(told, "campledger show --")
    assert offered(told, "campledger site b") == ["build"]


def test_acts_on_a_state_are_offered_the_campaigns_that_have_it(told: Path, campledger: Run) -> None:
    assert offered(told, "campledger pause ") == ["hello-campledger"]
    assert offered(told, "campledger start ") == ["hello-two"]
    assert offered(told, "campledger reopen ") == []
    assert campledger("complete", "hello-c").returncode == 0
    assert offered(told, "campledger pause ") == []
    assert offered(told, "campledger reopen ") == ["hello-campledger"]
    last = re.findall('"id": *"([a-z0-9]+)"', next(told.glob("campaigns/*/*/*-hello-c*/events.yaml")).read_text())[-1]
    assert campledger("retract", last, "--reason", "too early").returncode == 0
    assert offered(told, "campledger pause ") == ["hello-campledger"]
    assert "hello-campledger" in offered(told, "campledger show ")


def test_steps_and_groups(told: Path) -> None:
    assert offered(told, "campledger record hello-c ") == ["step1", "step2"]
    assert offered(told, "campledger record hello-c step1") == ["step1", "step1/g", "step1/r"]
    assert offered(told, "campledger record hello-c step1/g step1/") == ["step1/g", "step1/r"]
    assert offered(told, "campledger note hello-c text --on step2") == ["step2"]
    assert offered(told, "campledger log hello-c --on step1/") == ["step1/g", "step1/r"]
    assert offered(told, "campledger record nobody ") == []


def test_words_of_an_expression(told: Path) -> None:
    assert offered(told, "campledger list sta") == ["state:", "stack:", "started:"]
    assert offered(told, "campledger list state:r") == ["state:running"]
    assert offered(told, "campledger todo owner:v") == ["owner:vera"]
    assert offered(told, "campledger list owner:vera,m") == ["owner:vera,me"]
    assert offered(told, "campledger list kind:nightly-") == ["kind:nightly-validation"]
    assert offered(told, "campledger list state:running @") == ["@mine"]
    assert offered(told, "campledger list name:hello-t") == ["name:hello-two"]
    assert offered(told, "campledger list tract:") == []
    assert offered(told, "campledger list -state:r") == ["-state:running"]
    assert offered(told, "campledger todo state:running -own") == ["-owner:"]
    assert offered(told, "campledger show -h") == ["-h"]
    assert offered(told, "campledger log hello-c @m") == ["@mine"]
    assert offered(told, "campledger list --sort id,ch") == ["id,changed"]
    assert offered(told, "campledger list --sort id,-ch") == ["id,-changed"]
    assert offered(told, "campledger log --type note,dec") == ["note,decision"]


def test_people_queries_sets_and_settings(told: Path) -> None:
    assert offered(told, "campledger assign hello-c ") == ["me", "vera"]
    assert offered(told, "campledger log --by ve") == ["vera"]
    assert offered(told, "campledger query remove ") == ["mine"]
    assert offered(told, "campledger dataids show ") == ["bad-visits"]
    assert offered(told, "campledger upload b") == ["bad-visits"]
    assert "other" in offered(told, "campledger define x --production ")


def test_submissions_and_events(told: Path, campaign: Path) -> None:
    events = [json.loads(line[2:]) for line in (campaign / "events.yaml").read_text().splitlines()]
    run = next(one["id"] for one in events if one["type"] == "submission")
    assert offered(told, "campledger outcome ") == [run, "4242"]
    assert offered(told, "campledger accept 42") == ["4242"]
    assert set(offered(told, "campledger retract ")) == {"4242", *(one["id"] for one in events)}
    # An event's id is random, and may itself begin with 4.
    assert offered(told, "campledger record hello-c step1/g --parent 42") == ["4242"]
    assert run in offered(told, "campledger reconcile hello-c --drop ")
    zsh = complete(told, "campledger accept 42", "zsh")
    assert zsh == ["plain", "4242", "_hello-campledger: submitted a first run over step1/g, r, run 4242"]
    fish = complete(told, "campledger accept 42", "fish")
    assert fish == ["plain,4242\thello-campledger: submitted a first run over step1/g, r, run 4242"]


def test_the_ledger_may_be_named(told: Path, tmp_path: Path) -> None:
    assert offered(tmp_path, "campledger show h") == []
    assert offered(tmp_path, f"campledger --ledger {told} show hello-t") == ["hello-two"]
    assert complete(tmp_path, "campledger show hello-t", CAMPLEDGER_LEDGER=str(told)) == ["plain,hello-two"]


def test_a_ledger_that_cannot_be_read_offers_what_it_can(told: Path, campaign: Path) -> None:
    (campaign / "campaign.yaml").write_text("steps: [\n")
    (campaign / "events.yaml").write_bytes(b"- {\xff\n- nonsense\n- {}\n")
    (told / "campledger.yaml").write_text("people: 3\nproductions: [\n")
    assert offered(told, "campledger show hello-c") == ["hello-campledger"]
    for line in ("campledger record hello-c ", "campledger accept ", "campledger define x --production "):
        assert offered(told, line) == []
    assert offered(told, "campledger assign hello-c ") == ["me"]


def test_what_is_hostile_is_not_offered(told: Path, campaign: Path) -> None:
    evil = campaign.with_name("2026-01-01-$(id)-aaaa")
    evil.mkdir()
    (evil / "campaign.yaml").write_bytes((campaign / "campaign.yaml").read_bytes())
    definition = (campaign / "campaign.yaml").read_text()
    (campaign / "campaign.yaml").write_text(definition.replace("name: step2", 'name: "step2;id"'))
    assert offered(told, "campledger show 2026-01") == []
    assert offered(told, "campledger record hello-c step") == ["step1"]


def test_every_completer_is_for_a_parameter_that_there_is() -> None:
    def names(group: click.Group) -> set[str]:
        found: set[str] = set()
        for command in group.commands.values():
            found |= names(command) if isinstance(command, click.Group) else {str(one.name) for one in command.params}
        return found

    assert COMPLETERS.keys() - {"dataids", "query"} <= names(main)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed_and_says_where_it_belongs(campledger: Run, tmp_path: Path, shell: str) -> None:
    done = campledger("completion", shell, cwd=tmp_path)
    assert done.returncode == 0
    assert f"_CAMPLEDGER_COMPLETE={shell}_complete" in done.stdout
    assert done.stderr.startswith("it belongs into ")
    program = shutil.which(shell)
    if program is not None:
        subprocess.run([program, "-n"], input=done.stdout, text=True, check=True)


class Bash:
    """An interactive bash on a terminal of its own."""

    def __init__(self, root: Path, script: str):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(root)
            os.environ.update({"TERM": "dumb", "PS1": "$ "})
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
        self.ask(f"source {script}; PS1='ready> '\n", "ready> ")

    def ask(self, typed: str, until: str) -> str:
        """Type something, and return what is seen up to what is waited for."""
        os.write(self.terminal, typed.encode())
        seen, end = "", time.monotonic() + 20
        while until not in seen.replace("PS1='ready> '", "") and time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.1)[0]:
                seen += os.read(self.terminal, 4096).decode()
        return seen

    def close(self) -> None:
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_a_real_bash_completes(told: Path, campledger: Run, tmp_path: Path) -> None:
    # What bash runs is what is on PATH: a campledger of this checkout.
    program = tmp_path / "bin/campledger"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m campledger "$@"\n')
    program.chmod(0o755)
    script = tmp_path / "script"
    script.write_text(campledger("completion", "bash").stdout.replace('"$1" 2>', f"{program} 2>"))
    bash = Bash(told, str(script))
    try:
        for typed, becomes in (
            ("campledger sho", "campledger show "),
            ("campledger list state:ru", "campledger list state:running "),
            ("campledger list -x state:running,pau", "campledger list -x state:running,paused "),
            ("campledger list @mi", "campledger list @mine "),
            ("campledger list own", "campledger list owner:"),
            ("campledger list -state:ru", "campledger list -state:running "),
            ("campledger show hello-t", "campledger show hello-two "),
            ("campledger note hello-c text --on step1/", "campledger note hello-c text --on step1/"),
        ):
            seen = bash.ask(f"{typed}\t", "\x07" if typed == becomes else becomes)
            while re.search("[^\x08]\x08", seen):  # what was typed and taken back
                seen = re.sub("[^\x08]\x08", "", seen)
            assert seen.replace("\x07", "").endswith(becomes), typed
            bash.ask("\x15\n", "ready> ")
    finally:
        bash.close()
