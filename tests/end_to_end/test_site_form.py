"""The form that defines a campaign, in Chromium: what it writes is what the strict loader reads."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from campledger.documents.schema import findings, schema
from campledger.documents.strict import read
from campledger.documents.writing import format_value
from campledger.ledger.ledger import Ledger
from campledger.model import rules
from campledger.model.ids import ALPHABET, CAMPAIGN_ID, directory_of
from campledger.operations.site.build import build
from campledger.repository.file_trees import WorkTree

STATIC = Path(__file__).parents[2] / "site" / "static"
EXAMPLES = Path(__file__).parents[1] / "examples"
DP2 = "2026-10-03-dp2-visits-k7mq"
FULL = "2026-11-22-alpha-aaaa"

WORDS = [
    "", " ", "no", "yes", "True", "null", "~", "=", "<<", "y", "N", "1", "-0", "00", "012", "1.10", "1e5", ".5",
    "1_000", "2025_01", "0x1f", "0o7", "0b1", "+1", "12:30", "12:30:45", ".inf", "-.INF", ".NaN", "inf", "2026-11-22",
    "2026-11-22T01:02:03Z", "2026-1-1 1:02:03", "a: b", "x:", "a:b", ": a", ":x", "a #b", "#", "-", "- a", "-a",
    "---", "--- a", "...", "?", "? a", " a", "a ", "\ta", "a\tb", "a\t#b", "a:\tb", "a\nb", "a\n", "a\n\n", "\n",
    "\na", "a\n b", "a \nb", "a\r\nb", "\r", "'", '"', "\\", "a'b", "%a", "@a", "`a", "{a}", "[a]", "&a", "*a", "!a",
    "|", ">", ",", "${DRP_PIPE_DIR}/x.yaml#step1", "http://x/y?a=b#z", "x" * 130, "long " * 40, "a  b " * 30 + "c",
    "\\ " * 80 + "x", '"' * 60 + " " + "x" * 60, "word " * 19 + "'" + " q" * 20, "---" + " w" * 70,
    "\u00e9" * 120 + " \u00e9", "\u00e9", "\u00a0", "\u3000a", "\u200b", "a\n\u200bb", "\u202eb", "\U0001f600",
    "\U0010ffff", "\u0663", "\u2028", "\x07", "\x85", "\ufeff", "\ufffe", "</script>", "<<<<<<< HEAD", "=======",
    "a\n=======\nb", "__proto__",
]  # fmt: skip
URLS = [
    "javascript:alert(1)", "http://", "https:///x", "https://u:p@h/", "HTTPS://h/x", "ftp://h", "http://h/ x", "x",
    "https://h\\x", "https://h:80/", "https://[::1]/", "mailto:a@b", "//h/x", "https://h?q", "https://@h/",
]  # fmt: skip
LETTERS = "ab '\"\\:#-?\n\t\u00e9\U0001f600\u00a0,[]{}&*!|>%@`~=<.0123456789_eE+xo\r\u2028"


def hostile_text(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(WORDS)
    if kind < 0.6:
        return chance.choice(WORDS) + chance.choice(WORDS)
    if kind < 0.75:
        words = ["word", "a", "\u00e9t\u00e9", "'q'", '"', "#x", ":", "longerword"]
        return " ".join(chance.choice(words) for _ in range(chance.randint(1, 60)))
    return "".join(chance.choice(LETTERS) for _ in range(chance.choice([3, 12, 200])))


def hostile_value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.random()
    if depth > 3 or kind < 0.5:
        return hostile_text(chance)
    if kind < 0.55:
        return chance.choice([0, -1, 12, 1.5, 0.1, 1e-7, -2.5e-10, 123456789012, True, False, None])
    if kind < 0.75:
        return [hostile_value(chance, depth + 1) for _ in range(chance.randint(0, 4))]
    return {f"k{hostile_text(chance)}": hostile_value(chance, depth + 1) for _ in range(chance.randint(0, 4))}


@pytest.fixture
def own(base: str) -> tuple[str, ...]:
    """What is downloaded is made in the page."""
    return (base, "blob:")


@pytest.fixture(scope="module")
def scripts(browser: Browser) -> Iterator[Page]:
    """A page with the scripts that write and check, and nothing else."""
    page = browser.new_page()
    for name in ("yaml.js", "check.js"):
        page.add_script_tag(path=STATIC / name)
    yield page
    page.close()


def test_its_yaml_is_that_of_the_command_line(scripts: Page) -> None:
    chance = random.Random(20261122)
    values: list[dict[str, Any]] = [{f"k{word}": word} for word in WORDS]
    values += [{f"k{number}": hostile_value(chance) for number in range(4)} for _ in range(1500)]
    written = scripts.evaluate("values => values.map((value) => window.campledgerYaml.format(value))", values)
    for value, text in zip(values, written, strict=True):
        back = read("", text.encode())
        assert back.problems == ()
        assert back.value == value
        assert text == format_value(value)


def definitions() -> list[dict[str, Any]]:
    """Every definition of the examples, right and wrong, and some that are wrong in other ways."""
    found = [read("", file.read_bytes()).value for file in sorted(EXAMPLES.rglob("campaign.yaml"))]
    good = read("", (EXAMPLES / f"valid/full/{directory_of(FULL)}/campaign.yaml").read_bytes()).value
    changes: list[tuple[str, Any]] = [
        ("name", "has space"), ("name", "n" * 101), ("name", 5), ("name", None), ("title", ""), ("title", "a\nb"),
        ("title", "t" * 201), ("title", "\U0001f600" * 150), ("description", ""), ("kind", "party"), ("format", 2),
        ("tickets", [{"key": "x"}]), ("tickets", [{}]), ("tickets", "DM-1"), ("tags", ["a b"]),
        ("operators", ["a", "a"]), ("nmae", "x"), ("extra", {"a": [1, {}]}), ("extra", []),
        ("scope", {"tracts": [1, -1, 1.5, "2", True]}), ("scope", {"day_obs": {"from": 20260230, "to": 20260101}}),
        ("scope", {"day_obs": {"from": 1, "to": 30000101}}), ("scope", {"day_obs": {"from": 20260101, "until": 1}}),
        ("plan", {"start": "2026-02-30", "deadline": "2026-01-01"}), ("plan", {"start": "2026-1-1"}),
        ("plan", {"quanta": 1.5, "core_hours": -1}), ("compute", {"walltime": "48:61:00", "retries": 101}),
        ("software", {"environment": {"A": None, "B": []}, "ticket_branches": {"a": 1}}),
        ("data", {"output": "a//b", "run": "{output}/{nonsense}", "ancillary": ["/a"]}),
        ("data", {"inputs": ["a b", "${X}/c", "u/TODO"]}),
        ("data", {"dataset_types": [], "queries": [""]}),
        ("processing", {"pipelines": ["${DRP_PIPE_DIR}pipelines/x.yaml"]}),
        ("processing", {"bps": {"file": "bps/DM-XXXXX.yaml", "variables": {"a": 1, "b": True, "c": []}}}),
        ("links", [{"type": "other", "url": url} for url in URLS]),
        ("steps", [{"name": "a"}, {"name": "a"}, {"name": "b", "prerequisites": ["c", "a"]}]),
        ("steps", [{"name": "a", "prerequisites": ["b"]}, {"name": "b", "prerequisites": ["a"]}]),
        ("steps", [{"name": "a", "prerequisites": ["a"]}]), ("steps", [{}]), ("steps", [{"name": "a", "groups": []}]),
        ("steps", [{"name": "a", "groups": [{"name": "1"}, {"name": "1", "plan": {"start": "2026-13-01"}}]}]),
        ("steps", [{"name": "a", "groups": {"template": "a.yaml", "table": "a.csv"}}, {"name": "a"}]),
        ("steps", [{"name": "a", "groups": {"template": "/a.yaml", "tabel": "a.csv"}}]),
        ("steps", [{"name": "a", "groups": {}}, {"name": "b", "groups": "a.csv"}]),
        ("derived_from", "x"), ("description", "TODO"), ("title", "see TODO"), ("title", "<FILL IN>"),
        ("title", "u_YYYY_WW"),
    ]  # fmt: skip
    for key, value in changes:
        found.append({**copy.deepcopy(good), key: value})
    found += [{key: value for key, value in good.items() if key != gone} for gone in ("name", "production", "kind")]
    return [one for one in found if isinstance(one, dict)]


def verdict(definition: dict[str, Any]) -> set[tuple[str, str]]:
    """What the command line has against a definition by itself: rule and place."""
    found = findings(definition, "campaign") or list(rules.findings(definition))
    verdict = set()
    for finding in found:
        missing = re.fullmatch(r"missing key `(\w+)`", finding.message)
        place = (*finding.pointer, *([missing[1]] if missing else []))
        verdict.add((finding.rule, "/".join(map(str, place))))
    return verdict


def test_its_check_is_that_of_the_command_line(scripts: Page) -> None:
    written = definitions()
    anything: dict[str, Any] = {
        "productions": None,
        "people": None,
        "butlers": None,
        "instruments": None,
        "names": [],
        "sets": [],
    }
    asked = """([definitions, schema, ledger]) => definitions.map((one) => {
        const byLedger = (finding) => finding.rule === "missing-file";
        return window.campledgerCheck.findings(one, schema, ledger).filter((finding) => !byLedger(finding))
            .map((finding) => [finding.rule, finding.pointer.join("/"), Boolean(finding.missing)]);
    })"""
    checked = scripts.evaluate(asked, [written, schema("campaign"), anything])
    wrong = 0
    for definition, found in zip(written, checked, strict=True):
        expected = verdict(definition)
        top = [place for _, place, missing in found if missing and "/" not in place]
        # A form that is not filled in yet is held to the rules, too.
        judged = [one for one in found if one[2] or not top] if top else found
        assert {(rule, place) for rule, place, _ in judged} == expected, definition
        wrong += bool(expected)
    assert wrong > 50


def box(page: Page | Locator, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def written(page: Page) -> str:
    # What is typed is shown in the next frame.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.locator("#nf-yaml").text_content() or ""


def value(page: Page) -> Any:
    document = read("campaign.yaml", written(page).encode())
    assert document.problems == ()
    return document.value


def fill_required(page: Page, name: str = "my-campaign") -> None:
    page.get_by_role("textbox", name="Name required").fill(name)
    page.get_by_role("combobox", name="Production required").select_option("data-release")
    page.get_by_role("combobox", name="Kind required").select_option("rehearsal")
    page.get_by_role("textbox", name="Description required").fill("Why not.")


@pytest.fixture
def form(page: Page, base: str) -> Page:
    page.goto(f"{base}new.html")
    expect(page.locator("#nf")).to_be_visible()
    return page


def test_what_is_filled_in_becomes_a_definition(form: Page, root: Path) -> None:
    expect(form.locator("#nf-count")).to_have_text("4 problems to correct.")
    fill_required(form)
    form.get_by_role("combobox", name="Owner").fill("vrubin")
    expect(form.locator("#nf-count")).to_have_text("No problems.")
    form.locator("summary:has-text('Scope')").first.click()
    box(form, "Tracts").fill("3826-3829, 4025")
    box(form, "New entry in Bands").fill("y")
    box(form, "New entry in Bands").press("Enter")
    box(form, "New entry in Bands").fill("no")
    box(form, "New entry in Bands").press("Enter")
    form.locator("summary:has-text('Software')").click()
    box(form, "Environment").fill('A = 1.5\nB="1.10"\nC = on=off\nD = true')
    made = value(form)
    assert list(made) == ["id", "name", "production", "kind", "description", "owner", "scope", "software"]
    assert made["scope"] == {"tracts": [3826, 3827, 3828, 3829, 4025], "bands": ["y", "no"]}
    assert made["software"] == {"environment": {"A": 1.5, "B": "1.10", "C": "on=off", "D": True}}
    assert '- "no"\n' in written(form)
    match = CAMPAIGN_ID.fullmatch(made["id"])
    assert match
    assert match[3] == "my-campaign"
    assert set(match[4]) <= set(ALPHABET)
    expect(form.locator("#nf-path")).to_have_text(f"{directory_of(made['id'])}/campaign.yaml")
    directory = root.parent / f"copy-{made['id']}"
    directory.mkdir()
    (directory / "campledger.yaml").write_bytes((root / "campledger.yaml").read_bytes())
    place = directory / directory_of(made["id"])
    place.mkdir(parents=True)
    (place / "campaign.yaml").write_text(written(form))
    (record,) = Ledger(WorkTree(directory)).records()
    assert record.problems == ()


def test_what_is_wrong_is_said_where_it_is(form: Page) -> None:
    name = form.get_by_role("textbox", name="Name required")
    expect(form.locator(".nf-wrong:visible")).to_have_count(0)
    name.fill("has space")
    wrong = form.locator(".nf-field", has=name).locator(".nf-wrong")
    expect(wrong).to_have_text("invalid value `has space` of `name`: for example dp02-test-med-1")
    expect(name).to_have_attribute("aria-invalid", "true")
    assert wrong.get_attribute("id") in (name.get_attribute("aria-describedby") or "").split()
    name.fill("fine")
    expect(wrong).to_be_hidden()
    name.fill("dp2-visits")
    expect(wrong).to_contain_text("a campaign that is not final has the name `dp2-visits`")
    name.fill("")
    name.blur()
    expect(wrong).to_have_text("missing key `name`")
    fill_required(form)
    form.locator("summary:has-text('Plan')").click()
    box(form, "Deadline").fill("2026-02-30")
    box(form, "Quanta").fill("many")
    expect(form.locator(".nf-field", has=box(form, "Quanta")).locator(".nf-wrong")).to_have_text(
        "`quanta` is text, expected a whole number"
    )
    box(form, "Quanta").fill("1200000")
    expect(form.locator("#nf-problems")).to_contain_text("invalid day 2026-02-30 in `deadline`")
    box(form, "Deadline").fill("2026-02-28")
    form.get_by_role("combobox", name="Owner").fill("nobody")
    expect(form.locator("#nf-problems")).to_contain_text("unknown person `nobody`")
    form.get_by_role("button", name="owner", exact=True).click()
    expect(form.get_by_role("combobox", name="Owner")).to_be_focused()


def test_a_problem_leads_into_closed_parts(form: Page) -> None:
    fill_required(form)
    form.get_by_role("button", name="Add a step").click()
    form.get_by_role("button", name="step 1", exact=True).click()
    expect(form.locator("#nf-problems")).to_contain_text("missing key `name`")
    form.locator("#nf-problems button").first.click()
    expect(form.locator(".nf-card").get_by_role("textbox", name="Name required")).to_be_focused()


def step_names(page: Page) -> list[str]:
    return [step["name"] for step in value(page).get("steps", [])]


def test_steps_and_groups_by_keyboard_alone(form: Page) -> None:
    fill_required(form)
    form.get_by_role("button", name="Add a step").focus()
    for name in ("one", "two", "three"):
        form.keyboard.press("Enter")
        expect(form.locator(".nf-card input:focus")).to_have_count(1)
        form.keyboard.type(name)
        assert step_names(form)[-1] == name
        form.get_by_role("button", name="Add a step").focus()
    form.get_by_role("button", name="Move up: three").focus()
    form.keyboard.press("Enter")
    assert step_names(form) == ["one", "three", "two"]
    expect(form.get_by_role("button", name="Move up: three")).to_be_focused()
    expect(form.locator("#nf-live")).to_have_text("three is now 2 of 3")
    form.keyboard.press("Alt+ArrowUp")
    form.keyboard.press("Alt+ArrowUp")
    assert step_names(form) == ["three", "one", "two"]
    expect(form.get_by_role("button", name="Move up: three")).to_be_focused()
    form.keyboard.press("Alt+ArrowDown")
    assert step_names(form) == ["one", "three", "two"]
    form.keyboard.press("Tab")
    form.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Remove: three")).to_be_focused()
    form.keyboard.press("Space")
    assert step_names(form) == ["one", "two"]
    expect(form.get_by_role("button", name="two", exact=True)).to_be_focused()
    card = form.locator(".nf-main form > .nf-fields > .nf-cards > .nf-list > .nf-card").nth(1)
    card.get_by_role("button", name="Add a group").focus()
    form.keyboard.press("Enter")
    form.keyboard.type("1")
    assert value(form)["steps"][1]["groups"] == [{"name": "1"}]
    assert '- name: "1"\n' in written(form)
    box(card, "New entry in Prerequisites").focus()
    form.keyboard.type("one")
    form.keyboard.press("Enter")
    assert value(form)["steps"][1]["prerequisites"] == ["one"]
    expect(form.locator("#nf-count")).to_have_text("No problems.")


def test_groups_come_from_a_table_or_are_listed(form: Page) -> None:
    fill_required(form)
    form.get_by_role("button", name="Add a step").click()
    box(form.locator(".nf-card"), "Name required").fill("one")
    form.locator("summary:has-text('Groups from a table')").click()
    box(form, "Template required").fill("bps/one.yaml")
    expect(form.locator("#nf-problems")).to_contain_text("missing key `table`")
    expect(form.get_by_role("button", name="Add a group")).to_be_disabled()
    box(form, "Table required").fill("bps/one.csv")
    expect(form.locator("#nf-count")).to_have_text("No problems.")
    assert value(form)["steps"] == [{"name": "one", "groups": {"template": "bps/one.yaml", "table": "bps/one.csv"}}]
    expect(form.get_by_role("button", name="one groups from a table")).to_be_visible()
    box(form, "Template required").fill("")
    box(form, "Table required").fill("")
    form.get_by_role("button", name="Add a group").click()
    form.keyboard.type("1")
    assert value(form)["steps"] == [{"name": "one", "groups": [{"name": "1"}]}]


def test_the_host_gets_path_and_content(form: Page) -> None:
    link = form.get_by_role("link", name="Open the new-file page")
    assert link.get_attribute("href") == "#nf-form"
    link.focus()
    form.keyboard.press("Enter")
    expect(form.get_by_role("textbox", name="Name required")).to_be_focused()
    expect(form.locator(".nf-wrong:visible")).to_have_count(4)
    fill_required(form)
    box(form, "Title").fill("50 % & more + é #1 {path}")
    made = value(form)
    address = urlsplit(link.get_attribute("href") or "")
    assert address.scheme + "://" + address.netloc + address.path == "https://git.example.org/ledger/new/main"
    query = parse_qs(address.query, strict_parsing=True)
    assert query == {"filename": [f"{directory_of(made['id'])}/campaign.yaml"], "value": [written(form)]}
    assert link.get_attribute("target") == "_blank"
    assert link.get_attribute("rel") == "noopener noreferrer"
    form.get_by_role("textbox", name="Description required").fill("x " * 4000)
    expect(form.locator("#nf-next")).to_contain_text("too long for the page's address")
    long = parse_qs(urlsplit(link.get_attribute("href") or "").query, keep_blank_values=True)
    assert long["filename"] == query["filename"]
    assert long["value"] == [""]


def test_a_long_definition_is_copied_on_the_way_to_the_host(form: Page) -> None:
    fill_required(form)
    form.get_by_role("textbox", name="Description required").fill("x " * 4000)
    text = written(form)
    form.evaluate("() => document.addEventListener('copy', () => { window.copied = document.activeElement.value; })")
    form.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    form.evaluate("document.getElementById('nf-go').addEventListener('click', (event) => event.preventDefault())")
    form.locator("#nf-go").click()
    form.wait_for_function("window.copied !== undefined")
    assert form.evaluate("window.copied") == text


def test_the_definition_can_be_downloaded(form: Page, tmp_path: Path) -> None:
    fill_required(form)
    text = written(form)
    with form.expect_download() as started:
        form.get_by_role("button", name="Download").click()
    started.value.save_as(tmp_path / "campaign.yaml")
    assert started.value.suggested_filename == "campaign.yaml"
    assert (tmp_path / "campaign.yaml").read_text("utf-8") == text


def test_another_campaign_is_a_start(page: Page, base: str, root: Path) -> None:
    for record in Ledger(WorkTree(root)).records():
        if record.campaign is None:
            continue
        page.goto("about:blank")
        page.goto(f"{base}new.html#from={record.id}")
        expect(page.locator("#nf-told")).to_contain_text(f"Filled in from {record.id}")
        expected = {key: one for key, one in record.campaign.definition.items() if key not in {"id", "key", "format"}}
        for _ in range(2):
            made = value(page)
            assert re.fullmatch(f"{record.id}@[0-9a-f]{{12}}", made.pop("derived_from"))
            assert made.pop("id")[11:-5] == record.campaign.name
            assert made == {key: one for key, one in expected.items() if key != "derived_from"}
            # Once every part is open, all fields are made, and say the same.
            page.evaluate("""() => {
                for (let round = 0; round < 4; round += 1) {
                    for (const one of document.querySelectorAll('.nf-section:not([open])')) one.open = true;
                    for (const one of document.querySelectorAll('.nf-title[aria-expanded=false]')) one.click();
                }
            }""")
            page.wait_for_timeout(50)
    assert page.evaluate("window.pwned") is None


def test_files_that_do_not_come_along_are_told(page: Page, base: str) -> None:
    page.goto(f"{base}new.html#from={DP2}")
    expect(page.locator("#nf-told")).to_contain_text("5 files are not copied: campledger define --from")
    expect(page.get_by_role("textbox", name="Name required")).to_be_focused()


def test_starts_that_are_none_are_told(form: Page, base: str) -> None:
    form.get_by_label("Start from another campaign, by its id").fill("../index")
    form.get_by_role("button", name="Fill in").click()
    expect(form.locator("#nf-told")).to_contain_text("../index is not a campaign id")
    form.get_by_label("Start from another campaign, by its id").fill(DP2)
    form.keyboard.press("Enter")
    expect(form.locator("#nf-told")).to_contain_text(f"Filled in from {DP2}")
    assert form.url == f"{base}new.html#from={DP2}"
    form.get_by_role("button", name="Clear the form").click()
    assert list(value(form)) == ["id"]


def test_what_is_filled_in_outlives_a_reload(form: Page) -> None:
    fill_required(form, "kept")
    before = written(form)
    form.reload()
    expect(form.locator("#nf-told")).to_have_text("Restored from your last visit.")
    assert written(form).replace(value(form)["id"], "") == before.replace(read("", before.encode()).value["id"], "")


def test_every_example_comes_back_the_same(
    browser: Browser, ledgers: ModuleType, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = EXAMPLES / "valid/full"
    out = tmp_path_factory.mktemp("full") / "site"
    build(root, out, worktree=True)
    page = browser.new_page()
    page.goto(f"{out.as_uri()}/new.html#from={FULL}")
    expect(page.locator("#nf-told")).to_contain_text("Filled in")
    definition = read("", (root / directory_of(FULL) / "campaign.yaml").read_bytes()).value
    made = value(page)
    assert made.pop("derived_from") == FULL
    assert {**made, "id": FULL} == {
        key: one for key, one in definition.items() if key not in {"derived_from", "key", "format"}
    }
    page.close()


def test_without_a_script_it_says_what_to_do(browser: Browser, base: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{base}new.html")
        expect(page.locator("#nf")).to_be_hidden()
        expect(page.get_by_text("campledger define NAME --edit")).to_be_visible()
        expect(page.locator("#nf-template pre")).to_be_visible()
