"""Sets of data IDs in Butler queries: joined, and anti-joined.

A set is one that the registry holds (:class:`StoredSet`), which is joined where it is, or a value
(:class:`DataIdSet`), which is uploaded for the query. Sets may have any dimensions, those of different sets differ,
and a set of fewer dimensions than the datasets speaks of all that it covers: a list of visits excludes all their
detectors, a list of detectors excludes them in each visit. An inclusion restricts: of several, each does. An
exclusion takes away: of several, any does. So an empty inclusion leaves nothing, and an empty exclusion everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy

from campledger.butler import join_public_api, join_tables
from campledger.butler.connecting import friendly
from campledger.butler.connection import Connection
from campledger.butler.join_tables import Members
from campledger.butler.missing_records import check_universe
from campledger.butler.stored import AnySet, StoredSet
from campledger.butler.tables import Tables
from campledger.dataids.sets import DataIdSet
from campledger.errors import ButlerError, UsageError

if TYPE_CHECKING:
    from lsst.daf.butler import Butler, DatasetRef, DimensionGroup
    from lsst.daf.butler.queries import Query

RELATED = {"visit": "exposure", "exposure": "visit"}
"""Dimensions that Butler relates by its visit definitions."""

PUBLIC_NOTE = (
    "campledger does not know this Butler from the inside: sets are uploaded with each query, through Butler's public "
    "methods; sets that the registry holds cannot be used, and a Butler server takes at most 100,000 data IDs"
)


def note(butler: Butler) -> str | None:
    """Return what is to be said of how sets are joined with this Butler's queries, or None where all is well."""
    connection = _connection(butler)
    if connection is None:
        return PUBLIC_NOTE
    with friendly("ask the Butler"), butler.query() as query:
        return None if join_tables.capable(query) else PUBLIC_NOTE


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A set that is left out of a query."""

    one: AnySet
    other: Mapping[str, str]
    """The set's dimensions that the query lacks, each with the related one that it has."""
    unexpected: frozenset[str]
    """Dimensions that the query may not come to have, since what is left out would be wrong for them."""
    unnamed: bool
    """Whether the dimensions that are asked for were not named."""


@contextmanager
def joined(
    butler: Butler,
    include: Sequence[AnySet] = (),
    exclude: Sequence[AnySet] = (),
    dimensions: Sequence[str] | DimensionGroup | None = None,
) -> Iterator[Query]:
    """Give a Butler query that is joined with every inclusion and anti-joined with every exclusion.

    Name the ``dimensions`` that will be asked for if an exclusion is on others, which Butler relates to them:
    ``joined(butler, exclude=[visits], dimensions=raw.dimensions)`` leaves out the exposures that belong to a visit of
    the set, and an exposure that belongs to no visit stays. Without, the exclusion's own dimensions are joined in, and
    reading a query that has visits and exposures both raises UsageError: one may belong to several of the other.

    Everything asked of the query has to be read before the context ends. With a Butler server, or a Butler of a
    version that we do not know, only Butler's public joins are used (:func:`note` says so): slower, for values only,
    and on a server up to 100,000 data IDs in an inclusion.

    Raise UsageError for an exclusion that says nothing of the dimensions asked for, ButlerError for a set that was
    removed or made for another dimension universe, or when the registry stands in the way.
    """
    universe = butler.dimensions
    group = None if dimensions is None else universe.conform(dimensions)
    for one in (*include, *exclude):
        check_universe(universe, one.dimensions)
    exclusions = [
        Exclusion(one, _other_names(one, group), _unexpected(one, group, include), group is None) for one in exclude
    ]
    connection = _connection(butler)
    with friendly("join sets of data IDs with a Butler query"), butler.query() as fresh:
        if connection is not None and join_tables.capable(fresh):
            yield _join_tables(fresh, connection, include, exclusions)
        else:
            yield _join_uploads(fresh, include, exclusions, limited=connection is None)


def datasets(
    butler: Butler,
    dataset_type: str,
    collections: str | Sequence[str],
    include: Sequence[AnySet] = (),
    exclude: Sequence[AnySet] = (),
    *,
    find_first: bool = True,
) -> list[DatasetRef]:
    """Return the datasets of a type in collections that the inclusions cover and no exclusion does.

    A set on visits selects datasets on exposures, and the other way round, through the registry's visit definitions:
    a dataset is included if any of its exposures (visits) is, and excluded if any is. For the rest see
    :func:`joined`, which also serves where so many datasets should not be in memory at once.
    """
    with friendly(f"look for datasets of type `{dataset_type}`"):
        group = butler.get_dataset_type(dataset_type).dimensions
    with joined(butler, include, exclude, group) as query:
        return list(query.datasets(dataset_type, collections, find_first=find_first))


def _other_names(one: AnySet, group: DimensionGroup | None) -> Mapping[str, str]:
    """Map the exclusion's dimensions that the query lacks to related ones that it has (visit, exposure)."""
    unknown = [] if group is None else [name for name in one.dimensions if name not in group.names]
    if group is None or not unknown:
        return {}
    other = RELATED.get(unknown[0])
    if len(unknown) > 1 or other is None or other not in group.names:
        raise UsageError(
            f"a set of {', '.join(one.dimensions)} cannot exclude anything of {', '.join(group.required)}: "
            f"no single {unknown[0]} belongs to such a data ID; make the exclusion from dimensions that it has"
        )
    return {unknown[0]: other}


def _unexpected(one: AnySet, group: DimensionGroup | None, include: Sequence[AnySet]) -> frozenset[str]:
    """Return of visit and exposure what the query may not come to have if the exclusion is to be right."""
    if RELATED.keys().isdisjoint(one.dimensions):
        return frozenset()
    if group is None:
        return frozenset(RELATED.keys() - set(one.dimensions))
    return frozenset(RELATED.keys() - group.names - {name for each in include for name in each.dimensions})


def _connection(butler: Butler) -> Connection | None:
    try:
        return Connection(butler)
    except ButlerError:
        return None


def _join_tables(
    query: Query,
    connection: Connection,
    include: Sequence[AnySet],
    exclude: Sequence[Exclusion],
) -> Query:
    tables = Tables(connection.schema)
    _require_stored(connection, tables, [*include, *(each.one for each in exclude)])

    def members_of(one: AnySet) -> Members:
        if isinstance(one, StoredSet):
            return Members(tables.members(one.dimensions, one.member_table), one.id, one.dimensions)
        with connection.reading() as session:
            return join_tables.temporary(query, session, one)

    result = query
    for one in include:
        result = join_tables.joined(result, members_of(one))
    for each in exclude:
        if _size(each.one):
            result = join_tables.without(result, members_of(each.one), each.other, each.unexpected)
    return result


def _join_uploads(
    query: Query,
    include: Sequence[AnySet],
    exclude: Sequence[Exclusion],
    *,
    limited: bool,
) -> Query:
    result = query
    for one in include:
        value = _value(one)
        if not value.members:
            x: Any = query.expression_factory
            result = result.join_dimensions(value.dimensions).where(x.literal(1) == x.literal(0))
        else:
            result = join_public_api.joined(result, value, limited=limited)
    for each in exclude:
        value = _value(each.one)
        if value.members and each.unnamed and each.unexpected:
            raise UsageError(
                f"name the dimensions that are asked for together with the exclusion of {', '.join(value.dimensions)}, "
                "as in query(..., dimensions=butler.get_dataset_type(NAME).dimensions)"
            )
        result = join_public_api.without(result, query, value, each.other)
    return result


def _value(one: AnySet) -> DataIdSet:
    if isinstance(one, StoredSet):
        raise ButlerError(f"{one!r} cannot be joined where it is: {PUBLIC_NOTE}")
    return one


def _size(one: AnySet) -> int:
    return one.count if isinstance(one, StoredSet) else len(one)


def _require_stored(connection: Connection, tables: Tables, sets: Sequence[AnySet]) -> None:
    """Raise ButlerError unless the registry still holds the sets: one that was removed would exclude nothing."""
    wanted = {one.id: one for one in sets if isinstance(one, StoredSet)}
    if not wanted:
        return
    c = tables.sets.c
    statement = sqlalchemy.select(c.id, c.digest).where(c.id.in_(list(wanted)), c.removed_at.is_(None))
    with connection.reading() as session:
        found = {row.id: row.digest for row in session.execute(statement).all()}
    for number, one in wanted.items():
        if found.get(number) != one.digest:
            raise ButlerError(f"{one!r} is not in this registry, or was removed from it: upload it again")
