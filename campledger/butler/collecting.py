"""A TAGGED collection of the datasets that sets of data IDs select: what pipetask and BPS take as input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy

from campledger.butler.connecting import friendly
from campledger.butler.connection import Connection
from campledger.butler.joining import joined
from campledger.butler.rows import read_rows
from campledger.butler.stored import AnySet, StoredSet
from campledger.butler.tables import Tables, exists
from campledger.butler.uses import refer
from campledger.dataids.sets import DataIdSet, Row
from campledger.errors import ButlerError, UsageError

if TYPE_CHECKING:
    from lsst.daf.butler import Butler, DatasetRef

MARK = "Resolved by campledger"
"""How the documentation of a collection begins that may be resolved anew: what it holds is ours to change."""

LISTED = 1_000
"""How many members without a dataset a result lists, of each set and dataset type."""

CHUNK = 20_000
"""Datasets that are tagged at once: enough that it costs nothing, few enough that progress is seen."""

OnProgress = Callable[[str, int, int], None]
"""Called with the dataset type, the number of its datasets tagged so far, and of all that are to be tagged."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Members of an inclusion for which there is no dataset of a type in the collections searched."""

    dataset_type: str
    dimensions: tuple[str, ...]
    count: int
    members: tuple[Row, ...]
    """The first :data:`LISTED` of them, in order."""

    def __str__(self) -> str:
        return f"{self.count} members of {', '.join(self.dimensions)} have no {self.dataset_type}"


@dataclass(frozen=True, slots=True)
class Collected:
    """What :func:`collect` did."""

    collection: str
    created: bool
    """Whether the collection was not there before."""
    counts: dict[str, int]
    """How many datasets it holds now, by type."""
    added: int
    removed: int
    missing: tuple[Missing, ...]

    @property
    def changed(self) -> bool:
        """Whether the registry is other than before."""
        return self.created or bool(self.added or self.removed)

    def __str__(self) -> str:
        held = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        head = f"{self.collection} holds {held}: {self.added} added, {self.removed} removed"
        return "\n".join((head, *map(str, self.missing)))


def collect(
    butler: Butler,
    dataset_types: str | Sequence[str],
    collections: str | Sequence[str],
    into: str,
    include: Sequence[AnySet] = (),
    exclude: Sequence[AnySet] = (),
    *,
    progress: OnProgress | None = None,
) -> Collected:
    """Make a TAGGED collection of what the inclusions cover and no exclusion does, in ``collections``.

    For each data ID the dataset of the first collection that has one is taken. The collection is made to hold these
    and nothing else, so that doing it again changes nothing, and a set that changed takes out what it now excludes.
    One transaction: killed at any moment, the collection is as before. That the collection was made from sets that the
    registry holds is recorded with it, so that they cannot be removed while it is there, nor can those that it was made
    from before. The collection's documentation names the sets, with digests and whether they include or exclude.
    A string is the name of one dataset type, or of one collection.

    Raise UsageError for a collection that would be made from itself, or for an exclusion that says nothing of a
    dataset type; ButlerError for a name that something else has: a collection of another kind, or a TAGGED one that
    was not made here.
    """
    connection = Connection(butler)
    dataset_types, collections = _names(dataset_types), _names(collections)
    tell = progress or _silent
    with friendly(f"resolve sets of data IDs into the collection `{into}`"), butler.transaction():
        _one_at_a_time(connection, into)
        created = _register(butler, into, collections, _documentation(collections, include, exclude))
        _record_use(connection, (*include, *exclude), into)
        before = {} if created else _tagged(butler, into)
        stale = [ref for name in before.keys() - set(dataset_types) for ref in before[name].values()]
        fresh: dict[str, list[DatasetRef]] = {}
        counts: dict[str, int] = {}
        missing: list[Missing] = []
        for name in dict.fromkeys(dataset_types):
            refs = _select(butler, name, collections, include, exclude)
            counts[name] = len(refs)
            here = before.get(name, {})
            fresh[name] = [ref for ref in refs if ref.id not in here]
            kept = {ref.id for ref in refs}
            stale += [ref for number, ref in here.items() if number not in kept]
            missing += _missing(butler, connection, name, collections, include, exclude, refs)
        # First, since a dataset of the same data ID may take the place of one that goes.
        butler.registry.disassociate(into, stale)
        for name, refs in fresh.items():
            _associate(butler, into, name, refs, tell)
    return Collected(into, created, counts, sum(map(len, fresh.values())), len(stale), tuple(missing))


def _names(given: str | Sequence[str]) -> Sequence[str]:
    return [given] if isinstance(given, str) else given


def _one_at_a_time(connection: Connection, into: str) -> None:
    """Wait for whoever resolves into the same collection; on SQLite there is one writer at a time anyway."""
    with connection.transaction() as session:
        connection.limit_waiting(session)
        if connection.dialect == "postgresql":
            lock = sqlalchemy.func.hashtextextended(f"campledger collect {into}", 0)
            session.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(lock)))


def _documentation(collections: Sequence[str], include: Sequence[AnySet], exclude: Sequence[AnySet]) -> str:
    """Return what the collection says of itself: where its datasets are from, and each set with purpose and digest."""
    lines = [f"{MARK} from {', '.join(collections)}; resolving it again replaces what it holds."]
    for purpose, sets in (("include", include), ("exclude", exclude)):
        for one in sets:
            if isinstance(one, StoredSet):
                name, count = f"{one.name}@{one.revision}", one.count
            else:
                name, count = "a set without name", len(one)
            number = f"{count} data ID{'s' * (count != 1)}"
            lines.append(f"{purpose} {name}: {number} of {', '.join(one.dimensions)}, {one.digest}")
    return "\n".join(lines)


def _register(butler: Butler, into: str, collections: Sequence[str], doc: str) -> bool:
    """Make the collection, or see that it is ours and document it anew; return whether it was made."""
    from lsst.daf.butler import CollectionType, MissingCollectionError  # type: ignore[attr-defined]

    searched = butler.collections.query(collections, flatten_chains=True, include_chains=True)
    if into in {*collections, *searched}:
        raise UsageError(f"the collection `{into}` cannot be resolved from itself: search others")
    try:
        known = butler.collections.get_info(into)
    except MissingCollectionError:
        return butler.collections.register(into, CollectionType.TAGGED, doc=doc)
    if known.type is not CollectionType.TAGGED:
        raise ButlerError(f"`{into}` is a {known.type.name} collection: choose the name of a new one")
    known_doc = next(iter(butler.collections.query_info(into, include_doc=True))).doc
    if not known_doc.startswith(MARK):
        raise ButlerError(
            f"`{into}` is a TAGGED collection that somebody else made, and would lose what it holds: "
            "choose the name of a new one"
        )
    if known_doc != doc:
        butler.registry.setCollectionDocumentation(into, doc)
    return False


def _record_use(connection: Connection, sets: Sequence[AnySet], into: str) -> None:
    """Record what the collection is made from; what it was made from before stays, since a run may have used it."""
    used = {one.id: one for one in sets if isinstance(one, StoredSet)}
    tables = Tables(connection.schema)
    with connection.transaction() as session:
        connection.limit_waiting(session)
        if not exists(session, tables.uses):
            if used:
                raise ButlerError(f"`{into}` cannot be made from stored sets: the registry holds no sets of data IDs")
            return
        for one in used.values():
            refer(session, tables, one, "collection", into)


def _tagged(butler: Butler, into: str) -> dict[str, dict[Any, DatasetRef]]:
    """Return what a collection holds, by dataset type and id."""
    info = butler.collections.get_info(into, include_summary=True)
    with butler.query() as query:
        return {
            name: {ref.id: ref for ref in query.datasets(name, into, find_first=False)}
            for name in sorted(info.dataset_types or ())
        }


def _select(
    butler: Butler, name: str, collections: Sequence[str], include: Sequence[AnySet], exclude: Sequence[AnySet]
) -> list[DatasetRef]:
    group = butler.get_dataset_type(name).dimensions
    with joined(butler, include, exclude, group) as query:
        return list(query.datasets(name, list(collections), find_first=True))


def _associate(butler: Butler, into: str, name: str, refs: Sequence[DatasetRef], tell: OnProgress) -> None:
    tell(name, 0, len(refs))
    for start in range(0, len(refs), CHUNK):
        chunk = refs[start : start + CHUNK]
        butler.registry.associate(into, chunk)
        tell(name, start + len(chunk), len(refs))


def _missing(
    butler: Butler,
    connection: Connection,
    name: str,
    collections: Sequence[str],
    include: Sequence[AnySet],
    exclude: Sequence[AnySet],
    refs: Sequence[DatasetRef],
) -> list[Missing]:
    """Return the members of each inclusion without a dataset, whatever the other sets say of it."""
    found = []
    for one in include:
        value = _value(connection, one)
        left = _without_those_of(value, refs)
        if left.members and (len(include) > 1 or exclude or not _covers(one, butler, name)):
            left = _without_dataset(butler, name, collections, left)
        if left.members:
            found.append(Missing(name, left.dimensions, len(left), left.members[:LISTED]))
    return found


def _value(connection: Connection, one: AnySet) -> DataIdSet:
    if isinstance(one, DataIdSet):
        return one
    table = Tables(connection.schema).members(one.dimensions, one.member_table)
    with connection.reading() as session:
        return DataIdSet(one.dimensions, read_rows(session, table, one.id))


def _covers(one: AnySet, butler: Butler, name: str) -> bool:
    return set(one.dimensions) <= set(butler.get_dataset_type(name).dimensions.names)


def _without_those_of(value: DataIdSet, refs: Sequence[DatasetRef]) -> DataIdSet:
    """Return the members that are no dataset's data ID; all, where that would not tell."""
    if not refs or not set(value.dimensions) <= set(refs[0].dataId.dimensions.names):
        return value
    required = list(refs[0].dataId.dimensions.required)
    seen: set[tuple[Any, ...]]
    if set(value.dimensions) <= set(required):
        order = [required.index(name) for name in value.dimensions]
        seen = {tuple([row[index] for index in order]) for row in (ref.dataId.required_values for ref in refs)}
    else:
        seen = {tuple([ref.dataId[name] for name in value.dimensions]) for ref in refs}
    return DataIdSet(value.dimensions, tuple(row for row in value.members if row not in seen))


def _without_dataset(butler: Butler, name: str, collections: Sequence[str], value: DataIdSet) -> DataIdSet:
    """Ask the registry which members have no dataset at all."""
    with joined(butler, [value]) as query:
        there = query.join_dataset_search(name, list(collections)).data_ids(value.dimensions)
        known = {tuple(one[dimension] for dimension in value.dimensions) for one in there}
    return DataIdSet(value.dimensions, tuple(row for row in value.members if row not in known))


def _silent(name: str, done: int, total: int) -> None:
    """Tell nobody of progress."""
