"""The events of a campaign, or of a set, in words, the latest first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from typing import Any

from campledger.model.campaign import Campaign
from campledger.model.event_kinds import Naming, Piece, kind_of, pieces
from campledger.model.history import Event, History
from campledger.model.states import ENDED_FAILED
from campledger.model.text_format import coverage, places
from campledger.pages.content import text
from campledger.pages.content.links import Directory, link
from campledger.pages.content.markdown import markdown

Words = list[dict[str, Any]]
"""Pieces of a sentence, each with text and, where it is a link, its address."""


def days(
    campaign: Campaign, history: History, directory: Directory, commits: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the events by the day on which they happened, in the order in which they were recorded, the latest first.

    So a day may come twice, where something was entered after what happened later.

    ``commits`` has the commit that recorded each event, by its id, where that is known.
    """
    faults = {fault.event.id: fault.message for fault in history.faults}
    taken_back = _taken_back(history.events, history.dropped)
    anchors = {f"#s-{name}" for name in history.submissions} | {f"#e-{event.id}" for event in history.events}
    found: list[dict[str, Any]] = []
    for event in reversed(history.events):
        entry = _entry(event, campaign, directory, anchors) | _commit(commits.get(event.id, ""), directory)
        if event.id in history.dropped:
            entry |= {"void": "taken back", "because": taken_back.get(event.id)}
        elif event.id in faults:
            entry |= {"void": f"has no effect: {faults[event.id]}"}
        found.append(entry)
    return [
        {"day": day, "events": list(entries)} for day, entries in groupby(found, lambda entry: entry["time"]["day"])
    ]


def of_set(events: Iterable[Event], directory: Directory) -> list[dict[str, Any]]:
    """Return what happened to a shared set, the latest first."""
    listed = list(events)
    taken_back = _taken_back(listed, ())
    anchors = {f"#e-{event.id}" for event in listed}
    entries = []
    for event in reversed(listed):
        entry = _entry(event, None, directory, anchors) | _commit("", directory)
        if event.id in taken_back:
            entry |= {"void": "taken back", "because": taken_back[event.id]}
        entries.append(entry)
    return entries


def _taken_back(events: Iterable[Event], dropped: Collection[str]) -> dict[str, str]:
    """Return which event took back each that was."""
    found = {}
    for event in events:
        if event.id not in dropped:
            for name in event.data.get("dropped", [event.data.get("event")]):
                found[name] = event.id
    return found


def _entry(event: Event, campaign: Campaign | None, directory: Directory, anchors: Collection[str]) -> dict[str, Any]:
    data = event.data
    return {
        "id": event.id,
        "type": event.type,
        "mark": _mark(event),
        "time": text.moment(event.at),
        "recorded": text.moment(event.time) if "at" in data else None,
        "by": directory.person(event.by),
        "words": _words(event, campaign, directory, anchors),
        "reason": data.get("reason", ""),
        "html": markdown(data.get("text", "")),
        "void": "",
        "because": None,
    }


def _commit(commit: str, directory: Directory) -> dict[str, Any]:
    return {"commit": commit[:10], "commit_url": directory.commit(commit) if commit else None}


def _mark(event: Event) -> str:
    """Return the state whose colour and sign the event bears, or its type where that has a sign."""
    data = event.data
    if event.newer:
        return "note"
    if kind_of(event).sign:
        return event.type
    if event.type == "outcome" and data.get("result") == "failed":
        return ENDED_FAILED
    return str(data.get("to") or data.get("decision") or data["state"])


def _words(event: Event, campaign: Campaign | None, directory: Directory, anchors: Collection[str]) -> Words:
    before, after = kind_of(event).around
    naming = Naming(
        groups=(lambda groups: coverage(campaign, groups)) if campaign is not None else places,
        person=lambda handle: directory.person(handle)["name"],
    )
    said = pieces(event, naming)
    return [_piece(piece, event, anchors) for piece in (Piece(before), *said, Piece(after)) if piece.text]


def _piece(piece: Piece, event: Event, anchors: Collection[str]) -> dict[str, Any]:
    if piece.names == "url":
        found = link(event.data["link"])
        return {"text": found["text"], "href": found["url"] or "", "external": True}
    href = {"submission": f"#s-{piece.value}", "event": f"#e-{piece.value}"}.get(piece.names, "")
    return {"text": piece.text, "href": href if href in anchors else "", "external": False}
