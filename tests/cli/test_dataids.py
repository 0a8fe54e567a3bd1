"""`campledger dataids`: sets shown, compared, made from others and changed; each change is one commit or none."""

from __future__ import annotations

import csv
import io
import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]

BAD = [
    {"instrument": "LSSTCam", "exposure": 2026010200007, "reason": "slew", "band": "r", "severity": "bad"},
    {"instrument": "LSSTCam", "exposure": 2026010200009, "reason": "cloud", "band": "i", "expires": "2026-06-01"},
    {"instrument": "LSSTCam", "exposure": 2026010300001, "comment": "donuts"},
]


def write(ledger: Path, name: str, value: Any) -> Path:
    file = ledger / "dataids" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    subprocess.run(["git", "add", "-A"], cwd=ledger, check=True)
    subprocess.run(["git", "commit", "-q", "-m", f"add {name}"], cwd=ledger, check=True)
    return file


def visits(*numbers: int) -> list[dict[str, Any]]:
    return [{"instrument": "HSC", "visit": number} for number in numbers]


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_list_shows_sizes_and_who_uses_a_set(ledger: Path, campledger: Run) -> None:
    write(ledger, "bad.json", BAD)
    ok(campledger("edit", "hello", "--set", "data.exclude=[bad]"))
    listed = json.loads(ok(campledger("dataids", "list", "--json")))
    assert [(one["name"], one["count"], one["dimensions"]) for one in listed] == [
        ("bad", 3, ["exposure", "instrument"])
    ]
    assert len(listed[0]["used_by"]) == 1
    done = campledger("dataids", "list")
    assert done.stdout.splitlines()[1].split()[:2] == ["bad", "3"]
    assert done.stderr == "1 set\n"


def test_show_counts_by_what_is_known(ledger: Path, campledger: Run) -> None:
    write(ledger, "bad.json", BAD)
    shown = json.loads(ok(campledger("dataids", "show", "bad", "--json")))
    counts = {by: {one["value"]: one["count"] for one in found} for by, found in shown["counts"].items()}
    assert counts["day_obs"] == {20260102: 2, 20260103: 1}
    assert counts["band"] == {"i": 1, "r": 1, None: 1}
    assert counts["reason"] == {"cloud": 1, "slew": 1, None: 1}
    text = ok(campledger("dataids", "show", "bad", "--members", "1"))
    assert shown["digest"] in text
    assert "3 data IDs of exposure, instrument" in text
    assert "and 2 more" in text


def test_a_file_anywhere_can_be_shown_and_compared_without_a_ledger(tmp_path: Path, campledger: Run) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(visits(1, 2)))
    (folder / "b.csv").write_text("visit,instrument\n2,HSC\n3,HSC\n")
    assert "2 data IDs of instrument, visit" in ok(campledger("dataids", "show", "a.json", cwd=folder))
    done = campledger("dataids", "diff", "a.json", "b.csv", cwd=folder)
    assert done.stdout.splitlines() == ["+ instrument=HSC, visit=3", "- instrument=HSC, visit=1"]
    assert done.stderr == "1 added, 1 removed, 0 changed\n"
    assert rows(ok(campledger("dataids", "intersect", "a.json", "b.csv", cwd=folder))) == [
        ["instrument", "visit"],
        ["HSC", "2"],
    ]
    done = campledger("dataids", "show", "c", cwd=folder)
    assert done.returncode == 2
    assert "file not found: c" in done.stderr


def test_diff_of_two_versions_tells_what_is_said_of_members(ledger: Path, campledger: Run, git: Git) -> None:
    write(ledger, "bad.json", BAD)
    before = git("rev-parse", "HEAD")
    write(ledger, "bad.json", [{**BAD[0], "reason": "cloud"}, *BAD[2:], {**BAD[2], "exposure": 2026010300002}])
    found = json.loads(ok(campledger("dataids", "diff", f"bad@{before}", "bad", "--json")))
    assert [one["exposure"] for one in found["added"]] == [2026010300002]
    assert [one["exposure"] for one in found["removed"]] == [2026010200009]
    assert [one["exposure"] for one in found["changed"]] == [2026010200007]


def test_add_makes_one_commit_with_the_reason(ledger: Path, campledger: Run, git: Git, sound: Sound) -> None:
    ok(
        campledger(
            "dataids",
            "add",
            "bad",
            "instrument=HSC",
            "visit=2,5..7",
            "reason=slew",
            "--reason",
            "QA",
            "--new",
            "exclude",
        )
    )
    out = ok(
        campledger("dataids", "add", "bad", "instrument=HSC", "visit=1", "comment=odd, indeed", "--reason", "seen")
    )
    assert "has 5 data IDs (was 4), commit" in out
    assert (
        git("log", "-1", "--format=%s|%(trailers:key=Campledger-Set,valueonly)")
        == ("add 1 data ID to the set bad: seen|dataids/bad\n").rstrip()
    )
    sound()
    shown = json.loads(ok(campledger("dataids", "show", "bad", "--json")))
    assert shown["count"] == 5
    document = json.loads((ledger / "dataids/bad.json").read_text())
    assert document["name"] == "bad"
    assert document["members"][0] == {"instrument": "HSC", "visit": 1, "comment": "odd, indeed"}


def test_add_again_changes_nothing(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    ok(campledger("dataids", "add", "bad", "instrument=HSC", "visit=1", "--reason", "r", "--new", "exclude"))
    before = snapshot()
    assert "nothing was changed" in ok(
        campledger("dataids", "add", "bad", "instrument=HSC", "visit=1", "--reason", "r")
    )
    assert snapshot() == before


REFUSED: list[tuple[list[str], int, str]] = [
    (["add", "nothing", "instrument=HSC", "visit=1", "--reason", "r"], 2, "unknown DataId set `nothing`"),
    (
        ["add", "bad", "instrument=HSC", "visit=1", "--reason", "r", "--new", "exclude"],
        3,
        "duplicate set `bad`",
    ),
    (["add", "bad", "instrument=HSC", "visit=x", "--reason", "r"], 2, "visit"),
    (["add", "bad", "visit=1", "--reason", "r"], 2, "instrument"),
    (["add", "bad", "instrument=HSC", "tract=1", "--reason", "r"], 2, "skymap"),
    (["add", "bad", "instrument=HSC", "detector=1", "--reason", "r"], 2, "and what is to be added has"),
    (["add", "bad", "visit", "--reason", "r"], 2, "`visit` is not COLUMN=VALUE"),
    (["add", "bad", "visit=1", "visit=2", "--reason", "r"], 2, "`visit` stands twice"),
    (["add", "bad", "--reason", "r"], 2, "give COLUMN=VALUE words, or --file"),
    (["add", "bad", "visit=1", "--reason", " "], 2, "it is empty"),
    (["add", "../x", "instrument=HSC", "visit=1", "--reason", "r", "--new", "exclude"], 2, "no name of a set"),
    (["add", "/etc/x", "instrument=HSC", "visit=1", "--reason", "r", "--new", "exclude"], 2, "no name of a set"),
    (["add", "a b", "instrument=HSC", "visit=1", "--reason", "r", "--new", "exclude"], 2, "no name of a set"),
    (["add", "x.csv", "instrument=HSC", "visit=1", "--reason", "r", "--new", "exclude"], 2, "no name of a set"),
    (["add", "x.events", "instrument=HSC", "visit=1", "--reason", "r", "--new", "exclude"], 2, "no name of a set"),
    (["add", "x@y", "instrument=HSC", "visit=1", "--reason", "r", "--new", "exclude"], 2, "no name of a set"),
    (["union", "bad", "other", "--name", "a/../b", "--reason", "r"], 2, "no name of a set"),
    (["remove", "bad", "visit=99", "--reason", "r"], 3, "`bad` has no member with visit=99"),
    (["remove", "bad", "tract=1", "--reason", "r"], 2, "`tract` is no dimension of the set"),
    (["remove", "bad", "visit=a..b", "--reason", "r"], 2, "no whole number and no range"),
    (["remove", "bad@HEAD", "visit=1", "--reason", "r"], 2, "is a version, and versions do not change"),
    (["remove", "made", "visit=1", "--reason", "r"], 3, "is made from other sets"),
    (["convert", "made", "csv"], 3, "is made from other sets"),
    (["union", "bad"], 2, "union takes two sets at least"),
    (["union", "bad", "other", "--name", "x"], 2, "--name needs a reason"),
    (["union", "bad", "nothing", "--name", "x", "--reason", "r"], 2, "unknown shared set `nothing`"),
    (["union", "bad", "tracts"], 2, "dimensions differ"),
    (["diff", "bad", "tracts"], 2, "different dimensions"),
    (["filter", "bad", "--day-obs", "2026"], 2, "is not YYYYMMDD"),
    (["show", "nothing"], 2, "unknown DataId set `nothing`: `campledger dataids list` shows them"),
    (["show", "badd"], 2, "unknown DataId set `badd`: did you mean `bad`?"),
    (["remove", "badd", "visit=1", "--reason", "r"], 2, "unknown DataId set `badd`: did you mean `bad`?"),
    (["show", "bad@nowhere"], 2, "unknown commit `nowhere`"),
]


@pytest.mark.parametrize(("words", "code", "message"), REFUSED, ids=[" ".join(one[0]) for one in REFUSED])
def test_what_is_refused_changes_nothing(
    words: list[str], code: int, message: str, ledger: Path, campledger: Run, snapshot: Snapshot
) -> None:
    write(ledger, "bad.json", visits(1, 2))
    write(ledger, "other.csv", "instrument,visit\nHSC,3\n")
    write(ledger, "tracts.csv", "skymap,tract\ns,3\n")
    write(ledger, "made.json", {"format": 1, "derived": {"union": ["bad", "other"]}})
    before = snapshot()
    done = campledger("dataids", *words)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot() == before


def test_remove_takes_all_that_agree(ledger: Path, campledger: Run, git: Git, sound: Sound) -> None:
    members = [
        {"instrument": "HSC", "visit": visit, "detector": detector} for visit in (1, 2, 3) for detector in (1, 2)
    ]
    write(ledger, "bad.json", members)
    ok(campledger("dataids", "remove", "bad", "visit=1..2", "--reason", "fine after all"))
    assert git("log", "-1", "--format=%s") == "remove 4 of 6 data IDs from the set bad: fine after all"
    write(ledger, "less.csv", "instrument,visit,detector\nHSC,3,1\n")
    ok(campledger("dataids", "remove", "bad", "--file", "less", "--reason", "r"))
    shown = json.loads(ok(campledger("dataids", "show", "bad", "--json")))
    assert shown["count"] == 1
    sound()


def test_algebra_is_printed_written_or_defined(ledger: Path, campledger: Run, sound: Sound) -> None:
    write(ledger, "all.json", visits(1, 2, 3))
    write(ledger, "bad.json", visits(2))
    assert rows(ok(campledger("dataids", "minus", "all", "bad")))[1:] == [["HSC", "1"], ["HSC", "3"]]
    ok(campledger("dataids", "union", "all", "bad", "--out", "out.json"))
    assert len(json.loads((ledger / "out.json").read_text())) == 3
    (ledger / "out.json").unlink()
    ok(campledger("dataids", "minus", "all", "bad", "--name", "good", "--reason", "for the rerun"))
    document = json.loads((ledger / "dataids/good.json").read_text())
    assert [text.partition("@sha256:")[0] for text in document["derived"]["minus"]] == ["all", "bad"]
    ok(campledger("dataids", "add", "bad", "instrument=HSC", "visit=3", "--reason", "r"))
    # Pinned by digest: it is still what it was.
    assert json.loads(ok(campledger("dataids", "show", "good", "--json")))["count"] == 2
    ok(campledger("dataids", "minus", "all", "bad", "--name", "fixed", "--reason", "r", "--members"))
    assert len(json.loads((ledger / "dataids/fixed.json").read_text())["members"]) == 1
    assert "stale-pin" in campledger("check").stdout
    assert campledger("check").returncode == 0
    sound()


def test_filter_by_reason_severity_band_day_and_expiry(ledger: Path, campledger: Run) -> None:
    write(ledger, "bad.json", BAD)

    def exposures(*options: str) -> list[int]:
        found = rows(ok(campledger("dataids", "filter", "bad", *options)))
        return [int(row[found[0].index("exposure")]) % 100000 for row in found[1:]]

    assert exposures("--because", "slew", "--because", "cloud") == [7, 9]
    assert exposures("--severity", "bad") == [7]
    assert exposures("--band", "i") == [9]
    assert exposures("--day-obs", "20260103") == [1]
    assert exposures("--day-obs", "20260102..20260103") == [7, 9, 1]
    assert exposures("--day-obs", "..20260102") == [7, 9]
    assert exposures("--unexpired", "2026-06-01") == [7, 1]
    assert exposures("--unexpired", "2026-05-31") == [7, 9, 1]


def test_convert_keeps_the_members_and_is_one_commit(ledger: Path, campledger: Run, git: Git, sound: Sound) -> None:
    write(ledger, "bad.json", BAD)
    digest = json.loads(ok(campledger("dataids", "show", "bad", "--json")))["digest"]
    for form in ("ecsv", "csv", "json"):
        ok(campledger("dataids", "convert", "bad", form))
        assert git("show", "--name-only", "--format=", "--no-renames").splitlines()[-1].startswith("dataids/bad.")
        assert [file.name for file in (ledger / "dataids").iterdir()] == [f"bad.{form}"]
        shown = json.loads(ok(campledger("dataids", "show", "bad", "--json")))
        assert shown["digest"] == digest
        assert {one["value"] for one in shown["counts"]["reason"]} == {"slew", "cloud", None}
    sound()
    ok(campledger("dataids", "convert", "bad", "csv", "--out", str(ledger / "x.csv")))
    assert (ledger / "x.csv").read_text().startswith("exposure,instrument")


def test_convert_to_csv_does_not_lose_what_csv_has_no_place_for(
    ledger: Path, campledger: Run, snapshot: Snapshot
) -> None:
    write(ledger, "bad.json", {"format": 1, "name": "bad", "purpose": "exclude", "members": BAD})
    before = snapshot()
    done = campledger("dataids", "convert", "bad", "csv")
    assert done.returncode in {2, 3}
    assert "CSV has no place for" in done.stderr
    assert snapshot() == before


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    file = tmp_path / "editor"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("EDITOR", str(file))


def test_edit_commits_what_was_typed(
    ledger: Path, campledger: Run, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger, "bad.csv", "instrument,visit\nHSC,1\n")
    editor(tmp_path, monkeypatch, 'echo "HSC,2" >> "$1"')
    assert "has 2 data IDs (was 1)" in ok(campledger("dataids", "edit", "bad", "--reason", "one more"))
    assert git("log", "-1", "--format=%s") == "edit the set bad: one more"


def test_edit_refuses_what_is_wrong_and_keeps_it(
    ledger: Path, campledger: Run, snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger, "bad.csv", "instrument,visit\nHSC,1\n")
    before = snapshot()
    editor(tmp_path, monkeypatch, 'echo "HSC,x" >> "$1"')
    done = campledger("dataids", "edit", "bad", "--reason", "r")
    assert done.returncode == 1
    assert "bad.csv:3" in done.stderr
    assert (ledger / ".git/campledger-rejected.csv").read_text().endswith("HSC,x\n")
    assert snapshot() == before


def test_check_of_sets_only(ledger: Path, campledger: Run) -> None:
    write(ledger, "fine.json", visits(1))
    (ledger / "dataids/bad.csv").write_text("instrument,visit\nHSC,x\n")
    done = campledger("dataids", "check")
    assert (done.returncode, done.stdout.count("dataids/bad.csv:2:")) == (1, 1)
    assert campledger("dataids", "check", "fine").returncode == 0
    found = json.loads(campledger("dataids", "check", "bad", "--format", "json").stdout)
    assert found[0]["path"] == "dataids/bad.csv"
    assert json.loads(campledger("dataids", "check", "bad", "--json").stdout) == found
    assert campledger("check").returncode == 1
    campaign = next((ledger / "campaigns").glob("*/*/*"))
    assert campledger("check", str(campaign)).returncode == 0


def test_a_dry_run_writes_nothing(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    write(ledger, "bad.json", visits(1, 2))
    before = snapshot()
    for words in (
        ["add", "bad", "instrument=HSC", "visit=3", "--reason", "r"],
        ["remove", "bad", "visit=1", "--reason", "r"],
        ["convert", "bad", "csv"],
        ["union", "bad", "bad", "--name", "x", "--reason", "r"],
    ):
        assert "would have" in ok(campledger("dataids", *words, "--dry-run"))
    assert snapshot() == before


def test_names_and_comments_cannot_steer_a_terminal(ledger: Path, campledger: Run) -> None:
    write(ledger, "bad.json", [{"instrument": "HSC", "visit": 1, "comment": "\u009b31m red"}])
    done = campledger("dataids", "show", "bad")
    assert "\u009b" not in done.stdout + done.stderr


def test_import_takes_a_list_and_says_what_was_not_in_order(
    ledger: Path, campledger: Run, git: Git, tmp_path: Path
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("exposure,comment\n2026010200009,cloud\n2026010200007,slew\n2026010200007,slew\n")
    done = campledger("import", "exclusions", str(file), "--instrument", "LSSTCam", "--name", "night/bad")
    assert done.returncode == 0
    assert "dataids/night/bad.json: has 2 data IDs" in done.stdout
    assert "line 4 is line 3 again" in done.stderr
    assert "not in order: line 3" in done.stderr
    assert git("log", "-1", "--format=%s") == "define the set night/bad, 2 data IDs: from bad.csv"
    document = json.loads((ledger / "dataids/night/bad.json").read_text())
    assert (document["purpose"], document["how"]) == ("exclude", "imported from bad.csv")
    again = campledger("import", "exclusions", str(file), "--instrument", "LSSTCam", "--name", "night/bad")
    assert (again.returncode, again.stdout.split(": ")[1][:19]) == (0, "nothing was changed")


def test_importing_a_list_again_updates_its_set(ledger: Path, campledger: Run, git: Git, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    call = ("import", "exclusions", str(file), "--instrument", "LSSTCam", "--name", "bad")
    file.write_text("exposure,comment\n1,cloud\n2,slew\n")
    assert campledger(*call).returncode == 0
    head = git("rev-parse", "HEAD")
    assert campledger(*call).returncode == 0
    assert git("rev-parse", "HEAD") == head
    file.write_text("exposure,comment\n2,moon\n3,slew\n4,slew\n")
    done = campledger(*call)
    assert done.returncode == 0
    assert "2 came: exposure=3 instrument=LSSTCam, exposure=4 instrument=LSSTCam" in done.stdout
    assert "1 went: exposure=1 instrument=LSSTCam" in done.stdout
    assert "1 with another annotation" in done.stdout
    assert git("log", "-1", "--format=%s") == "bring the set bad up to date, 2 came and 1 went: from bad.csv"
    document = json.loads((ledger / "dataids/bad.json").read_text())
    assert [one["exposure"] for one in document["members"]] == [2, 3, 4]
    other = campledger("import", "inclusions", *call[2:])
    assert (other.returncode, "the set `bad` is to exclude" in other.stderr) == (3, True)
    file.write_text("visit\n2\n")
    assert campledger(*call).returncode == 2
    write(ledger, "own.json", [{"instrument": "LSSTCam", "exposure": 1}])
    file.write_text("exposure\n2\n")
    refused = campledger(*call[:-1], "own")
    assert (refused.returncode, "duplicate set `own`" in refused.stderr) == (3, True)


def test_a_list_is_told_what_its_columns_are(ledger: Path, campledger: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("expnum,ccd,why\n81,5,ghost\n")
    call = ("import", "exclusions", str(file), "--instrument", "DECam", "--column", "ccd=detector")
    refused = campledger(*call)
    assert refused.returncode == 2
    assert "unknown column `expnum`: --column expnum=exposure" in refused.stderr
    assert campledger(*call, "--column", "expnum").returncode == 2
    done = campledger(*call, "--column", "expnum=exposure", "--column", "why=reason", "--as", "exposure")
    assert done.returncode == 0
    (member,) = json.loads((ledger / "dataids/bad.json").read_text())["members"]
    assert member == {"detector": 5, "exposure": 81, "instrument": "DECam", "reason": "ghost"}


def test_the_hook_checks_the_sets_that_are_staged(guarded: Path, git: Git) -> None:
    (guarded / "dataids").mkdir()
    (guarded / "dataids/bad.csv").write_text("instrument,visit\nHSC,x\n")
    git("add", "-A")
    done = subprocess.run(["git", "commit", "-m", "bad"], cwd=guarded, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "dataids/bad.csv:2:" in done.stdout + done.stderr
    (guarded / "dataids/bad.csv").write_text("instrument,visit\nHSC,1\n")
    git("add", "-A")
    git("commit", "-m", "good")


def test_a_link_leads_no_set_out_of_the_ledger(ledger: Path, campledger: Run, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (ledger / "dataids").mkdir()
    (ledger / "dataids/out").symlink_to(tmp_path / "elsewhere")
    done = campledger("dataids", "add", "out/x", "instrument=HSC", "visit=1", "--reason", "r", "--new", "exclude")
    assert done.returncode == 3
    assert "dataids/out is a file" in done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_changes_of_sets_are_pushed_and_what_others_changed_is_not_lost(
    ledger: Path, campledger: Run, git: Git, tmp_path: Path, sound: Sound
) -> None:
    write(ledger, "bad.json", visits(1, 2))
    write(ledger, "other.json", visits(1, 2))
    git("clone", "--quiet", "--bare", ledger, tmp_path / "hub.git")
    for name in ("a", "b"):
        git("clone", "--quiet", tmp_path / "hub.git", tmp_path / name, cwd=tmp_path)
    a, b = tmp_path / "a", tmp_path / "b"
    words = ["dataids", "add", "bad", "instrument=HSC"]
    assert "pushed to origin/main" in ok(campledger(*words, "visit=3", "--reason", "r", "--push", cwd=a))
    # Made offline, on what was there before: both sides only added, so that both additions stand.
    ok(campledger(*words, "visit=4", "--reason", "offline", cwd=b))
    ok(campledger("dataids", "add", "other", "instrument=HSC", "visit=4", "--reason", "offline too", cwd=b))
    assert "pushed 2 acts" in ok(campledger("push", cwd=b))
    shown = json.loads(ok(campledger("dataids", "show", "bad", "--json", cwd=b)))
    assert shown["count"] == 4
    # What is said of one member in two ways is a contradiction: the later act is withdrawn, and told.
    git("pull", "--quiet", cwd=a)
    ok(campledger(*words, "visit=4", "reason=slew", "--reason", "r", "--push", cwd=a))
    ok(campledger(*words, "visit=4", "reason=cloud", "--reason", "offline", cwd=b))
    done = campledger("push", cwd=b)
    assert done.returncode == 3
    assert "say more of 1 in the set bad: offline" in done.stderr
    assert "dataids/bad.json was changed by others too" in done.stderr
    assert "git cherry-pick COMMIT" in done.stderr
    sound(cwd=b)
