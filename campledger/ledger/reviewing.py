"""What a change of a ledger means: two of its states, held against each other campaign by campaign and set by set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campledger.documents import strict
from campledger.documents.lines import parse_events
from campledger.ledger.checks import check_some, rewritten
from campledger.ledger.differences import (
    CampaignDifference,
    Effect,
    SetDifference,
    Side,
    compare,
    compare_sets,
    effect,
)
from campledger.ledger.histories import is_receipts, receipts_path
from campledger.ledger.ledger import DEFINITION, Ledger, Record
from campledger.ledger.queries import is_query_path
from campledger.ledger.sets import SHARED, Sets, is_set_path
from campledger.ledger.settings import SETTINGS_FILE
from campledger.ledger.templates import is_template_path
from campledger.model.differences import Difference, differences
from campledger.model.history import Event
from campledger.problems import Problem
from campledger.repository.file_trees import GitTree
from campledger.repository.git_commands import Repository


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file of the ledger that is no campaign's and no set's: settings, a saved query, a template, anything."""

    path: str
    change: str
    """`added`, `changed` or `removed`."""
    differences: tuple[Difference, ...] = ()
    """What differs between the two documents, where both can be read as a mapping."""

    @property
    def is_known(self) -> bool:
        """Whether it is of a sort that the ledger knows."""
        return self.path == SETTINGS_FILE or is_query_path(self.path) or is_template_path(self.path)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "path": self.path, "change": self.change, "differences": [one.as_dict() for one in self.differences]
        }  # fmt: skip


@dataclass(frozen=True)
class Review:
    """What a change of a ledger means."""

    base: str
    """The commit that it starts from; with `BASE...HEAD`, the merge base."""
    head: str
    defined: list[Record]
    changed: list[CampaignDifference]
    """Campaigns of which the definition, a file, a set of their own, or the history differs."""
    removed: list[Record]
    sets: list[SetDifference]
    """The shared ones."""
    receipts: Mapping[str, list[Event]]
    """What happened to shared sets, by name."""
    files: list[OtherFile]
    effects: list[Effect]
    introduced: list[Problem]
    mended: list[Problem]


def review(repository: Repository, base: str, head: str, now: datetime, tip: str | None = None) -> Review:
    """Return what lies between two commits.

    ``tip`` is where the change is to go, if that has moved on from ``base``: what is running there counts.
    """
    old, new = (Ledger(GitTree(repository, commit)) for commit in (base, head))
    current = old if tip is None else Ledger(GitTree(repository, tip))
    sides = old_sets, new_sets = Sets(old, repository), Sets(new, repository)
    paths = repository.changed_paths(base, head)
    before, after = (_records(ledger, paths) for ledger in (old, new))
    touched = frozenset(paths)
    changed = [
        compare(Side(before[name], old, old_sets), Side(after[name], new, new_sets), touched)
        for name in after
        if name in before
    ]
    names = sorted({_set_name(path) for path in paths if _is_shared(path)})
    sets = [found for name in names if (found := compare_sets(*sides, name))]
    introduced, mended = problems_between(old, new, paths, now)
    return Review(
        base=base,
        head=head,
        defined=[record for name, record in after.items() if name not in before],
        changed=[one for one in changed if not one.is_empty],
        removed=[record for name, record in before.items() if name not in after],
        sets=sets,
        receipts=dict(_receipts(old, new, paths)),
        files=list(_others(old, new, paths)),
        effects=list(_effects(old, new, current, changed, {one.name for one in sets})),
        introduced=introduced,
        mended=mended,
    )


def problems_between(
    old: Ledger, new: Ledger, paths: Sequence[str], now: datetime
) -> tuple[list[Problem], list[Problem]]:
    """Return the problems that one state of a ledger has and the earlier one has not, and the other way round.

    ``paths`` are the files that differ; campaigns that none of them concerns are not read.
    """
    before, after = (check_some(ledger, now, paths) for ledger in (old, new))
    after += rewritten(old.files, new.files, paths)
    known = [{one.identity for one in problems} for problems in (after, before)]
    mended = [one for one in before if one.identity not in known[0]]
    return sorted({one for one in after if one.identity not in known[1]}), mended


def _records(ledger: Ledger, paths: Iterable[str]) -> dict[str, Record]:
    """Return the campaigns in whose directories the paths lie, newest first."""
    homes = {home: name for name, (home, _) in ledger.directories.items()}
    ids = {homes[home] for path in paths for home in _above(path) if home in homes}
    return {record.id: record for record in ledger.records(sorted(ids, reverse=True))}


def _above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _is_shared(path: str) -> bool:
    return path.startswith(SHARED) and is_set_path(path) and not is_receipts(path)


def _set_name(path: str) -> str:
    return path[len(SHARED) :].rpartition(".")[0]


def _receipts(old: Ledger, new: Ledger, paths: Iterable[str]) -> Iterator[tuple[str, list[Event]]]:
    for path in filter(is_receipts, paths):
        name = path[len(SHARED) : -len(receipts_path("")[len(SHARED) :])]
        before, after = (
            {event.id: event for event in parse_events(path, content)[0]}
            for content in (ledger.files.read([path]).get(path, b"") for ledger in (old, new))
        )
        events = [event for key, event in after.items() if key not in before]
        if events:
            yield name, events


def _others(old: Ledger, new: Ledger, paths: Iterable[str]) -> Iterator[OtherFile]:
    """Yield the files that belong to no campaign and hold no set."""
    homes = {home for ledger in (old, new) for home, _ in ledger.directories.values()}
    for path in paths:
        here = [path in ledger.files.paths for ledger in (old, new)]
        # What is in neither is no file, but another repository, wherever it stands.
        if any(here) and (is_set_path(path) or any(home in homes for home in _above(path))):
            continue
        change = "changed" if here[0] == here[1] else "added" if here[1] else "removed"
        yield OtherFile(path, change, tuple(_within(path, old, new)) if all(here) else ())


def _within(path: str, old: Ledger, new: Ledger) -> list[Difference]:
    if not OtherFile(path, "").is_known:
        return []
    documents = [strict.read(path, ledger.files.read([path])[path]) for ledger in (old, new)]
    if any(one.problems or not isinstance(one.value, Mapping) for one in documents):
        return []
    return differences(*(one.value for one in documents))


def _effects(
    old: Ledger, new: Ledger, current: Ledger, changed: Sequence[CampaignDifference], sets: set[str]
) -> Iterator[Effect]:
    """Yield what the change means for campaigns at work: those that it touches, and those that name its sets."""
    touched = {one.after.id: one for one in changed}
    ids = [*touched, *(name for name in _naming(new, sets) if name not in touched and name in current.directories)]
    present = {record.id: record for record in current.records(one for one in ids if one in current.directories)}
    for record in new.records(ids):
        one = touched.get(record.id)
        now = present.get(record.id, one.before if one else record)
        own = [file.path for file in one.files] + [each.name for each in one.sets] if one else []
        found = effect(one.before if one else record, record, {*own, *sets}, now)
        if found is not None:
            yield found


def _naming(ledger: Ledger, sets: set[str]) -> list[str]:
    """Return the campaigns in whose definitions the name of one of the sets stands, without reading YAML."""
    words = [name.rpartition("/")[2].encode() for name in sets]
    paths = {f"{home}/{DEFINITION}": name for name, (home, _) in ledger.directories.items()}
    contents = ledger.files.read(paths) if words else {}
    return [paths[path] for path, content in contents.items() if any(word in content for word in words)]
