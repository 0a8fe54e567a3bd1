"""`campledger import table`: an export of Jira or of a spreadsheet becomes campaigns, once; nothing is left unsaid."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campledger.operations.define.import_table import FIELDS, moment_of

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]

JIRA = """\
Summary,Issue key,Issue id,Status,Assignee,Reporter,Created,Resolved,Labels,Labels,Description,Comment,Comment
"Rehearse ""DP0.2"", on two tracts",DM-1,101,Done,Vera Rubin,Jane,24/Oct/26 10:06 PM,01/Nov/26 9:00 AM,dp02,rehearsal,\
"Two lines,
the second","25/Oct/26 8:00 AM;jane;Memory, again",Looks fine
Nights of November,DM-2,102,In Progress,vera@example.org,Jane,2026-11-01,,,,,,
Nights of November,DM-3,103,To Do,somebody,,2026-11-02 10:00,,a b!,,,,
"""


@pytest.fixture
def jira(tmp_path: Path) -> Path:
    file = tmp_path / "jira.csv"
    file.write_bytes(b"\xef\xbb\xbf" + JIRA.replace("\n", "\r\n").encode())
    return file


@pytest.fixture
def take(ledger: Path, campledger: Run, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(text: str | bytes, *options: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "t.csv"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return campledger("import", "table", file, "--production", "other", *options)

    return run


def shown(campledger: Run, name: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(campledger("show", name, "--json").stdout)
    return shown


def test_an_export_of_jira_becomes_campaigns(
    ledger: Path, jira: Path, campledger: Run, git: Git, snapshot: Snapshot, sound: Sound
) -> None:
    before = snapshot()
    words = ("import", "table", jira, "--production", "data-release", "--kind", "rehearsal")
    dry = campledger(*words, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert snapshot() == before
    head = git("rev-parse", "HEAD")
    done = campledger(*words)
    assert done.stdout == dry.stdout.replace("would be", "is")
    assert git("rev-parse", "HEAD^") == head
    assert git("log", "-1", "--format=%s") == "import 3 campaigns from jira.csv"
    told = done.stdout.splitlines()
    assert told[:4] == [
        "column Summary: title",
        "column Issue key: key",
        "column Issue id: extra",
        "column Status: status",
    ]
    first, second, third = [row for row in told if "jira.csv:" in row]
    assert first.startswith(f"{jira}:2: DM-1: 2026-10-24-rehearse-dp0-2-on-two-tracts-")
    assert (first[-12:], second[-10:], third[-10:]) == ("is completed", "is running", "is defined")
    assert [row for row in told if row.startswith("    ")] == [
        "    the label `b!` became the tag `b`",
        "    named nights-of-november-dm-3, since another campaign has the name already",
        "    `somebody` is not in the settings' `people`: kept under extra",
    ]
    assert done.stderr.startswith("3 campaigns defined, 0 known, commit ")

    one = shown(campledger, "rehearse")
    definition = one["definition"]
    assert definition["title"] == 'Rehearse "DP0.2", on two tracts'
    assert (definition["owner"], definition["kind"], definition["production"]) == ("vera", "rehearsal", "data-release")
    assert (definition["tickets"], definition["tags"]) == ([{"key": "DM-1"}], ["dp02", "rehearsal"])
    assert definition["description"] == "Two lines,\nthe second"
    assert definition["extra"] == {"Issue id": "101", "Reporter": "Jane"}
    reason = "imported from jira.csv: the status was Done"
    assert [(event["type"], event["at"], event.get("reason", event.get("text"))) for event in one["events"]] == [
        ("note", "2026-10-25T08:00:00Z", "jane: Memory, again\n\n(imported from jira.csv)"),
        ("note", one["events"][1]["at"], "Looks fine\n\n(imported from jira.csv)"),
        ("status", "2026-10-24T22:06:00Z", reason),
        ("status", "2026-11-01T09:00:00Z", reason),
    ]
    assert shown(campledger, "nights-of-november-dm-3")["definition"]["extra"] == {
        "Issue id": "103", "Assignee": "somebody",
    }  # fmt: skip
    assert campledger("check", "--strict").returncode == 0
    sound()

    before = snapshot()
    again = campledger(*words)
    assert (again.returncode, again.stderr) == (0, "0 campaigns defined, 3 known\n")
    assert again.stdout.count(" was imported before\n") == 3
    assert snapshot() == before


def test_a_row_that_moved_on_is_told_and_left_alone(take: Run, campledger: Run, snapshot: Snapshot) -> None:
    assert take("Key,Title,Status\nA,One,Open\n").returncode == 0
    before = snapshot()
    done = take("Key,Title,Status\nA,Two,Closed\nB,Three,Open\n", "--dry-run")
    assert "    it is defined here, and completed in the table\n" in done.stdout
    assert done.stderr == "1 campaign would be defined, 1 known\n"
    assert snapshot() == before


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("told", [False, True])
def test_any_separator_of_spreadsheets_is_understood(take: Run, campledger: Run, separator: str, told: bool) -> None:
    rows = [["Title", "Status", "Tracts", "Release", "Rest"], ["One", "Odd", '"1, 2"', "w_2026_47", "dropped"]]
    text = "\n".join(separator.join(row) for row in rows)
    options = [
        "--status",
        "odd=failed",
        "--map",
        "tracts=scope.tracts",
        "--map",
        "Release=software.stack",
        "--map",
        "Rest=",
    ]
    done = take((f"sep={separator}\n" if told else "") + text, *options)
    assert done.returncode == 0, done.stderr
    assert "column Rest: left out\n" in done.stdout
    one = shown(campledger, "one")
    assert one["state"] == "failed"
    assert one["definition"]["scope"] == {"tracts": [1, 2]}
    assert one["definition"]["software"] == {"stack": "w_2026_47"}
    assert "extra" not in one["definition"]


def test_the_columns_say_everything_that_a_campaign_needs(take: Run, campledger: Run) -> None:
    text = "Name,Production,Kind,Ticket,Started,Deadline\nmine,alert,nightly,DM-1 DM-2,2026-01-02,2027-01-01\n"
    assert take(text, "--map", "Ticket=ticket", "--status", "x=running").returncode == 0
    definition = shown(campledger, "mine")["definition"]
    assert (definition["production"], definition["kind"]) == ("alert", "nightly")
    assert (definition["tickets"], definition["plan"]) == (
        [{"key": "DM-1"}, {"key": "DM-2"}],
        {"deadline": "2027-01-01"},
    )
    assert definition["key"] == "table/mine"


WRONG: list[tuple[str | bytes, list[str]]] = [
    ("", ["1:1: unreadable: the table is empty"]),
    ("A,B\n1,2\n", ["1:1: schema: no column is key, name or title of a campaign"]),
    (b"Title\n\xff\n", ["2:1: unreadable: not UTF-8 text"]),
    ('Title\n"a" b\n', ["2:1: unreadable: not CSV: "]),
    ('Title\n"a\nb\n', ["2:1: unreadable: not CSV: "]),
    (
        "Title,Status\na,Odd\nb,Open\nc,Strange\n",
        ["2:3: schema: the status `Odd`", "4:3: schema: the status `Strange`"],
    ),
    ('Title,Notes,Status\n"a\nb",x,Odd\n', ["3:6: schema: the status `Odd`"]),
    (
        "Title,Created\na,11/12/2026\nb,2999-01-01\n",
        ["2:3: schema: `11/12/2026` is no", "3:3: schema: `2999-01-01` is"],
    ),
    ("Title\na\na\n", ["3:1: duplicate-key: `a` stands in line 2 already"]),
    ("Title,\na,b\n", ["2:3: schema: a cell below no header"]),
    ("Title,Status\n,Open\n", ["2:1: schema: a row without key, name and title"]),
    ("Name\na b\nb\n/\n", ["2:1: schema: invalid value `a b` of `name`", "4:1: schema: invalid value `/` of `name`"]),
    ("Title,Kind\na,odd\n", ["2:3: schema: invalid value `odd` of `kind`"]),
    ("Title,Tracts\na,x\n", ["2:3: schema: entry 1 of `tracts` is text"]),
    ("Title,Status,Tracts,Butler\nodd,open,1,odd\n", ["2:12: unknown-butler: unknown Butler repository `odd`"]),
    ("Title,Production\na,odd\nb,\n", ["2:3: unknown-production: unknown production `odd`"]),
    ("Title\n<<<<<<< a\n", ["2:1: conflict-marker: "]),
]


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=[one[1][0][:40] for one in WRONG])
def test_everything_wrong_is_told_by_line_and_column(
    take: Run, snapshot: Snapshot, text: str | bytes, expected: list[str], tmp_path: Path
) -> None:
    before = snapshot()
    options = (
        ["--map", "Tracts=scope.tracts", *(["--map", "Butler=data.butler"] if "Butler" in str(text) else [])]
        if b"Tracts" in (text if isinstance(text, bytes) else text.encode())
        else []
    )
    done = take(text, *options)
    assert done.returncode == 1, done.stderr
    problems = [line for line in done.stderr.splitlines()[1:] if not line.startswith(" ")]
    assert len(problems) == len(expected), done.stderr
    for problem, start in zip(problems, expected, strict=True):
        assert problem.startswith(f"{tmp_path / 't.csv'}:{start}"), problem
    assert snapshot() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--map", "Title=titel"], "--map Title=titel: did you mean `title`?"),
        (["--map", "Title"], "`Title` is not COLUMN=FIELD"),
        (["--status", "Open=odd"], "--status Open=odd: the states are defined, running"),
    ],
)
def test_choices_that_make_no_sense(take: Run, options: list[str], message: str) -> None:
    done = take("Title\na\n", *options)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_a_map_of_a_column_that_is_not_there_and_a_table_without_production(
    take: Run, campledger: Run, tmp_path: Path
) -> None:
    done = take("Title\na\n", "--map", "Titel=title")
    assert (done.returncode, "--map names the column `titel`, which is not there" in done.stderr) == (1, True)
    done = campledger("import", "table", tmp_path / "t.csv")
    assert (done.returncode, "give --production" in done.stderr) == (2, True)
    assert campledger("import", "table", tmp_path / "none.csv").returncode == 2


def test_what_tables_say_reaches_no_terminal_as_it_is(take: Run) -> None:
    done = take("Title,\x1b[31mred\na\x1b[31m,x\n", "--dry-run")
    assert "\x1b" not in done.stdout + done.stderr


def test_a_hook_that_refuses_leaves_everything_as_it_was(ledger: Path, take: Run, snapshot: Snapshot) -> None:
    hook = ledger / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    before = snapshot()
    assert take("Title\na\n").returncode == 4
    assert snapshot() == before


def test_the_result_is_json_if_asked_for(take: Run, git: Git) -> None:
    result = json.loads(take("Title,Odd\na,x\n", "--json").stdout)
    assert (result["commit"], result["columns"]) == (git("rev-parse", "HEAD"), {"Title": "title", "Odd": "extra"})
    (row,) = result["rows"]
    assert (row["line"], row["key"], row["state"], row["known"]) == (2, "a", "defined", False)


def test_the_help_names_all_fields(campledger: Run) -> None:
    words = campledger("import", "table", "--help").stdout.replace(",", " ").split()
    assert set(FIELDS) <= set(words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22", "2026-11-22T00:00:00+00:00"),
        ("2026-11-22T08:00:00+01:00", "2026-11-22T07:00:00+00:00"),
        ("22/Nov/26 8:05 PM", "2026-11-22T20:05:00+00:00"),
        ("22/Nov/26", "2026-11-22T00:00:00+00:00"),
        ("22.11.2026 08:05", "2026-11-22T08:05:00+00:00"),
        ("11/22/2026", None),
        ("soon", None),
    ],
)
def test_dates_are_read_where_they_mean_one_day_only(text: str, expected: str | None) -> None:
    found = moment_of(text)
    assert (found.isoformat() if found else None) == expected
    assert moment_of("11/22/2026", "%m/%d/%Y") is not None
