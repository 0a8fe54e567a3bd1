"""Which commits made what a ledger holds: few passes over the history for everything, never one for each file."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from campledger.repository.commands import Repository

_HEADER = re.compile(r"([0-9a-f]{40,64})\t(\d+)\t([^\t]*)\t(.*)", re.DOTALL)
_HASH = re.compile(rb"[0-9a-f]{40,64}")
_ADDED_EVENT = re.compile(rb'\+- \{"id": ?"([a-z0-9]{12})"')


@dataclass(frozen=True, slots=True)
class Version:
    """A commit that changed a file."""

    commit: str
    time: int
    """Committer date, in seconds since 1970."""
    name: str
    email: str


def versions(repository: Repository, commit: str, directory: str) -> dict[str, list[Version]]:
    """Return the commits that changed each file below a directory, the latest first, by path from the ledger."""
    command = ("log", "-z", "--no-renames", "--relative", "--name-only", "--format=%x00%H%x09%ct%x09%aN%x09%aE")
    out = repository.run(*command, commit, "--", directory).out.decode("utf-8", "surrogateescape")
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


def event_commits(repository: Repository, commit: str, events: Collection[str]) -> dict[str, str]:
    """Return the commit that recorded each of the events, by id, for those that were committed at all.

    An act names its event in the commit's trailer. Others, such as imports and pull requests, are read line by line.
    """
    wanted = set(events)
    out = repository.run(
        "log", "--format=%H %(trailers:key=Campledger-Event,valueonly,separator=%x20)", commit, "--"
    ).out.decode("utf-8", "replace")
    found: dict[str, str] = {}
    others = []
    for line in out.splitlines():
        name, *named = line.split(" ")
        named = [event for event in named if event in wanted]
        found |= dict.fromkeys(named, name)  # the latest comes first: what was picked again counts from its beginning
        if not named:
            others.append(name)
    if wanted - found.keys():
        found = _by_line(repository, others, wanted) | found
    return found


def _by_line(repository: Repository, commits: list[str], wanted: Collection[str]) -> dict[str, str]:
    """Return the commit that added the line of each event."""
    command = ("diff-tree", "--stdin", "--root", "-r", "-p", "-U0", "--no-renames", "--no-ext-diff", "--no-color")
    places = ("--", ":(glob)campaigns/**/events.yaml")
    out = repository.run(*command, *places, stdin="".join(f"{one}\n" for one in commits).encode()).out
    found, commit = {}, ""
    for line in out.split(b"\n"):
        added = _ADDED_EVENT.match(line)
        if added and added[1].decode() in wanted:
            found[added[1].decode()] = commit
        elif _HASH.fullmatch(line):
            commit = line.decode()
    return found
