"""Pages of saved queries: what they find at the commit, as the command line shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campledger.ledger.ledger import Ledger
from campledger.operations.read.find_campaigns import find
from campledger.operations.workspace import Workspace
from campledger.pages.content import front_page, saved_query_pages
from campledger.pages.engine import gather, render
from campledger.repository.file_trees import WorkTree
from tests.pages.conftest import PAYLOAD, commit, isolate_git, rich_ledger

Page = dict[str, Any]

SAVED = {
    "all-columns": (
        'expression: "-nobody-says-this"\nsort: [name]\n'
        "columns: [state, id, name, title, production, kind, owner, operator, ticket, tag, instrument, skymap, tract, "
        "band, detector, day_obs, program, stack, image, butler, output, site, wms, step, parent, run_id, started, "
        "changed, deadline, groups]\n"
    ),
    "by-owner": "expression: state:running,paused\ncolumns: [name, owner]\nsort: [-name]\ngroup: owner\n",
    "evil": f"description: {json.dumps(PAYLOAD[:150])}\nexpression: {json.dumps('hostile')}\ncolumns: [title, stack]\n",
    "mine": "expression: 'owner:me -state:completed'\n",
    "nothing": "expression: no-campaign-has-this-word\n",
    "running": "description: What runs\nexpression: state:running\n",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate_git(monkeypatch)
        root = rich_ledger(tmp_path_factory.mktemp("queries"))
        (root / "queries").mkdir()
        for name, text in SAVED.items():
            (root / f"queries/{name}.yaml").write_text(f"name: {name}\n{text}", encoding="utf-8")
        (root / "queries/broken.yaml").write_text("name: broken\nexpression: 'state:'\n")
        commit(root)
        yield root


@pytest.fixture(scope="module")
def survey(root: Path) -> gather.Survey:
    return gather.Survey(Ledger(WorkTree(root)), None)


@pytest.fixture(scope="module")
def pages(survey: gather.Survey) -> dict[str, Page]:
    return {page["path"]: page for page in saved_query_pages.pages(survey)}


def texts(page: Page) -> list[list[str]]:
    return [
        [", ".join(piece["text"] for piece in cell["pieces"]) for cell in row]
        for part in page["parts"]
        for row in part["rows"]
    ]


def test_a_page_for_each_query_that_can_be_asked(survey: gather.Survey, pages: dict[str, Page]) -> None:
    assert sorted(pages) == sorted(saved_query_pages.paths(survey)) == sorted(f"queries/{name}.html" for name in SAVED)
    assert json.loads(json.dumps(pages)) == pages
    assert [problem.path for problem in saved_query_pages.problems(survey)] == ["queries/broken.yaml"]


def test_a_page_finds_and_sorts_as_the_command_line_does(root: Path, pages: dict[str, Page]) -> None:
    for name in ("running", "by-owner", "all-columns", "nothing"):
        listing = find(Workspace(root), f"@{name}")
        page = pages[f"queries/{name}.html"]
        key = "id" if "id" in listing.columns else "name"
        column = listing.columns.index(key)
        assert [row[column] for row in texts(page)] == [row[key] for row in listing.rows], name
        assert len(page["columns"]) == len(listing.columns)


def test_groups_part_the_table(pages: dict[str, Page]) -> None:
    parts = pages["queries/by-owner.html"]["parts"]
    assert [(part["name"], part["count"]) for part in parts] == [
        ("hleavitt", "1 campaign"),
        ("prompt-bot", "1 campaign"),
        ("vrubin", "2 campaigns"),
    ]
    assert [row[0] for row in texts(pages["queries/by-owner.html"])][-2:] == ["hostile", "dp2-visits"]


def test_the_same_view_is_in_the_list(pages: dict[str, Page]) -> None:
    assert pages["queries/by-owner.html"]["query"]["href"] == (
        "list.html#q=state%3Arunning,paused&columns=name,owner&sort=-name&group=owner"
    )
    assert pages["queries/running.html"]["query"]["href"] == "list.html#q=state%3Arunning"


def test_cells_lead_on(pages: dict[str, Page]) -> None:
    page = pages["queries/all-columns.html"]
    row = next(row for row in page["parts"][0]["rows"] if row[2]["pieces"][0]["text"] == "dp2-visits")
    cells = dict(zip(page["columns"], row, strict=True))
    assert cells["Campaign"]["header"]
    assert cells["Campaign"]["pieces"][0]["href"] == "campaigns/2026-10-03-dp2-visits-k7mq.html"
    assert cells["Owner"]["pieces"] == [{"text": "Vera Rubin", "href": "people/vrubin.html", "inside": True}]
    assert cells["Tickets"]["pieces"][0]["href"] == "https://rubinobs.example.org/browse/DM-52000"
    assert cells["Groups"]["pieces"][0]["text"] == "40 of 65"
    assert [cell["header"] for cell in row].count(True) == 1


def test_a_query_that_asks_for_me_is_answered_for_each_person(survey: gather.Survey, pages: dict[str, Page]) -> None:
    page = pages["queries/mine.html"]
    counts = {one["handle"]: one["count"] for one in page["personal"]}
    assert counts == {"ajcannon": "1", "cpayne": "1", "hleavitt": "1", "prompt-bot": "1", "vrubin": "3"}
    assert page["personal"][0]["href"] == "list.html#q=owner%3Aajcannon%20-state%3Acompleted"
    entry = next(one for one in saved_query_pages.summaries(survey) if one["name"] == "mine")
    assert entry["by_person"] == "ajcannon=1 cpayne=1 hleavitt=1 prompt-bot=1 vrubin=3"


def test_the_front_page_has_the_counts(survey: gather.Survey) -> None:
    counts = {one["name"]: one["count"] for one in front_page.front_page(survey)["queries"]}
    assert counts == {"all-columns": "8", "by-owner": "4", "evil": "1", "mine": "", "nothing": "0", "running": "2"}
    assert "queries/broken.yaml" in [one["path"] for one in front_page.front_page(survey)["trouble"]["others"]]


def test_a_long_answer_is_cut_and_says_so(survey: gather.Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_query_pages, "MAX_ROWS", 3)
    page = next(one for one in saved_query_pages.pages(survey) if one["path"] == "queries/all-columns.html")
    assert (len(texts(page)), page["left_out"], page["count"]) == (3, 5, "8 campaigns")
    assert "5 more: <a" in render.page(render.environment(), page).decode()


def test_every_query_renders_and_nothing_is_markup(pages: dict[str, Page]) -> None:
    templates = render.environment()
    for page in pages.values():
        html = render.page(templates, page).decode()
        assert "<img" not in html
        assert "<script>" not in html
    assert "Results by person" in render.page(templates, pages["queries/mine.html"]).decode()
    assert "No campaign matches now" in render.page(templates, pages["queries/nothing.html"]).decode()
