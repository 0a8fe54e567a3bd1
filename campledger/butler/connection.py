"""Butler's own connection to its database: the only module that touches what Butler does not offer in public.

Tables of ours are joined with Butler's and written together with its own (a collection and the receipt of it, say), so
that both must go through one connection and one transaction. Butler has no public way to that; :class:`Connection`
asks for the private one, and refuses a Butler that does not have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from campledger.butler.connecting import friendly
from campledger.errors import ButlerError

if TYPE_CHECKING:
    import sqlalchemy
    from lsst.daf.butler import Butler

NEEDED = ("_session", "_transaction", "_session_connection", "dialect", "namespace", "isWriteable")
"""What a Butler's database object has to have."""

DIALECTS = ("sqlite", "postgresql")

PATIENCE = 300.0
"""Seconds to wait for a lock that somebody else holds: as long as Butler waits on SQLite."""


class Connection:
    """A Butler's connection to its database, its transactions included.

    Raise ButlerError for a Butler that has no database behind it, or keeps it where we do not know.
    """

    def __init__(self, butler: Butler, patience: float = PATIENCE) -> None:
        self._database = _database_of(butler)
        self._patience = patience

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.dialect}>"

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return str(self._database.dialect.name)

    @property
    def schema(self) -> str | None:
        """The PostgreSQL schema that holds Butler's tables, and ours; None on SQLite."""
        namespace = self._database.namespace
        return None if namespace is None else str(namespace)

    @property
    def writeable(self) -> bool:
        """Whether the Butler was opened for writing."""
        return bool(self._database.isWriteable())

    @contextmanager
    def reading(self) -> Iterator[sqlalchemy.Connection]:
        """Give the connection, for statements that change nothing; what they see is one state on SQLite only.

        Nothing of Butler may be called inside: on SQLite it would wait for us, and we for it.
        """
        with self._database._session() as connection, self._waiting(connection):
            began_before = connection.in_transaction()
            try:
                yield connection
            finally:
                # What reading began would be taken by Butler for a transaction of its own, and never be committed.
                if not began_before:
                    connection.rollback()

    @contextmanager
    def transaction(self) -> Iterator[sqlalchemy.Connection]:
        """Give the connection in a transaction, which is part of Butler's where that has one open.

        Left by an exception, everything done inside is taken back, and nothing more than that.
        """
        if not self.writeable:
            raise ButlerError("the Butler was opened for reading only: open it with writeable=True")
        with (
            self._database._session() as session,
            self._waiting(session),
            self._database._transaction(savepoint=True) as (_, connection),
        ):
            yield connection

    @contextmanager
    def _waiting(self, connection: sqlalchemy.Connection) -> Iterator[None]:
        """Wait for SQLite's lock as long as we are told to. It has one, taken when a transaction begins."""
        if self.dialect != "sqlite" or connection.in_transaction() or self._patience == PATIENCE:
            yield
            return
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
        try:
            yield
        finally:
            raw.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")

    def limit_waiting(self, connection: sqlalchemy.Connection) -> None:
        """Wait for PostgreSQL's locks, in this transaction, as long as we are told to."""
        if self.dialect == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(self._patience * 1000)}")


def _database_of(butler: Butler) -> Any:
    """Return the object through which a Butler talks to its database."""
    with friendly("use this Butler"):
        database: Any = getattr(getattr(butler, "_registry", None), "_db", None)
    missing = ["_registry._db"] if database is None else [name for name in NEEDED if not hasattr(database, name)]
    if missing:
        from lsst.daf.butler import __version__

        raise ButlerError(
            f"this Butler has no connection to a database where campledger looks for it ({', '.join(missing)} is "
            "missing): if it is a client of a Butler server, open the repository itself; otherwise campledger does "
            f"not know lsst-daf-butler {__version__}, and another version of either is needed"
        )
    if database.dialect.name not in DIALECTS:
        raise ButlerError(f"no way to keep sets of data IDs in {database.dialect.name}: SQLite or PostgreSQL is needed")
    return database
