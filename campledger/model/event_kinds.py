"""The kinds of events: what replay does with each, its words, and where it may stand. One table, which others go by.

A new kind is a part of schemas/event.schema.json, a row of :data:`EVENT_KINDS`, and the command that appends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campledger.model.rules import url_complaint
from campledger.model.states import CAMPAIGN_ACTS, PHASES, RESULTS, State, campaign_transition
from campledger.model.text_format import count_words, counted, places

if TYPE_CHECKING:
    from campledger.model.history import Event, History, Replay


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a sentence, and what they name: a submission, an event, or an address."""

    text: str
    names: str = ""
    """`submission`, `event` or `url`; nothing for plain words."""
    value: str = ""
    """Which one."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How groups, people and submissions are named in an event's text."""

    groups: Callable[[Sequence[str]], str] = places
    person: Callable[[str], str] = str
    history: History | None = None
    """The campaign's history, which knows the groups of its submissions."""


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event: its replay, text, sign and rules."""

    name: str
    """The event's `type`."""
    replay: Callable[[Replay, Event], object]
    """Takes an event into the state reached, or reports why it has no effect."""
    words: Callable[[Event, Naming], Iterable[Piece]]
    """Describes what happened, without the event's own reason or text."""
    around: tuple[str, str] = ("", "")
    """What makes of the words a sentence that begins with the person."""
    sign: str = ""
    """Name of its sign in the site's styles; empty where it has that of the state which it leads to."""
    independent: bool = False
    """Whether it is true whatever became of the acts before it: a push keeps it where others were withdrawn."""
    on_sets: bool = False
    """Whether it may stand in the history of a shared set."""
    takes_back: Callable[[Event], Sequence[str]] = lambda _: ()
    """Returns the ids of the events that do not count because of it."""


def describe(event: Event, history: History | None = None) -> str:
    """Describe what happened, without the event's own reason or text.

    With its campaign's history, submissions are told with the groups that they cover.
    """
    return "".join(piece.text for piece in pieces(event, Naming(history=history)))


def pieces(event: Event, naming: Naming) -> Iterator[Piece]:
    """Yield what happened, piece by piece, and for whom or by which rule it was done."""
    yield from kind_of(event).words(event, naming)
    if "on_behalf_of" in event.data:
        yield Piece(f", on behalf of {naming.person(event.data['on_behalf_of'])}")
    if "rule" in event.data:
        yield Piece(f", by the rule {event.data['rule']['name']}")


def kind_of(event: Event) -> EventKind:
    """Return the kind of an event; of one that only a newer campledger understands, one that has no effect."""
    return _NEWER if event.newer else EVENT_KINDS[event.type]


def remark(event: Event) -> str:
    """Return the reason, text or address that an event holds, or nothing."""
    data = event.data
    return str(data.get("reason") or data.get("text") or data.get("link", {}).get("url") or "")


def _on(event: Event) -> Piece:
    return Piece(f" on {event.data['on']}" if "on" in event.data else "")


def _listed(values: Sequence[str], names: str) -> Iterator[Piece]:
    for number, value in enumerate(values):
        yield Piece(", " if number else "")
        yield Piece(value, names, value)


def _submission_of(event: Event, naming: Naming) -> Iterator[Piece]:
    """Yield which submission is meant, and which groups it covers where its history says so."""
    submission = event.data["submission"]
    yield Piece(submission, "submission", submission)
    known = naming.history.submissions.get(submission) if naming.history else None
    yield Piece(f" ({places(known.groups)})" if known else "")


def _place_known(machine: Replay, event: Event) -> bool:
    return machine.place_known(event)


def _status_words(event: Event, _: Naming) -> Iterator[Piece]:
    source, target = event.data["from"], event.data["to"]
    row = campaign_transition(State(source), State(target))
    yield Piece(CAMPAIGN_ACTS[row.act].past if row else f"from {source} to {target}")


def _submission_words(event: Event, naming: Naming) -> Iterator[Piece]:
    data = event.data
    yield Piece("planned " if data["state"] == "planned" else "submitted ")
    yield Piece(f"a {data['relation']} run", "submission", event.id)
    if data.get("parents"):
        yield Piece(" of ")
        yield from _listed(data["parents"], "submission")
    run = f", run {data['run_id']}" if "run_id" in data else ""
    yield Piece(f" over {naming.groups(data['groups'])}{run}")


def _outcome_words(event: Event, naming: Naming) -> Iterator[Piece]:
    data = event.data
    counts = "".join(f", {count_words(data[key], key)}" for key in ("jobs", "quanta", "datasets") if key in data)
    where = f" {PHASES[data['phase']]}" if "phase" in data else ""
    yield Piece("submission ")
    yield from _submission_of(event, naming)
    yield Piece(f" {RESULTS.get(data.get('result', '')) or data['state']}{where}{counts}")


def _decision_words(event: Event, naming: Naming) -> Iterator[Piece]:
    yield Piece(f"{event.data['decision']} submission ")
    yield from _submission_of(event, naming)


def _note_words(event: Event, _: Naming) -> Iterator[Piece]:
    yield Piece("note")
    yield _on(event)


def _replay_link(machine: Replay, event: Event) -> None:
    complaint = url_complaint(event.data["link"]["url"])
    if machine.place_known(event) and complaint:
        machine.fault(event, "url-scheme", complaint, "link to an http or https address")


def _link_words(event: Event, _: Naming) -> Iterator[Piece]:
    link = event.data["link"]
    yield Piece("linked ")
    yield Piece(link.get("title") or link["type"], "url", link["url"])
    yield _on(event)


def _replay_assigned(machine: Replay, event: Event) -> None:
    if not machine.place_known(event):
        return
    place, person = event.data.get("on", ""), event.data["person"]
    others = tuple(handle for handle in machine.operators.get(place, ()) if handle != person)
    machine.operators[place] = (*others, person) if event.type == "assigned" else others


def _assigned_words(event: Event, naming: Naming) -> Iterator[Piece]:
    yield Piece(f"{event.type} {naming.person(event.data['person'])}")
    yield _on(event)


def _uploaded_words(event: Event, _: Naming) -> Iterator[Piece]:
    data = event.data
    what = f"{data['set']} ({counted(data['count'], 'data ID')})"
    yield Piece(f"uploaded {what} to {data['butler']} as {data['name']}, revision {data['revision']}")


def _collected_words(event: Event, _: Naming) -> Iterator[Piece]:
    data = event.data
    counts = ", ".join(f"{number:,} {name}" for name, number in data["count"].items())
    yield Piece(f"collected {counts or 'no datasets'} in {data['collection']} of {data['butler']}")


def _executed_words(event: Event, _: Naming) -> Iterator[Piece]:
    data = event.data
    end = "" if data["status"] == 0 else f", which ended with status {data['status']}"
    yield Piece(f"ran {data['command'][0]} on {data['on']}{end}")


def _replay_approved(machine: Replay, event: Event) -> None:
    for step in event.data.get("scope", ()):
        if not machine.place_known(event, step):
            return


def _approved_words(event: Event, _: Naming) -> Iterator[Piece]:
    data = event.data
    until = f" until {data['until']}" if "until" in data else ""
    condition = f", on condition that {data['condition']}" if "condition" in data else ""
    yield Piece(f"approved {', '.join(data.get('scope', ())) or 'the campaign'} as defined then{until}{condition}")


def _replay_tick(machine: Replay, event: Event) -> None:
    items = [one["name"] for one in machine.campaign.checklist]
    if event.data["item"] not in items:
        hint = f"its items are {', '.join(items)}" if items else "the definition has no `checklist`"
        machine.fault(event, "unknown-item", f"unknown checklist item {event.data['item']}", hint)
    elif event.type == "ticked":
        machine.ticked[event.data["item"]] = event
    else:
        machine.ticked.pop(event.data["item"], None)


def _ticked_words(event: Event, _: Naming) -> Iterator[Piece]:
    yield Piece(f"ticked off {event.data['item']}")


def _unticked_words(event: Event, _: Naming) -> Iterator[Piece]:
    yield Piece(f"took back the tick of {event.data['item']}")


def _night_words(event: Event, _: Naming) -> Iterator[Piece]:
    data = event.data
    of = ", ".join(data[key] for key in ("pipeline", "deployment") if key in data)
    yield Piece(count_words(data["counts"], f"night {data['day_obs']}{f' of {of}' if of else ''}"))


def _newer_words(event: Event, _: Naming) -> Iterator[Piece]:
    yield Piece(f"{event.type}, in words of a newer campledger")


def _retracted_words(event: Event, _: Naming) -> Iterator[Piece]:
    yield Piece("retracted event ")
    yield Piece(event.data["event"], "event", event.data["event"])


def _replay_reconciled(machine: Replay, event: Event) -> None:
    if machine.all_earlier(event) and event.data["state"] != machine.state:
        message = f"it says that the campaign is {event.data['state']}, but the campaign is {machine.state}"
        machine.fault(event, "illegal-transition", message)


def _reconciled_words(event: Event, _: Naming) -> Iterator[Piece]:
    yield Piece(f"resolved a fork as {event.data['state']}, dropping ")
    yield from _listed(event.data["dropped"], "event")


EVENT_KINDS = {
    kind.name: kind
    for kind in (
        EventKind(
            "status",
            replay=lambda machine, event: machine.change_state(event),
            words=_status_words,
            around=("", " the campaign"),
        ),
        EventKind("submission", replay=lambda machine, event: machine.submit(event), words=_submission_words),
        EventKind(
            "outcome",
            replay=lambda machine, event: machine.take_outcome(event),
            words=_outcome_words,
            around=("reported: ", ""),
        ),
        EventKind("decision", replay=lambda machine, event: machine.decide(event), words=_decision_words),
        EventKind(
            "note",
            replay=_place_known,
            words=_note_words,
            sign="lines",
            around=("left a ", ""),
            independent=True,
            on_sets=True,
        ),
        EventKind("link", replay=_replay_link, words=_link_words, sign="chain", independent=True),
        EventKind("assigned", replay=_replay_assigned, words=_assigned_words, sign="person", independent=True),
        EventKind("unassigned", replay=_replay_assigned, words=_assigned_words, sign="person", independent=True),
        EventKind("uploaded", replay=_place_known, words=_uploaded_words, sign="up", independent=True, on_sets=True),
        EventKind("collected", replay=_place_known, words=_collected_words, sign="up", independent=True, on_sets=True),
        EventKind("executed", replay=_place_known, words=_executed_words, sign="play", independent=True),
        EventKind("approved", replay=_replay_approved, words=_approved_words, sign="check", independent=True),
        EventKind("ticked", replay=_replay_tick, words=_ticked_words, sign="check", independent=True),
        EventKind("unticked", replay=_replay_tick, words=_unticked_words, sign="back", independent=True),
        EventKind(
            "night",
            replay=_place_known,
            words=_night_words,
            sign="lines",
            around=("reported: ", ""),
            independent=True,
        ),
        EventKind(
            "retracted",
            replay=lambda machine, event: machine.all_earlier(event),
            words=_retracted_words,
            sign="back",
            on_sets=True,
            takes_back=lambda event: (event.data["event"],),
        ),
        EventKind(
            "reconciled",
            replay=_replay_reconciled,
            words=_reconciled_words,
            takes_back=lambda event: tuple(event.data["dropped"]),
        ),
    )
}
"""The kinds by name, in the order in which they are listed."""

_NEWER = EventKind(
    "", replay=lambda machine, event: None, words=_newer_words, around=("left: ", ""), independent=True, on_sets=True
)
