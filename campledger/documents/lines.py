"""events.yaml: a YAML sequence, one event a line, so that `json.loads` per line reads it too.

Every line is ``- `` and one JSON object, and ends with a newline. JSON escapes control characters and lone
surrogates, so that YAML and JSON readers agree on every character.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from campledger.documents.schema import event_findings, schema
from campledger.documents.strict import MAX_BYTES
from campledger.model.history import Event
from campledger.problems import Finding, Problem

MAX_EVENT_BYTES = 16 * MAX_BYTES
_CONFLICT = re.compile(r"<{7}( |$)|={7}$|>{7}( |$)|\|{7}( |$)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON lets through unescaped and YAML does not, or reads as a line break."""


def parse_events(path: str, data: bytes) -> tuple[list[Event], list[Problem]]:
    """Read the lines of an events.yaml; what is wrong with one does not hide the others."""
    if len(data) > MAX_EVENT_BYTES:
        return [], [
            Problem(path, 0, 0, "unreadable", f"{len(data):,} bytes; {MAX_EVENT_BYTES:,} are the limit")
        ]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        bad_line = data[: error.start].count(b"\n") + 1
        return [], [Problem(path, bad_line, 1, "unreadable", "not UTF-8 text", "save the file as UTF-8")]
    events: list[Event] = []
    problems: list[Problem] = []
    lines = text.split("\n")
    if lines.pop() != "":
        hint = "end the last line with a newline"
        problems.append(Problem(path, len(lines) + 1, 1, "event-line", "the last line is cut off", hint))
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        value, found = _line(path, number, line)
        if value is not None:
            events.append(Event(value, number))
        problems += found
    return events, problems + _duplicates(path, events)


def _line(path: str, number: int, line: str) -> tuple[dict[str, Any] | None, list[Problem]]:
    if _CONFLICT.match(line):
        hint = "keep the lines of both sides, then remove the markers"
        message = "a merge left its conflict marker here"
        return None, [Problem(path, number, 1, "conflict-marker", message, hint)]
    if not line.startswith("- {"):
        message = "not `- ` and one JSON object"
        return None, [Problem(path, number, 1, "event-line", message, "only campledger writes this file")]
    try:
        value = json.loads(line[2:], object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return None, [Problem(path, number, error.colno + 2, "event-line", f"not JSON: {error.msg}")]
    except RecursionError:
        return None, [Problem(path, number, 3, "event-line", "nested too deeply")]
    except ValueError as error:
        return None, [Problem(path, number, 3, "event-line", str(error))]
    if _UNSAFE.search(line) or "\t" in line or _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        message = "a character that YAML and JSON readers do not agree on"
        return None, [Problem(path, number, 3, "event-line", message, "write it as a \\u escape")]
    found = event_findings(value)
    if found:
        return None, [_problem(path, number, line, finding) for finding in found]
    return value, []


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _problem(path: str, number: int, line: str, finding: Finding) -> Problem:
    key = next((part for part in finding.pointer if isinstance(part, str)), None)
    column = line.find(f'"{key}"') + 1 if key is not None else 0
    return Problem(path, number, max(column, 3), finding.rule, finding.message, finding.hint)


def _duplicates(path: str, events: list[Event]) -> list[Problem]:
    """A union merge can leave an event twice: alike, or in two versions."""
    first: dict[str, Event] = {}
    problems = []
    for event in events:
        other = first.setdefault(event.id, event)
        if other is not event:
            alike = "" if other.data == event.data else ", in another version"
            message = f"the event {event.id} stands in line {other.line} already{alike}"
            hint = "remove one of the two lines"
            problems.append(Problem(path, event.line, 3, "duplicate-event", message, hint))
    events[:] = first.values()
    return problems


def format_event(data: Mapping[str, Any]) -> str:
    """Return the line of an event, with its newline; keys in the schema's order."""
    order = schema("event")["$defs"][data["type"]]["properties"]
    ordered = {key: data[key] for key in order if key in data}
    text = json.dumps(ordered, ensure_ascii=False)
    escaped = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", _SURROGATE.sub("\ufffd", text))
    return f"- {escaped}\n"
