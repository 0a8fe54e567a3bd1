"""Checks of the work tree, of what is staged, and of commits; forks, and how they are settled."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Sound = Callable[..., None]


def break_kind(file: Path) -> str:
    good = file.read_text()
    file.write_text(good.replace("kind: development", "kind: nonsense"))
    return good


def test_a_problem_is_told_with_place_rule_and_hint(ledger: Path, campaign: Path, campledger: Run) -> None:
    file = campaign / "campaign.yaml"
    break_kind(file)
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if text.startswith("kind:"))
    done = campledger("check")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{file.relative_to(ledger)}:{line}:7: schema: invalid value `nonsense` of `kind`")
    assert done.stderr == "1 error, 0 warnings\n"


def test_problems_as_json(ledger: Path, campaign: Path, campledger: Run) -> None:
    break_kind(campaign / "campaign.yaml")
    done = campledger("check", "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    (problem,) = json.loads(done.stdout)
    assert sorted(problem) == ["column", "hint", "line", "message", "path", "rule", "severity"]
    assert (problem["rule"], problem["severity"], problem["column"]) == ("schema", "error", 7)
    assert campledger("check", "--json").stdout == done.stdout


def test_warnings_block_only_when_strict(ledger: Path, campaign: Path, campledger: Run) -> None:
    file = campaign / "campaign.yaml"
    file.write_text(file.read_text().replace("u/example/hello-campledger", "u/example/DM-XXXXX"))
    done = campledger("check")
    assert (done.returncode, done.stderr) == (0, "0 errors, 1 warning\n")
    assert "warning: placeholder" in done.stdout
    done = campledger("check", "--strict")
    assert (done.returncode, done.stderr) == (1, "1 error, 0 warnings\n")


def test_paths_narrow_the_check(ledger: Path, campaign: Path, campledger: Run, tmp_path: Path) -> None:
    words = ("define", "other", "--production", "other", "--kind", "other", "--description", "d", "--json")
    other = ledger / json.loads(campledger(*words).stdout)["path"]
    break_kind(campaign / "campaign.yaml")
    assert campledger("check", other).returncode == 0
    assert campledger("check", other.parent).returncode == 0
    assert campledger("check", "campaign.yaml", cwd=other.parent).returncode == 0
    for path in (campaign, campaign / "campaign.yaml", ledger / "campaigns", ledger, ledger / "campaigns/2026"):
        assert campledger("check", path).returncode == 1, path
    done = campledger("check", "nothing")
    assert (done.returncode, done.stderr) == (2, "campledger: file or directory not found: nothing\n")
    done = campledger("check", tmp_path)
    assert (done.returncode, "is not in the ledger" in done.stderr) == (2, True)


def test_staged_is_what_the_index_holds(ledger: Path, campaign: Path, campledger: Run, git: Git) -> None:
    good = break_kind(campaign / "campaign.yaml")
    assert campledger("check", "--staged").returncode == 0
    git("add", "--all")
    (campaign / "campaign.yaml").write_text(good)
    assert campledger("check").returncode == 0
    assert campledger("check", "--staged").returncode == 1
    git("commit", "--quiet", "-m", "bad")
    assert campledger("check", "--staged").returncode == 0
    assert campledger("check", "--commit", "HEAD").returncode == 1
    assert campledger("check", "--commit", "HEAD~1").returncode == 0


def test_a_staged_deletion_is_checked_without_the_campaign(
    ledger: Path, campaign: Path, campledger: Run, git: Git
) -> None:
    git("rm", "-r", "--quiet", campaign)
    assert campledger("check", "--staged").returncode == 0
    git("commit", "--quiet", "-m", "gone")
    assert campledger("check").returncode == 0
    assert campledger("list", "--json").stdout == "[]\n"


def test_what_was_staged_as_a_link_or_a_bad_setting_is_seen(ledger: Path, campledger: Run, git: Git) -> None:
    settings = ledger / "campledger.yaml"
    good = settings.read_text()
    settings.write_text(good + "nonsense: 1\n")
    git("add", "--all")
    settings.write_text(good)
    done = campledger("check", "--staged")
    assert (done.returncode, "campledger.yaml" in done.stdout) == (1, True)


@pytest.mark.parametrize("revision", ["nonsense", "--output=x", "-n", "", "HEAD~99"])
def test_a_revision_that_is_not_there(ledger: Path, campledger: Run, revision: str) -> None:
    done = campledger("check", f"--commit={revision}")
    assert done.returncode == 2
    assert f"unknown commit `{revision}`" in done.stderr
    assert not (ledger / "x").exists()


def test_a_bare_repository_is_checked_by_commit(
    ledger: Path, campaign: Path, campledger: Run, git: Git, tmp_path: Path
) -> None:
    break_kind(campaign / "campaign.yaml")
    git("commit", "--quiet", "-am", "bad")
    git("clone", "--quiet", "--bare", ledger, tmp_path / "bare.git")
    assert campledger("check", "--commit", "main~1", cwd=tmp_path / "bare.git").returncode == 0
    done = campledger("check", "--commit", "main", "--format", "json", cwd=tmp_path / "bare.git")
    assert (done.returncode, len(json.loads(done.stdout))) == (1, 1)
    assert campledger("check", "--ledger", tmp_path / "bare.git", "--commit", "main", cwd=tmp_path).returncode == 1
    assert campledger("check", cwd=tmp_path / "bare.git").returncode == 2


def test_a_hubs_pre_receive_hook_can_check_what_comes_in(
    ledger: Path, campaign: Path, git: Git, tmp_path: Path
) -> None:
    git("clone", "--quiet", "--bare", ledger, tmp_path / "hub.git")
    hook = tmp_path / "hub.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\nwhile read old new ref; do campledger check --commit $new || exit 1; done\n")
    hook.chmod(0o755)
    (ledger / "README").write_text("fine\n")
    git("add", "README")
    git("commit", "--quiet", "-m", "fine")
    git("push", "--quiet", tmp_path / "hub.git", "main")
    break_kind(campaign / "campaign.yaml")
    git("commit", "--quiet", "-am", "bad")
    command = ["git", "push", "--quiet", str(tmp_path / "hub.git"), "main"]
    done = subprocess.run(command, cwd=ledger, text=True, capture_output=True, check=False)
    assert done.returncode != 0
    assert "invalid value `nonsense` of `kind`" in done.stderr


def test_a_bad_campaign_does_not_hide_the_others(ledger: Path, campaign: Path, campledger: Run) -> None:
    words = ("define", "other", "--production", "other", "--kind", "other", "--description", "d")
    assert campledger(*words).returncode == 0
    (campaign / "campaign.yaml").write_bytes(b"\xff\x00 nonsense: [")
    done = campledger("list", "--columns", "title")
    assert (done.returncode, done.stdout) == (0, "TITLE\nother\n")
    assert f"left out: {campaign.relative_to(ledger)}/campaign.yaml:" in done.stderr
    assert campledger("show", "other").returncode == 0
    shown = campledger("show", campaign.name)
    assert shown.stdout.startswith(f"{campaign.name} cannot be read\n")
    assert campledger("note", "other", "x").returncode == 0
    assert campledger("check").returncode == 1


# Forks


@pytest.fixture
def fork(ledger: Path, campaign: Path, campledger: Run, git: Git) -> list[dict[str, Any]]:
    """Two branches that both start the campaign, one of which then completes it; merged by union."""
    git("switch", "--quiet", "--create", "other")
    assert campledger("start", "hello").returncode == 0
    assert campledger("complete", "hello").returncode == 0
    git("switch", "--quiet", "main")
    assert campledger("start", "hello", "--reason", "mine").returncode == 0
    assert campledger("pause", "hello", "--reason", "trouble").returncode == 0
    git("merge", "--quiet", "-m", "merge", "other")
    return [json.loads(line[2:]) for line in (campaign / "events.yaml").read_text().splitlines()]


def test_a_fork_is_reported_and_does_not_stop_reading(
    ledger: Path, fork: list[dict[str, Any]], campledger: Run
) -> None:
    assert len(fork) == 4
    done = campledger("check")
    assert done.returncode == 1
    assert done.stdout.count("illegal-transition") == 2
    assert "`campledger reconcile` resolves a fork" in done.stdout
    assert json.loads(campledger("show", "hello", "--json").stdout)["state"] == "completed"
    assert campledger("note", "hello", "still takes notes").returncode == 0


def test_reconcile_drops_what_does_not_follow(
    ledger: Path, fork: list[dict[str, Any]], campledger: Run, sound: Sound
) -> None:
    done = campledger("reconcile", "hello", "--reason", "it was complete", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["state"], len(result["event"]["dropped"])) == ("completed", 2)
    assert campledger("check", "--strict").returncode == 0
    assert campledger("reconcile", "hello", "--reason", "again").returncode == 3
    sound()


def test_reconcile_drops_what_is_named(
    ledger: Path, campaign: Path, fork: list[dict[str, Any]], campledger: Run, sound: Sound
) -> None:
    by_time = sorted(fork, key=lambda event: event["time"])
    losers = [by_time[0]["id"], by_time[1]["id"]]
    refused = campledger("reconcile", "hello", "--drop", losers[1], "--reason", "x")
    assert refused.returncode == 3
    assert "there is still a fork" in refused.stderr
    assert campledger("reconcile", "hello", "--drop", "zzzz", "--reason", "x").returncode == 2
    done = campledger(
        "reconcile", "hello", *(f"--drop={one}" for one in losers), "--reason", "the pause was right", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "paused"
    assert campledger("check", "--strict").returncode == 0
    assert campledger("resume", "hello").returncode == 0
    sound()


def test_retract_settles_a_fork_event_by_event(
    ledger: Path, fork: list[dict[str, Any]], campledger: Run, sound: Sound
) -> None:
    by_time = sorted(fork, key=lambda event: event["time"])
    for one in (by_time[3], by_time[2]):
        assert campledger("retract", one["id"], "--reason", "lost the race").returncode == 0
    assert campledger("check", "--strict").returncode == 0
    assert json.loads(campledger("show", "hello", "--json").stdout)["state"] == "completed"
    sound()


def test_conflict_markers_are_named_and_nothing_is_added_to_them(
    ledger: Path, campaign: Path, campledger: Run, git: Git
) -> None:
    assert campledger("note", "hello", "x").returncode == 0
    events = campaign / "events.yaml"
    events.write_text(f"<<<<<<< HEAD\n{events.read_text()}=======\n>>>>>>> other\n")
    git("commit", "--quiet", "-am", "markers")
    done = campledger("check")
    assert (done.returncode, done.stdout.count("conflict-marker")) == (1, 3)
    assert campledger("note", "hello", "y").returncode == 1


@pytest.fixture
def recorded(ledger: Path, git: Git, campledger: Run) -> Path:
    """The events of a campaign with two committed notes."""
    for text in ("one", "two"):
        campledger("note", "hello", text)
    return next(ledger.glob("campaigns/*/*/*/events.yaml"))


def test_a_recorded_event_that_was_changed_is_found_in_what_is_staged(
    recorded: Path, git: Git, campledger: Run
) -> None:
    recorded.write_text(recorded.read_text().replace('"one"', '"other"'))
    git("add", "-A")
    done = campledger("check", "--staged")
    assert done.returncode == 1
    assert "events.yaml:1:3: changed-event: the event " in done.stdout
    assert "was changed: a history only grows" in done.stdout


def test_a_recorded_event_that_was_removed_is_found_since_a_commit(recorded: Path, git: Git, campledger: Run) -> None:
    before = git("rev-parse", "HEAD")
    recorded.write_text(recorded.read_text().splitlines(keepends=True)[1])
    git("commit", "--quiet", "--no-verify", "--all", "--message=remove one")
    assert campledger("check", "--commit", "HEAD").returncode == 0
    done = campledger("check", "--commit", "HEAD", "--since", before)
    assert done.returncode == 1
    assert "events.yaml:0:0: changed-event: the event " in done.stdout
    assert " is gone: a history only grows" in done.stdout


def test_lines_in_another_order_are_no_change(recorded: Path, git: Git, campledger: Run) -> None:
    recorded.write_text("".join(reversed(recorded.read_text().splitlines(keepends=True))))
    git("add", "-A")
    assert campledger("check", "--staged").returncode == 0


def test_since_needs_a_commit(recorded: Path, campledger: Run) -> None:
    done = campledger("check", "--since", "HEAD")
    assert done.returncode == 2
    assert "--since goes with --as-of" in done.stderr
