"""Ledgers on disk and in git, made of a few files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SETTINGS = """\
title: Example ledger
productions:
  data-release: Data Release Production
people:
  vrubin: {name: Vera Rubin, emails: [vera@example.org]}
butlers:
  embargo: {uris: [embargo]}
"""

Write = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files into a ledger that has settings; return its root."""
    root = tmp_path / "ledger"

    def write_files(files: Mapping[str, str | bytes]) -> Path:
        for path, content in {"campledger.yaml": SETTINGS, **files}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return write_files


@pytest.fixture
def git_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run git in a directory, without anybody's configuration."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Vera Rubin")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "vera@example.org")
        monkeypatch.setenv(f"GIT_{role}_DATE", "2026-11-22T08:00:00Z")

    def run(directory: Path, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=directory, text=True, capture_output=True, check=True)
        return done.stdout.strip()

    return run
