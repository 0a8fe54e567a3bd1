"""The hook for the pre-commit framework runs whenever a file changes that `campledger check` reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
[HOOK] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
READ = sorted(
    str(file.relative_to(ledger))
    for ledger in (ROOT / "tests/examples/valid").iterdir()
    for file in ledger.rglob("*")
    if file.is_file() and file.relative_to(ledger).parts[0] not in {"overrides", "schemas", "README.md"}
)


def test_the_examples_have_a_file_of_each_kind() -> None:
    assert {Path(name).parts[0] for name in READ} >= {"campaigns", "dataids", "queries", "templates", "campledger.yaml"}


@pytest.mark.parametrize("name", sorted(set(READ)))
def test_the_hook_runs_for(name: str) -> None:
    assert re.search(HOOK["files"], name)
    assert re.search(HOOK["files"], f"a/folder/{name}")


def test_the_hook_does_not_run_for_what_is_no_ledger() -> None:
    assert not re.search(HOOK["files"], "site/templates.html")
