"""The message of a commit that campledger makes: its subject, its body, and trailers that machines read.

The trailers say what a commit is about, so that it can be found, and tell it from the user's own commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CAMPAIGN, EVENT, SET, QUERY = (f"Campledger-{name}" for name in ("Campaign", "Event", "Set", "Query"))
"""The keys of the trailers: the id of a campaign, the id of an event, the path of a set without its ending, the name of
a saved query."""

EVENTS_FORMAT = f"%(trailers:key={EVENT},valueonly,separator=%x20)"
"""Makes `git log` print the ids of the events that a commit recorded, separated by blanks."""

LISTED = 20
"""How many acts, or lines of details, a message has; its trailers name all events."""

WIDTH = 72
"""Characters of a subject that git shows whole."""


@dataclass(frozen=True, slots=True)
class ActMessage:
    """What one act says in the message of its commit."""

    subject: str
    trailers: tuple[tuple[str, str], ...]
    """Keys and values, in order."""
    details: tuple[str, ...] = ()
    """What more is told where the commit holds no other act."""


def compose(acts: Sequence[ActMessage], told: str | None = None) -> str:
    """Return the message of a commit that holds some acts, one at least; ``told`` takes the place of the first line."""
    details = [_printable(line) for line in acts[0].details[:LISTED]]
    details += [f"and {len(acts[0].details) - LISTED:,} more"] if len(acts[0].details) > LISTED else []
    parts = [subject_line(acts[0].subject), *(["\n".join(details)] if details else [])]
    if told is not None or len(acts) > 1:
        subject, *more = (told or _counted(acts)).strip().splitlines()
        body = "\n".join(_printable(line).rstrip() for line in more).strip()
        rows = [f"- {subject_line(act.subject)}" for act in acts[:LISTED]]
        rows += [f"- and {len(acts) - LISTED:,} more"] if len(acts) > LISTED else []
        parts = [subject_line(subject), *([body] if body else []), "\n".join(rows)]
    trailers = dict.fromkeys(trailer for act in acts for trailer in act.trailers)
    ordered = sorted(trailers, key=lambda trailer: trailer[0] == EVENT)  # stable: what it is about comes first
    return "\n\n".join([*parts, "\n".join(f"{key}: {value}" for key, value in ordered)]) + "\n"


def _counted(acts: Sequence[ActMessage]) -> str:
    campaigns = {value for act in acts for key, value in act.trailers if key == CAMPAIGN}
    return f"{len(acts):,} acts on {len(campaigns):,} campaign{'s' * (len(campaigns) != 1)}"


def is_ours(message: str) -> bool:
    """Whether campledger made the commit, and may therefore make it again on newer history."""
    return any(f"{key}:" in message for key in (CAMPAIGN, SET, QUERY))


def subject_line(words: str) -> str:
    """Return what a commit does as its subject: one printable line, of a length that git shows."""
    line = _printable(" ".join(words.split()))
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def is_cut(words: str) -> bool:
    """Whether a subject shows only the beginning of the words."""
    return subject_line(words).endswith("…")


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in line)


def of_event(key: str, value: str, event: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the trailers of an event, in the history of what the first one names."""
    return ((key, value), (EVENT, event["id"]))
