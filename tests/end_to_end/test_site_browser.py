"""The site in Chromium, from a disk and from a server: nothing of the data runs, everything works by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

DP2 = "campaigns/2026-10-03-dp2-visits-k7mq.html"
HOSTILE = "campaigns/2026-11-01-hostile-x9pw.html"


def shown(page: Page) -> list[str]:
    names: list[str] = page.locator("#campaigns tbody tr:visible .c-name a").all_inner_texts()
    return names


def test_nothing_in_the_data_runs(page: Page, base: str, out: Path) -> None:
    paths = ["list.html", *(file.relative_to(out).as_posix() for file in sorted(out.glob("campaigns/*.html")))]
    assert HOSTILE in paths
    for path in paths:
        page.goto(base + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.mouse.wheel(0, 20_000)
        for button in page.locator("button.copier").all()[:3]:
            button.click()
        assert page.evaluate("typeof window.pwned") == "undefined"
        assert page.locator("img, iframe, form, object").count() == 0


def test_a_hostile_address_is_text(page: Page, base: str) -> None:
    payload = "%3Cimg src=x onerror=window.pwned=1%3E"
    page.goto(f"{base}list.html#q={payload}&sort={payload}")
    expect(page.locator("#filter")).to_have_value("<img src=x onerror=window.pwned=1>")
    page.goto(f"{base}{DP2}#%E0%A4%A")
    page.goto(f'{base}{DP2}#"]{payload}')
    assert page.evaluate("typeof window.pwned") == "undefined"


def test_the_policy_holds(context: BrowserContext, base: str) -> None:
    """Were something to slip through the escaping, the page's policy would still stop it."""
    page = context.new_page()
    page.goto(base + "list.html")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned = 1\">')")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.pwned = 2'}))")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.wait_for_timeout(200)
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert page.evaluate("getComputedStyle(document.body).color") != "rgb(255, 0, 0)"


def test_without_scripts(browser: Browser, base: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(base + "list.html")
        assert len(shown(page)) == 8
        expect(page.locator("#controls")).to_be_hidden()
        expect(page.locator("thead button")).to_have_count(0)
        page.get_by_role("link", name="dp2-visits").click()
        expect(page.get_by_role("heading", name="What now")).to_be_visible()
        expect(page.get_by_text("campledger accept k7mqxxx22229")).to_be_visible()


def test_a_campaign(page: Page, base: str) -> None:
    page.goto(base + DP2)
    cell = page.get_by_role("link", name="41 failed, awaits a decision")
    expect(cell).to_be_visible()
    closed = page.get_by_role("link", name="15 accepted", exact=True)
    closed.click()
    assert page.locator("details.submission:target").get_attribute("open") is not None
    headings = page.locator("main h2").all_inner_texts()
    assert headings == [
        "What now",
        "Steps",
        "When it ran",
        "Failures by task",
        "Submissions",
        "Outputs",
        "Scope and data",
        "DataId sets",
        "Software and processing",
        "Files",
        "Links",
        "Problems",
        "Timeline",
        "Definition",
    ]
    struck = page.locator(".event.void .line").first
    assert "line-through" in struck.evaluate("(one) => getComputedStyle(one).textDecorationLine")


def test_copying(browser: Browser, served: str) -> None:
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.goto(served + DP2)
        page.get_by_role("button", name="Copy 2026-10-03-dp2-visits-k7mq").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == "2026-10-03-dp2-visits-k7mq"


def test_ages_go_by_the_readers_clock(page: Page, base: str) -> None:
    page.clock.set_fixed_time("2026-10-09T21:00:00Z")
    page.goto(base + DP2)
    expect(page.locator(".since .age")).to_have_text("3 d ago")
    expect(page.locator("time.due + .age")).to_have_text("in 2 mo")
    page.clock.set_fixed_time("2026-12-15T23:01:00Z")
    page.reload()
    expect(page.locator("time.due + .age")).to_have_text("in 59 min")
    page.clock.set_fixed_time("2026-12-17T12:00:00Z")
    page.reload()
    expect(page.locator("time.due + .age")).to_have_text("1 d over")


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_no_page_is_wider_than_its_window(page: Page, base: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("list.html", DP2, HOSTILE):
        page.goto(base + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


CONTRAST = """() => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d');
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data);
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgb('Canvas');
  };
  const poor = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const one = node.parentElement;
    if (!node.data.trim() || !one.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(ground(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(`${one.tagName}.${one.className} ${ratio.toFixed(2)}`);
  }
  return Array.from(poor);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(browser: Browser, out: Path, scheme: str) -> None:
    """Every text has the contrast of WCAG 2.2 AA (4.5 to 1) in both themes."""
    with browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        for path in ("list.html", DP2, HOSTILE):
            page.goto(f"{out.as_uri()}/{path}")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            page.evaluate("document.querySelectorAll('[aria-pressed]').forEach((one) => one.click())")
            assert page.evaluate(CONTRAST) == []


def test_focus_is_visible_and_follows_the_page(page: Page, base: str) -> None:
    page.goto(base + "list.html")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML")
