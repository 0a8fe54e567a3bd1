"""Changes that are left on a branch of their own, ready for a pull request."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from campledger.operations.setup.pull_request import Host, host_of

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]

DEFINE = ("define", "night", "--production", "other", "--kind", "nightly", "--description", "Of a night.")


@pytest.fixture
def busy(guarded: Path, git: Git) -> Path:
    """A ledger in which something is staged, something changed and something new; all of it must stay so."""
    (guarded / "README.md").write_text("staged\n")
    git("add", "README.md")
    (guarded / "README.md").write_text("changed\n")
    (guarded / "notes.txt").write_text("new\n")
    return guarded


def test_a_definition_goes_to_a_branch_and_all_else_stays(
    busy: Path, campledger: Run, git: Git, snapshot: Snapshot, sound: Callable[..., None]
) -> None:
    git("remote", "add", "origin", "git@github.com:lsst-dm/ledger.git")
    before = snapshot()
    done = campledger(*DEFINE, "--branch")
    assert (done.returncode, done.stderr) == (0, "")
    assert snapshot() == before
    branch = next(one for one in git("branch", "--format=%(refname:short)").split() if "-night-" in one)
    path = f"campaigns/{branch[:4]}/{branch[5:7]}/{branch}/campaign.yaml"
    assert done.stdout == (
        f"{branch}: defined on the branch {branch}, commit {git('rev-parse', branch)[:10]}\n"
        f"  {path}\n"
        f"next: git push -u origin {branch}\n"
        f"then: https://github.com/lsst-dm/ledger/compare/main...{branch}?expand=1\n"
        f"or, to add to it first: git switch {branch}\n"
    )
    assert git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert git("diff", "--name-only", f"main..{branch}") == path
    assert git("rev-parse", f"{branch}~1") == git("rev-parse", "main")
    sound("AM README.md\n?? notes.txt")


def test_proposals_do_not_rest_on_each_other(ledger: Path, campledger: Run, campaign: Path, git: Git) -> None:
    for name in (campaign.name, f"{campaign.name}-2"):
        done = campledger("edit", "hello", "--set", "title=Another", "--branch")
        assert f"edited on the branch {name}, commit" in done.stdout
        assert git("rev-parse", f"{name}~1") == git("rev-parse", "main")
    assert json.loads(campledger(*DEFINE, "--branch=night", "--json").stdout)["branch"] == "night"


def test_hooks_run_as_they_always_do(guarded: Path, campledger: Run, git: Git) -> None:
    hook = guarded / ".git/hooks/commit-msg"
    hook.write_text('#!/bin/sh\ngit symbolic-ref --short HEAD >"$(git rev-parse --git-dir)/seen"\n')
    hook.chmod(0o755)
    assert campledger(*DEFINE, "--branch", "proposed").returncode == 0
    assert (guarded / ".git/seen").read_text() == "proposed\n"


def test_a_refused_commit_leaves_no_branch_behind(
    busy: Path, campledger: Run, git: Git, snapshot: Snapshot, sound: Callable[..., None]
) -> None:
    hook = busy / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    before = snapshot()
    for words in ((*DEFINE, "--branch"), ("edit", "hello", "--set", "title=x", "--branch")):
        done = campledger(*words)
        assert done.returncode == 4
        assert "nothing was changed" in done.stderr
        assert git("branch", "--format=%(refname:short)") == "main"
        assert git("symbolic-ref", "HEAD") == "refs/heads/main"
        assert snapshot() == before
    sound("AM README.md\n?? notes.txt")


def test_an_interrupt_leaves_no_branch_behind(guarded: Path, spawn: Run, git: Git, snapshot: Snapshot) -> None:
    hook = guarded / ".git/hooks/commit-msg"
    # git's parent is campledger
    hook.write_text('#!/bin/sh\nkill -INT "$(ps -o ppid= -p "$PPID")"\nsleep 5\n')
    hook.chmod(0o755)
    before = snapshot()
    done = spawn(*DEFINE, "--branch")
    assert done.returncode == 130, done.stderr
    assert git("branch", "--format=%(refname:short)") == "main"
    assert snapshot() == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--branch=main"], 2, "there is a branch `main` already"),
        (["--branch=a..b"], 2, "`a..b` is no name for a branch"),
        (["--branch=x.lock"], 2, "`x.lock` is no name for a branch"),
        (["--branch=@{-1}"], 2, "`@{-1}` is no name for a branch"),
        (["--branch=x", "--push"], 2, "--branch and --push exclude each other"),
        (["--branch=x", "--set", "owner=nobody"], 3, "unknown-person"),
    ],
)
def test_what_cannot_become_a_branch_is_refused(
    ledger: Path, campledger: Run, git: Git, snapshot: Snapshot, words: list[str], code: int, said: str
) -> None:
    before = snapshot()
    done = campledger(*DEFINE, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert git("branch", "--format=%(refname:short)") == "main"
    assert snapshot() == before


def test_an_uncommitted_definition_is_not_proposed(
    ledger: Path, campaign: Path, campledger: Run, git: Git, snapshot: Snapshot
) -> None:
    file = campaign / "campaign.yaml"
    file.write_text(file.read_text().replace("A first campaign", "My campaign"))
    before = snapshot()
    done = campledger("edit", "hello", "--set", "owner=vera", "--set", "tags=[x]", "--branch=x")
    assert done.returncode == 4
    assert "campaign.yaml" in done.stderr
    assert git("branch", "--format=%(refname:short)") == "main"
    assert snapshot() == before


def test_a_dry_run_makes_no_branch(ledger: Path, campledger: Run, git: Git) -> None:
    done = campledger(*DEFINE, "--branch", "--dry-run")
    assert "name: night" in done.stdout
    assert git("branch", "--format=%(refname:short)") == "main"


@pytest.mark.parametrize(
    ("remote", "links", "host"),
    [
        ("git@github.com:lsst-dm/ledger.git", [], ("github", "https://github.com/lsst-dm/ledger")),
        ("ssh://git@github.com:22/lsst-dm/ledger", [], ("github", "https://github.com/lsst-dm/ledger")),
        ("https://u:secret@github.com/lsst-dm/ledger.git/", [], ("github", "https://github.com/lsst-dm/ledger")),
        ("https://gitlab.cern.ch/a/b/c.git", [], ("gitlab", "https://gitlab.cern.ch/a/b/c")),
        ("git@gitlab.com:a/b/c.git", [], ("gitlab", "https://gitlab.com/a/b/c")),
        ("git@git.example.org:a/b.git", [], None),
        (
            "git@git.example.org:a/b.git",
            ["https://git.example.org/a/b/-/blob/{commit}/{path}"],
            ("gitlab", "https://git.example.org/a/b"),
        ),
        (
            "git@git.example.org:a/b.git",
            ["https://tickets.example.org/{key}", "https://git.example.org/a/b/commit/{commit}"],
            ("github", "https://git.example.org/a/b"),
        ),
        ("/srv/git/ledger.git", ["https://github.com/a/b/edit/main/{path}"], ("github", "https://github.com/a/b")),
        ("/srv/github/ledger.git", [], None),
        ("", [], None),
    ],
)
def test_the_host_is_told_by_the_remote_or_the_settings(
    remote: str, links: list[str], host: tuple[str, str] | None
) -> None:
    assert host_of(remote, links) == (None if host is None else Host(*host))
