"""The types of the site's scripts, which TypeScript reads from their JSDoc, and of what a build writes for them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from campledger.operations.site.build import build

OWN = Path(__file__).parents[2]
PROJECT = "tests/types/tsconfig.json"
COMPILER = Path(sys.prefix) / "node_modules/typescript/bin/tsc"

WRONG = """\
"use strict";
(function () {
  /** @type {number} */
  const count = "three";
  document.getElementById("count").textContent = String(count);
  const shown = (text) => text;
  window.campledgerQuery.near(shown("running"), "completed");
  window.campledgerQuery.nearest("running", ["completed"]);
})();
"""
"""A script with a mistake on each of its lines 4 to 8."""


def complaints(root: Path, project: str) -> str:
    """What TypeScript has against the scripts of a project, which is named by the path of its settings."""
    assert COMPILER.is_file(), "TypeScript is missing: install it with `make checker`"
    command = ["node", str(COMPILER), "--project", project, "--pretty", "false"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=300)
    found = done.stdout + done.stderr
    assert bool(found) == bool(done.returncode)
    return found


def test_the_scripts_keep_to_their_types() -> None:
    found = complaints(OWN, PROJECT)
    assert not found, found


def test_what_a_build_writes_has_the_types_that_scripts_take_it_for(rich: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    build(rich, out)
    types = (OWN / PROJECT).parent
    project = {"extends": str(OWN / PROJECT), "include": [str(types / "globals.d.ts"), f"{out}/**/*.js"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(project), "utf-8")
    assert {"list-index.js", "list-texts.js", "built.js", "ledger.js"} <= {path.name for path in out.rglob("*.js")}
    found = complaints(tmp_path, "tsconfig.json")
    assert not found, found


def test_a_new_script_is_checked_by_itself(tmp_path: Path) -> None:
    wrong = "site/static/wrong.js"
    for folder in ("tests/types", "site/static"):
        shutil.copytree(OWN / folder, tmp_path / folder)
    (tmp_path / wrong).write_text(WRONG, "utf-8")
    found = re.findall(r"^(\S*?)\((\d+),\d+\): error (TS\d+): ", complaints(tmp_path, PROJECT), re.MULTILINE)
    assert found == [
        (wrong, "4", "TS2322"),  # a text is no number
        (wrong, "5", "TS2531"),  # the page may have no such element
        (wrong, "6", "TS7006"),  # of what type is it?
        (wrong, "7", "TS2345"),  # a text is no list
        (wrong, "8", "TS2339"),  # another script gives no such thing
    ]


def test_without_typescript_the_check_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys.modules[__name__], "COMPILER", tmp_path / "tsc")
    with pytest.raises(AssertionError, match="make checker"):
        complaints(OWN, PROJECT)
