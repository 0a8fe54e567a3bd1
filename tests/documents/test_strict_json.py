"""Strict JSON, with places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.documents.strict_json import Decoder, JsonError, JsonText, may_repeat_keys, repeated_keys

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
)


def refusal(decoder: Decoder, text: str) -> tuple[int, str]:
    with pytest.raises(JsonError) as caught:
        decoder.decode(text)
    return caught.value.offset + 1, caught.value.message


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


@given(values)
def test_what_json_reads_is_read(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert Decoder().decode(text) == Decoder(whole=True, max_key=3, lenient=True).decode(text) == value
        assert list(repeated_keys(text)) == []


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ('{"a": 1, "a": 2}', 10),
        ('{"a": "x:y:z", "b": 1, "b": 2}', 24),
        ('[{"a": "x:y"}, {"a": 1, "a": 2}]', 25),
        ('{"members": [{"a": 1}, {"b": 1, "b": 2}], "x": 1}', 33),
        ('{"x": "\\u003a", "a": 1, "a": 2}', 25),
        ('[{"a": 1, "\\u0061": 2}]', 11),
        ('{"a": {"b": {"c": 1, "c": 2}}}', 22),
        ('[[{"c": 1, "c": 2}]]', 12),
    ],
)
def test_a_key_that_stands_twice_is_found(text: str, column: int) -> None:
    place, message = refusal(Decoder(), text)
    assert place == column
    assert message.startswith("duplicate key `")
    assert may_repeat_keys(Decoder(lenient=True).decode(text), text)


def test_each_key_that_stands_twice_is_found() -> None:
    text = '[{"a": 1, "a": 2, "a": 3}, {"b": 1}, {"c": 1, "c": 2}]'
    assert [one.offset for one in repeated_keys(text)] == [10, 18, 46]


def test_a_key_that_stands_twice_far_below_is_told_of() -> None:
    text = '{"a": ' * 9 + '{"b": 1, "b": 2}' + "}" * 9
    assert refusal(Decoder(), text)[1] == "duplicate key in an object further down"


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "not JSON: expected a value"),
        ('{"a" 1}', 6, "not JSON: expected a colon"),
        ("[1 2]", 4, "not JSON: expected a comma, or the end of the list or object"),
        ('["a\nb"]', 4, "not JSON: line break or control character in a text"),
        ("[1] 2", 5, "not JSON: unexpected text after the end of the list or object"),
        ("{1: 2}", 2, "not JSON: expected a key in double quotes"),
        ('["\\x"]', 3, "not JSON: invalid \\escape"),
        ('["NaN", NaN, Infinity]', 9, "`NaN` is not a number of JSON"),
        ('["-Infinity", -Infinity]', 15, "`-Infinity` is not a number of JSON"),
        ('["1.5", 15, 1.5]', 13, "`1.5` is not a whole number"),
        ('{"a": 1e5}', 7, "`1e5` is not a whole number"),
        ('["9", ' + "9" * 5000 + "]", 7, "a number of thousands of digits"),
        ('{"abcd": 1, "\\u0061bcde" : "abcdef"}', 13, "a key of more than 4 characters"),
        ('"[[[[" ' + "[" * 100_000, 8, "not JSON: unexpected text after the end of the list or object"),
        ('["[[[[", ' + "[" * 100_000, 39, "nested more than 30 deep"),
    ],
)
def test_what_is_refused_is_placed(text: str, column: int, message: str) -> None:
    assert refusal(Decoder(whole=True, max_key=4), text) == (column, message)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[1,\n", "was it cut off?"),
        ('{"a": "b', "was it cut off?"),
        ("[1, ]", "remove the comma before it"),
        ('{"a": 1,}', "remove the comma before it"),
        ("[1 2]", ""),
    ],
)
def test_a_hint_says_what_to_do(text: str, hint: str) -> None:
    with pytest.raises(JsonError) as caught:
        Decoder().decode(text)
    assert caught.value.hint == hint
