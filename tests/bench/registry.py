"""Rows of the benchmark that need a Butler registry: uploads against what the databases do at best."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from campledger.butler.store import DataIdStore
from campledger.dataids.sets import DataIdSet, Row
from tests.bench.timing import compare
from tests.butler.conftest import DETECTORS, Server, build, start_server

MILLION = 1_000_000
CHUNK = 20_000

_numbers = count(1)


def upload() -> None:
    """Uploads of 100,000 and 1,000,000 data IDs, with digest and validation, against bare tables."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "sqlite"
        build(root)
        with opened(root) as store:
            _uploads(store, "SQLite against executemany", lambda rows: _executemany(root, rows))
    with postgresql() as (server, root), opened(root) as store:
        _uploads(store, "PostgreSQL against COPY", lambda rows: _copy(server, rows))


@contextlib.contextmanager
def opened(root: Path) -> Iterator[DataIdStore]:
    """Give the store of a repository, to which as many visits were added as a million data IDs need."""
    from lsst.daf.butler import Butler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        butler = Butler.from_config(str(root), writeable=True, without_datastore=True)
        records = [
            {"instrument": "HSC", "id": visit, "name": str(visit), "physical_filter": "HSC-G", "day_obs": 20140301}
            for visit in _visits(MILLION)
        ]
        butler.registry.insertDimensionData("visit", *records)
    yield DataIdStore(butler)
    butler.close()


@contextlib.contextmanager
def postgresql() -> Iterator[tuple[Server, Path]]:
    """Give a server of our own, and a repository on it."""
    with start_server() as server, tempfile.TemporaryDirectory() as scratch:
        server.sql("CREATE DATABASE bench")
        server.sql("CREATE EXTENSION btree_gist", "CREATE SCHEMA main", database="bench")
        root = Path(scratch) / "postgresql"
        build(root, {"registry": {"db": server.url("bench"), "namespace": "main"}})
        yield server, root
        shutil.rmtree(root)


def _visits(members: int) -> range:
    return range(100_000, 100_000 + members // len(DETECTORS) + 1)


def data_ids(members: int) -> DataIdSet:
    """Return a set of visits and detectors, of which the digest is not known yet."""
    rows = ((detector, "HSC", visit) for detector in DETECTORS for visit in _visits(members))
    return DataIdSet(("detector", "instrument", "visit"), tuple(islice(rows, members)))


def _uploads(store: DataIdStore, words: str, bare: Callable[[Sequence[Row]], None]) -> None:
    for members, repeats in ((MILLION // 10, 7), (MILLION, 3)):
        value = data_ids(members)

        def ours(value: DataIdSet = value) -> None:
            again = DataIdSet(value.dimensions, value.members)
            store.upload(again, f"set-{next(_numbers)}", by="bench")

        def theirs(value: DataIdSet = value) -> None:
            bare(value.members)

        ours()  # the first one makes the tables
        compare(f"upload of {members} data IDs to {words}", ours, theirs, repeats)


def _executemany(root: Path, rows: Sequence[Row]) -> None:
    table = f"bare_{next(_numbers)}"
    with contextlib.closing(sqlite3.connect(root / "gen3.sqlite3")) as connection:
        connection.execute(f"CREATE TABLE {table} (detector INTEGER, instrument TEXT, visit INTEGER)")
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
        connection.commit()


def _copy(server: Server, rows: Sequence[Row]) -> None:
    import psycopg

    table = f"bare_{next(_numbers)}"
    waiting = iter(rows)
    with psycopg.connect(server.url("bench")) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {table} (detector bigint, instrument text, visit bigint)".encode())
        with cursor.copy(f"COPY {table} FROM STDIN".encode()) as stream:
            while lines := "".join(f"{row[0]}\t{row[1]}\t{row[2]}\n" for row in islice(waiting, CHUNK)):
                stream.write(lines)
