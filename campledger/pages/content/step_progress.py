"""Steps, groups and submissions of a campaign as plain dicts, and what is to be done next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from campledger.model.campaign import NAMED_BY_TABLE, Group, Step
from campledger.model.history import History, Submission
from campledger.model.progress import Progress
from campledger.model.ran_with import NOT_RECORDED, pinned_sets, ran_with
from campledger.model.states import ENDED_FAILED, GROUP_STATES, State, words_of
from campledger.model.text_format import coverage, spans
from campledger.model.todo import TodoItem, matters, pressing
from campledger.pages.content import text
from campledger.pages.content.links import Directory
from campledger.pages.content.markdown import markdown


def bar(states: Iterable[str]) -> list[dict[str, Any]]:
    """Return the parts of a bar over groups: state, offset and width in hundredths."""
    tally = Counter(states)
    total = sum(tally.values())
    parts, before = [], 0
    for state in GROUP_STATES:
        if tally[state]:
            start, end = round(100 * before / total, 2), round(100 * (before + tally[state]) / total, 2)
            parts.append({"state": state, "x": start, "width": round(end - start, 2)})
            before += tally[state]
    return parts


def steps(progress: Progress, directory: Directory) -> list[dict[str, Any]]:
    """Return the steps of a campaign in order, each with its groups and submissions."""
    anchored: set[str] = set()
    done = {step.name for step in progress.campaign.steps if progress.done(step)}
    return [_step(step, progress, directory, done, anchored) for step in progress.campaign.steps]


def _step(step: Step, progress: Progress, directory: Directory, done: set[str], anchored: set[str]) -> dict[str, Any]:
    states = progress.of_step(step)
    tally = Counter(states)
    covering = {one.id: one for group in step.groups for one in progress.groups[group.path].submissions}
    submissions = [one for one in progress.history.submissions.values() if one.id in covering]
    definition = step.definition
    entry = {
        "name": step.name,
        "title": definition.get("title", ""),
        "description_html": markdown(definition.get("description", "")),
        "prerequisites": [{"name": name, "done": name in done} for name in step.prerequisites],
        "tickets": directory.tickets(definition.get("tickets", ())),
        "operators": directory.people(progress.history.operators.get(step.name, ())),
        "pause_after": bool(definition.get("pause_after")),
        "state": _step_state(step, tally, done, progress.history.state),
        "total": len(states),
        "accepted": tally["accepted"],
        "tally": [
            {"state": state, "count": tally[state], "word": words_of(state)} for state in GROUP_STATES if tally[state]
        ],
        "bar": bar(states),
        "cells": [_cell(group, progress) for group in step.groups],
        "sections": [*text.sections(definition), *_table(definition)],
        "groups": _group_definitions(step, progress.history, directory),
        "submissions": [_submission(one, progress, directory, anchored) for one in submissions],
    }
    more = ("submissions", "description_html", "tickets", "operators", "pause_after", "sections", "groups")
    return entry | {"bare": not any(entry[key] for key in more)}


def _table(definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return where a step's groups come from, if it is a table: its rows stand in the file, and not in the page."""
    named = definition.get("groups")
    if not isinstance(named, Mapping):
        return []
    rows = [{"label": f"Groups' {key}", "values": [named[key]], "code": True} for key in NAMED_BY_TABLE]
    return [{"name": "groups", "title": "Groups", "rows": rows}]


def _step_state(step: Step, tally: Mapping[str, int], done: set[str], state: State) -> dict[str, str]:
    missing = [name for name in step.prerequisites if name not in done]
    failed, rejected = tally[ENDED_FAILED], tally["rejected"]
    if failed and not state.is_final:
        return {"class": ENDED_FAILED, "word": f"{failed:,} failed, to decide"}
    if tally["ended"] and not state.is_final:
        return {"class": "ended", "word": words_of("ended")}
    if failed + rejected:
        word = f"{failed + rejected:,} failed" if state.is_final else f"{rejected:,} rejected"
        return {"class": "rejected", "word": word}
    if step.name in done:
        return {"class": "accepted", "word": "done"}
    if tally["held"] and not state.is_final:
        return {"class": "held", "word": "held"}
    if tally["planned"] and tally["planned"] + tally["waiting"] == len(step.groups) and not state.is_final:
        return {"class": "planned", "word": "planned"}
    if tally["waiting"] < len(step.groups):
        return {"class": "running" if not state.is_final else "cancelled", "word": "begun"}
    if state.is_final:
        return {"class": "cancelled", "word": "not run"}
    if missing:
        return {"class": "waiting", "word": f"waits for {spans(missing)}"}
    return {"class": "planned", "word": "ready"}


def _cell(group: Group, progress: Progress) -> dict[str, Any]:
    state = progress.states[group.path]
    one = progress.groups[group.path].deciding
    title = group.definition.get("title", "")
    word = words_of(state)
    return {
        "name": group.name,
        "state": state,
        "label": f"{group.name}{f', {title}' if title else ''}: {word}",
        "word": word,
        "href": f"#s-{one.id}" if one else "",
    }


def _group_definitions(step: Step, history: History, directory: Directory) -> list[dict[str, Any]]:
    found = []
    for group in step.groups:
        entry = {
            "name": group.name,
            "title": group.definition.get("title", ""),
            "operators": directory.people(history.operators.get(group.path, ())),
            "rows": [row for section in _sections(group) for row in section["rows"]],
        }
        if entry["title"] or entry["operators"] or entry["rows"]:
            found.append(entry)
    return found


def _sections(group: Group) -> list[dict[str, Any]]:
    return [] if group.table else text.sections(group.definition)


def _submission(one: Submission, progress: Progress, directory: Directory, anchored: set[str]) -> dict[str, Any]:
    facts = one.facts
    first, last = one.events[0], one.events[-1]
    awaits = one in progress.awaiting
    # One that covers groups of several steps is listed below each; an anchor stands once in a page.
    anchor = one.id not in anchored
    anchored.add(one.id)
    run_id = facts.get("run_id")
    return {
        "id": one.id,
        "anchor": anchor,
        "state": "ended-failed" if one.state == "ended" and one.result == "failed" else str(one.state),
        "word": words_of(str(one.state)) if awaits else str(one.state),
        "awaits": awaits,
        "result": one.result or "",
        "relation": one.relation,
        "parents": list(one.parents),
        "groups": coverage(progress.campaign, one.groups),
        "superseded": coverage(progress.campaign, _in_order(one)) if one.superseded else "",
        "run_id": run_id or "",
        "run_url": directory.run(run_id) if run_id else None,
        "plain": [
            {"label": label, "value": facts[key]}
            for key, label in (("run", "RUN"), ("submit_dir", "Submit dir"), ("file", "File"), ("wms", "WMS"))
            if key in facts
        ],
        "counts": [
            {"label": label, "values": text.counts(facts[key])}
            for key, label in (("jobs", "Jobs"), ("quanta", "Quanta"), ("failures", "Failed by task"))
            if facts.get(key)
        ],
        "ran": _ran(one, progress),
        "deviations": [{"name": name, "value": value} for name, value in facts.get("deviations", {}).items()],
        "reason": one.reason or "",
        "text_html": markdown(facts.get("text", "")),
        "begun": text.moment(first.at),
        "by": directory.person(first.by),
        "last": text.moment(last.at),
    }


def _ran(one: Submission, progress: Progress) -> dict[str, Any] | None:
    """Return with what a submission ran; None for one that is only planned."""
    if one.is_planned:
        return None
    ran = ran_with(progress.campaign, one)
    if ran is None:
        return {"words": NOT_RECORDED.capitalize(), "rows": []}
    pins = ran.pins
    rows = [("Stack", list(ran.stack)), ("DataId sets", pinned_sets(pins)), ("Definition", [pins["definition"][:15]])]
    rows.append(("Files", [f"{file} {blob[:10]}" for file, blob in pins.get("files", {}).items()]))
    if "base" in pins:
        same = "" if "published" not in pins else ", published" if pins["published"] else ", not published as it ran"
        rows.append(("Newest shared commit", [f"{pins['base'][:10]}{same}"]))
    return {
        "words": ran.words[:1].upper() + ran.words[1:],
        "rows": [{"label": label, "values": values} for label, values in rows if values],
    }


def _in_order(one: Submission) -> list[str]:
    return [group for group in one.groups if group in one.superseded]


NOW = 5
"""Things that wait for somebody and that a campaign's page shows at once; others are folded."""


def what_now(progress: Progress, blocked: int = 0) -> dict[str, Any]:
    """Return what waits for somebody, the most pressing first, and what else is to be said: a few, and the others.

    ``blocked`` is the number of problems that are in the way of a start.
    """
    found = matters(progress, blocked)
    asking = [*pressing(found), *(matter for matter in found if not matter.need)]
    tally = Counter(_IN_SHORT.get(matter.need, "other") for matter in asking[NOW:])
    return {
        "items": [as_dict(matter) for matter in asking[:NOW]],
        "folded": [as_dict(matter) for matter in asking[NOW:]],
        "words": ", ".join(f"{count:,} {words}" for words, count in tally.items()),
    }


_IN_SHORT = {"twice": "submitted twice", "failed": "failed", "held": "held", "decide": "to decide"}


def as_dict(matter: TodoItem) -> dict[str, Any]:
    """Return what is to be done next as a page shows it."""
    return {
        "state": matter.state,
        "submission": matter.submission,
        "words": matter.words,
        "commands": matter.commands,
    }
