"""Pages of people: who owns and operates what now."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from campledger.ledger.ledger import Ledger
from campledger.pages.content import people_pages
from campledger.pages.engine import gather, render
from campledger.repository.file_trees import WorkTree
from tests.pages.conftest import SETTINGS, Log, definition, put_campaign, put_settings

Page = dict[str, Any]


def survey_of(root: Path) -> gather.Survey:
    return gather.Survey(Ledger(WorkTree(root)), None)


@pytest.fixture(scope="module")
def survey(rich: Path) -> gather.Survey:
    return survey_of(rich)


@pytest.fixture(scope="module")
def pages(survey: gather.Survey) -> dict[str, Page]:
    return {page["path"]: page for page in people_pages.pages(survey)}


def test_a_page_for_each_person_and_one_for_all(survey: gather.Survey, pages: dict[str, Page]) -> None:
    assert sorted(pages) == sorted(people_pages.paths(survey))
    assert set(pages) == {
        "people/index.html",
        *(f"people/{one}.html" for one in ("vrubin", "hleavitt", "cpayne", "ajcannon", "prompt-bot")),
    }
    assert json.loads(json.dumps(pages)) == pages


def test_what_a_person_owns_and_operates_now(pages: dict[str, Page]) -> None:
    page = pages["people/hleavitt.html"]
    assert [one["name"] for one in page["owned"]["items"]] == ["flats-check"]
    assert [one["name"] for one in page["operated"]["items"]] == ["dp2-visits"]
    assert [one["name"] for one in page["waiting"]["items"]] == ["dp2-visits", "flats-check"]  # what failed is first
    assert page["waiting"]["items"][0]["asking"][0]["commands"]


def test_many_campaigns_of_a_person_are_folded(tmp_path: Path) -> None:
    put_settings(tmp_path)
    steps = [{"name": "step1"}]
    for number in range(12):
        log = Log(seed=f"f{number:02}")
        log.status("defined", "running")
        log.end(log.submit("step1/all"), "failed" if number == 2 else "succeeded")
        put_campaign(tmp_path, f"2026-09-{number + 1:02}-n{number}-aaaa", definition(f"n{number}", steps=steps), log)
    page = next(page for page in people_pages.pages(survey_of(tmp_path)) if page["path"] == "people/vrubin.html")
    waiting, owned = page["waiting"], page["owned"]
    assert (waiting["items"][0]["name"], len(waiting["items"]), len(waiting["folded"])) == ("n2", 6, 6)
    assert (len(owned["items"]), len(owned["folded"]), owned["count"]) == (8, 4, 12)
    html = render.page(render.environment(), page).decode()
    assert re.findall("<summary>(.*)</summary>", html) == ["6 more", "4 more"]


def test_an_operator_of_a_step_is_told_which(pages: dict[str, Page]) -> None:
    (one,) = pages["people/cpayne.html"]["operated"]["items"]
    assert (one["name"], one["places"]) == ("dp2-visits", "step3")


def test_what_is_over_is_a_number_and_a_view_of_the_list(pages: dict[str, Page]) -> None:
    page = pages["people/vrubin.html"]
    assert page["over_owned"] == 1
    assert page["over_href"] == "list.html#q=owner%3Avrubin%20state%3Acompleted,failed,cancelled&sort=-changed"


def test_the_list_of_people_counts(pages: dict[str, Page]) -> None:
    rows = {one["handle"]: one for one in pages["people/index.html"]["people"]}
    assert list(rows) == ["ajcannon", "cpayne", "hleavitt", "prompt-bot", "vrubin"]
    assert (rows["hleavitt"]["owned"], rows["hleavitt"]["operated"], rows["hleavitt"]["waiting"]) == (1, 1, 2)
    assert rows["hleavitt"]["name"] == "Henrietta Leavitt"
    assert rows["hleavitt"]["href"] == "people/hleavitt.html"


def test_somebody_whom_the_settings_do_not_know_has_a_page_too(tmp_path: Path) -> None:
    put_settings(tmp_path, {**SETTINGS, "roles": {"pilot": ["vrubin"]}})
    log = Log()
    log.add("assigned", person="index", on="step1")
    steps = [{"name": "step1"}]
    put_campaign(tmp_path, "2026-09-01-night-aaaa", definition("night", owner="stranger", steps=steps), log)
    survey = survey_of(tmp_path)
    pages = {page["path"]: page for page in people_pages.pages(survey)}
    assert pages["people/stranger.html"]["person"] == {"handle": "stranger", "name": "stranger"}
    assert pages["people/=index.html"]["person"]["handle"] == "index"
    assert [one["places"] for one in pages["people/=index.html"]["operated"]["items"]] == ["step1"]
    assert pages["people/vrubin.html"]["roles"] == ["pilot"]
    templates = render.environment()
    assert all(render.page(templates, page) for page in pages.values())


def test_without_people_the_page_says_so(tmp_path: Path) -> None:
    put_settings(tmp_path, {"title": "Empty", "productions": {"other": "Other"}})
    (page,) = people_pages.pages(survey_of(tmp_path))
    assert "The settings list no people" in render.page(render.environment(), page).decode()
