"""Small files of sets: the valid ones have no problem, the invalid ones exactly those in their expected.txt."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.files import SetFile, read
from campledger.dataids.members import ALTERNATES
from campledger.dataids.sets import REMARKS
from campledger.documents import schema
from campledger.problems import RULES, Problem, Severity

HERE = Path(__file__).parents[1] / "examples/dataids"
VALID = sorted((HERE / "valid").iterdir())
INVALID = sorted(file for file in (HERE / "invalid").iterdir() if not file.name.endswith(".expected.txt"))
OURS = {
    "unreadable", "schema", "unknown-key", "mixed-dimensions", "member-type", "unknown-dimension", "alternate-key",
    "duplicate-member", "member-order", "conflict-marker", "reversed-range",
}  # fmt: skip


def read_example(file: Path) -> SetFile:
    return read(file.name, file.read_bytes())


def in_short(problem: Problem) -> str:
    word = "warning: " if problem.severity is Severity.WARNING else ""
    return f"{problem.line}:{problem.column}: {word}{problem.rule}"


def expected(file: Path) -> list[str]:
    return file.with_name(f"{file.name}.expected.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.name)
def test_a_valid_set_has_no_problem(file: Path) -> None:
    found = read_example(file)
    assert found.problems == ()
    assert (found.value is None) is (found.derived is not None)


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.name)
def test_an_invalid_set_has_exactly_the_problems_expected(file: Path) -> None:
    found = read_example(file)
    assert [in_short(problem) for problem in found.problems] == expected(file)
    assert (found.value is None) is bool(found.errors)


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.name)
def test_a_message_stands_in_one_line_and_ends_without_a_stop(file: Path) -> None:
    for problem in read_example(file).problems:
        for text in (problem.message, problem.hint):
            assert text.isprintable()
            assert text == text.strip()
        assert problem.message
        assert not problem.message.endswith(".")


def test_every_rule_has_an_invalid_example_and_no_other_is_raised() -> None:
    shown = {line.rpartition(": ")[2] for file in INVALID for line in expected(file)}
    assert shown == OURS
    assert set(RULES) >= OURS


def test_no_place_is_reported_under_two_rules() -> None:
    for file in INVALID:
        places = [(one.line, one.column) for one in read_example(file).problems if one.line]
        assert len(set(places)) == len(places), file.name


@pytest.mark.parametrize("file", [file for file in VALID if file.suffix == ".json"], ids=lambda file: file.name)
def test_the_schema_takes_every_valid_set(file: Path) -> None:
    value = json.loads(file.read_bytes())
    if file.name == "serialised-by-butler.json":
        value = [{**entry, "dataId": {key: one for key, one in entry["dataId"].items() if one}} for entry in value]
    assert schema.findings(value, "dataids") == []


TAKEN_BY_SCHEMA = {
    # What JSON Schema cannot say, or what only a reader of the text sees.
    "not-as-declared.json", "without-instrument.json", "duplicates.json",
    "too-many.json", "repeated-keys.json", "unknown-dimensions.json", "empty-list.json", "empty-members.json",
}  # fmt: skip


def is_json(file: Path) -> bool:
    try:
        json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return False
    return file.suffix == ".json"


@pytest.mark.parametrize("file", [file for file in INVALID if is_json(file)], ids=lambda file: file.name)
def test_the_schema_refuses_what_a_schema_can(file: Path) -> None:
    assert bool(schema.findings(json.loads(file.read_bytes()), "dataids")) is (file.name not in TAKEN_BY_SCHEMA)


def test_the_schema_has_every_dimension_and_alternate_key() -> None:
    for part, names in (("entry", set(DIMENSIONS)), ("pending_entry", set(DIMENSIONS) | ALTERNATES)):
        definition = schema.schema("dataids")["$defs"][part]
        patterns = [re.compile(pattern) for pattern in definition["patternProperties"]]
        known = set(definition["properties"])
        assert {name for name in names if name not in known and not any(one.search(name) for one in patterns)} == set()
        assert known - names == {*REMARKS, *({"dataId", "records"} if part == "entry" else ())}


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.name)
def test_a_member_is_found_where_it_stands(file: Path) -> None:
    found = read_example(file)
    lines = file.read_text("utf-8").split("\n")
    for row in found.value.members if found.value else ():
        line, column = found.place(row)
        assert lines[line - 1][column - 1 :]
    assert found.place(("nobody", -1)) == (0, 0)
