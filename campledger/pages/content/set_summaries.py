"""What pages say of the members of DataId sets: size, counts by day, band and so on, and the first few members.

A set is summed up once, however many campaigns name it, and a page stays small however large the set is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from campledger.errors import CampledgerError
from campledger.ledger.sets import SHARED, Evaluated, Reference, Sets
from campledger.pages.drawing.steps_graph import shortened

COUNTED_BY = {
    "day_obs": "Day",
    "band": "Band",
    "physical_filter": "Filter",
    "detector": "Detector",
    "tract": "Tract",
    "reason": "Reason",
    "severity": "Severity",
}
"""What members are counted by, where it is known of any."""

MAX_COUNTS = 12
"""Other values that are shown, those with most members."""

MAX_TIMES = 24
"""Days that are shown; more of them are taken together by month, and months by year."""

PREVIEW = 12
"""Members that are shown."""

_TEXT_FITS = 120
_BANDS = "ugrizy"
_PLAIN = re.compile(r"[A-Za-z0-9._+-]")


def set_page_path(name: str) -> str:
    """Return the path of a shared set's page in the site; no two names share one.

    What is no letter, digit or one of ``._+-`` is written as its bytes in hexadecimal, each after a ``=``.
    """
    *folders, last = name.split("/")
    # A folder must not have the name of another set's page, nor a page that of the list of sets.
    parts = [re.sub(r"\.html$", "=2Ehtml", _escaped(folder), flags=re.IGNORECASE) for folder in folders]
    written = f"={last}" if not folders and last.lower() == "index" else _escaped(last)
    return "/".join(["sets", *parts, f"{written}.html"])


def _escaped(part: str) -> str:
    written = "".join(
        char if _PLAIN.match(char) else "".join(f"={byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))
        for char in part
    )
    if len(written) <= 200:
        return written
    digest = hashlib.sha256(part.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{written[:150]}=x{digest[:24]}"


class Shelf:
    """The sets of a ledger, summed up as they are asked for."""

    def __init__(self, sets: Sets):
        self.sets = sets
        self._summaries: dict[tuple[str, str, str], dict[str, Any]] = {}

    def named(self, text: str, campaign: str | None = None) -> dict[str, Any]:
        """Return what a page says of the set that ``NAME[@PIN]`` means; what is wrong with it, if it cannot be read."""
        reference = Reference.parse(text)
        path = self.sets.path_of(reference.name, campaign)
        shared = path is not None and path.startswith(SHARED)
        owner = None if shared else campaign
        key = (reference.name, reference.pin, owner or "")
        if key not in self._summaries:
            self._summaries[key] = self._summary(text, owner)
        return self._summaries[key] | {
            "name": reference.name,
            "pin": reference.pin,
            "path": path or "",
            "page": set_page_path(reference.name) if shared else "",
        }

    def _summary(self, text: str, campaign: str | None) -> dict[str, Any]:
        try:
            return summary(self.sets.evaluate(text, campaign)) | {"problem": ""}
        except CampledgerError as error:
            return {"problem": str(error), "size": None, "digest": "", "dimensions": [], "purpose": "", "pending": 0,
                    "counts": [], "members": None}  # fmt: skip


def summary(evaluated: Evaluated) -> dict[str, Any]:
    """Return what a page says of a set's members."""
    value = evaluated.value
    return {
        "size": f"{len(value):,}",
        "digest": evaluated.digest,
        "dimensions": list(value.dimensions),
        "purpose": str(evaluated.file.about.get("purpose", "")),
        "pending": len(value.pending),
        "counts": [_counts(name, label, found) for name, label in COUNTED_BY.items() if (found := value.tally(name))],
        "members": _members(evaluated),
    }


def _counts(name: str, label: str, found: Mapping[Any, int]) -> dict[str, Any]:
    known = {key: count for key, count in found.items() if key is not None}
    distinct = len(known)
    if name == "day_obs":
        label, known = _by_time(known)
        shown = dict(list(known.items())[-MAX_TIMES:])
    else:
        known = dict(sorted(known.items(), key=lambda pair: _BANDS.find(str(pair[0])))) if name == "band" else known
        shown = known if len(known) <= MAX_COUNTS else dict(_largest(known))
    most = max(shown.values())
    total = sum(found.values())
    rest = sum(known.values()) - sum(shown.values())
    return {
        "name": name,
        "label": label,
        "distinct": f"{distinct:,}",
        "rows": [
            {"value": shortened(str(key), _TEXT_FITS), "count": f"{count:,}", "bar": max(1, round(100 * count / most))}
            for key, count in shown.items()
        ],
        "others": f"{len(known) - len(shown):,}" if rest else "",
        "rest": f"{rest:,}",
        "unknown": f"{found[None]:,}" if found.get(None) else "",
        "total": f"{total:,}",
    }


def _largest(known: Mapping[Any, int]) -> Iterable[tuple[Any, int]]:
    return sorted(known.items(), key=lambda pair: -pair[1])[:MAX_COUNTS]


def _by_time(days: Mapping[int, int]) -> tuple[str, dict[Any, int]]:
    """Return counts by day, or by month or year where these are many, and the word for which."""
    for label, length in (("Day", 8), ("Month", 6)):
        counts = _by_beginning(days, length)
        if len(counts) <= MAX_TIMES:
            return label, counts
    return "Year", _by_beginning(days, 4)


def _by_beginning(days: Mapping[int, int], length: int) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for day, count in days.items():
        name = _dashed(str(day)[:length])
        counts[name] = counts.get(name, 0) + count
    return counts


def _dashed(digits: str) -> str:
    return "-".join(part for part in (digits[:4], digits[4:6], digits[6:8]) if part)


def _members(evaluated: Evaluated) -> dict[str, Any]:
    """Return the first members as a table: their dimensions, and what is said of them."""
    value = evaluated.value
    first = value.members[:PREVIEW]
    said = dict.fromkeys(key for row in first for key in value.attributes.get(row, {}))
    names = [*value.dimensions, *(name for name in said if name not in value.dimensions)]
    return {
        "names": names,
        "rows": [[_cell(value.value(row, name)) for name in names] for row in first],
        "more": f"{len(value) - len(first):,}" if len(value) > len(first) else "",
    }


def _cell(value: Any) -> str:
    return "" if value is None else shortened(str(value), _TEXT_FITS)
