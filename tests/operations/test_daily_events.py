"""A campaign that parts its events by day is like any other, but for the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def home(ledger: Path, git: Run) -> Path:
    """The directory of hello-campledger, whose events go to a file a day."""
    found = next((ledger / "campaigns").glob("*/*/*-hello-campledger-*"))
    definition = found / "campaign.yaml"
    definition.write_text(f"{definition.read_text()}events: daily\n")
    git("commit", "-qam", "part events by day")
    return found


def day() -> str:
    return datetime.now(UTC).date().isoformat()


def ok(done: Any) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_act_goes_to_the_file_of_its_day(home: Path, campledger: Run, git: Run) -> None:
    start = ok(campledger("start", "hello", "--json"))
    note = ok(campledger("note", "hello", "x", "--at", "2026-01-02", "--json"))
    file = home / f"events/{start['event']['time'][:10]}.yaml"
    ids = [start["event"]["id"], note["event"]["id"]]
    assert [json.loads(line[2:])["id"] for line in file.read_text().splitlines()] == ids
    assert not (home / "events.yaml").exists()
    assert note["event"]["time"][:10] >= day()  # the day is that of `time`, not of `at`
    assert [one["id"] for one in ok(campledger("log", "hello", "--json"))] == ids[::-1]
    assert git("status", "--porcelain") == ""


def test_a_campaign_may_become_daily_and_stop_being_it(home: Path, campledger: Run, git: Run) -> None:
    definition = home / "campaign.yaml"
    ok(campledger("start", "hello", "--json"))
    definition.write_text(definition.read_text().replace("events: daily\n", ""))
    git("commit", "-qam", "no longer")
    ok(campledger("note", "hello", "in one file again", "--json"))
    ok(campledger("pause", "hello", "--reason", "x", "--json"))
    assert len((home / "events.yaml").read_text().splitlines()) == 2
    assert [one["type"] for one in ok(campledger("log", "hello", "--json"))] == ["status", "note", "status"]
    assert campledger("check").returncode == 0


def test_an_event_of_a_day_is_found_taken_back_and_guarded(home: Path, campledger: Run, git: Run) -> None:
    note = ok(campledger("note", "hello", "wrong", "--json"))["event"]["id"]
    ok(campledger("retract", note, "--reason", "it was wrong", "--json"))
    (file,) = (home / "events").glob("*.yaml")
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(lines[1])
    git("add", "-A")
    done = campledger("check", "--staged")
    assert (done.returncode, "changed-event" in done.stdout) == (1, True)
    assert str(file.relative_to(home.parents[3])) in done.stdout


def test_two_clones_append_to_one_day(home: Path, ledger: Path, campledger: Run, git: Run, tmp_path: Path) -> None:
    git("clone", "-q", "--bare", str(ledger), str(tmp_path / "hub.git"), cwd=tmp_path)
    for name in ("a", "b"):
        git("clone", "-q", str(tmp_path / "hub.git"), str(tmp_path / name), cwd=tmp_path)
    ok(campledger("note", "hello", "offline", "--json", cwd=tmp_path / "b"))
    ok(campledger("start", "hello", "--push", "--json", cwd=tmp_path / "a"))
    ok(campledger("note", "hello", "after", "--push", "--json", cwd=tmp_path / "b"))
    git("pull", "-q", cwd=tmp_path / "a")
    told = ok(campledger("log", "hello", "--json", cwd=tmp_path / "a"))
    assert [one["type"] for one in told] == ["note", "note", "status"]
    assert campledger("check", cwd=tmp_path / "a").returncode == 0


def test_branches_that_append_to_one_day_merge(home: Path, campledger: Run, git: Run) -> None:
    ok(campledger("start", "hello", "--json"))
    git("switch", "-qc", "other")
    ok(campledger("note", "hello", "there", "--json"))
    git("switch", "-q", "main")
    ok(campledger("note", "hello", "here", "--json"))
    git("merge", "-q", "--no-edit", "other")
    assert len(ok(campledger("log", "hello", "--json"))) == 3
    assert campledger("check").returncode == 0


def test_a_campaign_that_starts_from_it_brings_none_of_its_events(home: Path, campledger: Run, git: Run) -> None:
    ok(campledger("start", "hello", "--json"))
    (home / "runs").mkdir()
    (home / "runs/aaaaaaaaaaaa.json").write_text("{}\n")
    (home / "notes.txt").write_text("a file of its own\n")
    git("add", "-A")
    git("commit", "-qm", "files")
    made = ok(campledger("define", "again", "--from", "hello", "--json"))
    new = next((home.parents[2]).glob(f"*/*/{made['campaign']}"))
    files = sorted(str(file.relative_to(new)) for file in new.rglob("*") if file.is_file())
    assert "notes.txt" in files
    assert not [file for file in files if file.startswith(("events", "runs/"))]
