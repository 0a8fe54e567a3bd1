"""Values as a page prints them: times, paragraphs, the sections of a definition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from campledger.model.campaign import SECTIONS
from campledger.model.templates import written
from campledger.model.text_format import spans

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_MICROSECONDS = re.compile(r"(?<=\.[0-9]{3})[0-9]+(?=Z)")

_LABELS = {
    "day_obs": "day_obs",
    "bps": "BPS",
    "wms": "WMS",
    "ticket_branches": "Ticket branches",
    "size_tb": "Output size (TB)",
    "core_hours": "Core-hours",
    "run": "RUN collection",
    "output": "Output chain",
}
_IN_PROSE = ("scope", "plan")
"""Sections whose values are words and numbers for people, not names for machines."""


def moment(text: str) -> dict[str, str]:
    """Return a time for machines and for people: 2026-11-22 08:01 UTC."""
    # HTML's times have three digits of a second at most.
    return {
        "iso": _MICROSECONDS.sub("", text),
        "text": f"{text[:10]} {text[11:16]} UTC",
        "day": text[:10],
        "clock": text[11:16],
    }


def moment_of(seconds: int) -> dict[str, str]:
    """Return the time of a commit, given in seconds since 1970."""
    return moment(datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def paragraphs(text: str) -> list[str]:
    """Return a text's paragraphs; line breaks inside them stay."""
    if not text:
        return []
    return [part for part in _BLANK_LINES.split(text.strip("\n").rstrip()) if part.strip()]


def counts(document: Mapping[str, int]) -> list[dict[str, str]]:
    """Return counts by state or task, as they are printed."""
    return [{"name": name, "count": f"{number:,}"} for name, number in document.items()]


def sections(document: Mapping[str, Any], names: Iterable[str] = SECTIONS) -> list[dict[str, Any]]:
    """Return those of the sections that a part of a definition has, each as rows of label and values."""
    return [
        {"name": name, "title": name.capitalize(), "rows": list(_rows(document[name], code=name not in _IN_PROSE))}
        for name in names
        if document.get(name)
    ]


def _rows(section: Mapping[str, Any], *, code: bool, above: str = "") -> Iterable[dict[str, Any]]:
    for key, value in section.items():
        label = f"{above}{key}" if above else _LABELS.get(key, key.replace("_", " ").capitalize())
        if key == "bps":
            yield from _rows(value, code=code, above="BPS ")
        elif key == "day_obs":
            days = dict.fromkeys(str(value[bound]) for bound in ("from", "to") if bound in value)
            yield {"label": label, "values": [" to ".join(days)], "code": False}
        else:
            values = _values(value)
            yield {"label": label, "values": values if code else [", ".join(values)], "code": code}


def _values(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        # Values of variables are passed on as they are; commas between thousands would be read as part of them.
        return [f"{key} = {written(below)}" for key, below in value.items()]
    if isinstance(value, list):
        if value and all(isinstance(one, int) for one in value):
            return [spans(str(one) for one in value)]
        return [_scalar(one) for one in value]
    return [_scalar(value)]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
