"""The front page: what needs a person first, then what runs, then numbers; what is final is folded away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from campledger.model import times
from campledger.model.states import State
from campledger.model.text_format import counted
from campledger.model.todo import SILENT_DAYS, is_silent
from campledger.pages.content import saved_query_pages
from campledger.pages.content.addresses import in_list
from campledger.pages.content.campaign_summaries import (
    CARDS,
    LINES,
    Brief,
    briefs,
    folded,
    item,
    nights_last,
    waiting,
)
from campledger.pages.content.markdown import markdown
from campledger.pages.content.people_pages import everybody
from campledger.pages.drawing import night_calendar, throughput
from campledger.pages.engine.gather import Page, Survey, problem_rows

PATH = "index.html"

MOST = 60
"""Campaigns in a section, folded ones included; of more the page says how many."""

MINE = 8
"""Campaigns of each person that the page holds; their own page has all."""

RECENT = 5
"""Final campaigns of each kind that are named."""


def paths(_: Survey) -> list[str]:
    """Return the path of the page."""
    return [PATH]


def pages(survey: Survey) -> Iterator[Page]:
    """Yield the page."""
    yield front_page(survey)


def front_page(survey: Survey) -> Page:
    """Return the front page."""
    every = briefs(survey)
    settings = survey.ledger.settings
    now = _now(survey, every)
    running = nights_last(sorted((one for one in every if one["state"] == State.RUNNING), key=_last, reverse=True))
    silent = [one for one in running if is_silent(one["last"], now)]
    return {
        **survey.shared,
        "template": "front.html",
        "path": PATH,
        "root": "",
        "page_title": settings.title,
        "description_html": markdown(settings.document.get("description", "")),
        "people": everybody(survey, every),
        "silent_days": SILENT_DAYS,
        "waiting": _folded(waiting(every), "", CARDS),
        "mine": _mine(every),
        "silent": _folded(silent, in_list("state:running", sort="changed")),
        "running": _folded(
            [one for one in running if not is_silent(one["last"], now)], in_list("state:running", sort="-changed")
        ),
        "ready": _folded([one for one in every if one["state"] == State.DEFINED], in_list("state:defined")),
        "queries": saved_query_pages.summaries(survey),
        "counts": _counts(every),
        "throughput": throughput.charts(every, now),
        "calendars": night_calendar.years(every),
        "final": _final(every),
        "trouble": _trouble(survey, every),
    }


def _now(survey: Survey, every: Sequence[Brief]) -> datetime:
    """Return the time that the ledger speaks of: its commit's, or that of the last event if it is later."""
    commit = survey.shared["commit"]
    seen = [one["last"] for one in every if one["last"]] + ([commit["time"]["iso"]] if commit else [])
    return max((times.parse(one) for one in seen), default=datetime(1970, 1, 1, tzinfo=UTC))


def _last(one: Brief) -> tuple[str, str]:
    return one["last"], one["id"]


def _folded(every: Sequence[Brief], href: str, shown: int = LINES) -> dict[str, Any]:
    """Return campaigns as a section shows them: some at once, others folded, and how many are left out."""
    found = folded([item(one) for one in every[:MOST]], shown)
    return found | {"count": len(every), "left_out": max(0, len(every) - MOST), "href": href}


def _mine(every: Sequence[Brief]) -> list[dict[str, Any]]:
    """Return the campaigns that are open, each with whose they are; of each person the latest ones."""
    shown: Counter[str] = Counter()
    items = []
    owned = [one for one in every if not one["final"] and one["people"]]
    for one in nights_last(sorted(owned, key=_last, reverse=True)):
        handles = [handle for handle in one["people"].split() if shown[handle] < MINE]
        shown.update(handles)
        if handles:
            items.append(item(one) | {"people": " ".join(handles)})
    return items


def _counts(every: Sequence[Brief]) -> list[dict[str, Any]]:
    tally = Counter(one["state"] for one in every)
    return [
        {"state": str(state), "count": f"{tally[str(state)]:,}", "href": in_list(f"state:{state}")} for state in State
    ]


def _final(every: Sequence[Brief]) -> dict[str, Any]:
    """Return what is over, by kind: how many in which state, and the latest ones."""
    over = [one for one in every if one["final"]]
    kinds: dict[str, list[Brief]] = {}
    for one in over:
        kinds.setdefault(one["kind"], []).append(one)
    final = ",".join(str(state) for state in State if state.is_final)
    return {
        "count": len(over),
        "total": counted(len(over), "campaign"),
        "kinds": [
            {
                "kind": kind,
                "count": f"{len(found):,}",
                "states": [
                    {"state": state, "count": f"{count:,}"}
                    for state, count in sorted(Counter(one["state"] for one in found).items())
                ],
                "href": in_list(f"kind:{kind} state:{final}", sort="-changed"),
                "latest": [item(one) for one in found[:RECENT]],
                "more": max(0, len(found) - RECENT),
            }
            for kind, found in sorted(kinds.items(), key=lambda entry: (-len(entry[1]), entry[0]))
        ],
    }


def _trouble(survey: Survey, every: Sequence[Brief]) -> dict[str, Any]:
    """Return what is wrong with the ledger's data: in words about campaigns, and one by one besides them."""
    words = []
    if survey.unreadable:
        words.append(counted(len(survey.unreadable), "campaign cannot be read", "campaigns cannot be read"))
    flawed = sum(one["problems"] > 0 for one in every)
    if flawed:
        words.append(counted(flawed, "campaign has problems", "campaigns have problems"))
    ledger = survey.ledger
    others = {*ledger.settings_problems, *ledger.strays, *survey.set_problems, *saved_query_pages.problems(survey)}
    return {
        "campaigns": ", ".join(words),
        "others": problem_rows(sorted(others)[:MOST]),
        "left_out": max(0, len(others) - MOST),
    }
