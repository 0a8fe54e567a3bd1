"""Histories such as events.yaml: a YAML sequence, one event a line, so that `json.loads` per line reads it too.

Every line is ``- `` and one JSON object, and ends with a newline. JSON escapes control characters and lone
surrogates, so that YAML and JSON readers agree on every character.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from campledger.documents.schema import event_findings, is_newer_kind, schema
from campledger.documents.strict import MAX_BYTES
from campledger.documents.strict_json import Decoder, JsonError
from campledger.documents.text import CONFLICT, place_in
from campledger.model.history import Event
from campledger.model.times import parse
from campledger.problems import Finding, Problem, Severity

MAX_EVENT_BYTES = 16 * MAX_BYTES
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON lets through unescaped and YAML does not, or reads as a line break."""
_DISPUTED = re.compile(rf"{_UNSAFE.pattern}|[\x00-\x1f](?<!\r\Z)")
_HALF = re.compile(r"(?<!\\)(?:\\\\)*(\\u[dD][89a-fA-F][0-9a-fA-F]{2})")
"""Half of a character, escaped: JSON joins two of them, YAML refuses them."""
_MAX_KEY = 200
"""YAML reads keys of up to 1,024 characters; an event's are names of properties, states and tasks."""
_DECODER = Decoder(whole=True, max_key=_MAX_KEY)


def parse_events(path: str, data: bytes, *, newer: bool = False) -> tuple[list[Event], list[Problem]]:
    """Read the lines of a history; what is wrong with one does not hide the others.

    In a ledger of a newer format, what only that has is kept, as events without effect.
    """
    if len(data) > MAX_EVENT_BYTES:
        return [], [Problem(path, 0, 0, "unreadable", f"{len(data):,} bytes; the limit is {MAX_EVENT_BYTES:,}")]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [], [Problem(path, *place_in(error), "unreadable", "not UTF-8 text", "save the file as UTF-8")]
    events: list[Event] = []
    problems: list[Problem] = []
    lines = text.split("\n")
    if lines.pop() != "":
        hint = "end the last line with a newline"
        problems.append(Problem(path, len(lines) + 1, 1, "event-line", "the last line is cut off", hint))
    for number, content in enumerate(lines, 1):
        value, found = _line(path, number, content, newer=newer)
        if value is not None:
            events.append(Event(value, number, path, newer=newer and (is_newer_kind(value) or bool(found))))
        problems += found
    return events, problems + duplicates(events)


def _line(path: str, number: int, line: str, *, newer: bool) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return the event of a line, if it is neither empty nor a comment, and what is wrong with it."""

    def bad(column: int, rule: str, message: str, hint: str = "") -> tuple[None, list[Problem]]:
        return None, [Problem(path, number, column, rule, message, hint)]

    disputed = _DISPUTED.search(line)
    if disputed:
        message = f"YAML and JSON readers disagree on the character U+{ord(disputed[0]):04X}"
        return bad(disputed.start() + 1, "event-line", message, "write it as a \\u escape")
    if line in {"", "\r"} or line.startswith("#"):
        return None, []
    if CONFLICT.match(line):
        hint = "keep the lines of both sides, then remove the markers"
        return bad(1, "conflict-marker", "conflict marker of an unresolved merge", hint)
    if not line.startswith("- {"):
        return bad(1, "event-line", "expected `- ` and one JSON object", "only campledger writes this file")
    half = _HALF.search(line) if "\\u" in line else None
    if half:
        message = f"`{half[1]}` is half of a character (a lone surrogate), which YAML readers refuse"
        return bad(half.start(1) + 1, "event-line", message, "write the whole character")
    try:
        value: dict[str, Any] = _DECODER.decode(line[2:])
        found = event_findings(value, newer=newer) or _impossible_times(value)
    except JsonError as error:
        return bad(error.offset + 3, "event-line", error.message, error.hint)
    problems = [_problem(path, number, line, finding) for finding in found]
    return (None if any(one.severity is Severity.ERROR for one in problems) else value), problems


def _impossible_times(event: Mapping[str, Any]) -> list[Finding]:
    findings = []
    for key in event.keys() & {"time", "at"}:
        try:
            parse(event[key])
        except ValueError as error:
            findings.append(Finding((key,), "schema", f"invalid time in `{key}`: {error}"))
    return findings


def _problem(path: str, number: int, line: str, finding: Finding) -> Problem:
    column = 2
    for key in filter(lambda part: isinstance(part, str), finding.pointer):
        found = re.compile(rf"{re.escape(json.dumps(key, ensure_ascii=False))}\s*:").search(line, column)
        column = found.start() if found else column
    severity = Severity.WARNING if finding.rule == "newer-format" else Severity.ERROR
    return Problem(
        path, number, column + 1, finding.rule, finding.message, finding.hint, severity, pointer=finding.pointer
    )


def duplicates(events: list[Event]) -> list[Problem]:
    """Take out events that stand twice, alike or in two versions, as a union merge can leave them; return which."""
    first: dict[str, Event] = {}
    problems = []
    for event in events:
        other = first.setdefault(event.id, event)
        if other is not event:
            alike = "" if other.data == event.data else ", with different content"
            where = "" if other.path == event.path else f" of {other.path}"
            message = f"duplicate event {event.id}: it is in line {other.line}{where} already{alike}"
            hint = "remove one of the two lines"
            problems.append(Problem(event.path, event.line, 3, "duplicate-event", message, hint))
    events[:] = first.values()
    return problems


def format_event(data: Mapping[str, Any]) -> str:
    """Return the line of an event, with its newline; keys in the schema's order, any others after them."""
    order = schema("event")["$defs"][data["type"]]["properties"]
    ordered = {key: data[key] for key in order if key in data} | dict(data)
    text = json.dumps(ordered, ensure_ascii=False)
    escaped = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", _SURROGATE.sub("\ufffd", text))
    return f"- {escaped}\n"
