"""Commits are safe: whatever state a repository is in, an act either lands whole or leaves everything as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from campledger.errors import GitError
from campledger.repository import commits
from campledger.repository.commits import Change, commit, locked
from campledger.repository.git_commands import Repository

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]


def hook(ledger: Path, name: str, script: str) -> Path:
    file = ledger / ".git/hooks" / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


# The states of a repository


def test_an_act_is_one_commit_of_one_file_with_a_subject_and_trailers(
    ledger: Path, campaign: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    before = git("rev-parse", "HEAD")
    assert campledger("note", "hello", "all is well").returncode == 0
    assert git("rev-list", f"{before}..HEAD").count("\n") == 0
    assert git("show", "--name-status", "--format=", "HEAD") == f"A\t{(campaign / 'events.yaml').relative_to(ledger)}"
    subject, blank, *trailers = git("log", "-1", "--format=%B").splitlines()
    assert (subject, blank) == ("note on hello-campledger: all is well", "")
    assert [line.partition(" ")[0] for line in trailers] == ["Campledger-Campaign:", "Campledger-Event:"]
    assert trailers[0].endswith(campaign.name)
    assert git("log", "-1", "--format=%an <%ae>") == "Vera Rubin <vera@example.org>"
    sound()


def test_a_detached_head_is_refused(ledger: Path, campledger: Run, git: Git, snapshot: Snapshot) -> None:
    git("checkout", "--quiet", "--detach")
    before = snapshot()
    done = campledger("note", "hello", "x")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        "campledger: HEAD is detached, and a commit would belong to no branch: `git switch main` first\n"
    )
    assert snapshot() == before


def test_on_a_branch_without_commits_a_campaign_can_be_defined(
    ledger: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    git("checkout", "--quiet", "--orphan", "fresh")
    git("rm", "-r", "--cached", "--quiet", "campaigns")
    shutil.rmtree(ledger / "campaigns")
    done = campledger("define", "first", "--production", "other", "--kind", "other", "--description", "d")
    assert done.returncode == 0, done.stderr
    assert git("rev-list", "--count", "HEAD") == "1"
    assert git("ls-tree", "-r", "--name-only", "HEAD").endswith("/campaign.yaml")
    assert git("diff", "--cached", "--name-only", "--diff-filter=A").splitlines()[0] == ".gitattributes"


def test_without_an_identity_git_is_told_who_you_are_first(
    ledger: Path, spawn: Run, snapshot: Snapshot, tmp_path: Path
) -> None:
    config = tmp_path / "nobody"
    config.write_text("[user]\n    useConfigOnly = true\n")
    before = snapshot()
    done = spawn("note", "hello", "x", env={"GIT_CONFIG_GLOBAL": str(config)})
    assert done.returncode == 4
    assert done.stderr.startswith("campledger: git does not know who you are: set `git config --global user.name")
    assert snapshot() == before


@pytest.mark.parametrize("state", ["merge", "rebase", "cherry-pick", "revert"])
def test_an_unfinished_operation_is_named_and_refused(
    ledger: Path, campledger: Run, git: Git, snapshot: Snapshot, state: str
) -> None:
    readme = ledger / "README"
    for text, branch in (("base", ""), ("theirs", "other"), ("ours", "main")):
        if branch == "other":
            git("switch", "--quiet", "--create", "other")
        elif branch == "main":
            git("switch", "--quiet", "main")
        readme.write_text(text)
        git("add", "README")
        git("commit", "--quiet", "-m", text)
    commands = {
        "merge": "merge other",
        "rebase": "rebase other",
        "cherry-pick": "cherry-pick other",
        "revert": "HEAD~2",
    }
    if state == "revert":
        git("commit", "--quiet", "--allow-empty", "-m", "on top")
        command = ["git", "revert", "--no-edit", "HEAD~2"]
    else:
        command = ["git", *commands[state].split()]
    assert subprocess.run(command, cwd=ledger, capture_output=True, check=False).returncode != 0
    before = snapshot()
    done = campledger("note", "hello", "x")
    assert done.returncode == 4
    assert done.stderr == (
        f"campledger: a {state} is in progress: finish it, or `git {state} --abort`, then try again\n"
    )
    assert snapshot() == before


def test_unmerged_files_of_a_stash_are_left_alone(ledger: Path, campledger: Run, git: Git) -> None:
    readme = ledger / "README"
    for text in ("base", "stashed"):
        readme.write_text(text)
        git("add", "README")
        git(*(("commit", "--quiet", "-m", text) if text == "base" else ("stash", "--quiet")))
    readme.write_text("other")
    git("commit", "--quiet", "-am", "other")
    assert subprocess.run(["git", "stash", "pop"], cwd=ledger, capture_output=True, check=False).returncode != 0
    done = campledger("note", "hello", "x")
    assert done.returncode == 0, done.stderr
    assert git("show", "--name-only", "--format=").endswith("/events.yaml")
    assert git("status", "--porcelain") == "UU README"


def test_a_linked_worktree_takes_acts_on_its_own_branch(
    guarded: Path, campledger: Run, git: Git, sound: Sound, tmp_path: Path
) -> None:
    before = git("rev-parse", "main")
    git("worktree", "add", "--quiet", "-b", "side", tmp_path / "linked")
    done = campledger("start", "hello", cwd=tmp_path / "linked")
    assert done.returncode == 0, done.stderr
    assert git("log", "-1", "--format=%s", "side") == "start hello-campledger"
    assert git("rev-parse", "main") == before
    sound()
    sound(cwd=tmp_path / "linked")


@pytest.fixture
def subfolder(tmp_path: Path, git: Git, campledger: Run) -> Path:
    """A ledger in a folder, with blanks and glob characters in its name, of a bigger repository."""
    big = tmp_path / "big"
    big.mkdir()
    git("init", "--quiet", cwd=big)
    (big / "README").write_text("big\n")
    git("add", ".", cwd=big)
    git("commit", "--quiet", "-m", "big", cwd=big)
    done = campledger("init", big / "my [ledger]*", "--example", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return big / "my [ledger]*"


def test_a_ledger_in_a_subfolder_commits_only_its_own_files(
    subfolder: Path, guarded: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    big = subfolder.parent
    (big / "README").write_text("changed\n")
    (big / "staged").write_text("staged\n")
    git("add", "staged", cwd=big)
    done = campledger("start", "hello", cwd=subfolder / "campaigns")
    assert done.returncode == 0, done.stderr
    assert git("show", "--name-only", "--format=", "-z", cwd=big).startswith("my [ledger]*/campaigns/")
    sound(" M README\nA  staged", cwd=big)
    assert campledger("check", cwd=subfolder).returncode == 0
    assert campledger("check", "--commit", "HEAD", cwd=subfolder).returncode == 0


# The user's own changes


def test_staged_and_changed_files_of_the_user_stay_as_they_are(
    ledger: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    (ledger / "staged").write_text("one\n")
    git("add", "staged")
    (ledger / "staged").write_text("one\ntwo\n")
    with (ledger / "campledger.yaml").open("a") as settings:
        settings.write("# mine\n")
    (ledger / "untracked").write_text("u\n")
    assert campledger("note", "hello", "x").returncode == 0
    assert (
        campledger("define", "more", "--production", "other", "--kind", "other", "--description", "d").returncode == 0
    )
    sound(" M campledger.yaml\nAM staged\n?? untracked")
    assert git("show", ":staged") == "one"


@pytest.mark.parametrize("staged", [False, True])
def test_uncommitted_changes_of_the_file_itself_are_refused(
    ledger: Path, campaign: Path, campledger: Run, git: Git, snapshot: Snapshot, *, staged: bool
) -> None:
    assert campledger("note", "hello", "first").returncode == 0
    with (campaign / "events.yaml").open("a") as events:
        events.write("# a remark\n")
    if staged:
        git("add", "--all")
    before = snapshot()
    done = campledger("note", "hello", "second")
    assert done.returncode == 4
    path = (campaign / "events.yaml").relative_to(ledger)
    assert done.stderr == (
        f"campledger: {path} has changes that are not committed: "
        f"commit them, or `git restore --staged --worktree {path}`, then try again\n"
    )
    assert snapshot() == before


def test_a_staged_version_that_differs_from_disk_and_head_is_refused(
    ledger: Path, campaign: Path, campledger: Run, git: Git, snapshot: Snapshot
) -> None:
    assert campledger("note", "hello", "first").returncode == 0
    events = campaign / "events.yaml"
    kept = events.read_bytes()
    events.write_bytes(kept + b"# staged\n")
    git("add", "--all")
    events.write_bytes(kept)
    before = snapshot()
    assert campledger("note", "hello", "second").returncode == 4
    assert snapshot() == before


def test_an_untracked_history_is_not_swept_in(
    ledger: Path, campaign: Path, campledger: Run, snapshot: Snapshot
) -> None:
    (campaign / "events.yaml").write_text("# by hand\n")
    before = snapshot()
    done = campledger("note", "hello", "x")
    assert done.returncode == 4
    assert "has changes that are not committed" in done.stderr
    assert snapshot() == before


def test_a_symbolic_link_in_place_of_the_history_is_refused(
    ledger: Path, campaign: Path, campledger: Run, git: Git, snapshot: Snapshot, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("")
    (campaign / "events.yaml").symlink_to(outside)
    git("add", "--all")
    git("commit", "--quiet", "-m", "a link")
    before = snapshot()
    done = campledger("note", "hello", "x")
    assert done.returncode == 1
    assert "a symbolic link leaves the campaign's directory" in done.stderr
    assert snapshot() == before
    assert outside.read_text() == ""


# Hooks, signing


def test_a_refusing_hook_leaves_file_index_and_head_as_they_were(
    ledger: Path, campledger: Run, snapshot: Snapshot, sound: Sound
) -> None:
    assert campledger("note", "hello", "first").returncode == 0
    before = snapshot()
    for name in ("pre-commit", "commit-msg", "prepare-commit-msg"):
        refusing = hook(ledger, name, f"echo {name} says no >&2; exit 1")
        for act in (("note", "hello", "second"), ("define", "x", "--from", "hello", "--set", "name=other")):
            done = campledger(*act)
            assert done.returncode == 4
            assert done.stderr == f"campledger: git commit: {name} says no; nothing was changed\n"
            assert snapshot() == before
        refusing.unlink()
    sound()


def test_a_first_event_that_a_hook_refuses_leaves_no_file(
    ledger: Path, campaign: Path, campledger: Run, snapshot: Snapshot
) -> None:
    before = snapshot()
    hook(ledger, "pre-commit", "exit 1")
    assert campledger("start", "hello").returncode == 4
    assert snapshot() == before
    assert not (campaign / "events.yaml").exists()


def test_a_hook_that_changes_the_file_and_refuses_does_not_get_its_way(
    ledger: Path, campaign: Path, campledger: Run, snapshot: Snapshot
) -> None:
    assert campledger("note", "hello", "first").returncode == 0
    before = snapshot()
    hook(ledger, "pre-commit", f"echo '# formatted' >> '{campaign}/events.yaml'; git add -u; exit 1")
    assert campledger("note", "hello", "second").returncode == 4
    assert snapshot() == before


def test_a_hook_that_changes_files_and_agrees_is_the_users_own_business(
    ledger: Path, campaign: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    hook(ledger, "pre-commit", "date > stamp; git add stamp")
    done = campledger("note", "hello", "x")
    assert done.returncode == 0, done.stderr
    assert "stamp" in git("show", "--name-only", "--format=").splitlines()
    assert git("fsck", "--no-dangling", "--no-progress") == ""


def test_signing_without_a_key_is_a_clear_refusal(
    ledger: Path, campledger: Run, git: Git, snapshot: Snapshot, sound: Sound
) -> None:
    git("config", "commit.gpgSign", "true")
    git("config", "gpg.program", "/nonexistent/gpg")
    before = snapshot()
    done = campledger("note", "hello", "x")
    assert done.returncode == 4
    assert "git commit: " in done.stderr
    assert "sign" in done.stderr
    assert done.stderr.endswith("nothing was changed\n")
    assert snapshot() == before
    sound()


def test_configuration_that_changes_what_git_prints_does_no_harm(
    ledger: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    for setting in (
        "log.showSignature=true", "color.ui=always", "status.showUntrackedFiles=no", "core.quotePath=true",
        "commit.verbose=true", "commit.cleanup=strip", "status.relativePaths=false", "log.decorate=full",
        "core.commentChar=n", "format.pretty=oneline", "diff.noprefix=true", "commit.status=true",
    ):  # fmt: skip
        git("config", *setting.split("="))
    assert campledger("note", "hello", "# 1 is no comment").returncode == 0
    assert campledger("check", "--commit", "HEAD").returncode == 0
    assert campledger("site", "build", "--out", "public").returncode == 0
    assert "note on hello-campledger: # 1 is no comment" in git("log", "-1", "--format=%B")
    git("config", "status.showUntrackedFiles", "all")
    git("config", "color.ui", "never")
    assert campledger("define", "x", "--from", "hello", "--set", "name=other").returncode == 0


# Writing fails


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become somebody else")
def test_a_read_only_repository_is_refused_and_read(ledger: Path, campaign: Path, git_config: Path) -> None:
    world = [ledger, *ledger.rglob("*")]
    for path in (*ledger.parents, git_config.parent, *git_config.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/") and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o055)
    for path in world:
        path.chmod(0o555 if path.is_dir() else 0o444)
    git_config.chmod(0o644)
    trusted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    python = shutil.which("python3") or "python3"

    def as_nobody(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        command = [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            python,
            "-m",
            "campledger",
            *arguments,
        ]
        variables = {**os.environ, **environment}
        return subprocess.run(command, cwd=ledger, env=variables, text=True, capture_output=True, check=False)

    if as_nobody("--version", environment=trusted).returncode != 0:
        pytest.skip("nobody cannot run this Python")
    listed = as_nobody("list", "instrument:HSC", environment=trusted)
    assert (listed.returncode, "hello-campledger" in listed.stdout) == (0, True)
    done = as_nobody("note", "hello", "x", environment=trusted)
    assert done.returncode == 4
    assert (
        done.stderr == f"campledger: cannot write to the repository: {ledger}/.git/campledger.lock: Permission denied\n"
    )
    strange = as_nobody("note", "hello", "x", environment={})
    assert strange.returncode == 4
    assert "dubious ownership" in strange.stderr
    (campaign / "campaign.yaml").chmod(0)
    unreadable = as_nobody("list", environment=trusted)
    path = (campaign / "campaign.yaml").relative_to(ledger)
    assert (unreadable.returncode, unreadable.stderr) == (1, f"campledger: {path} cannot be read: Permission denied\n")


def test_a_repository_that_cannot_take_the_lock_is_refused(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    (ledger / ".git/campledger.lock").unlink(missing_ok=True)
    (ledger / ".git/campledger.lock").mkdir()
    before = snapshot()
    done = campledger("note", "hello", "x")
    assert done.returncode == 4
    assert done.stderr.startswith("campledger: cannot write to the repository: ")
    assert snapshot() == before


def test_an_object_store_that_cannot_be_written_is_refused(
    ledger: Path, campledger: Run, git: Git, snapshot: Snapshot
) -> None:
    git("gc", "--quiet")
    git("repack", "-a", "-d", "--quiet")
    before = snapshot()
    objects = ledger / ".git/objects"
    for folder in objects.glob("??"):
        shutil.rmtree(folder)
    for number in range(256):
        (objects / f"{number:02x}").write_text("in the way")
    done = campledger("note", "hello", "x")
    assert done.returncode == 4, done.stderr
    for number in range(256):
        (objects / f"{number:02x}").unlink()
    assert snapshot() == before


def test_a_full_disk_leaves_everything_as_it_was(ledger: Path, spawn: Run, snapshot: Snapshot, sound: Sound) -> None:
    # The limit on a file's size stands in for the full disk; Python ignores the signal and sees the error.
    assert spawn("note", "hello", "x").returncode == 0
    before = snapshot()
    command = ["sh", "-c", 'ulimit -f 8; exec campledger note hello "$(head -c 30000 /dev/zero | tr "\\0" x)"']
    done = subprocess.run(command, cwd=ledger, text=True, capture_output=True, check=False)
    assert done.returncode == 4, done.stderr
    assert "File too large" in done.stderr
    assert snapshot() == before
    sound()


# Others at work


def test_anothers_index_lock_is_waited_for(ledger: Path, campledger: Run, sound: Sound) -> None:
    lock = ledger / ".git/index.lock"
    lock.touch()
    release = threading.Timer(0.5, lock.unlink)
    release.start()
    started = time.monotonic()
    done = campledger("note", "hello", "x")
    release.join()
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started > 0.4
    sound()


def test_an_index_lock_that_stays_is_told_with_what_to_do(
    ledger: Path, campledger: Run, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "INDEX_LOCK_PATIENCE", 0.2)
    assert campledger("note", "hello", "first").returncode == 0
    before = snapshot()
    lock = ledger / ".git/index.lock"
    lock.touch()
    done = campledger("note", "hello", "x")
    lock.unlink()
    assert done.returncode == 4
    assert "index.lock" in done.stderr
    assert done.stderr.endswith("if no git process is at work, remove that file\n")
    assert snapshot() == before


def test_a_file_that_changed_since_it_was_read_is_refused(ledger: Path, campaign: Path, snapshot: Snapshot) -> None:
    repository = Repository(ledger)
    path = f"{campaign.relative_to(ledger)}/campaign.yaml"
    before = snapshot()
    with locked(repository), pytest.raises(GitError, match="changed while campledger was at work"):
        commit(repository, [Change(path, b"as it was read\n", b"new\n")], "m\n")
    with locked(repository), pytest.raises(GitError, match="changed while campledger was at work"):
        commit(repository, [Change(path, None, b"new\n")], "m\n")
    assert snapshot() == before


@pytest.mark.parametrize(
    "name", ["two words", "glob*[a-z]?", ":(top)x", "-n", "ünïcode", 'quo"te', "back\\slash", "\ttab"]
)
def test_any_file_name_is_taken_literally(ledger: Path, git: Git, sound: Sound, name: str) -> None:
    (ledger / "globx").write_text("not this one\n")
    repository = Repository(ledger)
    with locked(repository):
        commit(repository, [Change(f"{name}/{name}", None, b"one\n")], "new\n")
    with locked(repository):
        commit(repository, [Change(f"{name}/{name}", b"one\n", b"two\n")], "changed\n")
    assert git("show", "--name-only", "--format=", "-z").rstrip("\0") == f"{name}/{name}"
    sound("?? globx")


def test_the_mode_of_a_file_is_kept(ledger: Path, git: Git, sound: Sound) -> None:
    file = ledger / "script"
    file.write_text("one\n")
    file.chmod(0o755)
    git("add", "script")
    git("commit", "--quiet", "-m", "script")
    repository = Repository(ledger)
    with locked(repository):
        commit(repository, [Change("script", b"one\n", b"two\n")], "changed\n")
    assert git("ls-files", "--stage", "script").startswith("100755 ")
    sound()


def test_a_bare_repository_takes_no_commit(ledger: Path, git: Git, tmp_path: Path) -> None:
    git("clone", "--quiet", "--bare", ledger, tmp_path / "bare.git")
    with pytest.raises(GitError, match="no work tree"):
        commit(Repository(tmp_path / "bare.git"), [Change("x", None, b"x")], "m\n")


def test_two_errors_are_mended_one_after_the_other_in_spite_of_the_hook(
    guarded: Path, campledger: Run, git: Git
) -> None:
    (definition,) = guarded.glob("campaigns/*/*/*/campaign.yaml")
    broken = (
        definition.read_text().replace("kind: development", "kind: wrong").replace("production: other", "production: X")
    )
    definition.write_text(broken)
    git("commit", "--quiet", "--no-verify", "--all", "--message=two errors")
    assert campledger("edit", definition.parent.name, "--set", "kind=rehearsal").returncode == 0
    assert campledger("check").returncode == 1
    assert campledger("edit", definition.parent.name, "--set", "production=other").returncode == 0
    assert campledger("check").returncode == 0
