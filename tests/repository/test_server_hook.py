"""The hook of a server: pushes to the main branch with errors are refused, everything else passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from campledger.errors import GitError, UsageError
from campledger.operations.setup.hooks import install_server_hook
from campledger.operations.setup.init import init


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger whose remote is a bare repository with the hook."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    hub = tmp_path / "hub.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(hub))
    install_server_hook(hub)
    root = init(tmp_path / "ledger", example=True).root
    git(root, "remote", "add", "origin", str(hub))
    return root


def git(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], cwd=root, check=False, capture_output=True, text=True)


def spoil(root: Path) -> None:
    (definition,) = root.glob("campaigns/*/*/*/campaign.yaml")
    definition.write_text(definition.read_text().replace("kind: development", "kind: wrong"))
    git(root, "commit", "--quiet", "--no-verify", "--all", "--message=wrong")


def test_a_ledger_without_errors_is_taken(clone: Path) -> None:
    assert git(clone, "push", "origin", "main").returncode == 0


def test_a_push_with_errors_is_refused_and_says_where(clone: Path) -> None:
    git(clone, "push", "origin", "main")
    spoil(clone)
    pushed = git(clone, "push", "origin", "main")
    assert pushed.returncode != 0
    assert "campaign.yaml:6:7: schema: invalid value `wrong` of `kind`" in pushed.stderr
    assert git(clone, "log", "--format=%s", "-1", "origin/main").stdout == "define hello-campledger\n"


def test_other_branches_may_hold_drafts(clone: Path) -> None:
    spoil(clone)
    assert git(clone, "push", "origin", "main:refs/heads/draft").returncode == 0


def test_a_second_installation_is_fine_and_a_foreign_hook_is_kept(tmp_path: Path) -> None:
    hub = tmp_path / "hub.git"
    git(tmp_path, "init", "--quiet", "--bare", str(hub))
    assert install_server_hook(hub) == install_server_hook(hub)
    (hub / "hooks/pre-receive").write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(GitError, match="is not ours"):
        install_server_hook(hub)
    assert (hub / "hooks/pre-receive").read_text() == "#!/bin/sh\nexit 0\n"


def test_a_work_tree_is_no_server(tmp_path: Path) -> None:
    root = init(tmp_path / "ledger").root
    with pytest.raises(UsageError, match="no bare repository"):
        install_server_hook(root)
