"""What differs between two campaigns, or two states of one, and what that means for groups that were submitted."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from campledger.dataids import DataIdSet
from campledger.dataids.differences import difference
from campledger.dataids.formats import ENDINGS
from campledger.errors import CampledgerError
from campledger.ledger.histories import histories
from campledger.ledger.ledger import DEFINITION, Ledger, Record
from campledger.ledger.sets import SHARED, Reference, Sets, references_of
from campledger.model import rules
from campledger.model.campaign import Group
from campledger.model.differences import Difference, differences, reached
from campledger.model.history import Event
from campledger.model.states import State
from campledger.problems import Problem


@dataclass(frozen=True)
class Side:
    """A campaign in one state of a ledger."""

    record: Record
    ledger: Ledger
    sets: Sets
    revision: str = ""
    """The commit; empty for the work tree."""

    def read(self, file: str) -> bytes | None:
        """Return a file of the campaign, of a link where it leads, or None."""
        path = self.record.path(file)
        content = self.ledger.files.read([path]).get(path)
        if content is None or not self.ledger.files.paths.get(path):
            return content
        return b"symbolic link to " + content + b"\n"


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A file before and after; None where it is not there."""

    path: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class SetDifference:
    """A DataId set before and after, by counts of its members."""

    name: str
    before: int | None
    """None where it is not there, or cannot be read."""
    after: int | None
    added: int = 0
    removed: int = 0
    changed: int = 0
    """Members of both whose annotations differ."""
    complaint: str = ""
    """Why it could not be compared member by member."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) not in (None, "")}


@dataclass(frozen=True)
class Effect:
    """What a change means for a campaign that is running or paused."""

    campaign: str
    state: State
    submitted: Mapping[str, tuple[str, ...]]
    """By group that was submitted already: the keys, files and sets that are others now; none where it is gone."""
    waiting: int = 0
    """How many groups will run with what is new."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        submitted = {group: list(reasons) for group, reasons in self.submitted.items()}
        return {
            "campaign": self.campaign, "state": str(self.state), "submitted": submitted, "waiting": self.waiting
        }  # fmt: skip


@dataclass(frozen=True)
class CampaignDifference:
    """What differs between two campaigns, or two states of one."""

    before: Record
    after: Record
    definition: list[Difference]
    """Empty where one of the two cannot be read."""
    files: list[FileDifference]
    """By path from the campaign's directory."""
    sets: list[SetDifference]
    events: list[Event] = field(default_factory=list)
    """What happened between two states of one campaign."""
    gone: list[str] = field(default_factory=list)
    """Ids of events that were removed or changed."""
    introduced: list[Problem] = field(default_factory=list)
    mended: list[Problem] = field(default_factory=list)

    layout: bool = False
    """Whether only comments or layout of the definition changed."""

    @property
    def is_redefined(self) -> bool:
        """Whether more differs than what happened."""
        unread = self.before.campaign is None or self.after.campaign is None
        return bool(self.definition or self.files or self.sets or self.layout or unread)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.is_redefined or self.events or self.gone or self.introduced or self.mended)


def compare(before: Side, after: Side, paths: Collection[str] | None = None) -> CampaignDifference:
    """Return what differs between two campaigns, or two states of one.

    ``paths``, from the ledger, are the files that can differ, if that is known; of shared sets others tell then.
    """
    old, new = before.record, after.record
    found = []
    if old.campaign is not None and new.campaign is not None:
        found = differences(old.campaign.written_out, new.campaign.written_out)
    one = old.id == new.id
    events: list[Event] = []
    gone: list[str] = []
    if one:
        known = {event.id: event.data for event in (old.history.events if old.history else ())}
        present = {event.id: event.data for event in (new.history.events if new.history else ())}
        events = [event for event in (new.history.events if new.history else ()) if event.id not in known]
        gone = [name for name, data in known.items() if present.get(name) != data]
    introduced = _beside(new, old)
    mended = _beside(old, new)
    files = list(_files(before, after, paths))
    sets = list(_sets(before, after, paths))
    readable = old.campaign is not None and new.campaign is not None
    layout = one and readable and not found and before.read(DEFINITION) != after.read(DEFINITION)
    return CampaignDifference(old, new, found, files, sets, events, gone, introduced, mended, layout)


def _beside(record: Record, other: Record) -> list[Problem]:
    """Return the problems of one that the other does not have in the same file of its own."""

    def identity(problem: Problem, home: str) -> tuple[str, str, str]:
        return problem.path.removeprefix(home), problem.rule, problem.message

    known = {identity(problem, other.directory) for problem in other.problems}
    return sorted(one for one in record.problems if identity(one, record.directory) not in known)


def _files(before: Side, after: Side, paths: Collection[str] | None) -> Iterator[FileDifference]:
    names = {*before.record.files, *after.record.files}
    for name in sorted(names - {DEFINITION, *histories(names)}):
        if not is_own_set(name) and _may_differ(before, after, name, paths):
            old, new = before.read(name), after.read(name)
            if old != new:
                yield FileDifference(name, old, new)


def _may_differ(before: Side, after: Side, file: str, paths: Collection[str] | None) -> bool:
    return paths is None or before.record.path(file) in paths or after.record.path(file) in paths


def is_own_set(file: str) -> bool:
    """Whether a file of a campaign, by path from its directory, holds a DataId set."""
    return file.startswith(SHARED) and file.endswith(ENDINGS)


def _sets(before: Side, after: Side, paths: Collection[str] | None) -> Iterator[SetDifference]:
    """Yield the sets that the campaigns have or name, and whose members differ."""
    own = {file for side in (before, after) for file in side.record.files if is_own_set(file)}
    names = {file for file in own if _may_differ(before, after, file, paths)}
    if paths is None:
        names |= {text for side in (before, after) for _, text in references_of(side.record)}
    for name in sorted(names):
        found = compare_sets(before.sets, after.sets, name, before.record.id, after.record.id)
        if found is not None:
            yield found


def compare_sets(
    before: Sets, after: Sets, name: str, old_home: str | None = None, new_home: str | None = None
) -> SetDifference | None:
    """Return what differs between a set in two states of a ledger; None if that is nothing.

    The homes are the campaigns whose own sets are meant before the shared ones.
    """
    if _content(before, name, old_home) == _content(after, name, new_home) is not None:
        return None  # it may be made from others that changed, and then these are told
    values: list[DataIdSet | None] = []
    complaint = ""
    for sets, home in ((before, old_home), (after, new_home)):
        try:
            there = sets.path_of(Reference.parse(name).name, home) is not None
            values.append(sets.evaluate(name, home).value if there else None)
        except CampledgerError as error:
            values.append(None)
            complaint = str(error).partition("\n")[0]
    old, new = values
    counts = (None if old is None else len(old), None if new is None else len(new))
    if old is not None and new is not None and old.dimensions == new.dimensions:
        found = difference(old, new)
        if not (found.added or found.removed or found.changed):
            return None
        return SetDifference(
            name, *counts, added=len(found.added), removed=len(found.removed), changed=len(found.changed)
        )
    if old is None and new is None and not complaint:
        return None
    if old is not None and new is not None:
        complaint = f"its dimensions were {', '.join(old.dimensions)} and are {', '.join(new.dimensions)}"
    return SetDifference(name, *counts, added=counts[1] or 0, removed=counts[0] or 0, complaint=complaint)


def _content(sets: Sets, name: str, home: str | None) -> bytes | None:
    path = sets.path_of(name, home)
    return None if path is None else sets.ledger.files.read([path]).get(path)


def effect(before: Record, after: Record, changed: Collection[str], now: Record) -> Effect | None:
    """Return what a change means for a campaign that is running or paused, or None if nothing.

    ``changed`` are the files of the campaign, by path from its directory, and the shared sets, by name, that differ;
    ``now`` is the campaign with what happened to it until the change is to come, which may be more than ``before``.
    """
    if before.campaign is None or after.campaign is None or now.history is None:
        return None
    state = now.history.state
    if not state.is_under_way:
        return None
    reasons = reached(before.campaign, after.campaign)
    for path, group in after.campaign.groups.items():
        used = [name for name in uses(group) if name in changed]
        if used:
            reasons[path] = (*reasons.get(path, ()), *used)
    submitted = {path: why for path, why in reasons.items() if now.history.group(path).submissions}
    waiting = len([path for path in reasons if path not in submitted and path in after.campaign.groups])
    return Effect(after.id, state, submitted, waiting) if reasons else None


def uses(group: Group) -> list[str]:
    """Return the files of the campaign and the DataId sets that a group runs with, without those that are pinned."""
    files = [posixpath.normpath(path) for _, path in rules.references(group.sections)]
    sets = [text for _, text in rules.set_references(group.sections) if "@" not in text]
    return list(dict.fromkeys([*files, *sets]))
