"""The branch that others push to, against a real bare hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from campledger.errors import GitError
from campledger.repository import remote
from campledger.repository.git_commands import Repository

Git = Callable[..., str]
Sound = Callable[..., None]


@pytest.fixture
def hub(ledger: Path, git: Git, tmp_path: Path) -> Path:
    git("clone", "--quiet", "--bare", ledger, tmp_path / "hub.git")
    git("remote", "add", "origin", tmp_path / "hub.git")
    return tmp_path / "hub.git"


def commit_file(git: Git, root: Path, name: str, message: str) -> str:
    (root / name).write_text(f"{message}\n")
    git("add", name, cwd=root)
    git("commit", "--quiet", "-m", message, cwd=root)
    return git("rev-parse", "HEAD", cwd=root)


def test_the_upstream_is_as_configured_or_the_only_remote(hub: Path, ledger: Path, git: Git) -> None:
    repository = Repository(ledger)
    assert remote.upstream_of(repository) == remote.Upstream("origin", "refs/heads/main")
    git("remote", "add", "second", hub)
    with pytest.raises(GitError, match="several remotes to push to: `git push --set-upstream REMOTE main`"):
        remote.upstream_of(repository)
    git("config", "branch.main.remote", "second")
    git("config", "branch.main.merge", "refs/heads/trunk")
    upstream = remote.upstream_of(repository)
    assert (upstream, upstream.tracking) == (
        remote.Upstream("second", "refs/heads/trunk"),
        "refs/remotes/second/trunk",
    )
    assert remote.fetch(repository, upstream) is None
    git("checkout", "--quiet", "--detach")
    with pytest.raises(GitError, match="HEAD is detached"):
        remote.upstream_of(repository)


def test_no_remote_is_told(ledger: Path) -> None:
    with pytest.raises(GitError, match="there is no remote to push to"):
        remote.upstream_of(Repository(ledger))


def test_unpushed_commits_are_told_apart(hub: Path, ledger: Path, git: Git) -> None:
    repository = Repository(ledger)
    tip = remote.fetch(repository, remote.upstream_of(repository))
    assert remote.unpushed(repository, tip) == []
    commit_file(git, ledger, "one", "mine\n\nwith two\n\nparagraphs")
    commit_file(git, ledger, "two", "an act\n\nCampledger-Campaign: x")
    mine, act = remote.unpushed(repository, tip)
    assert (mine.subject, mine.is_act, mine.author[:2]) == ("mine", False, ("Vera Rubin", "vera@example.org"))
    assert mine.message.rstrip() == "mine\n\nwith two\n\nparagraphs"
    assert (act.subject, act.is_act, act.parents) == ("an act", True, (mine.commit,))
    assert len(remote.unpushed(repository, None)) == int(git("rev-list", "--count", "HEAD"))


def test_the_branch_moves_under_staged_and_changed_files(hub: Path, ledger: Path, git: Git, sound: Sound) -> None:
    old = git("rev-parse", "HEAD")
    new = commit_file(git, ledger, "theirs", "theirs")
    git("reset", "--quiet", "--hard", old)
    (ledger / "staged").write_text("staged\n")
    git("add", "staged")
    (ledger / "campledger.yaml").write_text("changed\n")
    remote.move_branch(Repository(ledger), old, new)
    assert git("rev-parse", "HEAD") == new
    assert (ledger / "theirs").read_text() == "theirs\n"
    sound(" M campledger.yaml\nA  staged")


def test_the_branch_does_not_move_over_changes_of_the_same_file(ledger: Path, git: Git, sound: Sound) -> None:
    old = git("rev-parse", "HEAD")
    new = commit_file(git, ledger, "theirs", "theirs")
    git("reset", "--quiet", "--hard", old)
    (ledger / "theirs").write_text("mine\n")
    with pytest.raises(GitError, match="what others pushed touches files that you have changed"):
        remote.move_branch(Repository(ledger), old, new)
    assert git("rev-parse", "HEAD") == old
    assert (ledger / "theirs").read_text() == "mine\n"
    sound("?? theirs")


def test_the_branch_does_not_move_over_a_commit_made_meanwhile(ledger: Path, git: Git, sound: Sound) -> None:
    old = git("rev-parse", "HEAD")
    new = commit_file(git, ledger, "theirs", "theirs")
    git("reset", "--quiet", "--hard", old)
    meanwhile = commit_file(git, ledger, "mine", "mine")
    with pytest.raises(GitError):
        remote.move_branch(Repository(ledger), old, new)
    assert git("rev-parse", "HEAD") == meanwhile
    assert (ledger / "mine").read_text() == "mine\n"
    sound()


def test_a_commit_is_made_on_a_tip_without_touching_the_work_tree(ledger: Path, git: Git, sound: Sound) -> None:
    tip = git("rev-parse", "HEAD")
    commit_file(git, ledger, "act", "an act\n\nCampledger-Campaign: x")
    repository = Repository(ledger)
    (source,) = remote.unpushed(repository, tip)
    (ledger / "staged").write_text("staged\n")
    git("add", "staged")
    made = remote.commit_on(repository, tip, {"new/file": b"new\n", "campledger.yaml": None}, source)
    assert git("diff-tree", "-r", "--name-status", "--no-commit-id", made) == "D\tcampledger.yaml\nA\tnew/file"
    assert git("log", "-1", "--format=%an %ae %aI %s", made) == git("log", "-1", "--format=%an %ae %aI %s", "HEAD")
    assert git("rev-parse", f"{made}^") == tip
    sound("A  staged")
