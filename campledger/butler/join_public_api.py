"""Sets of data IDs in a Butler query by its public methods alone: for a Butler server, and for Butlers we do not know.

Inclusions are uploaded and joined. For exclusions Butler offers ``value IN (query)`` for a single value: the integers
of a data ID are packed into one, texts (of which there are few: instruments, filters) are told apart by value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.sets import DataIdSet, Row
from campledger.errors import ButlerError

if TYPE_CHECKING:
    from lsst.daf.butler.queries import Query

UPLOADED = 100_000
"""Rows in one upload: a Butler server takes no more (max_upload_rows of daf_butler's remote_butler/server), and a NOT
IN of so many integers fits PostgreSQL's ``work_mem`` as it is by default, where a longer one takes hours."""

PACKED = 2**62
"""What the packed integers stay below; databases count up to 2**63."""

GROUPS = 200
"""How many conditions an exclusion may become."""

GOVERNORS = ("instrument", "skymap")
"""Dimensions that have to be named in a condition on others that depend on them."""


def joined(query: Query, value: DataIdSet, *, limited: bool) -> Query:
    """Return the query, restricted to a set's members, of which there is at least one.

    Raise ButlerError where there is a limit (on a Butler server) and the set is beyond it.
    """
    if limited and len(value) > UPLOADED:
        raise ButlerError(
            f"a Butler server takes at most {UPLOADED:,} data IDs, and the set to include has {len(value):,}: "
            "open the repository itself, or divide the set"
        )
    return query.join_data_coordinates(_coordinates(query, value.dimensions, value.members))


def without(query: Query, fresh: Query, value: DataIdSet, other: Mapping[str, str]) -> Query:
    """Return the query, without a set's members; ``fresh`` is a query of the same Butler's with nothing joined yet.

    ``other`` is what :func:`campledger.butler.join_tables.without` says. Raise ButlerError for a set that would take
    too many conditions.
    """
    rows = iter(value.members)
    while chunk := list(islice(rows, UPLOADED)):
        query = _without(query, fresh, value.dimensions, chunk, other)
    return query


def _without(query: Query, fresh: Query, dimensions: Sequence[str], rows: list[Row], other: Mapping[str, str]) -> Query:
    x: Any = query.expression_factory
    packed = choose_packed(dimensions, rows, first=[name for name in dimensions if name in other])
    apart = [name for name in dimensions if name not in packed]
    for values, members in _by_values(dimensions, apart, rows).items():
        listed = fresh.join_data_coordinates(_coordinates(fresh, dimensions, members))
        if other:
            listed = listed.join_dimensions([other.get(name, name) for name in dimensions])
        terms = [getattr(x, other.get(name, name)) == value for name, value in zip(apart, values, strict=True)]
        if packed:
            key, guards = _pack(x, dimensions, packed, members, other)
            terms += [*guards, key.in_query(key, listed)]
        query = query.where(x.not_(x.all(*terms)))
    return query


def choose_packed(dimensions: Sequence[str], rows: Sequence[Row], first: Sequence[str] = ()) -> list[str]:
    """Return the dimensions whose values become one key: integers as far as they fit, or else one text.

    The more values a dimension has the earlier it is chosen, so that few values are left to be told apart.
    """
    columns = {name: set(map(itemgetter(index), rows)) for index, name in enumerate(dimensions)}
    candidates = [name for name in dimensions if name not in GOVERNORS]
    order = sorted(candidates, key=lambda name: (name not in first, -len(columns[name])))
    chosen: list[str] = []
    size = 1
    for name in order:
        if DIMENSIONS[name].type is int:
            low, high = min(columns[name]), max(columns[name])
            span = high - low + 1 if chosen else max(abs(low), abs(high)) + 1
            if size * span < PACKED:
                chosen.append(name)
                size *= span
    if not chosen:
        chosen = order[:1]
    apart = [name for name in dimensions if name not in chosen]
    if len(_by_values(dimensions, apart, rows)) > GROUPS:
        raise ButlerError(
            f"a set of {', '.join(dimensions)} with so many different texts cannot be left out of a query of this "
            "Butler: open the repository itself with a version of lsst-daf-butler that campledger knows"
        )
    return chosen


def _pack(
    x: Any, dimensions: Sequence[str], packed: Sequence[str], rows: Sequence[Row], other: Mapping[str, str]
) -> tuple[Any, list[Any]]:
    """Return the packed key of a query's data IDs, and conditions within which no two have the same one."""
    key: Any = None
    guards = []
    for name in packed:
        column = getattr(x, other.get(name, name))
        values = list(map(itemgetter(list(dimensions).index(name)), rows))
        low, high = min(values), max(values)
        if len(packed) > 1 and name not in other:
            guards += [column >= low, column <= high]
        key = column if key is None else key * (int(high) - int(low) + 1) + (column - low)
    return key, guards


def _by_values(dimensions: Sequence[str], apart: Sequence[str], rows: Sequence[Row]) -> dict[Row, list[Row]]:
    if not apart:
        return {(): list(rows)}
    indexes = [list(dimensions).index(name) for name in apart]
    found: dict[Row, list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[index] for index in indexes)].append(row)
    return found


def _coordinates(query: Query, dimensions: Sequence[str], rows: Sequence[Row]) -> list[Any]:
    from lsst.daf.butler import DataCoordinate

    group = query.constraint_dimensions.universe.conform(dimensions)
    order = [list(dimensions).index(name) for name in group.required]
    return [DataCoordinate.from_required_values(group, tuple(row[index] for index in order)) for row in rows]
