"""Questions to git, each a small named function of :class:`Repository`."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without git, importing it raises and prints
import git

from campledger.errors import GitError, UsageError

_SUBMODULE = "160000"
"""The mode of a commit of another repository, which is no file, and not here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a git command gave back."""

    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """The output as text, without its last newline."""
        return self.out.decode("utf-8", "surrogateescape").rstrip("\n")


@dataclass(frozen=True, slots=True)
class Blob:
    """A file in the index or in a commit."""

    mode: str
    sha: str

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode == "120000"


@dataclass(frozen=True, slots=True)
class Status:
    """Where HEAD is, and which of some paths differ from it."""

    head: str | None
    """HEAD's commit; None on a branch without commits."""
    branch: str | None
    """None where HEAD is detached."""
    dirty: tuple[str, ...]
    """Those that are staged, changed or untracked, by path from the top of the repository."""
    ignored: tuple[str, ...]
    """Those that are on disk only, since the user's ignore files name them."""


@contextmanager
def _held_signals() -> Iterator[list[int]]:
    """Hold back interrupts while a process starts, so that one which is not in hand yet is not left running unseen.

    What came meanwhile is in the list, for the caller to raise once it can end the process.
    """
    held: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield held  # signals reach the main thread only
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in kept:
        signal.signal(number, lambda caught, _: held.append(caught))
    try:
        yield held
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


class Repository:
    """A git repository, asked from one directory inside it: the ledger's root."""

    def __init__(self, root: Path):
        self.root = root
        self._git = git.Git(root)

    def ask(self, *arguments: str, stdin: bytes | None = None, environment: Mapping[str, str] | None = None) -> Answer:
        """Run a git command, whatever its exit status."""
        variables = {"GIT_OPTIONAL_LOCKS": "0", **(environment or {})}
        with tempfile.TemporaryFile() as stream:
            stream.write(stdin or b"")
            stream.seek(0)
            try:
                # Kept in a variable: GitPython ends the process of a handle that is collected.
                with _held_signals() as held:
                    handle = self._git.execute(["git", *arguments], istream=stream, as_process=True, env=variables)
            except git.GitCommandNotFound as error:
                raise GitError("git is not installed, or not on PATH: install it") from error
            process = handle.proc
            if process is None:
                raise GitError("git did not start")
            try:
                if held:
                    signal.raise_signal(signal.Signals(held[0]))
                out, err = process.communicate()
            except BaseException:
                # Interrupted: git must not go on, or it would commit what the caller now puts back.
                process.terminate()
                process.wait()
                raise
        return Answer(int(process.returncode), out, err.decode("utf-8", "replace").strip())

    def run(self, *arguments: str, stdin: bytes | None = None, environment: Mapping[str, str] | None = None) -> Answer:
        """Run a git command that has to succeed. Raise GitError with what git said."""
        answer = self.ask(*arguments, stdin=stdin, environment=environment)
        if answer.status != 0:
            raise GitError(explain(arguments[0], answer))
        return answer

    @cached_property
    def _place(self) -> list[str]:
        options = ("--absolute-git-dir", "--git-common-dir", "--is-bare-repository", "--show-prefix")
        return self.run("rev-parse", *options).out.decode("utf-8", "surrogateescape").split("\n")

    @property
    def git_dir(self) -> Path:
        """The directory with HEAD and the index: `.git`, or a linked worktree's own."""
        return Path(self._place[0])

    @property
    def common_dir(self) -> Path:
        """The directory that all worktrees share."""
        return (self.root / self._place[1]).resolve()

    @property
    def is_bare(self) -> bool:
        """Whether there is no work tree, as on a server."""
        return self._place[2] == "true"

    @property
    def is_shallow(self) -> bool:
        """Whether the clone lacks a part of the history."""
        return bool(self.boundary)

    @cached_property
    def boundary(self) -> str:
        """The commits at which the history of a shallow clone ends; empty for a whole one."""
        try:
            return (self.common_dir / "shallow").read_text("ascii")
        except FileNotFoundError:
            return ""

    @property
    def refs(self) -> str:
        """Every branch, tag and the like, and what it names."""
        return self.run("for-each-ref", "--format=%(objectname) %(refname)").text

    @property
    def prefix(self) -> str:
        """The ledger's path inside the repository, with a slash at the end; empty at its top."""
        return self._place[3]

    def exists(self) -> bool:
        """Whether the directory belongs to a git repository at all. Raise GitError if git does not say."""
        try:
            return bool(self._place)
        except GitError as error:
            if "not a git repository" in str(error):
                return False
            raise  # no git, or a repository that belongs to somebody else

    def is_ignored(self, path: Path) -> bool:
        """Whether the user's ignore files name a path."""
        return self.ask("check-ignore", "--quiet", "--", str(path)).status == 0

    def commit_of(self, revision: str) -> str:
        """Return the full hash of the commit that a revision names. Raise UsageError if there is none."""
        answer = self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if answer.status != 0:
            raise UsageError(f"unknown commit `{revision}`: `git log --oneline` lists them")
        return answer.text

    def head(self) -> str | None:
        """Return HEAD's commit, or None on a branch without commits."""
        answer = self.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return answer.text if answer.status == 0 else None

    def branch(self) -> str | None:
        """Return the name of the branch that HEAD is on, or None where it is detached."""
        answer = self.ask("symbolic-ref", "--quiet", "--short", "HEAD")
        return answer.text if answer.status == 0 else None

    def has_branch(self, name: str) -> bool:
        """Whether there is a branch of this name here."""
        return self.ask("show-ref", "--verify", "--quiet", f"refs/heads/{name}").status == 0

    def address_of(self, remote: str) -> str | None:
        """Return the address of a remote, or None if there is none of this name."""
        answer = self.ask("remote", "get-url", "--end-of-options", remote)
        return answer.text if answer.status == 0 else None

    def commit_time(self, commit: str) -> int:
        """Return a commit's committer date, in seconds since 1970."""
        return int(self.run("show", "--no-patch", "--format=%ct", "--end-of-options", commit).text)

    def index_files(self) -> dict[str, Blob]:
        """Return the files in the index below the ledger, by path from it."""
        out = self.run("ls-files", "--stage", "-z").out.decode("utf-8", "surrogateescape")
        files = {}
        for row in filter(None, out.split("\0")):
            head, _, path = row.partition("\t")
            mode, sha, _ = head.split(" ")
            if mode != _SUBMODULE:
                files[path] = Blob(mode, sha)
        return files

    def commit_files(self, commit: str) -> dict[str, Blob]:
        """Return the files in a commit below the ledger, by path from it."""
        out = self.run("ls-tree", "-r", "-z", commit).out.decode("utf-8", "surrogateescape")
        files = {}
        for row in filter(None, out.split("\0")):
            head, _, path = row.partition("\t")
            mode, _, sha = head.split(" ")
            if mode != _SUBMODULE:
                files[path] = Blob(mode, sha)
        return files

    def blobs(self, shas: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of blobs, all in one call of git."""
        wanted = list(dict.fromkeys(shas))
        if not wanted:
            return {}
        out = self.run("cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in wanted).encode()).out
        contents, offset = {}, 0
        for sha in wanted:
            end = out.index(b"\n", offset)
            header = out[offset:end].split(b" ")
            if len(header) != 3:
                raise GitError(f"the repository lacks the object {sha}: `git fsck` tells more")
            size = int(header[2])
            contents[sha] = out[end + 1 : end + 1 + size]
            offset = end + 1 + size + 1
        return contents

    def staged_paths(self) -> list[str]:
        """Return the paths, from the ledger, in which the index differs from HEAD."""
        base = self.head() or self.run("hash-object", "-t", "tree", "--stdin").text
        command = ("diff-index", "--cached", "--name-only", "-z", "--no-renames", "--relative", base)
        return _paths(self.run(*command).out)

    def changed_paths(self, base: str, commit: str) -> list[str]:
        """Return the paths, from the ledger, in which two commits differ."""
        command = ("diff-tree", "-r", "--name-only", "-z", "--no-renames", "--relative", base, commit)
        return _paths(self.run(*command).out)

    def commits_of(self, paths: Iterable[str], tip: str | None = None) -> list[str]:
        """Return the commits of the history of ``tip`` (HEAD) that changed one of the paths, the latest first."""
        start = tip or self.head()
        if start is None:
            return []
        command = ("-c", "log.showSignature=false", "log", "--format=%H", "--no-renames", "--end-of-options", start)
        return self.run(*command, "--", *literal(paths)).text.split()

    def commits_named(self, revisions: Iterable[str]) -> dict[str, str]:
        """Return the commits that revisions name, all in one call of git; empty for those that name none."""
        wanted = [revision for revision in dict.fromkeys(revisions) if "\n" not in revision]
        if not wanted:
            return {}
        questions = "".join(f"{revision}^{{commit}}\n" for revision in wanted).encode("utf-8", "surrogateescape")
        answers = self.run("cat-file", "--batch-check=%(objectname)", stdin=questions).out.split(b"\n")
        found = [answer.decode() if len(answer.split()) == 1 else "" for answer in answers]
        return dict(zip(wanted, found, strict=False))

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether a commit descends from another one, or is it."""
        return self.ask("merge-base", "--is-ancestor", commit, of).status == 0

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor of two commits, or None where there is none, or a shallow clone lacks it."""
        return self.ask("merge-base", one, other).text.partition("\n")[0] or None

    def identity(self) -> tuple[str, str]:
        """Return name and address with which the user commits. Raise GitError if git does not know them."""
        answer = self.ask("var", "GIT_AUTHOR_IDENT")
        name, _, rest = answer.text.partition(" <")
        email = rest.partition(">")[0]
        if answer.status != 0 or not name:
            raise GitError(
                "git does not know who you are: "
                'set `git config --global user.name "Your Name"` and `git config --global user.email you@example.org`'
            )
        return name, email

    def operation_in_progress(self) -> str | None:
        """Return the name of a merge, rebase or the like that waits to be finished, or None."""
        marks = {
            "MERGE_HEAD": "merge",
            "rebase-merge": "rebase",
            "rebase-apply": "rebase",
            "CHERRY_PICK_HEAD": "cherry-pick",
            "REVERT_HEAD": "revert",
        }
        return next((word for mark, word in marks.items() if (self.git_dir / mark).exists()), None)

    def status(self, paths: Iterable[str]) -> Status:
        """Return where HEAD is, and which of the paths, files or folders, are not as it has them."""
        wanted = list(paths)
        form = ("--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--no-renames")
        files = ("--untracked-files=all", "--ignored")
        # Of very many, which a command line does not hold, git is asked for everything.
        few = len(wanted) <= _MANY
        out = self.run("status", *form, *files, "--", *literal(wanted if few else ["."])).out
        known = None if few else {f"{self.prefix}{path}" for path in wanted}
        said: dict[str, str] = {}
        rows: dict[bool, list[str]] = {False: [], True: []}
        for row in filter(None, out.decode("utf-8", "surrogateescape").split("\0")):
            kind, _, rest = row.partition(" ")
            if kind == "#":
                name, _, value = rest.partition(" ")
                said[name] = value
                continue
            # Before the path, changed entries have seven fields, unmerged ones nine, others none.
            path = rest.split(" ", {"1": 7, "u": 9}.get(kind, 0))[-1]
            if known is None or path in known:
                rows[kind == "!"].append(path)
        head, branch = said.get("branch.oid"), said.get("branch.head")
        return Status(
            None if head == "(initial)" else head,
            None if branch == "(detached)" else branch,
            tuple(rows[False]),
            tuple(rows[True]),
        )


_MANY = 1000
"""Paths that a command line holds without a doubt."""


def literal(paths: Iterable[str]) -> list[str]:
    """Return paths as pathspecs in which no character is special."""
    return [f":(literal){path}" for path in paths]


def _paths(out: bytes) -> list[str]:
    return [path for path in out.decode("utf-8", "surrogateescape").split("\0") if path]


def explain(command: str, answer: Answer) -> str:
    """Return what git said, as one message."""
    lines = [line.strip() for line in (answer.err or answer.text).splitlines() if line.strip()]
    return f"git {command}: {'; '.join(lines[:12]) or f'exit status {answer.status}'}"


def initialise(path: Path, branch: str) -> None:
    """Make a git repository."""
    git.Git(path).execute(["git", "init", "--quiet", f"--initial-branch={branch}"])
