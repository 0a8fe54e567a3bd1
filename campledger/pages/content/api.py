"""The site's JSON for other programs: api/v1/, described by the JSON Schema that stands beside it.

What is in a version stays in it; only new keys may come. The schema is `site/api/v1/schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from campledger.errors import DataError, UsageError
from campledger.pages.content.addresses import campaign_feed_path
from campledger.pages.content.text import moment_of
from campledger.pages.engine.gather import Readable, Survey, kept, page_path, problem_rows
from campledger.pages.engine.git_facts import Commit, digest
from campledger.pages.engine.page_kinds import File, IsCurrent

FORMAT = 1
"""Version of the format; it stands in the path, too."""

ROOT = f"api/v{FORMAT}"
CAMPAIGNS = f"{ROOT}/campaigns.json"
SETS = f"{ROOT}/sets.json"


def campaign_path(campaign_id: str) -> str:
    """Return the path of a campaign's document."""
    return f"{ROOT}/campaigns/{campaign_id}.json"


def paths(_: Survey) -> list[str]:
    """Return the paths of the documents about all."""
    return [SETS, CAMPAIGNS]


def files(survey: Survey, is_current: IsCurrent) -> Iterator[File]:
    """Yield the documents about all."""
    yield _sets_file(survey, is_current)
    yield File(CAMPAIGNS, "", _json(_campaigns(survey)))


def campaign_key(one: Readable, survey: Survey) -> str:
    """Return what stands for all that a campaign's document is made from."""
    return digest("api", one.key, str(survey.last_change(one.id)))


def campaign_document(one: Readable, survey: Survey) -> bytes:
    """Return all of a campaign."""
    history, progress = one.history, one.progress
    effective = {event.id for event in history.effective}
    return _json(
        {
            "format": FORMAT,
            "is": "campaign",
            "commit": _commit(survey.last_change(one.id)),
            "campaign": _summary(one),
            "definition": one.campaign.definition,
            "steps": [
                {
                    "name": step.name,
                    "done": progress.done(step),
                    "groups": {group.name: progress.states[group.path] for group in step.groups},
                }
                for step in one.campaign.steps
            ],
            "submissions": [
                {
                    "id": submission.id,
                    "state": str(submission.state),
                    "relation": submission.relation,
                    "groups": submission.groups,
                    "parents": submission.parents,
                    "facts": submission.facts,
                }
                for submission in history.submissions.values()
            ],
            "events": [{"event": event.data, "effective": event.id in effective} for event in history.events],
            "files": one.record.files,
            "problems": problem_rows(one.problems),
        }
    )


def _campaigns(survey: Survey) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "is": "campaigns",
        "title": survey.ledger.settings.title,
        "commit": _commit(survey.commit),
        "campaigns": [_summary(one) for one in survey.readable],
        "unreadable": [
            {"id": record.id, "directory": record.directory, "problems": problem_rows(record.problems)}
            for record in survey.unreadable
        ],
    }


@kept
def _summary(one: Readable) -> dict[str, Any]:
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
        "parent": next(iter(facts["parent"]), None),
        "problems": len(one.problems),
        "page": page_path(campaign.id),
        "document": campaign_path(campaign.id),
        "feed": campaign_feed_path(campaign.id),
    }


def _sets_file(survey: Survey, is_current: IsCurrent) -> File:
    users = _users(survey)
    named = [f"{name} {survey.key_of_set(name)} {' '.join(users.get(name, ()))}" for name in survey.ledger.shared_sets]
    key = digest(survey.program, "sets", *named)
    return File(SETS, key, None if is_current(SETS, key) else _json(_sets(survey, users)))


def _users(survey: Survey) -> dict[str, list[str]]:
    """Return the campaigns that refer to each shared set, the newest first."""
    users: dict[str, list[str]] = {}
    for one in survey.readable:
        for name in one.set_names:
            users.setdefault(name, []).append(one.id)
    return users


def _sets(survey: Survey, users: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "is": "sets",
        "sets": [_set(name, survey) | {"campaigns": users.get(name, [])} for name in survey.ledger.shared_sets],
    }


def _set(name: str, survey: Survey) -> dict[str, Any]:
    path = survey.ledger.shared_sets[name][0]
    try:
        value = survey.sets.evaluate(name).value
    except (DataError, UsageError):
        value = None  # what is wrong with it is a problem of the ledger
    return {
        "name": name,
        "path": path,
        "description": survey.sets.file(path).about.get("description"),
        "dimensions": list(value.dimensions) if value is not None else None,
        "count": len(value.members) if value is not None else None,
        "digest": value.digest if value is not None else None,
        "receipts": [event.data for event in survey.sets.receipts(name)],
    }


def _commit(commit: Commit | None) -> dict[str, Any] | None:
    if commit is None:
        return None
    return {"hash": commit.hash, "time": moment_of(commit.time)["iso"], "worktree": commit.worktree}


def _json(document: dict[str, Any]) -> bytes:
    # Compact: of ten thousand campaigns the list alone would be half blanks.
    return (json.dumps(document, separators=(",", ":")) + "\n").encode("ascii")
