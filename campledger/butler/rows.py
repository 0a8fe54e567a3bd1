"""Members of a set into their table and out of it, in bulk: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from io import StringIO
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.sets import Row, in_order

if TYPE_CHECKING:
    import sqlalchemy

CHUNK = 20_000
"""Rows that are written at once: enough that the loop costs nothing, few enough that progress is seen."""

OnProgress = Callable[[int, int], None]
"""Called with the number of rows written so far, and of all."""

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
"""What COPY's text format wants escaped (PostgreSQL's manual, COPY, text format)."""


def write_rows(
    connection: sqlalchemy.Connection, table: sqlalchemy.Table, set_id: int, rows: Sequence[Row], progress: OnProgress
) -> None:
    """Add the members of a set, in order, as part of the connection's transaction."""
    write = _copy if connection.dialect.name == "postgresql" else _insert
    done = 0
    progress(done, len(rows))
    for count in write(connection, table, set_id, rows):
        done += count
        progress(done, len(rows))


def _chunks(rows: Sequence[Row]) -> Iterator[tuple[Row, ...]]:
    waiting = iter(rows)
    while chunk := tuple(islice(waiting, CHUNK)):
        yield chunk


def _insert(
    connection: sqlalchemy.Connection, table: sqlalchemy.Table, set_id: int, rows: Sequence[Row]
) -> Iterator[int]:
    names = [column.name for column in table.columns]
    marks = ", ".join("?" for _ in names[1:])
    # The id is a number of ours, and stands in the statement so that rows go in as they are.
    statement = f"INSERT INTO {_quoted(connection, table)} ({_columns(connection, names)}) VALUES ({set_id:d}, {marks})"  # noqa: S608
    with closing(connection.connection.cursor()) as cursor:
        for chunk in _chunks(rows):
            cursor.executemany(statement, chunk)
            yield len(chunk)


def _copy(
    connection: sqlalchemy.Connection, table: sqlalchemy.Table, set_id: int, rows: Sequence[Row]
) -> Iterator[int]:
    names = [column.name for column in table.columns]
    texts = [index for index, name in enumerate(names[1:]) if DIMENSIONS[name].type is str]
    statement = f"COPY {_quoted(connection, table)} ({_columns(connection, names)}) FROM STDIN"
    # What is not text must be a number: a stray value raises here, not in the database.
    form = "\t".join((f"{set_id:d}", *("%s" if index in texts else "%d" for index in range(len(names) - 1)))) + "\n"
    write: Callable[[Row], str] = form.__mod__
    if any(text.translate(_ESCAPES) != text for index in texts for text in set(map(itemgetter(index), rows))):

        def write(row: Row) -> str:
            return form % tuple(value.translate(_ESCAPES) if isinstance(value, str) else value for value in row)

    driver: Any = connection.connection.driver_connection
    with closing(driver.cursor()) as cursor:
        if not hasattr(cursor, "copy"):  # psycopg2, which SQLAlchemy before 2.1 takes
            for chunk in _chunks(rows):
                cursor.copy_expert(statement, StringIO("".join(map(write, chunk))))
                yield len(chunk)
            return
        with cursor.copy(statement) as stream:
            for chunk in _chunks(rows):
                stream.write("".join(map(write, chunk)))
                yield len(chunk)


def read_rows(connection: sqlalchemy.Connection, table: sqlalchemy.Table, set_id: int) -> tuple[Row, ...]:
    """Return the members of a set in our order, which need not be the database's: it sorts texts by a language."""
    columns = [column for column in table.columns if column.name != "set_id"]
    statement = table.select().with_only_columns(*columns).where(table.c.set_id == set_id)
    result = connection.execute(statement.order_by(*columns))
    return in_order([tuple(row) for row in result])


def analyze(connection: sqlalchemy.Connection, table: sqlalchemy.Table) -> None:
    """Let the database count what its planner goes by; without, a join with a new set may take minutes.

    On PostgreSQL only who owns the table is obeyed; others are warned, and autovacuum does it in time.
    """
    name = _quoted(connection, table)
    if connection.dialect.name == "postgresql":
        # A third of the usual sample; autovacuum takes a whole one in its time.
        connection.exec_driver_sql("SET LOCAL default_statistics_target = 30")
        connection.exec_driver_sql(f"ANALYZE {name}")
        connection.exec_driver_sql("SET LOCAL default_statistics_target TO DEFAULT")
        return
    connection.exec_driver_sql("PRAGMA analysis_limit = 1000")  # a sample will do: the rows are sorted by set
    connection.exec_driver_sql(f"ANALYZE {name}")
    connection.exec_driver_sql("PRAGMA analysis_limit = 0")


def _quoted(connection: sqlalchemy.Connection, table: sqlalchemy.Table) -> str:
    return str(connection.dialect.identifier_preparer.format_table(table))


def _columns(connection: sqlalchemy.Connection, names: Sequence[str]) -> str:
    return ", ".join(connection.dialect.identifier_preparer.quote(name) for name in names)
