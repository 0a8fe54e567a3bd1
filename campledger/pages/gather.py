"""A ledger at a commit -> plain dicts, one for each page, that hold everything which the page shows.

Nothing here knows of templates, and a template gets nothing but its dict: a page's bytes follow from its dict
alone. Campaigns that cannot be read get no page of their own; the list names them with what is wrong.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from campledger.ledger.reading import DEFINITION, EVENTS, Ledger, Record
from campledger.model import query
from campledger.model.campaign import Campaign
from campledger.model.history import History
from campledger.model.ids import CAMPAIGN_ID
from campledger.model.states import State
from campledger.pages import steps, text, timeline
from campledger.pages.links import Directory, link
from campledger.problems import Problem

Page = dict[str, Any]
"""What one page shows, and under `template`, `path` and `root` which template makes which file of it."""

INDEX_FORMAT = 1
"""Version of index.json; raised when a reader of the old one would go wrong."""

MAX_SHOWN_BYTES = 100_000
"""Files up to this size are shown in the page."""

_BATCH = 200
"""Campaigns whose files are read in one call of git."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


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

    @property
    def paths(self) -> list[str]:
        """The paths of the campaigns' pages."""
        return [page_path(one.campaign.id) for one in self.readable]


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


def list_page(survey: Survey) -> Page:
    """Return the page that lists all campaigns."""
    rows = [_row(one, survey.directory) for one in survey.readable]
    settings = survey.ledger.settings.document
    others = [*survey.ledger.settings_problems, *survey.ledger.strays]
    return {
        **survey.shared,
        "template": "list.html",
        "path": "index.html",
        "root": "",
        "page_title": survey.ledger.settings.title,
        "description": text.paragraphs(settings.get("description", "")),
        "rows": rows,
        "states": [{"state": str(state), "count": sum(row["state"] == str(state) for row in rows)} for state in State],
        "unreadable": [
            {"id": record.id, "directory": record.directory, "problems": _problems(record.problems)}
            for record in survey.unreadable
        ],
        "problems": _problems(others),
    }


def _row(one: Readable, directory: Directory) -> dict[str, Any]:
    campaign, history, progress = one.campaign, one.history, one.progress
    definition = campaign.definition
    return {
        "id": campaign.id,
        "href": page_path(campaign.id),
        "name": campaign.name,
        "title": campaign.title if campaign.title != campaign.name else "",
        "state": str(history.state),
        "rank": list(State).index(history.state),
        "final": history.state.is_final,
        "kind": definition["kind"],
        "owner": directory.person(campaign.owner) if campaign.owner else None,
        "instrument": _several(one.facts["instrument"]),
        "stack": _several(one.facts["stack"]),
        "step": progress.current,
        "awaiting": len(progress.awaiting),
        "accepted": progress.accepted,
        "total": len(progress.states),
        "share": round(100 * progress.accepted / len(progress.states)) if progress.states else -1,
        "bar": steps.bar(progress.states.values()),
        "last": text.moment(history.last.at) if history.last else None,
        "deadline": definition.get("plan", {}).get("deadline", ""),
        "tickets": directory.tickets(definition.get("tickets", ())),
        "problems": len(one.record.problems),
    }


def _several(values: Sequence[str | int]) -> str:
    return text.spans(str(value) for value in values)


def campaign_pages(survey: Survey) -> Iterator[Page]:
    """Yield each campaign's page. Lazily, since the files of all campaigns together may be large."""
    for start in range(0, len(survey.readable), _BATCH):
        batch = survey.readable[start : start + _BATCH]
        paths = [one.record.path(file) for one in batch for file in one.record.files]
        contents = survey.ledger.files.read(paths)
        for one in batch:
            yield _campaign_page(one, survey, contents)


def _campaign_page(one: Readable, survey: Survey, contents: Mapping[str, bytes]) -> Page:
    campaign, history, directory = one.campaign, one.history, survey.directory
    written = contents.get(one.record.path(DEFINITION), b"").decode("utf-8", "replace")
    return {
        **survey.shared,
        "template": "campaign.html",
        "path": page_path(campaign.id),
        "root": "../",
        "page_title": f"{campaign.name} \N{MIDDLE DOT} {survey.ledger.settings.title}",
        "campaign": _header(one, directory),
        "now": steps.what_now(one.progress),
        "steps": steps.steps(one.progress, directory),
        "days": timeline.days(campaign, history, directory),
        "event_count": len(history.events),
        "links": _links(one),
        "sections": text.sections(campaign.definition),
        "parent": _parent(campaign, survey),
        "children": [_relative(child, survey) for child in survey.children.get(campaign.id, ())],
        "problems": _problems(one.record.problems),
        "definition": {"text": written, "lines": written.count("\n")},
        "files": [_file(one.record, file, survey, contents) for file in one.record.files],
    }


def _header(one: Readable, directory: Directory) -> dict[str, Any]:
    campaign, history = one.campaign, one.history
    definition = campaign.definition
    since = history.since
    return {
        "id": campaign.id,
        "name": campaign.name,
        "title": campaign.title,
        "state": str(history.state),
        "final": history.state.is_final,
        "since": text.moment(since.at) if since else None,
        "by": directory.person(since.by) if since else None,
        "reason": since.data.get("reason", "") if since else "",
        "owner": directory.person(campaign.owner) if campaign.owner else None,
        "operators": directory.people(history.operators.get("", ())),
        "tickets": directory.tickets(definition.get("tickets", ())),
        "kind": definition["kind"],
        "production": definition["production"],
        "tags": list(definition.get("tags", ())),
        "deadline": definition.get("plan", {}).get("deadline", ""),
        "description": text.paragraphs(definition["description"]),
        "accepted": one.progress.accepted,
        "total": len(one.progress.states),
        "steps_done": one.progress.steps_done,
        "steps": len(campaign.steps),
        "bar": steps.bar(one.progress.states.values()),
    }


def _links(one: Readable) -> list[dict[str, Any]]:
    """Return the definition's links, then those that events added."""
    planned = [link(document) | {"on": ""} for document in one.campaign.definition.get("links", ())]
    added = [
        link(event.data["link"]) | {"on": event.data.get("on", "")}
        for event in one.history.effective
        if event.type == "link"
    ]
    return planned + added


def _parent(campaign: Campaign, survey: Survey) -> dict[str, str] | None:
    parent, _, revision = str(campaign.definition.get("derived_from", "")).partition("@")
    return _relative(parent, survey) | {"revision": revision} if parent else None


def _relative(campaign_id: str, survey: Survey) -> dict[str, str]:
    """Return another campaign as a page names it, with no address where it has no page."""
    known = campaign_id in survey.titles
    return {
        "id": campaign_id,
        "title": survey.titles.get(campaign_id, ""),
        "href": f"{campaign_id}.html" if known else "",
    }


def _problems(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [problem.as_dict() for problem in sorted(problems)]


def _file(record: Record, file: str, survey: Survey, contents: Mapping[str, bytes]) -> dict[str, Any]:
    path = record.path(file)
    data = contents.get(path, b"")
    entry: dict[str, Any] = {"name": file, "size": f"{len(data):,} bytes", "text": None, "note": ""}
    if survey.ledger.files.paths[path]:
        entry["note"] = f"a symbolic link to {posixpath.normpath(data.decode('utf-8', 'replace'))}"
    elif file == DEFINITION:
        entry["note"] = "the definition, above"
    elif file == EVENTS:
        entry["note"] = "the events, in the timeline above"
    elif len(data) > MAX_SHOWN_BYTES:
        entry["note"] = f"not shown here: more than {MAX_SHOWN_BYTES:,} bytes"
    else:
        entry["text"] = _shown(data)
        entry["note"] = "" if entry["text"] is not None else "not shown here: not UTF-8 text"
    return entry


def _shown(data: bytes) -> str | None:
    """Return a file's text, or None where it is none."""
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(decoded) else decoded


def index(survey: Survey) -> dict[str, Any]:
    """Return index.json: the campaigns' facts for other programs."""
    commit = survey.shared["commit"]
    return {
        "format": INDEX_FORMAT,
        "title": survey.ledger.settings.title,
        "commit": commit["hash"] if commit else None,
        "worktree": commit["worktree"] if commit else True,
        "built_from_time": commit["time"]["iso"] if commit else None,
        "campaigns": [_index_entry(one) for one in survey.readable],
        "unreadable": [
            {"id": record.id, "directory": record.directory, "problems": len(record.problems)}
            for record in survey.unreadable
        ],
    }


def _index_entry(one: Readable) -> dict[str, Any]:
    campaign, history, progress, facts = one.campaign, one.history, one.progress, one.facts
    since = history.since
    return {
        "id": campaign.id,
        "name": campaign.name,
        "title": campaign.title,
        "state": str(history.state),
        "since": since.at if since else None,
        "reason": since.data.get("reason") if since else None,
        "kind": campaign.definition["kind"],
        "production": campaign.definition["production"],
        "owner": campaign.owner,
        "operators": list(facts["operator"]),
        "instrument": list(facts["instrument"]),
        "stack": list(facts["stack"]),
        "site": list(facts["site"]),
        "output": list(facts["output"]),
        "tags": list(facts["tag"]),
        "tickets": list(facts["ticket"]),
        "step": progress.current or None,
        "steps": {"accepted": progress.steps_done, "total": len(campaign.steps)},
        "groups": {"accepted": progress.accepted, "total": len(progress.states)},
        "awaiting": [submission.id for submission in progress.awaiting],
        "last_event": history.last.at if history.last else None,
        "deadline": campaign.definition.get("plan", {}).get("deadline"),
        "url": page_path(campaign.id),
        "problems": len(one.record.problems),
    }


def filter_facts(survey: Survey) -> dict[str, Any]:
    """Return what the list's script filters by: each campaign's attributes, without the empty ones."""
    return {
        "attributes": query.ATTRIBUTES,
        "numbers": sorted(query.NUMBERS),
        "facts": {
            one.campaign.id: {key: values for key, values in one.facts.items() if values} for one in survey.readable
        },
    }
