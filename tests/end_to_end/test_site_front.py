"""The front page, people and saved queries in Chromium: who one is, copying, keyboard, narrow windows, hostile data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import PAYLOAD, Log, commit, definition, isolate_git, put_campaign, rich_ledger

PATHS = [
    "index.html",
    "people/index.html",
    "people/vrubin.html",
    "people/stranger.html",
    "queries/evil.html",
    "queries/mine.html",
    "queries/by-owner.html",
]
QUERIES = {
    "evil": f"description: {json.dumps(PAYLOAD[:150])}\nexpression: {json.dumps('hostile')}\n",
    "mine": "expression: 'owner:me -state:completed'\n",
    "by-owner": "expression: state:running,paused\ncolumns: [state, name, owner, output, ticket]\ngroup: owner\n",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate_git(monkeypatch)
        root = rich_ledger(tmp_path_factory.mktemp("ledger"))
        (root / "queries").mkdir()
        for name, text in QUERIES.items():
            (root / f"queries/{name}.yaml").write_text(f"name: {name}\n{text}", encoding="utf-8")
        put_campaign(root, "2026-11-03-odd-aaaa", definition("odd", owner="stranger", title=PAYLOAD[:150]))
        fresh = Log(datetime(2026, 11, 19, tzinfo=UTC), "fr")
        fresh.status("defined", "running", by="cpayne")
        put_campaign(root, "2026-11-18-fresh-bbbb", definition("fresh", owner="cpayne"), fresh)
        commit(root)
    return root


def cards(page: Page) -> list[str]:
    names: list[str] = page.locator("#waiting-cards > .f-card .f-name").all_inner_texts()
    return names


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def test_who_one_is_is_chosen_once_and_remembered(page: Page, base: str) -> None:
    page.goto(base + "index.html")
    expect(page.locator("#mine")).to_be_hidden()
    first = cards(page)
    assert first == ["dp2-visits", "hostile", "flats-check", "nightly-20261019"]
    page.get_by_label("You are").select_option("prompt-bot")
    expect(page.locator("#mine")).to_be_visible()
    expect(page.locator("#mine .f-line:visible .f-name")).to_have_text(["nightly-20261019"])
    assert cards(page) == ["nightly-20261019", *first[:-1]]
    expect(page.locator("#waiting-mine")).to_have_text(", 1 of them is yours")
    expect(page.locator("#waiting-cards > .yours .f-name")).to_have_text(["nightly-20261019"])
    assert page.evaluate("localStorage.getItem('campledger.me')") == "prompt-bot"
    page.goto(base + "people/index.html")
    expect(page.locator("tr.yours th")).to_have_text(["prompt-bot"])
    page.goto(base + "index.html")
    expect(page.get_by_label("You are")).to_have_value("prompt-bot")
    page.get_by_role("link", name="Your page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("prompt-bot")
    page.go_back()
    page.get_by_label("You are").select_option("")
    expect(page.locator("#mine")).to_be_hidden()
    assert cards(page) == first
    assert page.evaluate("localStorage.getItem('campledger.me')") is None


def test_who_owns_nothing_is_told_so(page: Page, base: str) -> None:
    page.goto(base + "index.html")
    page.evaluate("localStorage.setItem('campledger.me', 'nobody-here')")
    page.reload()
    expect(page.get_by_label("You are")).to_have_value("")
    page.get_by_label("You are").select_option("ajcannon")
    expect(page.locator("#mine .f-line:visible .f-name")).to_have_text(["dp2-visits"])


def test_somebody_of_another_ledger_stays_chosen_there(page: Page, base: str) -> None:
    page.goto(base + "index.html")
    page.get_by_label("You are").select_option("vrubin")
    # Another site on the same host: its pages share what a browser remembers.
    other = page.context.new_page()
    other.goto(base + "people/index.html")
    other.evaluate("localStorage.setItem('campledger.me', 'nobody-here')")
    expect(page.get_by_label("You are")).to_have_value("")
    expect(page.locator("#mine")).to_be_hidden()
    expect(page.get_by_role("link", name="Your page")).to_be_hidden()
    assert other.evaluate("localStorage.getItem('campledger.me')") == "nobody-here"
    other.evaluate("localStorage.setItem('campledger.me', 'vrubin')")
    expect(page.get_by_label("You are")).to_have_value("vrubin")
    expect(page.locator("#mine")).to_be_visible()
    other.close()


def test_a_query_that_asks_for_me_counts_for_who_one_is(page: Page, base: str) -> None:
    page.goto(base + "index.html")
    number = page.locator("#queries li", has_text="@mine").locator(".f-number")
    expect(number).to_have_text("by person")
    page.get_by_label("You are").select_option("vrubin")
    expect(number).to_have_text("3")
    page.locator("#queries").get_by_role("link", name="@mine").click()
    expect(page.locator("tr.yours th")).to_have_text(["Vera Rubin"])


def test_commands_are_copied_as_they_are(browser: Browser, served: str) -> None:
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.goto(served + "index.html")
        page.get_by_role("button", name="Copy campledger resume 2026-10-10-flats-check-mm77").click()
        assert page.evaluate("navigator.clipboard.readText()") == "campledger resume 2026-10-10-flats-check-mm77"
        codes = page.locator("#waiting-cards code.copy")
        assert page.locator("#waiting-cards .copier").count() == codes.count() > 4


def test_silence_goes_by_the_readers_clock(page: Page, base: str) -> None:
    page.clock.set_fixed_time("2026-11-21T21:00:00Z")
    page.goto(base + "index.html")
    line = page.locator("#running .f-line")
    expect(line.locator(".f-name")).to_have_text(["fresh"])
    expect(line.get_by_text("silent for long")).to_have_count(0)
    page.clock.set_fixed_time("2026-11-28T21:00:00Z")
    page.reload()
    expect(line.get_by_text("silent for long")).to_be_visible()
    expect(line.locator(".age")).to_have_text("9 d ago")


def test_the_calendar_is_one_tab_stop_and_walked_by_arrows(page: Page, base: str) -> None:
    page.goto(base + "index.html")
    nights = page.locator(".f-calendar a")
    assert nights.count() == 1
    assert nights.first.get_attribute("aria-label") == "2026-10-19: nightly-20261019, awaits a decision"
    nights.first.focus()
    for key in ("ArrowLeft", "ArrowRight", "Home", "End"):
        page.keyboard.press(key)
        expect(nights.first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/campaigns/2026-10-20-nightly-20261019-ab23.html")


def test_the_navigation_marks_where_one_is(page: Page, base: str) -> None:
    for path, title in (("index.html", "Front"), ("people/index.html", "People"), ("list.html", "Campaigns")):
        page.goto(base + path)
        expect(page.locator("nav [aria-current=page]")).to_have_text([title])
    for link in page.locator("nav a").all():
        address = link.evaluate("(one) => one.href")
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.goto(base + "list.html")


def test_pictures_are_told_to_a_screen_reader(page: Page, base: str) -> None:
    page.goto(base + "index.html")
    chart = page.get_by_role("img", name="Groups accepted by month: 2026-08 4, 2026-10 41")
    expect(chart).to_be_visible()
    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("row", name="2026-10 41 49,920 0")).to_be_visible()


@pytest.mark.parametrize("path", PATHS)
def test_nothing_in_the_data_runs(page: Page, base: str, path: str) -> None:
    page.goto(base + path)
    page.evaluate("""localStorage.setItem('campledger.me', '"><img src=x onerror="window.pwned=1">')""")
    page.reload()
    open_all(page)
    for button in page.locator("button.copier").all()[:3]:
        button.click()
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert page.locator("img, iframe, form, object").count() == 0
    assert page.evaluate("document.scripts.length") <= 4
    page.evaluate("localStorage.clear()")


@pytest.mark.parametrize("width", [360, 768, 2560])
def test_no_page_is_wider_than_its_window(page: Page, base: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in PATHS:
        page.goto(base + path)
        if path == "index.html":
            page.get_by_label("You are").select_option("vrubin")
        open_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_without_scripts_the_pages_are_complete(browser: Browser, base: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(base + "index.html")
        assert cards(page) == ["dp2-visits", "hostile", "flats-check", "nightly-20261019"]
        expect(page.get_by_text("campledger accept k7mqxxx22229")).to_be_visible()
        expect(page.locator("#me-chooser")).to_be_hidden()
        expect(page.locator("#mine")).to_be_hidden()
        page.goto(base + "queries/mine.html")
        expect(page.get_by_role("link", name="results for Vera Rubin")).to_be_visible()


def test_focus_is_visible_and_follows_the_page(page: Page, base: str) -> None:
    page.goto(base + "index.html")
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim()"))
        styles = page.evaluate("""() => {
          const one = document.activeElement;
          const rect = one.querySelector('rect');
          return [getComputedStyle(one).outlineStyle, rect ? getComputedStyle(rect).strokeWidth : ''];
        }""")
        assert styles[0] != "none" or styles[1] == "3.5px", page.evaluate("document.activeElement.outerHTML")
    assert seen[:4] == ["Skip to the content", "Rubin data release campaigns", "Front", "Campaigns"]
    assert "Copy" in seen
