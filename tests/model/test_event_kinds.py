"""Events in words."""

from __future__ import annotations

from typing import Any

import pytest

from campledger.model.event_kinds import describe, remark
from campledger.model.history import Event
from campledger.model.states import CAMPAIGN_TABLE
from campledger.model.text_format import count_words

STAMPS = {"id": "a" * 12, "time": "2026-11-22T08:00:00.000000Z", "by": "v"}


def words(kind: str, **own: Any) -> str:
    return describe(Event({**STAMPS, "type": kind, **own}))


@pytest.mark.parametrize(
    ("kind", "own", "text"),
    [
        ("status", {"from": "defined", "to": "running"}, "started"),
        ("status", {"from": "completed", "to": "paused"}, "reopened"),
        ("status", {"from": "defined", "to": "completed"}, "from defined to completed"),
        ("submission", {"state": "planned", "relation": "first", "groups": ["s/1"]}, "planned a first run over s/1"),
        (
            "submission",
            {"state": "submitted", "relation": "rescue", "parents": ["b", "c"], "groups": ["s/1"], "run_id": "7"},
            "submitted a rescue run of b, c over s/1, run 7",
        ),
        ("decision", {"submission": "b", "decision": "accepted"}, "accepted submission b"),
        ("note", {"text": "x"}, "note"),
        ("note", {"text": "x", "on": "s/1"}, "note on s/1"),
        ("link", {"link": {"type": "qa", "url": "u"}}, "linked qa"),
        ("link", {"link": {"type": "qa", "url": "u", "title": "Plots"}, "on": "s"}, "linked Plots on s"),
        ("assigned", {"person": "v"}, "assigned v"),
        ("unassigned", {"person": "v", "on": "s"}, "unassigned v on s"),
        ("retracted", {"event": "b"}, "retracted event b"),
        ("reconciled", {"dropped": ["b", "c"], "state": "paused"}, "resolved a fork as paused, dropping b, c"),
        (
            "uploaded",
            {"set": "bad", "count": 1200, "butler": "main", "name": "bad", "revision": 2},
            "uploaded bad (1,200 data IDs) to main as bad, revision 2",
        ),
        (
            "collected",
            {"collection": "u/v/good", "butler": "main", "count": {"raw": 1, "calexp": 1000}},
            "collected 1 raw, 1,000 calexp in u/v/good of main",
        ),
        ("collected", {"collection": "c", "butler": "main", "count": {}}, "collected no datasets in c of main"),
        ("executed", {"on": "s/1", "command": ["pipetask", "run"], "status": 0}, "ran pipetask on s/1"),
        (
            "executed",
            {"on": "s", "command": ["pipetask"], "status": 2},
            "ran pipetask on s, which ended with status 2",
        ),
        ("outcome", {"submission": "b", "state": "running"}, "submission b running"),
        ("outcome", {"submission": "b", "state": "ended", "result": "partial"}, "submission b succeeded in part"),
        ("outcome", {"submission": "b", "state": "ended", "result": "nothing"}, "submission b had nothing to do"),
        (
            "outcome",
            {"submission": "b", "state": "ended", "result": "failed", "phase": "graph", "datasets": {"visible": 3}},
            "submission b failed when its graph was made, datasets: 3 visible",
        ),
        ("approved", {"definition": "d"}, "approved the campaign as defined then"),
        (
            "approved",
            {"definition": "d", "scope": ["s", "t"], "until": "2026-12-31", "condition": "the disk is larger"},
            "approved s, t as defined then until 2026-12-31, on condition that the disk is larger",
        ),
        ("ticked", {"item": "disk"}, "ticked off disk"),
        ("unticked", {"item": "disk"}, "took back the tick of disk"),
        ("night", {"day_obs": 20261122, "counts": {"failed": 41}}, "night 20261122: 41 failed"),
        (
            "night",
            {"day_obs": 20261122, "counts": {"ok": 1}, "pipeline": "ApPipe", "deployment": "4f3a"},
            "night 20261122 of ApPipe, 4f3a: 1 ok",
        ),
        ("note", {"text": "x", "on_behalf_of": "A. B."}, "note, on behalf of A. B."),
        (
            "decision",
            {"submission": "b", "decision": "accepted", "rule": {"name": "accept-clean"}},
            "accepted submission b, by the rule accept-clean",
        ),
        ("outcome", {"submission": "b", "state": "ended", "result": "failed"}, "submission b failed"),
    ],
)
def test_an_event_is_told_in_words(kind: str, own: dict[str, Any], text: str) -> None:
    assert words(kind, **own) == text


def test_counts_follow_an_outcome() -> None:
    text = words("outcome", submission="b", state="ended", jobs={"succeeded": 1200, "failed": 3}, quanta={"failed": 30})
    assert text.startswith("submission b ended")
    for word in ("1,200 succeeded", "3 failed", "30 failed", "jobs", "quanta"):
        assert word in text
    assert "1,200 succeeded, 3 failed" in count_words({"succeeded": 1200, "failed": 3}, "jobs")


def test_every_change_of_state_has_a_word_of_its_own() -> None:
    told = {
        (row.source, row.target): words("status", **{"from": row.source, "to": row.target}) for row in CAMPAIGN_TABLE
    }
    assert not [text for text in told.values() if text.startswith("from ")]
    assert {row.act for row in CAMPAIGN_TABLE} == {"start", "pause", "resume", "complete", "fail", "cancel", "reopen"}


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ({"type": "note", "text": "x"}, "x"),
        ({"type": "status", "reason": "why"}, "why"),
        ({"type": "link", "link": {"url": "https://example.org"}}, "https://example.org"),
        ({"type": "status"}, ""),
    ],
)
def test_a_remark_is_the_reason_the_text_or_the_address(own: dict[str, Any], text: str) -> None:
    assert remark(Event({**STAMPS, **own})) == text
