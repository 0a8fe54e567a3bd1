"""Some pages in full, as files: `make bless` takes them as they are now, for `git diff` to show what changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from campledger.operations.site import build

GOLDEN = Path(__file__).with_name("golden")
PAGES = (
    "index.html",
    "new.html",
    "campaigns/2026-10-10-flats-check-mm77.html",
    "campaigns/2026-11-01-hostile-x9pw.html",
)
"""One of each kind."""


@pytest.fixture(scope="module")
def out(rich: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("golden") / "site"
    build(rich, out)
    return out


@pytest.mark.parametrize("path", PAGES)
def test_page(path: str, out: Path, pytestconfig: pytest.Config) -> None:
    made = (out / path).read_text("utf-8")
    golden = GOLDEN / path
    if pytestconfig.getoption("--bless"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(made, "utf-8")
    assert golden.is_file(), "look at the page, then `make bless`"
    assert made == golden.read_text("utf-8"), "look at the page; if it is right, `make bless`"


def test_no_golden_file_is_left_over() -> None:
    found = {file.relative_to(GOLDEN).as_posix() for file in GOLDEN.rglob("*") if file.is_file()}
    assert found == set(PAGES)
