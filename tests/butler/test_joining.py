"""Sets in Butler queries, against what Python's sets say of the same datasets: in tables, uploaded, and public."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campledger.butler import join_public_api, join_tables, joining
from campledger.butler.connection import Connection
from campledger.butler.joining import datasets, joined, note
from campledger.butler.store import DataIdStore
from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.sets import DataIdSet
from campledger.errors import ButlerError, UsageError
from tests.butler.conftest import DETECTORS, VISITS, Repository
from tests.butler.datasets import BOTH, FIRST, LONE, SECOND, SOME_DETECTORS, SOME_VISITS, TYPES, add_datasets

POOLS: dict[str, list[Any]] = {
    "instrument": ["HSC", "Other", "Nowhere"],
    "visit": [*SOME_VISITS, BOTH, 999_999_999_999],
    "exposure": [*SOME_VISITS, LONE, 999_999_999_999],
    "detector": [*SOME_DETECTORS, 200, 1000],
    "physical_filter": ["HSC-G", "HSC-R", "it's r", 'no "such"'],
    "band": ["g", "r", "z"],
    "day_obs": [20140301, 20140302, 20990101],
    "group": [*map(str, SOME_VISITS), "none"],
    "skymap": ["toy", "none"],
    "tract": [1, 2, 9],
    "patch": [0, 1, 2, 3, 8],
}
GROUPS: dict[str, list[tuple[str, ...]]] = {
    "raw": [
        ("instrument", "exposure"),
        ("instrument", "visit"),
        ("instrument", "detector"),
        ("instrument", "visit", "detector"),
        ("instrument", "exposure", "detector"),
        ("instrument", "day_obs"),
        ("instrument", "group"),
    ],
    "calexp": [
        ("instrument",),
        ("instrument", "visit"),
        ("instrument", "exposure"),
        ("instrument", "detector"),
        ("instrument", "exposure", "detector"),
        ("instrument", "visit", "detector"),
        ("instrument", "physical_filter"),
        ("band",),
    ],
    "summary": [("instrument", "visit"), ("instrument", "exposure"), ("instrument", "day_obs"), ("band",)],
    "flat": [
        ("instrument", "physical_filter"),
        ("instrument", "physical_filter", "detector"),
        ("instrument", "detector"),
    ],
    "log": [("instrument", "group")],
    "coadd": [("skymap", "tract"), ("skymap", "tract", "patch"), ("band",), ("band", "skymap", "tract", "patch")],
}
"""Dimension groups of sets for each dataset type: the datasets' own, fewer, implied ones, and related ones."""


def some_set(dimensions: Sequence[str]) -> st.SearchStrategy[DataIdSet]:
    row = st.tuples(*(st.sampled_from(POOLS[name]) for name in dimensions))
    return st.lists(row, max_size=30).map(lambda rows: DataIdSet.of(dimensions, rows))


def some_sets(name: str) -> st.SearchStrategy[list[DataIdSet]]:
    return st.lists(st.sampled_from(GROUPS[name]).flatmap(some_set), max_size=2)


Question = tuple[str, list[DataIdSet], list[DataIdSet]]
QUESTIONS: st.SearchStrategy[Question] = st.sampled_from(sorted(TYPES)).flatmap(
    lambda name: st.tuples(st.just(name), some_sets(name), some_sets(name))
)


@pytest.fixture
def butler(repository: Repository) -> Any:
    butler = repository.open()
    add_datasets(butler)
    return butler


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, Butlers are as if of a version that we do not know."""
    return lambda: monkeypatch.setattr(join_tables, "capable", lambda query: False)


class Client:
    """What is in the repository, in memory, and the difference made here."""

    def __init__(self, butler: Any) -> None:
        self.datasets = {
            name: [dict(ref.dataId.mapping) for ref in butler.query_datasets(name, FIRST, limit=None)] for name in TYPES
        }
        with butler.query() as query:
            pairs = list(query.data_ids(["visit", "exposure"]))
        self.exposures: dict[tuple[str, str, int], list[int]] = {}
        for pair in pairs:
            for one, other in (("visit", "exposure"), ("exposure", "visit")):
                self.exposures.setdefault((one, pair["instrument"], pair[one]), []).append(pair[other])

    def select(self, question: Question) -> set[tuple[Any, ...]]:
        name, include, exclude = question
        found = set()
        for data_id in self.datasets[name]:
            known = list(self.related(data_id))
            needed = {dimension for one in include for dimension in one.dimensions} - data_id.keys()
            candidates = known if needed else [data_id]
            if not any(all(self.has(one, each) for one in include) for each in candidates):
                continue
            if any(self.has(one, each) for one in exclude for each in [data_id, *known]):
                continue
            found.add(tuple(data_id[dimension] for dimension in TYPES[name]))
        return found

    def related(self, data_id: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for one, other in (("visit", "exposure"), ("exposure", "visit")):
            if one in data_id and other not in data_id:
                for value in self.exposures.get((one, data_id["instrument"], data_id[one]), []):
                    yield {**data_id, other: value}

    def has(self, one: DataIdSet, data_id: dict[str, Any]) -> bool:
        return data_id.keys() >= set(one.dimensions) and {n: data_id[n] for n in one.dimensions} in one


def answer(butler: Any, name: str, include: Sequence[Any], exclude: Sequence[Any]) -> set[tuple[Any, ...]]:
    refs = datasets(butler, name, FIRST, include, exclude)
    rows = [tuple(ref.dataId[dimension] for dimension in TYPES[name]) for ref in refs]
    assert len(rows) == len(set(rows))
    return set(rows)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_joins_give_what_differences_in_memory_give(butler: Any, data: st.DataObject) -> None:
    client = _client_of(butler)
    question = data.draw(QUESTIONS)
    assert answer(butler, *question) == client.select(question)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_public_joins_give_the_same(butler: Any, public: Callable[[], None], data: st.DataObject) -> None:
    client = _client_of(butler)
    public()
    question = data.draw(QUESTIONS)
    assert answer(butler, *question) == client.select(question)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_sets_in_the_registry_give_the_same(butler: Any, data: st.DataObject) -> None:
    client = _client_of(butler)
    store = DataIdStore(butler)
    name, include, exclude = data.draw(QUESTIONS)
    stored = [
        [store.upload(one, f"set-{next(_names)}", by="me", allow_unknown=True).stored for one in sets]
        for sets in (include, exclude)
    ]
    assert answer(butler, name, *stored) == client.select((name, include, exclude))


_names = count()
_clients: dict[int, Client] = {}


def _client_of(butler: Any) -> Client:
    return _clients.setdefault(id(butler), Client(butler))


def visits(*numbers: int) -> DataIdSet:
    return DataIdSet.of(["instrument", "visit"], [("HSC", number) for number in numbers])


def test_empty_sets(butler: Any, public: Callable[[], None]) -> None:
    none = visits()
    stored = DataIdStore(butler).upload(none, "none", by="me").stored
    everything = answer(butler, "calexp", [], [])
    assert len(everything) == 13 * 6 + 9
    for one in (none, stored):
        assert answer(butler, "calexp", [one], []) == set()
        assert answer(butler, "calexp", [], [one]) == everything
    public()
    assert answer(butler, "calexp", [none], []) == set()
    assert answer(butler, "calexp", [], [none]) == everything


def test_a_query_joined_with_sets_answers_other_questions_too(butler: Any) -> None:
    bad = DataIdStore(butler).upload(visits(*VISITS[::2]), "bad", by="me").stored
    with joined(butler, [visits(*VISITS[:10])], [bad]) as query:
        found = [one["visit"] for one in query.where(instrument="HSC").data_ids(["visit"]).order_by("visit")]
        records = {one.id for one in query.dimension_records("visit")}
        days = {one["day_obs"] for one in query.data_ids(["day_obs"])}
        assert query.where("visit.seq_num = 2").data_ids(["visit"]).count() == 2
        assert query.where(visit=VISITS[0], instrument="HSC").any() is False
        kept = query.materialize()
        assert {one["visit"] for one in kept.data_ids(["visit"])} == set(found)
    assert found == list(VISITS[1:10:2])
    assert records == set(found)
    assert days == {20140301, 20140302}


def test_exposures_without_a_visit_stay_where_visits_are_excluded(butler: Any) -> None:
    left = answer(butler, "raw", [], [visits(*SOME_VISITS)])
    assert left == {("HSC", LONE, detector) for detector in SOME_DETECTORS}


def test_visits_and_exposures_need_the_dimensions_asked_for(butler: Any, public: Callable[[], None]) -> None:
    bad = visits(BOTH)  # of two exposures, each of which has a visit of its own too
    stored = DataIdStore(butler).upload(bad, "bad", by="me").stored
    raw = butler.get_dataset_type("raw").dimensions
    kept = {*SOME_VISITS, LONE} - set(SOME_VISITS[0:4:2])
    for one in (bad, stored):
        with joined(butler, exclude=[one], dimensions=raw) as query:
            assert {ref.dataId["exposure"] for ref in query.datasets("raw", FIRST)} == kept
            with pytest.raises(UsageError, match="not made for visit"):
                list(query.data_ids(["visit"]))
        with joined(butler, exclude=[one]) as query:
            assert BOTH not in {ref.dataId["visit"] for ref in query.datasets("calexp", FIRST)}
            with pytest.raises(UsageError, match=r"not made for exposure.*exclusion of instrument, visit.*dimensions="):
                list(query.datasets("raw", FIRST))
            with pytest.raises(UsageError, match="not made for exposure"):
                query.data_ids(["exposure"]).count()
        with joined(butler, exclude=[one], dimensions=["visit"]) as query, pytest.raises(UsageError, match="exposure"):
            query.data_ids(["visit", "exposure"]).any()
    public()
    with pytest.raises(UsageError, match="name the dimensions"), joined(butler, exclude=[bad]):
        pass
    with joined(butler, exclude=[bad], dimensions=raw) as query:
        assert {ref.dataId["exposure"] for ref in query.datasets("raw", FIRST)} == kept


def test_find_first_takes_the_first_collection(butler: Any) -> None:
    one = visits(SOME_VISITS[0])
    first = datasets(butler, "calexp", [SECOND, FIRST], [one])
    everywhere = datasets(butler, "calexp", [SECOND, FIRST], [one], find_first=False)
    assert sorted((ref.dataId["detector"], ref.run) for ref in first) == [
        (detector, SECOND if detector % 3 == 0 else FIRST) for detector in SOME_DETECTORS
    ]
    assert len(everywhere) == 8


def test_what_an_exclusion_says_nothing_of(butler: Any) -> None:
    patches = DataIdSet.of(["skymap", "tract", "patch"], [("toy", 1, 1)])
    with pytest.raises(UsageError, match=r"a set of patch, skymap, tract cannot exclude anything of .*visit"):
        datasets(butler, "calexp", FIRST, exclude=[patches])
    with pytest.raises(UsageError, match=r"cannot exclude anything of .*band"):
        datasets(butler, "coadd", FIRST, exclude=[visits(1)])


def test_a_set_that_was_removed_excludes_nothing_unsaid(butler: Any, repository: Repository) -> None:
    store = DataIdStore(butler)
    stored = store.upload(visits(1000), "bad", by="me").stored
    store.remove("bad")
    for sets in ([[stored], []], [[], [stored]]):
        with pytest.raises(ButlerError, match=r"<bad@1: .*> is not in this registry, or was removed from it"):
            datasets(butler, "calexp", FIRST, *sets)


def test_unknown_names(butler: Any) -> None:
    with pytest.raises(ButlerError, match="cannot look for datasets of type `nothing`"):
        datasets(butler, "nothing", FIRST)
    with pytest.raises(ButlerError, match="nowhere"):
        datasets(butler, "calexp", "nowhere")


def test_who_may_only_read_joins_too(butler: Any, repository: Repository) -> None:
    grid = [("HSC", visit, detector) for visit in VISITS for detector in DETECTORS]
    value = DataIdSet.of(["instrument", "visit", "detector"], grid)
    stored = DataIdStore(butler).upload(value, "grid", by="me").stored
    reader = repository.open(writeable=False)
    everything = answer(butler, "calexp", [], [])
    for one in (value, stored):
        assert answer(reader, "calexp", [one], []) == {row for row in everything if row[0] == "HSC" and row[1] != BOTH}
        assert answer(reader, "calexp", [], [one]) == {row for row in everything if row[0] != "HSC" or row[1] == BOTH}


def test_an_abandoned_query_leaves_nothing_behind(butler: Any, repository: Repository) -> None:
    grid = DataIdSet.of(["instrument", "visit", "detector"], list(product(["HSC"], VISITS, DETECTORS)))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), joined(butler, [grid]) as query:
            next(iter(query.data_ids(["visit", "detector"])))
            raise ZeroDivisionError
    with joined(butler, [grid]) as query:
        assert query.datasets("calexp", FIRST).count() == 12 * 6
    butler.registry.insertDimensionData("day_obs", {"instrument": "HSC", "id": 20500101})
    if repository.kind == "sqlite":
        with Connection(butler).reading() as connection:
            names = connection.exec_driver_sql("SELECT name FROM sqlite_temp_master").scalars().all()
            assert not [name for name in names if name.startswith("campledger_")]


def test_in_a_transaction_of_the_caller(butler: Any) -> None:
    with butler.transaction():
        butler.registry.insertDimensionData("day_obs", {"instrument": "HSC", "id": 20500101})
        assert len(answer(butler, "calexp", [visits(1000)], [])) == 6
        assert len(answer(butler, "calexp", [], [visits(1000)])) == 12 * 6 + 9
    assert butler.query_dimension_records("day_obs", instrument="HSC", day_obs=20500101)


def test_an_unknown_butler_says_so(butler: Any, public: Callable[[], None]) -> None:
    assert note(butler) is None
    stored = DataIdStore(butler).upload(visits(1000), "bad", by="me").stored
    public()
    assert note(butler) == joining.PUBLIC_NOTE
    with pytest.raises(ButlerError, match="cannot be joined where it is"):
        datasets(butler, "calexp", FIRST, [stored])


def test_a_server_takes_so_many(butler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("HSC", number) for number in range(join_public_api.UPLOADED + 1)]
    with butler.query() as query, pytest.raises(ButlerError, match=r"at most 100,000 data IDs.* has 100,001"):
        join_public_api.joined(query, DataIdSet.of(["instrument", "visit"], rows), limited=True)


def test_long_exclusions_go_in_pieces(butler: Any, public: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    everything = answer(butler, "calexp", [], [])
    gone = DataIdSet.of(["instrument", "visit", "detector"], sorted(everything)[::2])
    monkeypatch.setattr(join_public_api, "UPLOADED", 7)
    public()
    assert answer(butler, "calexp", [], [gone]) == everything - {
        (instrument, visit, detector) for detector, instrument, visit in gone.members
    }


@given(
    rows=st.lists(
        st.tuples(*(st.integers(-(2**62), 2**62 - 1) for _ in range(3))) | st.tuples(*(st.integers(0, 3),) * 3),
        min_size=1,
        max_size=20,
    )
)
def test_packed_keys_neither_meet_nor_overflow(rows: list[tuple[int, int, int]]) -> None:
    dimensions = ("tract", "patch", "detector")
    try:
        packed = join_public_api.choose_packed(dimensions, rows)
    except ButlerError:
        pytest.fail("twenty rows are not many")
    assert packed
    assert {DIMENSIONS[name].type for name in packed} == {int}
    keys: dict[Any, set[Any]] = {}
    for row in rows:
        values = dict(zip(dimensions, row, strict=True))
        named = type("x", (), values)
        key, guards = join_public_api._pack(named, dimensions, packed, rows, {})
        assert all(guards)
        assert abs(key) < 2**63
        keys.setdefault(key, set()).add(tuple(values[name] for name in packed))
    assert all(len(meant) == 1 for meant in keys.values())


def test_too_many_texts_for_public_methods(butler: Any, public: Callable[[], None]) -> None:
    rows = [("HSC", f"{number}", number % 2) for number in range(500)]
    join_public_api.choose_packed(["instrument", "group"], [row[:2] for row in rows])
    with pytest.raises(ButlerError, match="so many different texts"):
        join_public_api.choose_packed(["instrument", "group", "detector"], rows)
