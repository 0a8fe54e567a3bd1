"""A ledger at a commit, read once for all pages of its site.

Each module beside this one turns it into plain dicts, one for each page, that hold everything which the page shows.

Nothing there knows of templates, and a template gets nothing but its dict: a page's bytes follow from its dict
alone. Campaigns that cannot be read get no page of their own; the list names them with what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from campledger.ledger.reading import Ledger, Record
from campledger.model import query
from campledger.model.campaign import Campaign
from campledger.model.history import History
from campledger.model.ids import CAMPAIGN_ID
from campledger.pages import steps, text
from campledger.pages.links import Directory
from campledger.problems import Problem

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

    def __init__(self, ledger: Ledger, commit: Commit | None):
        self.ledger = ledger
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
        return tuple(sorted({*self.ledger.settings_problems, *self.ledger.strays, *found}))


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
    return {"ledger": {"title": ledger.settings.title}, "commit": named}


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems as a page shows them."""
    return [problem.as_dict() for problem in sorted(problems)]
