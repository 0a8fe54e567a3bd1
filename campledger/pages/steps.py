"""Steps, groups and submissions of a campaign as plain dicts, and what is to be done next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from campledger.model.campaign import NAMED_BY_TABLE, Campaign, Group, Step
from campledger.model.history import History, Submission
from campledger.model.states import State, SubmissionState
from campledger.pages import text
from campledger.pages.links import Directory
from campledger.pages.markdown import markdown

GROUP_ORDER = (
    "accepted", "ended", "ended-failed", "held", "rejected", "cancelled", "running", "submitted", "rescued",
    "planned", "waiting",
)  # fmt: skip
"""The states of groups, as a bar shows them from left to right."""

GROUP_WORDS = {"ended": "awaits a decision", "ended-failed": "failed, awaits a decision"}
SUBMISSION_WORDS = {"ended": "awaits a decision"}
_AWAITS_PEOPLE = {SubmissionState.ENDED, SubmissionState.HELD}


class Progress:
    """Where every group of a campaign stands: worked out once, asked for by the list and the page."""

    def __init__(self, campaign: Campaign, history: History):
        self.campaign = campaign
        self.history = history
        self.covering: dict[str, list[Submission]] = {}
        for submission in history.submissions.values():
            for group in submission.groups:
                self.covering.setdefault(group, []).append(submission)
        self.states = {path: self._state(path) for path in campaign.groups}

    def _state(self, path: str) -> str:
        if path not in self.covering:
            return "waiting"
        state = self.history.group_state(path)
        one = self.deciding(path)
        failed = state == "ended" and one is not None and one.result == "failed"
        return "ended-failed" if failed else state

    def deciding(self, path: str) -> Submission | None:
        """Return the submission from which a group has its state."""
        live = [one for one in self.covering.get(path, ()) if path not in one.superseded]
        accepted = [one for one in live if one.state is SubmissionState.ACCEPTED]
        return next(reversed(accepted or live), None)

    def of_step(self, step: Step) -> list[str]:
        """Return the states of a step's groups."""
        return [self.states[group.path] for group in step.groups]

    def done(self, step: Step) -> bool:
        """Whether every group of a step is accepted."""
        return all(state == "accepted" for state in self.of_step(step))

    @property
    def accepted(self) -> int:
        """How many groups are accepted."""
        return sum(state == "accepted" for state in self.states.values())

    @property
    def steps_done(self) -> int:
        """How many steps are done."""
        return sum(self.done(step) for step in self.campaign.steps)

    @property
    def awaiting(self) -> list[Submission]:
        """The submissions that wait for somebody, unless the campaign is over."""
        if self.history.state.is_final:
            return []
        return [one for one in self.history.submissions.values() if one.state in _AWAITS_PEOPLE]

    @property
    def current(self) -> str:
        """Name of the first step that is not done; empty before the start and after the end."""
        if self.history.state is State.DEFINED or self.history.state.is_final:
            return ""
        return next((step.name for step in self.campaign.steps if not self.done(step)), "")


def bar(states: Iterable[str]) -> list[dict[str, Any]]:
    """Return the parts of a bar over groups: state, offset and width in hundredths."""
    tally = Counter(states)
    total = sum(tally.values())
    parts, before = [], 0
    for state in GROUP_ORDER:
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
    covering = {one.id: one for group in step.groups for one in progress.covering.get(group.path, ())}
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
            {"state": state, "count": tally[state], "word": GROUP_WORDS.get(state, state)}
            for state in GROUP_ORDER
            if tally[state]
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
    if tally["ended"] + tally["ended-failed"] and not state.is_final:
        return {"class": "ended", "word": "awaits a decision"}
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
        return {"class": "waiting", "word": f"waits for {text.spans(missing)}"}
    return {"class": "planned", "word": "ready"}


def _cell(group: Group, progress: Progress) -> dict[str, Any]:
    state = progress.states[group.path]
    one = progress.deciding(group.path)
    title = group.definition.get("title", "")
    word = GROUP_WORDS.get(state, state)
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
        "word": SUBMISSION_WORDS.get(str(one.state), str(one.state)) if awaits else str(one.state),
        "awaits": awaits,
        "result": one.result or "",
        "relation": one.relation,
        "parents": list(one.parents),
        "groups": text.coverage(progress.campaign, one.groups),
        "superseded": text.coverage(progress.campaign, _in_order(one)) if one.superseded else "",
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
        "deviations": [{"name": name, "value": value} for name, value in facts.get("deviations", {}).items()],
        "reason": one.reason or "",
        "text_html": markdown(facts.get("text", "")),
        "begun": text.moment(first.at),
        "by": directory.person(first.by),
        "last": text.moment(last.at),
    }


def _in_order(one: Submission) -> list[str]:
    return [group for group in one.groups if group in one.superseded]


MOST_NAMED = 6
"""A rescue of more groups than these is seldom one of all of them: no command is proposed."""


def what_now(progress: Progress) -> list[dict[str, Any]]:
    """Return what waits for somebody, the most pressing first, each with the commands that settle it."""
    waiting = [_awaiting(one, progress) for one in progress.awaiting]
    return [*waiting, *_campaign_next(progress)]


def _awaiting(one: Submission, progress: Progress) -> dict[str, Any]:
    groups = text.coverage(progress.campaign, one.groups)
    if one.state is SubmissionState.HELD:
        words = f"{groups}: held{f', {one.reason}' if one.reason else ''}. It goes on once the workflow system lets it."
        commands = [f"campledger outcome {one.id} running", f'campledger outcome {one.id} cancelled --reason "..."']
        return {"state": "held", "submission": one.id, "words": words, "commands": commands}
    result = {"succeeded": "ended, succeeded", "failed": "ended, failed"}.get(one.result or "", "ended")
    commands = [f"campledger accept {one.id}", f'campledger reject {one.id} --reason "..."']
    state = "ended-failed" if one.result == "failed" else "ended"
    if one.result == "failed" and len(one.groups) <= MOST_NAMED:
        where = f"{progress.campaign.id} {' '.join(one.groups)}"
        commands.append(f"campledger record {where} --parent {one.id} --run-id RESCUE")
    return {
        "state": state,
        "submission": one.id,
        "words": f"{groups}: {result}, and awaits a decision.",
        "commands": commands,
    }


def _campaign_next(progress: Progress) -> list[dict[str, Any]]:
    campaign_id, history = progress.campaign.id, progress.history
    entries: list[dict[str, Any]] = []

    def say(state: str, words: str, *commands: str) -> None:
        entries.append({"state": state, "submission": "", "words": words, "commands": list(commands)})

    if history.state is State.DEFINED:
        say("planned", "Defined, and not started yet.", f"campledger start {campaign_id}")
    elif history.state is State.PAUSED:
        reason = history.since.data.get("reason", "") if history.since else ""
        say("held", f"Paused{f': {reason}' if reason else '.'}", f"campledger resume {campaign_id}")
    elif history.state is State.RUNNING:
        if progress.campaign.steps and progress.accepted == len(progress.states):
            say("accepted", "Every group is accepted.", f"campledger complete {campaign_id}")
        going = [one for one in history.submissions.values() if one.state in {"submitted", "running"}]
        if going:
            say("running", f"{text.counted(len(going), 'submission')} under way.")
        for step, states in _ready(progress):
            say("planned", f"{step} may run: {text.counted(states, 'group waits', 'groups wait')}.")
    return entries


def _ready(progress: Progress) -> list[tuple[str, int]]:
    """Return the steps whose prerequisites are done and that have groups without a submission."""
    done = {step.name for step in progress.campaign.steps if progress.done(step)}
    ready = []
    for step in progress.campaign.steps:
        waiting = progress.of_step(step).count("waiting")
        if waiting and done.issuperset(step.prerequisites):
            ready.append((step.name, waiting))
    return ready
