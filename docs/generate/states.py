"""The page on states: both tables, each as a chart and in words.

A chart has a column for each state and a row for each act: dots where it may come from, an arrow to where it leads. It
needs no layout, so that a state or an act more is drawn as well as the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from campledger.model.states import CAMPAIGN_TABLE, SUBMISSION_TABLE, State, SubmissionState, Transition
from docs.generate import commands
from docs.generate import markdown as md

Row = Transition[State] | Transition[SubmissionState]

COLUMN, LINE, ACTS, HEAD, MARGIN = 104, 38, 176, 52, 16
"""Sizes in pixels: a state's column, an act's row, the column of the acts, the row of the states, what is around."""

STYLE = """\
  .panel { fill: #ffffff; stroke: #d0d7de; }
  .stripe { fill: #f4f6f8; }
  .lane { stroke: #d0d7de; }
  .state { fill: #1f2328; font-weight: 600; }
  .act { fill: #1f2328; }
  .reason { fill: #59636e; }
  .line, .head { stroke: #0b62c4; }
  .from { fill: #0b62c4; }
  .head, .line { fill: none; stroke-width: 2; }
  text { font: 14px system-ui, sans-serif; }
  @media (prefers-color-scheme: dark) {
    .panel { fill: #151b23; stroke: #3d444d; }
    .stripe { fill: #1e252e; }
    .lane { stroke: #3d444d; }
    .state, .act { fill: #f0f6fc; }
    .reason { fill: #9198a1; }
    .line, .head { stroke: #6cb0ff; }
    .from { fill: #6cb0ff; }
  }
"""


@dataclass(frozen=True, slots=True)
class _Act:
    """An act of a table: all rows that lead to one state for one need of a reason."""

    name: str
    sources: tuple[str, ...]
    target: str
    needs_reason: bool

    @property
    def sentence(self) -> str:
        """Return the act in words, for who does not see the chart."""
        reason = ", with a reason" if self.needs_reason else ""
        return f"{self.name}: from {', '.join(self.sources)} to {self.target}{reason}"


def pages() -> dict[str, str]:
    """Return the page and its charts, by their paths below docs/."""
    campaign, submission = list(_acts(CAMPAIGN_TABLE)), list(_acts(SUBMISSION_TABLE))
    start, outcome, accept, reject = (
        commands.link(f"campledger {name}", "commands/") for name in (campaign[0].name, "outcome", "accept", "reject")
    )
    text = f"""\
# States

{md.GENERATED}
A state is never stored: it is replayed from the events. What is not in these tables is refused on the command line, and
found by `campledger check` as [illegal-transition](rules.md#illegal-transition) or
[missing-reason](rules.md#missing-reason).

## Campaigns

Each act is a command: {start} and so on. A dot is where it may come from, the arrow where it leads.

{_picture("campaign", "Acts on a campaign", campaign)}
{_table(campaign)}
## Submissions

`submitted`, `running`, `held`, `ended` and `cancelled` are what the workflow system says, entered with
{outcome}; `accepted` and `rejected` are what people decide, with {accept} and {reject}. `rescued` follows by itself,
once other submissions cover all its groups.

{_picture("submission", "What happens to a submission", submission)}
{_table(submission)}"""
    return {
        "reference/states.md": text,
        "reference/states-campaign.svg": _chart([*State], campaign, "Acts on a campaign"),
        "reference/states-submission.svg": _chart([*SubmissionState], submission, "What happens to a submission"),
    }


def _acts(table: Sequence[Row]) -> Iterator[_Act]:
    for (name, target, needs_reason), rows in groupby(table, lambda row: (row.act, row.target, row.needs_reason)):
        yield _Act(name, tuple(str(row.source) for row in rows), str(target), needs_reason)


def _picture(name: str, title: str, acts: list[_Act]) -> str:
    told = "; ".join(act.sentence for act in acts)
    return f"![{title}. {told}.](states-{name}.svg)\n"


def _table(acts: list[_Act]) -> str:
    rows = [
        [md.code(act.name), ", ".join(act.sources), act.target, "needed" if act.needs_reason else ""] for act in acts
    ]
    return md.table(["Act", "From", "To", "Reason"], rows)


def _chart(states: Sequence[str], acts: list[_Act], title: str) -> str:
    """Return the chart as SVG."""
    width, height = 2 * MARGIN + ACTS + COLUMN * len(states), 2 * MARGIN + HEAD + LINE * len(acts)
    middles = {str(state): MARGIN + ACTS + COLUMN * (n + 0.5) for n, state in enumerate(states)}
    told = "; ".join(act.sentence for act in acts)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title description">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(told)}.</desc>',
        f"<style>\n{STYLE}</style>",
        f'<rect class="panel" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
    ]
    top = MARGIN + HEAD
    lines += [
        f'<rect class="stripe" x="1" y="{top + LINE * n}" width="{width - 2}" height="{LINE}"/>'
        for n in range(0, len(acts), 2)
    ]
    for state, x in middles.items():
        lines.append(f'<line class="lane" x1="{x:g}" y1="{top - 12}" x2="{x:g}" y2="{height - MARGIN}"/>')
        lines.append(f'<text class="state" x="{x:g}" y="{top - 22}" text-anchor="middle">{escape(state)}</text>')
    for n, act in enumerate(acts):
        lines += _row(act, top + LINE * (n + 0.5), middles)
    return "\n".join([*lines, "</svg>", ""])


def _row(act: _Act, y: float, middles: dict[str, float]) -> Iterator[str]:
    reason = '<tspan class="reason"> with a reason</tspan>' if act.needs_reason else ""
    yield f'<text class="act" x="{MARGIN}" y="{y + 5:g}">{escape(act.name)}{reason}</text>'
    target = middles[act.target]
    places = [middles[source] for source in act.sources]
    for x in places:
        way = 1 if target > x else -1
        yield f'<line class="line" x1="{x:g}" y1="{y:g}" x2="{target - 3 * way:g}" y2="{y:g}"/>'
        yield f'<circle class="from" cx="{x:g}" cy="{y:g}" r="5"/>'
    for way in sorted({1 if target > x else -1 for x in places}):
        yield f'<path class="head" d="M{target - 10 * way:g} {y - 6:g} L{target - 2 * way:g} {y:g} l{-8 * way} 6"/>'
