"""Listing, showing and logging campaigns; and text that would like to do more than be read."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]


@pytest.fixture
def several(ledger: Path, campledger: Run) -> Path:
    """hello-campledger running; night-1 with a day and a tract, defined; night-2 cancelled."""
    basics = ("--production", "other", "--kind", "nightly", "--description", "Of a night.")
    for words in (
        [
            "define",
            "night-1",
            *basics,
            "--set",
            "scope.day_obs={from: 20260101, to: 20260103}",
            "--set",
            "scope.tracts=[3828]",
        ],
        ["define", "night-2", *basics, "--tag", "deep", "--title", "Night two, full depth"],
        ["start", "hello"],
        ["record", "hello", "step1", "--run-id", "42"],
        ["cancel", "night-2", "--reason", "clouds"],
    ):
        done = campledger(*words)
        assert done.returncode == 0, done.stderr
    return ledger


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], "hello-campledger night-1 night-2"),
        (["state:running"], "hello-campledger"),
        (["-state:running"], "night-1 night-2"),
        (["-hsc"], "hello-campledger night-1 night-2"),
        (["state:running,defined"], "hello-campledger night-1"),
        (["tract:3828"], "night-1"),
        (["day_obs:20260102"], "night-1"),
        (["day_obs>=20260104"], ""),
        (["owner:me", "kind:nightly"], "night-1 night-2"),
        (["owner:me kind:nightly -night-2"], "night-1"),
        (["night"], "night-1 night-2"),
        (["run_id:42"], "hello-campledger"),
        (["full depth"], "night-2"),
        (["tag:deep"], "night-2"),
        (["STATE:Running"], "hello-campledger"),
        (["--sort", "name"], "hello-campledger night-1 night-2"),
        (["--sort", "-name"], "night-2 night-1 hello-campledger"),
        (["--limit", "1"], "hello-campledger"),
    ],
)
def test_an_expression_finds_campaigns(several: Path, campledger: Run, words: list[str], names: str) -> None:
    done = campledger("list", "--columns", "name", "--format", "csv", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["name", *names.split()]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["stat:running"], "unknown attribute `stat`: did you mean `state`?"),
        (["tract:abc"], "invalid value `abc` of `tract`: expected a number"),
        (['"open'], "missing closing quotation mark"),
        (["--columns", "nam"], "unknown column `nam`"),
        (["--sort", "-nam"], "unknown column `nam`"),
        (["--commit", "nonsense"], "unknown commit `nonsense`"),
    ],
)
def test_an_expression_that_says_nothing_is_told(several: Path, campledger: Run, words: list[str], said: str) -> None:
    done = campledger("list", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_the_table_is_plain_text(several: Path, campledger: Run) -> None:
    done = campledger("list", "--columns", "state,name,groups", "night-2")
    assert done.stdout == "STATE      NAME     GROUPS\ncancelled  night-2  0/0\n"
    assert done.stderr == "1 of 3 campaigns\n"


def test_an_earlier_commit_is_read_as_it_was(several: Path, campledger: Run, git: Git) -> None:
    first = git("rev-list", "--reverse", "HEAD").splitlines()[1]
    done = campledger("list", "--commit", first, "--columns", "name,state", "--format", "csv")
    assert done.stdout == "name,state\nhello-campledger,defined\n"
    assert json.loads(campledger("show", "hello", "--commit", first, "--json").stdout)["state"] == "defined"
    assert campledger("show", "night-1", "--commit", first).returncode == 2


def test_show_tells_state_steps_submissions_and_events(several: Path, campledger: Run) -> None:
    lines = campledger("show", "hello").stdout.splitlines()
    assert lines[0] == "A first campaign to play with"
    assert " running since " in lines[1]
    assert lines[1].endswith(" UTC by vera")
    assert any(line.startswith("step1  2 submitted") for line in lines)
    assert any("first submitted  step1/g, r  42" in line for line in lines)
    assert lines[-1].endswith("vera: started")


def test_log_is_newest_first(several: Path, campledger: Run) -> None:
    done = campledger("log")
    assert [line.split(": ", 1)[1] for line in done.stdout.splitlines()] == [
        "cancelled: clouds",
        "submitted a first run over step1/g, r, run 42",
        "started",
    ]
    assert len(json.loads(campledger("log", "--json", "--limit", "2").stdout)) == 2
    assert len(json.loads(campledger("log", "hello", "night-2", "--json").stdout)) == 3
    assert campledger("log", "night-1").stdout == ""


def test_reading_needs_no_identity_and_no_lock(several: Path, spawn: Run, tmp_path: Path) -> None:
    config = tmp_path / "nobody"
    config.write_text("[user]\n    useConfigOnly = true\n")
    (several / ".git/index.lock").touch()
    (several / ".git/campledger.lock").unlink(missing_ok=True)
    nobody = {"GIT_CONFIG_GLOBAL": str(config)}
    for words in (["list", "instrument:HSC"], ["show", "hello"], ["log"], ["check"], ["check", "--staged"]):
        done = spawn(*words, env=nobody)
        assert done.returncode == 0, done.stderr
    done = spawn("list", "owner:me", env=nobody)
    assert done.returncode in {2, 4}
    assert "me" in done.stderr
    assert not (several / ".git/campledger.lock").exists()


# Hostile text

HOSTILE = "a\n\nCampledger-Campaign: forged\r\n\x1b[31mred\x1b[0m \x07\x9b1m \u202egnp.exe \u2028 <b> $(id) `id` '\""


@pytest.fixture
def hostile(ledger: Path, campaign: Path, campledger: Run) -> Path:
    for words in (
        ["note", "hello", HOSTILE],
        ["start", "hello", "--reason", HOSTILE],
        ["pause", "hello", "--reason", "\t\x00x".replace("\x00", "\x01")],
    ):
        done = campledger(*words)
        assert done.returncode == 0, done.stderr
        assert all(char.isprintable() or char == "\n" for char in done.stdout)
    return campaign


def test_text_is_kept_as_it_was_given(hostile: Path, campledger: Run) -> None:
    events: list[dict[str, Any]] = json.loads(campledger("log", "--json").stdout)
    assert [event.get("reason", event.get("text")) for event in reversed(events)] == [HOSTILE, HOSTILE, "\t\x01x"]
    raw = (hostile / "events.yaml").read_text()
    assert raw.count("\n") == 3
    assert "\x1b" not in raw
    assert campledger("check", "--strict").returncode == 0


def test_text_does_not_steer_a_terminal(hostile: Path, campledger: Run) -> None:
    for words in (["show", "hello"], ["log"], ["log", "hello"], ["list"]):
        done = campledger(*words)
        assert done.returncode == 0
        assert all(char.isprintable() or char == "\n" for char in done.stdout + done.stderr)


def test_text_forges_no_trailer_and_no_subject(hostile: Path, git: Git) -> None:
    for commit in git("rev-list", "-3", "HEAD").splitlines():
        trailers = git("log", "-1", "--format=%(trailers:key=Campledger-Campaign,valueonly)", commit).split()
        assert trailers == [hostile.name]
        message = git("log", "-1", "--format=%B", commit)
        assert all(char.isprintable() or char == "\n" for char in message)
        assert len(message.splitlines()[0]) <= 72


def test_refusals_do_not_steer_a_terminal(ledger: Path, campledger: Run) -> None:
    for words in (["show", "\x1b[31mx"], ["define", "--from", "x\x1b[2J"], ["\x1b[31m"]):
        done = campledger(*words)
        assert done.returncode == 2
        assert "\x1b" not in done.stderr


def test_a_directory_with_a_hostile_name_does_not_steer_a_terminal(
    ledger: Path, campaign: Path, campledger: Run
) -> None:
    evil = campaign.with_name("\x1b[31mevil")
    evil.mkdir()
    (evil / "campaign.yaml").write_bytes((campaign / "campaign.yaml").read_bytes())
    for words in (["list"], ["check"], ["show", evil.name], ["note", evil.name, "x"], ["log"], ["show", "evil"]):
        done = campledger(*words)
        assert all(char.isprintable() or char == "\n" for char in done.stdout + done.stderr)
        assert "Traceback" not in done.stderr


def test_cells_of_csv_are_no_formulas(ledger: Path, campledger: Run) -> None:
    titles = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "fine, with comma", "=a\\,b"]
    for number, title in enumerate(titles):
        words = [
            "define",
            f"x{number}",
            "--production",
            "other",
            "--kind",
            "other",
            "--description",
            "d",
            "--title",
            title,
        ]
        done = campledger(*words)
        assert done.returncode == 0, done.stderr
    rows = list(csv.reader(io.StringIO(campledger("list", "--format", "csv", "--columns", "title", "x").stdout)))
    cells = [row[0] for row in rows[1:]]
    assert {"'=1+1", "'+1", "'-1", "'@SUM(A1)", "fine, with comma"} <= set(cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_show_tells_description_plan_sets_and_links(ledger: Path, campledger: Run) -> None:
    (ledger / "dataids").mkdir(exist_ok=True)
    (ledger / "dataids/bad.csv").write_text("instrument,visit\nHSC,1228\n")
    (definition,) = ledger.glob("campaigns/*/*/*hello*/campaign.yaml")
    plan = "plan: {deadline: 2026-12-15, quanta: 1200}\n"
    links = "links: [{type: document, url: 'https://x.example.org/a', title: A}]\n"
    text = definition.read_text().replace("data:\n", "data:\n  exclude: [bad]\n", 1) + plan + links
    definition.write_text(text)
    shown = campledger("show", "hello").stdout
    for line in (
        "Shows what a campaign looks like. Start it, record a run, accept it, complete it.",
        "plan: deadline 2026-12-15, quanta 1200",
        "exclude: bad",
        "link: document https://x.example.org/a A",
    ):
        assert f"\n{line}\n" in shown


def test_show_says_what_it_runs_on_and_with(ledger: Path, campledger: Run) -> None:
    assert (
        "\nscope: instrument HSC, skymap hsc_rings_v1, tracts 9813\n"
        "software: stack w_2026_46\n"
        "data: output u/example/hello-campledger\n"
    ) in campledger("show", "hello").stdout


def test_a_path_names_its_campaign(ledger: Path, campaign: Path, campledger: Run) -> None:
    inside = campaign.relative_to(ledger)
    said = campledger("show", campaign.name).stdout
    for reference in (f"{inside}/", f"{inside}/campaign.yaml", f"./{inside}/bps/step1.yaml", str(campaign)):
        assert campledger("show", reference).stdout == said
    assert "unknown campaign `a/b`" in campledger("show", "a/b").stderr


@pytest.mark.parametrize(
    "reference", ["--upload-pack=touch pwned", "-n", "--output=pwned", "../../..", "/", "*", "[a-z]*"]
)
def test_option_like_names_are_names(ledger: Path, campledger: Run, reference: str) -> None:
    for words in (["show"], ["start"], ["log"], ["accept"], ["edit", "--set", "title=x"]):
        done = campledger(*words, "--", reference)
        assert (done.returncode, done.stdout) == (2, "")
    for command in ("show", "list"):
        done = campledger(command, *(["hello"] if command == "show" else []), f"--commit={reference}")
        assert (done.returncode, done.stdout) == (2, "")
    assert not (ledger / "pwned").exists()
