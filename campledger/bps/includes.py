"""One file of a BPS configuration together with what it includes.

After `Config._processExplicitIncludes` of lsst.daf.butler: `includeConfigs` may stand at any level; the files are
merged in order, later ones winning, and the values beside the key win over all of them. BPS looks for a relative
file in the working directory, then beside the file that names it. A tree in git has no working directory, so the
submit file's own folder stands for it, and the folders above it, up to the root, come last.
"""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from campledger.bps.tree import Tree
from campledger.documents.foreign import ForeignError, Include

KEY = "includeConfigs"
MAX_INCLUDES = 200
"""Files that one submit file may draw in, directly or not."""
MAX_MERGED = 500_000
MAX_NESTED = 10
"""Files that include each other in a row."""
MAX_DEPTH = 100
"""Levels of the effective configuration."""


@dataclass(frozen=True, slots=True)
class UnreadInclude:
    """An include that was not read."""

    words: str
    """As written."""
    by: str
    """The file that names it."""
    reason: str
    external: bool = False
    """Whether it was never meant to be in the tree: an address, an absolute path, a path with a variable."""


@dataclass
class Config:
    """An effective configuration and how it came about."""

    path: str
    value: dict[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    """The file's content before anything was included."""
    includes: list[str] = field(default_factory=list)
    missing: list[UnreadInclude] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_config(tree: Tree, path: str) -> Config:
    """Return a file with everything it includes. Raise ForeignError if the file itself cannot be read."""
    config = Config(path)
    reader = _Reader(tree, config)
    config.value = reader.mapping(path, (path,))
    config.own = tree.value(path) or {}
    if _is_deep(config.value):
        raise ForeignError(f"with its includes nested more than {MAX_DEPTH} deep")
    return config


class _Reader:
    """Reads one configuration; keeps count of what it drew in."""

    def __init__(self, tree: Tree, config: Config):
        self._tree = tree
        self._config = config
        self._size = 0

    def mapping(self, path: str, open_files: tuple[str, ...]) -> dict[str, Any]:
        document = self._tree.document(path)
        for duplicate in document.duplicates:
            note = f"{path}:{duplicate.line}:{duplicate.column}: key `{duplicate.key}` again; the last one counts"
            if note not in self._config.duplicates:
                self._config.duplicates.append(note)
        if document.value is None:
            return {}
        if not isinstance(document.value, dict):
            raise ForeignError("not a mapping", 1, 1)
        value: dict[str, Any] = copy.deepcopy(document.value)
        self._replace_tags(value, path, open_files)
        for place in list(_places(value)):
            value = self._include_at(value, place, path, open_files)
        return value

    def _include_at(
        self, value: dict[str, Any], place: tuple[Any, ...], path: str, open_files: tuple[str, ...]
    ) -> dict[str, Any]:
        holder = _at(value, place)
        if holder is None or KEY not in holder:
            return value
        words = holder.pop(KEY)
        merged: dict[str, Any] = {}
        for item in words if isinstance(words, list) else [words]:
            self._merge(merged, self._included(item, path, open_files))
        self._merge(merged, holder)
        if not place:
            return merged
        _at(value, place[:-1])[place[-1]] = merged
        return value

    def _included(self, words: Any, path: str, open_files: tuple[str, ...]) -> dict[str, Any]:
        target = self._target(words, path, open_files)
        if target is None:
            return {}
        try:
            return self.mapping(target, (*open_files, target))
        except ForeignError as error:
            self._config.includes.remove(target)
            self._miss(str(words), path, f"{target} cannot be read: {error}")
            return {}

    def _target(self, words: Any, path: str, open_files: tuple[str, ...]) -> str | None:
        if not isinstance(words, str) or not words.strip():
            self._miss(str(words)[:200], path, "no file name")
            return None
        if "$" in words or "://" in words or posixpath.isabs(words):
            self._miss(words, path, "outside the tree", external=True)
            return None
        folders = tuple(posixpath.dirname(file) for file in (open_files[0], path))
        found = self._tree.find(words, folders)
        if not found.path:
            self._miss(words, path, found.refusal)
            return None
        if found.path in open_files:
            self._miss(words, path, "includes itself")
            return None
        if len(open_files) > MAX_NESTED:
            self._miss(words, path, f"more than {MAX_NESTED} files in a row")
            return None
        if len(self._config.includes) >= MAX_INCLUDES:
            self._miss(words, path, f"more than {MAX_INCLUDES} includes")
            return None
        if found.others:
            note = f"include `{words}` of {path} was taken from {found.path}; {', '.join(found.others)} differs"
            self._config.notes.append(note)
        self._config.includes.append(found.path)
        return found.path

    def _replace_tags(self, value: Any, path: str, open_files: tuple[str, ...]) -> None:
        """Put the files of `!include` tags into their places; they are relative to the file alone."""
        pairs: Iterator[tuple[Any, Any]]
        if isinstance(value, dict):
            pairs = iter(list(value.items()))
        elif isinstance(value, list):
            pairs = iter(list(enumerate(value)))
        else:
            return
        for key, item in pairs:
            if isinstance(item, Include):
                value[key] = self._included(item.path, path, open_files)
            else:
                self._replace_tags(item, path, open_files)

    def _merge(self, base: dict[str, Any], over: Mapping[str, Any]) -> None:
        for key, item in over.items():
            self._size += 1
            if self._size > MAX_MERGED:
                raise ForeignError(f"includes of more than {MAX_MERGED} values")
            if isinstance(item, Mapping):
                below = base.get(key)
                if not isinstance(below, dict):
                    below = base[key] = {}
                self._merge(below, item)
            else:
                base[key] = item

    def _miss(self, words: str, by: str, reason: str, *, external: bool = False) -> None:
        missing = UnreadInclude(words, by, reason, external)
        if missing not in self._config.missing:
            self._config.missing.append(missing)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for holder in level
            if isinstance(holder, dict | list)
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return bool(level)


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where `includeConfigs` stands in nested mappings, in the order in which BPS treats them."""
    for key, item in value.items():
        if key == KEY:
            yield place
        elif isinstance(item, dict):
            yield from _places(item, (*place, key))


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None
