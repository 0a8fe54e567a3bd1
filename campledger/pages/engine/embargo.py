"""What of a ledger may be published: everything but embargoed campaigns, whatever names them, and their sets.

A campaign is embargoed if its definition or its events name a Butler that the settings call embargoed, or do not
know. What cannot be read may be, and so may what is gone: both are left out too. This is a view of the files: nothing
that makes pages ever meets what is hidden. Where a public file mentions a hidden campaign, the view puts
:data:`NOT_PUBLIC` in its place.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from campledger.documents import strict
from campledger.documents.lines import parse_events
from campledger.documents.writing import format_document
from campledger.errors import DataError
from campledger.ledger.histories import is_receipts, receipts_path
from campledger.ledger.sets import is_set_path
from campledger.ledger.settings import SETTINGS_FILE, Settings
from campledger.model.ids import CAMPAIGN_ID
from campledger.pages.engine.gather import BATCH, Readable, Survey
from campledger.pages.engine.git_facts import digest
from campledger.repository.cache import Cache
from campledger.repository.file_trees import KnownFiles

NOT_PUBLIC = "0000-00-00-not-public-0000"
"""Stands where a hidden campaign's id stood: of an id's form, so that what refers to it can still be read."""

_LIKE_AN_ID = re.compile(rb"(?=([0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9-]{1,250}))", re.IGNORECASE)
"""A place at which an id can begin, inside of what is like one too; no directory's name is longer."""

_GOES_ON = re.compile(rb"[a-z0-9-]")


class Hidden:
    """The ids of the campaigns that must not be named."""

    def __init__(self, ids: Iterable[str]):
        self.ids = frozenset(ids)
        self._by_day: dict[bytes, list[bytes]] = {}
        # Where one id begins with another, the longer one goes first.
        for one in sorted({_encoded(name).lower() for name in self.ids}, key=len, reverse=True):
            self._by_day.setdefault(one[:10], []).append(one)
        self._no_ids = {_encoded(name).lower() for name in self.ids if not CAMPAIGN_ID.fullmatch(name)}

    def first(self, word: bytes) -> bytes | None:
        """Return the hidden id with which a word begins."""
        lower = word.lower()
        return next((one for one in self._by_day.get(lower[:10], ()) if self._begins(lower, one)), None)

    def _begins(self, word: bytes, one: bytes) -> bool:
        # A directory's name that is no id may be how other campaigns' ids begin.
        return word.startswith(one) and not (one in self._no_ids and _GOES_ON.match(word, len(one)))

    def named_in(self, words: Iterable[str]) -> list[str]:
        """Return those of the words, which are like ids, that begin with a hidden one."""
        return [word for word in words if self.first(word.encode()) is not None]

    def without(self, data: bytes) -> bytes:
        """Return a text in which no hidden id is left, wherever in a word it stood."""
        parts, end = [], 0
        for match in _LIKE_AN_ID.finditer(data):
            found = self.first(match[1]) if match.start() >= end else None
            if found is not None:
                parts += [data[end : match.start()], NOT_PUBLIC.encode()]
                end = match.start() + len(found)
        return b"".join([*parts, data[end:]])

    def are_in(self, text: str) -> bool:
        """Whether a text names one of them."""
        return self.without(_encoded(text)) != _encoded(text)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _like_ids(content: bytes) -> list[str]:
    """Return the words of a text that could be ids of campaigns."""
    return sorted({match[1].decode() for match in _LIKE_AN_ID.finditer(content)})


class PublicFiles:
    """The files of a ledger that may be published."""

    def __init__(
        self, base: KnownFiles, hidden: Hidden, butlers: frozenset[str], paths: Mapping[str, bool], cache: Cache
    ):
        self.hidden = hidden
        self.butlers = butlers
        """Those that hold no embargoed data."""
        self.paths = paths
        self._base = base
        self._cache = cache

    @property
    def version(self) -> str:
        """What stands for all that is hidden here."""
        return digest(*sorted(self.hidden.ids), "", *sorted(self.butlers))

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """What stands for the content of each file, as it is here.

        The settings keep their id: no public campaign shows a Butler that is left out of them.
        """
        return {path: self._id(path) for path in self.paths}

    def _id(self, path: str) -> str:
        parts = [*self._mentions.get(path, ()), *(["", *sorted(self.butlers)] if is_receipts(path) else ())]
        return digest(self._base.ids[path], *parts) if parts else self._base.ids[path]

    @cached_property
    def _mentions(self) -> dict[str, list[str]]:
        """The hidden campaigns that each file names, where it names any."""
        keys = {path: digest("mentioned", self._base.ids[path]) for path in self.paths}
        known = self._cache.get_many(keys.values())
        missing = [path for path, key in keys.items() if key not in known]
        for start in range(0, len(missing), BATCH):
            contents = self._base.read(missing[start : start + BATCH])
            found = {path: _like_ids(content) for path, content in contents.items()}
            known |= {keys[path]: words for path, words in found.items()}
            rows = {keys[path]: (f"mentions of {path}", json.dumps(words)) for path, words in found.items()}
            self._cache.put_many(rows)
        named = {path: self.hidden.named_in(known.get(key, ())) for path, key in keys.items()}
        return {path: words for path, words in named.items() if words}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return contents, without what is hidden; paths that are not here are left out."""
        contents = self._base.read(path for path in paths if path in self.paths)
        return {path: self.hidden.without(self._part(path, content)) for path, content in contents.items()}

    def _part(self, path: str, content: bytes) -> bytes:
        if path == SETTINGS_FILE:
            return _public_settings(content, self.butlers)
        return _public_receipts(path, content, self.butlers) if is_receipts(path) else content


def _public_settings(content: bytes, butlers: frozenset[str]) -> bytes:
    """Return settings, which can be read, without the embargoed Butlers."""
    document = strict.read(SETTINGS_FILE, content).value
    known = document.get("butlers", {})
    left = {alias: butler for alias, butler in known.items() if alias in butlers}
    return content if left == known else format_document({**document, "butlers": left}, "settings").encode()


def _public_receipts(path: str, content: bytes, butlers: frozenset[str]) -> bytes:
    """Return a set's history with a comment for each line that names an embargoed Butler, or cannot be read."""
    events, _ = parse_events(path, content)
    public = {event.line for event in events if _butlers_of([event.data]) <= butlers}
    lines = content.split(b"\n")[:-1]
    return b"".join(line + b"\n" if number in public else b"#\n" for number, line in enumerate(lines, 1))


def _butlers_of(entries: Iterable[Mapping[str, object]]) -> set[str]:
    return {str(entry["butler"]) for entry in entries if "butler" in entry}


def publish(shown: Survey, others: Sequence[Survey], cache: Cache) -> tuple[PublicFiles, int]:
    """Return the files of a state that may be published, and how many of its campaigns may not.

    What another state hides, such as the present one beside an older one, is hidden too. Raise DataError for bad
    settings.
    """
    states = [shown, *others]
    for one in states:
        if one.ledger.settings_problems:
            where = f" at {one.commit.hash[:10]}" if one.commit and one is not shown else ""
            problem = one.ledger.settings_problems[0].as_text()
            raise DataError(f"nothing is published while the settings{where} are wrong: {problem}")
    butlers = frozenset.intersection(*(_open_butlers(one.ledger.settings) for one in states))
    hidden = Hidden(name for one in states for name in _hidden_campaigns(one, butlers))
    ledger = shown.ledger
    kept = {directory for name, (directory, _) in ledger.directories.items() if not hidden.are_in(name)}
    sets = _hidden_sets(states, hidden, butlers)
    paths = {
        path: link
        for path, link in ledger.files.paths.items()
        if _is_public(path, kept) and path not in sets and not hidden.are_in(path)
    }
    return PublicFiles(shown.files, hidden, butlers, paths, cache), len(ledger.directories) - len(kept)


def _open_butlers(settings: Settings) -> frozenset[str]:
    return frozenset(alias for alias, butler in settings.butlers.items() if not butler.get("embargoed"))


def _hidden_campaigns(survey: Survey, butlers: frozenset[str]) -> set[str]:
    """Return the campaigns that must not be named, as far as one state of the ledger tells."""
    public = {one.id for one in survey.readable if butlers.issuperset(one.butlers) and not _lacks_events(one, survey)}
    return {*(survey.ledger.directories.keys() - public), *_gone(survey, public)}


def _lacks_events(one: Readable, survey: Survey) -> bool:
    """Whether an event cannot be read: it may name any Butler."""
    told = {problem.path for problem in one.problems}
    return any(parse_events(path, survey.content(path))[1] for path in one.record.histories if path in told)


def _gone(survey: Survey, public: Iterable[str]) -> Iterator[str]:
    """Yield the campaigns that were in the ledger once, but not one that is public by a longer id now."""
    places = survey.past.last_changes if survey.past else ()
    parts = {part for place in places if place.startswith("campaigns/") for part in place.split("/")}
    ordered = sorted(public)
    for name in filter(CAMPAIGN_ID.fullmatch, parts):
        at = bisect_left(ordered, name)
        if not any(one.startswith(name) for one in ordered[at : at + 1]):
            yield name


def _is_public(path: str, kept: set[str]) -> bool:
    if not path.startswith("campaigns/") and path != "campaigns":
        return True
    parts = path.split("/")
    return any("/".join(parts[:depth]) in kept for depth in range(2, len(parts)))


def _hidden_sets(states: Sequence[Survey], hidden: Hidden, butlers: frozenset[str]) -> set[str]:
    """Return the files of the shared sets of the first state that must not be published.

    What a public campaign uses is public, with all that it is made from. A set that nobody uses is, unless it comes
    of what a hidden campaign uses or from an embargoed Butler; one that cannot be read may. A campaign that cannot be
    read may use any of them.
    """
    shown = states[0]
    public = _sets_of(shown, hidden, of_hidden=False)
    secret = {name for one in states for name in _sets_of(one, hidden, of_hidden=True)}
    if not any(one.unreadable for one in states):
        for name in shown.ledger.shared_sets:
            behind = shown.sets_behind([name]) - public
            if behind.isdisjoint(secret) and all(butlers.issuperset(_butlers_of_set(one, shown)) for one in behind):
                public |= behind
    stems = shown.ledger.shared_sets.keys() - public
    return {
        path
        for path in shown.ledger.files.paths
        if is_set_path(path) and path.startswith("dataids/") and _stem(path) in stems
    }


def _sets_of(survey: Survey, hidden: Hidden, *, of_hidden: bool) -> set[str]:
    """Return the sets that hidden campaigns use, or the others, with all that these are made from."""
    users = (one for one in survey.readable if hidden.are_in(one.id) == of_hidden)
    return survey.sets_behind({name for one in users for name in one.set_names})


def _stem(path: str) -> str:
    inside = path.removeprefix("dataids/")
    return inside.removesuffix(".events.yaml") if is_receipts(path) else inside.rpartition(".")[0]


def _butlers_of_set(name: str, survey: Survey) -> Sequence[str]:
    """Return the Butlers that a shared set and its history name; where something cannot be read, "", which is none."""
    files, history = survey.ledger.shared_sets.get(name, ()), receipts_path(name)

    def read() -> list[str]:
        read = [survey.sets.file(path) for path in files]
        events, problems = parse_events(history, survey.content(history))
        unread = {""} if problems or any(file.errors for file in read) else set()
        return sorted(unread | _butlers_of([*(file.about for file in read), *(event.data for event in events)]))

    key = digest(survey.program, "butlers", *(f"{path}\0{survey.ids.get(path)}" for path in [*files, history]))
    butlers: Sequence[str] = survey.remembered(key, f"butlers of {name}", read)
    return butlers
