"""The list of all campaigns: its page, what its script filters by, and index.json for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from campledger.model import query
from campledger.model.states import State
from campledger.pages import steps, text
from campledger.pages.gather import Page, Readable, Survey, page_path, problem_rows
from campledger.pages.links import Directory

INDEX_FORMAT = 1
"""Version of index.json; raised when a reader of the old one would go wrong."""


def paths(_: Survey) -> list[str]:
    """Return the paths of the pages."""
    return ["list.html"]


def pages(survey: Survey) -> Iterator[Page]:
    """Yield the pages."""
    yield list_page(survey)


def list_page(survey: Survey) -> Page:
    """Return the page that lists all campaigns."""
    rows = [_row(one, survey.directory) for one in survey.readable]
    others = [*survey.ledger.settings_problems, *survey.ledger.strays]
    return {
        **survey.shared,
        "template": "list.html",
        "path": "list.html",
        "root": "",
        "page_title": f"Campaigns \N{MIDDLE DOT} {survey.ledger.settings.title}",
        "description": [],
        "rows": rows,
        "states": [{"state": str(state), "count": sum(row["state"] == str(state) for row in rows)} for state in State],
        "unreadable": [
            {"id": record.id, "directory": record.directory, "problems": problem_rows(record.problems)}
            for record in survey.unreadable
        ],
        "problems": problem_rows(others),
    }


def _row(one: Readable, directory: Directory) -> dict[str, Any]:
    campaign, history, progress = one.campaign, one.history, one.progress
    definition = campaign.definition
    return {
        "id": campaign.id,
        "href": page_path(campaign.id),
        "name": campaign.name,
        "title": campaign.title if campaign.title != campaign.name else "",
        "state": str(history.state),
        "rank": list(State).index(history.state),
        "final": history.state.is_final,
        "kind": definition["kind"],
        "owner": directory.person(campaign.owner) if campaign.owner else None,
        "instrument": _several(one.facts["instrument"]),
        "stack": _several(one.facts["stack"]),
        "step": progress.current,
        "awaiting": len(progress.awaiting),
        "accepted": progress.accepted,
        "total": len(progress.states),
        "share": round(100 * progress.accepted / len(progress.states)) if progress.states else -1,
        "bar": steps.bar(progress.states.values()),
        "last": text.moment(history.last.at) if history.last else None,
        "deadline": definition.get("plan", {}).get("deadline", ""),
        "tickets": directory.tickets(definition.get("tickets", ())),
        "problems": len(one.record.problems),
    }


def _several(values: Sequence[str | int]) -> str:
    return text.spans(str(value) for value in values)


def index(survey: Survey) -> dict[str, Any]:
    """Return index.json: the campaigns' facts for other programs."""
    commit = survey.shared["commit"]
    return {
        "format": INDEX_FORMAT,
        "title": survey.ledger.settings.title,
        "commit": commit["hash"] if commit else None,
        "worktree": commit["worktree"] if commit else True,
        "built_from_time": commit["time"]["iso"] if commit else None,
        "campaigns": [_index_entry(one) for one in survey.readable],
        "unreadable": [
            {"id": record.id, "directory": record.directory, "problems": len(record.problems)}
            for record in survey.unreadable
        ],
    }


def _index_entry(one: Readable) -> dict[str, Any]:
    campaign, history, progress, facts = one.campaign, one.history, one.progress, one.facts
    since = history.since
    return {
        "id": campaign.id,
        "name": campaign.name,
        "title": campaign.title,
        "state": str(history.state),
        "since": since.at if since else None,
        "reason": since.data.get("reason") if since else None,
        "kind": campaign.definition["kind"],
        "production": campaign.definition["production"],
        "owner": campaign.owner,
        "operators": list(facts["operator"]),
        "instrument": list(facts["instrument"]),
        "stack": list(facts["stack"]),
        "site": list(facts["site"]),
        "output": list(facts["output"]),
        "tags": list(facts["tag"]),
        "tickets": list(facts["ticket"]),
        "step": progress.current or None,
        "steps": {"accepted": progress.steps_done, "total": len(campaign.steps)},
        "groups": {"accepted": progress.accepted, "total": len(progress.states)},
        "awaiting": [submission.id for submission in progress.awaiting],
        "last_event": history.last.at if history.last else None,
        "deadline": campaign.definition.get("plan", {}).get("deadline"),
        "url": page_path(campaign.id),
        "problems": len(one.record.problems),
    }


def filter_facts(survey: Survey) -> dict[str, Any]:
    """Return what the list's script filters by: each campaign's attributes, without the empty ones."""
    return {
        "attributes": query.ATTRIBUTES,
        "numbers": sorted(query.NUMBERS),
        "facts": {
            one.campaign.id: {key: values for key, values in one.facts.items() if values} for one in survey.readable
        },
    }
