"""What a file of JSON cannot be, before it is looked at as a set."""

from __future__ import annotations

import pytest

from campledger.dataids.json_form import parse
from campledger.documents.text import Report


def problems_of(text: str) -> list[tuple[int, int, str]]:
    report = Report("x.json")
    parse(text, report)
    return [(one.line, one.column, one.message) for one in report.problems()]


def test_a_key_that_stands_twice_is_told_with_its_place() -> None:
    text = '[{"a": "x:y"}, {"a": 1,\n "a": 2, "a": 3}]'
    assert problems_of(text) == [(2, column, "duplicate key `a`") for column in (2, 10)]
    assert problems_of('{"x": "a:b", "y": [{"a": 1}]}') == []


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "the file is empty"),
        (" \n", (1, 1), "the file is empty"),
        ("null", (1, 1), "the file holds nothing but null"),
        ("[1,\n", (2, 1), "the file ends too early"),
        ('{"a"\n 1}', (2, 2), "not JSON: expected a colon"),
        ('["\\x"]', (1, 3), "not JSON: invalid \\escape"),
        ("[" * 100_000, (1, 31), "nested more than 30 deep"),
        ("[1,\n" + "9" * 5_000 + "]", (2, 1), "a number of thousands of digits"),
        ("[1,\n<<<<<<< a\n2]", (2, 1), "conflict marker of an unresolved merge"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: str, place: tuple[int, int], message: str) -> None:
    (problem,) = problems_of(text)
    assert problem[:2] == place
    assert problem[2].startswith(message)
