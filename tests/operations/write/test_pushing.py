"""Acts that reach the others: a real bare hub and several clones."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campledger.errors import GitError
from campledger.operations.workspace import Workspace
from campledger.operations.write.pushing import push
from campledger.repository import remote

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Sound = Callable[..., None]
Clone = Callable[[str], Path]


@pytest.fixture
def hub(ledger: Path, git: Git, tmp_path: Path) -> Path:
    git("clone", "--quiet", "--bare", ledger, tmp_path / "hub.git")
    return tmp_path / "hub.git"


@pytest.fixture
def clone(hub: Path, git: Git, tmp_path: Path) -> Clone:
    def make(name: str) -> Path:
        git("clone", "--quiet", hub, tmp_path / name)
        git("config", "user.name", name, cwd=tmp_path / name)
        return tmp_path / name

    return make


def events_of(root: Path) -> list[dict[str, Any]]:
    lines = [line for file in root.glob("campaigns/*/*/*/events.yaml") for line in file.read_text().splitlines()]
    return [json.loads(line[2:]) for line in lines]


def subjects(git: Git, root: Path) -> list[str]:
    return git("log", "--format=%s", cwd=root).splitlines()


def test_an_act_is_pushed(clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound) -> None:
    a = clone("a")
    done = campledger("start", "hello", "--push", cwd=a)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].endswith(", pushed to origin/main")
    assert git("rev-parse", "main", cwd=hub) == git("rev-parse", "HEAD", cwd=a)
    sound(cwd=a)


def test_others_acts_are_fetched_first(clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound) -> None:
    a, b = clone("a"), clone("b")
    assert campledger("start", "hello", "--push", cwd=a).returncode == 0
    done = campledger("start", "hello", "--push", cwd=b)
    assert done.returncode == 3
    assert "is running: it cannot start" in done.stderr
    assert git("rev-parse", "HEAD", cwd=b) == git("rev-parse", "main", cwd=hub)
    assert campledger("note", "hello", "me too", "--push", cwd=b).returncode == 0
    assert git("rev-list", "--merges", "--count", "main", cwd=hub) == "0"
    sound(cwd=b)


def test_an_act_made_offline_is_made_again_on_newer_history_with_a_new_time(
    clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    a, b = clone("a"), clone("b")
    assert campledger("note", "hello", "offline", cwd=a).returncode == 0
    assert campledger("note", "hello", "faster", "--push", cwd=b).returncode == 0
    done = campledger("push", cwd=a)
    assert (done.returncode, done.stdout.startswith("pushed 1 act, up to commit ")) == (0, True), done.stderr
    first, second = events_of(a)
    assert (first["text"], second["text"]) == ("faster", "offline")
    assert second["time"] > first["time"]
    assert git("log", "-1", "--format=%an <%ae>: %s", "main", cwd=hub) == (
        "a <vera@example.org>: note on hello-campledger: offline"
    )
    assert git("rev-list", "--merges", "--count", "main", cwd=hub) == "0"
    assert campledger("push", cwd=a).stdout == "nothing to push\n"
    assert campledger("check", "--strict", cwd=a).returncode == 0
    sound(cwd=a)


def test_an_act_that_was_never_pushed_keeps_its_time_where_it_comes_last(
    clone: Clone, campledger: Run, git: Git, sound: Sound
) -> None:
    a, b = clone("a"), clone("b")
    assert campledger("define", "other", "--from", "hello", "--set", "name=other", "--push", cwd=b).returncode == 0
    assert campledger("note", "hello", "offline", cwd=a).returncode == 0
    (before,) = events_of(a)
    assert campledger("push", cwd=a).returncode == 0
    assert events_of(a) == [before]
    sound(cwd=a)


def test_an_act_that_became_illegal_is_withdrawn_and_told(
    clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    a, b = clone("a"), clone("b")
    assert campledger("start", "hello", cwd=a).returncode == 0
    assert campledger("note", "hello", "stays", cwd=a).returncode == 0
    lost = git("rev-parse", "HEAD~1", cwd=a)
    assert campledger("cancel", "hello", "--reason", "no data", "--push", cwd=b).returncode == 0
    done = campledger("push", cwd=a)
    assert done.returncode == 3
    assert done.stdout.startswith("pushed 1 act")
    assert "withdrawn, since others were faster:\nstart hello-campledger " in done.stderr
    assert lost[:10] in done.stderr
    assert "illegal-transition" in done.stderr
    assert subjects(git, hub)[:2] == ["note on hello-campledger: stays", "cancel hello-campledger: no data"]
    assert git("cat-file", "-t", lost, cwd=a) == "commit"
    sound(cwd=a)


def test_a_withdrawn_act_is_told_by_the_next_pushed_act_too(
    clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    a, b, c = clone("a"), clone("b"), clone("c")
    for one in (a, c):
        assert campledger("start", "hello", cwd=one).returncode == 0
    assert campledger("cancel", "hello", "--reason", "no data", "--push", cwd=b).returncode == 0
    done = campledger("note", "hello", "why?", "--push", cwd=a)
    assert done.returncode == 3
    assert "not done, since acts made before had to be withdrawn" in done.stderr
    assert "start hello-campledger" in done.stderr
    assert subjects(git, hub)[0] == "cancel hello-campledger: no data"
    done = campledger("resume", "hello", "--push", cwd=c)
    assert done.returncode == 3
    assert "not done" in done.stderr
    assert "start hello-campledger" in done.stderr
    sound(cwd=a)
    sound(cwd=c)


def test_other_commits_that_are_not_pushed_are_named_and_left_alone(
    clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    a = clone("a")
    (a / "README").write_text("mine\n")
    git("add", "README", cwd=a)
    git("commit", "--quiet", "-m", "my own work", cwd=a)
    own, there = git("rev-parse", "HEAD", cwd=a), git("rev-parse", "main", cwd=hub)
    for words in (["note", "hello", "x", "--push"], ["push"]):
        done = campledger(*words, cwd=a)
        assert done.returncode == 4
        assert "these commits are not pushed and not campledger's" in done.stderr
        assert f"{own[:10]} my own work" in done.stderr
    assert (git("rev-parse", "HEAD", cwd=a), git("rev-parse", "main", cwd=hub)) == (own, there)
    sound(cwd=a)


def test_staged_and_changed_files_survive_a_push(clone: Clone, campledger: Run, git: Git, sound: Sound) -> None:
    a, b = clone("a"), clone("b")
    assert campledger("note", "hello", "faster", "--push", cwd=b).returncode == 0
    (a / "staged").write_text("one\n")
    git("add", "staged", cwd=a)
    (a / "staged").write_text("one\ntwo\n")
    (a / "campledger.yaml").write_text((a / "campledger.yaml").read_text() + "# mine\n")
    (a / "untracked").write_text("u\n")
    done = campledger("note", "hello", "slower", "--push", cwd=a)
    assert done.returncode == 0, done.stderr
    assert git("show", ":staged", cwd=a) == "one"
    assert (a / "campledger.yaml").read_text().endswith("# mine\n")
    sound(" M campledger.yaml\nAM staged\n?? untracked", cwd=a)


def test_a_changed_file_that_others_changed_too_is_not_overwritten(
    clone: Clone, campledger: Run, git: Git, sound: Sound
) -> None:
    a, b = clone("a"), clone("b")
    assert campledger("edit", "hello", "--set", "title=Theirs", "--push", cwd=b).returncode == 0
    (file,) = a.glob("campaigns/*/*/*/campaign.yaml")
    file.write_text(file.read_text() + "# mine\n")
    done = campledger("note", "hello", "x", "--push", cwd=a)
    assert done.returncode == 4
    assert "what others pushed touches files that you have changed" in done.stderr
    assert file.read_text().endswith("# mine\n")
    sound(f" M {file.relative_to(a)}", cwd=a)


def test_offline_nothing_is_done_and_the_message_says_what_to_do(
    clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    a = clone("a")
    head = git("rev-parse", "HEAD", cwd=a)
    hub.rename(hub.with_name("away.git"))
    done = campledger("start", "hello", "--push", cwd=a)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.endswith("nothing was done; without --push the act is kept here, for `campledger push`\n")
    assert git("rev-parse", "HEAD", cwd=a) == head
    assert campledger("start", "hello", cwd=a).returncode == 0
    assert campledger("push", cwd=a).returncode == 4
    hub.with_name("away.git").rename(hub)
    assert campledger("push", cwd=a).returncode == 0
    assert subjects(git, hub)[0] == "start hello-campledger"
    sound(cwd=a)


def test_a_hub_that_refuses_leaves_the_act_here_for_later(
    clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    a = clone("a")
    hook = hub / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'protected \033[31mbranch' >&2\nexit 1\n")
    hook.chmod(0o755)
    there = git("rev-parse", "main", cwd=hub)
    done = campledger("start", "hello", "--push", cwd=a)
    assert done.returncode == 4
    assert "protected" in done.stderr
    assert "\033" not in done.stderr
    assert done.stderr.endswith("the act is committed here; `campledger push` tries again\n")
    assert git("rev-parse", "main", cwd=hub) == there
    assert subjects(git, a)[0] == "start hello-campledger"
    hook.unlink()
    assert campledger("push", cwd=a).returncode == 0
    assert git("rev-parse", "main", cwd=hub) == git("rev-parse", "HEAD", cwd=a)
    sound(cwd=a)


def test_a_dry_run_asks_nobody(clone: Clone, hub: Path, campledger: Run, git: Git) -> None:
    a = clone("a")
    hub.rename(hub.with_name("away.git"))
    assert campledger("start", "hello", "--push", "--dry-run", cwd=a).returncode == 0


def test_an_empty_hub_takes_the_whole_ledger(ledger: Path, campledger: Run, git: Git, tmp_path: Path) -> None:
    git("init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "empty.git")
    git("remote", "add", "origin", tmp_path / "empty.git")
    done = campledger("start", "hello", "--push")
    assert done.returncode == 0, done.stderr
    assert git("rev-parse", "main", cwd=tmp_path / "empty.git") == git("rev-parse", "HEAD")


def test_two_definitions_of_one_name_the_second_is_withdrawn(
    clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    a, b = clone("a"), clone("b")
    words = ("define", "same", "--production", "other", "--kind", "other", "--description", "d")
    assert campledger(*words, cwd=a).returncode == 0
    assert campledger(*words, "--push", cwd=b).returncode == 0
    done = campledger("push", cwd=a)
    assert done.returncode == 3
    assert "duplicate-name" in done.stderr
    assert len(list(a.glob("campaigns/*/*/*-same-*"))) == 1
    sound(cwd=a)


def test_one_key_in_two_clones_is_one_campaign(clone: Clone, hub: Path, campledger: Run, sound: Sound) -> None:
    a, b = clone("a"), clone("b")
    words = (
        "define",
        "night",
        "--production",
        "other",
        "--kind",
        "other",
        "--description",
        "d",
        "--key",
        "n/1",
        "--json",
    )
    first = json.loads(campledger(*words, cwd=a).stdout)["campaign"]
    assert json.loads(campledger(*words, "--push", cwd=b).stdout)["campaign"] == first
    done = campledger("push", cwd=a)
    assert done.returncode in {0, 3}
    assert len(list(a.glob("campaigns/*/*/*-night-*"))) == 1
    sound(cwd=a)


def test_two_edits_of_one_definition_the_second_is_withdrawn(
    clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    a, b = clone("a"), clone("b")
    assert campledger("edit", "hello", "--set", "title=Mine", cwd=a).returncode == 0
    assert campledger("edit", "hello", "--set", "title=Theirs", "--push", cwd=b).returncode == 0
    done = campledger("push", cwd=a)
    assert done.returncode == 3
    assert "was changed by others too" in done.stderr
    assert "title: Theirs" in git("show", "HEAD:" + git("ls-files", "campaigns", cwd=a), cwd=a)
    sound(cwd=a)


def test_a_merge_in_progress_is_refused(clone: Clone, campledger: Run, git: Git) -> None:
    a, b = clone("a"), clone("b")
    assert campledger("note", "hello", "faster", "--push", cwd=b).returncode == 0
    (a / ".git/MERGE_HEAD").write_text(git("rev-parse", "HEAD", cwd=a) + "\n")
    done = campledger("note", "hello", "x", "--push", cwd=a)
    assert done.returncode == 4
    assert "a merge is in progress" in done.stderr


def test_a_commit_of_the_user_between_look_and_move_is_not_dropped(
    clone: Clone, campledger: Run, git: Git, monkeypatch: pytest.MonkeyPatch, sound: Sound
) -> None:
    a, b = clone("a"), clone("b")
    assert campledger("note", "hello", "offline", cwd=a).returncode == 0
    assert campledger("note", "hello", "faster", "--push", cwd=b).returncode == 0
    real = remote.commit_on

    def slowly(*arguments: Any) -> str:
        (a / "README").write_text("mine\n")
        git("add", "README", cwd=a)
        git("commit", "--quiet", "-m", "my own work", cwd=a)
        return real(*arguments)

    monkeypatch.setattr(remote, "commit_on", slowly)
    with pytest.raises(GitError):
        push(Workspace(a))
    assert subjects(git, a)[:2] == ["my own work", "note on hello-campledger: offline"]
    sound(cwd=a)


def test_a_ledger_in_a_subfolder_is_pushed(hub: Path, git: Git, campledger: Run, sound: Sound, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.mkdir()
    git("init", "--quiet", cwd=big)
    assert campledger("init", big / "sub dir", "--example", cwd=tmp_path).returncode == 0
    git("clone", "--quiet", "--bare", big, tmp_path / "big.git")
    for name in ("a", "b"):
        git("clone", "--quiet", tmp_path / "big.git", tmp_path / name)
    assert campledger("note", "hello", "offline", cwd=tmp_path / "a/sub dir").returncode == 0
    assert campledger("note", "hello", "faster", "--push", cwd=tmp_path / "b/sub dir").returncode == 0
    done = campledger("note", "hello", "last", "--push", cwd=tmp_path / "a/sub dir")
    assert done.returncode == 0, done.stderr
    assert [event["text"] for event in events_of(tmp_path / "a/sub dir")] == ["faster", "offline", "last"]
    sound(cwd=tmp_path / "a")


def test_six_clones_push_five_notes_each_at_once(
    clone: Clone, hub: Path, git: Git, campledger: Run, sound: Sound
) -> None:
    clones = [clone(f"c{number}") for number in range(6)]
    failures: list[str] = []
    script = (
        "from pathlib import Path\n"
        "from campledger.operations.acts.act import How\n"
        "from campledger.operations.acts.notes import note\n"
        "from campledger.operations.workspace import Workspace\n"
        "from campledger.operations.write.writing import Writing\n"
        "space = Workspace(Path.cwd())\n"
        "for number in range(5):\n"
        "    with Writing(space, push=True).stage() as staged:\n"
        "        note(staged, 'hello', f'{Path.cwd().name}-{number}', None, How())\n"
    )

    def work(root: Path) -> None:
        done = subprocess.run([sys.executable, "-c", script], cwd=root, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            failures.append(done.stderr)

    threads = [threading.Thread(target=work, args=(one,)) for one in clones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for one in clones:
        assert campledger("push", cwd=one).stdout == "nothing to push\n"
        sound(cwd=one)
        assert git("rev-parse", "HEAD", cwd=one) == git("rev-parse", "main", cwd=hub)
    events = events_of(clones[0])
    assert sorted(event["text"] for event in events) == sorted(f"c{a}-{b}" for a in range(6) for b in range(5))
    times = [event["time"] for event in events]
    assert times == sorted(set(times))
    assert campledger("check", "--strict", cwd=clones[0]).returncode == 0
    assert git("fsck", "--no-dangling", "--no-progress", cwd=hub) == ""


def test_what_may_rest_on_a_withdrawn_act_is_withdrawn_with_it(
    clone: Clone, hub: Path, campledger: Run, git: Git, sound: Sound
) -> None:
    a, b = clone("a"), clone("b")
    for title in ("mine", "yours"):
        where = a if title == "mine" else b
        assert campledger("edit", "hello", "--set", f"title={title}", cwd=where).returncode == 0
    assert campledger("start", "hello", cwd=b).returncode == 0
    assert campledger("note", "hello", "stays", cwd=b).returncode == 0
    assert campledger("push", cwd=a).returncode == 0
    done = campledger("push", cwd=b)
    assert done.returncode == 3
    assert "start hello-campledger" in done.stderr
    assert "an earlier act on the same campaign or set was withdrawn, on which it may rest" in done.stderr
    assert subjects(git, hub)[0] == "note on hello-campledger: stays"
    assert "defined" in campledger("list", cwd=b).stdout
    sound(cwd=b)
