"""With what a submission runs, as ids of contents that outlive commits."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from campledger.documents import schema
from campledger.ledger.ledger import Ledger
from campledger.ledger.pins import pins_of
from campledger.ledger.sets import Sets
from campledger.repository.file_trees import Files, GitTree, WorkTree
from campledger.repository.git_commands import Repository

HOME = "campaigns/2026/11/2026-11-22-alpha-aaaa"
FILES = {
    "campledger.yaml": "title: Pins\nproductions:\n  data-release: DRP\n",
    "dataids/bad.json": '[{"instrument": "HSC", "visit": "1..3"}]\n',
    f"{HOME}/campaign.yaml": """\
name: alpha
production: data-release
kind: rehearsal
description: An example.
software:
  stack: w_2026_46
  prepended_script: setup.sh
data:
  exclude:
    - bad
plan:
  quanta: 100
steps:
  - name: step1
    processing:
      bps:
        file: bps/step1.yaml
  - name: step2
    software:
      stack: w_2026_47
    data:
      exclude: []
      include:
        - dataids/own.csv
""",
    f"{HOME}/dataids/own.csv": "instrument,visit\nHSC,7\n",
    f"{HOME}/bps/step1.yaml": "includeConfigs:\n  - ${CAMPAIGN_DIR}/bps/memory.yaml\n",
    f"{HOME}/bps/memory.yaml": "requestMemory: 4096\n",
    f"{HOME}/bps/other.yaml": "requestMemory: 8192\n",
    f"{HOME}/setup.sh": "export OMP_NUM_THREADS=1\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "ledger"
    git(tmp_path, "init", "-q", "-b", "main", str(place))
    write(place, FILES)
    commit(place, "start")
    return place


def git(place: Path, *words: str) -> str:
    fixed = ("-c", "user.name=v", "-c", "user.email=v@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *fixed, *words], cwd=place, check=True, capture_output=True, text=True).stdout.strip()


def write(place: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)


def commit(place: Path, message: str) -> str:
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", message)
    return git(place, "rev-parse", "HEAD")


def pins(files: Files, *groups: str, **known: Any) -> dict[str, Any]:
    ledger = Ledger(files)
    return pins_of(Sets(ledger), ledger.record("2026-11-22-alpha-aaaa"), groups, **known)


def test_pins_name_definition_files_sets_and_stack(root: Path) -> None:
    found = pins(WorkTree(root), "step1/all", base="a" * 40, published=False)
    assert list(found["files"]) == ["bps/memory.yaml", "bps/step1.yaml", "setup.sh"]
    assert found["files"]["bps/memory.yaml"] == git(root, "rev-parse", f"HEAD:{HOME}/bps/memory.yaml")
    (bad,) = found["sets"]
    assert (bad["name"], bad["count"], bad["purpose"]) == ("bad", 3, "exclude")
    assert found["stack"] == ["w_2026_46"]
    assert (found["base"], found["published"]) == ("a" * 40, False)
    assert schema.findings(found, "event", "pins") == []


def test_pins_of_several_groups_are_those_of_each(root: Path) -> None:
    found = pins(WorkTree(root), "step1", "step2/all")
    assert found["stack"] == ["w_2026_46", "w_2026_47"]
    assert [(one["name"], one["purpose"]) for one in found["sets"]] == [
        ("bad", "exclude"),
        ("dataids/own.csv", "include"),
    ]


def test_the_digest_is_of_json_that_anybody_can_write(root: Path) -> None:
    text = (
        '{"step1/all":{"data":{"exclude":["bad"]},"processing":{"bps":{"file":"bps/step1.yaml"}},'
        '"software":{"prepended_script":"setup.sh","stack":"w_2026_46"}}}'
    )
    found = pins(WorkTree(root), "step1/all")["definition"]
    assert found == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    assert json.loads(text)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("description: An example.", "description: Another word for it.", True),
        ("quanta: 100", "quanta: 200", True),
        ("    - bad\n", "    - bad  # still\n", True),
        ("w_2026_46", "w_2026_48", False),
        ("exclude:\n    - bad", "include:\n    - bad", False),
    ],
)
def test_the_digest_changes_with_what_is_run_and_with_nothing_else(root: Path, old: str, new: str, same: bool) -> None:
    before = pins(WorkTree(root), "step1/all")
    file = root / HOME / "campaign.yaml"
    file.write_text(file.read_text().replace(old, new, 1))
    assert (pins(WorkTree(root), "step1/all")["definition"] == before["definition"]) is same


@pytest.mark.parametrize("how", ["squash", "rebase"])
def test_pins_are_found_again_when_the_commits_are_gone(root: Path, tmp_path: Path, how: str) -> None:
    git(root, "switch", "-q", "-c", "change")
    write(root, {f"{HOME}/bps/memory.yaml": "requestMemory: 6000\n"})
    ran = commit(root, "more memory")
    pinned = pins(GitTree(Repository(root), ran), "step1/all")
    write(root, {f"{HOME}/bps/other.yaml": "requestMemory: 9000\n"})
    commit(root, "another file")
    git(root, "switch", "-q", "main")
    write(root, {"README.md": "meanwhile\n"})
    commit(root, "meanwhile")
    if how == "squash":
        git(root, "merge", "-q", "--squash", "change")
        commit(root, "all of it")
    else:
        git(root, "rebase", "-q", "main", "change")
        git(root, "switch", "-q", "main")
        git(root, "merge", "-q", "--ff-only", "change")
    git(root, "branch", "-q", "-D", "change")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", f"file://{root}", str(clone))
    gone = subprocess.run(["git", "cat-file", "-e", ran], cwd=clone, capture_output=True, check=False)
    assert gone.returncode != 0
    assert pins(GitTree(Repository(clone), git(clone, "rev-parse", "HEAD")), "step1/all") == pinned
    for blob in pinned["files"].values():
        assert git(clone, "log", "--format=%H", f"--find-object={blob}")
