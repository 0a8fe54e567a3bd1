"""Identities: readable for campaigns, random for events."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.documents.schema import schema
from campledger.model import ids

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("dp02-test-med-1", "dp02-test-med-1"),
        ("DP0.2 Test", "dp0-2-test"),
        ("w_2026_02+x", "w-2026-02-x"),
        ("--a--", "a"),
        ("ÄÖ", "campaign"),
        ("", "campaign"),
        ("a" * 70, "a" * 60),
        ("a" * 59 + "--b", "a" * 59),
        ("../../etc", "etc"),
    ],
)
def test_a_slug_is_lower_case_words_with_hyphens(name: str, slug: str) -> None:
    assert ids.slug(name) == slug


@given(st.text(), st.dates(), st.none() | st.text())
def test_an_id_has_the_form_that_the_schema_wants(name: str, day: date, key: str | None) -> None:
    made = ids.new_campaign_id(day, name, key)
    assert ids.CAMPAIGN_ID.fullmatch(made)
    assert re.search(schema("campaign")["$defs"]["id"]["pattern"], made)
    assert ids.directory_of(made) == f"campaigns/{day:%Y}/{day:%m}/{made}".replace(f"/{day.year}/", f"/{made[:4]}/")


def test_one_key_on_one_day_gives_one_id() -> None:
    assert ids.new_campaign_id(DAY, "a", "k") == ids.new_campaign_id(DAY, "a", "k")
    assert ids.new_campaign_id(DAY, "a", "k") != ids.new_campaign_id(DAY, "a", "l")


def test_two_ids_of_one_name_differ() -> None:
    made = {ids.new_campaign_id(DAY, "a") for _ in range(50)}
    assert len(made) > 45


@pytest.mark.parametrize(
    "text", ["2026-11-22-a", "2026-11-22-a-K7MQ", "٢٠٢٦-11-22-a-aaaa", "2026-11-22--aaaa", "2026-11-22-a-aaaa\n"]
)
def test_what_only_looks_like_an_id_is_none(text: str) -> None:
    assert ids.CAMPAIGN_ID.fullmatch(text) is None


def test_event_ids_have_twelve_characters_that_nobody_misreads() -> None:
    made = {ids.random_id() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch("[a-z0-9]{12}", one) and not set(one) & set("01ilo") for one in made)
