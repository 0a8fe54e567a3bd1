"""Where a ledger's files can be read from: the work tree, the index, or a commit."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from campledger.errors import DataError
from campledger.repository.git_commands import Blob, Repository


class Files(Protocol):
    """The files of a ledger, by path from its root with forward slashes."""

    @property
    def paths(self) -> Mapping[str, bool]:
        """Every file, and whether it is a symbolic link."""

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return contents; of a link, its target. Paths that are not there are left out."""


class KnownFiles(Files, Protocol):
    """Files with content ids, so that unchanged ones are recognised unread."""

    @property
    def ids(self) -> Mapping[str, str]:
        """What stands for the content of each file: two with one id have one content."""


@dataclass(frozen=True)
class WorkTree:
    """The files on disk."""

    root: Path
    tops: tuple[str, ...] = ("campaigns", "dataids", "queries", "templates", "overrides", "removed")
    """Directories that hold campaigns, sets, saved queries, templates, the site's overrides and tombstones; besides
    them the files at the top are read."""

    @cached_property
    def paths(self) -> dict[str, bool]:
        """Every file, and whether it is a symbolic link. A directory that is a link counts as a file."""
        found: dict[str, bool] = {}
        with os.scandir(self.root) as entries:
            found |= {entry.name: entry.is_symlink() for entry in entries if _is_file(entry)}
        for top in self.tops:
            if (self.root / top).is_symlink():
                found[top] = True
            else:
                self._walk(top, found)
        return dict(sorted(found.items()))

    @cached_property
    def ids(self) -> dict[str, str]:
        """Git's own id of each content: what is committed is known again.

        From here on the files are those of this moment: what went away meanwhile is left out of :attr:`paths`, and
        :meth:`read` refuses a file that has changed since.
        """
        ids = {path: blob_id(content) for path in self.paths for content in self.read([path]).values()}
        for gone in self.paths.keys() - ids.keys():
            del self.paths[gone]
        return ids

    def _walk(self, directory: str, found: dict[str, bool]) -> None:
        try:
            with os.scandir(f"{self.root}/{directory}") as entries:
                for entry in entries:
                    path = f"{directory}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        self._walk(path, found)
                    elif _is_file(entry):
                        found[path] = entry.is_symlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError(f"{directory} cannot be read: {error.strerror}") from None

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return contents; of a link, its target."""
        contents = {}
        ids: Mapping[str, str] = self.__dict__.get("ids", {})
        for path in paths:
            content = self._content(path)
            if path in ids and (content is None or blob_id(content) != ids[path]):
                raise DataError(f"{path}:0:0: unreadable: it changed while it was read; try again")
            if content is not None:
                contents[path] = content
        return contents

    def _content(self, path: str) -> bytes | None:
        file = self.root / path
        try:
            return os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from None


def blob_id(content: bytes) -> str:
    """Return the id that git gives to a content, in repositories of SHA-1."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether git could hold it: no pipe, socket or device, from which reading would never end."""
    return entry.is_symlink() or entry.is_file()


@dataclass(frozen=True)
class GitTree:
    """The files in the index (``commit`` None) or in a commit."""

    repository: Repository
    commit: str | None

    @cached_property
    def blobs(self) -> dict[str, Blob]:
        """Every file, as git stores it."""
        if self.commit is None:
            return self.repository.index_files()
        return self.repository.commit_files(self.commit)

    @cached_property
    def paths(self) -> dict[str, bool]:
        """Every file, and whether it is a symbolic link."""
        return {path: blob.is_link for path, blob in self.blobs.items()}

    @cached_property
    def ids(self) -> dict[str, str]:
        """Git's id of each content."""
        return {path: blob.sha for path, blob in self.blobs.items()}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return contents; of a link, its target."""
        wanted = {path: self.blobs[path].sha for path in paths if path in self.blobs}
        contents = self.repository.blobs(wanted.values())
        return {path: contents[sha] for path, sha in wanted.items()}


def _is_below(path: str, directories: frozenset[str]) -> bool:
    while path:
        path = path.rpartition("/")[0]
        if path in directories:
            return True
    return False


class Overlay:
    """Files as they would be with some changed, at once or one by one; those below stay as they are."""

    def __init__(
        self, base: Files, changed: Mapping[str, bytes | None] | None = None, within: Iterable[str] | None = None
    ):
        self.base = base
        self.changed = dict(changed or {})
        """Contents by path, None for a file that would be gone. Change it by :meth:`put` and :meth:`remove`."""
        self._within = None if within is None else frozenset(within)
        """Campaigns' directories to which the view is narrowed, for speed; what else there is stays, and changes do."""

    @cached_property
    def paths(self) -> dict[str, bool]:
        """Every file, and whether it is a symbolic link; those that come later stand at the end."""
        paths = dict(self.base.paths)
        if self._within is not None:
            paths = {path: link for path, link in paths.items() if self._is_seen(path)}
        if not self.changed:
            return paths
        kept = {path: link for path, link in paths.items() if path not in self.changed}
        new = {path: False for path, content in self.changed.items() if content is not None}
        return dict(sorted((kept | new).items()))

    def _is_seen(self, path: str) -> bool:
        return self._within is None or not path.startswith("campaigns/") or _is_below(path, self._within)

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return contents; of a link, its target."""
        wanted = list(paths)
        contents = self.base.read(path for path in wanted if path not in self.changed)
        for path in wanted:
            content = self.changed.get(path)
            if content is not None:
                contents[path] = content
        return contents

    def put(self, path: str, content: bytes) -> None:
        """Let a file hold a content."""
        self.changed[path] = content
        self._show(path, False)

    def remove(self, path: str) -> None:
        """Let a file be gone."""
        self.changed[path] = None
        self._show(path, None)

    def changes(self, paths: Iterable[str]) -> dict[str, bytes | None]:
        """Return the changes of some files, for :meth:`take_back` to go back to."""
        return {path: self.changed[path] for path in paths if path in self.changed}

    def take_back(self, paths: Iterable[str], earlier: Mapping[str, bytes | None]) -> None:
        """Undo what was done to some files after :meth:`changes` gave their earlier changes."""
        for path in paths:
            if path in earlier:
                content = self.changed[path] = earlier[path]
                self._show(path, None if content is None else False)
            else:
                self.changed.pop(path, None)
                self._show(path, self.base.paths.get(path) if self._is_seen(path) else None)

    def _show(self, path: str, link: bool | None) -> None:
        """Bring the paths up to date, if anybody has asked for them: with a file that is a link or none, or is gone."""
        if "paths" not in vars(self):
            return
        if link is None:
            self.paths.pop(path, None)
        else:
            self.paths[path] = link
