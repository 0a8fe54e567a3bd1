"""A ledger on disk, with its repository: found, asked for a campaign by what people call it, and written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path

from campledger.errors import DataError, GitError, RefusedError, UsageError
from campledger.ledger import checks
from campledger.ledger.reading import EVENTS, Ledger, Record
from campledger.model.ids import slug
from campledger.model.words import counted
from campledger.operations.moments import commit_as_of
from campledger.problems import Problem, Severity, report_text
from campledger.repository.commands import Repository
from campledger.repository.commits import Change, commit, locked, on_new_branch
from campledger.repository.trees import GitTree, Overlay, WorkTree
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
            return Ledger(WorkTree(self.root), self.progress)
        return Ledger(GitTree(self.repository, self.commit_of(revision)), self.progress)

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
        raise UsageError(f"`{reference}` names no campaign: `campledger list` shows them")
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
    near = [ledger.slugs[one][-1] for one in inside[:3] or closest(wanted, ledger.slugs, 3)]
    hint = f"did you mean {' or '.join(near)}?" if near else "`campledger list` shows them"
    raise UsageError(f"there is no campaign `{reference}`: {hint}")


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
    raise UsageError(f"`{reference}` may mean {len(records)} campaigns; give more of the id:\n{listed}{more}")


def is_beginning(reference: str, event_id: str) -> bool:
    """Whether people mean this event; fewer than four characters may as well be a mistyped run id."""
    return len(reference) >= 4 and event_id.startswith(reference)


def find_event(ledger: Ledger, reference: str, kinds: Sequence[str] = ()) -> tuple[str, str]:
    """Return campaign and full id of the event that a beginning of its id, or a run id, names.

    ``kinds`` restricts the search to types of events. Raise UsageError if there is none or several.
    """
    what, lister = ("submission", "show") if "submission" in kinds else ("event", "log")
    if not reference.strip():
        raise UsageError(f"`{reference}` names no {what}: `campledger {lister} CAMPAIGN` lists them")
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
        raise UsageError(f"there is no {what} `{reference}`: `campledger {lister} CAMPAIGN` lists them")
    rows = "\n".join(f"  {event}  of {campaign}" for campaign, event in found[:SHOWN])
    raise UsageError(f"`{reference}` may mean {len(found)} {what}s; give more of the id:\n{rows}")


@dataclass(frozen=True)
class Draft:
    """What an operation is about to write: files by path, and the message of the commit."""

    files: Mapping[str, bytes | None]
    message: str
    campaigns: tuple[str, ...] = ()
    """Ids of the campaigns that it touches."""
    across: bool = False
    """Whether other campaigns could be in its way: a name, a key, a RUN collection."""


@dataclass(frozen=True)
class Written:
    """What an operation wrote; ``commit`` is None after a dry run or where there was nothing to do."""

    draft: Draft
    commit: str | None
    branch: str | None = None
    """The new branch that has the commit, where HEAD has not."""


def write(
    workspace: Workspace,
    prepare: Callable[[Ledger], Draft | None],
    *,
    dry_run: bool = False,
    branch: str | None = None,
) -> Written | None:
    """Let ``prepare`` look at the ledger under its lock and commit what it drafts; None where it drafts nothing.

    With ``branch``, the commit goes to a new branch that starts from HEAD, and nothing else changes; an empty name
    stands for one made from the campaign's id.

    Raise RefusedError, DataError or GitError, with nothing changed, if the result would have new errors, or
    cannot be committed.
    """
    with locked(workspace.repository):
        head = workspace.repository.head()
        ledger = workspace.ledger(None if branch is None else head)
        draft = prepare(ledger)
        if draft is None:
            return None
        # What counts is what will be committed: a file that is on disk only would be missing for everybody else.
        validate(ledger if head is None else workspace.ledger(head), draft)
        if dry_run:
            return Written(draft, None)
        before = ledger.files.read(draft.files)
        changes = [Change(path, before.get(path), after) for path, after in draft.files.items()]
        if branch is None:
            return Written(draft, commit(workspace.repository, changes, draft.message))
        name = branch or _free_branch(workspace.repository, draft)
        with on_new_branch(workspace.repository, name):
            made = commit(workspace.repository, changes, draft.message)
        return Written(draft, made, name)


def _free_branch(repository: Repository, draft: Draft) -> str:
    """Return the campaign's id, with a number behind it where there are branches of that name."""
    names = (f"{draft.campaigns[0]}{f'-{number}' if number > 1 else ''}" for number in count(1))
    return next(name for name in names if not repository.has_branch(name))


def validate(ledger: Ledger, draft: Draft) -> None:
    """Raise RefusedError if the ledger with the draft in it has errors that it does not have without."""
    now = datetime.now(UTC)
    homes = {ledger.directories[one][0] for one in draft.campaigns if one in ledger.directories}
    within = None if draft.across else tuple(homes | {path.rpartition("/")[0] for path in draft.files})
    future = Ledger(Overlay(ledger.files, draft.files, within))
    after = checks.check(future, now, draft.campaigns, across=draft.across, files=draft.files)
    errors = [problem for problem in after if problem.severity is Severity.ERROR]
    if not errors:
        return
    present = [one for one in draft.campaigns if one in ledger.directories]
    known = {one.identity for one in checks.check(ledger, now, present, across=draft.across, files=draft.files)}
    # A definition that can be read again shows errors that were hidden behind those which are mended.
    opened = [one for one in present if not ledger.record(one).campaign and future.record(one).campaign]
    hidden = tuple(f"{ledger.directories[one][0]}/" for one in opened)
    new = [problem for problem in errors if problem.identity not in known and not problem.path.startswith(hidden)]
    if new:
        raise refused(new)


def refused(problems: Sequence[Problem]) -> RefusedError:
    """Return the refusal of what would bring new errors into the ledger."""
    return RefusedError(f"refused, nothing was changed:\n{report_text(problems)}", problems)


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
            problem.path == record.path(EVENTS)
            and problem.rule in {"event-line", "conflict-marker", "unreadable", "path-outside"}
        )
    ]
    if blocking:
        raise DataError(f"{record.id} cannot be read:\n{report_text(blocking)}", blocking)


def read_bytes(ledger: Ledger, path: str) -> bytes:
    """Return a file's content, or nothing where it is not there."""
    return ledger.files.read([path]).get(path, b"")


def subject_line(words: str) -> str:
    """Return what a commit does as its subject: one line, of a length that git shows."""
    line = "".join(char if char.isprintable() else "?" for char in " ".join(words.split()))
    return line if len(line) <= 72 else f"{line[:71]}…"
