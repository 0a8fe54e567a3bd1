"""JSON with places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.dataids.json_text import JsonText, parse
from campledger.documents.text import Report

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
)


def problems_of(text: str) -> list[tuple[int, int, str]]:
    report = Report("x.json")
    parse(text, report)
    return [(one.line, one.column, one.message) for one in report.problems()]


@given(values, st.sampled_from([None, 1]), st.sampled_from([(",", ":"), (" , ", " :\t")]))
def test_every_value_is_found_where_it_stands(value: Any, indent: int | None, separators: tuple[str, str]) -> None:
    text = json.dumps(value, indent=indent, separators=separators)
    document = JsonText(text)
    lines = text.split("\n")

    def check(pointer: tuple[Any, ...], one: Any) -> None:
        line, column = document.place(pointer)
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(rest)[0] == one
        for part in one if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ():
            check((*pointer, part), one[part])
            if isinstance(one, dict):
                line, column = document.place((*pointer, part), key=True)
                assert lines[line - 1][column - 1 :].startswith(json.dumps(part))

    check((), value)


def test_the_nearest_thing_around_is_named_for_what_is_not_there() -> None:
    document = JsonText('{"a": [1]}')
    assert document.place(("a", 5)) == document.place(("a",)) == (1, 7)
    assert document.place(("b",)) == (1, 1)
    assert document.place(("a", "b")) == (1, 7)


@given(values.filter(lambda value: value is not None))
def test_what_json_reads_has_no_problem(value: Any) -> None:
    assert problems_of(json.dumps(value)) == []
    assert problems_of(json.dumps(value, ensure_ascii=False)) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1, "a": 2}', (1, 10)),
        ('{"a": "x:y:z", "b": 1, "b": 2}', (1, 24)),
        ('[{"a": "x:y"}, {"a": 1,\n "a": 2}]', (2, 2)),
        ('{"members": [{"a": 1}, {"b": 1, "b": 2}], "x": 1}', (1, 33)),
        ('{"x": "\\u003a", "a": 1, "a": 2}', (1, 25)),
        ('[{"a": 1, "\\u0061": 2}]', (1, 11)),
        ('{"a": {"b": {"c": 1, "c": 2}}}', (1, 22)),
        ('[[{"c": 1, "c": 2}]]', (1, 12)),
    ],
)
def test_a_key_that_stands_twice_is_found(text: str, place: tuple[int, int]) -> None:
    (problem,) = problems_of(text)
    assert problem[:2] == place
    assert problem[2].endswith("stands here a second time")


def test_a_key_that_stands_twice_far_below_is_told_of() -> None:
    text = '{"a": ' * 9 + '{"b": 1, "b": 2}' + "}" * 9
    (problem,) = problems_of(text)
    assert problem[2] == "a key stands twice in one object below"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "the file is empty"),
        (" \n", (1, 1), "the file is empty"),
        ("[1,\n", (2, 1), "the file ends too early"),
        ('{"a" 1}', (1, 6), "not JSON: a colon has to come here"),
        ("[1 2]", (1, 4), "not JSON: a comma, or the end of the list or object, has to come here"),
        ('["a\nb"]', (1, 4), "not JSON: a line break or control character in a text"),
        ("[1] 2", (1, 5), "not JSON: something follows after the end of the list or object"),
        ("{1: 2}", (1, 2), "not JSON: a key in double quotes has to come here"),
        ('["\\x"]', (1, 3), "not JSON: invalid \\escape"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: str, place: tuple[int, int], message: str) -> None:
    (problem,) = problems_of(text)
    assert problem[:2] == place
    assert problem[2].startswith(message)
