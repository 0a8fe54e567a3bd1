"""Events in words, for the command line and the site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campledger.model.campaign import Campaign
from campledger.model.history import Event, History
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

_NAMES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a sentence, and what they name: a submission, an event, or an address."""

    text: str
    names: str = ""
    """`submission`, `event` or `url`; nothing for plain words."""
    value: str = ""
    """Which one."""


def describe(event: Event, history: History | None = None) -> str:
    """Return what happened, without the reason or text that stands in the event beside it.

    With its campaign's history, submissions are told with the groups that they cover.
    """
    return "".join(piece.text for piece in pieces(event, history=history))


def pieces(
    event: Event,
    *,
    groups: Callable[[Sequence[str]], str] | None = None,
    person: Callable[[str], str] = str,
    history: History | None = None,
) -> Iterator[Piece]:
    """Yield what happened, piece by piece; ``groups`` and ``person`` say how places and people are called."""
    data = event.data
    on = Piece(f" on {data['on']}" if "on" in data else "")
    match event.type:
        case "status":
            row = campaign_transition(State(data["from"]), State(data["to"]))
            yield Piece(_PAST[row.act] if row else f"from {data['from']} to {data['to']}")
        case "submission":
            yield Piece("planned " if data["state"] == "planned" else "submitted ")
            yield Piece(f"a {data['relation']} run", "submission", event.id)
            if data.get("parents"):
                yield Piece(" of ")
                yield from _listed(data["parents"], "submission")
            run = f", run {data['run_id']}" if "run_id" in data else ""
            yield Piece(f" over {(groups or places)(data['groups'])}{run}")
        case "outcome":
            counts = "".join(f", {count_words(data[key], key)}" for key in ("jobs", "quanta") if key in data)
            yield Piece("submission ")
            yield Piece(data["submission"], "submission", data["submission"])
            yield Piece(_covered(data["submission"], history))
            yield Piece(f" {data.get('result') or data['state']}{counts}")
        case "decision":
            yield Piece(f"{data['decision']} submission ")
            yield Piece(data["submission"], "submission", data["submission"])
            yield Piece(_covered(data["submission"], history))
        case "note":
            yield Piece("note")
            yield on
        case "link":
            yield Piece("linked ")
            yield Piece(data["link"].get("title") or data["link"]["type"], "url", data["link"]["url"])
            yield on
        case "assigned" | "unassigned":
            yield Piece(f"{event.type} {person(data['person'])}")
            yield on
        case "retracted":
            yield Piece("retracted event ")
            yield Piece(data["event"], "event", data["event"])
        case "reconciled":
            yield Piece(f"settled a fork as {data['state']}, dropping ")
            yield from _listed(data["dropped"], "event")
        case _:
            yield Piece(_of_registry(event))


def _covered(submission: str, history: History | None) -> str:
    """Return which groups a submission covers, where its history says so."""
    known = history.submissions.get(submission) if history else None
    return f" ({places(known.groups)})" if known else ""


def _of_registry(event: Event) -> str:
    """Return what was done with sets and data."""
    data = event.data
    match event.type:
        case "uploaded":
            what = f"{data['set']} ({counted(data['count'], 'data ID')})"
            return f"uploaded {what} to {data['butler']} as {data['name']}, revision {data['revision']}"
        case "collected":
            counts = ", ".join(f"{number:,} {name}" for name, number in data["count"].items())
            return f"collected {counts or 'no datasets'} in {data['collection']} of {data['butler']}"
        case "executed":
            end = "" if data["status"] == 0 else f", which ended with status {data['status']}"
            return f"ran {data['command'][0]} on {data['on']}{end}"
        case other:
            return other


def _listed(values: Sequence[str], names: str) -> Iterator[Piece]:
    for number, value in enumerate(values):
        yield Piece(", " if number else "")
        yield Piece(value, names, value)


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


def counted(number: int, noun: str, many: str | None = None) -> str:
    """Return a number with its noun: 1 error, 1,200 errors, 2 groups wait."""
    return f"{number:,} {noun if number == 1 else many or f'{noun}s'}"


def spans(names: Iterable[str]) -> str:
    """Return names in short: numbers as ranges (1-12, 14), others up to a few and how many more."""
    listed = list(names)
    if all(name.isascii() and name.isdecimal() and name == str(int(name)) for name in listed):
        return ", ".join(_ranges(sorted({int(name) for name in listed})))
    shown = ", ".join(listed[:_NAMES_SHOWN])
    rest = len(listed) - _NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def _ranges(numbers: list[int]) -> list[str]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [str(run[0]) if len(run) == 1 else f"{run[0]}\N{EN DASH}{run[-1]}" for run in runs]


def coverage(campaign: Campaign, groups: Iterable[str]) -> str:
    """Return in words which groups are meant: "step1", "step2 (all 50)", "step2/1-12, 14"."""
    by_step: dict[str, list[str]] = {}
    for path in groups:
        step, _, group = path.partition("/")
        by_step.setdefault(step, []).append(group)
    sizes = {step.name: len(step.groups) for step in campaign.steps}
    return "; ".join(_part(step, names, sizes.get(step, 0)) for step, names in by_step.items())


def _part(step: str, names: list[str], size: int) -> str:
    if size == 1:
        return step
    return f"{step} (all {size})" if len(names) == size else f"{step}/{spans(names)}"


def count_words(counts: Mapping[str, Any], what: str) -> str:
    """Return counts by state as text: jobs: 1,200 succeeded, 3 failed."""
    return f"{what}: " + ", ".join(f"{number:,} {state}" for state, number in counts.items())


def remark(event: Event) -> str:
    """Return the reason, text or address that an event holds, or nothing."""
    data = event.data
    return str(data.get("reason") or data.get("text") or data.get("link", {}).get("url") or "")
