"""The ledger as it was: one option on every command that reads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]

BASICS = ("--production", "other", "--kind", "other", "--description", "d")


@pytest.fixture
def days(ledger: Path, campledger: Run, git: Git, monkeypatch: pytest.MonkeyPatch) -> Path:
    """hello is defined on the 1st, started at noon of the 2nd and paused at noon of the 3rd; a query comes with it."""
    git("commit", "--quiet", "--amend", "--no-edit", "--date=2026-09-01T12:00:00Z")
    for day, words in (
        ("2026-09-01", None),
        ("2026-09-02", ["start", "hello"]),
        ("2026-09-03", ["pause", "hello", "--reason", "x"]),
        ("2026-09-04", ["query", "save", "open", "state:paused"]),
    ):
        for role in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{role}_DATE", f"{day}T12:00:00Z")
        if words is None:
            git("checkout", "--quiet", "--orphan", "first")
            git("commit", "--quiet", "--message", "first")
            git("branch", "--force", "main")
            git("switch", "--quiet", "main")
        else:
            done = campledger(*words)
            assert done.returncode == 0, done.stderr
    return ledger


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("2026-09-01", "defined"),
        ("2026-09-02", "running"),
        ("2026-09-02T11:59:59", "defined"),
        ("2026-09-02 12:00", "running"),
        ("2026-09-02T12:00:00Z", "running"),
        ("2026-09-02T13:59:59+02:00", "defined"),
        ("2026-09-03", "paused"),
        ("HEAD~2", "running"),
        ("main@{0}", "paused"),
    ],
)
def test_a_day_is_meant_to_its_end_and_a_time_as_it_is(
    days: Path, campledger: Run, git: Git, text: str, state: str
) -> None:
    # What counts is the main branch, wherever one is at work.
    git("switch", "--quiet", "--create", "side", "main")
    for option in ("--as-of", "--commit"):
        done = campledger("show", "hello", option, text, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["state"] == state
        assert done.stderr.startswith("as of commit ")
        assert ", 2026-09-0" in done.stderr


def test_every_command_that_reads_takes_it(days: Path, campledger: Run) -> None:
    for words in (
        ["list", "--columns", "state"],
        ["show", "hello"],
        ["check"],
        ["dataids", "list"],
        ["query", "list"],
        ["site", "build", "--out", "out"],
    ):
        done = campledger(*words, "--as-of", "2026-09-02")
        assert done.returncode == 0, done.stderr
        assert ", 2026-09-02T12:00:00Z\n" in done.stderr
        assert campledger(*words, "--as-of", "2026-08-31").returncode == 2
    assert "no saved queries" in campledger("query", "list", "--as-of", "2026-09-03").stderr
    assert "open" in campledger("query", "list", "--as-of", "2026-09-04").stdout


def test_what_there_was_not_is_told(days: Path, campledger: Run) -> None:
    for text, said in (
        ("2026-08-31", "no commit of `main` is as early as 2026-08-31: `git log --first-parent main` lists them"),
        ("2026-02-30", "invalid time `2026-02-30`"),
        ("2026-09-01Tnoon", "invalid time `2026-09-01Tnoon`"),
        ("yesterday", "unknown commit `yesterday`"),
        ("20260902", "unknown commit `20260902`"),
        ("--output=pwned", "unknown commit `--output=pwned`"),
    ):
        done = campledger("list", f"--as-of={text}")
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_a_commit_given_in_full_is_not_named_again(days: Path, campledger: Run, git: Git) -> None:
    assert campledger("check", "--as-of", git("rev-parse", "HEAD")).stderr == "0 errors, 0 warnings\n"


def test_a_ledger_without_a_main_branch_is_read_from_head(days: Path, campledger: Run, git: Git) -> None:
    git("branch", "--move", "main", "trunk")
    done = campledger("list", "--as-of", "2026-09-02", "--columns", "state", "--format", "csv")
    assert done.stdout == "state\nrunning\n"


def test_a_bare_repository_can_be_checked_as_of_a_day(days: Path, campledger: Run, git: Git, tmp_path: Path) -> None:
    git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    done = campledger("check", "--as-of", "2026-09-02", cwd=tmp_path / "bare.git")
    assert done.returncode == 0, done.stderr
    assert ", 2026-09-02T12:00:00Z\n" in done.stderr
