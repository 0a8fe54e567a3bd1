"""Events in words, for the command line and the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from campledger.model.history import Event
from campledger.model.states import State, campaign_transition

_PAST = {
    "start": "started",
    "pause": "paused",
    "resume": "resumed",
    "complete": "completed",
    "fail": "failed",
    "cancel": "cancelled",
    "reopen": "reopened",
}


def describe(event: Event) -> str:
    """Return what happened, without the reason or text that stands in the event beside it."""
    data = event.data
    on = f" on {data['on']}" if "on" in data else ""
    match event.type:
        case "status":
            row = campaign_transition(State(data["from"]), State(data["to"]))
            return _PAST[row.act] if row else f"from {data['from']} to {data['to']}"
        case "submission":
            parents = f" of {', '.join(data['parents'])}" if data.get("parents") else ""
            verb = "planned" if data["state"] == "planned" else "submitted"
            run = f", run {data['run_id']}" if "run_id" in data else ""
            return f"{verb} a {data['relation']} run{parents} over {places(data['groups'])}{run}"
        case "outcome":
            what = data.get("result") or data["state"]
            counts = "".join(f", {count_words(data[key], key)}" for key in ("jobs", "quanta") if key in data)
            return f"submission {data['submission']} {what}{counts}"
        case "decision":
            return f"{data['decision']} submission {data['submission']}"
        case "note":
            return f"note{on}"
        case "link":
            return f"linked {data['link'].get('title') or data['link']['type']}{on}"
        case "assigned":
            return f"assigned {data['person']}{on}"
        case "unassigned":
            return f"unassigned {data['person']}{on}"
        case "uploaded":
            what = f"{data['set']} ({counted(data['count'], 'data ID')})"
            return f"uploaded {what} to {data['butler']} as {data['name']}, revision {data['revision']}"
        case "collected":
            counts = ", ".join(f"{number:,} {name}" for name, number in data["count"].items())
            return f"collected {counts or 'no datasets'} in {data['collection']} of {data['butler']}"
        case "executed":
            end = "" if data["status"] == 0 else f", which ended with status {data['status']}"
            return f"ran {data['command'][0]}{on}{end}"
        case "retracted":
            return f"retracted event {data['event']}"
        case "reconciled":
            return f"settled a fork as {data['state']}, dropping {', '.join(data['dropped'])}"
        case other:
            return other


def places(groups: Sequence[str]) -> str:
    """Return groups in short: step1/1 to 3 for neighbours of one step, the first few otherwise."""
    steps: dict[str, list[str]] = {}
    for group in groups:
        step, _, name = group.partition("/")
        steps.setdefault(step, []).append(name)
    return "; ".join(f"{step}/{_names(names)}" for step, names in steps.items())


def _names(names: list[str]) -> str:
    if len(names) > 2 and all(name.isdecimal() for name in names):
        numbers = sorted(int(name) for name in names)
        if numbers[-1] - numbers[0] == len(numbers) - 1:
            return f"{numbers[0]}…{numbers[-1]}"
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 error, 1,200 errors."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def count_words(counts: Mapping[str, Any], what: str) -> str:
    """Return counts by state as text: jobs: 1,200 succeeded, 3 failed."""
    return f"{what}: " + ", ".join(f"{number:,} {state}" for state, number in counts.items())


def remark(event: Event) -> str:
    """Return the reason, text or address that an event holds, or nothing."""
    data = event.data
    return str(data.get("reason") or data.get("text") or data.get("link", {}).get("url") or "")
