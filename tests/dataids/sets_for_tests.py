"""Sets that hypothesis makes up."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from campledger.dataids.dimensions import DIMENSIONS, implied_by, keys_of
from campledger.dataids.sets import DataIdSet, Row
from campledger.dataids.values import runs_in_spreadsheets
from campledger.documents.text import UNSAFE

GROUPS = [
    ("band",),
    ("healpix9",),
    ("instrument", "visit"),
    ("detector", "instrument", "visit"),
    ("detector", "exposure", "instrument"),
    ("day_obs", "instrument"),
    ("group", "instrument"),
    ("patch", "skymap", "tract"),
    ("band", "skymap", "tract"),
    ("instrument", "physical_filter"),
]

numbers = st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1)
texts = st.text(min_size=1, max_size=6).filter(
    lambda text: text == text.strip() and not UNSAFE.search(text) and not runs_in_spreadsheets(text)
)
"""Texts that every format holds."""
names = st.sampled_from(["HSC", 'a"b', "a\\b", "a,b", "ü", "\U0001d6fc", "#x", "1", "--", "null", "a'b"]) | texts
remarks = {
    "reason": texts,
    "severity": st.sampled_from(["bad", "doubtful"]),
    "expires": st.dates().map(str),
    "comment": names,
}


def value_of(name: str) -> st.SearchStrategy[Any]:
    return numbers if DIMENSIONS[name].type is int else names


def rows_of(dimensions: tuple[str, ...]) -> st.SearchStrategy[Row]:
    return st.tuples(*map(value_of, dimensions))


@st.composite
def sets(draw: st.DrawFn, dimensions: tuple[str, ...] | None = None, *, full: bool = False) -> DataIdSet:
    """Sets of any dimension group or of one; full ones say of themselves and of members what there is to say."""
    if dimensions is None:
        dimensions = draw(st.sampled_from(GROUPS))
    rows = draw(st.lists(rows_of(dimensions), max_size=8))
    said: dict[Row, Any] = {}
    keys = {**remarks, **{name: value_of(name) for name in implied_by(dimensions)}}
    for row in rows:
        one = draw(st.fixed_dictionaries({}, optional=keys))
        if one:
            said[row] = one
    about = draw(st.fixed_dictionaries({}, optional=ABOUT)) if full else {}
    pending = draw(st.lists(st.fixed_dictionaries({"obs_id": names}, optional=remarks), max_size=2)) if full else []
    assert keys_of(dimensions) == dimensions
    return DataIdSet.of(dimensions, rows, said, pending, about)


lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
ABOUT: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["a", "bad-visits.2"]),
    "purpose": st.sampled_from(["include", "exclude"]),
    "description": lines,
    "by": st.just("vrubin"),
    "why": lines,
    "how": lines,
    "made": st.dates().map(str),
    "query": lines.filter(len),
    "butler": st.just("main"),
}
