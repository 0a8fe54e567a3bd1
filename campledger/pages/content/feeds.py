"""Atom feeds of what happens (RFC 4287): in the whole ledger, a campaign, or the campaigns of a person or a query.

An entry is an event, or the definition of a campaign. Its id follows from the campaign and the event alone, so that
readers know it again wherever the site is put. Addresses are relative to the feed, as Atom allows, unless the
settings say where the site is: some readers get only absolute ones right.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape

from campledger.model.event_kinds import describe
from campledger.pages.content import people_pages, saved_query_pages
from campledger.pages.content.addresses import (
    campaign_feed_path,
    person_feed_path,
    person_path,
    query_feed_path,
    query_page_path,
)
from campledger.pages.content.links import address
from campledger.pages.engine.gather import Readable, Survey, page_path
from campledger.pages.engine.git_facts import digest
from campledger.pages.engine.page_kinds import File, IsCurrent

ENTRIES = 100
"""Entries of a feed: the latest."""

_NAMESPACE = uuid.UUID("6e0c6c1e-6b5f-5d2c-9f0e-9d1f3c2b7a51")
"""Ours alone: ids are UUIDs of version 5 below it."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: where it is, what it is called, and of which campaigns it tells."""

    path: str
    title: str
    page: str
    """The page that shows the same, by its path."""
    campaigns: tuple[Readable, ...]

    @property
    def latest(self) -> list[Readable]:
        """The campaigns of which entries can be among the latest."""
        return sorted(self.campaigns, key=lambda one: (one.last, one.id), reverse=True)[:ENTRIES]


def campaign_key(one: Readable, _: Survey) -> str:
    """Return what stands for all that a campaign's feed is made from."""
    return digest("feed", one.key)


def campaign_feed(one: Readable, survey: Survey) -> bytes:
    """Return a campaign's feed."""
    return _text(Feed(campaign_feed_path(one.id), one.title, page_path(one.id), (one,)), survey)


def feeds(survey: Survey) -> Iterator[Feed]:
    """Yield the feeds of several campaigns: of all, of each person's, and of those that each saved query finds."""
    title = survey.ledger.settings.title
    yield Feed("feeds/all.xml", title, "index.html", tuple(survey.readable))
    theirs = of_people(survey)
    for handle in people_pages.handles(survey):
        name = survey.directory.person(handle)["name"]
        called = f"Campaigns of {name} \N{MIDDLE DOT} {title}"
        yield Feed(person_feed_path(handle), called, person_path(handle), tuple(theirs.get(handle, ())))
    for one in survey.queries.readable:
        if not saved_query_pages.is_personal(one):
            called = f"@{one.name} \N{MIDDLE DOT} {title}"
            yield Feed(
                query_feed_path(one.name),
                called,
                query_page_path(one.name),
                tuple(saved_query_pages.found(one, survey)),
            )


def of_people(survey: Survey) -> Mapping[str, list[Readable]]:
    """Return the campaigns that each person owns or operates."""
    found: dict[str, list[Readable]] = {}
    for one in survey.readable:
        for handle in dict.fromkeys([*one.facts["owner"], *one.facts["operator"]]):
            found.setdefault(str(handle), []).append(one)
    return found


def paths(survey: Survey) -> list[str]:
    """Return the paths of the feeds of several campaigns."""
    return [feed.path for feed in feeds(survey)]


def files(survey: Survey, is_current: IsCurrent) -> Iterator[File]:
    """Yield the feeds of several campaigns; the campaigns are read only where one has changed."""
    for feed in feeds(survey):
        entries = (one.key for one in feed.latest)
        key = digest(survey.program, survey.settings_id, feed.path, feed.title, feed.page, *entries)
        yield File(feed.path, key, None if is_current(feed.path, key) else _text(feed, survey))


@dataclass(frozen=True, slots=True)
class _Entry:
    time: str
    id: str
    title: str
    by: str
    href: str
    text: str


def _text(feed: Feed, survey: Survey) -> bytes:
    """Return a feed as XML. The text of a feed is the same wherever the site was built."""
    root = "../" * feed.path.count("/")
    survey.load(one.id for one in feed.latest)
    entries = sorted((entry for one in feed.latest for entry in _entries(one)), key=_order, reverse=True)[:ENTRIES]
    base = _base(survey)
    link = f"{base}{feed.path}" if base else feed.path.rpartition("/")[2]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{_escaped(feed.title)}</title>",
        f"<id>{_id(survey.ledger.settings.title, feed.path)}</id>",
        f'<link rel="self" type="application/atom+xml" href="{_escaped(link)}"/>',
        f'<link rel="alternate" type="text/html" href="{_escaped((base or root) + feed.page)}"/>',
        f"<updated>{entries[0].time if entries else _EPOCH}</updated>",
        "<generator>campledger</generator>",
        *(line for entry in entries for line in _lines(entry, base or root)),
        "</feed>\n",
    ]
    return "\n".join(lines).encode("utf-8")


def _base(survey: Survey) -> str:
    """Return the address of the site with a slash at the end, or nothing where the settings do not say it."""
    url = survey.ledger.settings.document.get("site", {}).get("url", "")
    return f"{url.rstrip('/')}/" if address(url) else ""


def _order(entry: _Entry) -> tuple[str, str]:
    return entry.time, entry.id


def _entries(one: Readable) -> Iterable[_Entry]:
    """Yield what a campaign has to tell; what was taken back is told, too, as is its taking back."""
    page = page_path(one.id)
    for event in one.history.events[-ENTRIES:]:
        name = one.directory.person(event.by)["name"]
        said = "\n\n".join(event.data[key] for key in ("reason", "text") if event.data.get(key))
        title = f"{one.title}: {describe(event)}"
        yield _Entry(event.time, _id(one.id, event.id), title, name, f"{page}#e-{event.id}", said)
    owner = one.directory.person(one.campaign.owner)["name"] if one.campaign.owner else "nobody yet"
    description = str(one.campaign.definition["description"])
    day = _day(one.id[:10])
    yield _Entry(day, _id(one.id, "defined"), f"{one.title}: defined", owner, page, description)


def _day(text: str) -> str:
    """Return the beginning of a day; an id need not begin with one that there was."""
    try:
        return f"{date.fromisoformat(text)}T00:00:00Z"
    except ValueError:
        return _EPOCH


def _lines(entry: _Entry, root: str) -> Iterator[str]:
    yield "<entry>"
    yield f"<title>{_escaped(' '.join(entry.title.split()))}</title>"
    yield f"<id>{entry.id}</id>"
    yield f'<link rel="alternate" type="text/html" href="{_escaped(root + entry.href)}"/>'
    yield f"<updated>{_escaped(entry.time)}</updated>"
    yield f"<author><name>{_escaped(entry.by)}</name></author>"
    if entry.text:
        yield f'<content type="text">{_escaped(entry.text)}</content>'
    yield "</entry>"


def _id(*names: str) -> str:
    return uuid.uuid5(_NAMESPACE, "\n".join(names)).urn


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))
