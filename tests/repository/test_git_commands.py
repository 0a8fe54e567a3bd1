"""Questions to git, asked of a real repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from campledger.errors import GitError, UsageError
from campledger.repository.git_commands import Repository, Status

Git = Callable[..., str]


def test_a_repository_knows_its_place(ledger: Path, git: Git, tmp_path: Path) -> None:
    here = Repository(ledger)
    assert (here.exists(), here.is_bare, here.prefix) == (True, False, "")
    assert here.git_dir == here.common_dir == ledger / ".git"
    below = Repository(ledger / "campaigns")
    assert (below.prefix, below.git_dir) == ("campaigns/", ledger / ".git")
    git("worktree", "add", "--quiet", tmp_path / "linked")
    linked = Repository(tmp_path / "linked")
    assert linked.common_dir == ledger / ".git"
    assert linked.git_dir == ledger / ".git/worktrees/linked"
    git("clone", "--quiet", "--bare", ledger, tmp_path / "bare.git")
    assert Repository(tmp_path / "bare.git").is_bare
    (tmp_path / "nowhere").mkdir()
    assert not Repository(tmp_path / "nowhere").exists()


def test_head_and_branch(ledger: Path, git: Git) -> None:
    repository = Repository(ledger)
    assert repository.head() == git("rev-parse", "HEAD")
    assert repository.branch() == "main"
    git("checkout", "--quiet", "--detach")
    assert repository.branch() is None
    git("checkout", "--quiet", "--orphan", "fresh")
    assert (repository.head(), repository.branch()) == (None, "fresh")


@pytest.mark.parametrize(
    "revision", ["nonsense", "--output=x", "-n", "", "HEAD:campledger.yaml", "HEAD^{tree}", "a b", "HEAD~99"]
)
def test_what_names_no_commit_is_refused(ledger: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="unknown commit"):
        Repository(ledger).commit_of(revision)
    assert not (ledger / "x").exists()


def test_files_of_index_and_commit_by_path_from_the_ledger(ledger: Path, git: Git) -> None:
    names = ["two words", "tab\there", "ünïcode", 'quo"te', "glob*"]
    folder = ledger / "campaigns" / "odd"
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)
    (folder / "link").symlink_to("glob*")
    git("add", "--all")
    repository = Repository(ledger / "campaigns")
    files = repository.index_files()
    assert {f"odd/{name}" for name in [*names, "link"]} <= set(files)
    assert [path for path, blob in files.items() if blob.is_link] == ["odd/link"]
    assert repository.staged_paths() == sorted(f"odd/{name}" for name in [*names, "link"])
    git("commit", "--quiet", "-m", "odd names")
    assert repository.commit_files(git("rev-parse", "HEAD")) == files
    assert repository.staged_paths() == []
    contents = repository.blobs(blob.sha for blob in files.values())
    assert contents[files["odd/ünïcode"].sha] == "ünïcode".encode()
    assert contents[files["odd/link"].sha] == b"glob*"
    assert repository.changed_paths("HEAD~1", "HEAD") == sorted(f"odd/{name}" for name in [*names, "link"])


def test_a_missing_object_is_told(ledger: Path) -> None:
    with pytest.raises(GitError, match=r"lacks the object 1{40}"):
        Repository(ledger).blobs(["1" * 40])


def test_nothing_asked_is_nothing_answered(ledger: Path) -> None:
    assert Repository(ledger).blobs([]) == {}
    assert Repository(ledger).status(["campledger.yaml"]).dirty == ()


def test_what_git_refuses_becomes_one_line(ledger: Path) -> None:
    with pytest.raises(GitError, match=r"^git rev-parse: fatal: "):
        Repository(ledger).run("rev-parse", "--verify", "nonsense")


def test_the_commit_time_survives_a_configuration_that_shows_signatures(ledger: Path, git: Git) -> None:
    git("config", "log.showSignature", "true")
    head = git("rev-parse", "HEAD")
    assert Repository(ledger).commit_time(head) == int(git("log", "-1", "--no-show-signature", "--format=%ct"))


def test_a_status_tells_where_head_is_and_what_differs(ledger: Path, git: Git) -> None:
    repository = Repository(ledger)
    head = git("rev-parse", "HEAD")
    assert repository.status(["."]) == Status(head, "main", (), ())
    (ledger / ".gitignore").write_text("*.log\n")
    (ledger / "dataids").mkdir(exist_ok=True)
    (ledger / "dataids/a b \u00e9.csv").write_text("x\n")
    (ledger / "dataids/run.log").write_text("x\n")
    (ledger / "campledger.yaml").write_text("title: other\n")
    git("add", ".gitignore")
    found = repository.status([".gitignore", "campledger.yaml", "dataids"])
    assert sorted(found.dirty) == [".gitignore", "campledger.yaml", "dataids/a b \u00e9.csv"]
    assert found.ignored == ("dataids/run.log",)
    assert repository.status(["campaigns"]).dirty == ()
    many = ["dataids/a b \u00e9.csv", *(f"campaigns/{number}" for number in range(2000))]
    assert repository.status(many).dirty == ("dataids/a b \u00e9.csv",)
    git("switch", "--quiet", "--detach")
    assert repository.status([]).branch is None
    git("symbolic-ref", "HEAD", "refs/heads/fresh")
    assert (repository.status(["campaigns"]).head, repository.status(["campaigns"]).branch) == (None, "fresh")
