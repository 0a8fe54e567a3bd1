"""What was worked out before, kept below the git directory by what it was made from.

Deleting it changes nothing but time; one that cannot be written or read is done without.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_VERSIONS_KEPT = 4
"""How many versions of what has one name are kept: HEAD, an older commit, the work tree, the public part."""

_ASKED_AT_ONCE = 500
_LAYOUT = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS derived (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, value TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS derived_name ON derived (name);
"""

_FORGET = f"""
DELETE FROM derived WHERE name = ? AND number <= (
  SELECT number FROM derived WHERE name = ? ORDER BY number DESC LIMIT 1 OFFSET {_VERSIONS_KEPT}
)
"""  # noqa: S608 - a number


class Cache:
    """Values of JSON by key; each has a name, too, of which only some versions are kept."""

    def __init__(self, folder: Path | None):
        self._connection = _open(folder / "derived.sqlite3") if folder is not None else None

    def get(self, key: str) -> Any:
        """Return the value of a key, or None."""
        return self.get_many([key]).get(key)

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values that there are."""
        found: dict[str, Any] = {}
        wanted = list(keys)
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            found |= self._some(wanted[start : start + _ASKED_AT_ONCE])
        return found

    def _some(self, keys: list[str]) -> dict[str, Any]:
        if self._connection is None:
            return {}
        marks = ",".join("?" * len(keys))
        question = f"SELECT key, value FROM derived WHERE key IN ({marks})"  # noqa: S608 - question marks only
        try:
            rows = self._connection.execute(question, keys).fetchall()
            # One document for all of them is read twice as fast as each by itself.
            values = json.loads(f"[{','.join(value for _, value in rows)}]")
        except (sqlite3.Error, ValueError, RecursionError):
            return {}
        return dict(zip((key for key, _ in rows), values, strict=True)) if len(values) == len(rows) else {}

    def put(self, key: str, name: str, value: Any) -> None:
        """Keep a value by its key, with a name; or do without."""
        self.put_many({key: (name, json.dumps(value))})

    def put_many(self, values: Mapping[str, tuple[str, str]]) -> None:
        """Keep values, each by its key, with its name and its JSON; or do without."""
        if self._connection is None or not values:
            return
        # The name of a file may hold what SQLite has no text for.
        rows = [(key, ascii(name), value) for key, (name, value) in values.items()]
        with suppress(sqlite3.Error), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO derived (key, name, value) VALUES (?, ?, ?)", rows)
            self._connection.executemany(_FORGET, [(name, name) for _, name, _ in rows])

    def latest(self, name: str) -> Any:
        """Return the value that was last kept under a name, or None."""
        if self._connection is None:
            return None
        question = "SELECT value FROM derived WHERE name = ? ORDER BY number DESC LIMIT 1"
        try:
            row = self._connection.execute(question, (ascii(name),)).fetchone()
            return json.loads(row[0]) if row else None
        except (sqlite3.Error, ValueError, RecursionError):
            return None

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _open(file: Path) -> sqlite3.Connection | None:
    """Return a connection, with a new file in place of one that is none of ours; None to do without."""
    for _ in range(2):
        try:
            file.parent.mkdir(exist_ok=True)
            connection = sqlite3.connect(file, timeout=2)
            connection.executescript(_LAYOUT)
            connection.execute("SELECT key, name, value FROM derived LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            return None  # it cannot be written, or somebody holds it
        except sqlite3.DatabaseError:
            with suppress(OSError):
                file.unlink(missing_ok=True)
        except OSError:
            return None
        else:
            return connection
    return None
