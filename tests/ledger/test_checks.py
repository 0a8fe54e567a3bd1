"""Checking a ledger as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campledger.ledger.checks import campaigns_at, check
from campledger.ledger.ledger import Ledger
from campledger.model.ids import directory_of
from campledger.problems import Problem, report_json, report_text
from campledger.repository.file_trees import WorkTree

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALPHA, BETA, GAMMA = "2026-11-22-alpha-aaaa", "2026-11-22-beta-bbbb", "2026-11-23-gamma-cccc"
HOME = {name: directory_of(name) for name in (ALPHA, BETA, GAMMA)}

Write = Callable[[Mapping[str, str | bytes]], Path]


def definition(name: str, more: str = "") -> str:
    return f"name: {name}\nproduction: data-release\nkind: rehearsal\ndescription: An example.\n{more}"


def status(name: str, when: str, source: str, target: str) -> str:
    return (
        f'- {{"id": "{name * 12}", "time": "{when}", "by": "vrubin", "type": "status", '
        f'"from": "{source}", "to": "{target}", "reason": "x"}}\n'
    )


def problems(root: Path, only: list[str] | None = None, *, across: bool = True) -> list[Problem]:
    return check(Ledger(WorkTree(root)), NOW, only, across=across)


def rules(found: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.path.split("/")[-2][11:-5], problem.rule) for problem in found]


SAME_NAME = {f"{HOME[name]}/campaign.yaml": definition("same") for name in (ALPHA, BETA)}


def test_names_clash_only_among_campaigns_that_are_not_final(write: Write) -> None:
    assert rules(problems(write(SAME_NAME))) == [("alpha", "duplicate-name"), ("beta", "duplicate-name")]
    cancelled = status("a", "2026-11-22T08:00:00.000000Z", "defined", "cancelled")
    assert problems(write({**SAME_NAME, f"{HOME[BETA]}/events.yaml": cancelled})) == []


def test_only_the_campaigns_asked_for_are_reported(write: Write) -> None:
    root = write({**SAME_NAME, f"{HOME[GAMMA]}/campaign.yaml": "name: [\n"})
    assert rules(problems(root, [BETA])) == [("beta", "duplicate-name")]
    assert problems(root, [BETA], across=False) == []
    assert problems(root, []) == []


def test_a_campaign_that_cannot_be_read_takes_part_in_no_clash(write: Write) -> None:
    root = write({**SAME_NAME, f"{HOME[BETA]}/campaign.yaml": definition("same", "zzz: 1\n")})
    assert rules(problems(root)) == [("beta", "unknown-key")]


def test_a_parent_has_to_be_in_the_ledger(write: Write) -> None:
    child = definition("beta", f"derived_from: {ALPHA}@main\n")
    assert rules(problems(write({f"{HOME[BETA]}/campaign.yaml": child}))) == [("beta", "unknown-parent")]
    assert problems(write({f"{HOME[ALPHA]}/campaign.yaml": definition("alpha")})) == []


def test_an_event_may_be_five_minutes_ahead_of_the_clock(write: Write) -> None:
    def at(when: str) -> list[tuple[str, str]]:
        files = {f"{HOME[ALPHA]}/campaign.yaml": definition("alpha")}
        return rules(problems(write({**files, f"{HOME[ALPHA]}/events.yaml": status("a", when, "defined", "running")})))

    assert at("2026-11-22T12:05:00.000000Z") == []
    assert at("2026-11-22T12:05:00.000001Z") == [("alpha", "event-clock")]


def test_clashing_keys_are_told_whatever_the_state(write: Write) -> None:
    files = {f"{HOME[name]}/campaign.yaml": definition(name[11:15], "key: k\n") for name in (ALPHA, BETA, GAMMA)}
    files[f"{HOME[ALPHA]}/events.yaml"] = status("a", "2026-11-22T08:00:00.000000Z", "defined", "cancelled")
    found = [problem.message for problem in problems(write(files))]
    assert found == [f"duplicate key `k`: {other} has it too" for other in (BETA, ALPHA, ALPHA)]


@pytest.mark.parametrize("reverse", [False, True])
def test_the_report_is_the_same_in_whatever_order_files_were_made(tmp_path: Path, write: Write, reverse: bool) -> None:
    files = {
        **SAME_NAME,
        f"{HOME[GAMMA]}/campaign.yaml": definition("gamma", "owner: nobody\ntags: [a b]\nzzz: 1\n"),
        "campaigns/stray.txt": "x",
    }
    root = write(dict(sorted(files.items(), reverse=reverse)))
    found = problems(root)
    assert found == sorted(found) == problems(root)
    assert report_text(reversed(found)) == report_text(found)
    assert report_json(reversed(found)) == report_json(found)
    assert [problem.path.rpartition("/")[2] for problem in found] == ["campaign.yaml"] * 4 + ["stray.txt"]


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        ([f"{HOME[ALPHA]}/campaign.yaml"], {ALPHA}),
        ([HOME[ALPHA]], {ALPHA}),
        ([f"{HOME[ALPHA]}/", f"{HOME[BETA]}/new/file.txt"], {ALPHA, BETA}),
        ([f"{HOME[GAMMA]}/campaign.yaml"], set()),
        ([], set()),
        (["campledger.yaml"], None),
        (["campaigns/2026/11"], {ALPHA, BETA}),
        (["campaigns"], None),
        (["campaigns/stray.txt"], None),
        (["README.md", "docs/campaigns/x.md"], set()),
        (["dataids/x.csv", HOME[ALPHA]], None),
    ],
)
def test_paths_choose_campaigns_or_everything(write: Write, paths: list[str], chosen: set[str] | None) -> None:
    assert campaigns_at(Ledger(WorkTree(write(SAME_NAME))), paths) == chosen


def test_many_campaigns_that_clash_are_checked_in_a_moment(write: Write) -> None:
    names = [f"2026-11-22-n{number}-aaaa" for number in range(1500)]
    more = "key: k\ndata: {output: o, run: '{output}/r'}\n"
    root = write({f"{directory_of(name)}/campaign.yaml": definition("same", more) for name in names})
    before = time.process_time()
    assert len(problems(root)) == 3 * 1500
    assert time.process_time() - before < 30
