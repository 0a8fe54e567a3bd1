"""Ledgers of other releases: kept as bundles, and read by this one; written by this one, and read by an earlier one."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from campledger.ledger.settings import FORMAT

ROOT = Path(__file__).parents[2]
BUNDLES = ROOT / "tests/examples/bundles"
EARLIER = "0872623"
KNOWS_PINS = "f1e22d7"
"""An earlier commit whose code knows what `record` writes; older code has no word for pins, and calls them unknown."""
NEWER_WORDS = f"the ledger was written by a newer campledger (format 99; this one knows {FORMAT}): update it"
READING = [
    ("list",),
    ("list", "state:paused"),
    ("list", "@waiting"),
    ("show", "hello"),
    ("log", "hello"),
    ("log",),
    ("todo",),
    ("whatnext", "hello"),
    ("check",),
    ("diff", "hello", "second"),
    ("dataids", "list"),
    ("query", "list"),
    ("review", "HEAD~3..HEAD"),
]

Run = Callable[..., Any]


def cloned(bundle: str, place: Path) -> Path:
    subprocess.run(["git", "clone", "-q", str(BUNDLES / bundle), str(place)], check=True, capture_output=True)
    return place


@pytest.fixture
def older(tmp_path: Path) -> Path:
    return cloned(f"written-by-{EARLIER}.bundle", tmp_path / "older")


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    return cloned("written-by-a-newer-one.bundle", tmp_path / "newer")


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_an_earlier_ledger_is_read_without_a_word(older: Path, campledger: Run, command: tuple[str, ...]) -> None:
    done = campledger(*command, cwd=older)
    assert (done.returncode, done.stderr.count("newer")) == (0, 0), done.stderr


def test_an_earlier_ledger_says_what_it_said(older: Path, campledger: Run) -> None:
    assert json.loads(campledger("check", "--format", "json", cwd=older).stdout) == []
    states = {one["name"]: one["state"] for one in json.loads(campledger("list", "--json", cwd=older).stdout)}
    assert states == {"hello-campledger": "paused", "second": "defined"}
    log = [one["type"] for one in json.loads(campledger("log", "hello", "--json", cwd=older).stdout)]
    assert log == ["status", "note", "decision", "outcome", "submission", "outcome", "submission", "status"]
    assert "98 succeeded, 2 failed" in campledger("show", "hello", cwd=older).stdout
    assert campledger("resume", "hello", cwd=older).returncode == 0


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_newer_ledger_is_read_and_says_once_that_it_is_newer(
    newer: Path, campledger: Run, command: tuple[str, ...]
) -> None:
    done = campledger(*command, cwd=newer)
    assert done.returncode == 0, done.stderr
    if command[0] != "review":
        assert done.stderr.count(NEWER_WORDS) == 1


def test_a_newer_ledger_says_what_is_understood_of_it(newer: Path, campledger: Run) -> None:
    rows = campledger("list", "--columns", "name,state", cwd=newer).stdout.splitlines()
    assert [row.split() for row in rows[1:3]] == [["hello-campledger", "paused"], ["second", "defined"]]
    log = campledger("log", "hello", cwd=newer).stdout
    assert "pilot: rehearsed, in words of a newer campledger (does not count)" in log
    assert "pilot: status, in words of a newer campledger (does not count)" in log
    assert "pilot: note: known, with a key more" in log
    assert '"stage": 2' in campledger("log", "hello", "--json", cwd=newer).stdout


def test_check_warns_of_a_newer_ledger_and_finds_what_is_wrong_in_it(newer: Path, campledger: Run) -> None:
    done = campledger("check", cwd=newer)
    assert f"campledger.yaml:1:9: warning: newer-format: {NEWER_WORDS.removeprefix('the ledger was ')}" in done.stdout
    assert "0 errors, 2 warnings" in done.stdout + done.stderr
    (definition,) = newer.glob("campaigns/*/*/*-second-*/campaign.yaml")
    definition.write_text(definition.read_text().replace("production: data-release", "production: nothing-known"))
    done = campledger("check", cwd=newer)
    assert (done.returncode, "unknown-production" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    "command",
    [
        ("note", "hello", "x"),
        ("resume", "hello", "--dry-run"),
        ("define", "third", "--production", "other", "--kind", "other", "--description", "x", "--branch"),
        ("edit", "hello", "--set", "title=x"),
        ("dataids", "add", "bad", "instrument=HSC", "visit=1230", "--reason", "x"),
        ("query", "save", "more", "state:running"),
        ("push",),
    ],
    ids=" ".join,
)
def test_nothing_is_written_to_a_newer_ledger(newer: Path, campledger: Run, git: Run, command: tuple[str, ...]) -> None:
    before = git("log", "--all", "--format=%H", cwd=newer)
    done = campledger(*command, cwd=newer)
    assert done.returncode == 3
    assert "nothing was changed" in done.stderr
    assert "update it" in done.stderr
    assert git("log", "--all", "--format=%H", cwd=newer) == before
    assert git("status", "--porcelain", cwd=newer) == ""


def test_the_site_of_a_newer_ledger_is_built_and_its_public_part_is_not(
    newer: Path, campledger: Run, tmp_path: Path
) -> None:
    done = campledger("site", "build", "--out", str(tmp_path / "site"), cwd=newer)
    assert (done.returncode, done.stderr.count(NEWER_WORDS)) == (0, 1)
    (page,) = (tmp_path / "site").glob("campaigns/*hello-*.html")
    assert "in words of a newer campledger" in page.read_text()
    done = campledger("site", "build", "--public", "--out", str(tmp_path / "public"), cwd=newer)
    assert done.returncode == 1
    assert "newer-format" in done.stderr
    assert list((tmp_path / "public").glob("**/*.html")) == []


def test_a_slip_is_no_newer_format(older: Path, campledger: Run) -> None:
    (definition,) = older.glob("campaigns/*/*/*-second-*/campaign.yaml")
    definition.write_text(f"{definition.read_text()}weather: clear\n")
    done = campledger("check", cwd=older)
    assert (done.returncode, "unknown-key" in done.stdout) == (1, True)


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_bundles", BUNDLES / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_earlier_campledger_reads_what_this_one_writes_by_acts_of_its_time(tmp_path: Path) -> None:
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{KNOWS_PINS}^{{commit}}"], cwd=ROOT, capture_output=True, check=False
    )
    if known.returncode:
        pytest.skip(f"this clone has no commit {KNOWS_PINS}, whose code would read: it is shallow, or no clone")
    make = maker()
    (tmp_path / "code").mkdir()
    make.write(tmp_path / "ledger", make.environment(ROOT, tmp_path))
    env = make.environment(make.code_of(ROOT, KNOWS_PINS, tmp_path / "code"), tmp_path)
    where = [sys.executable, "-P", "-c", "import campledger; print(campledger.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(tmp_path / "code"))
    told = ""
    for command in (*READING, ("resume", "hello"), ("site", "build", "--out", str(tmp_path / "site"))):
        run = [sys.executable, "-P", "-m", "campledger", *command]
        done = subprocess.run(run, cwd=tmp_path / "ledger", env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
        told += done.stdout
    assert "98 succeeded, 2 failed" in told
