"""A directory of submit files as found on disk: read-only, bounded, and never left."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campledger.documents.foreign import MAX_BYTES, Foreign, ForeignError, read

MAX_FILES = 50_000
YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something under the directory that is not read, and why."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a relative path leads to: a file of the tree, or the reason why there is none."""

    path: str = ""
    refusal: str = ""
    others: tuple[str, ...] = ()
    """Other files that the same words may mean, with another content."""


@dataclass(frozen=True)
class Tree:
    """The files below one directory, by their path relative to it (`/` between the parts)."""

    root: Path
    files: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    _content: dict[str, bytes] = field(default_factory=dict, repr=False)
    _documents: dict[str, Foreign | ForeignError] = field(default_factory=dict, repr=False)

    def content(self, path: str) -> bytes:
        """Return a file's bytes. Raise ForeignError if it cannot be read or is too large."""
        if path not in self._content:
            self._content[path] = _bounded(self.root / path)
        return self._content[path]

    def with_content(self, path: str, data: bytes) -> Tree:
        """Return the same tree with another content of one file."""
        return Tree(self.root, self.files, self.left_out, {path: data})

    def document(self, path: str) -> Foreign:
        """Return a file as YAML, read once. Raise ForeignError if it cannot be read."""
        if path not in self._documents:
            try:
                self._documents[path] = read(self.content(path))
            except ForeignError as error:
                self._documents[path] = error
        document = self._documents[path]
        if isinstance(document, ForeignError):
            raise document
        return document

    def value(self, path: str) -> Any:
        """Return a file's YAML value. Raise ForeignError if it cannot be read."""
        return self.document(path).value

    def find(self, words: str, folders: tuple[str, ...]) -> Found:
        """Look a relative path up in these folders, in order, then in the folders above them, never outside."""
        if posixpath.isabs(words) or "\0" in words:
            return Found(refusal="an absolute path: outside the tree")
        hits: list[str] = []
        climbs = outside = False
        for folder in _with_parents(folders):
            path = posixpath.normpath(posixpath.join(folder, words))
            if path == ".." or path.startswith("../"):
                climbs = True
            elif self._is_inside(path):
                hits.append(path)
            elif os.path.islink(self.root / path):  # noqa: PTH114 - false, not an error, for an impossible name
                outside = True
        if not hits:
            if outside:
                return Found(refusal="a symbolic link that leads nowhere or out of the tree")
            return Found(refusal="climbs out of the tree" if climbs and words.startswith("..") else "not in the tree")
        return Found(hits[0], others=tuple(sorted({path for path in hits[1:] if self._differs(path, hits[0])})))

    def _is_inside(self, path: str) -> bool:
        target = self.root / path
        try:
            return target.is_file() and target.resolve(strict=True).is_relative_to(self.root)
        except (OSError, RuntimeError):
            return False

    def _differs(self, path: str, other: str) -> bool:
        try:
            return path != other and self.content(path) != self.content(other)
        except ForeignError:
            return True


def scan(root: Path) -> Tree:
    """List the files below a directory in natural order; symbolic links and special files are left out."""
    root = root.resolve()
    files: list[str] = []
    left_out: list[LeftOut] = []
    for path, message in _walk(root, left_out):
        shown = shown_path(path)
        if message:
            left_out.append(LeftOut(shown, message))
        elif shown != path or not path.isprintable() or len(path) > 900:
            left_out.append(LeftOut(shown, "a name that a ledger cannot keep"))
        elif len(files) >= MAX_FILES:
            left_out.append(LeftOut(shown, f"the tree has more than {MAX_FILES} files"))
        else:
            files.append(path)
    return Tree(root, tuple(sorted(files, key=natural)), tuple(sorted(left_out, key=lambda item: item.path)))


def _walk(root: Path, left_out: list[LeftOut]) -> Iterator[tuple[str, str]]:
    """Yield every file's path with an empty message, or why it is not read."""

    def unreadable(error: OSError) -> None:
        path = Path(str(error.filename)).relative_to(root).as_posix()
        left_out.append(LeftOut(shown_path(path), f"cannot be read: {error.strerror}"))

    for folder, folders, names in os.walk(root, onerror=unreadable):
        here = Path(folder)
        for name in sorted(folders):
            path = (here / name).relative_to(root).as_posix()
            if name == ".git":
                yield path, "git's own"
            elif (here / name).is_symlink():
                yield path, "a symbolic link to a folder: not followed"
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            file = here / name
            path = file.relative_to(root).as_posix()
            if file.is_symlink():
                yield path, "a symbolic link: read only where a file includes it"
            elif not file.is_file():
                yield path, "no regular file"
            else:
                yield path, ""


def _bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ForeignError(f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise ForeignError(f"larger than {MAX_BYTES} bytes")
    return data


def _with_parents(folders: tuple[str, ...]) -> list[str]:
    """Return the folders, then all those above them up to the root, nearest first, each once."""
    ordered = list(folders)
    for folder in folders:
        above = folder
        while above:
            above = posixpath.dirname(above)
            ordered.append(above)
    return list(dict.fromkeys(ordered))


def shown_path(path: str) -> str:
    """Return a path as it can be written in UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode()


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts step2 before step10."""
    return tuple(
        (0, int(part), part) if part.isascii() and part.isdigit() and len(part) < 20 else (1, 0, part)
        for part in re.split(r"([0-9]+)", text)
        if part
    )
