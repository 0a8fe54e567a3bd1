"""Writing a site into a folder that is ours: only what changed, and all of it at the end.

New files are gathered in `.campledger-new` inside the folder; once all are made they are moved into place, each at
once, and what is gone is removed. So a build that is stopped, or finds an error, leaves the old site as it was.

`.campledger-site.json` in the folder lists the files that builds made: only these are ever removed. Of each it says
what the file was made from, and what it held, so that the next build knows what it need not make again.

One build at a time: whoever makes a :class:`Folder` holds its lock (:func:`locked`) until all is said of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from campledger.errors import UsageError
from campledger.files import is_leftover, replace, uninterrupted
from campledger.model.text_format import counted

MARKER = ".campledger-site.json"
MARKER_FORMAT = 2
STAGE = ".campledger-new"

_PATIENCE = 60.0
"""Seconds that a build waits for another one into the same folder."""


@dataclass(frozen=True, slots=True)
class FileMark:
    """What the marker says of a file."""

    key: str
    """What stands for all that the file was made from; empty where that is not known."""
    content: str
    """What stands for what it holds."""
    size: int


_UNKNOWN = FileMark("", "", -1)


@dataclass(frozen=True, slots=True)
class WriteCounts:
    """How many files were written, since they were new or differed, and how many removed."""

    written: int
    removed: int


class Folder:
    """The folder of a site while a build goes on: :meth:`keep` or :meth:`put` each file, then :meth:`finish`."""

    def __init__(self, out: Path):
        self.out = out
        self.before, self._marked_at = prepare(out)
        """The files of earlier builds."""
        self._now: dict[str, FileMark] = {}
        self._staged: list[str] = []
        self._folders: set[str] = set()
        self._stage = out / STAGE

    def is_current(self, path: str, key: str) -> bool:
        """Whether a file is there, and was made from the same."""
        entry = self.before.get(path)
        return entry is not None and entry.key == key and self.intact(path)

    def intact(self, path: str) -> bool:
        """Whether a file holds what the last build put into it."""
        entry = self.before[path]
        file = f"{self.out}/{path}"
        try:
            found = os.lstat(file)
        except OSError:
            return False
        # Of a file that is younger than the marker somebody else may have changed as many bytes as there were.
        older = found.st_mtime_ns < self._marked_at
        return found.st_size == entry.size and (older or content_id(_read(file)) == entry.content)

    @property
    def files(self) -> Mapping[str, FileMark]:
        """The files of the site, as this build makes it; until it makes any, those of the last."""
        return self._now or self.before

    def keep(self, path: str) -> None:
        """Leave a file as it is: it would be made from the same again."""
        self._now[path] = self.before[path]

    def put(self, path: str, key: str, data: bytes) -> None:
        """Make a file, unless it is there with this content."""
        self.take(path, *self.make(path, key, data))

    def make(self, path: str, key: str, data: bytes) -> tuple[FileMark, bool]:
        """Make a file beside the site, unless it is there with this content; return what :meth:`take` is to know.

        Another process may do this for the one that finishes.
        """
        entry = FileMark(key, content_id(data), len(data))
        before = self.before.get(path)
        if before is not None and before.content == entry.content and self.intact(path):
            return entry, False
        self._write(path, data)
        return entry, True

    def take(self, path: str, entry: FileMark, new: bool) -> None:
        """Count a file that was made as one of the site."""
        self._now[path] = entry
        if new:
            self._staged.append(path)

    def _write(self, path: str, data: bytes) -> None:
        _require_inside(path)
        file = f"{self._stage}/{path}"
        try:
            self._make_folder(file)
            with open(file, "wb", opener=_anew) as stream:
                stream.write(data)
        except OSError as error:
            raise UsageError(f"cannot write {file}: {error.strerror}") from error

    def _make_folder(self, file: str) -> None:
        folder = file.rpartition("/")[0]
        if folder not in self._folders:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)

    def finish(self) -> WriteCounts:
        """Move what was made into place, in the order in which it was made, and remove what is gone.

        Raise UsageError if a link in the folder leads elsewhere; and if a file cannot be removed, which the next build
        tries again: the rest of the site is then as it should be.
        """
        gone = sorted(set(self.before) - set(self._now))
        for folder in {path.rpartition("/")[0] for path in (*self._staged, *gone)}:
            _require_folder(self.out, f"{folder}/" if folder else "")
        removed = 0
        stuck: dict[str, str] = {}
        with uninterrupted():
            if self._staged or gone:
                moving = {**self.before, **self._now, **dict.fromkeys((*self._staged, *gone), _UNKNOWN)}
                _mark(self.out, moving)
                for path in self._staged:
                    self._move(path)
                for path in gone:
                    try:
                        removed += _remove(self.out, path)
                    except OSError as error:
                        stuck[path] = error.strerror or str(error)
            self.abandon()
            _mark(self.out, {**self._now, **{path: self.before[path] for path in stuck}})
        if stuck:
            path, why = next(iter(stuck.items()))
            more = f" (and {counted(len(stuck) - 1, 'file')} more)" if len(stuck) > 1 else ""
            raise UsageError(
                f"{self.out / path}{more} cannot be removed: {why}; the site has it no longer, so remove it"
            )
        return WriteCounts(len(self._staged), removed)

    def _move(self, path: str) -> None:
        file = f"{self.out}/{path}"
        try:
            self._make_folder(file)
            os.replace(f"{self._stage}/{path}", file)  # noqa: PTH105 - ten thousand times
        except OSError as error:
            raise UsageError(f"cannot write {file}: {error.strerror}") from error

    def abandon(self) -> None:
        """Forget what was made and not moved into place."""
        _clear(self._stage)


def content_id(data: bytes) -> str:
    """Return what stands for a content."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Make the folder if need be, and hold its lock, for which a second build waits a while.

    The lock is on the folder itself, so no file of it is published; processes that this one forks hold it as well. A
    file system may have no locks for folders (NFS, some kinds of Lustre): builds are not held apart there. Raise
    UsageError if another build goes on for long.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        handle = _opened(out)  # each time: the folder may have been made anew meanwhile
        try:
            if _lock(handle):
                yield
                return
        finally:
            os.close(handle)
        if time.monotonic() > end:
            raise UsageError(f"another build goes on in {out}: wait until it ends, or name another folder with --out")
        time.sleep(0.1)


def _opened(out: Path) -> int:
    try:
        out.mkdir(parents=True, exist_ok=True)
        return os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{out} is no folder: name another with --out") from None
    except OSError as error:
        raise UsageError(f"cannot write into {out}: {error.strerror}") from None


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # there are no such locks
    return True


def prepare(out: Path) -> tuple[dict[str, FileMark], int]:
    """Return what the marker says, and when it was written. What a build that was stopped left is removed.

    Raise UsageError if the folder holds what no build made.
    """
    try:
        entries = {entry.name for entry in out.iterdir()}
        leftovers = {name for name in entries if is_leftover(name)}
        entries -= {STAGE, *leftovers}
        if entries and MARKER not in entries:
            raise UsageError(
                f"{out} is not empty, and no site build made it: name another folder with --out, or empty this one"
            )
        for name in leftovers:
            (out / name).unlink()
    except OSError as error:
        raise UsageError(f"cannot write into {out}: {error.strerror}") from None
    _clear(out / STAGE)
    return _marked(out) if entries else ({}, 0)


def _clear(stage: Path) -> None:
    try:
        if stage.is_symlink() or stage.is_file():
            stage.unlink()
        elif stage.exists():
            shutil.rmtree(stage)
    except OSError as error:
        raise UsageError(f"cannot remove {stage}, where builds gather files: {error.strerror}") from None


def _marked(out: Path) -> tuple[dict[str, FileMark], int]:
    """Read the marker; what it lists must be inside the folder, whoever wrote it."""
    file = out / MARKER
    try:
        document = {} if file.is_symlink() else json.loads(file.read_bytes())
        found = _entries(document), file.lstat().st_mtime_ns
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OSError):
        raise UsageError(
            f"{file} is not what a site build writes: empty the folder, or name another with --out"
        ) from None
    return found


def _entries(document: Mapping[str, object]) -> dict[str, FileMark]:
    """Return the files that a marker lists. Raise ValueError and the like for one that no build wrote."""
    listed = document["files"]
    if document["format"] == 1 and isinstance(listed, list):
        found = dict.fromkeys(listed, _UNKNOWN)
    elif document["format"] == MARKER_FORMAT and isinstance(listed, dict):
        found = {path: FileMark(*entry) for path, entry in listed.items()}
    else:
        raise ValueError("another format")
    for path in found:
        _require_inside(path)
    return found


def _require_inside(path: object) -> None:
    """Raise ValueError for a path that could lead out of the folder, or is not a file of the site."""
    if not isinstance(path, str):
        raise TypeError("no path")
    parts = path.split("/")
    if "\\" in path or "\0" in path or not {"", ".", ".."}.isdisjoint(parts) or parts[0] in {MARKER, STAGE}:
        raise ValueError(f"{path} is no file of a site")


def _mark(out: Path, files: Mapping[str, FileMark]) -> None:
    """Write the marker, unless it says so already."""
    rows = {path: [entry.key, entry.content, entry.size] for path, entry in sorted(files.items())}
    document = {"format": MARKER_FORMAT, "files": rows}
    data = (json.dumps(document, separators=(",", ":")).replace("],", "],\n") + "\n").encode("ascii")
    if _read(f"{out}/{MARKER}") == data:
        return
    try:
        replace(out / MARKER, data, 0o644)
    except OSError as error:
        raise UsageError(f"cannot write {out / MARKER}: {error.strerror}") from error


def _anew(path: str, flags: int) -> int:
    """Open a new file, which every web server may read, whatever the umask.

    It may be there already, from a process that came to grief, and whose work is done once more.
    """
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - ten thousand times
    handle = os.open(path, flags | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    os.fchmod(handle, 0o644)
    return handle


def _read(file: str) -> bytes:
    """Return what a file holds; nothing if it is a link."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return b""
    with os.fdopen(handle, "rb") as stream:
        return stream.read()


def _require_folder(out: Path, path: str) -> None:
    """Refuse a path on which a link or a file stands in for a folder."""
    folder = out
    for part in filter(None, path.split("/")[:-1]):
        folder = folder / part
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(f"{folder} is no folder of the site: remove it, or name another folder with --out")


def _remove(out: Path, path: str) -> bool:
    """Remove a file of an earlier build, and its folders once they are empty; return whether it was there.

    Raise OSError if it is there still.
    """
    file = out / path
    try:
        file.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    for folder in file.relative_to(out).parents:
        if folder.parts:
            with suppress(OSError):
                (out / folder).rmdir()
    return True


def write(out: Path, files: Iterable[tuple[str, bytes]]) -> WriteCounts:
    """Make the folder hold these files, by path from it."""
    with locked(out):
        folder = Folder(out)
        for path, data in files:
            folder.put(path, "", data)
        return folder.finish()


def stamp(out: Path) -> str | None:
    """Return what is another text once any file below the folder was added, removed or touched.

    None if that cannot be told: a folder in it may not be read, or a file went meanwhile.
    """
    rows: list[str] = []
    waiting = [str(out)]
    try:
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        found = entry.stat(follow_symlinks=False)
                        rows.append(f"{entry.path}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ino}")
    except OSError:
        return None
    rows.sort()
    return content_id("\n".join(rows).encode("utf-8", "surrogateescape"))
