"""The tables of ours in a Butler registry, their version, and how an older version becomes this one.

======================== =============================================================================================
campledger_registry      One row: the version of the tables, and the registry's identity (a UUID, made with them).
campledger_dataid_set    A row for each revision of each set: name, digest, where its members are, who, when, why.
campledger_dataids_DIMS  The members of all sets of one dimension group, by the id of the set; keys only.
campledger_dataid_use    What refers to a set: a campaign, or a collection that was resolved from it.
======================== =============================================================================================

They stand beside Butler's own, in the same PostgreSQL schema. None has a foreign key to one of Butler's: its
migrations touch every table that has, and each costs an upload about twice its time.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy
from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from campledger.dataids.dimensions import DIMENSIONS
from campledger.errors import ButlerError

VERSION = 1
"""The version of the tables that this code reads and writes."""

PREFIX = "campledger_"
LONGEST_NAME = 60
"""Characters of a table's name; PostgreSQL cuts names after 63 bytes."""

GOVERNORS = ("instrument", "skymap")
"""Dimensions of which most sets have one value only."""

LOCK = 0x63616D706C656467
"""PostgreSQL's advisory lock of whoever makes or migrates the tables: `campledg` in ASCII."""


class Tables:
    """The tables as SQLAlchemy sees them, in one schema."""

    def __init__(self, schema: str | None) -> None:
        self.metadata = sqlalchemy.MetaData(schema=schema)
        self.registry = Table(
            f"{PREFIX}registry",
            self.metadata,
            Column("one", Integer, primary_key=True, autoincrement=False),
            Column("version", Integer, nullable=False),
            Column("identity", Text, nullable=False),
        )
        self.sets = Table(
            f"{PREFIX}dataid_set",
            self.metadata,
            # SQLite counts in INTEGER only, and gives the id of a deleted row to the next one unless told not to:
            # what might be left of the members of one set must never turn up in another.
            Column("id", BigInteger().with_variant(Integer, "sqlite"), sqlalchemy.Identity(), primary_key=True),
            Column("name", Text, nullable=False),
            Column("revision", Integer, nullable=False),
            Column("digest", Text, nullable=False),
            Column("dimensions", Text, nullable=False),
            Column("member_table", Text, nullable=False),
            Column("member_count", BigInteger, nullable=False),
            Column("unknown_count", BigInteger, nullable=False),
            Column("universe", Text, nullable=False),
            Column("purpose", Text),
            Column("campaign", Text),
            Column("uploaded_by", Text, nullable=False),
            Column("uploaded_at", Text, nullable=False),
            Column("ledger_commit", Text),
            Column("note", Text),
            Column("expires", Text),
            Column("removed_at", Text),
            UniqueConstraint("name", "revision", name=f"{PREFIX}dataid_set_name_revision"),
            sqlite_autoincrement=True,
        )
        self.uses = Table(
            f"{PREFIX}dataid_use",
            self.metadata,
            Column("set_id", BigInteger, primary_key=True),
            Column("kind", Text, primary_key=True),
            Column("name", Text, primary_key=True),
            Column("added_at", Text, nullable=False),
            Index(f"{PREFIX}dataid_use_name", "kind", "name"),
        )

    @property
    def common(self) -> list[Table]:
        """The tables that are there whatever the sets' dimensions."""
        return [self.registry, self.sets, self.uses]

    def members(self, dimensions: Sequence[str], name: str | None = None) -> Table:
        """Return the table of the members of sets of these dimensions, which are in alphabetical order."""
        name = name or member_table_name(dimensions)
        known = self.metadata.tables.get(f"{self.metadata.schema}.{name}" if self.metadata.schema else name)
        if known is not None:
            return known
        columns = [
            Column(one, BigInteger if DIMENSIONS[one].type is int else Text, nullable=False) for one in dimensions
        ]
        return Table(
            name,
            self.metadata,
            Column("set_id", BigInteger, nullable=False, autoincrement=False),
            *columns,
            # Instruments last, since most sets have one: rows come in the key's order all the same, and are told apart
            # by numbers.
            PrimaryKeyConstraint("set_id", *sorted(dimensions, key=lambda one: (one in GOVERNORS, one))),
            sqlite_with_rowid=False,  # the rows are kept in the order of their key, once
        )


def member_table_name(dimensions: Sequence[str]) -> str:
    """Return the name of the table of the members of sets of these dimensions."""
    whole = f"{PREFIX}dataids_{'_'.join(dimensions)}"
    if len(whole) <= LONGEST_NAME:
        return whole
    digest = sha256(whole.encode()).hexdigest()[:12]
    return f"{whole[: LONGEST_NAME - 13]}_{digest}"


def exists(connection: sqlalchemy.Connection, table: Table) -> bool:
    """Whether a table is there; whether one may read it is another question."""
    return bool(sqlalchemy.inspect(connection).has_table(table.name, schema=table.schema))


def version_of(connection: sqlalchemy.Connection, tables: Tables) -> tuple[int, str] | None:
    """Return the version of a registry's tables and its identity, or None where there are none yet."""
    if not exists(connection, tables.registry):
        return None
    row = connection.execute(sqlalchemy.select(tables.registry.c.version, tables.registry.c.identity)).one_or_none()
    return None if row is None else (int(row.version), str(row.identity))


def require_readable(version: int) -> None:
    """Raise ButlerError for tables of another version than this code's."""
    if version > VERSION:
        raise ButlerError(
            f"the registry's campledger tables are of version {version}, made by a newer campledger: "
            f"this one knows versions up to {VERSION} and leaves them alone; install a newer campledger"
        )
    if version < VERSION:
        raise ButlerError(
            f"the registry's campledger tables are of version {version}, and this campledger needs {VERSION}: "
            "whoever owns them has to migrate them, with `butler prepare-dataid-sets REPO`"
        )


Migration = Callable[[sqlalchemy.Connection, Tables], None]

MIGRATIONS: Mapping[int, Migration] = {}
"""By version, what makes tables of the next one of them. Each runs in the one transaction of :func:`prepare`."""


def prepare(connection: sqlalchemy.Connection, tables: Tables, groups: Sequence[Sequence[str]]) -> str:
    """Make the tables that are missing, migrate those of an older version, and return the registry's identity.

    Run inside a transaction. One at a time does this: who comes second finds everything made.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(LOCK)))
    found = version_of(connection, tables)
    if found is None:
        tables.metadata.create_all(connection, tables=tables.common)
        identity = str(uuid.uuid4())
        row: dict[str, Any] = {"one": 1, "version": VERSION, "identity": identity}
        connection.execute(tables.registry.insert(), row)
    else:
        identity = found[1]
        _migrate(connection, tables, found[0])
    missing = [tables.members(group) for group in groups]
    tables.metadata.create_all(connection, tables=missing)
    return identity


def _migrate(connection: sqlalchemy.Connection, tables: Tables, version: int) -> None:
    while version < VERSION:
        MIGRATIONS[version](connection, tables)
        version += 1
        connection.execute(tables.registry.update().values(version=version))
    require_readable(version)
