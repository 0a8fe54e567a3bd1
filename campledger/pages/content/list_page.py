"""The list of all campaigns: its pages.

The first page becomes a table that sorts and filters all campaigns once its script has read their columns (the module
`compact`). Without scripts the pages are the complete list, some hundred campaigns each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from campledger.model.columns import ALL_COLUMNS, USUAL_ON_SITE, row_of, words
from campledger.model.text_format import spans
from campledger.model.todo import decision
from campledger.pages.content import list_index, step_progress, text
from campledger.pages.content.addresses import person_path
from campledger.pages.engine.gather import Page, Readable, Survey, kept, named, problem_rows

PAGE_ROWS = 500
"""Campaigns on one page."""

_DRAWN = {"groups", "changed", "ticket"}
"""Columns for which the template has more than a text, below names of its own."""

_NEIGHBOURS = 2
"""Pages before and after this one that have a link by their number."""


def paths(survey: Survey) -> list[str]:
    """Return the paths of the pages."""
    return [list_path(number) for number in range(1, _page_count(survey) + 1)]


def list_path(number: int) -> str:
    """Return the path of one of the pages, counted from 1."""
    return "list.html" if number == 1 else f"list-{number}.html"


def pages(survey: Survey) -> Iterator[Page]:
    """Yield the pages, the first one last: it never leads to one that is not there yet."""
    for number in range(_page_count(survey), 0, -1):
        yield list_page(survey, number)


def _page_count(survey: Survey) -> int:
    return max(1, -(-len(survey.readable) // PAGE_ROWS))


def list_page(survey: Survey, number: int = 1) -> Page:
    """Return one page of the list; the first one also has what is wrong with the ledger."""
    start = (number - 1) * PAGE_ROWS
    rows = [_row(one) for one in list_index.ordered(survey)[start : start + PAGE_ROWS]]
    first = number == 1
    title = survey.ledger.settings.title
    return {
        **(survey.shared if first else survey.apart()),
        "template": "list.html",
        "path": list_path(number),
        "root": "",
        "page_title": f"Campaigns \N{MIDDLE DOT} {title}"
        if first
        else f"Campaigns, page {number} \N{MIDDLE DOT} {title}",
        "columns": [
            {"name": name, "label": ALL_COLUMNS[name].label, "code": ALL_COLUMNS[name].code}
            for name in list_index.usual(survey)
        ],
        "rows": rows,
        "start": start,
        "total": len(survey.readable),
        "number": number,
        "pager": _pager(number, _page_count(survey)),
        "unreadable": [
            {"id": record.id, "directory": record.directory, "problems": problem_rows(record.problems)}
            for record in survey.unreadable
        ]
        if first
        else [],
        "problems": problem_rows([*survey.ledger.settings_problems, *survey.ledger.strays]) if first else [],
    }


def _pager(number: int, count: int) -> list[dict[str, Any]]:
    """Return links to the first, the last and the next pages; no link marks a gap or this very page."""
    shown = {1, count, *range(max(1, number - _NEIGHBOURS), min(count, number + _NEIGHBOURS) + 1)}
    entries: list[dict[str, Any]] = []
    before = 0
    for one in sorted(shown):
        if one > before + 1:
            entries.append({"text": "\N{HORIZONTAL ELLIPSIS}", "href": None, "here": False})
        entries.append({"text": str(one), "href": list_path(one), "here": one == number})
        before = one
    return entries if count > 1 else []


@kept
def _row(one: Readable) -> dict[str, Any]:
    campaign, history, progress, facts = one.campaign, one.history, one.progress, one.facts
    directory = one.directory
    definition = campaign.definition
    row = {
        **named(one),
        "owner": {**directory.person(campaign.owner), "href": person_path(campaign.owner)} if campaign.owner else None,
        "step": progress.current,
        "need": decision(progress),
        "awaiting": len(progress.awaiting),
        "accepted": progress.accepted,
        "total": len(progress.states),
        "bar": step_progress.bar(progress.states.values()),
        "last": text.moment(history.last.at) if history.last else None,
        "deadline": definition.get("plan", {}).get("deadline", ""),
        "tickets": directory.tickets({"key": key} for key in facts["ticket"]),
        "problems": len(one.problems),
    }
    return row | {name: _text(name, one) for name in USUAL_ON_SITE if name not in {*row, *_DRAWN}}


def _text(name: str, one: Readable) -> str:
    """Return what stands in a column that is no more than its text."""
    if name in one.facts:
        return _several(one.facts[name])
    return words(row_of(one.campaign, one.history, one.facts), name)


def _several(values: Sequence[str | int]) -> str:
    return spans(str(value) for value in values)
