"""Writing a site into a folder that is ours, so that a build that is stopped leaves a site that works.

`.campledger-site.json` in the folder lists the files that builds made: only these are ever removed. While a build
runs it lists those of the last site and of the new one. Files are replaced one by one, each at once; those that
are gone are removed at the end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from campledger.errors import UsageError
from campledger.files import replace

MARKER = ".campledger-site.json"
MARKER_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Written:
    """How many files were written, since they were new or differed, and how many removed."""

    written: int
    removed: int


def write(out: Path, paths: Collection[str], files: Iterable[tuple[str, bytes]]) -> Written:
    """Make the folder hold the files (path from it and content), whose paths ``paths`` lists beforehand.

    Raise UsageError if the folder holds what no build made, or a link in it leads elsewhere.
    """
    before = prepare(out)
    _mark(out, {*before, *paths})
    folders: set[Path] = {out}
    written = 0
    for path, data in files:
        if path not in paths:
            raise ValueError(f"{path} is not among the paths announced")
        written += _put(out, path, data, folders)
    gone = sorted(set(before) - set(paths))
    removed = sum(_remove(out, path) for path in gone)
    _mark(out, paths)
    return Written(written, removed)


def prepare(out: Path) -> list[str]:
    """Make the folder if need be; return the files that earlier builds made in it. Raise UsageError if not ours."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        entries = {entry.name for entry in out.iterdir()}
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{out} is no folder: name another with --out") from None
    except OSError as error:
        raise UsageError(f"cannot write into {out}: {error.strerror}") from None
    if not entries:
        return []
    if MARKER not in entries:
        message = f"{out} is not empty, and no site build made it: name another folder with --out, or empty this one"
        raise UsageError(message)
    return _marked(out)


def _marked(out: Path) -> list[str]:
    """Read the marker; what it lists must be inside the folder, whoever wrote it."""
    file = out / MARKER
    try:
        document = {} if file.is_symlink() else json.loads(file.read_bytes())
        listed = document["files"] if document["format"] == MARKER_FORMAT else None
    except (ValueError, TypeError, KeyError, OSError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(path, str) and _inside(path) for path in listed):
        raise UsageError(f"{file} is not what a site build writes: empty the folder, or name another with --out")
    return listed


def _inside(path: str) -> bool:
    parts = path.split("/")
    return "\\" not in path and "\0" not in path and not {"", ".", ".."}.intersection(parts) and path != MARKER


def _mark(out: Path, paths: Iterable[str]) -> None:
    document = {"format": MARKER_FORMAT, "files": sorted(paths)}
    _put(out, MARKER, (json.dumps(document, indent=0) + "\n").encode("ascii"), {out})


def _put(out: Path, path: str, data: bytes, folders: set[Path]) -> bool:
    """Write one file, unless it is there with this content. Return whether it was written."""
    file = out / path
    if file.parent not in folders:
        _require_folder(out, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        folders.add(file.parent)
    if _holds(file, data):
        return False
    try:
        replace(file, data, 0o644)  # whatever the umask, a web server has to read it
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    return True


def _holds(file: Path, data: bytes) -> bool:
    """Whether a file, and no link, has this content."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    with os.fdopen(handle, "rb") as stream:
        return os.fstat(handle).st_size == len(data) and stream.read() == data


def _require_folder(out: Path, path: str) -> None:
    """Refuse a path on which a link or a file stands in for a folder."""
    folder = out
    for part in PurePosixPath(path).parts[:-1]:
        folder = folder / part
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(f"{folder} is no folder of the site: remove it, or name another folder with --out")


def _remove(out: Path, path: str) -> bool:
    """Remove a file of an earlier build, and its folders once they are empty."""
    _require_folder(out, path)
    file = out / path
    try:
        file.unlink()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        return False
    for folder in file.relative_to(out).parents:
        if folder.parts:
            with suppress(OSError):
                (out / folder).rmdir()
    return True
