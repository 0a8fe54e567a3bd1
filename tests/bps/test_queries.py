"""Data queries: what they select, what they share, what they cover."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.bps.queries import parse
from campledger.bps.regions import Numbers, Words, numbers

INFINITY = float("inf")


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("tract in (3828, 3829)", "tract", Numbers(((3828, 3829),))),
        ("tract IN (1, 3..5, 9)", "tract", Numbers(((1, 1), (3, 5), (9, 9)))),
        ("visit in (1..9:4)", "visit", Numbers(((1, 1), (5, 5), (9, 9)))),
        ("exposure >= 10 AND exposure < 20", "visit", Numbers(((10, 19),))),
        ("10 <= visit and 20 > visit", "visit", Numbers(((10, 19),))),
        ("visit between 3 and 7 and band='g'", "visit", Numbers(((3, 7),))),
        ("detector not in (0..9)", "detector", Numbers(((-INFINITY, -1), (10, INFINITY)))),
        ("not (detector < 5 or detector > 8)", "detector", Numbers(((5, 8),))),
        ("detector != 5", "detector", Numbers(((-INFINITY, 4), (6, INFINITY)))),
        ("band in ('g', \"r\")", "band", Words(frozenset({"g", "r"}))),
        ("band not in ('g')", "band", Words(frozenset({"g"}), others=True)),
        ("band <> 'g'", "band", Words(frozenset({"g"}), others=True)),
    ],
)
def test_restrictions(text: str, name: str, expected: object) -> None:
    assert parse(text).exact
    assert parse(text).restriction(name) == expected


@pytest.mark.parametrize(
    "text",
    [
        "visit > LOWEXP",
        "visit = 3 and visit.timespan overlaps (T'2020-01-01', T'2020-02-01')",
        "(visit = 3",
        "a = b",
        "visit in (x)",
        "visit in ()",
        "visit in (1, 'x')",
        "= 3",
        "visit in (1..9:0)",
        "glob(band, 'g*')",
        "(" * 200 + "a=1" + ")" * 200,
    ],
)
def test_what_is_beyond_the_reader_is_never_sure(text: str) -> None:
    query = parse(text)
    assert not query.exact
    assert not query.disjoint(parse("visit = 3"))
    assert not query.surely_overlaps(parse("visit = 3"))
    assert not parse("visit = 3").covered_by([query])


def test_the_rest_of_an_inexact_query_still_rules_out() -> None:
    query = parse("x.timespan overlaps (T'2020-01-01', T'2020-02-01') and visit = 3")
    assert query.disjoint(parse("visit = 4"))


def test_no_query_selects_everything() -> None:
    assert parse(" ").covered_by([parse("")])
    assert not parse("").covered_by([parse("visit > 0")])


def test_parts_cover_the_whole_only_together() -> None:
    whole, one, two = (parse(f"skymap='DC2' and tract {rest}") for rest in ("in (1, 2)", "= 1", "= 2"))
    assert whole.covered_by([one, two])
    assert not whole.covered_by([one])
    assert one.covered_by([whole])
    assert one.disjoint(two)


def test_or_is_a_union() -> None:
    query = parse("(visit = 1 or visit = 2) and detector < 10")
    assert query.covered_by([parse("visit in (1..2)")])
    assert query.disjoint(parse("visit = 1 and detector = 10"))


def test_visits_and_tracts_cannot_be_compared_without_a_butler() -> None:
    assert not parse("visit = 3").surely_overlaps(parse("tract = 1"))
    assert not parse("visit = 3").disjoint(parse("tract = 1"))
    assert parse("visit = 3 and detector < 50").surely_overlaps(parse("visit < 5"))
    assert parse("detector < 50").surely_overlaps(parse("visit < 5"))


RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4)


@given(RANGES, RANGES)
def test_intervals_are_sets_of_numbers(mine: list[tuple[float, float]], theirs: list[tuple[float, float]]) -> None:
    one, other = numbers(mine), numbers(theirs)
    for number in range(-1, 32):
        in_one, in_other = _has(one, number), _has(other, number)
        assert in_one == any(low <= number <= high for low, high in mine)
        assert _has(one.meet(other), number) == (in_one and in_other)
        assert _has(one.invert(), number) != in_one
    assert one.invert().invert() == one


def _has(values: Numbers, number: int) -> bool:
    return any(low <= number <= high for low, high in values.intervals)


@given(st.lists(st.sampled_from(["visit", "tract", "(", ")", "and", "or", "not", "in", "=", "<", "1", "'a'", ","])))
def test_any_words_are_read_without_an_accident(words: list[str]) -> None:
    query = parse(" ".join(words))
    assert query.boxes or query.exact
