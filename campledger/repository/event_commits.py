"""Which commits made what a ledger holds: few passes over the history for everything, never one for each file.

Merges are left out: what they bring in was made by the commits on their branches. So what is found for a commit is
what was found for one that it descends from, and what lies between them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from campledger.repository.git_commands import Repository
from campledger.repository.messages import EVENTS_FORMAT

_HEADER = re.compile(r"([0-9a-f]{40,64})\t(\d+)\t([^\t]*)\t(.*)", re.DOTALL)
_HASH = re.compile(rb"[0-9a-f]{40,64}")
_ADDED_EVENT = re.compile(rb'\+- \{"id": ?"([a-z0-9]{12})"')
_EVENT = re.compile(r"[a-z0-9]{12}")


@dataclass(frozen=True, slots=True)
class Version:
    """A commit that changed a file."""

    commit: str
    time: int
    """Committer date, in seconds since 1970."""
    name: str
    email: str


def versions(repository: Repository, commit: str, directory: str, since: str | None = None) -> dict[str, list[Version]]:
    """Return the commits that changed each file below a directory, the latest first, by path from the ledger.

    With ``since``, only those that a commit before does not descend from.
    """
    fixed = ("-c", "log.showRoot=true", "-c", "log.showSignature=false", "log")
    form = ("-z", "--no-renames", "--relative", "--name-only", "--no-merges", "--full-history")
    shown = ("--format=%x00%H%x09%ct%x09%an%x09%ae", _span(commit, since), "--", directory)
    out = repository.run(*fixed, *form, *shown).out.decode("utf-8", "surrogateescape")
    found: dict[str, list[Version]] = {}
    version = None
    for token in out.split("\0"):
        header = _HEADER.fullmatch(token)
        path = token.lstrip("\n")
        if header:
            version = Version(header[1], int(header[2]), header[3], header[4])
        elif version is not None and path:
            found.setdefault(path, []).append(version)
    return found


def event_commits(repository: Repository, commit: str, since: str | None = None) -> dict[str, tuple[int, str]]:
    """Return the time and hash of the earliest commit that recorded each event, by the event's id.

    An act names its event in the commit's trailer. Other commits, such as imports, are read line by line.
    """
    form = f"--format=%H %ct {EVENTS_FORMAT}"
    command = ("-c", "log.showSignature=false", "log", "--no-merges", "-z", form)
    out = repository.run(*command, _span(commit, since), "--").out.decode("utf-8", "replace")
    found: dict[str, tuple[int, str]] = {}
    others: dict[str, int] = {}
    for row in filter(None, out.split("\0")):
        name, time, *named = row.split(" ")
        events = [event for event in named if _EVENT.fullmatch(event)]
        for event in events:
            found[event] = min((int(time), name), found.get(event, (int(time), name)))
        if not events:
            others[name] = int(time)
    if others:
        for event, name in _by_line(repository, list(others)):
            found[event] = min((others[name], name), found.get(event, (others[name], name)))
    return found


def _by_line(repository: Repository, commits: list[str]) -> list[tuple[str, str]]:
    """Return each event whose line a commit added, and the commit."""
    command = ("diff-tree", "--stdin", "--root", "-r", "-p", "-U0", "--no-renames", "--no-ext-diff", "--no-color")
    places = ("--", ":(glob)campaigns/**/events.yaml", ":(glob)campaigns/**/events/*.yaml")
    out = repository.run(*command, *places, stdin="".join(f"{one}\n" for one in commits).encode()).out
    found, commit = [], ""
    for line in out.split(b"\n"):
        added = _ADDED_EVENT.match(line)
        if added:
            found.append((added[1].decode(), commit))
        elif _HASH.fullmatch(line):
            commit = line.decode()
    return found


def _span(commit: str, since: str | None) -> str:
    return commit if since is None else f"{since}..{commit}"
