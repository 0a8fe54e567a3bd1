"""The command itself: help, suggestions, exit codes."""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from campledger.cli import commands as commands_folder
from campledger.cli.lazy_commands import LazyCommands
from campledger.cli.main import SECTIONS, main

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]


def commands(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*above, name)
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)


@pytest.mark.parametrize("words", list(commands(main)), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself_with_an_example(campledger: Run, words: tuple[str, ...], option: str) -> None:
    done = campledger(*words, option)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: campledger {' '.join(words)} ")
    assert "Example" in done.stdout
    assert f"  campledger {' '.join(words)} " in done.stdout or f"  campledger {' '.join(words)}\n" in done.stdout


def test_the_overview_lists_every_command_once(campledger: Run) -> None:
    done = campledger("--help")
    assert done.returncode == 0
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted(main.commands)
    for name in main.commands:
        assert f"\n  {name} " in done.stdout


def test_every_module_of_commands_is_reached_by_the_names_of_its_commands() -> None:
    def modules(group: click.Group) -> set[str]:
        assert isinstance(group.commands, LazyCommands)
        found = {group.commands.module_of(name) for name in group.commands}
        for name, command in group.commands.items():
            assert command.name == name
            if isinstance(command, click.Group) and isinstance(command.commands, LazyCommands):
                found |= modules(command)
        return found

    there = {one.name for one in pkgutil.walk_packages(commands_folder.__path__, f"{commands_folder.__name__}.")}
    assert modules(main) == there


def test_a_command_loads_no_other(ledger: Path) -> None:
    program = (
        "import sys; from campledger.cli.main import main; main(['list'], standalone_mode=False)\n"
        "print(*(one for one in sys.modules if 'cli.commands.' in one), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ledger, text=True, capture_output=True, check=True)
    assert done.stderr.split()[-1:] == ["campledger.cli.commands.list"]
    assert done.stderr.count("cli.commands.") == 1


def test_the_version(campledger: Run) -> None:
    assert campledger("--version").stdout.startswith("campledger, version ")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["lst"], "There is no command `lst`. Did you mean `list`?"),
        (["strat", "x"], "There is no command `strat`. Did you mean `start`?"),
        (["frobnicate"], "There is no command `frobnicate`. `campledger --help` lists the commands."),
        (["site", "bild"], "'bild'"),
        (["note", "hello"], "Missing argument 'TEXT'."),
        (["list", "--colums", "id"], "--columns"),
        (["pause", "hello"], "Missing option '--reason'."),
        (["note", "hello", "  "], "it is empty"),
        (["pause", "hello", "--reason", ""], "it is empty"),
        (["note", "hello", "x", "--at", "yesterday"], "invalid time `yesterday`"),
        (["note", "hello", "x", "--at", "0001-01-01T00:00+14:00"], "invalid time"),
        (["note", "hello", "x", "--at", "0999-01-01"], "invalid time"),
        (["note", "hello", "x", "--at", "20:00"], "T20:00 (UTC)"),
        (["outcome", "x", "failed", "--jobs", "three"], "`three` is not NAME=NUMBER"),
        (["outcome", "x", "failed", "--jobs", "a=" + "9" * 5000], "is not NAME=NUMBER"),
        (["record", "hello", "step1", "--deviation", "colour=red"], "is not WHAT=TEXT"),
        (["define", "x", "--set", "nothing"], "`nothing` is not path=value"),
        (["define", "x", "--file", "a", "--from", "b"], "exclude each other"),
        (["define", "x", "--from", "b", "--edit"], "exclude each other"),
        (["define", "x", "--from", "hello", "--key", ""], "it is empty"),
        (["check", "--staged", "--as-of", "HEAD"], "exclude each other"),
        (["list", "--limit", "0"], "0 is not in the range"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(
    ledger: Path, campledger: Run, snapshot: Snapshot, typed: list[str], said: str
) -> None:
    before = snapshot()
    done = campledger(*typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())
    assert snapshot() == before


def test_outside_of_a_ledger_the_message_says_how_to_get_one(campledger: Run, tmp_path: Path) -> None:
    for words in (["list"], ["check"], ["note", "a", "b"], ["check", "--commit", "HEAD"], ["hooks", "install"]):
        done = campledger(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith(f"campledger: no ledger here: neither {tmp_path} nor a directory above it has a ")
        assert "`campledger init DIR` makes one" in done.stderr


def test_the_ledger_is_found_from_below_by_option_and_by_variable(
    ledger: Path, campaign: Path, campledger: Run, spawn: Run, tmp_path: Path
) -> None:
    expected = campledger("list", "--columns", "id").stdout
    assert expected
    assert campledger("list", "--columns", "id", cwd=campaign).stdout == expected
    for words in (["--ledger", ledger, "list"], ["list", "--ledger", ledger], ["list", "--ledger", campaign]):
        assert campledger(*words, "--columns", "id", cwd=tmp_path).stdout == expected
    done = spawn("list", "--columns", "id", cwd=tmp_path, env={"CAMPLEDGER_LEDGER": str(ledger)})
    assert done.stdout == expected
    assert campledger("list", "--ledger", tmp_path / "nowhere").returncode == 2


# Exit codes, in processes of their own


def test_exit_code_0_for_what_is_fine(guarded: Path, spawn: Run) -> None:
    assert spawn("check").returncode == 0
    assert spawn("start", "hello").returncode == 0


def test_exit_code_1_for_problems_in_the_data(ledger: Path, campaign: Path, spawn: Run) -> None:
    (campaign / "campaign.yaml").write_text("name: [\n")
    assert spawn("check").returncode == 1
    assert spawn("start", "hello").returncode == 1


def test_exit_code_2_for_usage(ledger: Path, spawn: Run) -> None:
    assert spawn().returncode == 2
    assert spawn("lst").returncode == 2
    assert spawn("show", "nobody").returncode == 2


def test_exit_code_3_for_a_refused_act(ledger: Path, spawn: Run) -> None:
    done = spawn("resume", "hello")
    assert done.returncode == 3
    assert "is defined: it cannot resume; possible is `campledger start` or `campledger cancel`" in done.stderr


def test_exit_code_4_for_git(ledger: Path, spawn: Run, git: Git) -> None:
    git("checkout", "--quiet", "--detach")
    assert spawn("start", "hello").returncode == 4


def test_exit_code_70_for_a_bug_with_its_traceback(ledger: Path) -> None:
    code = (
        "import sys; from campledger.cli import main; from campledger.operations.read import find_campaigns\n"
        "def broken(*args, **kwargs): raise KeyError('a bug')\n"
        "find_campaigns.find = broken; sys.argv = ['campledger', 'list']; main.run()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ledger, text=True, capture_output=True, check=False)
    assert done.returncode == 70
    assert done.stderr.startswith("Traceback ")
    assert done.stderr.endswith("campledger: this is a bug; please report it with the lines above\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_exit_code_130_for_what_was_interrupted(
    ledger: Path, snapshot: Snapshot, sound: Callable[..., None], number: signal.Signals
) -> None:
    hook = ledger / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\ntouch .git/hook-runs\nsleep 2\n")
    hook.chmod(0o755)
    before = snapshot()
    command = [sys.executable, "-m", "campledger", "start", "hello"]
    # The signal reaches campledger alone, not git and the hook below it as Ctrl-C would.
    process = subprocess.Popen(command, cwd=ledger, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (ledger / ".git/hook-runs").exists():
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.strip() == "interrupted; nothing was left half-done"
    time.sleep(2.5)  # whatever still ran below it would have committed by now
    assert snapshot() == before
    sound()


def test_a_reader_that_has_seen_enough_is_no_error(ledger: Path) -> None:
    command = f"{sys.executable} -m campledger log --help | true; {sys.executable} -m campledger list | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ledger, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)


def test_a_terminal_that_lacks_a_character_is_no_bug(ledger: Path, spawn: Run) -> None:
    latin = {"PYTHONIOENCODING": "latin-1"}
    assert spawn("note", "hello", "wait …", env=latin).returncode == 0
    done = spawn("log", env=latin)
    assert (done.returncode, r"wait \u2026" in done.stdout) == (0, True)
    assert "wait …" in spawn("log").stdout


def test_an_argument_that_is_no_text_is_refused(ledger: Path, snapshot: Snapshot) -> None:
    before = snapshot()
    for arguments in ([b"note", b"hello", b"\xff"], [b"retract", b"\xff", b"--reason", b"x"], [b"show", b"\xff"]):
        command = [sys.executable.encode(), b"-m", b"campledger", *arguments]
        done = subprocess.run(command, cwd=ledger, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"an argument is not UTF-8 text" in done.stderr
    assert snapshot() == before


def test_colours_are_for_terminals(ledger: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    for words in (["show", "hello"], ["list"]):
        command = [sys.executable, "-m", "campledger", *words]
        done = subprocess.run(command, cwd=ledger, env=environment, text=True, capture_output=True, check=False)
        assert "\x1b" not in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here, which is a full disk")
def test_a_full_disk_is_no_bug(ledger: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "campledger", "show", "hello"]
        done = subprocess.run(command, cwd=ledger, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 4
    assert done.stderr == "campledger: what was to be written is not all there: No space left on device\n"


def test_json_is_json(ledger: Path, campledger: Run) -> None:
    for words in (["list", "--json"], ["show", "hello", "--json"], ["log", "--json"], ["check", "--format", "json"]):
        done = campledger(*words)
        assert done.returncode == 0, done.stderr
        json.loads(done.stdout)
