"""The site's list of 100,000 campaigns in Chromium, against a plain table of 10,000 rows."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from campledger.operations.site.build import build
from campledger.pages.engine import render
from tests.bench.ledgers import make_ledger
from tests.pages.conftest import many_campaigns

CAMPAIGNS = int(os.environ.get("BENCH_LIST", "100000"))
STATIC_ROWS = 10_000
REPEATS = 5
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
"""Milliseconds from the start of loading until what is there has been painted."""

TIMED = """async ([act, target, text]) => {
  const start = performance.now();
  const one = document.querySelector(target);
  if (act === 'click') one.click();
  else { one.value = text; one.dispatchEvent(new Event('input', {bubbles: true})); }
  document.body.offsetHeight;
  return performance.now() - start;
}"""
ACTS = {
    "filter by an attribute": ("fill", "#filter", "state:running,paused tract:3830"),
    "filter by a word": ("fill", "#filter", "regressions campaign-77"),
    "sort by name": ("click", "#campaigns thead .c-name button", ""),
    "sort by last event": ("click", "#campaigns thead .c-changed button", ""),
}


def site_list() -> None:
    """Loading the list of 100,000 campaigns against a table of 10,000 rows; then filter and sort."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        ours, theirs = _ours(Path(scratch)), _theirs(Path(scratch))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        pairs = [(_ready(browser, ours), _ready(browser, theirs)) for _ in range(REPEATS)]
        mine, other = (statistics.median(column) / 1000 for column in zip(*pairs, strict=True))
        print(
            f"list of {CAMPAIGNS} campaigns ready in Chromium against a static table of {STATIC_ROWS}: "
            f"{mine / other:.2f} times ({mine:.3f} s against {other:.3f} s, median of {REPEATS})",
            flush=True,
        )
        for name, act in ACTS.items():
            times = [_act(browser, ours, act) for _ in range(REPEATS)]
            print(f"{name} among {CAMPAIGNS}: {statistics.median(times):.0f} ms (median of {REPEATS})", flush=True)
        browser.close()


def _ours(scratch: Path) -> str:
    """Build a site whose list has as many rows without scripts as any, and 100,000 campaigns for the script."""
    make_ledger(scratch / "ledger", 500)
    build(scratch / "ledger", scratch / "site")
    index, texts = many_campaigns(CAMPAIGNS)
    (scratch / "site/list-index.js").write_bytes(render.script_file("campledgerIndex", index))
    (scratch / "site/list-texts.js").write_bytes(render.script_file("campledgerTexts", texts))
    return (scratch / "site/list.html").as_uri()


def _theirs(scratch: Path) -> str:
    """Write the table that a page without scripts would need, with as many columns."""
    cells = (
        "running", "campaign-{}", "rehearsal", "Person {}", "w_2026_40", "LSSTCam", "20260101; griz", "USDF",
        "LSSTCam/runs/nightlyValidation/{}", "step1", "12 of 50", "2026-10-06 20:01 UTC", "2026-12-01", "DM-{}",
    )  # fmt: skip
    rows = ("<tr>" + "".join(f"<td>{cell.format(number)}</td>" for cell in cells) for number in range(STATIC_ROWS))
    page = f"<!doctype html><meta charset=utf-8><title>Table</title><table>{''.join(rows)}</table>"
    file = scratch / "table.html"
    file.write_text(page, encoding="utf-8")
    return file.as_uri()


def _ready(browser: Browser, address: str) -> float:
    page = browser.new_page()
    page.goto(address, wait_until="domcontentloaded")
    taken: float = page.evaluate(PAINTED)
    page.close()
    return taken


def _act(browser: Browser, address: str, act: tuple[str, str, str]) -> float:
    page = browser.new_page()
    page.goto(address)
    page.wait_for_timeout(2_000)  # the texts are read by then
    taken: float = page.evaluate(TIMED, list(act))
    page.close()
    return taken
