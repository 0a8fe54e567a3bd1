"""The page of a campaign: what failed, what it wrote, its sets, the commits of its events, where to change it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from campledger.ledger.ledger import Ledger
from campledger.ledger.settings import Settings
from campledger.operations.site.build import build
from campledger.pages.content import campaign_page
from campledger.pages.content.links import Directory
from campledger.pages.engine import gather
from campledger.pages.engine.git_facts import Commit
from campledger.repository.file_trees import GitTree
from campledger.repository.git_commands import Repository
from tests.pages.conftest import HOSTILE, RESCUES, SETTINGS, Log, commit, definition, put_campaign, put_settings

Page = dict[str, Any]
STARTED = "2026-09-01-started-ab12"


def pages_of(root: Path) -> dict[str, Page]:
    repository = Repository(root)
    head = repository.commit_of("HEAD")
    named = Commit(head, repository.commit_time(head))
    survey = gather.Survey(Ledger(GitTree(repository, head)), named, repository)
    return {one.id: campaign_page.page(one, survey) for one in survey.readable}


@pytest.fixture(scope="module")
def pages(rich: Path) -> dict[str, Page]:
    return pages_of(rich)


def test_failures_by_task(pages: dict[str, Page]) -> None:
    (row,) = pages[RESCUES]["failures"]["rows"]
    assert (row["task"], row["open"], row["all"]) == ("calibrateImage", "40", "257")
    assert [(one["count"], one["state"]) for one in row["where"]] == [
        ("40", "ended"),
        ("214", "rescued"),
        ("3", "rescued"),
    ]


def test_outputs(pages: dict[str, Page]) -> None:
    outputs = pages[RESCUES]["outputs"]
    assert outputs["chains"] == [{"name": "LSSTCam/runs/DRP/DP2/v30_0_1/DM-52000", "steps": []}]
    assert [run["state"] for run in outputs["runs"]] == ["accepted", "rescued", "rescued", "accepted", "ended"]


def test_outputs_of_steps_and_tagged_collections(tmp_path: Path) -> None:
    put_settings(tmp_path)
    log = Log()
    log.status("defined", "running")
    event = log.add(
        "collected", butler="main", registry="6f1c", collection="u/v/good", dataset_types=["raw"], from_=["raw/all"],
        count={"raw": 1200},
    )  # fmt: skip
    steps = [{"name": "a"}, {"name": "b", "data": {"output": "u/v/b"}}, {"name": "c", "data": {"output": "u/v/b"}}]
    put_campaign(tmp_path, STARTED, definition("started", steps=steps), log)
    commit(tmp_path)
    outputs = pages_of(tmp_path)[STARTED]["outputs"]
    assert outputs["chains"] == [
        {"name": "LSSTCam/runs/started", "steps": []},
        {"name": "u/v/b", "steps": ["b", "c"]},
    ]
    assert outputs["tagged"] == [
        {"name": "u/v/good", "butler": "main", "counts": [{"type": "raw", "count": "1,200"}], "event": event}
    ]
    build(tmp_path, tmp_path / "site")
    page = (tmp_path / f"site/campaigns/{STARTED}.html").read_text("utf-8")
    section = page[page.index('id="outputs"') : page.index("</section>", page.index('id="outputs"'))]
    assert re.findall("<dt>[^<]*", section) == ["<dt>Output chains", "<dt>TAGGED collection"]


def test_sets_of_a_campaign(pages: dict[str, Page]) -> None:
    own, shared, derived = pages[RESCUES]["sets"]
    assert (own["purpose"], own["name"], own["href"], own["size"]) == ("include", "dataids/season.csv", "", "123")
    assert [by["label"] for by in own["counts"]] == ["Month", "Band"]
    assert shared["href"] == "../sets/lsstcam/bad-exposures.html"
    assert derived["size"] == "4"


def test_a_set_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    put_settings(tmp_path)
    put_campaign(tmp_path, STARTED, definition("started", data={"exclude": ["gone", "dataids/x.csv"]}))
    (tmp_path / "campaigns/2026/09" / STARTED / "dataids").mkdir()
    (tmp_path / "campaigns/2026/09" / STARTED / "dataids/x.csv").write_text("visit\nseven\n")
    commit(tmp_path)
    gone, broken = pages_of(tmp_path)[STARTED]["sets"]
    assert "unknown DataId set `gone`" in gone["problem"]
    assert "cannot be read" in broken["problem"]


def test_sections_stand_in_two_parts(pages: dict[str, Page]) -> None:
    page = pages[RESCUES]
    assert [section["name"] for section in page["data_sections"]] == ["scope", "data"]
    assert [section["name"] for section in page["run_sections"]] == ["software", "processing", "compute", "plan"]


def test_descriptions_are_markdown(pages: dict[str, Page]) -> None:
    assert pages[RESCUES]["campaign"]["description_html"].startswith("<p>Processes every science visit")
    assert "<img" not in pages[HOSTILE]["campaign"]["description_html"]
    assert pages[RESCUES]["campaign"]["brief"]


def test_a_long_description_does_not_push_the_steps_away(tmp_path: Path) -> None:
    put_settings(tmp_path)
    put_campaign(tmp_path, STARTED, definition("started", description="words " * 500))
    commit(tmp_path)
    assert not pages_of(tmp_path)[STARTED]["campaign"]["brief"]


def test_events_have_the_commit_that_recorded_them(tmp_path: Path) -> None:
    """By the trailer of an act, or by the commit that added the line; moving it elsewhere counts for nothing."""
    put_settings(tmp_path)
    log = Log()
    started = log.status("defined", "running")
    put_campaign(tmp_path, STARTED, definition("started"), log)
    by_hand = commit(tmp_path, "Open a campaign")
    noted = log.add("note", text="x")
    put_campaign(tmp_path, STARTED, definition("started"), log)
    act = commit(tmp_path, f"note on started\n\nCampledger-Campaign: {STARTED}\nCampledger-Event: {noted}\n")
    put_campaign(tmp_path, STARTED, definition("started", title="Anew"), log)
    commit(tmp_path, "Edit it")
    page = pages_of(tmp_path)[STARTED]
    commits = {event["id"]: event["commit"] for day in page["days"] for event in day["events"]}
    assert commits == {started: by_hand[:10], noted: act[:10]}
    assert page["days"][0]["events"][0]["commit_url"] == f"https://git.example.org/ledger/commit/{act}"


def test_where_files_are_seen_and_edited(tmp_path: Path) -> None:
    links = {"file": "https://git.example.org/blob/{commit}/{path}", "edit": "https://git.example.org/edit/main/{path}"}
    put_settings(tmp_path, {**SETTINGS, "links": links})
    put_campaign(tmp_path, STARTED, definition("started"), None, **{"a b_DOT_txt": "x\n"})
    head = commit(tmp_path)
    page = pages_of(tmp_path)[STARTED]
    directory = f"campaigns/2026/09/{STARTED}"
    assert page["edit_url"] == f"https://git.example.org/edit/main/{directory}/campaign.yaml"
    assert page["files"][0]["url"] == f"https://git.example.org/blob/{head}/{directory}/a%20b.txt"


def test_without_templates_there_are_no_such_links(pages: dict[str, Page]) -> None:
    assert pages[RESCUES]["edit_url"] is None
    assert {file["url"] for file in pages[RESCUES]["files"]} == {None}
    assert Directory(Settings({"links": {"file": "https://e.org/{commit}/{path}"}})).file("", "x") is None
    assert Directory(Settings({"links": {"edit": "javascript:{path}"}})).edit("x") is None


def test_groups_of_a_table_stand_in_the_page_as_listed_ones_do(tmp_path: Path) -> None:
    put_settings(tmp_path)
    log = Log()
    log.status("defined", "running")
    log.add("submission", state="submitted", relation="first", groups=["step1/2"], run_id="7")
    groups = {"template": "bps/t.yaml", "table": "bps/t.csv"}
    origin = {"name": "nightly", "parameters": {"day_obs": 20260102, "again": True}}
    put_campaign(
        tmp_path, STARTED, definition("started", template=origin, steps=[{"name": "step1", "groups": groups}]), log
    )
    home = next(tmp_path.glob(f"campaigns/*/*/{STARTED}"))
    (home / "bps").mkdir()
    (home / "bps/t.yaml").write_text('payload: {dataQuery: "visit > LOWVISIT"}\n')
    (home / "bps/t.csv").write_text("GNUM,LOWVISIT\n1,20260101\n2,20260102\n3,20260103\n")
    commit(tmp_path)
    page = pages_of(tmp_path)[STARTED]
    (step,) = page["steps"]
    assert [(cell["name"], cell["state"]) for cell in step["cells"]] == [
        ("1", "waiting"), ("2", "submitted"), ("3", "waiting"),
    ]  # fmt: skip
    assert [row["values"] for section in step["sections"] for row in section["rows"]] == [["bps/t.csv"], ["bps/t.yaml"]]
    assert step["groups"] == [], "the rows stand in the file"
    assert page["campaign"]["origin"] == "nightly: day_obs=20260102 again=true"
    (home / "bps/t.csv").write_text("GNUM,LOWVISIT\n2,20260102\n")
    commit(tmp_path)
    assert pages_of(tmp_path)[STARTED]["campaign"]["total"] == 1
