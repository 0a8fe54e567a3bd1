"""What of a ledger may be published: everything but embargoed campaigns, whatever names them, and their sets.

A campaign is embargoed if its definition or its events name a Butler that the settings call embargoed, or do not
know. What cannot be read may be, and is left out too. This is a view of the files: nothing that makes pages ever
meets what is hidden. Where a public file mentions a hidden campaign, the view puts :data:`NOT_PUBLIC` in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from campledger.errors import DataError
from campledger.ledger.sets import is_receipts, is_set_path
from campledger.pages.changes import digest
from campledger.pages.gather import BATCH, Survey
from campledger.repository.cache import Cache
from campledger.repository.trees import KnownFiles

NOT_PUBLIC = "0000-00-00-not-public-0000"
"""Stands where a hidden campaign's id stood: of an id's form, so that what refers to it can still be read."""

_LIKE_AN_ID = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9-]+", re.IGNORECASE)


class Hidden:
    """The ids of the campaigns that must not be named."""

    def __init__(self, ids: Iterable[str]):
        self._by_day: dict[bytes, list[bytes]] = {}
        # Where one id begins with another, the longer one goes first.
        for one in sorted({name.lower().encode("utf-8", "surrogateescape") for name in ids}, key=len, reverse=True):
            self._by_day.setdefault(one[:10], []).append(one)

    def first(self, word: bytes) -> bytes | None:
        """Return the hidden id with which a word begins."""
        lower = word.lower()
        return next((one for one in self._by_day.get(lower[:10], ()) if lower.startswith(one)), None)

    def named_in(self, words: Iterable[str]) -> list[str]:
        """Return those of the words, which are like ids, that begin with a hidden one."""
        return [word for word in words if self.first(word.encode()) is not None]

    def without(self, data: bytes) -> bytes:
        """Return a text in which no hidden id is left."""

        def replaced(match: re.Match[bytes]) -> bytes:
            found = self.first(match[0])
            if found is None:
                return match[0]
            return NOT_PUBLIC.encode() + _LIKE_AN_ID.sub(replaced, match[0][len(found) :])

        return _LIKE_AN_ID.sub(replaced, data)


def _like_ids(content: bytes) -> list[str]:
    """Return the words of a text that could be ids of campaigns."""
    return sorted({match[0].decode() for match in _LIKE_AN_ID.finditer(content)})


class PublicFiles:
    """The files of a ledger that may be published."""

    def __init__(self, base: KnownFiles, hidden: Hidden, paths: Mapping[str, bool], cache: Cache):
        self.hidden = hidden
        self.paths = paths
        self._base = base
        self._cache = cache

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """What stands for the content of each file, as it is here."""
        mentions = self._mentions
        return {
            path: digest(self._base.ids[path], *mentions[path]) if path in mentions else self._base.ids[path]
            for path in self.paths
        }

    @cached_property
    def _mentions(self) -> dict[str, list[str]]:
        """The hidden campaigns that each file names, where it names any."""
        keys = {path: digest("mentions", self._base.ids[path]) for path in self.paths}
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
        return {path: self.hidden.without(content) for path, content in contents.items()}


def publish(survey: Survey, cache: Cache) -> tuple[PublicFiles, int]:
    """Return the files that may be published, and how many campaigns are hidden. Raise DataError for bad settings."""
    ledger = survey.ledger
    if ledger.settings_problems:
        raise DataError(f"nothing is published while the settings are wrong: {ledger.settings_problems[0].as_text()}")
    embargoed = [one.id for one in survey.readable if is_embargoed(one.butlers, ledger.settings.butlers)]
    hidden = {*embargoed, *(one.id for one in survey.unreadable)}
    kept = {directory for name, (directory, _) in ledger.directories.items() if name not in hidden}
    sets = _hidden_sets(survey, hidden)
    names = Hidden(hidden)
    paths = {
        path: link
        for path, link in ledger.files.paths.items()
        if _is_public(path, kept) and path not in sets
        if names.without(path.encode("utf-8", "surrogateescape")) == path.encode("utf-8", "surrogateescape")
    }
    files: KnownFiles = ledger.files  # type: ignore[assignment]
    return PublicFiles(files, names, paths, cache), len(hidden)


def is_embargoed(aliases: Iterable[str], butlers: Mapping[str, Mapping[str, object]]) -> bool:
    """Whether one of the Butlers holds embargoed data, or is not in the settings, so that it may."""
    return any(alias not in butlers or bool(butlers[alias].get("embargoed")) for alias in aliases)


def _is_public(path: str, kept: set[str]) -> bool:
    if not path.startswith("campaigns/") and path != "campaigns":
        return True
    parts = path.split("/")
    return any("/".join(parts[:depth]) in kept for depth in range(2, len(parts)))


def _hidden_sets(survey: Survey, hidden: set[str]) -> set[str]:
    """Return the files of the shared sets that hidden campaigns use, and no public campaign or set of one does."""
    used = {name for one in survey.readable if one.id in hidden for name in one.set_names}
    open_to_all = {name for one in survey.readable if one.id not in hidden for name in one.set_names}
    open_to_all |= {
        name for name in survey.ledger.shared_sets if name not in used and not _uploaded_to_hidden(survey, name)
    }
    public = survey.sets_behind(open_to_all)
    stems = {name for name in survey.ledger.shared_sets if name not in public}
    return {
        path
        for path in survey.ledger.files.paths
        if is_set_path(path) and path.startswith("dataids/") and _stem(path) in stems
    }


def _stem(path: str) -> str:
    inside = path.removeprefix("dataids/")
    return inside.removesuffix(".events.yaml") if is_receipts(path) else inside.rpartition(".")[0]


def _uploaded_to_hidden(survey: Survey, name: str) -> bool:
    """Whether a set that nobody uses has been put into an embargoed Butler."""
    aliases = [str(event.data["butler"]) for event in survey.sets.receipts(name) if "butler" in event.data]
    return is_embargoed(aliases, survey.ledger.settings.butlers)
