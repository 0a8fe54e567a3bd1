"""The front page: what needs a person first, numbers after it, what is over folded away."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campledger.ledger.ledger import Ledger
from campledger.pages.content import addresses, campaign_summaries, front_page, people_pages
from campledger.pages.content.campaign_summaries import briefs
from campledger.pages.drawing import night_calendar, throughput
from campledger.pages.engine import gather, render
from campledger.pages.engine.git_facts import Commit
from campledger.repository.file_trees import GitTree, WorkTree
from campledger.repository.git_commands import Repository
from tests.pages.conftest import PAYLOAD, SETTINGS, Log, definition, put_campaign, put_settings

Page = dict[str, Any]


def survey_of(root: Path) -> gather.Survey:
    repository = Repository(root)
    if not repository.exists():
        return gather.Survey(Ledger(WorkTree(root)), None)
    commit = repository.commit_of("HEAD")
    return gather.Survey(Ledger(GitTree(repository, commit)), Commit(commit, repository.commit_time(commit)))


@pytest.fixture(scope="module")
def page(rich: Path) -> Page:
    return front_page.front_page(survey_of(rich))


def names(section: Page) -> list[str]:
    return [one["name"] for one in [*section["items"], *section["folded"]]]


def test_the_page_is_plain_values(page: Page) -> None:
    assert json.loads(json.dumps(page)) == page
    assert (page["path"], page["root"]) == ("index.html", "")


def test_the_ledger_is_described_in_markdown(tmp_path: Path) -> None:
    put_settings(tmp_path, {**SETTINGS, "description": f"Ask *them*. {PAYLOAD}"})
    html = front_page.front_page(survey_of(tmp_path))["description_html"]
    assert "Ask <em>them</em>." in html
    assert "<img" not in html


def test_what_needs_a_person_comes_in_the_order_of_need_with_its_commands(page: Page) -> None:
    assert names(page["waiting"]) == ["dp2-visits", "hostile", "flats-check", "nightly-20261019"]
    dp2, _, flats, night = page["waiting"]["items"]
    assert [entry["need"] for entry in dp2["asking"]] == ["failed", "held"]
    assert dp2["asking"][0]["commands"][0] == "campledger accept k7mqxxx22229"
    assert dp2["asking"][0]["since"]["text"] == "2026-10-05 10:01 UTC"
    assert flats["asking"][0]["commands"] == ["campledger resume 2026-10-10-flats-check-mm77"]
    assert night["people"] == "prompt-bot"


def test_whose_a_campaign_is(page: Page) -> None:
    dp2 = page["waiting"]["items"][0]
    assert dp2["people"].split() == ["ajcannon", "cpayne", "hleavitt", "vrubin"]
    assert {one["handle"] for one in page["people"]} == {"vrubin", "hleavitt", "cpayne", "ajcannon", "prompt-bot"}
    assert all(one["people"] and not one["final"] for one in page["mine"])


def test_of_each_person_the_page_holds_a_few(tmp_path: Path) -> None:
    put_settings(tmp_path)
    for number in range(front_page.MINE + 3):
        put_campaign(
            tmp_path, f"2026-09-{number + 1:02}-c{number}-aaaa", definition(f"c{number}", operators=["cpayne"])
        )
    survey = survey_of(tmp_path)
    mine = front_page.front_page(survey)["mine"]
    assert len(mine) == front_page.MINE
    assert len(briefs(survey)) == front_page.MINE + 3


def test_silence_goes_by_the_time_that_the_ledger_speaks_of(tmp_path: Path, page: Page) -> None:
    assert names(page["silent"]) == ["dp2-visits", "nightly-20261019"]  # the commit is of November 20
    put_settings(tmp_path)
    early, late = Log(datetime(2026, 10, 1, tzinfo=UTC), "a"), Log(datetime(2026, 10, 7, tzinfo=UTC), "b")
    for log in (early, late):
        log.status("defined", "running")
    put_campaign(tmp_path, "2026-10-01-early-aaaa", definition("early"), early)
    put_campaign(tmp_path, "2026-10-07-late-bbbb", definition("late"), late)
    found = front_page.front_page(survey_of(tmp_path))
    assert (names(found["silent"]), names(found["running"])) == ([], ["late", "early"])
    later = Log(datetime(2026, 10, 9, tzinfo=UTC), "c")
    later.status("defined", "running")
    put_campaign(tmp_path, "2026-10-09-later-cccc", definition("later"), later)
    found = front_page.front_page(survey_of(tmp_path))
    assert (names(found["silent"]), names(found["running"])) == (["early"], ["later", "late"])
    assert found["running"]["items"][0]["idle"]


def test_a_year_of_nights_buries_no_release(tmp_path: Path) -> None:
    put_settings(tmp_path)
    release = Log(datetime(2026, 1, 1, tzinfo=UTC), "r")
    release.status("defined", "running")
    put_campaign(tmp_path, "2026-01-01-release-aaaa", definition("release", steps=[{"name": "step1"}]), release)
    first = date(2026, 1, 2)
    for number in range(365):
        day = first + timedelta(days=number)
        log = Log(
            datetime(day.year, day.month, day.day, tzinfo=UTC), f"n{number:03}".translate(str.maketrans("01", "xy"))
        )
        log.status("defined", "running")
        end = log.submit("step1/all")
        log.end(end, "failed" if number % 50 == 0 else "succeeded", 1)
        if number % 50:
            log.accept(end)
            log.status("running", "completed")
        night = int(f"{day:%Y%m%d}")
        scope = {"instrument": "LSSTCam", "day_obs": {"from": night, "to": night}}
        changes = {"kind": "nightly", "scope": scope, "steps": [{"name": "step1"}]}
        put_campaign(tmp_path, f"{day}-night-{number}-bbbb", definition(f"night-{number}", **changes), log)
    page = front_page.front_page(survey_of(tmp_path))
    assert page["silent"]["items"][0]["name"] == "release"
    assert page["waiting"]["count"] == 8
    assert (page["final"]["count"], len(page["final"]["kinds"])) == (357, 1)
    kind = page["final"]["kinds"][0]
    assert (kind["count"], len(kind["latest"])) == ("357", front_page.RECENT)
    assert kind["href"] == "list.html#q=kind%3Anightly%20state%3Acompleted,failed,cancelled&sort=-changed"
    assert sum(len(year["cells"]) for year in page["calendars"]) == 365
    assert len(render.page(render.environment(), page)) < 200_000


def test_sections_are_bounded_and_say_how_many_are_left_out() -> None:
    one = briefs_of_nothing()
    found = front_page._folded([one] * (front_page.MOST + 7), "list.html")
    assert (len(found["items"]), len(found["folded"]), found["left_out"]) == (
        campaign_summaries.LINES,
        front_page.MOST - campaign_summaries.LINES,
        7,
    )


def briefs_of_nothing() -> Page:
    return {
        "id": "x", "href": "x", "name": "x", "title": "", "state": "defined", "final": False, "asking": [], "last": "",
        "going": 0, "night": 0,
    }  # fmt: skip


def test_counts_lead_into_the_list(page: Page) -> None:
    assert [(one["state"], one["count"]) for one in page["counts"]] == [
        ("defined", "1"), ("running", "2"), ("paused", "2"), ("completed", "1"), ("failed", "1"), ("cancelled", "1"),
    ]  # fmt: skip
    assert page["counts"][1]["href"] == "list.html#q=state%3Arunning"


def test_throughput_counts_what_was_accepted_in_each_month(page: Page) -> None:
    rows = {row["month"]: row["values"] for row in page["throughput"]["rows"]}
    assert len(rows) == throughput.MONTHS
    assert next(iter(rows)) == "2026-11"
    # 20 groups of the firsts, 20 of the rescue, whose parents do not count, and one of flats-check.
    assert rows["2026-10"] == ["41", "49,920", "0"]
    assert rows["2026-08"] == ["4", "37,440", "1"]
    assert rows["2026-07"][2] == "1"
    chart = page["throughput"]["charts"][0]
    assert "2026-10 41" in chart["label"]
    tallest = max(chart["bars"], key=lambda bar: bar["height"])
    assert (tallest["count"], tallest["y"] + tallest["height"]) == ("41", chart["base"])


def test_without_throughput_there_is_no_chart() -> None:
    assert throughput.charts([], datetime(2026, 1, 5, tzinfo=UTC)) is None
    assert throughput._months(datetime(2026, 1, 5, tzinfo=UTC))[0] == "2025-02"


@pytest.mark.parametrize(
    ("count", "short"), [(7, "7"), (950, "950"), (1_000, "1k"), (2_550, "2.5k"), (12_400, "12k"), (3_000_000, "3M")]
)
def test_counts_are_short_above_bars(count: int, short: str) -> None:
    assert throughput._short(count) == short


def night(number: int, state: str, name: str = "night", **more: Any) -> Page:
    return {"night": number, "state": state, "name": name, "href": f"campaigns/{name}.html", "asking": [], **more}


def test_a_night_has_the_state_that_needs_most() -> None:
    asks = night(20260102, "running", "b", asking=[{"need": "failed"}])
    nights = [
        night(20260101, "completed", "a"),
        asks,
        night(20260102, "completed", "c"),
        night(20251231, "failed", "d"),
    ]
    this, last = night_calendar.years([*nights, night(0, "running"), night(20260231, "running")])
    assert (this["year"], last["year"]) == (2026, 2025)
    assert this["words"] == "2 nights: 1 awaits a decision, 1 completed"
    single, several = this["cells"]
    assert (single["href"], single["label"]) == ("campaigns/a.html", "2026-01-01: a, completed")
    assert several["href"] == "list.html#q=day_obs%3A20260102"
    assert several["label"] == "2026-01-02: 2 campaigns, 1 awaits a decision, 1 completed"
    assert len(this["cells"]) + this["empty"].count("M") == 365
    # January 1, 2026 is a Thursday: the fourth row of the first column.
    assert (single["x"], single["y"]) == (night_calendar._LEFT, night_calendar._TOP + 3 * night_calendar._PITCH)


def test_no_two_nights_share_a_place() -> None:
    year = night_calendar.years([night(20240229, "completed")])[0]
    empty = [(int(x), int(y)) for x, y in re.findall(r"M([0-9]+) ([0-9]+)h", year["empty"])]
    places = [*((cell["x"], cell["y"]) for cell in year["cells"]), *empty]
    assert len(set(places)) == len(places) == 366
    assert max(x for x, _ in places) + year["cell"] <= year["width"]


def test_trouble_is_told_in_words(page: Page) -> None:
    assert page["trouble"]["campaigns"] == "1 campaign cannot be read, 2 campaigns have problems"


def test_an_empty_ledger_has_a_front_page(tmp_path: Path) -> None:
    put_settings(tmp_path, {"title": "Empty", "productions": {"other": "Other"}})
    page = front_page.front_page(survey_of(tmp_path))
    html = render.page(render.environment(), page).decode()
    assert "Nothing needs a decision" in html
    assert 'id="me"' not in html


def test_nothing_that_others_wrote_is_markup(page: Page) -> None:
    html = render.page(render.environment(), page).decode()
    assert PAYLOAD not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html


def test_addresses_quote_what_they_hold() -> None:
    assert addresses.in_list('a "b" #&=%', columns=["state", "name"], sort="-changed", group="owner") == (
        "list.html#q=a%20%22b%22%20%23%26%3D%25&columns=state,name&sort=-changed&group=owner"
    )
    assert addresses.person_path("vrubin") == "people/vrubin.html"
    assert addresses.person_path("Index") == "people/=Index.html"


def test_what_the_navigation_has_is_what_is_there() -> None:
    assert gather.navigation({"index.html", "list.html", people_pages.INDEX, "campaigns/x.html"}) == [
        {"title": "Front", "path": "index.html"},
        {"title": "Campaigns", "path": "list.html"},
        {"title": "People", "path": "people/index.html"},
    ]
