"""The one way to commit: some files, one message, nothing else of the user's touched, all or nothing."""

from __future__ import annotations

import fcntl
import os
import random
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from campledger.errors import GitError, UsageError
from campledger.files import replace, uninterrupted
from campledger.repository.git_commands import Answer, Repository, Status, explain, literal

INDEX_LOCK_PATIENCE = 30.0
"""Seconds to wait for another git process that holds the index."""

_BUSY = ("index.lock", "but expected", ".lock': File exists")
"""What git says where another git process is at the index, or has just moved the branch."""

_FOR_COMMITS = {"GIT_OPTIONAL_LOCKS": "1", "CAMPLEDGER_CHECKED": "1"}
"""The second tells our own hook that the draft was checked already, in an overlay over the same commit."""


_FROM_STDIN = ("--pathspec-from-file=-", "--pathspec-file-nul")
"""Paths go through a pipe: thousands of them are more than a command line holds."""


def _listed(changes: Iterable[Change]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in literal(change.path for change in changes))


@dataclass(frozen=True, slots=True)
class Change:
    """A file's content before and after; None where it is not there."""

    path: str
    before: bytes | None
    after: bytes | None


@contextmanager
def locked(repository: Repository) -> Iterator[None]:
    """Hold the ledger's lock, which all writers of all worktrees of this clone take. Never over the network."""
    path = repository.common_dir / "campledger.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise GitError(f"cannot write to the repository: {path}: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def commit(repository: Repository, changes: Sequence[Change], message: str, status: Status | None = None) -> str:
    """Write the changes and commit them, and only them; return the commit. The caller holds the lock.

    ``status`` is that of the files, where the caller has asked for it already.
    Raises GitError, with everything as it was, if the repository is in no state for it, a file is not what it
    was when it was read, or git or one of the user's hooks refuses.
    """
    status = status or status_of(repository, [change.path for change in changes])
    _require_ready(repository, status.branch)
    _require_clean(repository, changes, status)
    paths = _listed(changes)
    base = status.head
    made: list[Path] = []
    try:
        for change in changes:
            made += _write(repository.root / change.path, change.after)
        new = _listed(change for change in changes if change.before is None)
        if new:
            _patiently(repository, "add", *_FROM_STDIN, stdin=new)
        with tempfile.NamedTemporaryFile(dir=repository.git_dir, prefix="campledger-message-") as file:
            file.write(message.encode())
            file.flush()
            words = ("commit", "--quiet", "--no-edit", "--cleanup=whitespace", f"--file={file.name}")
            _patiently(repository, *words, *_FROM_STDIN, stdin=paths)
    except BaseException:
        with uninterrupted():
            if not _landed(repository, base, changes):  # else an interrupt came after the commit
                _restore(repository, changes, made)
        raise
    head = repository.head()
    if head is None:
        raise GitError("git reported a commit, but the branch has none")
    return head


@contextmanager
def on_new_branch(repository: Repository, name: str) -> Iterator[None]:
    """Let what is committed inside go to a new branch, and come back: HEAD, index and work tree are as before.

    HEAD is on the branch while git commits, so that the user's hooks run as they always do. Where the commit fails
    there is no branch. Raise GitError, or UsageError for a name that no branch can have, or that one has.
    """
    _require_ready(repository, repository.branch())
    here, base = repository.run("symbolic-ref", "HEAD").text, repository.head()
    if base is None:
        raise GitError("there is no commit yet from which a branch could start")
    require_new_branch(repository, name)
    ref = f"refs/heads/{name}"
    try:
        repository.run("update-ref", "-m", "campledger: propose a change", ref, base, "0" * len(base))
        repository.run("symbolic-ref", "HEAD", ref)
        yield
    except BaseException:
        with uninterrupted():
            repository.ask("symbolic-ref", "HEAD", here)
            repository.ask("update-ref", "-d", ref, base)
        raise
    with uninterrupted():
        tip = repository.head()
        if tip is not None:
            # What is staged or changed beside the commit is the same in both, and stays.
            _patiently(repository, "read-tree", "-m", "-u", tip, base)
        repository.run("symbolic-ref", "HEAD", here)


def require_new_branch(repository: Repository, name: str) -> None:
    """Raise UsageError if no branch can have this name, or one has it."""
    if repository.ask("check-ref-format", "--branch", name).text != name:
        raise UsageError(f"`{name}` is no name for a branch")
    if repository.has_branch(name):
        raise UsageError(f"there is a branch `{name}` already: give another name, or `git branch -D {name}` first")


def _landed(repository: Repository, base: str | None, changes: Sequence[Change]) -> bool:
    """Whether the commit was made after all. That HEAD moved is not enough: somebody else may have moved it."""
    if repository.head() == base or not changes:
        return False
    answer = repository.ask("cat-file", "blob", f"HEAD:./{changes[0].path}")
    return (answer.out if answer.status == 0 else None) == changes[0].after


def status_of(repository: Repository, paths: Sequence[str]) -> Status:
    """Return the status of files that are to be changed. Raise GitError where there is no work tree."""
    if repository.is_bare:
        raise GitError("a bare repository has no work tree: use a clone of it")
    return repository.status(paths)


def _require_ready(repository: Repository, branch: str | None) -> None:
    operation = repository.operation_in_progress()
    if operation:
        raise GitError(f"a {operation} is in progress: finish it, or `git {operation} --abort`, then try again")
    if branch is None:
        raise GitError("HEAD is detached, and a commit would belong to no branch: `git switch main` first")


def _require_clean(repository: Repository, changes: Sequence[Change], status: Status) -> None:
    for change in changes:
        file = repository.root / change.path
        current = None
        if file.is_symlink():
            raise GitError(f"{change.path} is a symbolic link, and is not written through")
        with suppress(FileNotFoundError, NotADirectoryError):
            current = file.read_bytes()
        if current != change.before:
            raise GitError(f"{change.path} changed while campledger was at work: try again")
    named = {f"{repository.prefix}{change.path}" for change in changes}
    dirty = [path for path in status.dirty if path in named]
    if dirty:
        raise GitError(
            f"{dirty[0]} has changes that are not committed: "
            f"commit them, or `git restore --staged --worktree {dirty[0]}`, then try again"
        )


def _write(file: Path, content: bytes | None) -> list[Path]:
    """Replace a file atomically; return the directories made for it."""
    if content is None:
        file.unlink()
        return []
    missing = []
    parent = file.parent
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        mode = file.stat().st_mode if file.exists() else 0o666 & ~_umask()
        replace(file, content, mode & 0o777)
    except OSError as error:
        raise GitError(f"cannot write {file.name}: {file.parent}: {error.strerror}") from None
    return missing


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _restore(repository: Repository, changes: Sequence[Change], made: list[Path]) -> None:
    for change in changes:
        file = repository.root / change.path
        if change.before is not None:
            _write(file, change.before)
        else:
            file.unlink(missing_ok=True)
    new = _listed(change for change in changes if change.before is None)
    if new:
        repository.ask("rm", "--cached", "--quiet", "--force", "--ignore-unmatch", *_FROM_STDIN, stdin=new)
    # The content is as it was; let the index see that without reading the file again each time.
    repository.ask("update-index", "-q", "--refresh")
    for directory in made:
        with suppress(OSError):
            directory.rmdir()


def _patiently(repository: Repository, *arguments: str, stdin: bytes | None = None) -> Answer:
    """Run a git command, waiting while another git process holds the index."""
    deadline = time.monotonic() + INDEX_LOCK_PATIENCE
    pause = 0.02
    while True:
        answer = repository.ask(*arguments, stdin=stdin, environment=_FOR_COMMITS)
        if answer.status == 0:
            return answer
        if not any(mark in answer.err for mark in _BUSY) or time.monotonic() > deadline:
            raise GitError(_refusal(arguments[0], answer))
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
        pause = min(pause * 2, 1.0)


def _refusal(command: str, answer: Answer) -> str:
    message = explain(command, answer)
    if "index.lock" in answer.err:
        return f"{message}; if no git process is at work, remove that file"
    if command == "commit":
        return f"{message}; nothing was changed"
    return message
