"""Which commits made what: one pass for all files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from campledger.repository import event_commits
from campledger.repository.git_commands import Repository

EVENT = '- {"id": "%s", "time": "x"}\n'
PLACE = "campaigns/2026/09/2026-09-01-x-ab12/events.yaml"


def run(root: Path, *words: str) -> str:
    identity = ("-c", "user.name=Vera Rubin", "-c", "user.email=vera@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def put(root: Path, message: str, **files: str) -> str:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    run(root, "add", "--all")
    run(root, "commit", "--quiet", "-m", message)
    return run(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    run(tmp_path, "init", "--quiet", "--initial-branch=main")
    return tmp_path


def test_versions_of_every_file(root: Path) -> None:
    first = put(root, "a", **{"dataids/a.json": "1", "dataids/sub/ö b\n.csv": "1", "other": "1"})
    second = put(root, "b", **{"dataids/a.json": "2", "other": "2"})
    put(root, "c", other="3")
    found = event_commits.versions(Repository(root), "HEAD", "dataids/")
    assert {path: [one.commit for one in commits] for path, commits in found.items()} == {
        "dataids/a.json": [second, first],
        "dataids/sub/ö b\n.csv": [first],
    }
    one = found["dataids/a.json"][0]
    assert (one.name, one.email) == ("Vera Rubin", "vera@example.org")
    assert one.time > 0
    assert event_commits.versions(Repository(root), first, "dataids/")["dataids/a.json"][0].commit == first


def test_versions_of_a_ledger_below_its_repository(root: Path) -> None:
    first = put(root, "a", **{"below/dataids/a.json": "1", "dataids/a.json": "1"})
    found = event_commits.versions(Repository(root / "below"), "HEAD", "dataids/")
    assert {path: [one.commit for one in commits] for path, commits in found.items()} == {"dataids/a.json": [first]}


def test_commits_of_events(root: Path) -> None:
    one, two, three = ("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc")
    first = put(root, "Import", **{PLACE: EVENT % one})
    second = put(root, f"note\n\nCampledger-Event: {two}\n", **{PLACE: EVENT % one + EVENT % two})
    run(root, "checkout", "--quiet", "-b", "side", first)
    side = put(root, f"note\n\nCampledger-Event: {three}\n", **{"other": "x"})
    run(root, "checkout", "--quiet", "main")
    run(root, "merge", "--quiet", "--no-edit", "side")
    found = event_commits.event_commits(Repository(root), "HEAD")
    assert {event: commit for event, (_, commit) in found.items()} == {one: first, two: second, three: side}
    assert set(event_commits.event_commits(Repository(root), first)) == {one}
    assert set(event_commits.event_commits(Repository(root), "HEAD", second)) == {three}


def test_an_event_of_a_ledger_below_its_repository(root: Path) -> None:
    first = put(root, "Import", **{f"below/{PLACE}": EVENT % ("a" * 12)})
    found = event_commits.event_commits(Repository(root / "below"), "HEAD")
    assert {event: commit for event, (_, commit) in found.items()} == {"a" * 12: first}


def test_a_line_of_a_message_is_no_event(root: Path) -> None:
    put(root, "x", **{"other": EVENT % ("a" * 12)})
    assert event_commits.event_commits(Repository(root), "HEAD") == {}
