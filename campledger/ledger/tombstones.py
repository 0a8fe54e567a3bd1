"""What is kept of campaigns that had to go: removed/ID.yaml, read strictly and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from campledger.documents import schema, strict
from campledger.ledger.ledger import Ledger, Record, is_furniture, locate
from campledger.model.ids import CAMPAIGN_ID
from campledger.problems import Problem, Severity

REMOVED = "removed/"


def tombstone_path(campaign_id: str) -> str:
    """Return the path of a campaign's tombstone."""
    return f"{REMOVED}{campaign_id}.yaml"


class Tombstones:
    """The tombstones of one state of a ledger."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of the campaigns that were removed, as the files are called."""
        names = (path[len(REMOVED) :].removesuffix(".yaml") for path in self._paths)
        return frozenset(name for name in names if CAMPAIGN_ID.fullmatch(name))

    @cached_property
    def _paths(self) -> list[str]:
        return [path for path, link in self.ledger.files.paths.items() if path.startswith(REMOVED) and not link]

    @cached_property
    def _read(self) -> Mapping[str, tuple[Mapping[str, Any] | None, tuple[Problem, ...]]]:
        """Each tombstone by its campaign's id, and what is wrong with it."""
        contents = self.ledger.files.read(tombstone_path(name) for name in self.ids)
        return {name: self._tombstone(name, contents[tombstone_path(name)]) for name in sorted(self.ids)}

    def _tombstone(self, name: str, data: bytes) -> tuple[Mapping[str, Any] | None, tuple[Problem, ...]]:
        document = strict.read(tombstone_path(name), data)
        found = [] if document.problems else schema.findings(document.value, "tombstone", newer=self.ledger.newer)
        problems = [*document.problems, *(locate(document, one) for one in found)]
        if any(one.severity is Severity.ERROR for one in problems):
            return None, tuple(problems)
        if document.value["id"] != name:
            where = document.position(("id",))
            message = f"the file's name is {name}, the `id` in it {document.value['id']}"
            problems.append(Problem(document.path, *where, "tombstone", message, "a tombstone is removed/ID.yaml"))
        return document.value, tuple(problems)

    def check(self) -> Iterator[Problem]:
        """Yield what is wrong in removed/, and the campaigns that are in the ledger again."""
        for path in self._paths:
            if not is_furniture(path) and path[len(REMOVED) :].removesuffix(".yaml") not in self.ids:
                yield Problem(path, 0, 0, "tombstone", "a tombstone is a file removed/ID.yaml", "ID is a campaign's id")
        for name, (_, problems) in self._read.items():
            yield from problems
            if name in self.ledger.directories:
                hint = "a removed campaign cannot come back: define a new one, which gets its own id"
                message = f"the campaign is in {self.ledger.directories[name][0]} again"
                yield Problem(tombstone_path(name), 0, 0, "tombstone", message, hint)

    def among(self, records: Iterable[Record]) -> Iterator[tuple[Record, Problem]]:
        """Yield the events of removed campaigns that stand in one of the ledger."""
        gone = {event: name for name, (found, _) in self._read.items() if found for event in found["events"]}
        for record in records:
            for event in record.history.events if record.history and gone else ():
                if gone.get(event.id, record.id) != record.id:
                    message = f"the event {event.id} belongs to {gone[event.id]}, which was removed"
                    hint = "remove the line; a new campaign has its own events"
                    yield record, Problem(event.path, event.line, 3, "tombstone", message, hint)
