"""The language that filters campaigns."""

from __future__ import annotations

import json
import time
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.model.campaign import Campaign
from campledger.model.history import Event, replay
from campledger.model.query import ATTRIBUTES, CHOICES, Facts, QueryError, facts_of, matches, parse

DEFINITION: dict[str, Any] = {
    "name": "alpha",
    "title": "Full depth",
    "production": "data-release",
    "kind": "rehearsal",
    "description": "Why it is run",
    "owner": "Vera",
    "tags": ["DP02"],
    "tickets": [{"key": "DM-1"}],
    "derived_from": "2026-11-21-old-aaaa@main",
    "scope": {
        "instrument": "LSSTCam",
        "tracts": [3828, 40],
        "bands": ["g"],
        "detectors": [3.0],
        "day_obs": {"from": 20260110, "to": 20260120},
    },
    "plan": {"deadline": "2026-12-31"},
    "steps": [
        {"name": "step1", "scope": {"bands": ["y"], "tracts": [5]}, "tickets": [{"key": "DM-2"}]},
        {"name": "step2", "operators": ["annie"], "groups": [{"name": "1", "compute": {"site": "FrDF"}}]},
    ],
}
EVENTS: list[dict[str, Any]] = [
    {"type": "status", "from": "defined", "to": "running", "at": "2026-11-20T08:00:00Z"},
    {"type": "submission", "state": "submitted", "relation": "first", "groups": ["step1/all"], "run_id": "4711"},
    {"type": "note", "text": "The Disk is full"},
]


def facts(definition: dict[str, Any] = DEFINITION, events: list[dict[str, Any]] = EVENTS) -> Facts:
    campaign = Campaign("2026-11-22-alpha-aaaa", definition)
    stamped = [
        Event({"id": f"{n:012d}", "time": f"2026-11-22T08:{n:02d}:00.000000Z", "by": "v", **one})
        for n, one in enumerate(events)
    ]
    return facts_of(campaign, replay(campaign, stamped))


FACTS = facts()


def found(expression: str, known: Facts = FACTS) -> bool:
    return matches(parse(expression, me="Vera"), known)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "   ",
        "alpha",
        "ALPHA",
        "id:2026-11-22-alpha-aaaa",
        "name:alpha",
        "state:running",
        "STATE:Running",
        "state=running",
        "state:paused,running",
        "production:data-release",
        "kind:rehearsal",
        "owner:vera",
        "owner:me",
        "operator:annie",
        "ticket:DM-1",
        "ticket:dm-2",
        "tag:dp02",
        "instrument:lsstcam",
        "tract:3828",
        "tract:5",
        "tract:1,40",
        "tract>3000",
        "tract<=5",
        "detector:3",
        "detector>2",
        "band:g",
        "band:y",
        "day_obs:20260110",
        "day_obs:20260115,20270101",
        "day_obs>=20260120",
        "day_obs>20260119",
        "day_obs<=20260110",
        "day_obs<20260111",
        "day_obs>=20260101",
        "site:frdf",
        "step:step1",
        "parent:2026-11-21-old-aaaa",
        "run_id:4711",
        "started:2026-11-20",
        "started>=2026-11",
        "deadline<2027",
        "changed:2026-11-22",
        "text:depth",
        '"full depth"',
        '"Why it"',
        "disk",
        "-kind:nightly",
        "-zebra",
        "-tract:7",
        "state:running tract:3828 -band:z full",
        'text:"full depth"',
        "-day_obs:20260121",
        "dp02",
    ],
)
def test_the_campaign_is_found(expression: str) -> None:
    assert found(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "zebra",
        "state:paused",
        "-state:running",
        "tract:382",
        "tract>3828",
        "tract<5",
        "detector>3",
        "day_obs:20260109",
        "day_obs:20260121",
        "day_obs>20260120",
        "day_obs<20260110",
        "-alpha",
        "owner:annie",
        "skymap:x",
        "skymap>a",
        "state:running zebra",
        '"depth full"',
        "-day_obs:20260115",
        "-owner:me",
        "ticket:DM",
    ],
)
def test_the_campaign_is_not_found(expression: str) -> None:
    assert not found(expression)


@pytest.mark.parametrize(
    ("days", "inside", "outside"),
    [
        (
            {"from": 20260110},
            ["day_obs:20260110", "day_obs:20990101", "day_obs>20300101", "day_obs<=20260110"],
            ["day_obs:20260109", "day_obs<20260110"],
        ),
        (
            {"to": 20260110},
            ["day_obs:20260110", "day_obs:20010101", "day_obs<20000101", "day_obs>=20260110"],
            ["day_obs:20260111", "day_obs>20260110"],
        ),
        ({}, ["-day_obs:20260110"], ["day_obs:20260110", "day_obs>1"]),
        ({"from": 20260110, "to": 20260110}, ["day_obs:20260110"], ["day_obs:20260111", "day_obs:20260109"]),
    ],
)
def test_a_range_of_days_may_be_open(days: dict[str, int], inside: list[str], outside: list[str]) -> None:
    known = facts({**DEFINITION, "steps": [], "scope": {"day_obs": days}}, EVENTS[:1])
    assert [expression for expression in inside if not found(expression, known)] == []
    assert [expression for expression in outside if found(expression, known)] == []


def test_a_campaign_without_days_is_found_by_none() -> None:
    known = facts({**DEFINITION, "steps": [], "scope": {}}, [])
    assert not found("day_obs>=0", known)
    assert found("-day_obs>=0", known)


def test_a_step_widens_the_range_of_days() -> None:
    steps = [
        {"name": "a", "scope": {"day_obs": {"from": 20260101}}},
        {"name": "b", "scope": {"day_obs": {"to": 20260131}}},
    ]
    known = facts({**DEFINITION, "steps": steps}, [])
    assert known["day_obs"] == (20260101, 20260131)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("sate:running", "did you mean `state`"),
        ("zzz:1", "expected one of id, name"),
        ('"open', "quotation mark"),
        ("tract:one", "expected a number"),
        ("tract:1,", "expected a number"),
        ("tract:²", "expected a number"),
        ("tract>" + "9" * 5000, "expected a number"),
        ("day_obs:2026-01-01", "expected a number"),
        ("state:", "write `state:VALUE`"),
        ("day_obs>=", "write `day_obs:VALUE`"),
        ("-state:", "write `state:VALUE`"),
        ("state==running", "write `state:running`"),
        ("state!=running", "write `-state:running`"),
        ("https://example.org", "unknown attribute `https`"),
        ("state:runing", "unknown state `runing`: did you mean `running`"),
        ("state:run", "unknown state `run`"),
        ("-state:paused,stopped", "unknown state `stopped`"),
        ("state:zzz", "expected one of defined, running"),
        ("kind:nigthly", "did you mean `nightly`"),
        ("alpha OR beta", "`OR` is not a word of the query language: to match any of several values"),
        ("state:running | state:paused", "write `state:running,paused`"),
        ("alpha AND beta", "leave it out"),
        ("NOT alpha", "write `-` right before the word"),
        ("alpha or beta", "`or` is not a word of the query language: to match any of several values"),
        ("not alpha", "write `-` right before the word"),
        ("visit:42", "unknown attribute `visit`: expected one of id"),
    ],
)
def test_an_expression_that_makes_no_sense_is_refused_with_advice(expression: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        parse(expression)


def test_a_word_of_other_languages_can_be_looked_for_in_quotes() -> None:
    assert found('alpha "or" the -OR-else') is False
    assert found('-"OR"')
    assert parse('"OR"')[0].values == ("or",)


def test_commas_in_quotes_are_part_of_a_value() -> None:
    assert parse('tag:"a, B",c')[0].values == ("a, b", "c")
    assert parse('tag:x"a,b"')[0].values == ("xa,b",)
    assert parse('owner:"a,me",me', me="Vera")[0].values == ("a,me", "vera")


def test_the_kinds_are_those_of_the_schema() -> None:
    schema = json.loads(files("campledger").joinpath("schemas/campaign.schema.json").read_text("utf-8"))
    assert list(CHOICES["kind"]) == schema["properties"]["kind"]["enum"]


def test_nobody_is_me_without_a_handle() -> None:
    with pytest.raises(QueryError, match="who is `me`"):
        parse("owner:me")
    assert parse("owner:me,annie", me="Vera")[0].values == ("vera", "annie")


TOKENS = st.sampled_from(
    [*ATTRIBUTES, ":", "=", ">", ">=", "<", "!=", "-", '"', ",", " ", "me", "1", "20260115", "a", "²", "\n", "\x00"]
)


@given(st.one_of(st.text(max_size=60), st.lists(TOKENS, max_size=10).map("".join)))
def test_any_expression_is_read_or_refused_and_then_holds_or_not(expression: str) -> None:
    try:
        terms = parse(expression, me="vera")
    except QueryError as error:
        assert str(error)
        return
    for term in terms:
        assert matches((term,), FACTS) in {True, False}
        assert matches((term,), {}) in {True, False}


WORDS = st.sampled_from(
    [
        "alpha",
        "zebra",
        "state:running",
        "tract:3828",
        "tract>9",
        "day_obs:20260115",
        "day_obs<20000101",
        '"full depth"',
        "skymap:x",
    ]
)


@given(WORDS)
def test_a_minus_turns_a_word_round(word: str) -> None:
    assert found(f"-{word}") is not found(word)


@given(st.lists(WORDS, max_size=5))
def test_all_words_have_to_hold(words: list[str]) -> None:
    assert found(" ".join(words)) is all(found(word) for word in words)


def test_every_attribute_is_a_fact() -> None:
    assert FACTS.keys() == ATTRIBUTES.keys()


def test_a_long_expression_is_read_in_a_moment() -> None:
    before = time.process_time()
    parse("a" * 200_000 + " " + '"x" ' * 50_000 + "-" * 100_000)
    assert time.process_time() - before < 5
