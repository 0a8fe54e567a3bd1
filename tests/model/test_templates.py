"""Parameters put into a definition: as values, with their types."""

from __future__ import annotations

from typing import Any

import pytest

from campledger.model.templates import Parameter, Scalar, Template, filled

VALUES: dict[str, Scalar] = {"day": 20260102, "word": "a{day}b", "share": 0.5, "again": True}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{day}", 20260102),
        ("{day!s}", "20260102"),
        ("night-{day}", "night-20260102"),
        ("{share}", 0.5),
        ("{again} {share}", "true 0.5"),
        ("{word}", "a{day}b"),
        ("x{word}{word}", "xa{day}ba{day}b"),
        ("{other} ${day} {Day} {day:04d} { day }", "{other} ${day} {Day} {day:04d} { day }"),
        ({"{day}": ["{day}", {"a": "{day}"}]}, {"{day}": [20260102, {"a": 20260102}]}),
        ([1, None, True], [1, None, True]),
    ],
)
def test_a_parameter_stands_where_its_name_does(value: Any, expected: Any) -> None:
    made = filled(value, VALUES)
    assert made == expected
    assert type(made) is type(expected)


def template(campaign: dict[str, Any], *names: str) -> Template:
    return Template("t", {"description": "x", "parameters": {name: {} for name in names}, "campaign": campaign})


def test_keys_of_other_parameters_differ() -> None:
    two = template({}, "a", "b")
    keys = {
        two.definition(dict(zip("ab", pair, strict=True)))["key"] for pair in [("x/y", "z"), ("x", "y/z"), ("x", "y")]
    }
    assert len(keys) == 3
    assert keys >= {"t/x/y"}


def test_the_instrument_is_in_the_key_once() -> None:
    assert template({"scope": {"instrument": "HSC"}}, "day").definition({"day": 1})["key"] == "t/HSC/1"
    made = template({"scope": {"instrument": "{camera}"}}, "camera", "day").definition({"camera": "HSC", "day": 1})
    assert made["key"] == "t/HSC/1"


def test_a_name_has_the_characters_that_names_have() -> None:
    assert template({}, "a").definition({"a": " é / x" * 60})["name"] == f"t{'-x' * 49}"
    made = template({"name": "{a}", "key": "{a}"}, "a").definition({"a": 5})
    assert (made["name"], made["key"]) == ("5", "5")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "012", "012"), ("string", "", ""), ("integer", "12", 12), ("integer", "-3", -3),
        ("integer", "012", None), ("integer", "1.0", None), ("integer", "1_0", None), ("integer", "\u0663", None),
        ("integer", "1" * 19, None),
        ("number", "1.50", 1.5), ("number", "2", 2), ("number", "nan", None), ("boolean", "true", True),
        ("boolean", "yes", None),
    ],
)  # fmt: skip
def test_a_text_is_read_by_the_type(kind: str, text: str, value: Any) -> None:
    found = Parameter("x", {"type": kind}).read(text)
    assert (found, type(found)) == (value, type(value))
