"""Which of a set's ids a registry does not know, and whether its dimensions are those that the set means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice, product
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import BigInteger, Text

from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.sets import DataIdSet, Row
from campledger.errors import ButlerError

if TYPE_CHECKING:
    from lsst.daf.butler import DimensionUniverse

CHUNK = 100_000
"""Ids that are asked for in one statement, as one parameter; it bounds memory, not the number of ids."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An id that the registry has no record of."""

    dimension: str
    keys: tuple[str, ...]
    """The dimension and those that it needs, as they stand in ``values``."""
    values: Row
    rows: tuple[Row, ...]
    """The members of the set that have it, which say where in a file it stands."""

    def __str__(self) -> str:
        return ", ".join(f"{key}={value!r}" for key, value in zip(self.keys, self.values, strict=True))


def describe(universe: DimensionUniverse) -> str:
    """Return a dimension universe as it is recorded: namespace and version."""
    return f"{universe.namespace}:{universe.version}"


def check_universe(universe: DimensionUniverse, dimensions: Sequence[str]) -> None:
    """Raise ButlerError if a registry's dimensions are not those of a set by name, type and what they need."""
    for name in dimensions:
        if name not in universe.dimensions:
            raise ButlerError(
                f"the registry's dimension universe {describe(universe)} has no dimension `{name}`: "
                "the set was made for a registry of another one"
            )
        kind = universe.dimensions[name].primaryKey.getPythonType()
        if kind is not DIMENSIONS[name].type:
            raise ButlerError(
                f"`{name}` is {kind.__name__} in the registry's dimension universe {describe(universe)}, "
                f"and {DIMENSIONS[name].type.__name__} in the set"
            )
    required = sorted(universe.conform(dimensions).required)
    if required != list(dimensions):
        raise ButlerError(
            f"in the registry's dimension universe {describe(universe)} such data IDs are keyed by "
            f"{', '.join(required)}, not by {', '.join(dimensions)}"
        )


def unknown_ids(
    connection: sqlalchemy.Connection, universe: DimensionUniverse, schema: str | None, value: DataIdSet
) -> tuple[Unknown, ...]:
    """Return the ids of a set that the registry has no record of, in order; one question for each dimension.

    Where an instrument or skymap is unknown, that is said, and not that its visits or tracts are, too.
    """
    columns = {name: set(map(itemgetter(index), value.members)) for index, name in enumerate(value.dimensions)}
    found: list[tuple[str, tuple[str, ...], Set[Row]]] = []
    for name in sorted(value.dimensions, key=lambda one: (len(universe[one].required), one)):
        keys = tuple(universe[name].required.names)
        ids = _project(value, columns, keys)
        for _, needed, missing in found:
            if set(needed) < set(keys):
                pick = [keys.index(key) for key in needed]
                ids = {one for one in ids if tuple(one[index] for index in pick) not in missing}
        missing = set(_missing(connection, universe, schema, name, keys, ids))
        if missing:
            found.append((name, keys, missing))
    return tuple(unknown for one in found for unknown in _with_rows(value, *one))


def _project(value: DataIdSet, columns: Mapping[str, Set[int | str]], keys: Sequence[str]) -> Set[Row]:
    """Return the different values of some of a set's dimensions, of each of which the different ones are known."""
    if sum(len(columns[key]) > 1 for key in keys) <= 1:
        # Mostly all is of one instrument; then no pairs have to be made, which takes longer than all else here.
        return set(product(*(columns[key] for key in keys)))
    return set(map(itemgetter(*(value.dimensions.index(key) for key in keys)), value.members))


def _with_rows(value: DataIdSet, name: str, keys: tuple[str, ...], missing: Set[Row]) -> Iterator[Unknown]:
    indexes = [value.dimensions.index(key) for key in keys]
    rows: dict[Row, list[Row]] = {}
    for row in value.members:
        values = tuple(row[index] for index in indexes)
        if values in missing:
            rows.setdefault(values, []).append(row)
    for values in sorted(rows):
        yield Unknown(name, keys, values, tuple(rows[values]))


def _missing(
    connection: sqlalchemy.Connection,
    universe: DimensionUniverse,
    schema: str | None,
    name: str,
    keys: tuple[str, ...],
    ids: Set[Row],
) -> Iterator[Row]:
    """Yield the ids that have no record."""
    if name in universe.skypix_dimensions:
        pixels = universe.skypix_dimensions[name].pixelization.universe()
        yield from (row for row in ids if not pixels.contains(row[0]))
        return
    records = _records(universe, schema, name, keys)
    waiting = iter(sorted(ids))
    while chunk := list(islice(waiting, CHUNK)):
        asked = (_arrays if connection.dialect.name == "postgresql" else _json)(keys, chunk)
        known = [records.c[key] == asked.c[key] for key in keys]
        statement = sqlalchemy.select(*(asked.c[key] for key in keys)).where(
            ~sqlalchemy.exists(sqlalchemy.select(sqlalchemy.literal(1)).select_from(records).where(*known))
        )
        yield from map(tuple, connection.execute(statement).all())


def _records(
    universe: DimensionUniverse, schema: str | None, name: str, keys: tuple[str, ...]
) -> sqlalchemy.FromClause:
    """Return the ids of a dimension's records, in columns of the names of ``keys``.

    A dimension without a table of its own (band) is what the records of another one (physical_filter) say of it.
    """
    element = universe.dimensions[name]
    target = element.implied_union_target
    own = element.primaryKey.name if target is None else name
    columns = {key: own if key == name else key for key in keys}
    table = sqlalchemy.table(
        element.name if target is None else target.name, *map(sqlalchemy.column, columns.values()), schema=schema
    )
    return sqlalchemy.select(*(table.c[column].label(key) for key, column in columns.items())).subquery()


def _type(key: str) -> sqlalchemy.types.TypeEngine[Any]:
    return BigInteger() if DIMENSIONS[key].type is int else Text()


def _arrays(keys: tuple[str, ...], rows: list[Row]) -> sqlalchemy.FromClause:
    """Return rows as a table that PostgreSQL makes of one array for each column."""
    from sqlalchemy.dialects.postgresql import ARRAY

    arrays = [
        sqlalchemy.literal(list(column), ARRAY(_type(key)))
        for key, column in zip(keys, zip(*rows, strict=True), strict=True)
    ]
    columns = [sqlalchemy.column(key, _type(key)) for key in keys]
    return sqlalchemy.func.unnest(*arrays).table_valued(*columns).render_derived(name="asked")


def _json(keys: tuple[str, ...], rows: list[Row]) -> sqlalchemy.FromClause:
    """Return rows as a table that SQLite makes of one JSON text."""
    each = sqlalchemy.func.json_each(json.dumps(rows)).table_valued(sqlalchemy.column("value"))
    parts = [
        sqlalchemy.func.json_extract(each.c.value, f"$[{index}]", type_=_type(key)).label(key)
        for index, key in enumerate(keys)
    ]
    return sqlalchemy.select(*parts).subquery("asked")
