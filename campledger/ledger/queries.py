"""The saved queries of a ledger: queries/NAME.yaml, read strictly and checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from campledger.documents import schema, strict
from campledger.errors import DataError, UsageError
from campledger.ledger.ledger import Ledger, is_furniture, locate
from campledger.model import query
from campledger.model.columns import USUAL, unknown_column
from campledger.problems import Finding, Problem, report_text
from campledger.suggestions import did_you_mean

SAVED = "queries/"
_ENDING = ".yaml"


@dataclass(frozen=True)
class SavedQuery:
    """A saved query, as its file says."""

    name: str
    path: str
    document: Mapping[str, Any]

    @property
    def description(self) -> str:
        """What it is for; may be empty."""
        return str(self.document.get("description", ""))

    @property
    def expression(self) -> str:
        """What campaigns have to satisfy."""
        return str(self.document["expression"])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to show."""
        return tuple(self.document.get("columns", USUAL))

    @property
    def sort(self) -> tuple[str, ...]:
        """The columns to sort by, with `-` in front where the order is turned round."""
        return tuple(self.document.get("sort", ()))

    @property
    def group(self) -> str | None:
        """The column whose values part the table."""
        return self.document.get("group")


class Queries:
    """The saved queries of one state of a ledger."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """The path of each query's file, by the query's name."""
        return {
            name: path
            for path, link in self.ledger.files.paths.items()
            if (name := _name_of(path)) is not None and not link
        }

    @cached_property
    def _read(self) -> Mapping[str, tuple[SavedQuery | None, tuple[Problem, ...]]]:
        contents = self.ledger.files.read(self.paths.values())
        return {name: _query(name, path, contents[path], newer=self.ledger.newer) for name, path in self.paths.items()}

    @property
    def readable(self) -> list[SavedQuery]:
        """The queries that can be asked, by name."""
        return [found for found, problems in self._read.values() if found is not None and not problems]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong in queries/."""
        return tuple(sorted(self.check()))

    def named(self, name: str) -> SavedQuery:
        """Return a query by its name. Raise UsageError if there is none, DataError if it cannot be asked."""
        if name not in self.paths:
            hint = did_you_mean(name, self.paths, 0.7) or "`campledger query list` shows them"
            raise UsageError(f"unknown saved query `{name}`: {hint}")
        found, problems = self._read[name]
        if found is None or problems:
            raise DataError(f"the saved query `{name}` cannot be read:\n{report_text(problems)}")
        return found

    def check(self, only: Collection[str] | None = None) -> Iterator[Problem]:
        """Yield what is wrong in queries/, or with those of its files that are in ``only``."""
        for path, link in self.ledger.files.paths.items():
            if not is_query_path(path) or link or (only is not None and path not in only):
                continue  # a link is told as a stray
            name = _name_of(path)
            if name is not None:
                yield from self._read[name][1]
            elif not is_furniture(path):
                hint = "a name consists of lower-case letters, digits, - and _"
                yield Problem(path, 0, 0, "query-name", "a saved query is a file queries/NAME.yaml", hint)


def query_path(name: str) -> str:
    """Return the path of a saved query's file."""
    return f"{SAVED}{name}{_ENDING}"


def is_query_path(path: str) -> bool:
    """Whether a file of a ledger stands where saved queries do."""
    return path.startswith(SAVED)


def _name_of(path: str) -> str | None:
    if not path.startswith(SAVED) or not path.endswith(_ENDING):
        return None
    name = path[len(SAVED) : -len(_ENDING)]
    return name if query.SAVED_NAME.fullmatch(name) else None


def _query(name: str, path: str, data: bytes, *, newer: bool) -> tuple[SavedQuery | None, tuple[Problem, ...]]:
    document = strict.read(path, data)
    if document.problems:
        return None, document.problems
    found = schema.findings(document.value, "query", newer=newer) or list(findings(document.value, name))
    return SavedQuery(name, path, document.value), tuple(locate(document, finding) for finding in found)


def findings(document: Mapping[str, Any], name: str) -> Iterator[Finding]:
    """Yield what is wrong with a query that has the form it should have and stands in the file of this name."""
    if document["name"] != name:
        message = f"the query's `name` is `{document['name']}`, its file's name `{name}`"
        yield Finding(("name",), "query-name", message, "both must be the same")
    complaint = expression_complaint(document["expression"])
    if complaint:
        yield Finding(("expression",), "query-expression", complaint.message, complaint.hint)
    for key in ("columns", "sort"):
        for index, column in enumerate(document.get(key, ())):
            yield from _column_findings((key, index), column)
    if "group" in document:
        yield from _column_findings(("group",), document["group"])


def expression_complaint(expression: str) -> query.QueryError | None:
    """Return why no query can be saved with an expression, or None."""
    try:
        names, _ = query.saved_names(expression)
        # Whose query it is turns out when it is asked.
        terms = query.parse(expression, "me")
    except query.QueryError as error:
        return query.QueryError(_in_one_line(error.message), _in_one_line(error.hint))
    if names:
        return query.QueryError("a saved query cannot contain another one", f"copy the words of `@{names[0]}`")
    return None if terms else query.QueryError("empty expression: it would match every campaign")


def _in_one_line(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _column_findings(pointer: tuple[str | int, ...], column: str) -> Iterator[Finding]:
    complaint = unknown_column(column)
    if complaint:
        yield Finding(pointer, "unknown-column", complaint.message, complaint.hint)
