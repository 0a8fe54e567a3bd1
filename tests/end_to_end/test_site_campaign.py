"""The page of a campaign and the pages of sets in Chromium: pictures, Markdown, what opens, what copies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

DP2 = "campaigns/2026-10-03-dp2-visits-k7mq.html"
HOSTILE = "campaigns/2026-11-01-hostile-x9pw.html"
SETS = ["sets/index.html", "sets/lsstcam/bad-exposures.html", "sets/lost.html", "sets/a=22=3E=3Cb=3E.html"]
WIDTHS = [360, 768, 1280, 2560]


@pytest.fixture(scope="module")
def base(out: Path) -> str:
    """From a disk."""
    return out.as_uri() + "/"


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    told: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda message: told.append(f"{message.type} {message.text}"))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    page.close()
    assert told == []
    assert all(url.startswith("file:") for url in asked)


def test_the_order_of_a_campaigns_page(page: Page, base: str) -> None:
    page.goto(base + DP2)
    expect(page.locator("h1 + .pill")).to_have_text("running")
    expect(page.locator("main > header + section h2")).to_have_text("What now")
    headings = page.locator("main h2").all_inner_texts()[1:]
    headings[headings.index("Failures by task")] = "Failures"
    assert page.locator(".contents a").all_inner_texts() == headings
    for link in page.locator(".contents a").all():
        link.click()
        assert page.evaluate("document.querySelector(location.hash) !== null")


def test_the_decision_that_is_due_has_its_command(page: Page, base: str) -> None:
    page.goto(base + DP2)
    now = page.get_by_role("region", name="What now")
    expect(now.get_by_text("41\N{EN DASH}50: ended, failed, and awaits a decision.")).to_be_visible()
    expect(now.get_by_role("button", name="Copy campledger accept k7mqxxx22229")).to_be_visible()
    expect(
        page.get_by_role("button", name="Copy campledger define NAME --from 2026-10-03-dp2-visits-k7mq")
    ).to_be_visible()


def test_fifty_groups_fit_and_lead_to_their_submission(page: Page, base: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(base + DP2)
    cells = page.get_by_role("row", name="step1 Single-frame").locator(".cell")
    assert cells.count() == 50
    box = page.get_by_role("region", name="Steps and their groups")
    assert box.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    cells.nth(14).click()
    expect(page.locator("details:target")).to_have_attribute("open", "")
    expect(page.locator("details:target code.id")).to_have_text("k7mqxxx2222h")


def test_the_graph_of_steps(page: Page, base: str) -> None:
    page.goto(base + DP2)
    graph = page.get_by_role("group", name="Steps, each after its prerequisites")
    assert graph.get_by_role("link").count() == 9
    node = graph.get_by_role("link", name="step8, waits for step5, step6, 0 of 1 groups accepted, after step5, step6")
    before = graph.get_by_role("link", name="step4, waits for step3")
    assert node.bounding_box()["x"] > before.bounding_box()["x"]  # type: ignore[index]
    node.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#step-step8"


def test_nothing_in_a_picture_runs_out_of_its_place(page: Page, base: str) -> None:
    page.goto(base + DP2)
    beyond = page.evaluate(
        """() => Array.from(document.querySelectorAll('.node')).filter((node) => {
             const box = node.querySelector('.box').getBoundingClientRect();
             return Array.from(node.querySelectorAll('text')).some((text) => {
               const own = text.getBoundingClientRect();
               return own.right > box.right || own.bottom > box.bottom || own.left < box.left;
             });
           }).map((node) => node.getAttribute('aria-label'))"""
    )
    assert beyond == []
    labels = page.evaluate(
        """() => Array.from(document.querySelectorAll('.chart .label'), (one) => one.getBBox())
             .map((box) => box.x + box.width)"""
    )
    assert max(labels) <= 190


def test_the_chart_is_a_table_too(page: Page, base: str) -> None:
    page.goto(base + DP2)
    expect(page.get_by_role("img", name="When the groups ran, waited and were rescued")).to_be_visible()
    page.get_by_text("The same as a table").click()
    table = page.get_by_role("region", name="When the groups ran, as a table")
    row = table.get_by_role("row", name="step1/11\N{EN DASH}20 k7mqxxx2222h rescue running")
    expect(row).to_be_visible()
    row.get_by_role("link").click()
    expect(page.locator("details:target code.id")).to_have_text("k7mqxxx2222h")


def test_events_name_their_commits(page: Page, base: str) -> None:
    page.goto(base + DP2)
    commits = page.locator(".event a.commit")
    assert commits.count() == page.locator(".event").count()
    assert str(commits.first.get_attribute("href")).startswith("https://git.example.org/ledger/commit/")


def test_sets_lead_to_their_page_and_back(page: Page, base: str) -> None:
    page.goto(base + DP2)
    page.get_by_role("link", name="lsstcam/bad-exposures").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("lsstcam/bad-exposures")
    expect(page.get_by_role("table", name="By reason").get_by_role("row", name="donut")).to_contain_text("45")
    page.get_by_role("link", name="Data Preview 2: visits of the first season").click()
    assert page.url == base + DP2
    page.goto(base + "sets/index.html")
    page.get_by_role("link", name="without-donuts").click()
    page.get_by_role("link", name="donuts", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("donuts")


def test_a_set_that_cannot_be_read_says_why(page: Page, base: str) -> None:
    page.goto(base + "sets/lost.html")
    expect(page.get_by_text("This set cannot be read.")).to_be_visible()
    expect(page.get_by_role("region", name="Problems")).to_contain_text("unknown DataId set `not-there`")


@pytest.mark.parametrize("path", [HOSTILE, *SETS])
def test_nothing_of_strangers_runs(page: Page, base: str, path: str) -> None:
    page.goto(base + path)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("window.pwned") is None
    assert page.locator("img, iframe, main script, main style, b b").count() == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(page: Page, base: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in (DP2, HOSTILE, *SETS):
        page.goto(base + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_without_scripts(browser: Browser, base: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(base + DP2)
        expect(page.locator("svg.graph")).to_be_visible()
        expect(page.locator("svg.chart")).to_be_visible()
        expect(page.get_by_text("campledger define NAME --from 2026-10-03-dp2-visits-k7mq")).to_be_visible()


def test_on_paper_everything_is_open(page: Page, base: str) -> None:
    page.goto(base + DP2)
    page.emulate_media(media="print")
    expect(page.locator("svg.graph")).to_be_visible()
    expect(page.locator(".change")).to_be_hidden()
