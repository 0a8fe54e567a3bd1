"""When the groups of a campaign ran, waited and were rescued: a chart over time, and the same as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from campledger.model.campaign import Step
from campledger.model.history import Event, History, Submission
from campledger.model.progress import Progress
from campledger.model.states import ENDED_FAILED, State, SubmissionState, words_of
from campledger.model.text_format import coverage
from campledger.model.times import parse
from campledger.pages.content import text
from campledger.pages.drawing.steps_graph import shortened

MAX_ROWS = 48
"""With more rows than these, each step gets one."""

MAX_LISTED = 300
"""The table says no more than these parts."""

_LABEL, _PLOT, _END = 190, 850, 16
_ROW, _HEAD = 24, 26
_LABEL_FITS = 27
_TICKS = 8
_HOUR = 3600
_MOMENT = 60
_FIRST = {"first", ""}
_DRAWN = (SubmissionState.ENDED, ENDED_FAILED, SubmissionState.HELD, SubmissionState.RUNNING)
_STEPS = [_HOUR * hours for hours in (1, 3, 6, 12)] + [
    24 * _HOUR * days for days in (1, 2, 7, 14, 28, 56, 91, 182, 365, 730, 3650)
]


@dataclass(frozen=True, slots=True)
class Part:
    """A time in which a submission was in one state."""

    start: datetime
    end: datetime | None
    """None where it lasts."""
    state: str
    submission: str
    relation: str


@dataclass(frozen=True, slots=True)
class ChartRow:
    """The parts of the groups that one line of the chart stands for."""

    label: str
    parts: tuple[Part, ...]
    accepted: datetime | None
    """When the last of its groups was accepted; None where one is not."""
    ready: datetime | None
    """When it could have begun."""


def chart(progress: Progress) -> dict[str, Any] | None:
    """Return when the groups ran, as a template draws it; None where nothing was submitted."""
    rows = _rows(progress)
    moments = [moment for row in rows for part in row.parts for moment in (part.start, part.end) if moment]
    moments += [row.accepted for row in rows if row.accepted]
    if not moments:
        return None
    last = max(moments + [parse(event.at) for event in progress.history.effective])
    if all(((part.end or last) - part.start).total_seconds() < _MOMENT for row in rows for part in row.parts):
        return None  # entered at one go, after all was over: when it ran is not known
    pauses = list(_pauses(progress.history))
    first = min([*moments, *(row.ready for row in rows if row.ready)])
    scale = _Scale(first, last)
    height = _HEAD + len(rows) * _ROW
    listed = [(row, part) for row in rows for part in row.parts]
    return {
        "width": _LABEL + _PLOT + _END,
        "height": height,
        "left": _LABEL,
        "head": _HEAD,
        "first": text.moment(_iso(first)),
        "last": text.moment(_iso(last)),
        "rows": [_drawn(row, number, scale) for number, row in enumerate(rows)],
        "ticks": list(scale.ticks()),
        "pauses": [{"x": scale.x(start), "width": scale.width(start, end)} for start, end in pauses],
        "states": list(dict.fromkeys(part.state for _, part in listed)),
        "again": any(part.relation not in _FIRST for _, part in listed),
        "table": [_listed(row, part) for row, part in listed[:MAX_LISTED]],
        "unlisted": max(0, len(listed) - MAX_LISTED),
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rows(progress: Progress) -> list[ChartRow]:
    """Return a row for all groups of a step that were run together, or for each step where these are too many."""
    parts = {one.id: tuple(_parts(one)) for one in progress.history.submissions.values()}
    ready = _ready(progress)
    rows = []
    for step in progress.campaign.steps:
        together: dict[tuple[str, ...], list[str]] = {}
        for group in step.groups:
            covering = tuple(one.id for one in progress.groups[group.path].submissions if parts[one.id])
            if covering:
                together.setdefault(covering, []).append(group.path)
        for names, paths in together.items():
            found = tuple(part for name in names for part in parts[name])
            label = coverage(progress.campaign, paths)
            rows.append(ChartRow(label, found, _accepted(progress, paths), ready[step.name]))
    return rows if len(rows) <= MAX_ROWS else [_of_step(step, progress, parts, ready) for step in _begun(progress)]


def _begun(progress: Progress) -> list[Step]:
    begun = {path.partition("/")[0] for path, status in progress.groups.items() if status.submissions}
    return [step for step in progress.campaign.steps if step.name in begun]


def _of_step(
    step: Step, progress: Progress, parts: Mapping[str, tuple[Part, ...]], ready: Mapping[str, datetime | None]
) -> ChartRow:
    paths = [group.path for group in step.groups]
    covering = dict.fromkeys(one.id for path in paths for one in progress.groups[path].submissions)
    found = tuple(_joined(part for name in covering for part in parts[name]))
    return ChartRow(step.name, found, _accepted(progress, paths), ready[step.name])


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield parts of one state that overlap as one, so that a step of many groups stays a few bars."""
    by_state: dict[str, list[Part]] = {}
    for part in parts:
        by_state.setdefault(part.state, []).append(part)
    for state in sorted(by_state, key=_DRAWN.index):
        current = None
        for part in sorted(by_state[state], key=lambda one: one.start):
            if current is not None and (current.end is None or part.start <= current.end):
                end = None if current.end is None or part.end is None else max(current.end, part.end)
                current = Part(current.start, end, state, "", "")
            else:
                if current is not None:
                    yield current
                current = Part(part.start, part.end, state, "", "")
        if current is not None:
            yield current


def _parts(one: Submission) -> Iterator[Part]:
    """Yield how a submission went on; what is planned takes no time."""
    moments = [(parse(event.at), _state_after(event, one)) for event in one.events]
    moments = sorted(moments, key=lambda pair: pair[0])
    for index, (start, state) in enumerate(moments):
        if state in _DRAWN:
            later = [pair for pair in moments[index + 1 :] if pair[1] != state]
            if index and moments[index - 1][1] == state:
                continue
            yield Part(start, later[0][0] if later else None, state, one.id, one.relation)


def _state_after(event: Event, one: Submission) -> str:
    data = event.data
    if event.type == "submission" and event.id != one.id:
        return "taken over"
    state = str(data.get("decision") or data["state"])
    if state == "submitted":
        return "running"
    return ENDED_FAILED if state == "ended" and data.get("result") == "failed" else state


def _accepted(progress: Progress, paths: Sequence[str]) -> datetime | None:
    """Return when the last of the groups was accepted, or None where one is not."""
    found = []
    for path in paths:
        one = progress.groups[path].deciding
        if one is None or not progress.groups[path].is_accepted:
            return None
        found += [parse(event.at) for event in one.events if event.type == "decision"][-1:]
    return max(found, default=None)


def _ready(progress: Progress) -> dict[str, datetime | None]:
    """Return when each step could have begun: the campaign was started, and what comes before was done."""
    started = [
        parse(event.at)
        for event in progress.history.effective
        if event.type == "status" and event.data["to"] == State.RUNNING
    ]
    begin = started[0] if started else None
    done = {step.name: _accepted(progress, [group.path for group in step.groups]) for step in progress.campaign.steps}
    ready: dict[str, datetime | None] = {}
    for step in progress.campaign.steps:
        before = [done.get(name) for name in step.prerequisites]
        known = [moment for moment in (begin, *before) if moment is not None]
        ready[step.name] = max(known) if None not in before and known else None
    return ready


def _pauses(history: History) -> Iterator[tuple[datetime, datetime]]:
    """Yield the times in which the campaign was paused."""
    since = None
    for event in history.effective:
        if event.type == "status":
            moment = parse(event.at)
            if since is not None and moment > since:
                yield since, moment
            since = moment if event.data["to"] == State.PAUSED else None
    if since is not None:
        yield since, max(since, *(parse(event.at) for event in history.effective))


class _Scale:
    """Where in the picture a time is."""

    def __init__(self, first: datetime, last: datetime):
        self.first, self.last = first, last
        self.seconds = max((last - first).total_seconds(), float(_HOUR))

    def x(self, moment: datetime) -> float:
        share = (moment - self.first).total_seconds() / self.seconds
        return round(_LABEL + _PLOT * min(max(share, 0.0), 1.0), 1)

    def width(self, start: datetime, end: datetime | None) -> float:
        return max(round(self.x(end or self.last) - self.x(start), 1), 2.0)

    def ticks(self) -> Iterator[dict[str, Any]]:
        size = next((one for one in _STEPS if self.seconds / one <= _TICKS), _STEPS[-1])
        size *= max(1, round(self.seconds / size / _TICKS))
        number = -(-self.first.timestamp() // size)
        while number * size <= self.last.timestamp():
            moment = datetime.fromtimestamp(number * size, UTC)
            label = moment.strftime("%Y-%m-%d" if size >= 24 * _HOUR else "%m-%d %H:%M")
            yield {"x": self.x(moment), "text": label}
            number += 1


def _drawn(row: ChartRow, number: int, scale: _Scale) -> dict[str, Any]:
    y = _HEAD + number * _ROW
    start = min([part.start for part in row.parts] + ([row.ready] if row.ready else []))
    lasts = any(part.end is None for part in row.parts)
    ends = [part.end for part in row.parts if part.end] + ([row.accepted] if row.accepted else [])
    return {
        "y": y,
        "label": shortened(row.label, _LABEL_FITS),
        "full": row.label,
        "line": {"x": scale.x(start), "width": scale.width(start, None if lasts else max(ends))},
        "parts": [
            {
                "x": scale.x(part.start),
                "width": scale.width(part.start, part.end),
                "state": part.state,
                "again": part.relation not in _FIRST,
                "words": _words(part),
            }
            for part in row.parts
        ],
        "accepted": scale.x(row.accepted) if row.accepted else None,
    }


def _words(part: Part) -> str:
    state = words_of(part.state)
    which = "" if not part.submission else f"{part.submission}, {part.relation}: "
    start = text.moment(_iso(part.start))["text"]
    return f"{which}{state} from {start}" + (f" to {text.moment(_iso(part.end))['text']}" if part.end else " on")


def _listed(row: ChartRow, part: Part) -> dict[str, Any]:
    return {
        "where": row.label,
        "submission": part.submission,
        "relation": part.relation,
        "state": part.state,
        "word": words_of(part.state),
        "start": text.moment(_iso(part.start)),
        "end": text.moment(_iso(part.end)) if part.end else None,
    }
