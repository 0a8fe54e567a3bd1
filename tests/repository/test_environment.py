"""Variables that send git elsewhere: a leaked one changes nothing, a hook's own are honoured."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from campledger.repository.environment import settle_environment

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]


@pytest.fixture
def other(tmp_path: Path, git: Git) -> Path:
    """Somebody's other repository, with something staged and something changed."""
    other = tmp_path / "other"
    other.mkdir()
    git("init", "--quiet", cwd=other)
    (other / "file").write_text("one\n")
    git("add", "file", cwd=other)
    git("commit", "--quiet", "-m", "one", cwd=other)
    (other / "staged").write_text("two\n")
    git("add", "staged", cwd=other)
    return other


def bytes_of(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "leaked",
    [
        {"GIT_DIR": "{other}/.git"},
        {"GIT_INDEX_FILE": "{other}/.git/index"},
        {"GIT_DIR": "{other}/.git", "GIT_WORK_TREE": "{other}", "GIT_INDEX_FILE": "{other}/.git/index"},
        {"GIT_OBJECT_DIRECTORY": "{other}/.git/objects"},
        {"GIT_COMMON_DIR": "{other}/.git"},
        {"GIT_NAMESPACE": "elsewhere"},
    ],
)
def test_a_leaked_variable_leaves_the_other_repository_untouched(
    guarded: Path, other: Path, spawn: Run, git: Git, sound: Callable[..., None], leaked: dict[str, str]
) -> None:
    before = bytes_of(other)
    count = int(git("rev-list", "--count", "HEAD"))
    environment = {name: value.format(other=other) for name, value in leaked.items()}
    done = spawn("note", "hello", "x", env=environment)
    assert done.returncode == 0, done.stderr
    done = spawn("define", "y", "--production", "other", "--kind", "other", "--description", "d", env=environment)
    assert done.returncode == 0, done.stderr
    assert spawn("check", env=environment).returncode == 0
    assert bytes_of(other) == before
    assert int(git("rev-list", "--count", "HEAD")) == count + 2
    sound()


def test_a_leaked_variable_does_not_misplace_a_new_ledger(other: Path, spawn: Run, tmp_path: Path, git: Git) -> None:
    before = bytes_of(other)
    done = spawn("init", tmp_path / "new", env={"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other)})
    assert done.returncode == 0, done.stderr
    assert bytes_of(other) == before
    assert git("log", "--format=%s", cwd=tmp_path / "new") == "start a ledger of campaigns"


def test_a_hook_keeps_its_index_and_its_objects_as_absolute_paths(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index-1.lock")
    monkeypatch.setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", f"a{os.pathsep}/b")
    settle_environment(in_hook=True)
    assert "GIT_DIR" not in os.environ
    assert os.environ["GIT_INDEX_FILE"] == str(tmp_path / ".git/next-index-1.lock")
    assert os.environ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] == f"{tmp_path / 'a'}{os.pathsep}/b"
    settle_environment(in_hook=False)
    assert not [name for name in os.environ if name.startswith("GIT_") and "INDEX" in name]


def test_without_git_the_message_says_so(guarded: Path, spawn: Run, tmp_path: Path) -> None:
    done = spawn("note", "hello", "x", env={"PATH": str(tmp_path)})
    assert done.returncode == 4
    assert done.stderr == "campledger: git is not installed, or not on PATH: install it\n"
    assert spawn("list", env={"PATH": str(tmp_path)}).returncode == 0
