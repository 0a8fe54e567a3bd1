"""The algebra of sets, held against Python's sets, and the digest."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.dataids import DataIdSet
from campledger.dataids.sets import Row, ascend, in_order
from campledger.errors import UsageError
from tests.dataids.sets_for_tests import sets

VISITS = ("instrument", "visit")
DETECTORS = ("detector", "instrument", "visit")
few = st.tuples(st.integers(0, 2), st.sampled_from(["HSC", "LSSTCam"]), st.integers(0, 4))


def of(rows: set[Row], dimensions: tuple[str, ...] = DETECTORS) -> DataIdSet:
    return DataIdSet.of(dimensions, rows)


def visits_of(rows: set[Row]) -> set[Row]:
    return {row[1:] for row in rows}


rows_of_detectors: st.SearchStrategy[set[Row]] = st.sets(few)
rows_of_visits = rows_of_detectors.map(visits_of)


@given(rows_of_detectors, rows_of_detectors, rows_of_detectors)
def test_the_algebra_is_that_of_python(a: set[Row], b: set[Row], c: set[Row]) -> None:
    x, y, z = of(a), of(b), of(c)
    assert x.union(y, z).members == tuple(sorted(a | b | c))
    assert x.minus(y, z).members == tuple(sorted(a - b - c))
    assert x.intersect(y, z).members == tuple(sorted(a & b & c))
    assert ((x | y).members, (x - y).members, (x & y).members) == tuple(
        tuple(sorted(rows)) for rows in (a | b, a - b, a & b)
    )


@given(rows_of_detectors, rows_of_visits, st.sets(st.sampled_from([("HSC",), ("LSSTCam",)])))
def test_a_set_of_fewer_dimensions_covers_what_it_says_nothing_against(
    a: set[Row], visits: set[Row], instruments: set[Row]
) -> None:
    x, y, z = of(a), of(visits, VISITS), of(instruments, ("instrument",))
    assert set(x.minus(y).members) == {row for row in a if row[1:] not in visits}
    assert set(x.intersect(y).members) == {row for row in a if row[1:] in visits}
    assert set(x.minus(z).members) == {row for row in a if row[1:2] not in instruments}
    assert set(x.intersect(y, z).members) == {row for row in a if row[1:] in visits and row[1:2] in instruments}


def test_sets_of_other_dimensions_do_not_go_together() -> None:
    detectors, visits = of({(1, "HSC", 2)}), of({("HSC", 2)}, VISITS)
    with pytest.raises(UsageError, match="dimensions differ"):
        detectors.union(visits)
    for refused in (visits.minus, visits.intersect):
        with pytest.raises(UsageError, match="knows no detector"):
            refused(detectors)


said = st.dictionaries(
    few, st.fixed_dictionaries({}, optional={"reason": st.sampled_from("ab"), "comment": st.just("x")})
)


@given(said, said)
def test_the_first_word_counts_in_a_union(a: dict[Row, Any], b: dict[Row, Any]) -> None:
    union = DataIdSet.of(DETECTORS, a, a).union(DataIdSet.of(DETECTORS, b, b))
    for row in union.members:
        assert union.attributes[row] == {**b.get(row, {}), **a.get(row, {})}


@given(said, rows_of_detectors)
def test_what_is_said_goes_with_its_member(a: dict[Row, Any], b: set[Row]) -> None:
    kept = DataIdSet.of(DETECTORS, a, a).minus(of(b))
    assert set(kept.attributes) == set(kept.members)


@given(sets())
def test_the_canonical_form_is_what_it_is_said_to_be(value: DataIdSet) -> None:
    header = f"campledger-dataids-1\n{json.dumps(value.dimensions, separators=(',', ':'))}\n"
    lines = [json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in sorted(set(value.members))]
    whole = (header + "".join(lines)).encode()
    assert b"".join(value.canonical()) == b"".join(value.canonical(chunk=1)) == whole
    assert value.digest == f"sha256:{hashlib.sha256(whole).hexdigest()}"


@given(sets(), st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_order_repetition_or_what_is_said(
    value: DataIdSet, chance: random.Random
) -> None:
    rows = [*value.members, *value.members[:3]]
    chance.shuffle(rows)
    order = list(range(len(value.dimensions)))
    chance.shuffle(order)
    other = DataIdSet.of(
        [value.dimensions[index] for index in order], [tuple(row[index] for index in order) for row in rows]
    )
    assert other.digest == value.digest
    assert other.members == value.members


@given(sets(), sets())
def test_different_sets_have_different_digests(a: DataIdSet, b: DataIdSet) -> None:
    assert (a.digest == b.digest) is ((a.dimensions, a.members) == (b.dimensions, b.members))


@given(st.lists(few))
def test_rows_are_put_in_order_once_each(rows: list[Row]) -> None:
    ordered = in_order(list(rows))
    assert ordered == tuple(sorted(set(rows)))
    assert ascend(ordered)
    assert ascend(rows) is (rows == sorted(set(rows)))


def test_a_set_knows_its_members_as_rows_and_as_data_ids() -> None:
    value = of({(1, "HSC", 2), (2, "HSC", 2)})
    assert (1, "HSC", 2) in value
    assert {"visit": 2, "instrument": "HSC", "detector": 2} in value
    assert {"visit": 2, "instrument": "HSC"} not in value
    assert len(value) == 2
    assert value.column(0) == [1, 2]
    assert DataIdSet.from_data_ids(value.data_ids()) == value


@pytest.mark.parametrize(
    ("dimensions", "rows", "message"),
    [
        (("visit",), [(1,)], "keyed by instrument, visit"),
        (("instrument", "visit", "band"), [], "exactly the dimensions"),
        (("nonsense",), [], "no dimension"),
        ((), [], r"\(none\)"),
        (VISITS, [("HSC", True)], "`visit` is a whole number, not bool"),
        (VISITS, [("HSC", "1")], "not str"),
        (VISITS, [(None, 1)], "`instrument` is text"),
        (VISITS, [("HSC",)], "one value for each"),
    ],
)
def test_what_is_no_set_is_refused(dimensions: tuple[str, ...], rows: list[Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DataIdSet.of(dimensions, rows)


def test_filters_go_by_what_is_said_and_by_the_number() -> None:
    rows: dict[Row, Any] = {
        ("LSSTCam", 2025041700001): {"reason": "slew", "severity": "bad", "band": "r"},
        ("LSSTCam", 2025041800001): {"reason": "donuts", "expires": "2026-01-01", "band": "g"},
        ("LSSTCam", 2025041900001): {"day_obs": 20250420},
        ("HSC", 1228): {},
    }
    value = DataIdSet.of(VISITS, rows, {row: one for row, one in rows.items() if one})

    def kept(**asked: Any) -> list[Any]:
        return [row[1] for row in value.filter(**asked).members]

    assert kept(reason=["slew", "donuts"]) == [2025041700001, 2025041800001]
    assert kept(severity=["bad"]) == [2025041700001]
    assert kept(band=["g"]) == [2025041800001]
    assert kept(day_obs=(20250418, None)) == [2025041800001, 2025041900001]
    assert kept(day_obs=(None, 20250417)) == [2025041700001]
    assert kept(unexpired="2026-01-01") == [1228, 2025041700001, 2025041900001]
    assert kept(unexpired="2025-12-31", reason=["donuts"]) == [2025041800001]
    assert value.breakdown("day_obs") == {20250417: 1, 20250418: 1, 20250420: 1, None: 1}
    assert value.breakdown("instrument") == {"HSC": 1, "LSSTCam": 3}
    assert value.breakdown("reason") == {"donuts": 1, "slew": 1, None: 2}


def test_a_breakdown_by_what_tells_members_apart_says_nothing() -> None:
    tracts = DataIdSet.of(("skymap", "tract"), {("s", 1), ("s", 2)})
    assert tracts.breakdown("tract") == {1: 1, 2: 1}
    assert (tracts.tally("tract"), tracts.tally("reason")) == ({}, {})
    patches = DataIdSet.of(("patch", "skymap", "tract"), {(1, "s", 1), (2, "s", 1), (1, "s", 2)})
    assert patches.tally("tract") == {1: 2, 2: 1}
    assert DataIdSet.of(("skymap", "tract"), {("s", 1)}).tally("tract") == {1: 1}
