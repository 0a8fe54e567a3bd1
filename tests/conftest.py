"""What every test stands on: git on its own, a ledger in a real repository, and the command line run in two ways."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from campledger.cli.main import run as main
from campledger.operations.setup.init import init

# A deadline by the wall clock tells how busy the machine is, not how quick the code.
settings.register_profile("campledger", deadline=None)
settings.load_profile("campledger")

Outcome = subprocess.CompletedProcess[str]
"""Exit code, output and messages of a command, however it was run."""

# No init.defaultBranch: nobody has to have set it, and git then begins with `master`.
GIT_CONFIG = """\
[user]
    name = Vera Rubin
    email = vera@example.org
[advice]
    detachedHead = false
[core]
    excludesFile = /dev/null
    attributesFile = /dev/null
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="take the pages as they are now for what they should be")


@pytest.fixture(scope="session")
def git_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only configuration that git reads."""
    file = tmp_path_factory.mktemp("git") / "config"
    file.write_text(GIT_CONFIG)
    return file


@pytest.fixture(autouse=True)
def _on_its_own(monkeypatch: pytest.MonkeyPatch, git_config: Path) -> None:
    """Shut out the developer's git configuration, environment and terminal."""
    isolate(monkeypatch, git_config)


def isolate(monkeypatch: pytest.MonkeyPatch, git_config: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("GIT_", "CAMPLEDGER_")) or name in {"EDITOR", "VISUAL", "EMAIL", "COLUMNS", "LINES"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(git_config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="session")
def _first_ledger(tmp_path_factory: pytest.TempPathFactory, git_config: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, git_config)
        return init(tmp_path_factory.mktemp("first") / "ledger", example=True).root


@pytest.fixture
def guarded(tmp_path: Path, _first_ledger: Path) -> Path:
    """A ledger with one campaign, hello-campledger, defined; our hook checks what is committed."""
    return Path(shutil.copytree(_first_ledger, tmp_path / "ledger", symlinks=True))


@pytest.fixture
def ledger(guarded: Path) -> Path:
    """The same ledger without its hook: commits are quicker."""
    (guarded / ".git/hooks/pre-commit").unlink()
    return guarded


@pytest.fixture
def campaign(guarded: Path) -> Path:
    """The directory of hello-campledger."""
    return next((guarded / "campaigns").glob("*/*/*-hello-campledger-*"))


Git = Callable[..., str]


@pytest.fixture
def git(guarded: Path) -> Git:
    """Run git, in the ledger unless told otherwise; return its output without the last newline."""

    def run(*arguments: str | Path, cwd: Path | None = None) -> str:
        done = subprocess.run(["git", *arguments], cwd=cwd or guarded, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"git {' '.join(map(str, arguments))}: {done.stderr}"
        return done.stdout.rstrip("\n")

    return run


@pytest.fixture
def campledger(guarded: Path) -> Callable[..., Outcome]:
    """Run the command line in this process, from argv to exit code; in the ledger unless told otherwise."""

    def run(*arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"") -> Outcome:
        return in_process([str(one) for one in arguments], cwd or guarded, stdin)

    return run


@contextlib.contextmanager
def _as_if_started(arguments: list[str], cwd: Path) -> Iterator[None]:
    argv, here, environment = sys.argv, Path.cwd(), dict(os.environ)
    handler = signal.getsignal(signal.SIGTERM)
    sys.argv = ["campledger", *arguments]
    os.chdir(cwd)
    try:
        yield
    finally:
        os.chdir(here)
        sys.argv = argv
        os.environ.clear()
        os.environ.update(environment)
        signal.signal(signal.SIGTERM, handler)


def in_process(arguments: list[str], cwd: Path, stdin: bytes) -> Outcome:
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with (
        _as_if_started(arguments, cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        with pytest.raises(SystemExit) as stop:
            main()
    texts = []
    for stream in (out, err):
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    assert isinstance(stop.value.code, int)
    return Outcome(arguments, stop.value.code, *texts)


@pytest.fixture
def spawn(guarded: Path) -> Callable[..., Outcome]:
    """Run the command line in a process of its own."""

    def run(
        *arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> Outcome:
        command = [sys.executable, "-m", "campledger", *map(str, arguments)]
        variables = {**os.environ, **(env or {})}
        done = subprocess.run(
            command, cwd=cwd or guarded, input=stdin, env=variables, capture_output=True, check=False, timeout=60
        )
        return Outcome(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def snapshot(guarded: Path) -> Callable[[], dict[str, object]]:
    """Return all that an act could change: HEAD, index, git status, and every file's bytes."""

    def take() -> dict[str, object]:
        def ask(*arguments: str) -> bytes:
            return subprocess.run(["git", *arguments], cwd=guarded, capture_output=True, check=False).stdout

        files = {
            str(file.relative_to(guarded)): str(file.readlink()) if file.is_symlink() else file.read_bytes()
            for file in sorted(guarded.rglob("*"))
            if ".git" not in file.relative_to(guarded).parts and (file.is_symlink() or file.is_file())
        }
        commands = (("rev-parse", "HEAD"), ("ls-files", "--stage"), ("status", "--porcelain"))
        return {**{" ".join(one): ask(*one) for one in commands}, **files}

    return take


@pytest.fixture
def sound(git: Git) -> Callable[..., None]:
    """Assert that git has nothing against the repository, and that `git status` says what it should."""

    def check(status: str = "", cwd: Path | None = None) -> None:
        assert git("fsck", "--strict", "--no-dangling", "--no-progress", cwd=cwd) == ""
        assert git("status", "--porcelain", cwd=cwd) == status

    return check
