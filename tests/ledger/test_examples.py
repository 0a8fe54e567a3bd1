"""Small ledgers as files: the valid ones have no problem, the invalid ones exactly those in their expected.txt."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from campledger.ledger.checks import check
from campledger.ledger.ledger import Ledger
from campledger.problems import RULES, Problem, Severity
from campledger.repository.file_trees import WorkTree

HERE = Path(__file__).parents[1] / "examples"
VALID = sorted((HERE / "valid").iterdir())
INVALID = sorted((HERE / "invalid").iterdir())


def problems_of(root: Path) -> list[Problem]:
    return check(Ledger(WorkTree(root)), datetime.now(UTC))


def in_short(problem: Problem) -> str:
    word = "warning: " if problem.severity is Severity.WARNING else ""
    return f"{problem.path}:{problem.line}:{problem.column}: {word}{problem.rule}"


def expected(example: Path) -> list[str]:
    return (example / "expected.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("example", VALID, ids=lambda path: path.name)
def test_a_valid_ledger_has_no_problem(example: Path) -> None:
    assert [problem.as_text() for problem in problems_of(example)] == []


@pytest.mark.parametrize("example", INVALID, ids=lambda path: path.name)
def test_an_invalid_ledger_has_exactly_the_problems_expected(example: Path) -> None:
    assert [in_short(problem) for problem in problems_of(example)] == expected(example)


@pytest.mark.parametrize("example", INVALID, ids=lambda path: path.name)
def test_a_message_stands_in_one_line_and_ends_without_a_stop(example: Path) -> None:
    for problem in problems_of(example):
        for text in (problem.message, problem.hint):
            assert text.isprintable()
            assert text == text.strip()
        assert problem.message
        assert not problem.message.endswith(".")


# What was recorded before is not in one state of a ledger: tests/operations/test_checking.py shows `changed-event`.
# An act that is refused is in none: tests/operations/test_batches.py shows `refused-act`.
@pytest.mark.parametrize("rule", sorted(RULES.keys() - {"changed-event", "refused-act"}))
def test_every_rule_has_an_invalid_example(rule: str) -> None:
    shown = {line.rpartition(": ")[2] for example in INVALID for line in expected(example)}
    assert rule in shown


def test_every_rule_that_an_example_raises_is_listed() -> None:
    shown = {problem.rule for example in INVALID for problem in problems_of(example)}
    assert shown <= set(RULES)


def test_no_place_is_reported_under_two_rules() -> None:
    for example in INVALID:
        places = [(one.path, one.line, one.column, one.rule) for one in problems_of(example) if one.line]
        rules: dict[tuple[str, int, int], set[str]] = {}
        for path, line, column, rule in places:
            rules.setdefault((path, line, column), set()).add(rule)
        # What is missing from a mapping and its first key stand at one place.
        twice = {place: found for place, found in rules.items() if len(found - {"unknown-key"}) > 1}
        assert twice == {}, example.name


def test_a_newline_in_a_file_name_forges_no_line_of_the_report() -> None:
    problem = Problem("campaigns/x\ny.yaml:1:1: fake: wrong", 2, 3, "schema", "it is wrong")
    assert problem.as_text() == "campaigns/x\\ny.yaml:1:1: fake: wrong:2:3: schema: it is wrong"
