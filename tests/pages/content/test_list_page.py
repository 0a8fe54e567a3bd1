"""The list: its pages, and the columns that its script reads."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from campledger.ledger.ledger import Ledger
from campledger.model import columns, query
from campledger.operations.read import find_campaigns
from campledger.operations.workspace import Workspace
from campledger.pages.content import list_index, list_page
from campledger.pages.engine import gather, render
from campledger.repository.file_trees import WorkTree

RESCUES = "2026-10-03-dp2-visits-k7mq"
Page = dict[str, Any]


@pytest.fixture(scope="module")
def survey(rich: Path) -> gather.Survey:
    return gather.Survey(Ledger(WorkTree(rich)), None)


@pytest.fixture(scope="module")
def index(survey: gather.Survey) -> Page:
    document: Page = json.loads(json.dumps(list_index.index(survey)))
    return document


def read(column: Page, count: int) -> list[Any]:
    """Read a column as the script does."""
    codes, width, values = column["codes"], column["width"], json.loads(column["values"])
    assert len(codes) == count * width
    numbers = [
        sum((ord(codes[row * width + digit]) - 35) * 92**digit for digit in range(width)) for row in range(count)
    ]
    return [values[number] for number in numbers]


def test_a_row_has_what_the_list_shows(survey: gather.Survey) -> None:
    row = next(row for row in list_page.list_page(survey)["rows"] if row["id"] == RESCUES)
    assert (row["stack"], row["step"], row["need"], row["awaiting"]) == ("v30_0_1", "step1", "failed", 2)
    assert [ticket["key"] for ticket in row["tickets"]] == ["DM-52000", "DRB-17", "DM-52001"]
    assert row["deadline"] == "2026-12-15"


def test_without_scripts_the_list_is_paged_and_complete(survey: gather.Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_page, "PAGE_ROWS", 3)
    paths = [path for path in list_page.paths(survey) if path.startswith("list")]
    assert paths == ["list.html", "list-2.html", "list-3.html"]
    pages = {page["path"]: page for page in list_page.pages(survey)}
    ids = [row["id"] for path in paths for row in pages[path]["rows"]]
    assert ids == [one.id for one in list_index.ordered(survey)]
    assert len(ids) == 8
    assert [pages[path]["start"] for path in paths] == [0, 3, 6]
    assert (len(pages["list.html"]["unreadable"]), len(pages["list-2.html"]["unreadable"])) == (1, 0)
    html = render.page(render.environment(), pages["list-2.html"]).decode()
    assert "4 to 6 of 8 campaigns" in html
    assert html.count('aria-current="page">2<') == 2
    assert 'href="list.html">1<' in html
    assert "list-index.js" not in html


def test_a_long_list_leaves_out_pages_in_between(monkeypatch: pytest.MonkeyPatch, survey: gather.Survey) -> None:
    monkeypatch.setattr(list_page, "PAGE_ROWS", 1)
    shown = [entry["text"] for entry in list_page.list_page(survey, 5)["pager"]]
    assert shown == ["1", "\N{HORIZONTAL ELLIPSIS}", "3", "4", "5", "6", "7", "8"]
    assert [entry["href"] for entry in list_page.list_page(survey, 1)["pager"]][:2] == ["list.html", "list-2.html"]


def test_a_short_list_has_no_pages_to_turn(survey: gather.Survey) -> None:
    assert list_page.list_page(survey)["pager"] == []


def test_the_order_is_that_of_the_command_line(rich: Path, survey: gather.Survey) -> None:
    found = find_campaigns.find(Workspace(rich)).rows
    assert [one.id for one in list_index.ordered(survey)] == [row["id"] for row in found]
    needs = [row["need"] for row in found]
    assert needs == ["failed"] * 3 + [None] * (len(needs) - 3)


def test_columns_hold_every_fact(survey: gather.Survey, index: Page) -> None:
    assert index["count"] == len(survey.readable)
    assert {*index["facts"], "text"} == query.ATTRIBUTES.keys()
    for attribute, column in index["facts"].items():
        for value, one in zip(read(column, index["count"]), list_index.ordered(survey), strict=True):
            found = one.facts[attribute]
            assert value == (None if not found else found[0] if len(found) == 1 else list(found)), attribute


def test_columns_of_the_table(survey: gather.Survey, index: Page) -> None:
    assert index["usual"] == list_index.usual(survey) == list(columns.USUAL_ON_SITE)
    place = [one.id for one in list_index.ordered(survey)].index(RESCUES)
    shown = {name: read(column, index["count"])[place] for name, column in index["shown"].items()}
    assert shown["changed"] == "2026-10-06T20:01:00.000000Z"
    assert shown["groups"][:2] == [40, 65]
    assert (shown["step"], shown["awaiting"]) == ("step1", 2)
    assert shown["scope"] == (
        "20260101\N{EN DASH}20260630; tracts 3826\N{EN DASH}3833, 4025\N{EN DASH}4026; ugrizy; BLOCK-365, BLOCK-407"
    )
    assert sum(int(part.partition(":")[2]) for part in shown["groups"][2].split()) == 65


def test_the_order_of_values_is_that_of_people(index: Page) -> None:
    assert json.loads(index["facts"]["state"]["values"]) == list(columns.STATE_ORDER)
    words = [("g10",), ("g2",), ("G1",), ("g",), ("a", "b"), ("a",), ("10",), ("9",), ("g" + "9" * 5000,)]
    random.Random(4).shuffle(words)
    ordered = sorted(words, key=list_index.natural)
    assert ordered == [("9",), ("10",), ("a",), ("a", "b"), ("g",), ("G1",), ("g2",), ("g10",), ("g" + "9" * 5000,)]


def test_those_without_a_value_come_last(index: Page) -> None:
    values = json.loads(index["facts"]["deadline"]["values"])
    assert values == ["2026-10-21", "2026-12-15", None]


@pytest.mark.parametrize("count", [1, 2, 92, 93, 92**2, 92**2 + 1])
def test_numbers_are_packed_without_loss(count: int) -> None:
    codes = sorted({0, count // 2, count - 1})
    packed = list_index.packed(codes, count)
    column = {"codes": packed, "width": list_index.width(count), "values": json.dumps(list(range(count)))}
    assert read(column, len(codes)) == codes
    assert all("#" <= character <= "~" for character in packed)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((), ""),
        ((20260101, 20260101), "20260101"),
        ((20260101, 20260131), "20260101\N{EN DASH}20260131"),
        ((20260101, query.LAST_DAY), "from 20260101"),
        ((query.FIRST_DAY, 20260101), "until 20260101"),
        ((query.FIRST_DAY, query.LAST_DAY), ""),
    ],
)
def test_days_in_words(bounds: tuple[int, ...], words: str) -> None:
    assert list_index.days(bounds) == words


def test_every_column_that_can_be_chosen_has_its_values(index: Page) -> None:
    assert set(index["columns"]) == {*index["facts"], *index["shown"], "steps"}
    assert {*index["usual"], *index["grouped_by"]} <= set(index["columns"])
    assert set(index["facets"]) <= set(index["facts"])


def test_an_address_template_that_is_none_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "campledger.yaml").write_text(
        "title: New\nproductions: {alert: Alert Production}\nlinks: {ticket: 'javascript:{key}'}\n"
    )
    assert list_index.index(gather.Survey(Ledger(WorkTree(tmp_path)), None))["ticket"] is None


def test_an_empty_ledger_has_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "campledger.yaml").write_text("title: New\nproductions: {alert: Alert Production}\n")
    survey = gather.Survey(Ledger(WorkTree(tmp_path)), None)
    assert list_index.index(survey)["count"] == 0
    assert json.loads(list_index.texts(survey)) == []
    assert next(list_page.pages(survey))["path"] == "list.html"


def test_texts_are_in_the_order_of_the_rows(survey: gather.Survey) -> None:
    texts = json.loads(list_index.texts(survey))
    assert len(texts) == len(survey.readable)
    assert all(one.campaign.id in text for one, text in zip(list_index.ordered(survey), texts, strict=True))
