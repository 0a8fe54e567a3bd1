"""What was done in each month: groups and quanta accepted, campaigns ended; as charts, and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from campledger.pages.content.campaign_summaries import Brief

MONTHS = 12
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PITCH, _BAR, _TOP, _HEIGHT = 30, 22, 16, 60


def charts(every: Sequence[Brief], now: datetime) -> dict[str, Any] | None:
    """Return the charts of the last twelve months, and their table; None where nothing happened in them."""
    months = _months(now)
    groups: Counter[str] = Counter()
    quanta: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for one in every:
        for month, (accepted, succeeded) in one["accepted_in"].items():
            groups[month] += accepted
            quanta[month] += succeeded
        if one["ended_in"]:
            ended[one["ended_in"]] += 1
    counted = (("Groups accepted", groups), ("Quanta of accepted runs", quanta), ("Campaigns ended", ended))
    shown = [_chart(title, counts, months) for title, counts in counted if any(counts[month] for month in months)]
    if not shown:
        return None
    rows = [{"month": month, "values": [f"{counts[month]:,}" for _, counts in counted]} for month in reversed(months)]
    return {"charts": shown, "titles": [title for title, _ in counted], "rows": rows}


def _months(now: datetime) -> list[str]:
    last = now.year * 12 + now.month - 1
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(last - MONTHS + 1, last + 1)]


def _chart(title: str, counts: Mapping[str, int], months: Sequence[str]) -> dict[str, Any]:
    most = max(counts.get(month, 0) for month in months)
    bars = []
    for place, month in enumerate(months):
        count = counts.get(month, 0)
        height = round(_HEIGHT * count / most, 1) if count else 0
        bars.append(
            {
                "x": place * _PITCH + (_PITCH - _BAR) / 2,
                "middle": place * _PITCH + _PITCH / 2,
                "y": round(_TOP + _HEIGHT - height, 1),
                "height": height,
                "count": _short(count) if count else "",
                "month": _NAMES[int(month[5:]) - 1],
                "year": month[:4] if place == 0 or month.endswith("-01") else "",
            }
        )
    told = ", ".join(f"{month} {counts[month]:,}" for month in months if counts.get(month))
    return {
        "title": title,
        "label": f"{title} by month: {told}; none in the other months from {months[0]} to {months[-1]}",
        "bars": bars,
        "width": _PITCH * len(months),
        "base": _TOP + _HEIGHT,
        "bar": _BAR,
        "total": f"{sum(counts.get(month, 0) for month in months):,}",
    }


def _short(count: int) -> str:
    """Return a count in at most four characters or so: 950, 12k, 3.4M."""
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            value = count / size
            return f"{value:.0f}{unit}" if value >= 10 else f"{value:.1f}".removesuffix(".0") + unit
    return str(count)
