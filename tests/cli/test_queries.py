"""Saved queries on the command line: saved, listed, asked, removed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]

FILE = """\
# yaml-language-server: $schema=../schemas/query.schema.json
name: open
description: What is not over
expression: -state:completed kind:development,nightly
columns:
  - state
  - name
sort:
  - -name
"""


@pytest.fixture
def saved(ledger: Path, campledger: Run) -> Path:
    """A ledger with the query `open`, hello-campledger, and night-1."""
    basics = ("--production", "other", "--kind", "nightly", "--description", "Of a night.")
    for words in (
        ["define", "night-1", *basics, "--tag", "deep"],
        [
            "query", "save", "open", "-state:completed", "kind:development,nightly", "--columns", "state,name",
            "--sort", "-name", "--description", "What is not over",
        ],
    ):  # fmt: skip
        done = campledger(*words)
        assert done.returncode == 0, done.stderr
    return ledger


def test_a_query_is_saved_as_one_commit(saved: Path, campledger: Run, git: Git, sound: Callable[..., None]) -> None:
    assert (saved / "queries/open.yaml").read_text() == FILE
    assert git("log", "-1", "--format=%s") == "save the query open: -state:completed kind:development,nightly"
    assert git("log", "-1", "--format=%(trailers:key=Campledger-Query,valueonly)").strip() == "open"
    assert git("show", "--format=", "--name-only", "HEAD") == "queries/open.yaml"
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_a_query_is_a_word_of_list(saved: Path, campledger: Run) -> None:
    done = campledger("list", "@open")
    assert done.stdout == "STATE    NAME\ndefined  night-1\ndefined  hello-campledger\n"
    assert done.stderr == "2 of 2 campaigns\n"
    assert campledger("list", "@open", "tag:deep", "--format", "csv").stdout == "state,name\ndefined,night-1\n"
    assert campledger("list", "@open tag:deep", "--columns", "name", "--format", "csv").stdout == "name\nnight-1\n"
    assert campledger("list", "-night", "@open", "--sort", "name", "--format", "csv").stdout == (
        "state,name\ndefined,hello-campledger\n"
    )


def test_several_queries_must_all_hold_and_the_first_says_how_they_are_shown(saved: Path, campledger: Run) -> None:
    assert campledger("query", "save", "deep", "tag:deep", "--columns", "name", "--group", "kind").returncode == 0
    done = campledger("list", "@deep", "@open")
    assert done.stdout == "kind nightly: 1 campaign\nNAME\nnight-1\n"
    assert campledger("list", "@open", "@deep", "--format", "csv").stdout == "state,name\ndefined,night-1\n"


def test_a_table_is_parted(saved: Path, campledger: Run) -> None:
    done = campledger("list", "--group", "kind", "--columns", "name")
    assert done.stdout == (
        "kind development: 1 campaign\nNAME\nhello-campledger\n\nkind nightly: 1 campaign\nNAME\nnight-1\n"
    )


def test_a_query_may_ask_for_me(saved: Path, campledger: Run) -> None:
    assert campledger("query", "save", "mine", "owner:me").returncode == 0
    assert "owner:me" in (saved / "queries/mine.yaml").read_text()
    assert campledger("list", "@mine", "--columns", "name", "--format", "csv").stdout.split()[1:] == [
        "hello-campledger",
        "night-1",
    ]


def test_an_earlier_query_is_asked_of_an_earlier_ledger(saved: Path, campledger: Run, git: Git) -> None:
    first = git("rev-parse", "HEAD~1")
    done = campledger("list", "@open", "--commit", first)
    assert (done.returncode, "unknown saved query `open`" in done.stderr) == (2, True)
    assert campledger("list", "@open", "--commit", "HEAD").returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["list", "@nobody"], 2, "unknown saved query `nobody`: `campledger query list` shows them"),
        (["list", "@opne"], 2, "unknown saved query `opne`: did you mean `open`?"),
        (["list", "-@open"], 2, "cannot be negated"),
        (["list", "@Open"], 2, "invalid name of a saved query"),
        (["list", "--group", "nam"], 2, "unknown column `nam`"),
        (["list", "--columns", "text"], 2, "unknown column `text`"),
        (["query", "save", "x"], 2, "what is to be found?"),
        (["query", "save", "X", "deep"], 2, "of a query: a name consists of"),
        (["query", "save", "../x", "deep"], 2, "of a query: a name consists of"),
        (["query", "save", "x", "stat:running"], 2, "did you mean `state`?"),
        (["query", "save", "x", "@open"], 2, "copy the words of `@open`"),
        (["query", "save", "x", "deep", "--columns", "state,nmae"], 2, "did you mean `name`?"),
        (["query", "save", "x", "deep", "--sort", "-nmae"], 2, "did you mean `name`?"),
        (["query", "save", "x", "deep", "--grup", "kind"], 2, "--group"),
        (["query", "save", "open", "deep"], 3, "duplicate query `open`: --replace overwrites it"),
        (["query", "remove", "nope"], 2, "unknown saved query `nope`"),
        (["query", "remove", "../campledger"], 2, "of a query: a name consists of"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    saved: Path, campledger: Run, snapshot: Callable[[], object], words: list[str], code: int, said: str
) -> None:
    before = snapshot()
    done = campledger(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert snapshot() == before


def test_a_dry_run_writes_nothing(saved: Path, campledger: Run, snapshot: Callable[[], object]) -> None:
    before = snapshot()
    done = campledger("query", "save", "x", "deep field", "--dry-run")
    assert done.stdout.splitlines()[0] == "x: would be saved, queries/x.yaml"
    assert done.stdout.splitlines()[-2:] == ["name: x", r'expression: "\"deep field\""']
    assert campledger("query", "remove", "open", "--dry-run").stdout == "open: would be removed, queries/open.yaml\n"
    assert snapshot() == before


def test_a_query_that_says_so_already_is_left_alone(saved: Path, campledger: Run, git: Git) -> None:
    head = git("rev-parse", "HEAD")
    words = ["query", "save", "open", "-state:completed kind:development,nightly", "--columns", "state,name"]
    done = campledger(*words, "--sort", "-name", "--description", "What is not over")
    assert done.stdout == "open: it says so already; nothing was changed\n"
    assert git("rev-parse", "HEAD") == head
    assert campledger("query", "save", "open", "deep", "--replace").returncode == 0
    assert git("log", "-1", "--format=%s") == "change the query open: deep"


def test_queries_are_listed_with_what_is_wrong(saved: Path, campledger: Run) -> None:
    (saved / "queries/bad.yaml").write_text("name: bad\nexpression: 'state:'\n")
    done = campledger("query", "list")
    assert done.stdout.splitlines()[1].split("  ")[0] == "open"
    assert "What is not over" in done.stdout
    assert "left out: queries/bad.yaml:2:13: query-expression" in done.stderr
    listed = json.loads(campledger("query", "list", "--json").stdout)
    assert [(one["name"], one["path"]) for one in listed] == [("open", "queries/open.yaml")]
    assert campledger("check", "queries").returncode == 1
    assert campledger("list", "@bad").returncode == 1
    assert campledger("list", "@open").returncode == 0


def test_a_query_is_removed_as_one_commit(saved: Path, campledger: Run, git: Git, sound: Callable[..., None]) -> None:
    done = campledger("query", "remove", "open")
    assert done.stdout.startswith("open: removed, queries/open.yaml, commit ")
    assert git("show", "--format=%s", "--name-status", "HEAD") == "remove the query open\n\nD\tqueries/open.yaml"
    assert "no saved queries" in campledger("query", "list").stderr
    sound()


def test_a_change_of_somebody_else_is_not_swept_in(saved: Path, campledger: Run, git: Git) -> None:
    (saved / "queries/open.yaml").write_text(FILE + "# my own\n")
    done = campledger("query", "remove", "open")
    assert done.returncode == 4
    assert "has changes that are not committed" in done.stderr
    assert (saved / "queries/open.yaml").read_text().endswith("# my own\n")


def test_the_hook_refuses_a_query_that_says_nothing(guarded: Path, git: Git) -> None:
    (guarded / "queries").mkdir()
    (guarded / "queries/bad.yaml").write_text("name: bad\nexpression: 'state:'\n")
    git("add", "queries/bad.yaml")
    done = subprocess.run(["git", "commit", "-m", "x"], cwd=guarded, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "queries/bad.yaml:2:13: query-expression" in done.stdout + done.stderr


def test_queries_are_pushed_like_other_acts(ledger: Path, campledger: Run, git: Git, tmp_path: Path) -> None:
    origin, other = tmp_path / "origin.git", tmp_path / "other"
    git("clone", "--quiet", "--bare", ledger, origin)
    git("remote", "add", "origin", origin)
    git("fetch", "--quiet", "origin")
    git("branch", "--quiet", "--set-upstream-to=origin/main")
    git("clone", "--quiet", origin, other)
    assert campledger("query", "save", "theirs", "deep", "--push", cwd=other).returncode == 0
    done = campledger("query", "save", "ours", "state:running", "--push")
    assert done.returncode == 0, done.stderr
    assert ", pushed to origin/main" in done.stdout
    assert git("ls-tree", "--name-only", "main", "queries/", cwd=origin).split() == [
        "queries/ours.yaml",
        "queries/theirs.yaml",
    ]
    # One name that two people gave: the second to push has to look.
    assert campledger("query", "save", "both", "deep", "--push", cwd=other).returncode == 0
    assert campledger("query", "save", "both", "shallow").returncode == 0
    done = campledger("push")
    assert done.returncode == 3
    assert "queries/both.yaml was changed by others too" in done.stderr
