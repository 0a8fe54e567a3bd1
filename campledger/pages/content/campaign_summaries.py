"""What the front page, people's pages and saved queries say of a campaign: worked out once, from it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campledger.model.history import History, Submission
from campledger.model.states import State, SubmissionState
from campledger.model.text_format import spans
from campledger.model.todo import is_of_one_night, matters, operated_places, people_of, pressing
from campledger.pages.content import step_progress, text
from campledger.pages.engine.gather import Readable, Survey, kept, named

Brief = dict[str, Any]

CARDS, LINES = 6, 8
"""Campaigns that a section shows at once, with commands and without; others are folded."""

_MOST_ENTRIES = 3
"""So many things of one campaign that need a person are told; the rest is on its page."""


def briefs(survey: Survey) -> list[Brief]:
    """Return a brief of every campaign that can be read, newest first."""
    return [brief(one) for one in survey.readable]


@kept
def brief(one: Readable) -> Brief:
    """Return what is said of a campaign wherever it is named, as plain values."""
    directory = one.directory
    campaign, history, progress = one.campaign, one.history, one.progress
    asking, saying = _now(one)
    operated = operated_places(history)
    days = one.facts["day_obs"]
    return {
        **named(one),
        "owner": directory.person(campaign.owner) if campaign.owner else None,
        "operated": operated,
        "people": " ".join(people_of(campaign, history)),
        "step": progress.current,
        "accepted": progress.accepted,
        "total": len(progress.states),
        "bar": step_progress.bar(progress.states.values()),
        "last": history.last.at if history.last else "",
        "deadline": campaign.definition.get("plan", {}).get("deadline", ""),
        "asking": asking[:_MOST_ENTRIES],
        "more_asking": max(0, len(asking) - _MOST_ENTRIES),
        "saying": saying,
        "going": len(progress.under_way),
        "night": int(days[0]) if is_of_one_night(days) else 0,
        "problems": len(one.problems),
        "accepted_in": _accepted_in(history),
        "ended_in": history.since.at[:7] if history.since and history.state.is_final else "",
    }


def item(one: Brief, places: Sequence[str] = ()) -> dict[str, Any]:
    """Return a campaign as a line or a card of a page shows it; ``places`` are what the page's person operates."""
    kept = {key: value for key, value in one.items() if key not in {"accepted_in", "ended_in", "operated", "night"}}
    return kept | {
        "last": text.moment(one["last"]) if one["last"] else None,
        "idle": one["state"] == State.RUNNING and not one["going"] and not one["asking"],
        "places": spans(place for place in places if place),
    }


def waiting(every: Sequence[Brief]) -> list[Brief]:
    """Return the campaigns that need a person: what is most pressing first, then what waits longest."""

    def place(one: Brief) -> tuple[int, str, str]:
        return one["asking"][0]["rank"], one["asking"][0]["since"]["iso"], one["id"]

    return nights_last(sorted((one for one in every if one["asking"]), key=place))


def nights_last(every: Sequence[Brief]) -> list[Brief]:
    """Return campaigns with those of one night after the others: a year of nights does not bury a release."""
    return sorted(every, key=lambda one: bool(one["night"]))


def folded(items: Sequence[dict[str, Any]], shown: int = LINES) -> dict[str, Any]:
    """Return items as a section shows them: some at once, the others folded."""
    return {"count": len(items), "items": items[:shown], "folded": items[shown:], "left_out": 0}


def _now(one: Readable) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what needs a person, the most pressing first and longest waiting first, and what else is to be said."""
    found = matters(one.progress, len(one.record.blocking))
    asking = [
        {**step_progress.as_dict(matter), "need": matter.need, "rank": matter.rank, "since": text.moment(matter.since)}
        for matter in pressing(found)
    ]
    return asking, [matter.words for matter in found if not matter.need]


def _accepted_in(history: History) -> dict[str, list[int]]:
    """Return groups and quanta of accepted submissions by the month of the acceptance."""
    months: dict[str, list[int]] = {}
    for one in history.submissions.values():
        when = _accepted_at(one)
        if when:
            counts = months.setdefault(when[:7], [0, 0])
            counts[0] += len(set(one.groups) - one.superseded)
            counts[1] += int(one.facts.get("quanta", {}).get("succeeded", 0))
    return months


def _accepted_at(one: Submission) -> str | None:
    if one.state is not SubmissionState.ACCEPTED:
        return None
    decisions = [event.at for event in one.events if event.data.get("decision") == "accepted"]
    return decisions[-1] if decisions else None
