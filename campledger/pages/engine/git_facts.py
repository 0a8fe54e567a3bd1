"""What git tells of the time before a commit: who changed what last, kept from build to build.

Each answer for a commit follows from that for an earlier one and from what lies between them, so that what is
brought up to date is what would be worked out from nothing:

- what changed a campaign last goes by first parents, see :mod:`campledger.repository.last_change`; its page names that
  commit, so that a commit elsewhere leaves the page as it is;
- what recorded an event is the earliest commit that did, and a set's versions are all commits that changed it: both
  go by every commit from which the one shown descends.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from campledger.ledger.sets import SHARED
from campledger.repository import event_commits, last_change
from campledger.repository.cache import Cache
from campledger.repository.event_commits import Version
from campledger.repository.git_commands import Repository

FORMAT = 1
"""Version of what is kept; raised when an older one would be misread."""

_DEPTH = 4
"""Parts of a campaign's directory: campaigns, year, month, id."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that a page names: the site's own, or the last one that changed what the page shows."""

    hash: str
    time: int
    """Committer date, in seconds since 1970."""
    worktree: bool = False
    """Whether the files were read from the work tree on top of this commit."""


def digest(*parts: str) -> str:
    """Return what stands for some texts, in order."""
    joined = "\n".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(joined, digest_size=12).hexdigest()


class Past:
    """The time before a commit, looked up as it is asked for."""

    def __init__(self, repository: Repository, tip: str, cache: Cache):
        self._repository = repository
        self._tip = tip
        self._cache = cache

    @cached_property
    def last_changes(self) -> dict[str, Commit]:
        """The last commit, by first parents, that changed each campaign's directory or other file of the ledger."""
        kept = self._kept("changes", self._changes)
        return {place: Commit(commit, time) for commit, (time, places) in kept.items() for place in places}

    @cached_property
    def versions(self) -> dict[str, list[Version]]:
        """The commits that changed each shared set, the latest first, by path."""
        kept = self._kept("versions", self._versions)
        return {path: [Version(*row) for row in rows] for path, rows in kept.items()}

    @cached_property
    def event_commits(self) -> dict[str, str]:
        """The commit that recorded each event, by the event's id."""
        kept = self._kept("events", self._events)
        return {event: commit for commit, (_, events) in kept.items() for event in events}

    def _kept(self, what: str, make: Callable[[str | None, Any], Any]) -> Any:
        """Return what is kept for the commit, or made from what is kept for an earlier one, or from nothing."""
        # What a shallow clone tells does not hold once it has more of the history.
        name = f"{what} {FORMAT} {self._repository.prefix} {digest(self._repository.boundary)}"
        key = digest(name, self._tip)
        kept = self._cache.get(key)
        if not isinstance(kept, dict):
            before = self._cache.latest(name)
            base = before["tip"] if before and self._repository.is_ancestor(before["tip"], self._tip) else None
            found = make(base, before["found"] if base else {})
            kept = {"tip": self._tip, "found": found}
            self._cache.put_many({key: (name, json.dumps(kept))})
        return kept["found"]

    def _changes(self, since: str | None, before: Any) -> dict[str, Any]:
        way = last_change.steps(self._repository, self._tip, since)
        if way is None:  # what is known lies on another way
            way, before = last_change.steps(self._repository, self._tip) or [], {}
        seen: set[str] = set()
        commits: dict[str, Any] = {}
        for step in way:
            places = sorted({_place(path) for path in step.paths} - seen)
            seen.update(places)
            if places:
                commits[step.commit] = [step.time, places]
        for commit, (time, places) in before.items():
            left = [place for place in places if place not in seen]
            if left:
                commits[commit] = [time, left]
        return commits

    def _versions(self, since: str | None, before: Any) -> dict[str, Any]:
        found: dict[str, list[Any]] = dict(before)
        for path, versions in event_commits.versions(self._repository, self._tip, SHARED, since).items():
            rows = [[one.commit, one.time, one.name, one.email] for one in versions]
            found[path] = sorted([*rows, *found.get(path, [])], key=lambda row: (-row[1], row[0]))
        return found

    def _events(self, since: str | None, before: Any) -> dict[str, Any]:
        found = {event: (time, commit) for commit, (time, events) in before.items() for event in events}
        for event, place in event_commits.event_commits(self._repository, self._tip, since).items():
            found[event] = min(place, found.get(event, place))
        commits: dict[str, Any] = {}
        for event, (time, commit) in found.items():
            commits.setdefault(commit, [time, []])[1].append(event)
        return commits


def _place(path: str) -> str:
    return "/".join(path.split("/", _DEPTH)[:_DEPTH]) if path.startswith("campaigns/") else path
