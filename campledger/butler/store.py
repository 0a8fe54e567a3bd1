"""Sets of data IDs in a Butler registry: the Python API, for notebooks and for everything above.

>>> from campledger.butler.store import DataIdStore
>>> from campledger.dataids.sets import DataIdSet
>>> store = DataIdStore(butler)                                                                     # doctest: +SKIP
>>> store.upload(DataIdSet.read("dataids/bad-visits.csv"), "bad-visits", by="vrubin").stored        # doctest: +SKIP
<bad-visits@1: 318 members of instrument, visit, sha256:5f0c2f9e>
>>> with store.query(exclude=["bad-visits"], dimensions=["visit"]) as query:                        # doctest: +SKIP
...     visits = list(query.data_ids(["visit"]))
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy.exc import IntegrityError, ProgrammingError

from campledger.butler import collecting, joining, tables
from campledger.butler.connecting import friendly, is_denied
from campledger.butler.connection import PATIENCE, Connection
from campledger.butler.missing_records import Unknown, check_universe, describe, unknown_ids
from campledger.butler.rows import OnProgress, analyze, read_rows, write_rows
from campledger.butler.stored import Action, AnySet, Kind, Plan, StoredSet, Upload, Use, Verification, moment
from campledger.butler.tables import Tables
from campledger.butler.uses import add_use, drop_uses, lock, refer, uses_of
from campledger.dataids.sets import DataIdSet, require_keys
from campledger.errors import ButlerError, CampledgerError, UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from astropy.table import Table
    from lsst.daf.butler import Butler, DatasetRef, DimensionGroup
    from lsst.daf.butler.queries import Query

ATTEMPTS = 5
"""How often an upload starts anew because another one of the same name was faster."""

ANALYZED = 100
"""From how many members on the database counts what its planner goes by."""

SHOWN = 10
"""How many unknown ids a message lists."""


class UnknownIdsError(ButlerError):
    """An upload was refused because the registry has no record of some ids; ``unknown`` lists them all."""

    def __init__(self, name: str, unknown: tuple[Unknown, ...]) -> None:
        self.unknown = unknown
        lines = [f"\n  {one} ({len(one.rows)} member{'s'[: len(one.rows) != 1]})" for one in unknown[:SHOWN]]
        more = f"\n  and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        super().__init__(
            f"the registry has no record of {len(unknown)} id{'s'[: len(unknown) != 1]} of `{name}`, "
            f"which was not uploaded; correct them, or allow unknown ids:{''.join(lines)}{more}"
        )


class _FasterError(CampledgerError):
    """Another upload of the same name took the revision between our question for it and our row."""


class DataIdStore:
    """The sets of data IDs that a Butler registry holds.

    Sets have names. Uploading a changed set under a name makes a new revision; what a revision holds never changes,
    since the provenance of datasets points at it. Everything is written on the Butler's own connection, as part of
    its transaction where it has one open.

    A registry without our tables reads as one without sets; the first upload makes them. Every method raises
    ButlerError, whose message says what to do, where the registry or the Butler stands in the way.
    """

    def __init__(self, butler: Butler, *, patience: float = PATIENCE) -> None:
        """Take an open Butler, which stays the caller's to close, and wait ``patience`` seconds for others' locks."""
        self.butler = butler
        self.connection = Connection(butler, patience)
        self.tables = Tables(self.connection.schema)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.butler!r}>"

    # Reading

    @property
    def identity(self) -> str | None:
        """The registry's identity, a UUID, or None before the first upload."""
        with self._reading("read the registry's identity") as connection:
            found = self._version(connection)
        return found[1] if found else None

    def list(self, name: str | None = None) -> tuple[StoredSet, ...]:
        """Return every revision of every set, or of one, by name and revision."""
        with self._reading("list the sets of data IDs") as connection:
            return self._heads(connection, name)

    def head(self, name: str, revision: int | None = None) -> StoredSet:
        """Return what is recorded of a set: its latest revision unless told which. Raise ButlerError if none."""
        with self._reading(f"look up the set `{name}`") as connection:
            return self._head(connection, name, revision)

    def get(self, name: str, revision: int | None = None) -> DataIdSet:
        """Return the members of a set and its purpose, without annotations. Raise ButlerError if there is none."""
        with self._reading(f"read the set `{name}`") as connection:
            head = self._head(connection, name, revision)
            value = self._members(connection, head)
        if len(value) != head.count:
            raise ButlerError(
                f"the registry holds {len(value)} of the {head.count} members of {head!r}: somebody else changed "
                "or is removing them; verify it, and upload it anew"
            )
        return replace(value, about={"purpose": head.purpose}) if head.purpose else value

    def verify(self, name: str, revision: int | None = None) -> Verification:
        """Compute a set's digest from its members in the registry, and hold it against what was recorded."""
        with self._reading(f"verify the set `{name}`") as connection:
            head = self._head(connection, name, revision)
            value = self._members(connection, head)
        return Verification(head, value.digest, len(value))

    def uses(self, name: str, revision: int | None = None) -> tuple[Use, ...]:
        """Return what refers to a set, to any of its revisions unless told which.

        Collections are those that are or once were resolved from it; one that was removed since is still listed.
        """
        with self._reading(f"look up what refers to the set `{name}`") as connection:
            heads = self._chosen(connection, name, revision)
            return uses_of(connection, self.tables, [head.id for head in heads])

    # Writing

    def plan(self, value: DataIdSet, name: str) -> Plan:
        """Return what uploading a set under a name would do. Nothing is written, and a reader may ask."""
        require_name(name)
        self._check(value)
        with self._reading(f"plan the upload of `{name}`") as connection:
            version = self._version(connection)
            previous = self._latest(connection, name)
            if previous is not None and previous.is_of(value):
                return Plan(
                    name, "adopt", previous.revision, value.digest, len(value), 0, 0, previous, (), previous.purpose
                )
            number = self._next_revision(connection, name) if version else 1
            before = self._members(connection, previous) if previous is not None else None
            unknown = unknown_ids(connection, self.butler.dimensions, self.connection.schema, value)
        added, removed = len(value), 0
        if before is not None:
            same = before.dimensions == value.dimensions
            common = len(set(before.members) & set(value.members)) if same else 0
            added, removed = len(value) - common, len(before) - common
        action: Action = "create" if previous is None else "revise"
        purpose = value.about.get("purpose")
        return Plan(name, action, number, value.digest, len(value), added, removed, previous, unknown, purpose)

    def upload(
        self,
        value: DataIdSet,
        name: str,
        *,
        by: str,
        campaign: str | None = None,
        commit: str | None = None,
        note: str | None = None,
        expires: datetime | None = None,
        allow_unknown: bool = False,
        progress: OnProgress | None = None,
    ) -> Upload:
        """Put a set into the registry under a name, whole or not at all.

        The latest revision of that name is adopted if it has this digest and purpose; otherwise a new one is made.
        Raise UnknownIdsError for ids that the registry has no record of, unless ``allow_unknown``; UsageError for a
        name that will not do, and a time without time zone.

        Parameters
        ----------
        value : DataIdSet
            The set.
        name : str
            Its name in the registry.
        by : str
            Who uploads it.
        campaign : str, optional
            The campaign that is recorded as referring to it.
        commit : str, optional
            The ledger's commit that holds it.
        note : str, optional
            A few words, to be kept with it.
        expires : datetime, optional
            After it :meth:`sweep` removes the set, if nothing refers to it; adopting never makes that earlier.
        allow_unknown : bool
            Take ids that the registry has no record of.
        progress : callable, optional
            Called with the members written so far, and all.
        """
        require_name(name)
        self._check(value)
        when = moment(expires) if expires is not None else None
        origin = {"uploaded_by": by, "campaign": campaign, "ledger_commit": commit, "note": note, "expires": when}
        for _ in range(ATTEMPTS):
            try:
                with self._writing(f"upload `{name}`", check=False) as connection:
                    return self._upload(connection, value, name, origin, allow_unknown, progress or _silent)
            except _FasterError:
                continue  # see what the other upload has brought, and adopt it or revise it
        raise ButlerError(f"others upload sets named `{name}` all the time: agree on one, and try again")

    def refer(self, stored: StoredSet, kind: Kind, name: str) -> None:
        """Record that a campaign or a collection refers to a set, so that it cannot be removed. Once is enough.

        Call it inside ``butler.transaction()`` together with what makes the collection.
        """
        with self._writing(f"record that {kind} `{name}` refers to {stored!r}") as connection:
            refer(connection, self.tables, stored, kind, name)

    def release(self, stored: StoredSet, kind: Kind, name: str) -> None:
        """Record that a campaign or a collection does not refer to a set any more."""
        with self._writing(f"record that {kind} `{name}` does not refer to {stored!r} any more") as connection:
            drop_uses(connection, self.tables, kind, name, [stored.id])

    def remove(
        self, name: str, revision: int | None = None, *, campaigns: Collection[str] = ()
    ) -> tuple[StoredSet, ...]:
        """Remove the members of one revision of a set, or of all if not told which, and return what was removed.

        That there was such a set stays recorded, so that a revision's number never means another set.
        Raise ButlerError, with nothing removed, while a collection that exists was ever resolved from it, or while a
        campaign refers to it that is not named in ``campaigns``.
        """
        with self._writing(f"remove the set `{name}`") as connection:
            heads = self._chosen(connection, name, revision)
            lock(connection, self.tables, [head.id for head in heads])
            refused = [
                use
                for use in uses_of(connection, self.tables, [head.id for head in heads])
                if (use.kind == "campaign" and use.name not in campaigns) or self._is_collection(use)
            ]
            if refused:
                what = ", ".join(f"{use.kind} {use.name}" for use in refused)
                raise ButlerError(
                    f"`{name}` was not removed, since something refers to it: {what}; "
                    "remove the collections first, and name the campaigns that may lose it"
                )
            self._remove(connection, heads)
        return heads

    def sweep(self, now: datetime | None = None) -> tuple[StoredSet, ...]:
        """Remove the temporary sets that have expired and to which nothing refers; return them."""
        due_by = moment(now or datetime.now(UTC))
        with self._writing("remove the sets that have expired") as connection:
            due = [head for head in self._heads(connection) if head.expires is not None and head.expires <= due_by]
            lock(connection, self.tables, [head.id for head in due])
            used = {
                use.set_id
                for use in uses_of(connection, self.tables, [head.id for head in due])
                if use.kind == "campaign" or self._is_collection(use)
            }
            gone = tuple(head for head in due if head.id not in used)
            self._remove(connection, gone)
        return gone

    def prepare(self, groups: Collection[Collection[str]] = ()) -> str:
        """Make our tables, or migrate them, so that roles without that privilege can upload; return the identity.

        ``groups`` are the dimension groups to have tables of members for, such as ``[["visit", "detector"]]``;
        dimensions that these need (instrument) go without saying. See docs/registry.md for the privileges.
        """
        wanted = []
        for group in groups:
            unknown = [name for name in group if name not in self.butler.dimensions.dimensions]
            if unknown:
                raise UsageError(f"`{unknown[0]}` is no dimension of this registry")
            wanted.append(tuple(sorted(self.butler.dimensions.conform(group).required)))
            require_keys(wanted[-1])
        with self._writing("make campledger's tables", check=False) as connection:
            return tables.prepare(connection, self.tables, wanted)

    # Using sets; a set is named, or named with a revision (`bad-visits@2`), or one from here, or a value

    def query(
        self,
        include: Sequence[str | AnySet] = (),
        exclude: Sequence[str | AnySet] = (),
        dimensions: Sequence[str] | DimensionGroup | None = None,
    ) -> AbstractContextManager[Query]:
        """Give a Butler query that is joined with every inclusion and anti-joined with every exclusion.

        See :func:`campledger.butler.joining.joined` for what sets of other dimensions mean.
        """
        return joining.joined(self.butler, self._found(include), self._found(exclude), dimensions)

    def datasets(
        self,
        dataset_type: str,
        collections: str | Sequence[str],
        include: Sequence[str | AnySet] = (),
        exclude: Sequence[str | AnySet] = (),
        *,
        find_first: bool = True,
    ) -> Sequence[DatasetRef]:
        """Return the datasets of a type in collections that the inclusions cover and no exclusion does.

        See :func:`campledger.butler.joining.datasets`.

        Parameters
        ----------
        dataset_type : str
            Name of the dataset type.
        collections : str or sequence of str
            Where to look, in this order.
        include : sequence of str or sets
            What is looked at: names, NAME@REVISION, or sets; all without it.
        exclude : sequence of str or sets
            What is left out.
        find_first : bool
            Of datasets with one data ID, return that of the first collection only.
        """
        return joining.datasets(
            self.butler, dataset_type, collections, self._found(include), self._found(exclude), find_first=find_first
        )

    def collect(
        self,
        dataset_types: str | Sequence[str],
        collections: str | Sequence[str],
        into: str,
        include: Sequence[str | AnySet] = (),
        exclude: Sequence[str | AnySet] = (),
    ) -> collecting.Collected:
        """Make a TAGGED collection of the datasets that the inclusions cover and no exclusion does.

        See :func:`campledger.butler.collecting.collect`.

        Parameters
        ----------
        dataset_types : str or sequence of str
            Names of the dataset types.
        collections : str or sequence of str
            Where to look, in this order.
        into : str
            Name of the TAGGED collection.
        include : sequence of str or sets
            What is taken: names, NAME@REVISION, or sets; all without it.
        exclude : sequence of str or sets
            What is left out.
        """
        return collecting.collect(
            self.butler, dataset_types, collections, into, include=self._found(include), exclude=self._found(exclude)
        )

    def to_table(self, name: str, revision: int | None = None) -> Table:
        """Return a set's members as an astropy table, with a column for each dimension."""
        return self.get(name, revision).to_table()

    def find(self, words: str) -> StoredSet:
        """Return a set by its name, the latest revision unless `@` and another one's number follow."""
        name, _, revision = words.partition("@")
        if revision and not revision.isdecimal():
            raise UsageError(f"`{words}` names no set: after `@` stands the number of a revision")
        return self.head(name, int(revision) if revision else None)

    def _found(self, chosen: str | AnySet | Sequence[str | AnySet]) -> Sequence[AnySet]:
        if isinstance(chosen, str | StoredSet | DataIdSet):
            chosen = [chosen]  # one set, named without a list around it
        return [self.find(one) if isinstance(one, str) else one for one in chosen]

    # What the methods are made of

    @contextmanager
    def _reading(self, what: str) -> Iterator[sqlalchemy.Connection]:
        with friendly(what), self.connection.reading() as connection:
            yield connection

    @contextmanager
    def _writing(self, what: str, *, check: bool = True) -> Iterator[sqlalchemy.Connection]:
        with friendly(what), self.connection.transaction() as connection:
            self.connection.limit_waiting(connection)
            if check and self._version(connection) is None:
                raise ButlerError(f"cannot {what}: the registry holds no sets of data IDs")
            yield connection

    def _check(self, value: DataIdSet) -> None:
        require_keys(value.dimensions)
        check_universe(self.butler.dimensions, value.dimensions)

    def _version(self, connection: sqlalchemy.Connection) -> tuple[int, str] | None:
        found = tables.version_of(connection, self.tables)
        if found is not None:
            tables.require_readable(found[0])
        return found

    def _heads(self, connection: sqlalchemy.Connection, name: str | None = None) -> tuple[StoredSet, ...]:
        if self._version(connection) is None:
            return ()
        sets = self.tables.sets
        statement = sets.select().where(sets.c.removed_at.is_(None))
        if name is not None:
            statement = statement.where(sets.c.name == name)
        return tuple(
            sorted(map(StoredSet.of, connection.execute(statement)), key=lambda head: (head.name, head.revision))
        )

    def _latest(self, connection: sqlalchemy.Connection, name: str) -> StoredSet | None:
        heads = self._heads(connection, name)
        return heads[-1] if heads else None

    def _chosen(self, connection: sqlalchemy.Connection, name: str, revision: int | None) -> tuple[StoredSet, ...]:
        heads = self._heads(connection, name)
        if not heads:
            raise ButlerError(f"the registry has no set named `{name}`")
        chosen = tuple(head for head in heads if revision in {None, head.revision})
        if not chosen:
            known = ", ".join(str(head.revision) for head in heads)
            raise ButlerError(f"the set `{name}` has no revision {revision}, only {known}")
        return chosen

    def _head(self, connection: sqlalchemy.Connection, name: str, revision: int | None) -> StoredSet:
        return self._chosen(connection, name, revision)[-1]

    def _members(self, connection: sqlalchemy.Connection, head: StoredSet) -> DataIdSet:
        rows = read_rows(connection, self.tables.members(head.dimensions, head.member_table), head.id)
        return DataIdSet(head.dimensions, rows)

    def _next_revision(self, connection: sqlalchemy.Connection, name: str) -> int:
        sets = self.tables.sets.c
        last = connection.execute(sqlalchemy.select(sqlalchemy.func.max(sets.revision)).where(sets.name == name))
        return (last.scalar() or 0) + 1

    def _upload(
        self,
        connection: sqlalchemy.Connection,
        value: DataIdSet,
        name: str,
        origin: dict[str, Any],
        allow_unknown: bool,
        progress: OnProgress,
    ) -> Upload:
        identity = self._ready(connection, value)
        latest = self._latest(connection, name)
        if latest is not None and latest.is_of(value) and lock(connection, self.tables, [latest.id]):
            return Upload(self._adopt(connection, latest, origin), "adopt", identity, tables.VERSION)
        unknown = unknown_ids(connection, self.butler.dimensions, self.connection.schema, value)
        if unknown and not allow_unknown:
            raise UnknownIdsError(name, unknown)
        head = self._add_head(connection, value, name, origin, len(unknown))
        members = self.tables.members(value.dimensions)
        write_rows(connection, members, head.id, value.members, progress)
        if len(value) >= ANALYZED:
            analyze(connection, members)
        if head.campaign is not None:
            add_use(connection, self.tables, head.id, "campaign", head.campaign)
        return Upload(head, "create" if latest is None else "revise", identity, tables.VERSION, unknown)

    def _ready(self, connection: sqlalchemy.Connection, value: DataIdSet) -> str:
        """Make the tables that this set needs and the registry lacks; return the registry's identity."""
        found = self._version(connection)
        if found is not None and tables.exists(connection, self.tables.members(value.dimensions)):
            return found[1]
        try:
            return tables.prepare(connection, self.tables, [value.dimensions])
        except ProgrammingError as error:
            if not is_denied(error):
                raise
            raise ButlerError(
                f"the registry has no table yet for sets of {', '.join(value.dimensions)}, and this role may not make "
                "it: ask who owns Butler's tables to run "
                f"`butler prepare-dataid-sets REPO --dimensions {','.join(value.dimensions)}`, once"
            ) from error

    def _add_head(
        self, connection: sqlalchemy.Connection, value: DataIdSet, name: str, origin: dict[str, Any], unknown: int
    ) -> StoredSet:
        row = {
            **origin,
            "name": name,
            "revision": self._next_revision(connection, name),
            "digest": value.digest,
            "dimensions": json.dumps(value.dimensions),
            "member_table": self.tables.members(value.dimensions).name,
            "member_count": len(value),
            "unknown_count": unknown,
            "universe": describe(self.butler.dimensions),
            "purpose": value.about.get("purpose"),
            "uploaded_at": moment(datetime.now(UTC)),
        }
        try:
            added = connection.execute(self.tables.sets.insert().returning(*self.tables.sets.c), row)
        except IntegrityError as error:
            raise _FasterError from error
        return StoredSet.of(added.one())

    def _adopt(self, connection: sqlalchemy.Connection, head: StoredSet, origin: dict[str, Any]) -> StoredSet:
        sets = self.tables.sets
        expires: str | None = origin["expires"]
        if head.expires is not None and (expires is None or expires > head.expires):
            update = sets.update().where(sets.c.id == head.id).values(expires=expires).returning(*sets.c)
            head = StoredSet.of(connection.execute(update).one())
        if origin["campaign"] is not None:
            add_use(connection, self.tables, head.id, "campaign", origin["campaign"])
        return head

    def _is_collection(self, use: Use) -> bool:
        from lsst.daf.butler import MissingCollectionError

        if use.kind != "collection":
            return False
        try:
            self.butler.collections.get_info(use.name)
        except MissingCollectionError:
            return False
        return True

    def _remove(self, connection: sqlalchemy.Connection, heads: Sequence[StoredSet]) -> None:
        sets, uses = self.tables.sets, self.tables.uses
        for head in heads:
            members = self.tables.members(head.dimensions, head.member_table)
            connection.execute(members.delete().where(members.c.set_id == head.id))
            connection.execute(uses.delete().where(uses.c.set_id == head.id))
            connection.execute(sets.update().where(sets.c.id == head.id).values(removed_at=moment(datetime.now(UTC))))


def require_name(name: str) -> None:
    """Raise UsageError for a name that a set cannot have: one line of printable characters, without `@`."""
    if not name or len(name) > 200 or not name.isprintable() or name != name.strip() or "@" in name:
        raise UsageError(f"{name!r} is no name of a set: up to 200 printable characters, without `@`")


def _silent(done: int, total: int) -> None:
    """Tell nobody of progress."""
