"""Acts that become one commit: each is made on the ledger as those before it leave it.

An act is a step: a function that looks at the ledger ahead of the last commit, and adds to it or raises. A step may be
made twice: where somebody else was faster, all of them are made again on what is there then, under the lock. What a
step gives out, such as the id of an event, is therefore the same each time.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from campledger.documents.lines import format_event, parse_events
from campledger.errors import CampledgerError, RefusedError, UsageError
from campledger.ledger.reading import EVENTS, Ledger, Record, fault_problem
from campledger.model.history import Event, History, replay
from campledger.model.states import State
from campledger.model.words import counted
from campledger.operations.workspace import (
    Draft,
    Workspace,
    Written,
    read_bytes,
    refused,
    subject_line,
    write,
)
from campledger.repository.trees import Files

T = TypeVar("T")

LISTED = 20
"""How many acts the message of a commit tells in words; its trailers name all events."""

_NAMED = re.compile(rb'"(?:run_)?id": ?"([^"]+)"')
"""The ids and run ids in a history."""


class _Growing:
    """The files of a ledger, and others on top that come one by one."""

    def __init__(self, base: Files):
        self.base = base
        self.changed: dict[str, bytes] = {}
        self._new: dict[str, bool] = {}

    @cached_property
    def paths(self) -> Mapping[str, bool]:
        # What is new stands in front, and is looked up there while it grows.
        return ChainMap(self._new, dict(self.base.paths))

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        wanted = list(paths)
        contents = self.base.read(path for path in wanted if path not in self.changed)
        return contents | {path: self.changed[path] for path in wanted if path in self.changed}

    def put(self, path: str, content: bytes) -> None:
        self.changed[path] = content
        self._new[path] = False

    def take_back(self, path: str, content: bytes | None) -> None:
        if content is not None:
            self.changed[path] = content
        else:
            del self.changed[path], self._new[path]


@dataclass(frozen=True, slots=True)
class Made:
    """What one act wrote."""

    campaign: str
    event: str | None
    """The id of the event; None for a definition."""
    words: str
    """What it does, for the message of the commit."""
    path: str
    line: int
    """The event's line; 0 for a definition."""
    details: tuple[str, ...] = ()
    """What more the message says where this is the only act."""


class Ahead(Ledger):
    """The ledger as acts that are not committed yet leave it."""

    def __init__(self, workspace: Workspace, base: Ledger, *, early: bool):
        self.workspace = workspace
        self.base = base
        self.early = early
        """Whether what is wrong with a new campaign is told at once; else it waits for the check of the whole."""
        self.head = workspace.repository.head()
        self.before: dict[str, bytes | None] = {}
        """What the acts rest on: the files that they change, as they are below them."""
        self.made: list[Made] = []
        self._asked = 0
        self._across = False
        self._records: dict[str, Record] = {}
        self._growing = _Growing(base.files)
        super().__init__(self._growing)

    @cached_property
    def user(self) -> str:
        """Who is at work."""
        return self.workspace.user(self)

    @cached_property
    def directories(self) -> MutableMapping[str, tuple[str, tuple[str, ...]]]:
        """Each campaign's directory and the files in it, by id."""
        return dict(self.base.directories)

    def records(self, ids: Iterable[str] | None = None) -> Iterator[Record]:
        """Yield the campaigns, or those with the ids, as the acts leave them."""
        wanted = list(self.directories if ids is None else ids)
        read = {one.id: one for one in super().records(one for one in wanted if one not in self._records)}
        if ids is not None:
            self._records |= read
        for one in wanted:
            yield self._records.get(one) or read[one]

    @cached_property
    def _named(self) -> dict[str, dict[str, None]]:
        """The campaigns in whose histories each id and run id stands."""
        found: dict[str, dict[str, None]] = {}
        homes = {f"{home}/{EVENTS}": name for name, (home, files) in self.directories.items() if EVENTS in files}
        for path, data in self.files.read(homes).items():
            for word in _NAMED.findall(data):
                found.setdefault(word.decode("utf-8", "replace"), {})[homes[path]] = None
        return found

    @cached_property
    def _in_order(self) -> list[str]:
        return sorted(self._named)

    def recorded(self, word: str) -> list[str]:
        """Return the ids of the campaigns in whose histories an id or run id begins like this.

        The first question is answered like any, by a look into all histories; for more there is an index.
        """
        self._asked += 1
        if self._asked == 1:
            return super().recorded(word)
        found = dict(self._named.get(word, {}))
        for one in self._in_order[bisect_left(self._in_order, word) :]:
            if not one.startswith(word):
                break
            found |= self._named[one]
        return list(found)

    def definitions(self) -> Mapping[str, bytes]:
        """Return all definitions as bytes, by id, read once."""
        return self._definitions

    @cached_property
    def _definitions(self) -> dict[str, bytes]:
        return dict(super().definitions())

    def append(self, record: Record, event: Mapping[str, Any], words: str) -> State:
        """Add an event to a campaign's history; return the campaign's state after it.

        Raise RefusedError, with nothing added, if the event has not the form that it should have, or if it, or one
        that is there, no longer follows from what is before it.
        """
        if record.campaign is None:
            raise RefusedError(f"{record.id} cannot be read: `campledger check {record.directory}` tells why")
        path = record.path(EVENTS)
        content = read_bytes(self, path)
        line = format_event(event).encode()
        number = content.count(b"\n") + 1
        problems = [replace(one, line=number) for one in parse_events(path, line)[1]]
        if problems:
            raise refused(problems)
        history = record.history or History()
        future = replay(record.campaign, [*history.events, Event(event, number)])
        known = {(fault.event.id, fault.message) for fault in history.faults}
        faults = [fault for fault in future.faults if (fault.event.id, fault.message) not in known]
        if faults:
            raise refused([fault_problem(record, fault) for fault in faults])
        self._put(path, content + line)
        files = record.files if EVENTS in record.files else (*record.files, EVENTS)
        self.directories[record.id] = (record.directory, files)
        self._records[record.id] = replace(record, files=files, history=future)
        if "_named" in vars(self):
            for word in {event["id"], event.get("run_id", event["id"])}:
                if word not in self._named:
                    insort(self._in_order, word)
                self._named.setdefault(word, {})[record.id] = None
        self.made.append(Made(record.id, str(event["id"]), words, path, number))
        # A final campaign that comes back takes its name.
        self._across |= event["type"] == "status" and State(event["from"]).is_final
        return future.state

    def define(
        self,
        campaign_id: str,
        definition: str,
        files: Mapping[str, bytes],
        words: str,
        details: tuple[str, ...] = (),
    ) -> None:
        """Add a campaign, or give one another definition; ``files`` holds all that is new, by path from the ledger."""
        kept = {path: self._growing.changed.get(path) for path in files}
        home = definition.rpartition("/")[0]
        before = self.directories.get(campaign_id)
        earlier = self.record(campaign_id) if before is not None else None
        for path, content in files.items():
            self._put(path, content)
        inside = {path[len(home) + 1 :] for path in files} | set(before[1] if before else ())
        self.directories[campaign_id] = (home, tuple(sorted(inside)))
        self._records.pop(campaign_id, None)
        for name in ("suffixes", "slugs"):
            vars(self).pop(name, None)
        if self.early and (errors := self._new_errors(campaign_id, earlier)):
            self._take_back(campaign_id, kept, before, earlier)
            raise refused(errors)
        if "_definitions" in vars(self):
            self._definitions[campaign_id] = files[definition]
        self.made.append(Made(campaign_id, None, words, definition, 0, details))
        self._across = True

    def _new_errors(self, campaign_id: str, earlier: Record | None) -> list[Any]:
        known = {(one.path, one.rule, one.message) for one in earlier.errors} if earlier else set()
        return [one for one in self.record(campaign_id).errors if (one.path, one.rule, one.message) not in known]

    def _take_back(
        self,
        campaign_id: str,
        kept: Mapping[str, bytes | None],
        before: tuple[str, tuple[str, ...]] | None,
        earlier: Record | None,
    ) -> None:
        for path, content in kept.items():
            self._growing.take_back(path, content)
        del self.directories[campaign_id], self._records[campaign_id]
        if before is not None:
            self.directories[campaign_id] = before
        if earlier is not None:
            self._records[campaign_id] = earlier

    def _put(self, path: str, content: bytes) -> None:
        if path not in self.before:
            self.before[path] = self.base.files.read([path]).get(path)
        self._growing.put(path, content)

    def still_holds(self) -> bool:
        """Whether nobody has changed what the acts rest on."""
        if self.workspace.repository.head() != self.head:
            return False
        now = self.workspace.ledger().files.read(self.before)
        return all(now.get(path) == content for path, content in self.before.items())

    def draft(self, told: str | None) -> Draft | None:
        """Return what is to be committed, under a message that is told, or made of the acts; None for no acts."""
        if not self.made:
            return None
        campaigns = tuple(dict.fromkeys(one.campaign for one in self.made))
        return Draft(dict(self._growing.changed), _message(told, self.made), campaigns, self._across)


def _message(told: str | None, made: Sequence[Made]) -> str:
    campaigns = list(dict.fromkeys(one.campaign for one in made))
    details = [_printable(line) for line in made[0].details[:LISTED]]
    details += [f"and {len(made[0].details) - LISTED:,} more"] if len(made[0].details) > LISTED else []
    parts = [subject_line(made[0].words), *(["\n".join(details)] if details else [])]
    if told is not None or len(made) > 1:
        said = told or f"{counted(len(made), 'act')} on {counted(len(campaigns), 'campaign')}"
        subject, *more = said.strip().splitlines()
        body = "\n".join(_printable(line).rstrip() for line in more).strip()
        rows = [f"- {subject_line(one.words)}" for one in made[:LISTED]]
        rows += [f"- and {len(made) - LISTED:,} more"] if len(made) > LISTED else []
        parts = [subject_line(subject), *([body] if body else []), "\n".join(rows)]
    trailers = [f"Campledger-Campaign: {one}" for one in campaigns]
    trailers += [f"Campledger-Event: {one.event}" for one in made if one.event is not None]
    return "\n\n".join([*parts, "\n".join(trailers)]) + "\n"


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in line)


Step = Callable[[Ahead], T]


class Pending:
    """Acts that are made one by one, and committed together or not at all."""

    def __init__(self, workspace: Workspace, ahead: Ahead | None = None):
        self.workspace = workspace
        self._steps: list[Step[Any]] = []
        self._ahead = ahead

    @property
    def ahead(self) -> Ahead:
        """The ledger as the acts leave it."""
        if self._ahead is None:
            self._ahead = Ahead(self.workspace, self.workspace.ledger(), early=True)
        return self._ahead

    def do(self, step: Step[T]) -> T:
        """Make an act, on the ledger as those before it leave it. What it raises, it raises here, and is not made."""
        made = step(self.ahead)
        self._steps.append(step)
        return made

    def commit(self, message: str | None = None, *, dry_run: bool = False) -> Written | None:
        """Commit all acts; return None where there are none. Raise as :func:`workspace.write` does."""
        if message is not None and not message.strip():
            raise UsageError("the message of the commit is empty: say what is done, or leave it out")

        def prepare(ledger: Ledger) -> Draft | None:
            if self._ahead is None or not self._ahead.still_holds():
                self._ahead = Ahead(self.workspace, ledger, early=True)
                for step in self._steps:
                    self._again(step, self._ahead)
            return self._ahead.draft(message)

        return write(self.workspace, prepare, dry_run=dry_run) if self._steps else None

    @staticmethod
    def _again(step: Step[Any], ahead: Ahead) -> None:
        try:
            step(ahead)
        except CampledgerError as error:
            told = f"others changed the ledger meanwhile, and now: {error}\nnothing was changed"
            raise type(error)(told, error.problems) from None


def make(
    space: Workspace | Pending, step: Step[T], *, dry_run: bool = False, branch: str | None = None
) -> tuple[T, Written | None]:
    """Make an act, as one among others that are pending, or by itself in a commit of its own, perhaps on a branch."""
    if isinstance(space, Pending):
        return space.do(step), None
    made: list[T] = []

    def prepare(ledger: Ledger) -> Draft | None:
        ahead = Ahead(space, ledger, early=False)
        made.append(step(ahead))
        return ahead.draft(None)

    written = write(space, prepare, dry_run=dry_run, branch=branch)
    return made[-1], written
