"""What happened, what waits, and what may be done next."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]

BASICS = ("--production", "other", "--kind", "other", "--description", "d")


@pytest.fixture
def several(ledger: Path, campledger: Run) -> Path:
    """hello: a run over step1 that failed, and a rescue of one group that is held; next: defined; over: cancelled."""
    for words in (
        ["define", "next", *BASICS, "--set", "plan.start=2026-01-02"],
        ["define", "over", *BASICS],
        ["start", "hello", "--at", "2026-11-01T08:00"],
        ["record", "hello", "step1", "--run-id", "42", "--at", "2026-11-01T23:59"],
        ["note", "hello", "detector 53 is noisy", "--on", "step1/g", "--at", "2026-11-02"],
        ["outcome", "42", "failed", "--at", "2026-11-02T08:00"],
        ["record", "hello", "step1/g", "--relation", "rescue", "--run-id", "43", "--at", "2026-11-03"],
        ["outcome", "43", "held", "--at", "2026-11-04"],
        ["cancel", "over", "--reason", "not wanted", "--at", "2026-11-05"],
    ):
        done = campledger(*words)
        assert done.returncode == 0, done.stderr
    return ledger


HELLO = [
    "submission held", "submitted rescue", "submission failed", "note", "submitted first", "started"
]  # fmt: skip


def told(text: str) -> list[str]:
    """Return what each line of a log says, in short."""
    said = [re.sub(r" \(.*?\)", "", line).split(": ", 1)[1].replace(":", "").split() for line in text.splitlines()]
    return [f"{words[0]} {words[2]}" if words[0].startswith("subm") else words[0] for words in said]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["cancelled", *HELLO]),
        (["hello"], HELLO),
        (["hello", "over"], ["cancelled", *HELLO]),
        (["hello", "hello"], HELLO),
        (["state:cancelled"], ["cancelled"]),
        (["-state:cancelled"], HELLO),
        (["hello", "state:cancelled"], []),
        (["text:noisy"], HELLO),
        (["--type", "note"], ["note"]),
        (["--type", "note,status"], ["cancelled", "note", "started"]),
        (["--type", "note", "--type", "status", "hello"], ["note", "started"]),
        (["--on", "step1/g"], [one for one in HELLO if one != "started"]),
        (["--on", "step1"], [one for one in HELLO if one != "started"]),
        (["--on", "step1/r"], ["submission failed", "submitted first"]),
        (["--on", "step2"], []),
        (["--since", "2026-11-05"], ["cancelled"]),
        (["--until", "2026-11-01"], ["submitted first", "started"]),
        (["--until", "2026-11-01T08:00"], ["started"]),
        (["--since", "2026-11-02", "--until", "2026-11-02"], ["submission failed", "note"]),
        (["--by", "me"], ["cancelled", *HELLO]),
        (["--by", "VERA"], ["cancelled", *HELLO]),
        (["--by", "nobody"], []),
        (["--limit", "2"], ["cancelled", "submission held"]),
    ],
    ids=" ".join,
)
def test_a_log_is_narrowed_down(several: Path, campledger: Run, words: list[str], expected: list[str]) -> None:
    done = campledger("log", *words)
    assert done.returncode == 0, done.stderr
    assert told(done.stdout) == expected
    assert done.stderr == ("" if expected else "nothing happened\n")
    assert len(json.loads(campledger("log", *words, "--json").stdout)) == len(expected)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--type", "pause"], "unknown type `pause`: expected one of status, submission,"),
        (["--on", "step7"], "no campaign here has a step or group `step7`"),
        (["nobody"], "unknown campaign `nobody`"),
        (["stat:running"], "unknown attribute `stat`"),
        (["@nothing"], "unknown saved query `nothing`"),
        (["--until", "2026-02-30"], "invalid time"),
        (["--colour"], "No such option"),
    ],
)
def test_a_log_of_what_there_is_not(several: Path, campledger: Run, words: list[str], said: str) -> None:
    done = campledger("log", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_log_as_of_a_commit(several: Path, campledger: Run) -> None:
    assert told(campledger("log", "--as-of", "HEAD~6").stdout) == ["started"]


def test_a_log_says_which_groups_a_submission_covers(several: Path, campledger: Run) -> None:
    printed = campledger("log", "hello", "--type", "outcome").stdout
    assert re.findall(r"vera: (.*)", re.sub("[0-9a-z]{12}", "ID", printed)) == [
        "submission ID (step1/g) held", "submission ID (step1/g, r) failed"
    ]  # fmt: skip


def test_what_is_shown_of_a_submission(several: Path, campledger: Run) -> None:
    deviation = ("--deviation", "memory=16384", "--deviation", "image=a\nb")
    assert campledger("record", "hello", "step2", "--run-id", "44", *deviation).returncode == 0
    printed = campledger("show", "hello").stdout
    assert re.search(r"^  \w{12}  first submitted  step2/all  44  memory=16384  image=a b$", printed, re.MULTILINE)
    assert re.search(r"^  .*vera: submission \w{12} \(step1/g\) held$", printed, re.MULTILINE)


def test_what_waits_comes_with_what_settles_it(several: Path, campledger: Run) -> None:
    found: list[dict[str, Any]] = json.loads(campledger("todo", "--json").stdout)
    assert [(one["need"], one["name"]) for one in found] == [
        ("failed", "hello-campledger"),
        ("held", "hello-campledger"),
        ("start", "next"),
    ]
    done = campledger("todo")
    assert done.returncode == 0
    for one in found:
        assert one["campaign"] in done.stdout
        for command in one["commands"]:
            assert f"\n    {command}" in done.stdout
    # Each first command does settle what it stands for.
    for one in found:
        command = one["commands"][0].split()
        assert command[0] == "campledger"
        done = campledger(*command[1:])
        assert done.returncode == 0, done.stderr
    assert [one["need"] for one in json.loads(campledger("todo", "--json").stdout)] == []


def test_todo_of_some_and_of_me(several: Path, campledger: Run) -> None:
    assert [one["name"] for one in json.loads(campledger("todo", "state:defined", "--json").stdout)] == ["next"]
    assert campledger("todo", "-state:defined", "-state:running").stdout == "nothing waits\n"
    assert campledger("todo", "--me", "--json").stdout == campledger("todo", "owner:me", "--json").stdout
    assert campledger("assign", "hello", "me", "--on", "step2").returncode == 0
    names = {one["name"] for one in json.loads(campledger("todo", "--me", "--json").stdout)}
    assert names == {"hello-campledger", "next"}
    done = campledger("todo", "--me", "name:over")
    assert (done.returncode, done.stdout) == (0, "nothing waits for vera\n")


def test_todo_shows_no_more_than_is_asked_for(several: Path, campledger: Run) -> None:
    every = json.loads(campledger("todo", "--json").stdout)
    assert json.loads(campledger("todo", "--limit", "1", "--json").stdout) == every[:1]
    done = campledger("todo", "--limit", "1")
    assert done.stdout.startswith(f"{every[0]['need']:8}  {every[0]['campaign']}")
    assert done.stderr == f"1 of {len(every)}\n"


def test_todo_as_it_was(several: Path, campledger: Run) -> None:
    found = json.loads(campledger("todo", "--as-of", "HEAD~2", "hello", "--json").stdout)
    assert [one["need"] for one in found] == ["failed", "silent"]


def test_what_cannot_be_read_is_told_beside_what_waits(several: Path, campaign: Path, campledger: Run) -> None:
    (campaign / "campaign.yaml").write_text("name: [\n")
    done = campledger("todo")
    assert done.returncode == 0
    assert done.stdout.startswith("start     ")
    assert f"left out: {campaign.relative_to(several)}/campaign.yaml:" in done.stderr


def test_whatnext_leads_from_start_to_end(ledger: Path, campledger: Run) -> None:
    def following() -> dict[str, Any]:
        value: dict[str, Any] = json.loads(campledger("whatnext", "hello", "--json").stdout)
        for one in [*value["decide"], *value["submit"]]:
            assert f"\n    {one['commands'][0]}\n" in campledger("whatnext", "hello").stdout
        return value

    found = following()
    assert [one["act"] for one in found["acts"]] == ["start", "cancel"]
    assert (found["decide"], found["submit"]) == ([], [])
    assert found["later"] == [{"step": "step1", "waits_for": []}, {"step": "step2", "waits_for": ["step1"]}]
    assert "  step1: the campaign is defined\n  step2: after step1\n" in campledger("whatnext", "hello").stdout
    assert campledger("start", "hello").returncode == 0
    found = following()
    assert [one["groups"] for one in found["submit"]] == [["step1/g", "step1/r"]]
    assert found["later"] == [{"step": "step2", "waits_for": ["step1"]}]
    needs = []
    while command := next(iter([*found["decide"], *found["submit"]]), None):
        needs.append(command["need"])
        run = str(len(needs))
        done = campledger(*command["commands"][0].replace(" RUN", f" {run}").split()[1:])
        assert done.returncode == 0, done.stderr
        if command["need"] == "submit":
            assert campledger("outcome", run, "succeeded").returncode == 0
        found = following()
    assert needs == ["submit", "decide", "submit", "decide", "complete"]
    assert found["state"] == "completed"
    assert [one["act"] for one in found["acts"]] == ["reopen"]
    assert found["later"] == []


def test_groups_that_wait_are_named_where_others_do_not(several: Path, campledger: Run) -> None:
    assert (
        campledger("define", "parts", *BASICS, "--set", "steps=[{name: s, groups: [{name: a}, {name: b}]}]").returncode
        == 0
    )
    assert campledger("start", "parts").returncode == 0
    assert campledger("record", "parts", "s/a").returncode == 0
    found = json.loads(campledger("whatnext", "parts", "--json").stdout)
    (one,) = found["submit"]
    assert [row["words"] for row in found["under_way"]] == ["s/a: submitted."]
    assert f"\nunder way:\n  s/a: submitted.\n    {found['under_way'][0]['commands'][0]}\n" in (
        campledger("whatnext", "parts").stdout
    )
    assert one["groups"] == ["s/b"]
    assert one["commands"][0].endswith(" s/b --run-id RUN")


def test_show_names_the_next_command(several: Path, campaign: Path, campledger: Run) -> None:
    assert campledger("show", "hello").stderr == f"next: campledger whatnext {campaign.name}\n"
    assert campledger("show", "hello", "--json").stderr == ""


def test_whatnext_of_what_cannot_be_read(several: Path, campaign: Path, campledger: Run) -> None:
    (campaign / "campaign.yaml").write_text("name: [\n")
    done = campledger("whatnext", "hello")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be read" in done.stderr


def test_hostile_text_does_not_steer_a_terminal(several: Path, campledger: Run) -> None:
    assert campledger("outcome", "43", "running").returncode == 0
    assert campledger("pause", "hello", "--reason", "\x1b[31mred\x07\n\x9b1m").returncode == 0
    for words in (["todo"], ["whatnext", "hello"], ["log"]):
        done = campledger(*words)
        assert done.returncode == 0
        assert "red" in done.stdout
        assert all(char.isprintable() or char == "\n" for char in done.stdout + done.stderr)


def test_a_log_of_no_time_is_a_slip(ledger: Path, campledger: Run) -> None:
    done = campledger("log", "--since", "2026-11-25", "--until", "2026-11-24")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--since is later than --until" in done.stderr
    assert campledger("log", "--since", "2026-11-24", "--until", "2026-11-24").returncode == 0
