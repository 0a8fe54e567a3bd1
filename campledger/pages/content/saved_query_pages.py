"""Saved queries: a page for each, with what it finds at the commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from campledger.ledger.queries import SavedQuery
from campledger.model import columns, query
from campledger.model.columns import row_of
from campledger.model.text_format import counted, spans
from campledger.pages.content.addresses import in_list, person_path, query_feed_path, query_page_path
from campledger.pages.engine.gather import Page, Readable, Survey, kept, page_path
from campledger.problems import Problem

MAX_ROWS = 1000
"""A page shows no more campaigns than these; the list has all."""

_ME = "\0me"
"""Stands for who asks: no handle has such a character."""


def paths(survey: Survey) -> list[str]:
    """Return the paths of the pages."""
    return [query_page_path(one.name) for one in survey.queries.readable]


def pages(survey: Survey) -> Iterator[Page]:
    """Yield the pages."""
    for one in survey.queries.readable:
        yield _page(one, survey)


def problems(survey: Survey) -> tuple[Problem, ...]:
    """Return what is wrong with the saved queries."""
    return survey.queries.problems


def summaries(survey: Survey) -> list[dict[str, Any]]:
    """Return each query with how many campaigns it finds: for everybody, or by handle where it asks for `me`."""
    return [_summary(one, survey) for one in survey.queries.readable]


def _summary(one: SavedQuery, survey: Survey) -> dict[str, Any]:
    personal = is_personal(one)
    counts = _by_person(one, survey) if personal else []
    return {
        "name": one.name,
        "description": one.description,
        "expression": one.expression,
        "href": query_page_path(one.name),
        "count": "" if personal else f"{len(found(one, survey)):,}",
        "by_person": " ".join(f"{entry['handle']}={entry['count']}" for entry in counts) if personal else None,
    }


def is_personal(one: SavedQuery) -> bool:
    """Whether a query asks for `me`, so that everybody finds something else."""
    return query.asks_for_me(one.expression)


def found(one: SavedQuery, survey: Survey, me: str = _ME) -> list[Readable]:
    """Return the campaigns that a query finds, the newest first."""
    terms = query.parse(one.expression, me)
    return [campaign for campaign in survey.readable if query.matches(terms, campaign.facts)]


def _page(one: SavedQuery, survey: Survey) -> Page:
    personal = is_personal(one)
    campaigns = [] if personal else found(one, survey)
    rows = [_row(campaign) for campaign in campaigns]
    shown = columns.in_order(rows, one.sort, one.group)[:MAX_ROWS]
    return {
        **survey.shared,
        "template": "query.html",
        "path": query_page_path(one.name),
        "root": "../",
        **({} if personal else {"feed": query_feed_path(one.name)}),
        "page_title": f"@{one.name} \N{MIDDLE DOT} {survey.ledger.settings.title}",
        "query": {
            "name": one.name,
            "description": one.description,
            "expression": one.expression,
            "command": f"campledger list @{one.name}",
            "href": _view(one, one.expression),
            "sort": ", ".join(_order(name) for name in one.sort),
            "group": one.group or "",
        },
        "personal": _by_person(one, survey) if personal else None,
        "count": counted(len(campaigns), "campaign"),
        "left_out": len(campaigns) - len(shown),
        "columns": [columns.ALL_COLUMNS[name].label for name in one.columns],
        "parts": list(_parts(one, shown, survey)),
    }


@kept
def _row(one: Readable) -> columns.Row:
    return row_of(one.campaign, one.history, one.facts)


def _order(name: str) -> str:
    label = columns.ALL_COLUMNS[name.removeprefix("-")].label
    return f"{label} (downwards)" if name.startswith("-") else label


def _view(one: SavedQuery, expression: str) -> str:
    columns_ = one.columns if "columns" in one.document else ()
    return in_list(expression, sort=",".join(one.sort), columns=columns_, group=one.group)


def _by_person(one: SavedQuery, survey: Survey) -> list[dict[str, Any]]:
    """Return for each person how many campaigns a query finds that asks for `me`, without those with none."""
    asked = query.parse(one.expression, _ME)
    common = tuple(term for term in asked if _ME not in term.values)
    candidates = [campaign for campaign in survey.readable if query.matches(common, campaign.facts)]
    handles = {
        str(handle) for campaign in candidates for key in ("owner", "operator") for handle in campaign.facts[key]
    }
    entries = []
    for handle in sorted(handles, key=str.lower):
        terms = query.parse(one.expression, handle)
        count = sum(query.matches(terms, campaign.facts) for campaign in candidates)
        if count:
            person = survey.directory.person(handle)
            href = _view(one, query.with_me(one.expression, handle))
            entries.append({**person, "page": person_path(handle), "count": f"{count:,}", "href": href})
    return entries


def _parts(one: SavedQuery, rows: Sequence[columns.Row], survey: Survey) -> Iterator[dict[str, Any]]:
    """Yield the rows part by part, in their order; without grouping there is one part without a name."""
    group = one.group
    header = next((name for name in ("name", "id", "title") if name in one.columns), one.columns[0])
    for value, part in groupby(rows, lambda row: columns.words(row, group) if group else ""):
        listed = list(part)
        yield {
            "name": (value or "not said") if group else "",
            "count": counted(len(listed), "campaign"),
            "rows": [[_cell(row, name, header, survey) for name in one.columns] for row in listed],
        }


def _cell(row: Mapping[str, Any], name: str, header: str, survey: Survey) -> dict[str, Any]:
    """Return a cell: what kind it is, whether it heads its row, and its texts, each with an address or none."""
    value = row[name]
    cell: dict[str, Any] = {"kind": "text", "header": name == header, "pieces": []}
    if value is None or value == []:
        return cell
    if name == header:
        return cell | {"pieces": [_piece(columns.words(row, name, 3), page_path(row["id"]), inside=True)]}
    if name == "state":
        return cell | {"kind": "state", "pieces": [_piece(str(value))]}
    if name in {"started", "changed", "deadline"}:
        return cell | {"kind": "day", "pieces": [_piece(str(value))]}
    if name == "groups":
        return cell | {"kind": "short", "pieces": [_piece(f"{value[0]} of {value[1]}" if value[1] else "")]}
    return cell | {"kind": "code" if columns.ALL_COLUMNS[name].code else "text", "pieces": _pieces(row, name, survey)}


def _pieces(row: Mapping[str, Any], name: str, survey: Survey) -> list[dict[str, Any]]:
    value = row[name]
    values = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    match name:
        case "id":
            return [_piece(values[0], page_path(values[0]), inside=True)]
        case "owner" | "operator":
            people = survey.directory.people(values)
            return [_piece(person["name"], person_path(person["handle"]), inside=True) for person in people]
        case "parent":
            return [_piece(values[0], page_path(values[0]) if values[0] in survey.titles else "", inside=True)]
        case "ticket":
            tickets = survey.directory.tickets([{"key": one} for one in values])
            return [_piece(ticket["key"], ticket["url"] or "") for ticket in tickets]
        case "day_obs":
            return [_piece("\N{EN DASH}".join(dict.fromkeys(values)))]
    return [_piece(spans(values))]


def _piece(words: str, href: str = "", *, inside: bool = False) -> dict[str, Any]:
    return {"text": words, "href": href, "inside": inside}
