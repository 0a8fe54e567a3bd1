"""The commands of the site: what they say, and what they refuse."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]


def test_a_site_is_built_from_head_and_not_from_the_files_on_disk(
    ledger: Path, campaign: Path, campledger: Run, git: Git, tmp_path: Path
) -> None:
    (campaign / "campaign.yaml").write_text("nonsense: [")
    done = campledger("site", "build", "--out", tmp_path / "site")
    assert done.returncode == 0, done.stderr
    assert f"open {tmp_path / 'site/index.html'}\n" in done.stdout
    assert "A first campaign to play with" in (tmp_path / "site/index.html").read_text()
    done = campledger("site", "build", "--out", tmp_path / "disk", "--worktree")
    assert "Traceback" not in done.stderr
    assert git("status", "--porcelain") == f" M {campaign.relative_to(ledger)}/campaign.yaml"


def test_what_cannot_be_built_is_told(ledger: Path, campledger: Run, tmp_path: Path) -> None:
    done = campledger("site", "build", "--commit", "HEAD", "--worktree")
    assert (done.returncode, "exclude each other" in done.stderr) == (2, True)
    done = campledger("site", "build", "--commit", "--output=x", "--out", tmp_path / "site")
    assert (done.returncode, "unknown commit `--output=x`" in done.stderr) == (2, True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/precious").write_text("mine\n")
    done = campledger("site", "build", "--out", tmp_path / "full")
    assert done.returncode in {2, 3}
    assert "Traceback" not in done.stderr
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["precious"]


def test_a_site_is_served_until_interrupted(ledger: Path, campledger: Run, tmp_path: Path) -> None:
    assert campledger("site", "build", "--out", tmp_path / "site").returncode == 0
    options = ["--ledger", str(ledger), "--out", str(tmp_path / "site"), "--port", "0"]
    command = [sys.executable, "-u", "-m", "campledger", "site", "serve", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
            with urllib.request.urlopen(lines[1].split()[0], timeout=30) as page:
                assert "A first campaign to play with" in page.read().decode()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in err


def test_watching_outlives_a_ledger_that_cannot_be_read(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    options = ["--ledger", str(ledger), "--out", str(out), "--worktree", "--watch"]
    command = [sys.executable, "-u", "-m", "campledger", "site", "build", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            while not process.stdout.readline().startswith("open "):
                assert process.poll() is None
            before = (out / "index.html").read_text()
            (ledger / "overrides").write_text("no folder")
            assert process.stderr.readline() == "campledger: overrides cannot be read: Not a directory\n"
            assert (out / "index.html").read_text() == before
            (ledger / "overrides").unlink()
            (ledger / "campledger.yaml").write_text((ledger / "campledger.yaml").read_text() + "\n# more\n")
            assert " files written, " in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in err


def test_acts_without_a_remote_cannot_be_pushed(ledger: Path, campledger: Run, git: Git) -> None:
    head = git("rev-parse", "HEAD")
    for words in (["push"], ["start", "hello", "--push"]):
        done = campledger(*words)
        assert done.returncode == 4
        assert "there is no remote to push to: `git push --set-upstream REMOTE main` once" in done.stderr
    assert git("rev-parse", "HEAD") == head
