"""Every page of two sites: what axe-core, the Nu Html Checker and the browser itself have against them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page

from campledger.operations.site.build import build

OWN = Path(__file__).parents[2]
CHECKER = Path(sys.prefix) / "node_modules/vnu-jar/build/dist/vnu.jar"
HOSTILE = '"><img src=x onerror="window.pwned=1"><script>window.pwned=2</script>{{7*7}}'
OPENED = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
START = "2026-10-03-dp2-visits-k7mq"


@pytest.fixture(scope="module", params=["rich", "own"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the ledger with everything, and that of this repository."""
    if request.param == "rich":
        rich: Path = request.getfixturevalue("out")
        return rich
    out = tmp_path_factory.mktemp("own") / "site"
    build(OWN, out, worktree=True)
    return out


def pages_of(site: Path) -> list[str]:
    return sorted(file.relative_to(site).as_posix() for file in site.rglob("*.html"))


@pytest.fixture
def watched(browser: Browser, site: Path) -> Iterator[Page]:
    """A page that fails the test if it logs an error, shows a dialog, or asks anybody else for anything."""
    with browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light") as context:
        context.set_default_timeout(10_000)
        page = context.new_page()
        trouble: list[str] = []

        def refuse(dialog: Dialog) -> None:
            trouble.append(f"{page.url}: a dialog: {dialog.message}")
            dialog.dismiss()

        page.on("console", lambda message: trouble.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"{page.url}: {error}"))
        page.on("dialog", refuse)
        base = site.as_uri() + "/"
        page.on("request", lambda request: None if request.url.startswith(base) else trouble.append(request.url))
        yield page
        assert trouble == []


def visit(page: Page, site: Path, path: str) -> None:
    page.goto("about:blank")
    page.goto(f"{site.as_uri()}/{path}")
    page.evaluate(OPENED)


@cache
def axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def violations(page: Page, *rules: str) -> list[str]:
    """What axe-core finds on a page as it is shown now: by all of its rules, or by these."""
    # Its preloading asks for the style sheets once more, which a page on a disk may not.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"() => {{ {axe()} }}")
    found = page.evaluate("async (options) => (await axe.run(document, options)).violations", options)
    return [
        f"{page.url}: {one['id']}: {one['help']}: {node['target']} {node['html'][:200]}"
        for one in found
        for node in one["nodes"][:3]
    ]


def test_axe_finds_nothing(watched: Page, site: Path) -> None:
    found = []
    for path in pages_of(site):
        watched.emulate_media(color_scheme="light")
        visit(watched, site, path)
        found += violations(watched)
        watched.emulate_media(color_scheme="dark")
        found += violations(watched, "color-contrast", "link-in-text-block")
    assert found == []


def test_axe_finds_nothing_on_narrow_pages(watched: Page, site: Path) -> None:
    watched.set_viewport_size({"width": 390, "height": 800})
    found = []
    for path in pages_of(site):
        visit(watched, site, path)
        found += violations(watched)
    assert found == []


@pytest.mark.parametrize("site", ["rich"], indirect=True)
def test_axe_finds_nothing_in_a_form_that_is_filled_in(watched: Page, site: Path) -> None:
    visit(watched, site, f"new.html#from={START}")
    watched.locator("#nf-told:has-text('Filled in')").wait_for()
    watched.evaluate("document.querySelectorAll('.nf-section').forEach((one) => { one.open = true; })")
    watched.evaluate("Array.from(document.querySelectorAll('.nf-title')).slice(0, 6).forEach((one) => one.click())")
    watched.get_by_role("textbox", name="Name required").first.fill("not a name")
    watched.locator(".nf-wrong:visible").first.wait_for()
    found = violations(watched)
    watched.emulate_media(color_scheme="dark")
    found += violations(watched, "color-contrast")
    assert found == []


@dataclass
class Links(HTMLParser):
    """What a page links to, and the places in it that can be linked to."""

    links: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "src"} and value is not None:
                self.links.append(value)
            elif name == "id" and value:
                self.places.add(value)


def test_every_internal_link_leads_somewhere(site: Path) -> None:
    parsed = {}
    for path in pages_of(site):
        parsed[path] = Links()
        parsed[path].feed((site / path).read_text("utf-8"))
    lost = []
    for path, page in parsed.items():
        for link in page.links:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            address, fragment = urldefrag(urljoin(f"http://site/{path}", link))
            target = unquote(urlsplit(address).path).lstrip("/")
            target = f"{target}index.html" if target.endswith("/") or not target else target
            if not (site / target).is_file():
                lost.append(f"{path}: {link}: there is no {target}")
            # What has a = in it is read by the page's script: #q=..., #from=...
            elif fragment and "=" not in fragment and unquote(fragment) not in parsed[target].places:
                lost.append(f"{path}: {link}: there is no such place in {target}")
    assert lost == []


def test_html_is_valid(site: Path) -> None:
    assert CHECKER.is_file(), "install it with `make checker`"
    # What the policy allows depends on where the pages are served from, which the checker does not know.
    ignored = ".*Content Security Policy.*"
    command = [
        "java",
        "-jar",
        str(CHECKER),
        "--format",
        "json",
        "--skip-non-html",
        "--filterpattern",
        ignored,
        str(site),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    messages = [
        f"{one.get('url', '').rpartition('/site')[2]}:{one.get('lastLine')}: {one['message']}: {one.get('extract', '')}"
        for one in json.loads(done.stderr or done.stdout)["messages"]
    ]
    assert messages == []


@pytest.mark.parametrize("width", [360, 2560])
def test_no_page_is_wider_than_the_window(watched: Page, site: Path, width: int) -> None:
    watched.set_viewport_size({"width": width, "height": 800})
    wide = []
    for path in pages_of(site):
        visit(watched, site, path)
        if watched.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []


def test_nothing_of_the_data_or_the_address_runs(watched: Page, site: Path) -> None:
    addresses = pages_of(site)
    texts = [HOSTILE, f"name:{HOSTILE}", "javascript:window.pwned=3", "__proto__:x", "constructor"]
    for path in pages_of(site):
        if path.count("/") == 0:
            addresses += [f"{path}#{key}={quote(text)}" for key in ("q", "from", "sort", "me") for text in texts]
    for address in addresses:
        visit(watched, site, address)
        assert watched.evaluate("window.pwned === undefined"), address
        assert watched.evaluate("document.querySelector('img[src=x]') === null"), address


def test_every_page_prints(watched: Page, site: Path) -> None:
    watched.emulate_media(media="print")
    for path in pages_of(site):
        visit(watched, site, path)
        assert watched.locator("h1").first.is_visible(), path
        assert watched.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", path
        assert watched.pdf(format="A4").startswith(b"%PDF-"), path
