"""Opening a Butler repository, and turning what goes wrong with one into messages that say what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campledger.errors import ButlerError, CampledgerError

if TYPE_CHECKING:
    from lsst.daf.butler import Butler

INSTALL = "pip install 'campledger[butler]'"

_IN_ADDRESS = re.compile(r"(://[^:/\s@]*):\S*@")
_IN_WORDS = re.compile(r"(?i)\b(password|passwd|pwd|token)(\s*[=:]\s*)('[^']*'|\"[^\"]*\"|[^\s,;&)]+)")


def scrub(text: str) -> str:
    """Return a text without the passwords of the addresses and connection strings in it.

    >>> scrub("postgresql://u:secret@host/x is down")
    'postgresql://u:***@host/x is down'
    """
    return _IN_WORDS.sub(r"\1\2***", _IN_ADDRESS.sub(r"\1:***@", text))


def open_butler(
    uris: str | Sequence[str], *, writeable: bool = False, root: Path | None = None, datastore: bool = False
) -> Butler:
    """Return a Butler of a repository, trying the addresses by which it is known in turn.

    An address is a directory, a butler.yaml or a label of Butler's own index; a directory is looked for below ``root``
    first. Without ``datastore`` (datasets cannot be read then) a role that may only read the registry is enough.
    Close it when done. Raise ButlerError, with what is wrong with each address.
    """
    return open_first(uris, writeable=writeable, root=root, datastore=datastore)[0]


def open_first(
    uris: str | Sequence[str], *, writeable: bool = False, root: Path | None = None, datastore: bool = False
) -> tuple[Butler, str]:
    """Return what :func:`open_butler` does, and the address that answered."""
    try:
        from lsst.daf.butler import Butler
    except ImportError as error:
        raise ButlerError(f"lsst-daf-butler is not installed ({error}): {INSTALL}") from error
    addresses = [uris] if isinstance(uris, str) else list(uris)
    if not addresses:
        raise ButlerError("no address is known of the Butler repository: add one to `uris` of its alias")
    failures = []
    for address in addresses:
        if _IN_ADDRESS.search(address):
            raise ButlerError(
                f"{scrub(address)} has a password in it: keep that in ~/.lsst/db-auth.yaml or ~/.pgpass, "
                "where Butler finds it, and take it out of the address"
            )
        place = str(root / address) if root and (root / address).exists() else address
        try:
            return Butler.from_config(place, writeable=writeable, without_datastore=not datastore), place
        except Exception as error:  # noqa: BLE001 - readers of YAML, S3, HTTP and databases each have errors of their own
            failures.append(f"{address}: {_sentence(error)}")
    if len(failures) == 1:
        raise ButlerError(f"cannot open the Butler repository {failures[0]}")
    raise ButlerError("cannot open the Butler repository by any of its addresses:\n  " + "\n  ".join(failures))


@contextmanager
def friendly(what: str) -> Iterator[None]:
    """Turn an error of Butler or its database into a ButlerError: that ``what`` failed, why, and what to do."""
    from lsst.daf.butler import ButlerUserError
    from lsst.daf.butler.registry import ConflictingDefinitionError, OrphanedRecordError
    from sqlalchemy.exc import SQLAlchemyError

    # Butler's own errors, and those of its versions and managers, which are RuntimeErrors.
    expected: list[type[Exception]] = [
        SQLAlchemyError,
        ButlerUserError,
        ConflictingDefinitionError,
        OrphanedRecordError,
        RuntimeError,
        OSError,
    ]
    expected += _driver_errors()
    try:
        yield
    except CampledgerError:
        raise
    except tuple(expected) as error:
        raise ButlerError(f"cannot {what}: {_sentence(error)}") from (None if _tells(error) else error)


def _driver_errors() -> list[type[Exception]]:
    import sqlite3

    found: list[type[Exception]] = [sqlite3.Error]
    for module in ("psycopg", "psycopg2"):
        try:
            found.append(__import__(module).Error)
        except ImportError:
            continue
    return found


def _tells(error: BaseException) -> bool:
    """Whether an error's text holds a password, so that it must not be shown as our error's cause."""
    return scrub(str(error)) != str(error)


def _sentence(error: BaseException) -> str:
    """Return what went wrong and what to do, in a line or two, without passwords."""
    cause = getattr(error, "orig", None) or error
    said = " ".join(scrub(str(cause)).split()).rstrip(".") or type(cause).__name__
    for matches, words in _KNOWN:
        if matches(cause, said):
            return f"{words} ({said})"
    return said


def _state(error: Any) -> str:
    """Return PostgreSQL's five characters for a kind of error (its manual, Appendix A), or nothing."""
    return str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")


def is_denied(error: BaseException) -> bool:
    """Whether the database refused a statement because the role lacks a privilege."""
    return _state(getattr(error, "orig", None) or error) == "42501"


def _has(*words: str) -> Callable[[BaseException, str], bool]:
    return lambda _, said: any(word in said for word in words)


def _is(*states: str) -> Callable[[BaseException, str], bool]:
    return lambda error, _: _state(error).startswith(states)


_LOST = "the connection to the database was lost; what was being done is there whole or not at all: do it again"
_READ_ONLY = "the repository may only be read here: open it where, and as who, may write"
_VERSIONS = ("MissingManagerError", "ManagerMismatchError", "IncompatibleVersionError")

_KNOWN: list[tuple[Callable[[BaseException, str], bool], str]] = [
    (_is("42501"), "this role may not do that: ask who owns the tables for the privileges that docs/registry.md lists"),
    (
        # psycopg does not say the kind of an error of connecting.
        _has('FATAL: role "', "password authentication failed", "no password supplied", "pg_hba.conf"),
        "the database does not accept this role or its password: see ~/.lsst/db-auth.yaml and ~/.pgpass",
    ),
    (_has('FATAL: database "'), "the database is not there: look at `registry: db` in butler.yaml"),
    (_is("25006"), _READ_ONLY),
    (_is("55P03"), "somebody else holds a lock for longer than we wait: try again"),
    (_is("53"), "the database server has no room or no connection left: try again later"),
    (_is("57P", "08"), _LOST),
    (
        _has("connection failed", "could not connect", "Connection refused", "could not translate host name"),
        "the database server does not answer: is it running, and reachable from here?",
    ),
    (
        _has(
            "server closed the connection",
            "connection is lost",
            "consuming input failed",
            "connection is closed",
            "already closed",
        ),
        _LOST,
    ),
    (_has("database is locked", "database table is locked"), "somebody else is writing to it: try again"),
    (_has("readonly database", "read-only database", "Read-only file system"), _READ_ONLY),
    (_has("database or disk is full"), "there is no room left on the disk"),
    (_has("no such table: butler_attributes", 'butler_attributes" does not exist'), "that is no Butler registry"),
    (_has("unable to open database file"), "its SQLite file is not there, or may not be read"),
    (_has("known aliases"), "there is no such repository, and no label of that name in Butler's index"),
    (
        lambda error, _: type(error).__name__ in _VERSIONS,
        "the repository was made by a Butler that the installed lsst-daf-butler does not understand: "
        "install another version of it, or migrate the repository",
    ),
    (lambda error, _: isinstance(error, ImportError), f"a package that this needs is not installed: {INSTALL}"),
]
"""Kinds of errors, the first that matches counts, and what to say of them."""
