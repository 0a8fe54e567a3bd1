"""A campaign's events in words, the latest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campledger.model.campaign import Campaign
from campledger.model.history import Event, History
from campledger.model.states import State, campaign_transition
from campledger.model.words import describe
from campledger.pages import text
from campledger.pages.links import Directory, link

Words = list[dict[str, Any]]
"""Pieces of a sentence, each with text and, where it is a link, its address."""

_ACTS = {
    "start": "started the campaign",
    "pause": "paused the campaign",
    "resume": "resumed the campaign",
    "complete": "completed the campaign",
    "fail": "declared the campaign failed",
    "cancel": "cancelled the campaign",
    "reopen": "reopened the campaign, paused",
}


def days(campaign: Campaign, history: History, directory: Directory) -> list[dict[str, Any]]:
    """Return the events by the day on which they were recorded, the latest day and event first."""
    faults = {fault.event.id: fault.message for fault in history.faults}
    taken_back = _taken_back(history)
    anchors = {f"#s-{name}" for name in history.submissions} | {f"#e-{event.id}" for event in history.events}
    found: dict[str, list[dict[str, Any]]] = {}
    for event in reversed(history.events):
        entry = _entry(event, campaign, directory)
        for piece in entry["words"]:
            if not piece["external"] and piece["href"] not in anchors:
                piece["href"] = ""
        if event.id in history.dropped:
            entry |= {"void": "taken back", "because": taken_back.get(event.id)}
        elif event.id in faults:
            entry |= {"void": f"has no effect: {faults[event.id]}"}
        found.setdefault(event.time[:10], []).append(entry)
    return [{"day": day, "events": entries} for day, entries in found.items()]


def _taken_back(history: History) -> dict[str, str]:
    """Return which event took back each that was."""
    found = {}
    for event in history.events:
        if event.id not in history.dropped:
            for name in event.data.get("dropped", [event.data.get("event")]):
                found[name] = event.id
    return found


def _entry(event: Event, campaign: Campaign, directory: Directory) -> dict[str, Any]:
    data = event.data
    return {
        "id": event.id,
        "type": event.type,
        "mark": _mark(event),
        "time": text.moment(event.time),
        "happened": text.moment(event.at) if "at" in data else None,
        "by": directory.person(event.by),
        "words": _SAYINGS[event.type](event, campaign, directory),
        "reason": data.get("reason", ""),
        "text": text.paragraphs(data.get("text", "")),
        "void": "",
        "because": None,
    }


def _mark(event: Event) -> str:
    """Return the state whose colour and sign the event bears, or its type."""
    data = event.data
    if event.type == "outcome" and data.get("result") == "failed":
        return "ended-failed"
    return str(data.get("to") or data.get("decision") or data.get("state") or event.type)


def _say(words: str) -> dict[str, Any]:
    return {"text": words, "href": "", "external": False}


def _submission(name: str) -> dict[str, Any]:
    return {"text": name, "href": f"#s-{name}", "external": False}


def _listed(names: list[str], prefix: str) -> Words:
    words: Words = []
    for number, name in enumerate(names):
        words += [_say(", ")] if number else []
        words.append({"text": name, "href": f"#{prefix}-{name}", "external": False})
    return words


def _on(event: Event) -> str:
    return f" on {event.data['on']}" if "on" in event.data else ""


def _status(event: Event, _campaign: Campaign, _directory: Directory) -> Words:
    source, target = State(event.data["from"]), State(event.data["to"])
    transition = campaign_transition(source, target)
    return [_say(_ACTS[transition.act] if transition else f"took the campaign from {source} to {target}")]


def _submitted(event: Event, campaign: Campaign, _directory: Directory) -> Words:
    data = event.data
    relation = "" if data["relation"] == "first" else f" as a {data['relation']}"
    words = [_say(f"{data['state']} "), _submission(event.id)]
    words.append(_say(f" for {text.coverage(campaign, data['groups'])}{relation}"))
    parents = data.get("parents", [])
    return [*words, _say(" of "), *_listed(parents, "s")] if parents else words


def _outcome(event: Event, _campaign: Campaign, _directory: Directory) -> Words:
    data = event.data
    words = f" is {data['state']}" if data["state"] != "ended" else " ended"
    words += f", {data['result']}" if "result" in data else ""
    tallies = [
        f"{what} {', '.join(f'{number:,} {state}' for state, number in data[what].items())}"
        for what in ("quanta", "jobs")
        if data.get(what)
    ]
    return [_say("reported: "), _submission(data["submission"]), _say(words + "".join(f"; {one}" for one in tallies))]


def _decision(event: Event, _campaign: Campaign, _directory: Directory) -> Words:
    return [_say(f"{event.data['decision']} "), _submission(event.data["submission"])]


def _note(event: Event, _campaign: Campaign, _directory: Directory) -> Words:
    return [_say(f"noted{_on(event)}:")]


def _link(event: Event, _campaign: Campaign, _directory: Directory) -> Words:
    found = link(event.data["link"])
    piece = {"text": found["text"], "href": found["url"] or "", "external": True}
    return [_say(f"linked {found['type']}{_on(event)}: "), piece]


def _assigned(event: Event, _campaign: Campaign, directory: Directory) -> Words:
    name = directory.person(event.data["person"])["name"]
    where = event.data.get("on", "the campaign")
    return [_say(f"made {name} operator of {where}" if event.type == "assigned" else f"took {name} off {where}")]


def _described(event: Event, _campaign: Campaign, _directory: Directory) -> Words:
    return [_say(describe(event))]


def _retracted(event: Event, _campaign: Campaign, _directory: Directory) -> Words:
    return [_say("took back the event "), *_listed([event.data["event"]], "e")]


def _reconciled(event: Event, _campaign: Campaign, _directory: Directory) -> Words:
    words = [_say(f"settled a fork: the campaign is {event.data['state']}, without ")]
    return [*words, *_listed(event.data["dropped"], "e")]


_SAYINGS: dict[str, Callable[[Event, Campaign, Directory], Words]] = {
    "status": _status,
    "submission": _submitted,
    "outcome": _outcome,
    "decision": _decision,
    "note": _note,
    "link": _link,
    "assigned": _assigned,
    "unassigned": _assigned,
    "uploaded": _described,
    "collected": _described,
    "executed": _described,
    "retracted": _retracted,
    "reconciled": _reconciled,
}
