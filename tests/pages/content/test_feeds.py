"""Feeds parse with a reader that is none of ours, and tell what happened, where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import feedparser
import pytest

from campledger.operations.site.build import build
from tests.pages.conftest import (
    HOSTILE,
    PAYLOAD,
    RESCUES,
    SETTINGS,
    Log,
    commit,
    definition,
    put_campaign,
    put_settings,
)

HOME = "https://example.org/campaigns/"


@pytest.fixture(scope="module")
def site(rich: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("feeds") / "public"
    build(rich, out)
    return out


def parsed(site: Path, path: str) -> Any:
    headers = {"content-location": urljoin(HOME, path), "content-type": "application/atom+xml"}
    feed = feedparser.parse((site / path).read_bytes(), response_headers=headers)
    assert not feed.bozo, feed.bozo_exception
    assert feed.version == "atom10"
    return feed


def every(site: Path) -> Iterator[str]:
    for file in sorted(site.glob("feeds/**/*.xml")):
        yield file.relative_to(site).as_posix()


def test_every_feed_parses(site: Path) -> None:
    paths = list(every(site))
    assert {"feeds/all.xml", f"feeds/campaigns/{RESCUES}.xml", "feeds/people/vrubin.xml"} <= set(paths)
    for path in paths:
        feed = parsed(site, path)
        assert feed.feed.title
        assert feed.feed.id.startswith("urn:uuid:")
        ids = [entry.id for entry in feed.entries]
        assert len(ids) == len(set(ids))
        times = [entry.updated for entry in feed.entries]
        assert times == sorted(times, reverse=True)
        assert all(entry.updated_parsed and entry.author and entry.title for entry in feed.entries)


def test_entries_lead_to_the_events(site: Path) -> None:
    for path in every(site):
        for entry in parsed(site, path).entries:
            page, _, anchor = entry.link.removeprefix(HOME).partition("#")
            assert entry.link.startswith(HOME)
            assert not anchor or f'id="{anchor}"' in (site / page).read_text()


def test_a_campaign_tells_all_of_itself(site: Path) -> None:
    feed = parsed(site, f"feeds/campaigns/{RESCUES}.xml")
    assert feed.feed.title == "Data Preview 2: visits of the first season"
    assert feed.entries[-1].title.endswith(": defined")
    assert feed.entries[-1].author == "Vera Rubin"
    paused = next(entry for entry in feed.entries if entry.title.endswith(": paused"))
    assert paused.author == "Cecilia Payne-Gaposchkin"
    assert paused.summary == "look at the astrometry first"


def test_people_are_told_of_the_campaigns_that_they_own_or_operate(site: Path) -> None:
    pages = {entry.link.partition("#")[0] for entry in parsed(site, "feeds/people/ajcannon.xml").entries}
    assert {page.rpartition("/")[2].removesuffix(".html") for page in pages} == {
        RESCUES, "2026-06-01-dp2-dry-run-cc33"
    }  # fmt: skip


def test_hostile_text_is_text(site: Path) -> None:
    feed = feedparser.parse((site / f"feeds/campaigns/{HOSTILE}.xml").read_bytes(), sanitize_html=False)
    said = [content["value"] for entry in feed.entries for content in entry.get("content", ())]
    assert any(PAYLOAD in one for one in said)
    assert all(content["type"] == "text/plain" for entry in feed.entries for content in entry.get("content", ()))


def test_an_entry_keeps_its_id_wherever_it_stands(site: Path) -> None:
    own = {entry.id for entry in parsed(site, f"feeds/campaigns/{RESCUES}.xml").entries}
    assert own & {entry.id for entry in parsed(site, "feeds/all.xml").entries}


def test_the_latest_of_many(tmp_path: Path) -> None:
    put_settings(tmp_path / "ledger")
    for number in range(8):
        log = Log(seed=f"n{number}")
        for _ in range(40):
            log.add("note", text="again")
        put_campaign(tmp_path / "ledger", f"2026-09-0{number + 1}-many-aa{number}a", definition(f"many-{number}"), log)
    commit(tmp_path / "ledger")
    build(tmp_path / "ledger", tmp_path / "out")
    entries = parsed(tmp_path / "out", "feeds/all.xml").entries
    documents = [json.loads(file.read_text()) for file in (tmp_path / "out").glob("api/v1/campaigns/*.json")]
    times = sorted((event["event"]["time"] for one in documents for event in one["events"]), reverse=True)
    assert [entry.updated for entry in entries] == times[:100]


def test_the_settings_say_where_the_site_is(ledger: Path, tmp_path: Path) -> None:
    put_settings(ledger, {**SETTINGS, "site": {"url": "https://example.org/camp"}})
    build(ledger, tmp_path / "out", worktree=True)
    feed = feedparser.parse((tmp_path / "out/feeds/all.xml").read_bytes())
    assert feed.entries[0].link == "https://example.org/camp/campaigns/2026-09-01-comcam-redo-pq3r.html"
    assert [one.href for one in feed.feed.links if one.rel == "self"] == ["https://example.org/camp/feeds/all.xml"]


def test_a_ledger_without_campaigns(tmp_path: Path) -> None:
    put_settings(tmp_path / "ledger")
    commit(tmp_path / "ledger")
    build(tmp_path / "ledger", tmp_path / "out")
    assert parsed(tmp_path / "out", "feeds/all.xml").entries == []
