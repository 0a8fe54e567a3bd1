"""The reference and the man pages say what the code says, and are good ones."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAN = sorted((ROOT / "docs/man").glob("*.1"))


def generate(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "docs.generate", *options]
    return subprocess.run(command, cwd=root, text=True, capture_output=True, check=False)


def test_the_pages_are_as_the_code_is() -> None:
    done = generate(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_what_is_out_of_date_is_named_and_mended(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for name in ("campledger", "schemas", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "docs/reference/rules.md").write_text("something else\n")
    (tmp_path / "docs/man/campledger-gone.1").write_text(".TH GONE 1\n")
    (tmp_path / "docs/man/campledger-list.1").unlink()
    stale = ["docs/man/campledger-gone.1", "docs/man/campledger-list.1", "docs/reference/rules.md"]
    done = generate(tmp_path, "--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [f"{name} is out of date: run `make docs`" for name in stale]
    done = generate(tmp_path)
    assert (done.returncode, done.stdout.splitlines()) == (0, stale)
    assert generate(tmp_path, "--check").returncode == 0


def test_a_man_page_is_read_without_a_warning() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-z", "-Tutf8", *map(str, MAN)], capture_output=True, text=True, check=True
    )
    assert MAN
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["campledger", "campledger-define", "campledger-dataids-add", "campledger-list"])
def test_man_shows_the_help_as_it_is(name: str) -> None:
    page = ROOT / f"docs/man/{name}.1"
    environment = {**os.environ, "MANWIDTH": "500", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"}
    shown = subprocess.run(
        ["man", "--local-file", page], capture_output=True, text=True, check=True, env=environment
    ).stdout
    words = name.replace("-", " ", name.count("-"))
    told = subprocess.run(
        [sys.executable, "-m", "campledger", *words.split()[1:], "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    squeezed = " ".join(re.sub(r".\x08", "", shown).split())
    examples = re.search(r"Examples?:\n(.*?)\n\n", told, re.DOTALL)
    assert examples is not None
    for line in examples[1].splitlines():
        assert " ".join(line.split()) in squeezed
    assert f"{name} - " in squeezed


@pytest.mark.parametrize("page", MAN, ids=lambda page: page.stem)
def test_a_man_page_has_a_date_and_no_control_characters(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.search(r'^\.TH \S+ 1 "\d{4}-\d\d-\d\d" "campledger \S+" "campledger manual"$', text, re.MULTILINE)
    assert all(char.isprintable() or char == "\n" for char in text)
