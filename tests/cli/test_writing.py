"""What every command that writes has in common: its options mean one thing, and an act costs few calls of git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from campledger.cli.main import main

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]

SHARED = {"push", "dry_run", "as_json", "branch"}


def commands(group: click.Command = main, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if isinstance(group, click.Group):
        for one in group.commands.values():
            yield from commands(one, f"{name} {one.name}".strip())
    else:
        yield name, group


WRITING = {name: one for name, one in commands() if "push" in {param.name for param in one.params}}


def test_commands_that_write_have_the_same_options_with_the_same_meaning() -> None:
    assert {"note", "define", "edit", "groups", "batch", "query save", "dataids add", "import table"} <= set(WRITING)
    meanings: dict[str, set[str]] = {}
    for name, command in WRITING.items():
        options = {one.name: one for one in command.params if isinstance(one, click.Option) and one.name in SHARED}
        if name != "collect":  # a registry says what it would gather only by gathering
            assert {"push", "dry_run", "as_json"} <= set(options), name
        for key, option in options.items():
            meanings.setdefault(str(key), set()).add(str(option.help))
    assert {key: len(helps) for key, helps in meanings.items()} == dict.fromkeys(SHARED, 1)


CHANGES = [
    ["edit", "hello", "--set", "title=T"],
    ["query", "save", "mine", "owner:me"],
    ["dataids", "add", "bad", "instrument=HSC", "visit=1..3", "--reason", "r", "--new", "exclude"],
    ["define", "other", "--production", "other", "--kind", "other", "--description", "d"],
]


@pytest.mark.parametrize("words", CHANGES, ids=[" ".join(words[:2]) for words in CHANGES])
def test_a_change_can_be_tried_proposed_or_made_and_told_as_json(
    ledger: Path, campledger: Run, git: Git, snapshot: Snapshot, sound: Sound, words: list[str]
) -> None:
    before = snapshot()
    dry = campledger(*words, "--dry-run", "--json")
    assert (dry.returncode, json.loads(dry.stdout)["commit"]) == (0, None), dry.stderr
    assert snapshot() == before
    head = git("rev-parse", "HEAD")
    proposed = campledger(*words, "--branch", "proposal", "--json")
    assert proposed.returncode == 0, proposed.stderr
    said = json.loads(proposed.stdout)
    assert (said["branch"], said["commit"]) == ("proposal", git("rev-parse", "proposal"))
    assert (git("rev-parse", "HEAD"), git("rev-parse", "proposal^"), git("status", "--porcelain")) == (head, head, "")
    both = campledger(*words, "--branch", "--push")
    assert (both.returncode, "exclude each other" in both.stderr) == (2, True)
    made = campledger(*words, "--json")
    assert json.loads(made.stdout)["commit"] == git("rev-parse", "HEAD")
    assert "branch" not in json.loads(made.stdout)
    assert campledger("check").returncode == 0
    sound()


def test_an_act_asks_git_nine_times_at_most_and_nothing_twice(
    guarded: Path, campledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert campledger("start", "hello").returncode == 0
    log, folder = tmp_path / "log", tmp_path / "bin"
    folder.mkdir()
    wrapper = folder / "git"
    # What git starts itself, such as the hook, does not count.
    wrapper.write_text(f'#!/bin/sh\n[ -n "$INSIDE" ] || echo "$@" >> {log}\nINSIDE=1 exec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "campledger", "pause", "hello", "--reason", "r"]
    subprocess.run(command, cwd=guarded, env=environment, check=True, capture_output=True)
    asked = [line for line in log.read_text().splitlines() if line != "version"]  # GitPython asks that at its start
    assert len(log.read_text().splitlines()) <= 9
    before, after = [number for number, line in enumerate(asked) if line.startswith("commit ")] * 2
    assert len(set(asked[:before])) == before
    assert len(set(asked[after:])) == len(asked) - after
