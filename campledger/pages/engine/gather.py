"""A ledger at a commit, surveyed once for all pages of its site.

Each module beside this one turns it into plain dicts, one for each page, that hold everything which the page shows.

Nothing there knows of templates, and a template gets nothing but its dict: a page's bytes follow from its dict
alone. Campaigns that cannot be read get no page of their own; the list names them with what is wrong.

A campaign is read only where something about it is not known from another build: what is worked out from it alone
(and the settings) is kept by the content that it was made from, see :func:`kept`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from campledger.ledger.histories import is_receipts, receipts_path
from campledger.ledger.ledger import Ledger, Record
from campledger.ledger.queries import Queries
from campledger.ledger.sets import (
    Reference,
    Sets,
    forms_of,
    is_set_path,
    references_of,
    sources,
)
from campledger.ledger.settings import SETTINGS_FILE
from campledger.model import query, rules
from campledger.model.campaign import Campaign
from campledger.model.history import History
from campledger.model.ids import CAMPAIGN_ID
from campledger.model.progress import Progress
from campledger.pages.content import text
from campledger.pages.content.links import Directory
from campledger.pages.content.set_summaries import Shelf
from campledger.pages.engine.git_facts import Commit, Past, digest
from campledger.pages.engine.worker_processes import shared_out
from campledger.problems import Problem, Severity
from campledger.repository.cache import Cache
from campledger.repository.event_commits import Version
from campledger.repository.file_trees import KnownFiles
from campledger.repository.git_commands import Repository

BATCH = 200
"""Campaigns that are read in one call of git."""

_HELD = 20_000
"""Campaigns that stay in memory once read, since their pages and feeds are made next; more are read again."""

Page = dict[str, Any]
"""What one page shows, and under `template`, `path` and `root` which template makes which file of it."""


class Readable:
    """A campaign that gets a page.

    Asking for `record`, `campaign`, `history` or `progress` reads it; the rest may be known from another build.
    """

    def __init__(self, survey: Survey, campaign_id: str, key: str, kept: dict[str, Any]):
        self._survey = survey
        self._kept = kept
        self.id = campaign_id
        self.key = digest(key, *(f"{name} {there:d}" for name, there in kept["shared"].items()))
        """What stands for everything that a campaign is derived from: its files, the settings, and this program."""

    @property
    def title(self) -> str:
        """One line for people."""
        return str(self._kept["title"])

    @property
    def name(self) -> str:
        """Short name."""
        return str(self._kept["name"])

    @property
    def last(self) -> str:
        """When the last event that counts was recorded; the day of the id where there is none."""
        return str(self._kept["last"])

    @property
    def butlers(self) -> tuple[str, ...]:
        """Every Butler that its data and its events name."""
        return tuple(self._kept["butlers"])

    @property
    def state(self) -> str:
        """The state reached."""
        return str(self.facts["state"][0])

    @property
    def set_purposes(self) -> Mapping[str, list[str]]:
        """What each DataId set that it refers to is for (include, exclude), by the set's name without the version."""
        purposes: Mapping[str, list[str]] = self._kept["sets"]
        return purposes

    @property
    def pins(self) -> Mapping[str, list[str]]:
        """The versions of DataId sets that it refers to, where it names one, by the set's name."""
        pins: Mapping[str, list[str]] = self._kept["pins"]
        return pins

    @property
    def set_names(self) -> tuple[str, ...]:
        """The DataId sets that it refers to, without the versions."""
        return tuple(self.set_purposes)

    @property
    def event_ids(self) -> Sequence[str]:
        """The ids of its events."""
        ids: Sequence[str] = self._kept["events"]
        return ids

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with it."""
        return problems_of(self._kept["problems"])

    @cached_property
    def facts(self) -> Mapping[str, tuple[str | int, ...]]:
        """What it can be found by."""
        return {name: tuple(values) for name, values in self._kept["facts"].items()}

    @property
    def record(self) -> Record:
        """The campaign's directory, as read."""
        return self._survey.record(self.id)

    @property
    def campaign(self) -> Campaign:
        """The definition."""
        campaign = self.record.campaign
        if campaign is None:
            raise ValueError(f"{self.id} was readable when it was surveyed")
        return campaign

    @property
    def history(self) -> History:
        """What happened."""
        history = self.record.history
        if history is None:
            raise ValueError(f"{self.id} was readable when it was surveyed")
        return history

    @cached_property
    def progress(self) -> Progress:
        """Where every group stands."""
        return Progress(self.campaign, self.history)

    @property
    def directory(self) -> Directory:
        """The people, tickets and addresses of the settings."""
        return self._survey.directory

    def derived(self, name: str) -> Any:
        """Return one of the values that :func:`kept` names."""
        if name not in self._kept:
            # What is kept comes back as JSON: it should not differ the first time.
            self._kept[name] = json.loads(json.dumps(_KEPT[name](self)))
            self._survey.changed.add(self.id)
        return self._kept[name]


_KEPT: dict[str, Callable[[Readable], Any]] = {}


def kept(make: Callable[[Readable], Any]) -> Callable[[Readable], Any]:
    """Make the value of a function of one campaign be kept for the next build, as JSON.

    Nothing but the campaign's own files and the settings may enter into it: no other campaign, no set's members, no
    commit. Pages of many campaigns are made from such values, so that they need not read the campaigns.
    """
    name = f"{make.__module__}.{make.__qualname__}"
    _KEPT[name] = make

    @functools.wraps(make)
    def derived(one: Readable) -> Any:
        return one.derived(name)

    return derived


class Survey:
    """All campaigns of a ledger, and what is between them."""

    def __init__(
        self,
        ledger: Ledger,
        commit: Commit | None,
        repository: Repository | None = None,
        *,
        cache: Cache | None = None,
        program: str = "",
        view: str = "",
    ):
        self.ledger = ledger
        self.commit = commit
        self.directory = Directory(ledger.settings)
        self.program = program
        """Cache key of all code and templates that make pages."""
        self._view = view
        """What stands for all that the files hide: a set's older version, which a pin names, is not among them."""
        self.changed: set[str] = set()
        """Campaigns of which something was worked out anew."""
        self.repository = repository
        """Where the past of campaigns, events and sets is looked up; without one, pages tell nothing of it."""
        self._cache = cache or Cache(None)
        self._records: dict[str, Record] = {}
        self._contents: dict[str, bytes] = {}
        self._named: dict[Commit | None, Page | None] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        self._sources: dict[str, list[Reference]] = {}
        self._pinned: dict[str, str] = {}
        self.shared: Page = {
            "ledger": {"title": ledger.settings.title},
            "of_site": True,
            "commit": self.named(commit),
            "changed": None,
            "navigation": [],
        }
        """What every page of the site names; such a page is made again with each commit, so see :meth:`apart`."""
        self.readable: list[Readable] = []
        self.unreadable: list[Unreadable] = []
        self._take()
        self.by_id = {one.id: one for one in self.readable}
        self.titles = {one.id: one.title for one in self.readable}
        self.children: dict[str, list[str]] = {}
        for one in self.readable:
            for parent in one.facts["parent"]:
                self.children.setdefault(str(parent), []).append(one.id)

    def _take(self) -> None:
        """Sort out which campaigns can be read, from what is kept or else by reading them."""
        known = self._cache.get_many(self._keys.values())
        for name, key in self._keys.items():
            kept = known.get(key)
            if isinstance(kept, dict) and self._holds(kept):
                self._kept[name] = kept
        missing = [name for name in self._keys if name not in self._kept]
        batches = [missing[start : start + BATCH] for start in range(0, len(missing), BATCH)]
        with closing(shared_out(batches, self._read_anew, self.stand_apart)) as shared:
            for batch, values in shared:
                self._kept |= dict(zip(batch, values, strict=True))
                self.changed.update(batch)
        for name, (directory, _) in self.ledger.directories.items():
            kept = self._kept[name]
            if kept["readable"]:
                self.readable.append(Readable(self, name, self._keys[name], kept))
            else:
                self.unreadable.append(Unreadable(name, directory, problems_of(kept["problems"])))

    def _read_anew(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return what is kept of campaigns of which nothing is known, by reading them."""
        self.load(ids)
        values = []
        for name in ids:
            kept = _summary(self._records[name], self.ledger)
            values.append(kept)
            if kept["readable"]:
                one = Readable(self, name, self._keys[name], kept)
                for each in _KEPT:
                    one.derived(each)
        self.forget(ids)
        return values

    def stand_apart(self) -> None:
        """Do without the cache from here on: a copy of this process must not touch what is the first one's."""
        self._cache = Cache(None)

    def _holds(self, kept: Mapping[str, Any]) -> bool:
        """Whether the shared sets that were there are there, and those that were not are not."""
        present = self.ledger.shared_sets
        sets: Mapping[str, bool] = kept.get("shared", {})
        return all((name in present) is there for name, there in sets.items())

    @property
    def files(self) -> KnownFiles:
        """The files of the ledger, which builds always read from what knows their ids."""
        return self.ledger.files  # type: ignore[return-value]

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """What stands for the content of each file of the ledger."""
        return self.files.ids

    @cached_property
    def queries(self) -> Queries:
        """The saved queries of the ledger."""
        return Queries(self.ledger)

    @property
    def settings_id(self) -> str:
        """What stands for the settings."""
        return self.ids.get(SETTINGS_FILE, "")

    @cached_property
    def _keys(self) -> dict[str, str]:
        """What stands for all that a campaign's record follows from, by its id."""
        ids, links = self.ids, self.ledger.files.paths
        common = f"{self.program}\n{self.settings_id}\n"
        keys = {}
        for name, (directory, files) in self.ledger.directories.items():
            paths = [f"{directory}/{file}" for file in files]
            rows = [f"{path}\0{ids[path]}\0{links[path]:d}" for path in paths]
            keys[name] = digest(common, name, *rows)
        return keys

    def load(self, ids: Iterable[str]) -> None:
        """Read campaigns that will be asked for, in one go."""
        wanted = [name for name in ids if name not in self._records]
        self._records |= {record.id: record for record in self.ledger.records(wanted)}

    def record(self, campaign_id: str) -> Record:
        """Return a campaign's directory, read now if it was not before."""
        if campaign_id not in self._records:
            self.load([campaign_id])
        return self._records[campaign_id]

    def load_files(self, ids: Iterable[str]) -> None:
        """Read all files of campaigns that will be asked for, in one go."""
        homes = [self.ledger.directories[name] for name in ids]
        paths = [f"{directory}/{file}" for directory, files in homes for file in files]
        self._contents |= self.ledger.files.read(paths)

    def content(self, path: str) -> bytes:
        """Return what a file of the ledger holds; nothing if it is not there."""
        if path not in self._contents:
            self._contents[path] = self.ledger.files.read([path]).get(path, b"")
        return self._contents[path]

    def forget(self, ids: Iterable[str]) -> None:
        """Let go of the files of campaigns, and of the campaigns if many were read, for the memory's sake."""
        self._contents.clear()
        if len(self._records) > _HELD:
            for name in ids:
                self._records.pop(name, None)

    def keep(self) -> None:
        """Keep what was worked out for the next build."""
        values = {self._keys[name]: (name, json.dumps(self._kept[name])) for name in sorted(self.changed)}
        self._cache.put_many(values)
        self.changed.clear()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the settings, the layout and the campaigns, each by itself."""
        own = [*self.ledger.settings_problems, *self.ledger.strays, *self.set_problems]
        both: list[Readable | Unreadable] = [*self.readable, *self.unreadable]
        return tuple(sorted({*own, *(problem for one in both for problem in one.problems)}))

    def named(self, commit: Commit | None) -> Page | None:
        """Return a commit as a page names it."""
        if commit not in self._named:
            self._named[commit] = self._name(commit) if commit else None
        return self._named[commit]

    def _name(self, commit: Commit) -> Page:
        return {
            "hash": commit.hash,
            "short": commit.hash[:10],
            "time": text.moment_of(commit.time),
            "url": self.directory.commit(commit.hash),
            "worktree": commit.worktree,
        }

    def apart(self, changed: Commit | None = None) -> Page:
        """Return what a page names that is not made again with each commit: the last one that changed it, if any.

        The site's own commit a script puts in; without scripts there is a link to the front page.
        """
        return {**self.shared, "of_site": False, "commit": None, "changed": self.named(changed)}

    def last_change(self, campaign_id: str) -> Commit | None:
        """Return the last commit that changed a campaign, or None where it is in none."""
        found = self.past.last_changes.get(self.ledger.directories[campaign_id][0]) if self.past else None
        in_worktree = self.commit is not None and self.commit.worktree
        return replace(found, worktree=True) if found and in_worktree else found

    def key_of_set(self, name: str, campaign_id: str | None = None, pins: Iterable[str] = ()) -> str:
        """Return what stands for a set, in these versions too, its receipts and all sets that it is made from."""
        behind = self._behind(name, campaign_id)
        paths = sorted(behind.paths)
        rows = [f"{path}\0{self.ids[path]}" for path in paths]
        pins = sorted({*pins, *behind.pins})
        if pins and self.repository is not None:
            # A version is looked up in git: by its commit's name, or by its digest among all that there were.
            forms = [form for path in paths for form in forms_of(path)]
            versions = [one.commit for form in forms for one in self.set_versions.get(form, ())]
            rows += [self._view, self.repository.boundary, *versions, *(f"{pin} {self._meant(pin)}" for pin in pins)]
        return digest(*rows)

    def _meant(self, pin: str) -> str:
        """Return the commit that a pin names now, if any. All that campaigns name are looked up at once."""
        if pin not in self._pinned and self.repository is not None:
            named = {one for each in self.readable for pins in each.pins.values() for one in pins}
            self._pinned |= self.repository.commits_named({pin, *(named - self._pinned.keys())})
        return self._pinned.get(pin, "")

    def sets_behind(self, names: Iterable[str]) -> set[str]:
        """Return the sets with these names and all that they are made from."""
        return {behind for name in names for behind in self._behind(name, None).names}

    def _behind(self, name: str, campaign_id: str | None) -> _Behind:
        """Return what is behind a set: itself, and all that it is made from."""
        behind = _Behind()
        waiting = [name]
        while waiting:
            one = waiting.pop()
            if one not in behind.names:
                behind.names.add(one)
                found = self._paths_of_set(one, campaign_id)
                behind.paths.update(found)
                sources = [source for path in found for source in self._sources_of(path)]
                waiting += [source.name for source in sources]
                behind.pins.update(source.pin for source in sources if source.pin)
        return behind

    def _paths_of_set(self, name: str, campaign_id: str | None) -> list[str]:
        own = f"{self.ledger.directories[campaign_id][0]}/{name}" if campaign_id is not None else ""
        paths = [own, receipts_path(name), *self.ledger.shared_sets.get(name, ())]
        return [path for path in paths if path in self.ids]

    def sources_of_set(self, name: str) -> list[str]:
        """Return the names of the sets that a shared one is made from."""
        return [source.name for source in self._sources_of(self.ledger.shared_sets[name][0])]

    def _sources_of(self, path: str) -> list[Reference]:
        """Return the sets that one is made from."""
        if not is_set_path(path) or is_receipts(path):
            return []
        if path not in self._sources:
            key = digest(self.program, "sources", self.ids[path])
            written = self.remembered(key, f"sources of {path}", lambda: sources(self.sets.file(path).derived or {}))
            self._sources[path] = [Reference.parse(text) for text in written]
        return self._sources[path]

    @property
    def sets(self) -> Sets:
        """The DataId sets."""
        return self.shelf.sets

    @cached_property
    def shelf(self) -> Shelf:
        """The DataId sets, summed up."""
        return Shelf(Sets(self.ledger, self.repository, self.commit.hash if self.commit else None))

    @cached_property
    def set_problems(self) -> tuple[Problem, ...]:
        """What is wrong with the shared sets and their receipts."""
        names = self.ledger.shared_sets
        receipts = [path for path in self.ledger.files.paths if is_receipts(path)]
        if not names and not receipts:
            return ()
        keys = [f"{name} {self.key_of_set(name)}" for name in names]
        histories = [f"{path}\0{self.ids[path]}" for path in receipts]
        key = digest(self.program, "set problems", self.settings_id, *keys, *histories)
        rows = self.remembered(key, "set problems", lambda: self._check_sets(receipts))
        return problems_of(rows)

    def _check_sets(self, receipts: Sequence[str]) -> list[dict[str, Any]]:
        files = {path for paths in self.ledger.shared_sets.values() for path in paths} | set(receipts)
        return [problem.as_dict() for problem in self.sets.check(files)]

    def remembered(self, key: str, name: str, make: Callable[[], Any]) -> Any:
        """Return what is kept under a key, or made now and kept, as JSON."""
        found = self._cache.get(key)
        if found is None:
            text = json.dumps(make())
            self._cache.put_many({key: (name, text)})
            found = json.loads(text)
        return found

    @cached_property
    def set_users(self) -> dict[str, list[dict[str, Any]]]:
        """The campaigns that name each shared set, newest first."""
        users: dict[str, list[dict[str, Any]]] = {}
        for one in self.readable:
            for name, purposes in one.set_purposes.items():
                if name in self.ledger.shared_sets:
                    href = page_path(one.id)
                    entry = {"id": one.id, "title": one.title, "state": one.state, "href": href, "purposes": purposes}
                    users.setdefault(name, []).append(entry)
        return users

    @cached_property
    def set_children(self) -> dict[str, list[str]]:
        """The shared sets that are made from each."""
        children: dict[str, list[str]] = {}
        for name in self.ledger.shared_sets:
            for source in dict.fromkeys(self.sources_of_set(name)):
                children.setdefault(source, []).append(name)
        return children

    @cached_property
    def past(self) -> Past | None:
        """What git tells of the time before the commit."""
        if self.repository is None or self.commit is None:
            return None
        return Past(self.repository, self.commit.hash, self._cache)

    @cached_property
    def set_versions(self) -> Mapping[str, list[Version]]:
        """The commits that changed each shared set, the latest first, by path."""
        return self.past.versions if self.past and self.ledger.shared_sets else {}

    @cached_property
    def event_commits(self) -> Mapping[str, str]:
        """The commit that recorded each event, by the event's id."""
        return self.past.event_commits if self.past else {}


@dataclass(frozen=True, slots=True)
class _Behind:
    paths: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    pins: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A campaign that cannot be read, and why."""

    id: str
    directory: str
    problems: tuple[Problem, ...]


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


def named(one: Readable) -> Page:
    """Return what every row says of a campaign: what it is called, what it is, and where its page is."""
    campaign, state = one.campaign, one.history.state
    return {
        "id": campaign.id,
        "href": page_path(campaign.id),
        "name": campaign.name,
        "title": campaign.subtitle,
        "state": str(state),
        "final": state.is_final,
        "kind": campaign.definition["kind"],
    }


def page_path(campaign_id: str) -> str:
    """Return the path of a campaign's page in the site."""
    return f"campaigns/{campaign_id}.html"


def _summary(record: Record, ledger: Ledger) -> dict[str, Any]:
    """Return what is kept of every campaign."""
    problems = [problem.as_dict() for problem in record.problems]
    campaign, history = record.campaign, record.history
    if campaign is None or history is None or not CAMPAIGN_ID.fullmatch(record.id):
        return {"readable": False, "problems": problems, **_sets(record, ledger)}
    return {
        "readable": True,
        "problems": problems,
        "name": campaign.name,
        "title": campaign.title,
        "last": history.last_time or f"{record.id[:10]}T00:00:00Z",
        "butlers": _butlers(campaign, history),
        "events": [event.id for event in history.events],
        "facts": json.loads(json.dumps(query.facts_of(campaign, history))),
        **_sets(record, ledger),
    }


def _butlers(campaign: Campaign, history: History) -> list[str]:
    planned = [part.get("data", {}).get("butler") for _, part in rules.parts(campaign.definition)]
    found = [event.data.get("butler") for event in history.events]
    return sorted({str(alias) for alias in [*planned, *found] if alias is not None})


def _sets(record: Record, ledger: Ledger) -> dict[str, Any]:
    purposes: dict[str, list[str]] = {}
    pins: dict[str, list[str]] = {}
    for purpose, written in references_of(record):
        reference = Reference.parse(written)
        named = purposes.setdefault(reference.name, [])
        named += [] if purpose in named else [purpose]
        if reference.pin:
            pins.setdefault(reference.name, []).append(reference.pin)
    return {"sets": purposes, "pins": pins, "shared": {name: name in ledger.shared_sets for name in purposes}}


def problems_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Problem, ...]:
    """Return problems that were kept as dicts."""
    return tuple(Problem(**{**row, "severity": Severity(row["severity"])}) for row in rows)


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems as a page shows them."""
    return [problem.as_dict() for problem in sorted(problems)]
