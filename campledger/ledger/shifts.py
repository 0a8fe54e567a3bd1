"""shifts.yaml: who is on, and when, as a ledger's file says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campledger.documents import schema, strict
from campledger.ledger.ledger import Ledger, locate
from campledger.ledger.queries import expression_complaint
from campledger.model import times
from campledger.problems import Finding, Problem, Severity

SHIFTS = "shifts.yaml"


@dataclass(frozen=True, slots=True)
class Shift:
    """A span of time in which people are on."""

    begin: datetime
    end: datetime
    """The last moment of it."""
    people: tuple[str, ...]
    role: str = ""
    campaigns: str = ""
    """The expression that its campaigns satisfy; empty for all campaigns."""


class Shifts:
    """The shifts of one state of a ledger."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger
        self.shifts: tuple[Shift, ...] = ()
        """The shifts in the file's order; none where it has errors."""
        self.problems: tuple[Problem, ...] = ()
        if SHIFTS not in ledger.files.paths:
            return
        if ledger.files.paths[SHIFTS]:
            message = f"{SHIFTS} is a symbolic link"
            self.problems = (Problem(SHIFTS, 0, 0, "path-outside", message, "replace it by a copy"),)
            return
        document = strict.read(SHIFTS, ledger.files.read([SHIFTS])[SHIFTS])
        found = [] if document.problems else schema.findings(document.value, "shifts", newer=ledger.newer)
        problems = [*document.problems, *(locate(document, one) for one in found)]
        if not any(one.severity is Severity.ERROR for one in problems):
            entries: Sequence[dict[str, Any]] = document.value["shifts"]
            wrong = [one for index, entry in enumerate(entries) for one in self._findings(index, entry)]
            problems += [locate(document, one) for one in wrong]
            if not wrong:
                self.shifts = tuple(map(_shift, entries))
        self.problems = tuple(problems)

    def at(self, moment: datetime) -> list[Shift]:
        """Return the shifts that a moment lies in."""
        return [one for one in self.shifts if one.begin <= moment <= one.end]

    def _findings(self, index: int, entry: dict[str, Any]) -> Iterator[Finding]:
        moments = []
        for key, read in (("from", times.parse), ("to", times.latest)):
            try:
                moments.append(read(entry[key]))
            except ValueError as error:
                yield Finding(("shifts", index, key), "schema", f"invalid time in `{key}`: {error}")
        if len(moments) == 2 and moments[1] < moments[0]:
            yield Finding(("shifts", index, "to"), "reversed-range", "`to` is before `from`", "swap the two")
        settings = self.ledger.settings
        for number, handle in enumerate(entry["people"]):
            if settings.people and handle not in settings.people:
                hint = "add them to `people` in campledger.yaml"
                yield Finding(("shifts", index, "people", number), "unknown-person", f"unknown person `{handle}`", hint)
        if settings.document and "role" in entry and entry["role"] not in settings.roles:
            message = f"unknown role `{entry['role']}`"
            yield Finding(("shifts", index, "role"), "unknown-role", message, "add it to `roles` in campledger.yaml")
        if "campaigns" in entry:
            complaint = expression_complaint(entry["campaigns"])
            if complaint:
                yield Finding(("shifts", index, "campaigns"), "query-expression", complaint.message, complaint.hint)


def _shift(entry: dict[str, Any]) -> Shift:
    return Shift(
        times.parse(entry["from"]),
        times.latest(entry["to"]),
        tuple(entry["people"]),
        entry.get("role", ""),
        entry.get("campaigns", ""),
    )
