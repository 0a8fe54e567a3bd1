"""The ledger with changes staged on top of it, which become one commit or none.

A staged ledger is read like any other, and shows what is staged. Whoever writes asks it for what is there, and adds
events, definitions, sets and queries to it; each is checked as it is added, and refused with nothing of it staged. It
alone gives events their times, composes the message of the commit, and commits. `writing` says where the commit goes.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from typing import Any

from campledger.documents.lines import format_event, parse_events
from campledger.errors import RefusedError, UsageError
from campledger.ledger import checks
from campledger.ledger.histories import (
    events_path,
    histories,
    is_history,
    is_receipts,
    receipts_path,
    set_of_receipts,
)
from campledger.ledger.ledger import Ledger, Record
from campledger.ledger.queries import query_path
from campledger.ledger.sets import Sets
from campledger.ledger.settings import SETTINGS_FILE
from campledger.model import times
from campledger.model.event_kinds import EVENT_KINDS
from campledger.model.history import Event, History
from campledger.model.ids import random_id
from campledger.model.states import State
from campledger.operations.workspace import Workspace, require_readable, resolve
from campledger.operations.write import permissions
from campledger.problems import Problem, Severity, report_text
from campledger.repository import messages, remote
from campledger.repository.commits import Change, commit, on_new_branch, status_of
from campledger.repository.file_trees import GitTree, Overlay

_NAMED = re.compile(rb'"(?:run_)?id": ?"([^"]+)"')
"""The ids and run ids in a history."""


@dataclass(frozen=True, slots=True)
class StagedAct:
    """What one act staged."""

    message: messages.ActMessage
    path: str
    """The file that it changed; of a campaign that was defined, the definition."""
    line: int = 0
    """The line of its event; 0 for anything else."""
    campaign: str | None = None

    @property
    def subject(self) -> str:
        """What it does, in a line."""
        return self.message.subject


@dataclass(frozen=True, slots=True)
class Written:
    """What became of what was staged."""

    commit: str | None = None
    """None after a dry run."""
    branch: str | None = None
    """The new branch that has the commit, where HEAD has not."""


class StagedLedger(Ledger):
    """A ledger on which changes are staged. It holds no lock; `writing.Writing` does."""

    def __init__(self, workspace: Workspace, base: Ledger, *, several: bool = False):
        self.workspace = workspace
        self.base = base
        self.several = several
        """Whether many acts are staged: then all that is wrong with one is told at once, so that others may follow;
        else the check of the whole tells it."""
        self.before: dict[str, bytes | None] = {}
        """What is below the files that are staged."""
        self.acts: list[StagedAct] = []
        self._undo: list[Callable[[], object]] = []
        self._asked = 0
        self._across = False
        self._defined = False
        self._records: dict[str, Record] = {}
        self._staged = Overlay(base.files)
        super().__init__(self._staged)

    # Reading

    @cached_property
    def user(self) -> str:
        """Who is at work."""
        return self.workspace.user(self)

    @cached_property
    def sets(self) -> Sets:
        """The DataId sets with what is staged."""
        return Sets(self, self.workspace.repository)

    @cached_property
    def shared(self) -> Sets | None:
        """The sets of the newest commit that others have, with its ledger; None where nothing is shared."""
        repository = self.workspace.repository
        commit = remote.newest_shared(repository)
        return None if commit is None else Sets(Ledger(GitTree(repository, commit)), repository, commit)

    def find(self, reference: str) -> Record:
        """Return the campaign that people mean. Raise UsageError if there is none, DataError if it cannot be read."""
        record = self.record(resolve(self, reference))
        require_readable(record)
        return record

    @cached_property
    def directories(self) -> MutableMapping[str, tuple[str, tuple[str, ...]]]:
        """Each campaign's directory and the files in it, by id."""
        return dict(self.base.directories)

    def records(self, ids: Iterable[str] | None = None) -> Iterator[Record]:
        """Yield the campaigns, or those with the ids, with what is staged."""
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
        homes = {f"{home}/{file}": one for one, (home, files) in self.directories.items() for file in histories(files)}
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

    # Staging

    def require_permitted(self, act: str) -> None:
        """Raise RefusedError if the settings do not let who is at work do an act."""
        if act in self.settings.permissions:  # else nobody needs a name
            permissions.require_permitted(self.settings, act, self.user)

    def append(
        self,
        record: Record,
        own: Mapping[str, Any],
        subject: str,
        *,
        at: datetime | None = None,
        identity: str | None = None,
    ) -> dict[str, Any]:
        """Add an event to a campaign's history; return it with its identity and its time.

        Raise RefusedError, with nothing staged, if the event does not have the form that it should have, if it, or
        one that is there, does not follow from what is before it, or if the clock is wrong.
        """
        if record.campaign is None:
            raise RefusedError(f"{record.id} cannot be read: `campledger check {record.directory}` tells why")
        self.require_permitted(permissions.act_of(own))
        history = record.history or History()
        # A retraction is later than what it takes back even if that was dated by a wrong clock.
        retracts = own["type"] == "retracted"
        last = (history.last.time if history.last else None) if retracts else history.last_time
        event = stamped(own, self.user, last, at, identity, patient=retracts)
        path = events_path(record, event["time"])
        content = self._content(path)
        number = content.count(b"\n") + 1
        line = _line(path, number, event)
        after = self.with_event(record, record.campaign, Event(event, number, path))
        _require_no_new(record.problems, after.problems)
        self._put(path, content + line)
        self._note(self.directories, record.id, (record.directory, after.files))
        self._note(self._records, record.id, after)
        self._index(record.id, event)
        trailers = messages.of_event(messages.CAMPAIGN, record.id, event)
        self._add(StagedAct(messages.ActMessage(subject, trailers), path, number, record.id))
        # A final campaign that comes back takes its name.
        self._across |= event["type"] == "status" and State(event["from"]).is_final
        return event

    def append_to_set(self, name: str, own: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """Add an event to the history of a shared set; return it with its identity and its time.

        Raise RefusedError, with nothing staged, if it does not have the form that it should have, or is of a kind that
        only campaigns have.
        """
        if not EVENT_KINDS[own["type"]].on_sets:
            raise RefusedError(f"`{own['type']}` is no event of a set: only the history of a campaign has such")
        self.require_permitted(permissions.act_of(own))
        path = receipts_path(name)
        content = self._content(path)
        last = max((event.time for event in parse_events(path, content)[0]), default=None)
        event = stamped(own, self.user, last)
        number = content.count(b"\n") + 1
        self._put(path, content + _line(path, number, event))
        trailers = messages.of_event(messages.SET, _stem(path), event)
        self._add(StagedAct(messages.ActMessage(subject, trailers), path, number))
        return event

    def define(
        self,
        campaign_id: str,
        definition: str,
        files: Mapping[str, bytes],
        subject: str,
        details: tuple[str, ...] = (),
        act: str = "",
    ) -> None:
        """Add a campaign, or change the files of one: its definition, tables of groups, what the definition names.

        ``act`` is the one by which it is permitted, if not `define` or `edit`.

        ``definition`` is the path of its definition, and ``files`` holds all that is new or changed, by path from the
        ledger. Raise RefusedError, with nothing staged, where many acts are staged and this one brings errors.
        """
        mark = len(self._undo)
        home = definition.rpartition("/")[0]
        before = self.directories.get(campaign_id)
        self.require_permitted(act or ("define" if before is None else "edit"))
        earlier = self.record(campaign_id).problems if before is not None and self.several else ()
        for path, content in files.items():
            self._put(path, content)
        present = before[1] if before else self._below(home)
        inside = {path[len(home) + 1 :] for path in files} | set(present)
        self._note(self.directories, campaign_id, (home, tuple(sorted(inside))))
        self._forget_record(campaign_id)
        if self.several:
            self._try(mark, lambda: _require_no_new(earlier, self.record(campaign_id).problems))
        if "_definitions" in vars(self) and definition in files:
            self._note(self._definitions, campaign_id, files[definition])
        message = messages.ActMessage(subject, ((messages.CAMPAIGN, campaign_id),), details)
        self._add(StagedAct(message, definition, 0, campaign_id))
        self._across = self._defined = True

    @cached_property
    def _sorted_paths(self) -> list[str]:
        return sorted(self.base.files.paths)

    def _below(self, folder: str) -> Iterator[str]:
        """Yield the files that are in a folder below, by path from it."""
        for path in self._sorted_paths[bisect_left(self._sorted_paths, f"{folder}/") :]:
            if not path.startswith(f"{folder}/"):
                break
            yield path[len(folder) + 1 :]

    def put_set(self, path: str, content: bytes, subject: str, *, gone: str | None = None) -> None:
        """Write a set's file, in place of another one where its format changes.

        Raise RefusedError, with nothing staged, where many acts are staged and this one brings errors.
        """
        owner = next((one for one, (home, _) in self.directories.items() if path.startswith(f"{home}/")), None)
        about = ((messages.CAMPAIGN, owner),) if owner is not None else ()
        # A reason that is longer than a subject stands nowhere else.
        details = (subject,) if messages.is_cut(subject) else ()
        act = messages.ActMessage(subject, (*about, (messages.SET, _stem(path))), details)
        changed = {path: content, **({gone: None} if gone is not None else {})}
        self._put_checked(changed, StagedAct(act, path, 0, owner))

    def put_query(self, name: str, content: bytes | None, subject: str) -> None:
        """Write the file of a saved query, or take it away. Raise RefusedError as `put_set` does."""
        self.require_permitted("query_remove" if content is None else "query_save")
        path = query_path(name)
        self._put_checked({path: content}, StagedAct(messages.ActMessage(subject, ((messages.QUERY, name),)), path))

    def _put_checked(self, changed: Mapping[str, bytes | None], act: StagedAct) -> None:
        mark = len(self._undo)

        def found() -> list[Problem]:
            only = () if act.campaign is None else (act.campaign,)
            return checks.check(self, datetime.now(UTC), only, across=False, files=list(changed))

        earlier = found() if self.several else []
        for path, content in changed.items():
            self._put(path, content)
        if act.campaign is not None:
            home, files = self.directories[act.campaign]
            inside = {path[len(home) + 1 :]: content for path, content in changed.items()}
            kept = {*files, *inside} - {path for path, content in inside.items() if content is None}
            self._note(self.directories, act.campaign, (home, tuple(sorted(kept))))
            self._forget_record(act.campaign)
        if self.several:
            self._try(mark, lambda: _require_no_new(earlier, found()))
        self._add(act)
        self._defined = True

    def _content(self, path: str) -> bytes:
        return self.files.read([path]).get(path, b"")

    def _put(self, path: str, content: bytes | None) -> None:
        if path not in self.before:
            self.before[path] = self.base.files.read([path]).get(path)
        earlier = self._staged.changes([path])
        self._undo.append(lambda: self._staged.take_back([path], earlier))
        if content is None or path not in self._staged.paths:
            vars(self).pop("shared_sets", None)
        if not is_history(path):
            vars(self).pop("sets", None)
        if content is None:
            self._staged.remove(path)
        else:
            self._staged.put(path, content)

    def _note(self, place: MutableMapping[str, Any], key: str, value: Any) -> None:
        """Set an entry, to be set back where the act is undone."""
        if key in place:
            kept = place[key]
            self._undo.append(lambda: place.__setitem__(key, kept))
        else:
            self._undo.append(lambda: place.pop(key, None))
            if place is self.directories:
                self._forget_names()
                self._undo.append(self._forget_names)
        place[key] = value

    def _forget_names(self) -> None:
        for name in ("suffixes", "slugs"):
            vars(self).pop(name, None)

    def _forget_record(self, campaign_id: str) -> None:
        kept = self._records.pop(campaign_id, None)
        if kept is not None:
            self._undo.append(lambda: self._records.__setitem__(campaign_id, kept))
        else:
            self._undo.append(lambda: self._records.pop(campaign_id, None))

    def _index(self, campaign_id: str, event: Mapping[str, Any]) -> None:
        if "_named" not in vars(self):
            return
        for word in {event["id"], event.get("run_id", event["id"])}:
            if word not in self._named:
                insort(self._in_order, word)
            self._named.setdefault(word, {})[campaign_id] = None
        self._undo.append(self._forget_index)

    def _forget_index(self) -> None:
        for name in ("_named", "_in_order"):
            vars(self).pop(name, None)

    def _add(self, act: StagedAct) -> None:
        self.acts.append(act)
        self._undo.append(self.acts.pop)

    def _try(self, mark: int, check: Callable[[], object]) -> None:
        try:
            check()
        except RefusedError:
            self.undo_to(mark)
            raise

    @property
    def mark(self) -> int:
        """Where staging stands, for :meth:`undo_to`."""
        return len(self._undo)

    def undo_to(self, mark: int) -> None:
        """Take back what was staged since a mark."""
        while len(self._undo) > mark:
            self._undo.pop()()
        for name in ("shared_sets", "sets"):
            vars(self).pop(name, None)

    # Committing

    def still_holds(self) -> bool:
        """Whether nobody has changed what the staged acts rest on."""
        now = self.workspace.ledger().files.read(self.before)
        return all(now.get(path) == content for path, content in self.before.items())

    @property
    def campaigns(self) -> tuple[str, ...]:
        """Ids of the campaigns that are staged."""
        return tuple(dict.fromkeys(act.campaign for act in self.acts if act.campaign is not None))

    def commit(self, message: str | None = None, *, branch: str | None = None, dry_run: bool = False) -> Written | None:
        """Commit what is staged, under a message or one made of the acts; return None where nothing would change.

        The caller holds the lock. With ``branch``, the commit goes to a new branch that starts from HEAD, and nothing
        else changes; an empty name stands for one made from the campaign's id.

        Raise RefusedError, DataError or GitError, with nothing changed, if the result would have new errors, or
        cannot be committed.
        """
        if message is not None and not message.strip():
            raise UsageError("the message of the commit is empty: say what is done, or leave it out")
        # What came and went again is nothing to commit.
        changed = {path: after for path, after in self._staged.changed.items() if after != self.before[path]}
        if not changed:
            return None
        repository = self.workspace.repository
        _ = self.user  # without one git would refuse, in other words
        status = status_of(repository, [*changed, *self._surroundings])
        clean = status.head is not None and not (status.dirty or status.ignored)
        if self._defined or self._across or not clean:
            # What counts is what will be committed: a file that is on disk only would be missing for everybody else.
            ledger = self.base if status.head is None else self.workspace.ledger(status.head)
            validate(ledger, changed, self.campaigns, across=self._across)
        if dry_run:
            return Written()
        text = messages.compose([act.message for act in self.acts], message)
        changes = [Change(path, self.before[path], after) for path, after in changed.items()]
        if branch is None:
            return Written(commit(repository, changes, text, status))
        name = branch or self._free_branch()
        with on_new_branch(repository, name):
            made = commit(repository, changes, text)
        return Written(made, name)

    @property
    def _surroundings(self) -> list[str]:
        """What an appended event rests on beside the history: where it is committed, the event was checked with it."""
        if self._defined or self._across:
            return []
        homes = [self.directories[one][0] for one in self.campaigns]
        return [*homes, SETTINGS_FILE, "dataids"]

    def _free_branch(self) -> str:
        """Return the campaign's id, with a number behind it where there are branches of that name."""
        stem = next(iter(self.campaigns), None) or _stem(self.acts[0].path).replace("/", "-")
        names = (f"{stem}{f'-{number}' if number > 1 else ''}" for number in count(1))
        return next(name for name in names if not self.workspace.repository.has_branch(name))


def _stem(path: str) -> str:
    """Return the path of a set, or of its history, without what stands for the format."""
    return set_of_receipts(path) if is_receipts(path) else path.rpartition(".")[0]


def stamped(
    own: Mapping[str, Any],
    by: str,
    last: str | None,
    at: datetime | None = None,
    identity: str | None = None,
    *,
    patient: bool = False,
) -> dict[str, Any]:
    """Return an event with its identity, its time, and who did it; it follows on one of the time ``last``.

    Raise RefusedError if the clock and the last event disagree too much, unless ``patient``; UsageError for an ``at``
    that is still to come.
    """
    now = datetime.now(UTC)
    moment = times.next_after(now, last)
    if moment - now > times.CLOCK_TOLERANCE and not patient:
        raise RefusedError(
            f"the last event is dated {last}, but the clock says {times.recorded(now)}: "
            "one of the two clocks is wrong; set it, or retract that event"
        )
    if at is not None and at > now + times.CLOCK_TOLERANCE:
        raise UsageError(f"--at {times.happened(at)} is still to come")
    stamps = {"id": identity or random_id(), "time": times.recorded(moment)}
    if at is not None:
        stamps["at"] = times.happened(at)
    return {**stamps, "by": by, **own}


def _line(path: str, number: int, event: Mapping[str, Any]) -> bytes:
    """Return the line of an event. Raise RefusedError if it does not have the form that it should have."""
    line = format_event(event).encode()
    problems = [replace(one, line=number) for one in parse_events(path, line)[1]]
    if problems:
        raise refused(problems)
    return line


def _require_no_new(before: Iterable[Problem], after: Iterable[Problem]) -> None:
    """Raise RefusedError for errors that were not there before."""
    known = {one.identity for one in before if one.severity is Severity.ERROR}
    new = [one for one in after if one.severity is Severity.ERROR and one.identity not in known]
    if new:
        raise refused(new)


def validate(ledger: Ledger, files: Mapping[str, bytes | None], campaigns: Sequence[str], *, across: bool) -> None:
    """Raise RefusedError if the ledger with some files changed has errors that it does not have without.

    ``campaigns`` are those that the files belong to; with ``across`` other campaigns could be in their way: by a name,
    a key, a RUN collection.
    """
    now = datetime.now(UTC)
    homes = {ledger.directories[one][0] for one in campaigns if one in ledger.directories}
    within = None if across else tuple(homes | {path.rpartition("/")[0] for path in files})
    future = Ledger(Overlay(ledger.files, files, within))
    after = checks.check(future, now, campaigns, across=across, files=files)
    errors = [problem for problem in after if problem.severity is Severity.ERROR]
    if not errors:
        return
    present = [one for one in campaigns if one in ledger.directories]
    known = {one.identity for one in checks.check(ledger, now, present, across=across, files=files)}
    # A definition that can be read again shows errors that were hidden behind those which are mended.
    opened = [one for one in present if not ledger.record(one).campaign and future.record(one).campaign]
    hidden = tuple(f"{ledger.directories[one][0]}/" for one in opened)
    new = [problem for problem in errors if problem.identity not in known and not problem.path.startswith(hidden)]
    if new:
        raise refused(new)


def refused(problems: Sequence[Problem]) -> RefusedError:
    """Return the refusal of what would bring new errors into the ledger."""
    return RefusedError(f"refused, nothing was changed:\n{report_text(problems)}", problems)
