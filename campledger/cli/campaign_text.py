"""A campaign and its events, as lines for people and as a value for JSON.

What others wrote is cleaned of control characters here, piece by piece, since the lines are coloured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from campledger.cli.printing import clean, coloured
from campledger.cli.terminal import column, moment

if TYPE_CHECKING:
    from campledger.ledger.ledger import Record
    from campledger.model.campaign import Campaign
    from campledger.model.history import Event, History, Submission


def as_json_value(record: Record) -> dict[str, Any]:
    """Return all of a campaign: definition, state, groups, submissions, events; less where it cannot be read."""
    history = record.history
    result: dict[str, Any] = {
        "id": record.id,
        "path": record.directory,
        "problems": [p.as_dict() for p in record.problems],
    }
    if record.campaign is None or history is None:
        return result
    result |= {
        "state": str(history.state),
        "definition": record.campaign.definition,
        "operators": history.operators,
    }
    result["groups"] = {group: history.group(group).state for group in record.campaign.groups}
    result["submissions"] = [
        {
            "id": one.id, "state": str(one.state), "relation": one.relation, "groups": list(one.groups),
            "parents": list(one.parents), **one.facts,
        }
        for one in history.submissions.values()
    ]  # fmt: skip
    result["events"] = [dict(event.data) for event in history.events]
    return result


def as_lines(record: Record) -> list[str]:
    """Return a campaign on one screen: head, problems, steps with their submissions, the last events."""
    from campledger.ledger.difference_text import essentials
    from campledger.model.templates import origin

    campaign, history = record.campaign, record.history
    lines = [clean(problem.as_text()) for problem in record.problems]
    if campaign is None or history is None:
        return [f"{clean(record.id)} cannot be read", *lines]
    definition = campaign.definition
    since = f" since {moment(history.since.at)} by {clean(history.since.by)}" if history.since else ""
    reason = f": {clean(history.since.data['reason'])}" if history.since and "reason" in history.since.data else ""
    head = [
        click.style(clean(campaign.title), bold=True),
        f"{clean(record.id)}  {coloured(str(history.state))}{since}{reason}",
        f"{definition['kind']} of {definition['production']}"
        + (f", owner {campaign.owner}" if campaign.owner else "")
        + "".join(f", {clean(ticket['key'])}" for ticket in definition.get("tickets", ())),
    ]
    head += _description(definition["description"])
    head += [clean(one.text) for one in essentials(definition)]
    head += _more(record)
    if "template" in definition:
        head.append(f"from the template {clean(origin(definition['template']))}")
    head += _approvals(campaign, history)
    for place, people in history.operators.items():
        head += [f"operated by {', '.join(people)}" + (f" ({place})" if place else "")] if people else []
    body = _steps(record)
    events = history.events[-8:]
    tail = ["", f"last events (of {len(history.events)}; `campledger log {record.id}` shows all):"] if events else []
    tail += [event_line(event, history, faulty=event not in history.effective) for event in reversed(events)]
    return [*head, *(["", *lines] if lines else []), *body, *tail]


def _approvals(campaign: Campaign, history: History) -> list[str]:
    """Return by whom which steps are approved, and whether they have changed since."""
    from campledger.model import times
    from campledger.model.approvals import approvals

    alike: dict[str, list[str]] = {}
    for step, approval in approvals(campaign, history, times.today()).items():
        alike.setdefault(_in_a_line(approval.words), []).append(step)
    everything = [step.name for step in campaign.steps] or [""]
    return [words if steps == everything else f"{', '.join(steps)}: {words}" for words, steps in alike.items()]


def _description(text: str) -> list[str]:
    """Return the first paragraph of a description; the definition has the rest."""
    first, _, rest = text.strip().partition("\n\n")
    return [f"{_in_a_line(first)}{' …' if rest else ''}"]


def _more(record: Record) -> list[str]:
    """Return the plan of a campaign, the DataId sets that it names, and its links."""
    from campledger.ledger.sets import references_of

    campaign, history = record.campaign, record.history
    if campaign is None or history is None:
        return []
    plan = campaign.definition.get("plan", {})
    lines = [f"plan: {', '.join(f'{key} {_in_a_line(str(value))}' for key, value in plan.items())}"] if plan else []
    sets: dict[str, list[str]] = {}
    for purpose, name in references_of(record):
        sets.setdefault(str(purpose), []).append(clean(str(name)))
    lines += [f"{purpose}: {', '.join(dict.fromkeys(names))}" for purpose, names in sorted(sets.items())]
    links = [*campaign.definition.get("links", ())]
    links += [event.data["link"] for event in history.effective if event.type == "link"]
    keys = ("type", "url", "title")
    return [*lines, *(f"link: {_in_a_line(' '.join(str(one[key]) for key in keys if key in one))}" for one in links)]


def _steps(record: Record) -> list[str]:
    from campledger.model.states import RESULTS
    from campledger.model.text_format import count_words, counted, places

    campaign, history = record.campaign, record.history
    lines: list[str] = []
    if campaign is None or history is None:
        return lines
    for step in campaign.steps:
        states = [history.group(group.path).state for group in step.groups]
        counts = ", ".join(f"{states.count(one)} {coloured(one)}" for one in dict.fromkeys(states))
        lines += [
            "",
            f"{click.style(step.name, bold=True)}  {counts}"
            + (f"  {clean(step.definition['title'])}" if "title" in step.definition else ""),
        ]
        inside = {group.path for group in step.groups}
        for one in history.submissions.values():
            if not inside.isdisjoint(one.groups):
                facts = [RESULTS[one.result]] if one.result else []
                facts += [clean(str(one.facts["run_id"]))] if "run_id" in one.facts else []
                facts += [count_words(one.facts["jobs"], "jobs")] if "jobs" in one.facts else []
                facts += [f"of {', '.join(one.parents)}"] if one.parents else []
                facts += [_in_a_line(f"{what}={text}") for what, text in one.facts.get("deviations", {}).items()]
                words = "  ".join(
                    [f"  {one.id}", f"{one.relation} {coloured(str(one.state))}", places(one.groups), *facts]
                )
                lines.append(words)
                lines += _ran(campaign, one)
    unknown = sum("pins" not in one.facts and not one.is_planned for one in history.submissions.values())
    if unknown:
        lines += ["", f"with what {counted(unknown, 'submission')} ran is not recorded"]
    return lines


def _ran(campaign: Campaign, one: Submission) -> list[str]:
    """Return with what a submission ran, where the definition does not say it: sets, and what has changed since."""
    from campledger.model.ran_with import pinned_sets, ran_with

    ran = ran_with(campaign, one)
    told = [] if ran is None else [*([] if ran.is_as_defined else [ran.words]), *pinned_sets(ran.pins)]
    return [f"    {'; '.join(_in_a_line(said) for said in told)}"] if told else []


def event_line(event: Event, history: History | None = None, *, faulty: bool = False, name: str = "") -> str:
    """Return an event in a line: when, of what, who, what; and whether it counts."""
    from campledger.model.event_kinds import describe, remark

    text = remark(event)
    mark = " (does not count)" if faulty else ""
    prefix = f"{name}  " if name else ""
    line = f"  {column(event.at)}  {prefix}{clean(event.by)}: {clean(describe(event, history))}{mark}"
    return f"{line}: {_in_a_line(text)}" if text else line


def _in_a_line(text: str) -> str:
    return " ".join(clean(text).split())
