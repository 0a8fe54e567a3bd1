"""A ledger on disk, with its repository: found, asked for a campaign by what people call it, and written to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from campledger.errors import DataError, GitError, RefusedError, UsageError
from campledger.ledger.histories import is_history
from campledger.ledger.ledger import Ledger, Record
from campledger.model.ids import slug
from campledger.model.text_format import counted
from campledger.operations.as_of import commit_as_of
from campledger.problems import Problem, report_text
from campledger.repository.file_trees import GitTree, WorkTree
from campledger.repository.git_commands import Repository
from campledger.suggestions import closest

SHOWN = 8
"""How many candidates an ambiguous name lists."""

INSIDE = 3
"""A part of a name that is shorter than this says nothing of which campaign is meant."""


@dataclass(frozen=True)
class Workspace:
    """A ledger in a work tree."""

    root: Path
    progress: Callable[[int, int], None] | None = None
    """Told how many campaigns of how many were read, where many are asked for."""
    tell_newer: Callable[[str], None] | None = None
    """Told in words where the ledger is of a newer format."""

    @cached_property
    def repository(self) -> Repository:
        """The git repository that the ledger belongs to. Raise GitError if there is none."""
        repository = Repository(self.root)
        if not repository.exists():
            raise GitError(f"{self.root} is in no git repository: `git init` there, or `campledger init`")
        return repository

    def ledger(self, revision: str | None = None) -> Ledger:
        """Return the ledger as it is on disk, or as of a commit, day or time, see `moments.commit_as_of`."""
        if revision is None:
            return Ledger(WorkTree(self.root), self.progress, self.tell_newer)
        return Ledger(GitTree(self.repository, self.commit_of(revision)), self.progress, self.tell_newer)

    def commit_of(self, revision: str) -> str:
        """Return the full hash of the commit that a revision, day or time names. Raise UsageError if there is none."""
        return commit_as_of(self.repository, self.root, revision)

    def staged(self) -> Ledger:
        """Return the ledger as it is in the index."""
        return Ledger(GitTree(self.repository, None))

    def user(self, ledger: Ledger) -> str:
        """Return the handle, or else the name, of who is at work. Raise GitError if git does not know."""
        return ledger.settings.handle_of(*self.repository.identity())

    def known_user(self, ledger: Ledger) -> str | None:
        """Return the handle of who is at work, or None if the settings' people do not include them."""
        user = self.user(ledger)
        return user if user in ledger.settings.people else None


def resolve(ledger: Ledger, reference: str) -> str:
    """Return the id of the campaign that people mean: full id, random suffix, name, or the beginning of id or name.

    A path does as well, of the campaign's directory or of a file in it: shells complete those, and git prints them.
    Raise UsageError, with candidates, if it is none or several.
    """
    if not any(char.isalnum() for char in reference):
        raise UsageError(f"`{reference}` names no campaign: `campledger list` shows them", value=reference)
    if reference in ledger.directories:
        return reference
    if "/" in reference:
        parts = reversed(reference.split("/"))
        reference = next((part for part in parts if part in ledger.directories), reference)
        if reference in ledger.directories:
            return reference
    wanted = slug(reference)
    candidates = ledger.suffixes.get(reference) or ledger.slugs.get(wanted) or _beginning(ledger, reference, wanted)
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        return _only_open_one(ledger, reference, candidates)
    renamed = [record.id for record in ledger.records() if record.campaign and record.campaign.name == reference]
    if len(renamed) == 1:
        return renamed[0]
    inside = [one for one in ledger.slugs if wanted in one] if len(wanted) >= INSIDE else []
    near = [ledger.slugs[one][-1] for one in inside[:3] or closest(wanted, ledger.slugs, 3) or _alike(ledger, wanted)]
    hint = f"did you mean {' or '.join(near)}?" if near else "`campledger list` shows them"
    raise UsageError(f"unknown campaign `{reference}`: {hint}", value=reference)


def _alike(ledger: Ledger, wanted: str) -> list[str]:
    """Return up to three slugs with a word that is much like the wanted one."""
    words = {word: one for one in ledger.slugs for word in one.split("-")}
    return [words[word] for word in closest(wanted, words, 3, 0.75)]


def _beginning(ledger: Ledger, reference: str, wanted: str) -> tuple[str, ...]:
    return tuple(one for one in ledger.directories if one.startswith(reference) or one[11:].startswith(wanted))


def _only_open_one(ledger: Ledger, reference: str, candidates: Sequence[str]) -> str:
    """Names repeat over time, but only one of them is not final."""
    records = list(ledger.records(candidates))
    live = [one for one in records if one.history is None or not one.history.state.is_final]
    if len(live) == 1:
        return live[0].id
    rows = [f"  {one.id}  {one.history.state if one.history else 'unreadable'}" for one in records[:SHOWN]]
    more = f"\n  and {len(records) - SHOWN} more" if len(records) > SHOWN else ""
    listed = "\n".join(rows)
    message = f"`{reference}` may mean {len(records)} campaigns; give more of the id:\n{listed}{more}"
    raise UsageError(message, value=reference)


def is_beginning(reference: str, event_id: str) -> bool:
    """Whether people mean this event; fewer than four characters may as well be a mistyped run id."""
    return len(reference) >= 4 and event_id.startswith(reference)


def find_event(ledger: Ledger, reference: str, kinds: Sequence[str] = ()) -> tuple[str, str]:
    """Return campaign and full id of the event that a beginning of its id, or a run id, names.

    ``kinds`` restricts the search to types of events. Raise UsageError if there is none or several.
    """
    what, lister = ("submission", "show") if "submission" in kinds else ("event", "log")
    if not reference.strip():
        raise UsageError(f"`{reference}` names no {what}: `campledger {lister} CAMPAIGN` lists them", value=reference)
    exact: dict[tuple[str, str], None] = {}
    near: dict[tuple[str, str], None] = {}
    for record in ledger.records(ledger.recorded(reference)):
        for event in record.history.events if record.history else ():
            if kinds and event.type not in kinds:
                continue
            one = event.data["submission"] if kinds and event.type == "outcome" else event.id
            if reference in {event.id, event.data.get("run_id")}:
                exact[record.id, one] = None
            elif is_beginning(reference, event.id):
                near[record.id, one] = None
    found = list(exact or near)
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"unknown {what} `{reference}`: `campledger {lister} CAMPAIGN` lists them"
        raise UsageError(message, value=reference)
    rows = "\n".join(f"  {event}  of {campaign}" for campaign, event in found[:SHOWN])
    raise UsageError(f"`{reference}` may mean {len(found)} {what}s; give more of the id:\n{rows}", value=reference)


def require_known_format(ledger: Ledger) -> None:
    """Raise RefusedError if the ledger is of a newer format: what is written might say what nobody meant."""
    if ledger.settings.newer:
        raise RefusedError(f"nothing was changed: the ledger was {ledger.settings.newer}")


MAX_LISTED = 100
"""Problems of a file that a refusal lists; the others are counted."""


def told(problems: Sequence[Problem]) -> str:
    """Return the message of a refusal for what is wrong with a file that was given."""
    listed = sorted(problems)[:MAX_LISTED]
    more = f"\nand {len(problems) - MAX_LISTED:,} more" if len(problems) > MAX_LISTED else ""
    return f"{counted(len(problems), 'problem')}, nothing was changed:\n{report_text(listed)}{more}"


def require_readable(record: Record) -> None:
    """Raise DataError if the campaign's files cannot be read, so that nothing can be added to them."""
    blocking = [
        problem
        for problem in record.errors
        if record.campaign is None
        or (
            is_history(problem.path) and problem.rule in {"event-line", "conflict-marker", "unreadable", "path-outside"}
        )
    ]
    if blocking:
        raise DataError(f"{record.id} cannot be read:\n{report_text(blocking)}", blocking)


def read_bytes(ledger: Ledger, path: str) -> bytes:
    """Return a file's content, or nothing where it is not there."""
    return ledger.files.read([path]).get(path, b"")
