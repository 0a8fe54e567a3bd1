"""The same files, from disk, index and commit."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from campledger.repository.commands import Repository
from campledger.repository.trees import GitTree, Overlay, WorkTree

Git = Callable[..., str]


def test_disk_index_and_commit_hold_the_same(ledger: Path, git: Git) -> None:
    folder = ledger / "campaigns/2026"
    (folder / "ünï code").write_bytes(b"\xff\x00")
    (folder / "link").symlink_to("ünï code")
    (ledger / "dataids").mkdir()
    (ledger / "dataids/bad.csv").write_text("visit\n")
    git("add", "--all")
    git("commit", "--quiet", "-m", "more")
    repository = Repository(ledger)
    disk = WorkTree(ledger)
    for files in (GitTree(repository, None), GitTree(repository, git("rev-parse", "HEAD"))):
        below = {path: link for path, link in files.paths.items() if not path.startswith("schemas/")}
        assert below == disk.paths
        assert files.read([*below, "absent"]) == disk.read([*below, "absent"])
    assert disk.read(["campaigns/2026/link"]) == {"campaigns/2026/link": "ünï code".encode()}


def test_a_directory_that_is_a_link_is_not_walked(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "outside/2026").mkdir(parents=True)
    (tmp_path / "outside/2026/secret").write_text("secret")
    (ledger / "campaigns/2025").symlink_to(tmp_path / "outside")
    assert WorkTree(ledger).paths["campaigns/2025"] is True
    assert not [path for path in WorkTree(ledger).paths if "secret" in path]
    (ledger / "dataids").symlink_to(tmp_path / "outside")
    assert WorkTree(ledger).paths["dataids"] is True


def test_an_overlay_adds_replaces_and_hides(ledger: Path) -> None:
    files = Overlay(WorkTree(ledger), {"campledger.yaml": b"other", "new": b"new", ".gitattributes": None})
    assert files.paths["new"] is False
    assert ".gitattributes" not in files.paths
    assert files.read(["campledger.yaml", "new", ".gitattributes", "absent"]) == {
        "campledger.yaml": b"other",
        "new": b"new",
    }


def test_a_pipe_among_the_files_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "campaigns").mkdir()
    os.mkfifo(tmp_path / "campaigns/campaign.yaml")
    os.mkfifo(tmp_path / "campledger.yaml")
    assert WorkTree(tmp_path).paths == {}
