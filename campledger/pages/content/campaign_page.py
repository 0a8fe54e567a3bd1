"""The page of each campaign."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from typing import Any

from campledger.ledger.histories import histories
from campledger.ledger.ledger import DEFINITION
from campledger.ledger.sets import references_of
from campledger.model.campaign import Campaign
from campledger.model.templates import origin
from campledger.pages.content import results, step_progress, text, timeline
from campledger.pages.content.addresses import campaign_feed_path
from campledger.pages.content.links import Directory, link
from campledger.pages.content.markdown import markdown
from campledger.pages.drawing import run_chart, steps_graph
from campledger.pages.engine.gather import Page, Readable, Survey, page_path, problem_rows
from campledger.pages.engine.git_facts import digest

MAX_SHOWN_BYTES = 100_000
"""Files up to this size are shown in the page."""

BRIEF = 1_500
"""A description up to this length stands open; a longer one would push the state of the steps out of sight."""

MAX_DETAILED_SETS = 12
"""Sets whose members a campaign's page counts and shows; of more it tells size and digest."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class _Around:
    """What a campaign's page shows beside the campaign: the key stands for this, so nothing else may enter the page."""

    apart: Page
    parent: dict[str, str]
    """Without the revision that the campaign started from."""
    children: list[dict[str, str]]
    sets: dict[str, str]
    """What stands for each set that the campaign names, by its name there; the page has it from the shelf."""
    commits: dict[str, str]
    """Which commit recorded each event."""

    @classmethod
    def of(cls, one: Readable, survey: Survey) -> _Around:
        return cls(
            survey.apart(survey.last_change(one.id)),
            _relative(str(next(iter(one.facts["parent"]), "")), survey),
            [_relative(child, survey) for child in survey.children.get(one.id, ())],
            {name: survey.key_of_set(name, one.id, one.pins.get(name, ())) for name in one.set_names},
            {event: survey.event_commits.get(event, "") for event in one.event_ids},
        )


def key(one: Readable, survey: Survey) -> str:
    """Return what stands for all that a campaign's page is made from."""
    return digest(one.key, json.dumps(vars(_Around.of(one, survey))))


def page(one: Readable, survey: Survey) -> Page:
    """Return a campaign's page."""
    around = _Around.of(one, survey)
    campaign, history, directory = one.campaign, one.history, survey.directory
    written = survey.content(one.record.path(DEFINITION)).decode("utf-8", "replace")
    shown = step_progress.steps(one.progress, directory)
    now = step_progress.what_now(one.progress, len(one.record.blocking))
    return {
        **around.apart,
        "template": "campaign.html",
        "path": page_path(campaign.id),
        "root": "../",
        "feed": campaign_feed_path(one.id),
        "page_title": f"{campaign.name} \N{MIDDLE DOT} {survey.ledger.settings.title}",
        "campaign": _header(one, directory),
        "edit_url": directory.edit(one.record.path(DEFINITION)),
        "now": now,
        "opened": [entry["submission"] for entry in now["items"]],
        "steps": shown,
        "graph": steps_graph.graph(shown),
        "chart": run_chart.chart(one.progress),
        "failures": results.failures(one.progress),
        "outputs": results.outputs(one.progress),
        "data_sections": text.sections(campaign.definition, ("scope", "data")),
        "sets": _sets(one, survey),
        "run_sections": text.sections(campaign.definition, ("software", "processing", "compute", "plan")),
        "files": [_file(one, file, survey, around) for file in one.record.files],
        "links": _links(one),
        "parent": _parent(campaign, around),
        "children": around.children,
        "problems": problem_rows(one.record.problems),
        "days": timeline.days(campaign, history, directory, around.commits),
        "event_count": len(history.events),
        "definition": {"text": written, "lines": written.count("\n")},
    }


def _sets(one: Readable, survey: Survey) -> list[dict[str, Any]]:
    """Return the DataId sets that the campaign names, with what is known of their members."""
    found: list[dict[str, Any]] = []
    for purpose, written in references_of(one.record):
        entry = survey.shelf.named(written, one.campaign.id)
        href = f"../{entry['page']}" if entry["page"] else ""
        found.append(entry | {"purpose": purpose, "href": href, "detailed": len(found) < MAX_DETAILED_SETS})
    return found


def _header(one: Readable, directory: Directory) -> dict[str, Any]:
    campaign, history = one.campaign, one.history
    definition = campaign.definition
    since = history.since
    return {
        "id": campaign.id,
        "name": campaign.name,
        "title": campaign.title,
        "state": str(history.state),
        "final": history.state.is_final,
        "since": text.moment(since.at) if since else None,
        "by": directory.person(since.by) if since else None,
        "reason": since.data.get("reason", "") if since else "",
        "owner": directory.person(campaign.owner) if campaign.owner else None,
        "operators": directory.people(history.operators.get("", ())),
        "tickets": directory.tickets(definition.get("tickets", ())),
        "kind": definition["kind"],
        "production": definition["production"],
        "tags": list(definition.get("tags", ())),
        "origin": origin(definition["template"]) if "template" in definition else "",
        "deadline": definition.get("plan", {}).get("deadline", ""),
        "description_html": markdown(definition["description"]),
        "brief": len(definition["description"]) <= BRIEF,
        "accepted": one.progress.accepted,
        "total": len(one.progress.states),
        "steps_done": one.progress.steps_done,
        "steps": len(campaign.steps),
        "bar": step_progress.bar(one.progress.states.values()),
    }


def _links(one: Readable) -> list[dict[str, Any]]:
    """Return the definition's links, then those that events added."""
    planned = [link(document) | {"on": ""} for document in one.campaign.definition.get("links", ())]
    added = [
        link(event.data["link"]) | {"on": event.data.get("on", "")}
        for event in one.history.effective
        if event.type == "link"
    ]
    return planned + added


def _parent(campaign: Campaign, around: _Around) -> dict[str, str] | None:
    parent, _, revision = str(campaign.definition.get("derived_from", "")).partition("@")
    return around.parent | {"revision": revision} if parent else None


def _relative(campaign_id: str, survey: Survey) -> dict[str, str]:
    """Return another campaign as a page names it, with no address where it has no page."""
    known = campaign_id in survey.titles
    return {
        "id": campaign_id,
        "title": survey.titles.get(campaign_id, ""),
        "href": f"{campaign_id}.html" if known else "",
    }


def _file(one: Readable, file: str, survey: Survey, around: _Around) -> dict[str, Any]:
    path = one.record.path(file)
    data = survey.content(path)
    # Not at the site's commit: the page would change with each one.
    changed = around.apart["changed"]
    url = survey.directory.file(changed["hash"] if changed else "", path)
    entry: dict[str, Any] = {"name": file, "size": f"{len(data):,} bytes", "text": None, "note": "", "url": url}
    if survey.ledger.files.paths[path]:
        entry["note"] = f"a symbolic link to {posixpath.normpath(data.decode('utf-8', 'replace'))}"
    elif file == DEFINITION:
        entry["note"] = "the definition, below"
    elif histories([file]):
        entry["note"] = "the events, in the timeline below"
    elif len(data) > MAX_SHOWN_BYTES:
        entry["note"] = f"not shown here: more than {MAX_SHOWN_BYTES:,} bytes"
    else:
        entry["text"] = _shown(data)
        entry["note"] = "" if entry["text"] is not None else "not shown here: not UTF-8 text"
    return entry


def _shown(data: bytes) -> str | None:
    """Return a file's text, or None where it is none."""
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(decoded) else decoded
