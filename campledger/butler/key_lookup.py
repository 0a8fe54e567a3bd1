"""Dimension records of a registry, looked up by what is known of them, in batches through its public queries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from campledger.butler.connecting import friendly
from campledger.butler.key_columns import Value
from campledger.dataids.dimensions import DIMENSIONS
from campledger.errors import ButlerError

if TYPE_CHECKING:
    from lsst.daf.butler import Butler

CHUNK = 5_000
"""Values in one query: SQLite takes 32,766, PostgreSQL 65,535, and more at once are no quicker."""
DENSE = 3
"""A span of names is fetched whole where the registry has at most this many records in it for each name asked for.

A row costs a registry's client about a third of what a value in a query costs it.
"""
GOVERNORS = ("instrument", "skymap")

Key = tuple[Value, ...]
"""Values of what a dimension requires, in its order, then those of the fields that were looked in."""


class Lookup:
    """Answers of one registry."""

    def __init__(self, butler: Butler, progress: Callable[[int], object] | None = None):
        self._butler = butler
        self._progress = progress or (lambda count: None)
        self.implied: dict[tuple[str, Key], Mapping[str, Value]] = {}
        """What follows from a found key, by dimension and the values of what it requires and of itself."""

    def find(
        self, dimension: str, fields: Sequence[str], wanted: Collection[Key], keep: Collection[str] = ()
    ) -> dict[Key, list[Value]]:
        """Return the keys of a dimension that have these values of what it requires and of fields of its records.

        ``keep`` are implied dimensions to remember in :attr:`implied`. Raise ButlerError for what the registry's
        universe does not have, and where the registry fails.
        """
        self._require(dimension, fields)
        found: dict[Key, list[Value]] = {}
        required = DIMENSIONS[dimension].required
        pick = _picker([*required, *(self._column(dimension, field) for field in fields)])
        kept = [name for name in keep if name in self._butler.dimensions.dimensions]
        asked = {key for key in wanted if all(map(_is_askable, key))}
        with friendly(f"look up {dimension}s"):
            for row in self._rows(dimension, fields, asked):
                key = pick(row)
                if key in asked:
                    here = found.setdefault(key, [])
                    if row[dimension] not in here:  # spans may overlap
                        here.append(row[dimension])
                    if kept:
                        own = (*(row[name] for name in required), row[dimension])
                        self.implied[dimension, own] = {name: row[name] for name in kept if name in row}
        return found

    def related(self, source: str, target: str, instrument: str, ids: Collection[Value]) -> dict[Value, list[Value]]:
        """Return by exposure its visits, or by visit its exposures or its visit systems."""
        for name in (source, target):
            self._require(name, ())
        found: defaultdict[Value, list[Value]] = defaultdict(list)
        with friendly(f"look up the {target}s of {source}s"):
            for row in self._spans([source, target], {}, {"instrument": instrument}, source, "", sorted(ids)):
                found[row[source]].append(row[target])
        return found

    def every(self, dimension: str, field: str = "", **governors: str) -> dict[Value, Value]:
        """Return all keys of a dimension of few values, each with a field of its record or with itself."""
        self._require(dimension, (field,) if field else ())
        fields = {dimension: {field}} if field else {}
        name = f"{dimension}.{field}" if field else dimension
        with friendly(f"list the {dimension}s"), self._butler.query() as query:
            chosen = query.where(governors) if governors else query
            return {row[dimension]: row[name] for row in chosen.general([dimension], dimension_fields=fields)}

    def _require(self, dimension: str, fields: Sequence[str]) -> None:
        universe = self._butler.dimensions
        of = f"this registry, of the universe {universe.namespace} {universe.version},"
        if dimension not in universe.dimensions:
            raise ButlerError(f"{of} has no dimension `{dimension}`: name what you mean otherwise")
        for field in fields:
            if field not in {dimension, *universe[dimension].schema.names, *universe[dimension].implied.names}:
                raise ButlerError(f"{of} knows no `{field}` of its {dimension}s: name them otherwise")

    def _column(self, dimension: str, field: str) -> str:
        """Return what a result calls a field: a dimension by its name, what only describes one with it before."""
        return field if field in self._butler.dimensions.dimensions else f"{dimension}.{field}"

    def _rows(self, dimension: str, fields: Sequence[str], asked: set[Key]) -> Iterator[dict[str, Any]]:
        """Yield at least the records that are asked for, of one governor after the other."""
        required = DIMENSIONS[dimension].required
        groups: defaultdict[Key, list[Key]] = defaultdict(list)
        governors = [name for name in required if name in GOVERNORS]
        for key in asked:
            groups[tuple(key[required.index(name)] for name in governors)].append(key)
        described = {dimension: {field for field in fields if field not in self._butler.dimensions.dimensions}}
        for values, keys in sorted(groups.items()):
            chosen = dict(zip(governors, values, strict=True))
            if len(fields) == 2 and all(type(value) is int for value in keys[0][-2:]):
                yield from self._pairs(dimension, described, chosen, fields, keys)
                continue
            looked_in = sorted({key[-1] for key in keys})
            yield from self._spans([dimension], described, chosen, dimension, fields[0], looked_in)

    def _spans(
        self,
        dimensions: Sequence[str],
        described: Mapping[str, set[str]],
        governors: Mapping[str, Value],
        dimension: str,
        field: str,
        values: Sequence[Value],
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of sorted values of one field, or of the dimension's key: whole spans where that is cheap."""
        name = self._column(dimension, field) if field and field != dimension else dimension
        for chunk in _chunks(values):
            with self._butler.query() as query:
                proxy = self._proxy(query, dimension, field)
                missing = set(chunk)
                span = query.where(query.expression_factory.all(proxy >= chunk[0], proxy <= chunk[-1]), governors)
                dense = span.general(dimensions, dimension_fields=described, find_first=False)
                if len(chunk) > 1 and dense.count() <= DENSE * len(chunk):
                    for row in dense:
                        missing.discard(row[name])
                        yield row
                    # A database orders texts in its own way: what stood outside of its span is asked for by name.
                    if not missing or type(chunk[0]) is int:
                        missing = set()
                if missing:
                    chosen = query.where(proxy.in_iterable(sorted(missing)), governors)
                    yield from chosen.general(dimensions, dimension_fields=described, find_first=False)
            self._progress(len(chunk))

    def _pairs(
        self,
        dimension: str,
        described: Mapping[str, set[str]],
        governors: Mapping[str, Value],
        fields: Sequence[str],
        keys: list[Key],
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of pairs of numbers, such as a day and a number in its sequence."""
        pairs = sorted({key[-2:] for key in keys})
        for chunk in _by_first(pairs):
            with self._butler.query() as query:
                first, second = (self._proxy(query, dimension, field) for field in fields)
                firsts, seconds = (sorted({pair[index] for pair in chunk}) for index in (0, 1))
                within = (first.in_iterable(firsts), second >= seconds[0], second <= seconds[-1])
                span = query.where(query.expression_factory.all(*within), governors)
                rows = span.general([dimension], dimension_fields=described, find_first=False)
                size = int(seconds[-1]) + 1
                if rows.count() > DENSE * len(chunk) and int(seconds[0]) >= 0 and int(firsts[-1]) * size < 2**62:
                    packed = [int(one) * size + int(other) for one, other in chunk]
                    rows = span.where((first * size + second).in_iterable(packed)).general(
                        [dimension], dimension_fields=described, find_first=False
                    )
                yield from rows
            self._progress(len(chunk))

    def _proxy(self, query: Any, dimension: str, field: str) -> Any:
        factory = query.expression_factory
        if not field or field == dimension:
            return getattr(factory, dimension)
        if field in self._butler.dimensions.dimensions:
            return getattr(factory, field)
        return getattr(getattr(factory, dimension), field)


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def _by_first(pairs: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Yield sorted pairs in chunks, those with one first value together where that can be: its records come once."""
    chunk: list[Key] = []
    for _, group in groupby(pairs, key=itemgetter(0)):
        same = list(group)
        if chunk and len(chunk) + len(same) > CHUNK:
            yield chunk
            chunk = []
        chunk += same
        while len(chunk) > CHUNK:
            yield chunk[:CHUNK]
            chunk = chunk[CHUNK:]
    if chunk:
        yield chunk


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Key]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: (row[names[0]],)


_UNASKABLE = re.compile("[\0\ud800-\udfff]")


def _is_askable(value: Value) -> bool:
    """Whether a registry can hold a value at all: no NUL, and no half of a surrogate pair."""
    return type(value) is int or not _UNASKABLE.search(str(value))
