"""The pages of the shared DataId sets, and their list."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from campledger.ledger.histories import receipts_path
from campledger.ledger.sets import Reference, sources
from campledger.model.history import Event
from campledger.pages.content import text, timeline
from campledger.pages.content.markdown import markdown
from campledger.pages.content.set_summaries import set_page_path
from campledger.pages.engine.gather import Page, Survey, problem_rows
from campledger.pages.engine.git_facts import Commit, digest
from campledger.pages.engine.page_kinds import File, IsCurrent
from campledger.problems import Problem

INDEX = "sets/index.html"

MAX_USERS = 100
"""Campaigns that a page names; more of them are counted."""

_ABOUT = {
    "by": "Made by",
    "made": "Made on",
    "why": "Why",
    "how": "How",
    "query": "Query",
    "butler": "Butler",
}


def paths(survey: Survey) -> list[str]:
    """Return the paths of the pages."""
    return [*(set_page_path(name) for name in survey.ledger.shared_sets), INDEX]


def files(survey: Survey, is_current: IsCurrent) -> Iterator[File]:
    """Yield each shared set's page, then their list; a set is read only where something about it has changed."""
    rows = []
    for name in survey.ledger.shared_sets:
        key, path = _key(name, survey), set_page_path(name)
        page = None if is_current(path, key) else _set_page(name, survey)
        rows.append(survey.remembered(digest("row", key), f"row of {name}", partial(_row_of, name, survey, page)))
        yield File(path, key, page)
    index = _index_page(survey, rows)
    key = digest(survey.program, json.dumps(index))
    yield File(INDEX, key, None if is_current(INDEX, key) else index)


def _row_of(name: str, survey: Survey, page: Page | None) -> dict[str, Any]:
    return _row(page or _set_page(name, survey))


def _key(name: str, survey: Survey) -> str:
    """Return what stands for all that a set's page is made from."""
    between = {
        "shared": survey.apart(_last(survey.ledger.shared_sets[name], survey)),
        "users": survey.set_users.get(name, []),
        "children": survey.set_children.get(name, []),
        "versions": _versions(survey.ledger.shared_sets[name], survey),
        "problems": problem_rows(_told(name, survey)),
        "known": [source in survey.ledger.shared_sets for source in survey.sources_of_set(name)],
    }
    return digest(survey.program, survey.settings_id, survey.key_of_set(name), json.dumps(between))


def _last(files: Sequence[str], survey: Survey) -> Commit | None:
    """Return the last commit that changed a set."""
    found = [one for path in files for one in survey.set_versions.get(path, ())]
    latest = max(found, key=lambda one: (one.time, one.commit), default=None)
    return Commit(latest.commit, latest.time) if latest else None


def _told(name: str, survey: Survey) -> list[Problem]:
    """Return what is wrong with a set and its receipts."""
    paths = {*survey.ledger.shared_sets[name], receipts_path(name)}
    return [problem for problem in survey.set_problems if problem.path in paths]


def _index_page(survey: Survey, rows: list[dict[str, Any]]) -> Page:
    return {
        **survey.shared,
        "template": "sets.html",
        "path": INDEX,
        "root": "../",
        "page_title": f"DataId sets \N{MIDDLE DOT} {survey.ledger.settings.title}",
        "rows": rows,
    }


def _row(page: Page) -> dict[str, Any]:
    """Return what the list says of a set."""
    return {
        "name": page["name"],
        "href": page["path"].removeprefix("sets/"),
        "purpose": page["set"]["purpose"],
        "size": page["set"]["size"],
        "dimensions": page["set"]["dimensions"],
        "derived": page["derived"] is not None,
        "users": page["user_count"],
        "butlers": sorted({str(one["butler"]) for one in page["uploads"]}),
        "changed": page["versions"][0]["time"] if page["versions"] else None,
        "by": page["versions"][0]["by"] if page["versions"] else None,
        "problems": sum(problem["severity"] == "error" for problem in page["problems"]),
        "readable": not page["set"]["problem"],
    }


def _set_page(name: str, survey: Survey) -> Page:
    files = survey.ledger.shared_sets[name]
    versions = _versions(files, survey)
    path = set_page_path(name)
    root = "../" * path.count("/")
    file = survey.shelf.sets.file(files[0])
    users = survey.set_users.get(name, [])
    receipts = survey.shelf.sets.receipts(name)
    return {
        **survey.apart(_last(files, survey)),
        "template": "set.html",
        "path": path,
        "root": root,
        "page_title": f"{name} \N{MIDDLE DOT} {survey.ledger.settings.title}",
        "name": name,
        "file": files[0],
        "file_url": survey.directory.file(versions[0]["commit"] if versions else "", files[0]),
        "edit_url": survey.directory.edit(files[0]),
        "set": survey.shelf.named(name),
        "description": markdown(str(file.about.get("description", ""))),
        "about": _about(file.about, survey),
        "derived": _derived(file.derived, survey, root) if file.derived is not None else None,
        "versions": versions,
        "uploads": [_upload(event, survey) for event in reversed(receipts) if event.type == "uploaded"],
        "receipts": timeline.of_set(receipts, survey.directory),
        "users": [user | {"href": root + user["href"]} for user in users[:MAX_USERS]],
        "user_count": len(users),
        "parts_of": [
            {"name": other, "href": root + set_page_path(other)} for other in survey.set_children.get(name, ())
        ],
        "problems": problem_rows(_told(name, survey)),
    }


def _about(about: Mapping[str, Any], survey: Survey) -> list[dict[str, Any]]:
    rows = []
    for key, label in _ABOUT.items():
        value = str(about.get(key, ""))
        if value and key == "by":
            rows.append({"key": key, "label": label, "text": survey.directory.person(value)["name"], "html": ""})
        elif value and key in {"why", "how"}:
            rows.append({"key": key, "label": label, "text": "", "html": markdown(value)})
        elif value:
            rows.append({"key": key, "label": label, "text": value, "html": ""})
    return rows


def _derived(derived: Mapping[str, Any], survey: Survey, root: str) -> dict[str, Any]:
    """Return in words what a set is made from."""
    operation = next((name for name in ("union", "minus", "intersect", "filter") if name in derived), "")
    of = []
    for written in sources(derived):
        reference = Reference.parse(written)
        known = reference.name in survey.ledger.shared_sets
        href = root + set_page_path(reference.name) if known else ""
        of.append({"name": reference.name, "pin": reference.pin, "href": href})
    days = derived.get("day_obs", {}) if operation == "filter" else {}
    only = [(key, ", ".join(map(str, derived[key]))) for key in ("reason", "severity", "band") if key in derived]
    only += [("day_obs", f"{days.get('from', '')} to {days.get('to', '')}".strip())] if days else []
    only += [("unexpired", str(derived["unexpired"]))] if "unexpired" in derived else []
    return {
        "operation": operation,
        "of": of,
        "only": [{"name": key, "value": value} for key, value in (only if operation == "filter" else [])],
    }


def _versions(files: Sequence[str], survey: Survey) -> list[dict[str, Any]]:
    """Return the commits that changed the set's file, the latest first."""
    found = {one.commit: one for path in files for one in survey.set_versions.get(path, ())}
    settings = survey.ledger.settings
    return [
        {
            "short": one.commit[:10],
            "commit": one.commit,
            "url": survey.directory.commit(one.commit),
            "time": text.moment_of(one.time),
            "by": survey.directory.person(settings.handle_of(one.name, one.email)),
        }
        for one in found.values()
    ]


def _upload(event: Event, survey: Survey) -> dict[str, Any]:
    data = event.data
    return {
        "butler": data["butler"],
        "name": data["name"],
        "revision": data["revision"],
        "count": f"{data['count']:,}",
        "digest": data["digest"],
        "time": text.moment(event.time),
        "by": survey.directory.person(event.by),
    }
