"""The same files, from disk, index and commit."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from campledger.repository.file_trees import GitTree, Overlay, WorkTree
from campledger.repository.git_commands import Repository

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
        below = {path: link for path, link in files.paths.items() if not path.startswith(("schemas/", ".vscode/"))}
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


def test_an_overlay_grows_and_is_taken_back(ledger: Path) -> None:
    (ledger / "link").symlink_to("campledger.yaml")
    base = WorkTree(ledger)
    below = dict(base.paths)
    asked, late = Overlay(base, {"one": b"1"}), Overlay(base, {"one": b"1"})
    before = dict(asked.paths)
    touched = ["one", "two", "link", "campledger.yaml", "absent"]
    steps: list[tuple[str, bytes | None]] = [
        ("one", b"2"), ("two", b"2"), ("link", b"a file"), ("campledger.yaml", None), ("absent", None)
    ]  # fmt: skip
    for files in (asked, late):
        earlier = files.changes(touched)
        assert earlier == {"one": b"1"}
        for path, content in steps:
            if content is None:
                files.remove(path)
            else:
                files.put(path, content)
        assert files.read(touched) == {"one": b"2", "two": b"2", "link": b"a file"}
        expected = {**before, "two": False, "link": False}
        del expected["campledger.yaml"]
        assert files.paths == expected
        files.take_back(touched, earlier)
        assert files.paths == before
        assert files.changed == {"one": b"1"}
        assert files.read(touched) == base.read(touched) | {"one": b"1"}
    assert base.paths == below


def test_an_overlay_is_narrowed_to_campaigns(ledger: Path) -> None:
    for home in ("campaigns/2026/11/a", "campaigns/2026/11/b"):
        (ledger / home / "deep").mkdir(parents=True)
        (ledger / home / "deep/file").write_text("x")
    within = ("campaigns/2026/11/a",)
    files = Overlay(WorkTree(ledger), {"campaigns/2026/11/c/new": b"", "dataids/new.csv": b""}, within)
    files.put("campaigns/2026/11/b/deep/file", b"y")
    seen = ["campaigns/2026/11/a/deep/file", "campaigns/2026/11/b/deep/file", "campaigns/2026/11/c/new"]
    assert [path for path in files.paths if path.startswith("campaigns/")] == seen
    assert {"campledger.yaml", "dataids/new.csv"} <= files.paths.keys()
    files.take_back(seen[1:2], {})
    assert [path for path in files.paths if path.startswith("campaigns/")] == [seen[0], seen[2]]


def test_a_pipe_among_the_files_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "campaigns").mkdir()
    os.mkfifo(tmp_path / "campaigns/campaign.yaml")
    os.mkfifo(tmp_path / "campledger.yaml")
    assert WorkTree(tmp_path).paths == {}
