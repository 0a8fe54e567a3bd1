"""New ledgers, and the hooks that guard them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from campledger.documents import strict
from campledger.errors import GitError, UsageError
from campledger.operations.read.check import check_work_tree
from campledger.operations.setup.hooks import install_hook
from campledger.operations.setup.init import init
from campledger.operations.workspace import Workspace

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Sound = Callable[..., None]


def test_a_new_ledger_is_committed_guarded_and_free_of_problems(tmp_path: Path, git: Git, sound: Sound) -> None:
    started = init(tmp_path / "deep" / "new")
    assert started.root == tmp_path / "deep" / "new"
    assert git("log", "--format=%H %s", cwd=started.root) == f"{started.commit} start a ledger of campaigns"
    assert started.hook == started.root / ".git/hooks/pre-commit"
    assert os.access(started.root / ".git/hooks/pre-commit", os.X_OK)
    names = git("ls-files", cwd=started.root).splitlines()
    assert {".gitattributes", "campledger.yaml", "schemas/campaign.schema.json"} <= set(names)
    assert git("check-attr", "merge", "campaigns/2026/11/x/events.yaml", cwd=started.root).endswith(" union")
    assert check_work_tree(Workspace(started.root), []) == []
    sound(cwd=started.root)


def test_the_example_passes_with_warnings_as_errors(guarded: Path, campledger: Run, git: Git) -> None:
    done = campledger("check", "--strict")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "0 errors, 0 warnings\n")
    assert git("log", "--format=%s").splitlines() == ["define hello-campledger", "start a ledger of campaigns"]


def test_a_folder_that_the_repository_around_it_ignores_gets_one_of_its_own(tmp_path: Path, git: Git) -> None:
    git("init", "--quiet", cwd=tmp_path)
    (tmp_path / ".gitignore").write_text("/scratch/\n")
    root = init(tmp_path / "scratch/ledger").root
    assert (root / ".git").is_dir()
    assert git("status", "--porcelain", cwd=root) == ""


def test_a_second_init_is_refused(guarded: Path, campledger: Run, git: Git) -> None:
    before = git("rev-parse", "HEAD")
    done = campledger("init", ".")
    assert (done.returncode, done.stderr) == (2, "campledger: . is a ledger already: it has a campledger.yaml\n")
    assert git("rev-parse", "HEAD") == before


def test_a_folder_with_files_keeps_them(tmp_path: Path, git: Git) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine\n")
    init(tmp_path / "full")
    assert git("status", "--porcelain", cwd=tmp_path / "full") == "?? notes.txt"


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "full/schemas/campaign.schema.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n")
    with pytest.raises(UsageError, match=r"has schemas/campaign\.schema\.json already"):
        init(tmp_path / "full")
    assert mine.read_text() == "mine\n"
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["schemas"]


def test_attributes_of_the_repository_are_added_to(tmp_path: Path, git: Git) -> None:
    root = tmp_path / "mine"
    root.mkdir()
    (root / ".gitattributes").write_text("*.png binary\n")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "mine")):
        git(*words, cwd=root)
    init(root)
    lines = (root / ".gitattributes").read_text().splitlines()
    assert lines[0] == "*.png binary"
    assert "campaigns/**/events.yaml merge=union" in lines
    assert git("status", "--porcelain", cwd=root) == ""


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(UsageError, match="cannot make"):
            init(path)


def test_without_an_identity_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "nobody"
    config.write_text("[user]\n    useConfigOnly = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    with pytest.raises(GitError, match="git does not know who you are"):
        init(tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("No", "no@example.org"),
        ("Ünïcode O'Neil: #1 {x}", "véra.rubin+x@example.org"),
        ('"quoted"', "-dash-@example.org"),
        ("1.10", "012@example.org"),
        ("Nobody", "---@example.org"),
    ],
)
def test_any_name_and_address_make_settings_that_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, email: str
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", name)
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", email)
    started = init(tmp_path / "new", example=True)
    workspace = Workspace(started.root)
    assert check_work_tree(workspace, []) == []
    settings = strict.read("s", (started.root / "campledger.yaml").read_bytes()).value
    ((handle, person),) = settings["people"].items()
    assert (person["name"], person["emails"]) == (name.strip('"') if name.startswith('"') else name, [email])
    assert workspace.user(workspace.ledger()) == handle


# Hooks


def test_the_hook_holds_back_a_bad_definition_that_is_staged_though_the_file_is_fine(
    guarded: Path, campaign: Path, git: Git
) -> None:
    file = campaign / "campaign.yaml"
    good = file.read_text()
    file.write_text(good.replace("kind: development", "kind: nonsense"))
    git("add", "--all")
    file.write_text(good)
    head = git("rev-parse", "HEAD")
    done = subprocess.run(["git", "commit", "-m", "bad"], cwd=guarded, text=True, capture_output=True, check=False)
    assert done.returncode != 0
    assert "invalid value `nonsense` of `kind`" in done.stdout + done.stderr
    assert git("rev-parse", "HEAD") == head


def test_the_hook_lets_pass_what_is_staged_well_though_the_file_is_bad(
    guarded: Path, campaign: Path, git: Git, sound: Sound
) -> None:
    file = campaign / "campaign.yaml"
    file.write_text(file.read_text() + "# a remark\n")
    git("add", "--all")
    file.write_text("nonsense: [")
    git("commit", "--quiet", "-m", "a remark")
    assert git("log", "-1", "--format=%s") == "a remark"
    sound(f" M {file.relative_to(guarded)}")


def test_the_hook_checks_commit_with_paths_and_all(guarded: Path, campaign: Path, git: Git) -> None:
    file = campaign / "campaign.yaml"
    file.write_text(file.read_text().replace("kind: development", "kind: nonsense"))
    for command in (["commit", "-am", "bad"], ["commit", "-m", "bad", "--", str(file)]):
        done = subprocess.run(["git", *command], cwd=guarded, text=True, capture_output=True, check=False)
        assert done.returncode != 0


def test_the_hook_says_no_to_a_history_changed_by_hand(
    guarded: Path, campaign: Path, campledger: Run, git: Git
) -> None:
    assert campledger("start", "hello").returncode == 0
    events = campaign / "events.yaml"
    events.write_text(events.read_text().replace('"running"', '"completed"'))
    done = subprocess.run(["git", "commit", "-am", "bad"], cwd=guarded, text=True, capture_output=True, check=False)
    assert done.returncode != 0
    assert "illegal-transition" in done.stdout + done.stderr


def test_a_foreign_hook_is_kept_and_runs_first(ledger: Path, campaign: Path, campledger: Run, git: Git) -> None:
    hook = ledger / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho foreign >> .git/ran\ntest ! -e .git/refuse\n")
    hook.chmod(0o755)
    done = campledger("hooks", "install")
    assert done.returncode == 0
    assert done.stdout == (
        f"installed {hook}; the hook that was there is kept as pre-commit.before-campledger and runs first\n"
    )
    assert campledger("start", "hello").returncode == 0
    assert (ledger / ".git/ran").read_text() == "foreign\n"
    (ledger / ".git/refuse").touch()
    assert campledger("note", "hello", "x").returncode == 4
    (ledger / ".git/refuse").unlink()
    (campaign / "campaign.yaml").write_text("nonsense: [")
    done = subprocess.run(["git", "commit", "-am", "bad"], cwd=ledger, text=True, capture_output=True, check=False)
    assert done.returncode != 0


def test_installing_again_changes_nothing(guarded: Path, campledger: Run) -> None:
    folder = guarded / ".git/hooks"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    for _ in range(2):
        assert campledger("hooks", "install").returncode == 0
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_two_foreign_hooks_are_not_sorted_out_by_us(guarded: Path) -> None:
    folder = guarded / ".git/hooks"
    for name in ("pre-commit", "pre-commit.before-campledger"):
        (folder / name).write_text("#!/bin/sh\n")
    with pytest.raises(GitError, match="are both not ours"):
        install_hook(Workspace(guarded))
    assert (folder / "pre-commit").read_text() == "#!/bin/sh\n"


def test_hooks_elsewhere_are_left_to_the_user(tmp_path: Path, guarded: Path, campledger: Run, git: Git) -> None:
    git("config", "core.hooksPath", str(tmp_path / "hooks"))
    done = campledger("hooks", "install")
    assert done.returncode == 4
    assert "core.hooksPath is" in done.stderr
    assert "campledger check --staged" in done.stderr
    assert not (tmp_path / "hooks").exists()


def test_init_says_that_hooks_are_elsewhere(tmp_path: Path, guarded: Path, campledger: Run, git: Git) -> None:
    (tmp_path / "new").mkdir()
    git("init", "--quiet", cwd=tmp_path / "new")
    git("config", "core.hooksPath", "elsewhere", cwd=tmp_path / "new")
    done = campledger("init", tmp_path / "new")
    assert done.returncode == 0
    assert "no hook was installed, since core.hooksPath is set" in done.stdout


def test_the_hook_of_a_linked_worktree_checks_that_worktree(
    guarded: Path, campaign: Path, git: Git, tmp_path: Path
) -> None:
    git("worktree", "add", "--quiet", tmp_path / "linked")
    file = tmp_path / "linked" / campaign.relative_to(guarded) / "campaign.yaml"
    file.write_text(file.read_text().replace("kind: development", "kind: nonsense"))
    command = ["git", "commit", "-am", "bad"]
    done = subprocess.run(command, cwd=tmp_path / "linked", text=True, capture_output=True, check=False)
    assert done.returncode != 0
    assert "nonsense" in done.stdout + done.stderr


def test_the_hook_works_without_campledger_on_the_path(
    guarded: Path, campaign: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare_path = os.pathsep.join(
        folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder, "campledger").exists()
    )
    if shutil.which("git", path=bare_path) is None:
        pytest.skip("git and campledger stand in one folder")
    monkeypatch.setenv("PATH", bare_path)
    (campaign / "campaign.yaml").write_text("nonsense: [")
    done = subprocess.run(["git", "commit", "-am", "bad"], cwd=guarded, text=True, capture_output=True, check=False)
    assert done.returncode != 0
    assert "yaml-syntax" in done.stdout + done.stderr


def test_the_hook_reports_nothing_for_files_beside_the_ledger(guarded: Path, git: Git) -> None:
    (guarded / "README").write_text("r\n")
    git("add", "README")
    git("commit", "--quiet", "-m", "a file")
    git("commit", "--quiet", "--amend", "-m", "amended")
    git("commit", "--quiet", "--allow-empty", "-m", "empty")


def test_the_entry_for_the_pre_commit_framework_runs(guarded: Path, campaign: Path, campledger: Run, git: Git) -> None:
    root = Path(__file__).parents[3]
    (entry,) = strict.read("hooks", (root / ".pre-commit-hooks.yaml").read_bytes()).value
    command = entry["entry"].split()
    assert command[0] == "campledger"
    assert entry["pass_filenames"] is False
    (guarded / ".git/hooks/pre-commit").unlink()
    assert campledger(*command[1:]).returncode == 0
    (campaign / "campaign.yaml").write_text("nonsense: [")
    assert campledger(*command[1:]).returncode == 0
    git("add", "--all")
    assert campledger(*command[1:]).returncode == 1


def test_a_definition_may_not_refer_to_a_file_that_is_on_disk_only(
    ledger: Path, campaign: Path, campledger: Run, git: Git
) -> None:
    (campaign / "bps.yaml").write_text("a: b\n")
    refer = ("edit", "hello", "--set", "processing.bps.file=bps.yaml")
    done = campledger(*refer)
    assert done.returncode == 3
    assert "missing-file: missing file `bps.yaml`" in done.stderr
    assert "`git add` and commit it" in done.stderr
    git("add", "--all")
    git("commit", "--quiet", "--message=bps file")
    assert campledger(*refer).returncode == 0


@pytest.mark.parametrize(("name", "word"), [("-new", "./-new"), ("a ledger", "'a ledger'")])
def test_what_comes_after_init_can_be_pasted(
    tmp_path: Path, campledger: Run, monkeypatch: pytest.MonkeyPatch, name: str, word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = campledger("init", "--", name)
    assert f"next: cd {word}; edit campledger.yaml" in done.stdout


def test_editors_are_told_which_schema_a_file_has(tmp_path: Path) -> None:
    root = init(tmp_path / "told", example=True).root
    settings = json.loads((root / ".vscode/settings.json").read_text())
    named = {**{glob: path for path, glob in settings["yaml.schemas"].items()}}
    named |= {glob: one["url"] for one in settings["json.schemas"] for glob in one["fileMatch"]}
    for glob, path in named.items():
        assert (root / path).is_file()
        assert glob.startswith("/dataids") or glob.startswith("/queries") or list(root.glob(glob[1:]))


def test_settings_of_an_editor_that_are_there_stay(tmp_path: Path) -> None:
    mine = tmp_path / "mine/.vscode/settings.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}\n")
    init(tmp_path / "mine")
    assert mine.read_text() == "{}\n"
