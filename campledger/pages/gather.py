"""A ledger at a commit, read once for all pages of its site.

Each module beside this one turns it into plain dicts, one for each page, that hold everything which the page shows.

Nothing there knows of templates, and a template gets nothing but its dict: a page's bytes follow from its dict
alone. Campaigns that cannot be read get no page of their own; the list names them with what is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from campledger.ledger.reading import Ledger, Record
from campledger.ledger.sets import SHARED, Reference, Sets, is_receipts, references_of, sources
from campledger.model import query
from campledger.model.campaign import Campaign
from campledger.model.history import History
from campledger.model.ids import CAMPAIGN_ID
from campledger.pages import steps, text
from campledger.pages.links import Directory
from campledger.pages.shelf import Shelf
from campledger.problems import Problem
from campledger.repository import past
from campledger.repository.commands import Repository

Page = dict[str, Any]
"""What one page shows, and under `template`, `path` and `root` which template makes which file of it."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What a site was built from."""

    hash: str
    time: int
    """Committer date, in seconds since 1970."""
    worktree: bool = False
    """Whether the files were read from the work tree on top of this commit."""


@dataclass(frozen=True, slots=True)
class Readable:
    """A campaign that gets a page, with what the list and its own page both need."""

    record: Record
    campaign: Campaign
    history: History
    progress: steps.Progress
    facts: Mapping[str, tuple[str | int, ...]]


class Survey:
    """All campaigns of a ledger, read once, and what is between them."""

    def __init__(self, ledger: Ledger, commit: Commit | None, repository: Repository | None = None):
        self.ledger = ledger
        self.commit = commit
        self.repository = repository
        """Where the past of events and sets is looked up; without one, pages tell nothing of it."""
        self.directory = Directory(ledger.settings)
        self.shared = _shared(ledger, commit, self.directory)
        self.readable: list[Readable] = []
        self.unreadable: list[Record] = []
        for record in ledger.records():
            if record.campaign and record.history is not None and CAMPAIGN_ID.fullmatch(record.id):
                self.readable.append(_readable(record, record.campaign, record.history))
            else:
                self.unreadable.append(record)
        self.titles = {one.campaign.id: one.campaign.title for one in self.readable}
        self.children: dict[str, list[str]] = {}
        for one in self.readable:
            for parent in one.facts["parent"]:
                self.children.setdefault(str(parent), []).append(one.campaign.id)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the settings, the layout and the campaigns, each by itself."""
        records = chain((one.record for one in self.readable), self.unreadable)
        found = chain.from_iterable(record.problems for record in records)
        return tuple(sorted({*self.ledger.settings_problems, *self.ledger.strays, *found, *self.set_problems}))

    @property
    def commit_hash(self) -> str:
        """The commit that the site shows, or nothing."""
        return self.commit.hash if self.commit else ""

    @cached_property
    def shelf(self) -> Shelf:
        """The DataId sets, summed up."""
        return Shelf(Sets(self.ledger, self.repository))

    @cached_property
    def set_problems(self) -> tuple[Problem, ...]:
        """What is wrong with the shared sets and their receipts."""
        files = {path for paths in self.ledger.shared_sets.values() for path in paths}
        files |= {path for path in self.ledger.files.paths if is_receipts(path)}
        return tuple(self.shelf.sets.check(files)) if files else ()

    @cached_property
    def set_users(self) -> dict[str, list[dict[str, Any]]]:
        """The campaigns that name each shared set, newest first."""
        users: dict[str, list[dict[str, Any]]] = {}
        for one in self.readable:
            purposes: dict[str, list[str]] = {}
            for purpose, written in references_of(one.record):
                purposes.setdefault(Reference.parse(written).name, []).append(purpose)
            for name in purposes.keys() & self.ledger.shared_sets.keys():
                users.setdefault(name, []).append(
                    {
                        "id": one.campaign.id,
                        "title": one.campaign.title,
                        "state": str(one.history.state),
                        "href": page_path(one.campaign.id),
                        "purposes": list(dict.fromkeys(purposes[name])),
                    }
                )
        return users

    @cached_property
    def set_children(self) -> dict[str, list[str]]:
        """The shared sets that are made from each."""
        children: dict[str, list[str]] = {}
        for name, paths in self.ledger.shared_sets.items():
            derived = self.shelf.sets.file(paths[0]).derived or {}
            for written in dict.fromkeys(Reference.parse(one).name for one in sources(derived)):
                children.setdefault(written, []).append(name)
        return children

    @cached_property
    def set_versions(self) -> dict[str, list[past.Version]]:
        """The commits that changed each shared set, the latest first, by path."""
        if self.repository is None or self.commit is None or not self.ledger.shared_sets:
            return {}
        return past.versions(self.repository, self.commit.hash, SHARED)

    @cached_property
    def event_commits(self) -> dict[str, str]:
        """The commit that recorded each event, by the event's id."""
        if self.repository is None or self.commit is None:
            return {}
        events = [event.id for one in self.readable for event in one.history.events]
        return past.event_commits(self.repository, self.commit.hash, events) if events else {}


NAVIGATION = (
    ("Front", "index.html"),
    ("Campaigns", "list.html"),
    ("Sets", "sets/index.html"),
    ("People", "people/index.html"),
    ("New", "new.html"),
)
"""What every page leads to, where the site has it."""


def navigation(paths: Collection[str]) -> list[dict[str, str]]:
    """Return the links of every page's head to those pages that a site has."""
    return [{"title": title, "path": path} for title, path in NAVIGATION if path in paths]


def page_path(campaign_id: str) -> str:
    """Return the path of a campaign's page in the site."""
    return f"campaigns/{campaign_id}.html"


def _readable(record: Record, campaign: Campaign, history: History) -> Readable:
    progress = steps.Progress(campaign, history)
    return Readable(record, campaign, history, progress, query.facts_of(campaign, history))


def _shared(ledger: Ledger, commit: Commit | None, directory: Directory) -> Page:
    """Return what every page of the site names: the ledger, and the commit it was built from."""
    named = None
    if commit is not None:
        named = {
            "hash": commit.hash,
            "short": commit.hash[:10],
            "time": text.moment_of(commit.time),
            "url": directory.commit(commit.hash),
            "worktree": commit.worktree,
        }
    return {"ledger": {"title": ledger.settings.title}, "commit": named, "navigation": []}


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems as a page shows them."""
    return [problem.as_dict() for problem in sorted(problems)]
