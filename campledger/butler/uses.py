"""What refers to a set in a registry: campaigns, and collections that were made from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import sqlalchemy

from campledger.butler.stored import Kind, StoredSet, Use, moment
from campledger.butler.tables import Tables
from campledger.errors import ButlerError


def uses_of(connection: sqlalchemy.Connection, tables: Tables, sets: Iterable[int]) -> tuple[Use, ...]:
    """Return what refers to sets, by the sets' ids."""
    uses = tables.uses
    statement = uses.select().where(uses.c.set_id.in_(list(sets))).order_by(uses.c.set_id, uses.c.kind, uses.c.name)
    return tuple(Use(row.set_id, row.kind, row.name, row.added_at) for row in connection.execute(statement).all())


def lock(connection: sqlalchemy.Connection, tables: Tables, sets: Iterable[int]) -> tuple[int, ...]:
    """Let nobody else remove these sets until the transaction ends; return those that are there."""
    c = tables.sets.c
    statement = sqlalchemy.select(c.id).where(c.id.in_(list(sets)), c.removed_at.is_(None))
    return tuple(connection.execute(statement.order_by(c.id).with_for_update()).scalars().all())


def refer(connection: sqlalchemy.Connection, tables: Tables, one: StoredSet, kind: Kind, name: str) -> None:
    """Record that something refers to a set; once is enough. Raise ButlerError if the set is not there any more."""
    if not lock(connection, tables, [one.id]):
        raise ButlerError(f"{one!r} was removed meanwhile: upload it again")
    add_use(connection, tables, one.id, kind, name)


def add_use(connection: sqlalchemy.Connection, tables: Tables, set_id: int, kind: Kind, name: str) -> None:
    """Record that something refers to a set whose row is ours until the transaction ends; once is enough."""
    uses = tables.uses
    known = sqlalchemy.select(uses.c.set_id).where(uses.c.set_id == set_id, uses.c.kind == kind)
    if connection.execute(known.where(uses.c.name == name)).first() is None:
        row = {"set_id": set_id, "kind": kind, "name": name, "added_at": moment(datetime.now(UTC))}
        connection.execute(uses.insert(), row)


def drop_uses(connection: sqlalchemy.Connection, tables: Tables, kind: Kind, name: str, sets: Sequence[int]) -> None:
    """Record that something does not refer any more to these sets."""
    c = tables.uses.c
    connection.execute(tables.uses.delete().where(c.kind == kind, c.name == name, c.set_id.in_(sets)))
