"""What pages are made of: plain dicts, complete, without a trace of templates."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from campledger.ledger.ledger import Ledger
from campledger.ledger.settings import Settings
from campledger.model.campaign import Campaign
from campledger.model.history import Event, replay
from campledger.model.progress import Progress
from campledger.model.text_format import spans
from campledger.pages.content import campaign_page, list_page, step_progress, text
from campledger.pages.content.links import Directory, address, filled, link
from campledger.pages.engine import gather
from campledger.pages.engine.git_facts import Commit
from campledger.repository.file_trees import GitTree, WorkTree
from campledger.repository.git_commands import Repository
from tests.pages.conftest import Log

RESCUES = "2026-10-03-dp2-visits-k7mq"
HOSTILE = "2026-11-01-hostile-x9pw"
Page = dict[str, Any]


@pytest.fixture(scope="module")
def survey(rich: Path) -> gather.Survey:
    repository = Repository(rich)
    commit = repository.commit_of("HEAD")
    facts = Commit(commit, repository.commit_time(commit))
    return gather.Survey(Ledger(GitTree(repository, commit)), facts)


@pytest.fixture(scope="module")
def pages(survey: gather.Survey) -> dict[str, Page]:
    return {gather.page_path(one.id): campaign_page.page(one, survey) for one in survey.readable}


@pytest.fixture(scope="module")
def rescues(pages: dict[str, Page]) -> Page:
    return pages[f"campaigns/{RESCUES}.html"]


def step(page: Page, name: str) -> Page:
    found: Page = next(one for one in page["steps"] if one["name"] == name)
    return found


def events(page: Page) -> list[Page]:
    return [event for day in page["days"] for event in day["events"]]


def said(event: Page) -> str:
    return f"{event['by']['name']} {''.join(piece['text'] for piece in event['words'])}"


def test_pages_are_plain_values(survey: gather.Survey, pages: dict[str, Page]) -> None:
    plain = [list_page.list_page(survey), *pages.values()]
    assert json.loads(json.dumps(plain)) == plain


def test_a_page_for_each_readable_campaign(pages: dict[str, Page]) -> None:
    assert all(page["path"] == path for path, page in pages.items())
    assert len(pages) == 8
    assert not any("broken" in path for path in pages)


def test_the_list_names_what_cannot_be_read(survey: gather.Survey) -> None:
    page = list_page.list_page(survey)
    assert [entry["id"] for entry in page["unreadable"]] == ["2026-11-02-broken-zz22"]
    assert page["unreadable"][0]["problems"][0]["rule"] == "yaml-syntax"


def test_rows_of_the_list(survey: gather.Survey) -> None:
    page = list_page.list_page(survey)
    row = next(row for row in page["rows"] if row["id"] == RESCUES)
    assert (row["state"], row["step"], row["awaiting"]) == ("running", "step1", 2)
    assert (row["accepted"], row["total"]) == (40, 65)
    assert row["last"]["text"] == "2026-10-06 20:01 UTC"
    assert [ticket["url"] for ticket in row["tickets"]] == [
        "https://rubinobs.example.org/browse/DM-52000",
        "https://rubinobs.example.org/browse/DRB-17",
        "https://rubinobs.example.org/browse/DM-52001",
    ]


def test_what_now_says_how_to_decide(rescues: Page) -> None:
    failed, held = rescues["now"]["items"][:2]
    assert failed["words"] == "step1/41\N{EN DASH}50: ended, failed, and awaits a decision."
    assert failed["commands"][0] == f"campledger accept {failed['submission']}"
    assert "quota of the scratch disk" in held["words"]
    assert held["commands"][0] == f"campledger outcome {held['submission']} running"


def test_what_now_of_every_state(pages: dict[str, Page]) -> None:
    by_name = {page["campaign"]["name"]: [one["commands"] for one in page["now"]["items"]] for page in pages.values()}
    assert by_name["comcam-redo"] == [["campledger start 2026-09-01-comcam-redo-pq3r"]]
    assert by_name["flats-check"] == [["campledger resume 2026-10-10-flats-check-mm77"]]
    assert by_name["test-med-1"] == by_name["refcat-trial"] == by_name["dp2-dry-run"] == []


def test_what_now_shows_a_few_failures_first_and_folds_the_rest() -> None:
    names = [f"g{number}" for number in range(12)]
    steps_of = [{"name": "a", "groups": [{"name": name} for name in names]}]
    campaign = Campaign("2026-11-22-x-aaaa", {"name": "x", "steps": steps_of})
    log = Log()
    log.status("defined", "running")
    for name in names:
        log.end(log.submit(f"a/{name}"), "failed" if name == "g9" else "succeeded")
    now = step_progress.what_now(Progress(campaign, replay(campaign, [Event(event) for event in log.events])))
    assert now["items"][0]["words"] == "a/g9: ended, failed, and awaits a decision."
    assert [one["words"][:5] for one in now["items"][1:]] == ["a/g0:", "a/g1:", "a/g2:", "a/g3:"]
    assert (len(now["folded"]), now["words"]) == (7, "7 to decide")


def test_groups_have_the_state_of_the_submission_that_decides(rescues: Page) -> None:
    cells = {cell["name"]: cell for cell in step(rescues, "step1")["cells"]}
    assert len(cells) == 50
    assert cells["1"]["state"] == cells["15"]["state"] == "accepted"
    assert cells["15"]["href"] != cells["1"]["href"]
    assert cells["41"]["label"] == "41: failed, awaits a decision"
    assert {cell["label"] for cell in step(rescues, "step3")["cells"]} >= {"t3826, Tract 3826: waiting"}


def test_states_of_steps(rescues: Page, pages: dict[str, Page]) -> None:
    words = {one["name"]: one["state"]["word"] for one in rescues["steps"]}
    assert step(rescues, "step1")["state"] == {"class": "ended-failed", "word": "10 failed, to decide"}
    over = next(page for page in pages.values() if page["campaign"]["name"] == "refcat-trial")
    assert step(over, "step1")["state"] == {"class": "rejected", "word": "1 failed"}
    node = over["graph"]["nodes"][0]
    assert (node["state"], node["word"]) == ("rejected", "1 failed")
    assert words["step2a"] == "held"
    assert words["step8"] == "waits for step5, step6"


def test_a_rescue_of_two(rescues: Page) -> None:
    one = next(one for one in step(rescues, "step1")["submissions"] if one["relation"] == "rescue")
    assert len(one["parents"]) == 2
    assert one["groups"] == "step1/11\N{EN DASH}30"
    assert one["run_url"] == "https://panda.example.org/request/71990"
    assert {entry["name"] for entry in one["deviations"]} == {"memory", "other"}
    parents = [other for other in step(rescues, "step1")["submissions"] if other["id"] in one["parents"]]
    assert [parent["state"] for parent in parents] == ["rescued", "rescued"]


def test_the_timeline_is_in_words(rescues: Page) -> None:
    lines = [said(event) for event in events(rescues)]
    assert lines[0] == "Cecilia Payne-Gaposchkin resumed the campaign"
    assert lines[-1] == "Vera Rubin assigned Cecilia Payne-Gaposchkin on step3"
    assert any("a rescue run of" in line for line in lines)
    assert len(lines) == rescues["event_count"]


def test_void_events_say_why(rescues: Page) -> None:
    void = {said(event): event for event in events(rescues) if event["void"]}
    retracted = void["Annie Jump Cannon cancelled the campaign"]
    assert retracted["void"] == "taken back"
    assert retracted["because"] in [event["id"] for event in events(rescues)]
    assert [event["void"] for event in void.values() if event["because"] is None] == [
        "has no effect: `rejected` needs a reason"
    ]


def test_when_it_happened_is_told_from_when_it_was_recorded(rescues: Page) -> None:
    told = [(event["time"]["text"], event["recorded"]["text"]) for event in events(rescues) if event["recorded"]]
    assert told == [("2026-10-09 03:00 UTC", "2026-10-06 18:31 UTC")]


def test_the_timeline_goes_by_days_on_which_things_happened(pages: dict[str, Page]) -> None:
    for page in pages.values():
        days = [(day["day"], event["time"]["text"][:10]) for day in page["days"] for event in day["events"]]
        assert all(day == happened for day, happened in days)
        assert all(one != other for one, other in pairwise(day["day"] for day in page["days"]))


def test_links_inside_a_page_lead_somewhere(pages: dict[str, Page]) -> None:
    for page in pages.values():
        submissions = {f"#s-{one['id']}" for entry in page["steps"] for one in entry["submissions"]}
        anchors = submissions | {f"#e-{event['id']}" for event in events(page)}
        used = {piece["href"] for event in events(page) for piece in event["words"] if not piece["external"]}
        used |= {cell["href"] for entry in page["steps"] for cell in entry["cells"]}
        assert used - {""} <= anchors


def test_parent_and_reruns(pages: dict[str, Page]) -> None:
    rerun = pages["campaigns/2026-10-20-nightly-20261019-ab23.html"]
    assert rerun["parent"]["href"] == "2026-08-01-test-med-1-dd44.html"
    assert rerun["parent"]["revision"] == "main"
    parent = pages["campaigns/2026-08-01-test-med-1-dd44.html"]
    assert [child["id"] for child in parent["children"]] == ["2026-10-20-nightly-20261019-ab23"]


def test_files(rescues: Page, pages: dict[str, Page]) -> None:
    files = {file["name"]: file for file in rescues["files"]}
    assert files["bps/step1.yaml"]["text"].startswith("pipelineYaml:")
    assert files["big.csv"]["text"] is None
    assert files["big.csv"]["note"] == "not shown here: more than 100,000 bytes"
    hostile = {file["name"]: file for file in pages[f"campaigns/{HOSTILE}.html"]["files"]}
    assert hostile["binary.dat"]["note"] == "not shown here: not UTF-8 text"
    assert hostile["shortcut"]["note"] == "a symbolic link to campaign.yaml"
    assert hostile["shortcut"]["text"] is None


def test_only_web_addresses_become_links(pages: dict[str, Page]) -> None:
    page = pages[f"campaigns/{HOSTILE}.html"]
    assert page["links"][0]["url"] is None
    pieces = [piece for event in events(page) for piece in event["words"] if piece["external"]]
    addresses = [one["url"] for one in page["links"]] + [piece["href"] for piece in pieces]
    assert {address for address in addresses if address} == {"https://example.org/%22onmouseover=%22window.pwned=4"}
    assert "secret" not in json.dumps(page)


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://example.org/a?b=c", True),
        ("HTTP://example.org", True),
        ("javascript:alert(1)", False),
        ("java\tscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https://u:p@example.org/", False),
        ("https:///nohost", False),
    ],
)
def test_addresses(url: str, linked: bool) -> None:
    assert (address(url) == url) is linked


def test_link_templates_quote_what_they_are_given() -> None:
    assert filled("https://e.org/{run_id}/x", run_id='../"?#&') == "https://e.org/..%2F%22%3F%23%26/x"
    assert filled("javascript:{key}", key="DM-1") is None
    assert filled(None, key="DM-1") is None
    assert Directory(Settings({})).tickets([{"key": "DM-1"}])[0]["url"] is None


def test_a_password_is_not_shown() -> None:
    assert link({"type": "other", "url": "https://u:p@e.org/"}) == {
        "type": "other",
        "text": "https://...@e.org/",
        "written": "https://...@e.org/",
        "url": None,
    }


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["1", "2", "3", "7"], "1\N{EN DASH}3, 7"),
        (["1"], "1"),
        (["01", "2"], "01, 2"),
        (["a", "b"], "a, b"),
        (list("abcdefgh"), "a, b, c, d, e, f and 2 more"),
        ([], ""),
    ],
)
def test_spans(names: list[str], short: str) -> None:
    assert spans(names) == short


def test_paragraphs_keep_their_lines() -> None:
    assert text.paragraphs("\na\nb\n\n \n  c\n") == ["a\nb", "c"]


def test_a_work_tree_without_commits(tmp_path: Path) -> None:
    (tmp_path / "campledger.yaml").write_text("title: New\nproductions: {alert: Alert Production}\n")
    survey = gather.Survey(Ledger(WorkTree(tmp_path)), None)
    assert list_page.list_page(survey)["commit"] is None
    assert survey.readable == []


def test_settings_that_cannot_be_read_are_a_problem_of_the_list(tmp_path: Path) -> None:
    (tmp_path / "campledger.yaml").write_text("title: [\n")
    page = list_page.list_page(gather.Survey(Ledger(WorkTree(tmp_path)), None))
    assert page["problems"][0]["rule"] == "yaml-syntax"
    assert page["page_title"] == "Campaigns \N{MIDDLE DOT} Campaigns"


@pytest.mark.parametrize(("count", "offered"), [(2, True), (7, False)])
def test_a_failed_run_of_few_groups_is_offered_a_rescue(count: int, offered: bool) -> None:
    names = [f"g{number}" for number in range(count)]
    steps_of = [{"name": "a", "groups": [{"name": name} for name in names]}]
    campaign = Campaign("2026-11-22-x-aaaa", {"name": "x", "steps": steps_of})
    covered = [f"a/{name}" for name in names]
    run: dict[str, Any] = {"type": "submission", "state": "submitted", "relation": "first", "groups": covered}
    events: list[dict[str, Any]] = [
        {"id": "s" * 12, "type": "status", "from": "defined", "to": "running"},
        {"id": "r" * 12, **run},
        {"id": "e" * 12, "type": "outcome", "submission": "r" * 12, "state": "ended", "result": "failed"},
    ]
    timed = [{"time": f"2026-11-22T08:00:0{n}.000000Z", "by": "x", **event} for n, event in enumerate(events)]
    history = replay(campaign, [Event(event) for event in timed])
    failed = step_progress.what_now(Progress(campaign, history))["items"][0]
    rescue = f"campledger record {campaign.id} a/g0 a/g1 --parent {'r' * 12} --run-id RESCUE"
    assert (rescue in failed["commands"]) is offered
