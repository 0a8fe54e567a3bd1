"""Some pages in full, as files: `make bless` takes them as they are now, for `git diff` to show what changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from campledger.operations.site.build import build
from campledger.pages.engine.build_request import BuildResult

GOLDEN = Path(__file__).with_name("golden")
PAGES = (
    "index.html",
    "list.html",
    "new.html",
    "people/hleavitt.html",
    "people/index.html",
    "sets/index.html",
    "sets/without-donuts.html",
    "campaigns/2026-10-10-flats-check-mm77.html",
    "campaigns/2026-11-01-hostile-x9pw.html",
    "api/v1/campaigns.json",
    "api/v1/campaigns/2026-10-10-flats-check-mm77.json",
    "api/v1/sets.json",
    "feeds/campaigns/2026-10-10-flats-check-mm77.xml",
)
"""One of each kind."""


@pytest.fixture(scope="module")
def built(rich: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build(rich, tmp_path_factory.mktemp("golden") / "site")


@pytest.mark.parametrize("path", PAGES)
def test_page(path: str, built: BuildResult, pytestconfig: pytest.Config) -> None:
    commit = built.commit or ""
    # The ledger's commit changes with any file in it.
    made = (built.out / path).read_text("utf-8").replace(commit, "0" * 40).replace(commit[:10], "0" * 10)
    golden = GOLDEN / path
    if pytestconfig.getoption("--bless"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(made, "utf-8")
    assert golden.is_file(), "look at the page, then `make bless`"
    assert made == golden.read_text("utf-8"), "look at the page; if it is right, `make bless`"


def test_no_golden_file_is_left_over() -> None:
    found = {file.relative_to(GOLDEN).as_posix() for file in GOLDEN.rglob("*") if file.is_file()}
    assert found == set(PAGES)
