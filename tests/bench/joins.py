"""Rows of the benchmark about using sets: exclusions against differences in memory, collections against `associate`."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from campledger.butler.collecting import collect
from campledger.butler.joining import datasets, joined
from campledger.butler.store import DataIdStore
from campledger.butler.stored import StoredSet
from campledger.dataids.sets import DataIdSet
from tests.bench.registry import opened, postgresql
from tests.bench.timing import compare
from tests.butler.conftest import build

VISITS = range(100_000, 110_000)
DETECTORS = range(100)
TYPE, RUN = "bench", "bench/run"
"""A million datasets of this type, one for each visit and detector, in this RUN collection."""

_numbers = count(1)

Run = Callable[..., Any]
"""Runs SQL statements past Butler, each by itself."""


def joins() -> None:
    """Exclusion of 100,000 from 1,000,000 datasets, and collections of 100,000, on both databases."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "sqlite"
        build(root)
        with opened(root) as store:
            with contextlib.closing(sqlite3.connect(root / "gen3.sqlite3", isolation_level=None)) as connection:
                fill(store, connection.execute, "printf('01a2%028x', v.id * 1000 + d.id)")
            _rows(store, "SQLite")
    with postgresql() as (server, root), opened(root) as store:
        import psycopg

        with psycopg.connect(server.url("bench"), autocommit=True) as session:
            session.execute("SET search_path = main")
            session.execute("SET session_replication_role = replica")  # look up no foreign keys: the rows are Butler's
            fill(store, session.execute, "lpad(to_hex(v.id * 1000 + d.id), 32, '0')::uuid")
        _rows(store, "PostgreSQL")


def fill(store: DataIdStore, run: Run, identity: str) -> None:
    """Register a million datasets.

    One goes in through Butler, which makes tables and summaries. The others are rows like its own, put in by SQL:
    through Butler they would take minutes. Ids ascend, as Butler's do.
    """
    from lsst.daf.butler import CollectionType, DatasetType  # type: ignore[attr-defined]

    butler = store.butler
    common = {"instrument": "HSC", "physical_filter": "HSC-G", "day_obs": 20140301}
    records = [{**common, "id": visit, "name": str(visit)} for visit in VISITS]
    butler.registry.insertDimensionData("visit", *records, skip_existing=True)
    kind = DatasetType(TYPE, ("instrument", "visit", "detector"), "StructuredDataDict", universe=butler.dimensions)
    butler.registry.registerDatasetType(kind)
    butler.collections.register(RUN, CollectionType.RUN)
    first = {"instrument": "HSC", "visit": VISITS[0], "detector": DETECTORS[0]}
    (ref,) = butler.registry.insertDatasets(kind, [first], run=RUN)
    names = run("SELECT name FROM sqlite_master" if "printf" in identity else "SELECT tablename FROM pg_tables")
    tags = next(name for (name,) in names.fetchall() if name.startswith("dataset_tags_"))
    known = ref.id.hex if "printf" in identity else str(ref.id)
    source = (
        f"FROM dataset o, visit v, detector d WHERE o.id = '{known}' AND v.instrument = 'HSC' AND d.instrument = 'HSC' "
        f"AND v.id BETWEEN {VISITS[0]} AND {VISITS[-1]} AND d.id < {len(DETECTORS)} "
        f"AND (v.id, d.id) <> ({VISITS[0]}, {DETECTORS[0]}) ORDER BY v.id, d.id"
    )
    run(
        "INSERT INTO dataset (id, dataset_type_id, run_id, ingest_date) "
        f"SELECT {identity}, o.dataset_type_id, o.run_id, o.ingest_date {source}"
    )
    run(
        f"INSERT INTO {tags} (dataset_type_id, dataset_id, collection_id, instrument, detector, visit) "
        f"SELECT o.dataset_type_id, {identity}, o.run_id, 'HSC', d.id, v.id {source}"
    )
    run("ANALYZE")


def _rows(store: DataIdStore, words: str) -> None:
    tenth = [(detector, "HSC", visit) for detector in DETECTORS for visit in VISITS if (visit + detector) % 10 == 0]
    value = DataIdSet(("detector", "instrument", "visit"), tuple(tenth))
    stored = store.upload(value, "tenth", by="bench").stored
    _exclusions(store, stored, value, words)
    _collections(store, stored, words)


def _exclusions(store: DataIdStore, stored: StoredSet, value: DataIdSet, words: str) -> None:
    butler = store.butler
    left = len(VISITS) * len(DETECTORS) - len(value)

    def in_memory() -> list[Any]:
        gone = set(store.get("tenth").members)
        with butler.query() as query:
            refs = list(query.datasets(TYPE, RUN))
        rows = ((ref, ref.dataId.required_values) for ref in refs)  # instrument, detector, visit
        return [ref for ref, row in rows if (row[1], row[0], row[2]) not in gone]

    def counted() -> None:
        with joined(butler, exclude=[stored]) as query:
            assert query.datasets(TYPE, RUN).count() == left

    def counted_in_memory() -> None:
        assert len(in_memory()) == left

    def listed() -> None:
        assert len(datasets(butler, TYPE, RUN, exclude=[stored])) == left

    what = f"exclusion of 100,000 from 1,000,000 datasets on {words} against a difference in memory"
    compare(f"{what}, counted", counted, counted_in_memory, 3)
    compare(f"{what}, listed", listed, counted_in_memory, 1)


def _collections(store: DataIdStore, stored: StoredSet, words: str) -> None:
    from lsst.daf.butler import CollectionType  # type: ignore[attr-defined]

    butler = store.butler
    refs = datasets(butler, TYPE, RUN, include=[stored])
    assert len(refs) == 100_000

    def ours() -> None:
        done = collect(butler, [TYPE], [RUN], f"ours/{next(_numbers)}", [stored])
        assert done.counts == {TYPE: 100_000}

    def bare() -> None:
        name = f"bare/{next(_numbers)}"
        with butler.transaction():
            butler.collections.register(name, CollectionType.TAGGED)
            butler.registry.associate(name, refs)

    compare(f"collect of 100,000 datasets on {words} against associate of the same", ours, bare, 3)
