"""Single values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.dataids.values import HIGHEST, LOWEST, Wrong, is_date, number, runs_in_spreadsheets, text


@given(st.integers(LOWEST, HIGHEST))
def test_a_number_is_itself_and_as_text_only_where_all_is_text(value: int) -> None:
    assert number("visit", value, textual=False) == value
    assert number("visit", str(value), textual=True) == value
    assert isinstance(number("visit", str(value), textual=False), Wrong)


@given(st.integers(-100, 100), st.integers(0, 50), st.integers(1, 9))
def test_a_range_has_both_ends(first: int, length: int, step: int) -> None:
    last = first + length
    assert number("visit", f"{first}..{last}:{step}", textual=False) == range(first, last + 1, step)
    assert number("visit", f"{first}..{last}", textual=True) == range(first, last + 1)


@pytest.mark.parametrize(
    ("value", "rule", "message"),
    [
        (2**63, "member-type", "`visit` does not fit in 64 bits"),
        ("9" * 30, "member-type", "`visit` does not fit in 64 bits"),
        (True, "member-type", "`visit` is true, not a whole number"),
        (1.0, "member-type", "`visit` is the number 1.0, not a whole number"),
        ("-0", "member-type", "`visit` is `-0`, not a whole number"),
        ("\u0661", "alternate-key", "`visit` is a number, and `\u0661` is a name"),
        ("", "member-type", "`visit` is empty"),
        (" 1", "member-type", "blanks around a number in `visit`"),
        ("0x1F", "member-type", "`visit` is `0x1F`, not a whole number"),
        ("1 .. 2", "member-type", "`visit` is `1 .. 2`, which is no range"),
        ("R22_S11", "alternate-key", "`visit` is a number, and `R22_S11` is a name"),
        ([1, True], "member-type", "`visit` is true, not a whole number"),
        (["1..20000000"] * 2, "member-type", "`visit` lists 40,000,000 values: 20,000,000 members are the limit"),
        ("0..9223372036854775808", "member-type", "`visit` does not fit in 64 bits"),
    ],
)
def test_what_is_no_number_is_told(value: Any, rule: str, message: str) -> None:
    found = number("visit", value, textual=True)
    assert isinstance(found, Wrong)
    assert (found.rule, found.message) == (rule, message)


def test_texts_are_themselves_or_listed() -> None:
    assert text("band", "g") == "g"
    assert text("band", ["g", "r"]) == ["g", "r"]
    for wrong in (None, 1, "", " g", "g\n", "x" * 201, [], [["g"]], ["g", 1]):
        assert isinstance(text("band", wrong), Wrong)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("=1", True), ("@x", True), ("+x|y", True), ("-2+f(1)", True), ("-1", False), ("- 3 mag", False), ("a=1", False)],
)
def test_formulas_are_known(value: str, expected: bool) -> None:
    assert runs_in_spreadsheets(value) is expected


def test_dates_are_days_of_the_calendar() -> None:
    assert is_date("2024-02-29")
    assert not any(map(is_date, ("2023-02-29", "2023-2-9", "20230209", "2023-02-09T00", "")))
