"""Conversion of 100,000 names to keys, against a query for each name. `BENCH_KEYS` is another number of names."""

from __future__ import annotations

import os
import statistics
import tempfile
import warnings
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from campledger.butler.keys import resolve_keys
from campledger.dataids.lists import ForeignList
from tests.bench.timing import seconds
from tests.butler.conftest import build, start_server

NAMES = int(os.environ.get("BENCH_KEYS", "100000"))
SAMPLE = 200
"""Names that are looked up one at a time; their time is scaled to all."""
REPEATS = 3
FIRST = 10_000_000
DAYS = tuple(range(20250401, 20250431))


def fill(butler: Any) -> None:
    """Add exposures, 30 days of them, each with a visit of its own."""
    common = {"instrument": "HSC", "physical_filter": "HSC-R"}
    exposure, visit = (butler.dimensions[name].RecordClass for name in ("exposure", "visit"))
    insert = butler.registry.insertDimensionData
    numbers = [(FIRST + index, DAYS[index % len(DAYS)], index // len(DAYS)) for index in range(NAMES)]
    with butler.transaction():
        insert("day_obs", *({"instrument": "HSC", "id": day} for day in DAYS))
        insert("group", {"instrument": "HSC", "name": "bench"})
        insert(
            "exposure",
            *(
                exposure(**common, id=number, obs_id=f"X{number}", group="bench", day_obs=day, seq_num=sequence)
                for number, day, sequence in numbers
            ),
        )
        insert("visit", *(visit(**common, id=number, name=f"X{number}", day_obs=day) for number, day, _ in numbers))
        both = [{"instrument": "HSC", "exposure": number, "visit": number} for number, _, _ in numbers]
        insert("visit_definition", *both)


def convert() -> None:
    """Names, places in a night, detectors, and exposures to visits."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "repo"
        build(root)
        _rows(root, "SQLite")
    with start_server() as server, tempfile.TemporaryDirectory() as scratch:
        server.sql("CREATE DATABASE bench")
        server.sql("CREATE EXTENSION btree_gist", "CREATE SCHEMA main", database="bench")
        root = Path(scratch) / "repo"
        build(root, {"registry": {"db": server.url("bench"), "namespace": "main"}})
        _rows(root, "PostgreSQL")


def _rows(root: Path, database: str) -> None:
    from lsst.daf.butler import Butler

    print(f"making a registry of {NAMES} exposures on {database} ...", flush=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        butler = Butler.from_config(str(root), writeable=True, without_datastore=True)
    fill(butler)
    names = [f"X{FIRST + index}" for index in range(NAMES)]
    nights = [{"day_obs": DAYS[index % len(DAYS)], "seq_num": index // len(DAYS)} for index in range(NAMES)]
    detectors = [{"obs_id": names[index // 100], "full_name": f"1_{53 + index % 46}"} for index in range(NAMES)]
    _compare(butler, "obs_id to exposure", [{"obs_id": name} for name in names], _one_name)
    _compare(butler, "every fifth obs_id to exposure", [{"obs_id": name} for name in names[::5]], _one_name)
    _compare(butler, "day_obs and seq_num to exposure", nights, _one_place)
    _compare(butler, "obs_id to visit", [{"obs_id": name} for name in names], _one_visit, target="visit")
    _compare(butler, "obs_id and full_name to exposure and detector", detectors, _one_detector)
    butler.close()


def _compare(
    butler: Any, words: str, rows: list[dict[str, Any]], one: Callable[[Any, dict[str, Any]], Any], **options: Any
) -> None:
    listed = ForeignList(tuple(rows[0]), rows, list(range(1, len(rows) + 1)))

    def ours() -> None:
        result = resolve_keys(butler, listed, instrument="HSC", **options)
        assert len(result.rows) == len(rows), result.unresolved[:3]

    sample = list(islice(cycle(rows[:: max(1, len(rows) // SAMPLE)]), SAMPLE))

    def theirs() -> None:
        for row in sample:
            assert one(butler, row)

    pairs = [(seconds(ours), seconds(theirs) / SAMPLE * len(rows)) for _ in range(REPEATS)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"{len(rows)} of {words} against a query for each: {other / mine:.0f} times quicker ({mine:.2f} s against "
        f"{other:.0f} s, scaled from {SAMPLE}; median of {REPEATS})",
        flush=True,
    )


def _one_name(butler: Any, row: dict[str, Any]) -> list[Any]:
    where = "instrument = 'HSC' AND exposure.obs_id = name"
    return list(butler.query_dimension_records("exposure", where=where, bind={"name": row["obs_id"]}))


def _one_detector(butler: Any, row: dict[str, Any]) -> list[Any]:
    where = "instrument = 'HSC' AND detector.full_name = name"
    detectors = butler.query_dimension_records("detector", where=where, bind={"name": row["full_name"]})
    return [*_one_name(butler, row), *detectors]


def _one_place(butler: Any, row: dict[str, Any]) -> list[Any]:
    where = "instrument = 'HSC' AND exposure.day_obs = day AND exposure.seq_num = sequence"
    bind = {"day": row["day_obs"], "sequence": row["seq_num"]}
    return list(butler.query_dimension_records("exposure", where=where, bind=bind))


def _one_visit(butler: Any, row: dict[str, Any]) -> list[Any]:
    (found,) = _one_name(butler, row)
    with butler.query() as query:
        return list(query.where(instrument="HSC", exposure=found.id).data_ids(["exposure", "visit"]))
