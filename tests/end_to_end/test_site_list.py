"""The list of campaigns in Chromium, from a disk and from a server: whatever a reader may do with it."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from campledger.ledger.ledger import Ledger
from campledger.model import query
from campledger.operations.site.build import build
from campledger.pages.engine import render
from campledger.repository.file_trees import WorkTree

MANY = 20_000
EXPRESSIONS = [
    "",
    "dp2",
    "state:running",
    "state=RUNNING,paused",
    'tag:"a,b",c',
    "-state:running",
    "owner:vrubin -kind:rehearsal",
    "operator:cpayne",
    "owner:me",
    "-operator:me,cpayne",
    "tract:3828",
    "tract>3830 tract<=4025",
    "day_obs:20260115",
    "day_obs>=20260701",
    "day_obs<20260701",
    "band:u,q",
    '"Data Preview"',
    'text:"every science"',
    "changed>=2026-10-20",
    "deadline<2026-12-01",
    "stack:v30_0_1 ticket:dm-52000",
    "-nightly -hostile",
    "run_id:71990",
    "site:",
    "javascript:",
    "state!=running",
    '"state!=running"',
    "detector:x",
    "tract:0000000000000000003828",
    "state:runing",
    "state:",
    "kind:nightly,nigthly",
    "state>runing",
    "dp2 OR nightly",
    "dp2 or nightly",
    '"OR"',
    "-OR",
    "a | b",
    "a && b",
    "NOT dp2",
    "constructor:x",
    "constructor",
    "__proto__:x",
]


@pytest.fixture(scope="module")
def many(ledgers: ModuleType, out: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A site whose list has 20,000 campaigns, made without a ledger."""
    folder = tmp_path_factory.mktemp("many") / "site"
    shutil.copytree(out, folder)
    index, texts = ledgers.many_campaigns(MANY)
    (folder / "list-index.js").write_bytes(render.script_file("campledgerIndex", index))
    (folder / "list-texts.js").write_bytes(render.script_file("campledgerTexts", texts))
    return (folder / "list.html").as_uri()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        context.set_default_timeout(10_000)
        yield context


@pytest.fixture
def own() -> tuple[str, ...]:
    """Some of the sites here are others than the one that is served."""
    return ("file:", "blob:", "http://127.0.0.1:")


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page in which nothing of the data ran, either."""
    yield page
    assert page.evaluate("typeof window.pwned") == "undefined"


@pytest.fixture
def listed(page: Page, base: str) -> Page:
    page.goto(base + "list.html")
    expect(page.locator("#controls")).to_be_visible()
    return page


def shown(page: Page) -> list[str]:
    names: list[str] = page.locator("#campaigns tbody tr:not(.group) .c-name a").all_inner_texts()
    return names


def heading(page: Page, key: str) -> Any:
    return page.locator(f"#campaigns thead .c-{key} button")


def fragment(page: Page) -> str:
    return unquote(page.url.partition("#")[2])


def test_filtering(listed: Page) -> None:
    expect(listed.locator("#count")).to_have_text("8 campaigns")
    listed.keyboard.press("/")
    listed.keyboard.type("owner:vrubin kind:data-preview")
    assert shown(listed) == ["dp2-visits"]
    expect(listed.locator("#count")).to_have_text("1 of 8 campaigns")
    assert listed.locator("#count").get_attribute("aria-live") == "polite"
    listed.locator("#filter").fill("nobody-has-this-word")
    expect(listed.locator("#nothing")).to_be_visible()
    expect(listed.locator("#campaigns")).to_be_hidden()
    listed.locator("#clear-all").click()
    assert len(shown(listed)) == 8


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("colour:red", "Unknown attribute “colour”: expected one of id"),
        ("onwer:vrubin", "did you mean “owner”?"),
        ("state:runing", "Unknown state “runing”: did you mean “running”?"),
        ("dp2 OR nightly", "“OR” is not a word of the query language: to match any of several values"),
        ("state!=running", "write -state:running"),
        ('"open', "Missing closing quotation mark."),
        ("tract:x", "Invalid value “x” of “tract”: expected a number"),
    ],
)
def test_what_makes_no_sense_is_refused_with_advice(page: Page, out: Path, expression: str, message: str) -> None:
    page.goto((out / "list.html").as_uri())
    page.locator("#filter").fill(expression)
    expect(page.locator("#filter-error")).to_contain_text(message)
    expect(page.locator("#filter-error")).to_contain_text("The filter is ignored for now.")
    expect(page.locator("#filter")).to_have_attribute("aria-invalid", "true")
    assert len(shown(page)) == 8


def test_a_value_that_no_campaign_has_is_named(listed: Page) -> None:
    listed.locator("#filter").fill("instrument:LSSTCma")
    hint = "No campaign has the instrument “lsstcma”; did you mean “lsstcam”?"
    expect(listed.locator("#nothing")).to_contain_text(hint)


def test_me_is_chosen_once(listed: Page, base: str) -> None:
    listed.locator("#filter").fill("owner:me")
    expect(listed.locator("#filter-error")).to_contain_text("does not know yet who “me” is")
    listed.locator("#me").select_option("hleavitt")
    assert shown(listed) == ["flats-check"]
    expect(listed.locator("#filter-error")).to_be_hidden()
    assert listed.evaluate("localStorage.getItem('campledger.me')") == "hleavitt"
    listed.goto(f"{base}list.html#q=operator:me")
    listed.reload()
    assert shown(listed) == ["dp2-visits"]
    listed.evaluate("localStorage.setItem('campledger.me', 'somebody-of-another-ledger')")
    listed.reload()
    expect(listed.locator("#filter-error")).to_contain_text("who “me” is")


def test_a_saved_query_is_a_word(page: Page, out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(out, folder)
    index = folder / "list-index.js"
    script = index.read_text("ascii")
    assert '"saved":{' in script
    saved = json.dumps({"drp": "production:data-release state:running,paused", "nested": "@drp"})
    index.write_text(re.sub(r'"saved":\{[^}]*\}', lambda _: f'"saved":{saved}', script), "ascii")
    page.goto((folder / "list.html").as_uri())
    page.locator("#filter").fill("@drp owner:vrubin")
    assert shown(page) == ["hostile", "dp2-visits"]
    assert page.locator("#terms button").count() == 2
    page.locator("#states .chip", has_text="running").click()
    expect(page.locator("#filter")).to_have_value("@drp owner:vrubin state:running")
    page.get_by_role("button", name="Remove @drp from the filter").click()
    expect(page.locator("#filter")).to_have_value("owner:vrubin state:running")
    for expression, message in (
        ("@dr", "did you mean “drp”?"),
        ("-@drp", "cannot be negated"),
        ("@nested", "Unknown saved query"),
    ):
        page.locator("#filter").fill(expression)
        expect(page.locator("#filter-error")).to_contain_text(message)
    page.locator("#filter").fill('"@drp"')
    expect(page.locator("#filter-error")).to_be_hidden()


def test_states_count_and_toggle(listed: Page) -> None:
    running = listed.locator("#states .chip", has_text="running")
    running.click()
    expect(running).to_have_attribute("aria-pressed", "true")
    assert shown(listed) == ["nightly-20261019", "dp2-visits"]
    expect(listed.locator("#filter")).to_have_value("state:running")
    listed.locator("#filter").fill("state:running dp2")
    expect(running.locator(".n")).to_have_text("1")
    listed.locator("#states .chip", has_text="cancelled").click()
    expect(listed.locator("#filter")).to_have_value("state:running,cancelled dp2")
    assert shown(listed) == ["dp2-visits", "dp2-dry-run"]
    running.click()
    expect(listed.locator("#filter")).to_have_value("state:cancelled dp2")
    listed.locator("#states .chip", has_text="cancelled").click()
    expect(listed.locator("#filter")).to_have_value("dp2")


def test_words_of_the_filter_can_be_taken_out(listed: Page) -> None:
    listed.locator("#filter").fill('state:running "Data Preview" -kind:nightly')
    listed.keyboard.press("Escape")
    terms = listed.locator("#terms button")
    assert terms.count() == 3
    listed.get_by_role("button", name='Remove "Data Preview" from the filter').click()
    expect(listed.locator("#filter")).to_have_value("state:running -kind:nightly")
    listed.locator("#clear").click()
    expect(terms).to_have_count(0)


def test_facets_count_what_the_other_words_leave(listed: Page) -> None:
    listed.locator("#filter").fill("-state:cancelled")
    listed.locator("#menu-owner summary").click()
    rows = listed.locator("#menu-owner .tick")
    assert rows.first.inner_text().split("\n")[0].startswith("Vera Rubin")
    listed.get_by_role("checkbox", name="Cecilia Payne-Gaposchkin").check()
    expect(listed.locator("#filter")).to_have_value("-state:cancelled owner:cpayne")
    assert shown(listed) == ["refcat-trial"]
    listed.get_by_role("checkbox", name="Henrietta Leavitt").check()
    assert shown(listed) == ["flats-check", "refcat-trial"]
    expect(listed.locator("#menu-owner .tick", has_text="Vera Rubin").locator(".n")).to_have_text("4")
    listed.get_by_role("checkbox", name="Cecilia Payne-Gaposchkin").uncheck()
    expect(listed.locator("#filter")).to_have_value("-state:cancelled owner:hleavitt")
    listed.keyboard.press("Escape")
    expect(listed.locator("#menu-owner .sheet")).to_be_hidden()
    expect(listed.locator("#menu-owner summary")).to_be_focused()


def test_completion(listed: Page) -> None:
    field, options = listed.locator("#filter"), listed.locator("#suggestions [role=option]")
    field.press_sequentially("ow")
    expect(options.first).to_contain_text("owner:")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "suggestions-0")
    field.press("Enter")
    expect(field).to_have_value("owner:")
    expect(options).to_have_count(6)
    field.press_sequentially("pay")  # people are found by their names, too
    expect(options).to_have_count(1)
    expect(options.first).to_have_text("cpayne Cecilia Payne-Gaposchkin · 1")
    field.press("ArrowDown")
    field.press("Tab")
    expect(field).to_have_value("owner:cpayne ")
    expect(field).to_have_attribute("aria-expanded", "false")
    assert shown(listed) == ["refcat-trial"]
    field.press_sequentially("state:running,pa")
    expect(options).to_have_count(1)
    field.press("Escape")
    expect(options).to_have_count(0)
    field.fill("compl")
    options.filter(has_text="state:completed").click()
    expect(field).to_have_value("state:completed ")
    expect(field).to_be_focused()
    assert shown(listed) == ["test-med-1"]


def test_sorting(listed: Page) -> None:
    first = shown(listed)
    heading(listed, "name").focus()
    listed.keyboard.press("Enter")
    assert shown(listed) == sorted(first)
    expect(listed.locator("thead .c-name")).to_have_attribute("aria-sort", "ascending")
    expect(heading(listed, "name")).to_be_focused()
    listed.keyboard.press("Enter")
    assert shown(listed) == sorted(first, reverse=True)
    listed.keyboard.press("Enter")
    assert shown(listed) == first
    heading(listed, "groups").click()
    assert shown(listed)[:2] == ["test-med-1", "dp2-visits"]
    heading(listed, "changed").click()
    assert shown(listed)[-1] == "comcam-redo"  # nothing happened to it: last in both directions
    heading(listed, "changed").click()
    assert shown(listed)[-1] == "comcam-redo"


def test_sorting_by_several_columns(listed: Page) -> None:
    heading(listed, "state").click()
    heading(listed, "name").click(modifiers=["Shift"])
    expected = ["dp2-visits", "nightly-20261019", "flats-check", "hostile", "comcam-redo", "test-med-1"]
    assert shown(listed)[:6] == expected
    assert fragment(listed) == "sort=state,name"
    assert heading(listed, "name").locator(".rank").inner_text() == "2"
    heading(listed, "name").focus()
    listed.keyboard.press("Shift+Enter")
    assert fragment(listed) == "sort=state,-name"
    assert shown(listed)[:2] == ["nightly-20261019", "dp2-visits"]
    assert listed.locator("thead [aria-sort]").count() == 1
    listed.locator("#menu-order summary").click()
    expect(listed.locator("#sort-1")).to_have_value("-name")
    listed.locator("#sort-0").select_option("owner")
    assert fragment(listed) == "sort=owner,-name"


def test_columns_are_chosen(listed: Page, base: str) -> None:
    listed.locator("#menu-columns summary").click()
    listed.get_by_role("checkbox", name="Kind").uncheck()
    listed.get_by_role("checkbox", name="Run ids").check()
    heads = listed.locator("thead th").all_inner_texts()
    assert "Kind" not in " ".join(heads)
    assert "Run ids" in heads[-1]
    expect(listed.get_by_role("checkbox", name="Campaign", exact=True)).to_be_disabled()
    listed.get_by_role("button", name="default columns").click()
    assert fragment(listed) == ""
    listed.goto(f"{base}list.html#columns=name,id,tract,day_obs,zebra,__proto__,name")
    listed.reload()
    assert listed.locator("thead th").count() == 4
    cells = listed.locator("tr[data-id='2026-10-03-dp2-visits-k7mq'] > *").all_inner_texts()
    assert cells[1].strip() == "2026-10-03-dp2-visits-k7mq"
    assert cells[3].strip() == "20260101\N{EN DASH}20260630"


def test_every_column_can_be_shown_and_sorted_by(page: Page, out: Path) -> None:
    page.goto((out / "list.html").as_uri())
    keys: list[str] = page.evaluate("Object.keys(window.campledgerIndex.columns)")
    assert len(keys) > 30
    page.goto(f"{(out / 'list.html').as_uri()}#columns={','.join(keys)}")
    page.reload()
    for key in keys:
        heading(page, key).click()
        assert page.locator("#campaigns tbody tr[data-id]").count() == 8


def test_grouping(listed: Page) -> None:
    listed.locator("#menu-order summary").click()
    listed.locator("#group-by").select_option("state")
    listed.keyboard.press("Escape")
    heads = [text.replace("\n", " ") for text in listed.locator("tr.group").all_inner_texts()]
    assert heads[:3] == ["running 2 campaigns", "paused 2 campaigns", "defined 1 campaign"]
    fold = listed.get_by_role("button", name="running", exact=True)
    fold.focus()
    listed.keyboard.press("Enter")
    assert "dp2-visits" not in shown(listed)
    fold = listed.locator("button.fold", has_text="running")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(fold).to_be_focused()
    assert fragment(listed) == "group=state&folded=running"
    heading(listed, "name").click()
    listed.locator("#menu-order summary").click()
    assert [name for name in shown(listed) if name in {"flats-check", "hostile"}] == ["flats-check", "hostile"]
    listed.go_back()
    listed.go_back()
    assert "dp2-visits" in shown(listed)


def test_the_address_remembers(listed: Page, base: str) -> None:
    listed.locator("#filter").press_sequentially("dp2")
    listed.locator("#states .chip", has_text="running").click()
    heading(listed, "name").click()
    address = listed.url
    assert fragment(listed) == "q=dp2 state:running&sort=name"
    listed.get_by_role("link", name="dp2-visits").click()
    listed.wait_for_url("**/campaigns/*")
    listed.go_back()
    assert shown(listed) == ["dp2-visits"]
    listed.go_back()
    listed.go_back()
    assert shown(listed) == ["dp2-visits", "dp2-dry-run"]
    listed.go_back()  # what was typed in one go is one step
    assert len(shown(listed)) == 8
    expect(listed.locator("#filter")).to_have_value("")
    listed.goto(address)
    listed.reload()
    assert shown(listed) == ["dp2-visits"]
    expect(listed.locator("#filter")).to_have_value("dp2 state:running")
    listed.goto(f"{base}list.html#q=dp2&state=running")  # as an earlier version wrote it
    listed.reload()
    assert shown(listed) == ["dp2-visits"]


def test_what_is_shown_can_be_taken_away(listed: Page) -> None:
    listed.goto(f"{listed.url.partition('#')[0]}#q=dp2&sort=name&columns=name,state,band,groups,title,changed")
    listed.reload()
    with listed.expect_download() as waiting:
        listed.locator("#export-csv").click()
    assert waiting.value.suggested_filename == "campaigns.csv"
    rows = list(csv.reader(io.StringIO(waiting.value.path().read_text("utf-8"))))
    assert rows[0] == ["name", "state", "band", "groups", "title", "changed"]
    assert rows[2] == [
        "dp2-visits", "running", "u,g,r,i,z,y", "40/65", "Data Preview 2: visits of the first season",
        "2026-10-06T20:01:00.000000Z",
    ]  # fmt: skip
    with listed.expect_download() as waiting:
        listed.locator("#export-json").click()
    records = json.loads(waiting.value.path().read_text("utf-8"))
    assert [one["name"] for one in records] == ["dp2-dry-run", "dp2-visits"]
    assert records[1]["band"] == ["u", "g", "r", "i", "z", "y"]
    assert records[1]["groups"] == [40, 65]
    assert records[0]["title"] is None


def test_output_chains_can_be_copied(browser: Browser, served: str) -> None:
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.goto(served + "list.html#columns=name,output")
        page.get_by_role("button", name="Copy LSSTCam/runs/DRP/DP2/v30_0_1/DM-52000").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == "LSSTCam/runs/DRP/DP2/v30_0_1/DM-52000"


def test_arrow_keys_lead_through_the_rows(listed: Page) -> None:
    names = shown(listed)
    listed.get_by_role("link", name=names[0], exact=True).focus()
    listed.keyboard.press("ArrowDown")
    expect(listed.get_by_role("link", name=names[1], exact=True)).to_be_focused()
    listed.keyboard.press("End")
    expect(listed.get_by_role("link", name=names[-1], exact=True)).to_be_focused()
    listed.keyboard.press("ArrowDown")
    expect(listed.get_by_role("link", name=names[-1], exact=True)).to_be_focused()
    listed.keyboard.press("Home")
    listed.keyboard.press("ArrowUp")
    expect(listed.get_by_role("link", name=names[0], exact=True)).to_be_focused()


@pytest.mark.parametrize("width", [390, 1400])
def test_of_many_campaigns_few_rows_are_in_the_page(page: Page, many: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(many)
    expect(page.locator("#count")).to_have_text("20,000 campaigns")
    expect(page.locator("#campaigns")).to_have_attribute("aria-rowcount", str(MANY + 1))
    assert page.locator("#campaigns tr").count() < 60
    scroller = "document.getElementById('rows')" if width > 768 else "document.scrollingElement"
    scroll = f"(share) => {{ {scroller}.scrollTop = share * ({scroller}.scrollHeight - {scroller}.clientHeight); }}"
    for share in (0.5, 0.9, 0.3):
        page.evaluate(scroll, share)
        page.wait_for_timeout(100)
        middle = page.evaluate(f"document.elementFromPoint({width // 2}, 600).closest('tr').dataset.id")
        number = int(middle.split("-")[4])
        assert abs(number - share * MANY) < 0.02 * MANY
        assert page.locator("#campaigns tr").count() < 80
    page.evaluate(scroll, 1)
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_role("link", name=f"campaign-{MANY - 1}", exact=True)).to_be_in_viewport()
    last = page.locator(f"tr[aria-rowindex='{MANY + 1}']")
    expect(last).to_have_count(1)
    bottom = page.evaluate("document.getElementById('rows').scrollHeight")
    assert bottom >= MANY * page.evaluate("document.querySelector('tr[data-id]').getBoundingClientRect().height") - 5


def test_many_campaigns_by_keyboard(page: Page, many: str) -> None:
    page.goto(many)
    page.locator("#campaigns tbody .c-name a").first.focus()
    for _ in range(60):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="campaign-60", exact=True)).to_be_focused()
    expect(page.get_by_role("link", name="campaign-60", exact=True)).to_be_in_viewport()
    page.keyboard.press("End")
    expect(page.get_by_role("link", name=f"campaign-{MANY - 1}", exact=True)).to_be_focused()
    page.keyboard.press("Home")
    expect(page.get_by_role("link", name="campaign-0", exact=True)).to_be_in_viewport()
    page.keyboard.press("Shift+Tab")  # out of the rows, upwards
    assert page.evaluate("document.activeElement.closest('tbody')") is None


def test_many_campaigns_are_found_sorted_and_grouped(page: Page, many: str) -> None:
    page.goto(many)
    page.locator("#filter").fill("campaign-777 -state:failed tract>3800")
    expect(page.locator("#count")).to_have_text("10 of 20,000 campaigns")
    page.locator("#filter").fill("")
    heading(page, "name").click()
    assert shown(page)[:3] == ["campaign-0", "campaign-1", "campaign-2"]  # and not campaign-10
    heading(page, "name").click()
    assert shown(page)[0] == f"campaign-{MANY - 1}"
    page.goto(f"{many}#group=owner&sort=-changed")
    page.reload()
    assert page.locator("tr.group").first.inner_text().split()[:3] == ["Person", "0", "500"]
    page.locator("button.fold").first.click()
    assert page.locator("tr.group").nth(1).inner_text().startswith("Person 1")
    page.locator("#menu-stack summary").click()
    expect(page.locator("#menu-stack .tick")).to_have_count(52)


def test_a_place_in_the_list_is_come_back_to(page: Page, many: str) -> None:
    page.goto(f"{many}#sort=name")
    page.evaluate("document.getElementById('rows').scrollTop = 300000")
    page.wait_for_timeout(100)
    here = page.locator("#campaigns tbody .c-name a").nth(14)
    name = here.inner_text()
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    page.reload()
    expect(page.get_by_role("link", name=name, exact=True)).to_be_in_viewport()


def overflow(page: Page, selector: str) -> list[int]:
    """Return by how many pixels there is more than in sight, across and down."""
    found: list[int] = page.locator(selector).evaluate(
        "one => [one.scrollWidth - one.clientWidth, one.scrollHeight - one.clientHeight]"
    )
    return found


def test_a_long_list_fits_and_is_all_that_scrolls(page: Page, many: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(many)
    across, down = overflow(page, "#rows")
    assert across == 0
    assert down > 10_000
    assert overflow(page, "html") == [0, 0]
    for head in ("state", "name", "step", "groups", "changed", "owner", "ticket"):
        expect(heading(page, head)).to_be_in_viewport(ratio=1)
    expect(page.locator("#campaigns .c-step .flag").first).to_be_in_viewport(ratio=0.9)


def test_a_table_that_does_not_fit_scrolls_with_its_bar_in_sight(page: Page, many: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(many + "#columns=state,name,output,scope,instrument,site,kind,step,groups,changed,owner,ticket")
    assert overflow(page, "#rows")[0] > 200
    assert overflow(page, "html") == [0, 0]
    assert page.locator("#rows").evaluate("one => one.getBoundingClientRect().bottom") < 800
    assert "local" in page.locator("#rows").evaluate("one => getComputedStyle(one).backgroundAttachment")


def test_columns_in_which_no_campaign_has_anything_are_left_out(
    page: Page, ledgers: ModuleType, tmp_path: Path
) -> None:
    ledgers.put_settings(tmp_path / "ledger")
    ledgers.put_campaign(tmp_path / "ledger", "2026-09-01-plain-pq3r", ledgers.definition("plain"))
    ledgers.commit(tmp_path / "ledger")
    build(tmp_path / "ledger", tmp_path / "site")
    heads = page.locator("#campaigns thead th")
    page.goto((tmp_path / "site/list.html").as_uri())
    expect(heads).to_have_text(["State", "Campaign", "Owner", "Stack"])
    page.goto((tmp_path / "site/list.html").as_uri() + "#columns=name,deadline,ticket")
    expect(heads).to_have_text(["Campaign", "Deadline", "Tickets"])  # they were asked for


def test_printing_keeps_the_columns_on_the_sheet(page: Page, many: str) -> None:
    page.goto(many)
    heads = page.locator("#campaigns thead th").all_inner_texts()
    page.set_viewport_size({"width": 1000, "height": 700})  # A4, landscape
    page.emulate_media(media="print")
    assert page.locator("#campaigns thead th").all_inner_texts() == heads
    edge = page.locator("#campaigns").evaluate("one => one.getBoundingClientRect().right")
    assert edge <= 1000


def test_printing_has_all_rows(page: Page, many: str) -> None:
    page.goto(f"{many}#q=tract:3830")
    page.reload()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#campaigns tr[data-id]").count() == 1000
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#campaigns tr[data-id]").count() < 60


def test_the_browser_filters_as_the_command_line_does(page: Page, base: str, root: Path) -> None:
    records = [one for one in Ledger(WorkTree(root)).records() if one.campaign and one.history]
    facts = {one.id: query.facts_of(one.campaign, one.history) for one in records if one.campaign and one.history}
    page.goto(base + "list.html")
    page.evaluate("localStorage.setItem('campledger.me', 'vrubin')")
    page.reload()
    for expression in EXPRESSIONS:
        try:
            terms = query.parse(expression, "vrubin")
        except query.QueryError:
            terms = None
        page.locator("#filter").fill(expression)
        expect(page.locator("#count")).not_to_contain_text("Reading")
        assert page.locator("#filter-error").is_visible() == (terms is None), expression
        found = page.evaluate("Array.from(document.querySelectorAll('tr[data-id]'), (r) => r.dataset.id)")
        wanted = [name for name in facts if terms is None or query.matches(terms, facts[name])]
        assert sorted(found) == sorted(wanted), expression


def test_random_expressions_mean_the_same_in_both_languages(page: Page, out: Path, root: Path) -> None:
    records = [one for one in Ledger(WorkTree(root)).records() if one.campaign and one.history]
    facts = [query.facts_of(one.campaign, one.history) for one in records if one.campaign and one.history]
    values = sorted({str(value) for one in facts for found in one.values() for value in found if len(str(value)) < 40})
    pieces = [*query.ATTRIBUTES, *values, *'::::=><!-,""     ', ">=", "<=", "me", "OR", "|", "STATE", "ß", "İ", "\xa0"]
    chance = random.Random(181)
    expressions = ["".join(chance.choices(pieces, k=chance.randint(1, 8))) for _ in range(3000)]
    attributes = [name for name in query.ATTRIBUTES if name != "text"]
    for _ in range(2000):
        name = chance.choice(attributes)
        sign = chance.choice([":", ":", ">", "<=", "="])
        own = [str(value) for one in facts for value in one[name]] or ["x"]
        chosen = ",".join(chance.choices([f'"{one}"' if " " in one else one for one in own], k=chance.randint(1, 3)))
        expressions.append(f"{chance.choice(['', '-'])}{name}{sign}{chosen}")
    page.goto((out / "list.html").as_uri())
    verdicts = page.evaluate(
        """([expressions, facts]) => {
          const language = {...window.campledgerIndex.language, me: 'vrubin'};
          return expressions.map((expression) => {
            try {
              const terms = window.campledgerQuery.parse(expression, language);
              return facts.map((one) => terms.every((term) => window.campledgerQuery.holds(term, one[term.key])));
            } catch (trouble) {
              return trouble instanceof TypeError ? String(trouble) : null;
            }
          });
        }""",
        [expressions, [{key: list(found) for key, found in one.items()} for one in facts]],
    )
    read = 0
    for expression, verdict in zip(expressions, verdicts, strict=True):
        try:
            terms = query.parse(expression, "vrubin")
        except query.QueryError:
            assert verdict is None, expression
            continue
        read += 1
        assert verdict == [query.matches(terms, one) for one in facts], expression
    assert read > 1500


@pytest.mark.parametrize(
    "payload",
    [
        "<img src=x onerror=window.pwned=1>",
        '"><script>window.pwned=2</script>"',
        "javascript:window.pwned=3",
        "__proto__",
        "constructor,toString",
        "%E0%A4%A",
        "\udcff",
    ],
)
def test_hostile_addresses_are_text(page: Page, out: Path, payload: str) -> None:
    address = (out / "list.html").as_uri()
    for name in ("q", "sort", "group", "columns", "folded", "state"):
        text = payload.encode("utf-8", "replace").decode().replace("#", "%23")
        page.goto(f"{address}#{name}={text}&{name}={text}")
        page.reload()
        expect(page.locator("#controls")).to_be_visible()
        assert page.locator("img, iframe, object").count() == 0
    page.locator("#filter").fill(payload.replace("\udcff", "\ufffd"))
    page.locator("#states .chip").first.click()
    assert page.locator("img, iframe, object").count() == 0


def test_hostile_values_are_text(page: Page, out: Path) -> None:
    keys = "name,title,stack,image,output,tag,ticket,run_id,steps"
    page.goto(f"{(out / 'list.html').as_uri()}#group=stack&columns={keys}")
    page.reload()
    expect(page.locator("tr.group").first).to_contain_text("<img src=x")
    page.locator("#menu-stack summary").click()
    expect(page.locator("#menu-stack .tick input:disabled")).to_have_count(1)
    page.locator("#filter").fill("stack:")
    page.locator("#filter").press("End")
    assert page.locator("img, iframe, object").count() == 0
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.locator("button.fold").first.click()
    assert page.locator("img, iframe, object").count() == 0
    addresses = page.evaluate("Array.from(document.links, (one) => one.protocol)")
    assert set(addresses) <= {"file:", "https:"}


def test_without_scripts_the_list_is_complete(browser: Browser, base: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(base + "list.html")
        assert len(shown(page)) == 8
        expect(page.locator("#controls")).to_be_hidden()
        expect(page.locator("thead button")).to_have_count(0)
        cells = " ".join(page.locator("tr[data-id='2026-10-03-dp2-visits-k7mq'] > *").all_inner_texts())
        for words in (
            "running",
            "Vera Rubin",
            "v30_0_1",
            "failed, 2 to decide",
            "DM-52000",
            "40 of 65",
        ):
            assert words in cells


def test_a_missing_index_leaves_the_plain_list(browser: Browser, out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(out, folder)
    (folder / "list-index.js").unlink()
    page = browser.new_page()
    page.goto((folder / "list.html").as_uri())
    assert len(shown(page)) == 8
    page.close()


def test_missing_texts_are_told(browser: Browser, out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(out, folder)
    (folder / "list-texts.js").unlink()
    page = browser.new_page()
    page.goto((folder / "list.html").as_uri())
    page.locator("#filter").fill("dp2")
    expect(page.locator("#filter-error")).to_contain_text("cannot be loaded")
    page.close()


@pytest.mark.parametrize("width", [360, 390, 1400, 2560])
def test_nothing_stands_out_of_the_window(page: Page, out: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{(out / 'list.html').as_uri()}#q=owner:me,vrubin,hleavitt,cpayne,ajcannon,prompt-bot")
    page.reload()
    for menu in ("owner", "stack", "columns", "order"):
        page.locator(f"#menu-{menu} summary").click()
        box = page.locator(f"#menu-{menu} .sheet").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
