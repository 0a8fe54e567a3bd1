"""People: who owns and operates what now, and what waits for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from campledger.model.states import State
from campledger.pages.content.addresses import in_list, person_feed_path, person_path
from campledger.pages.content.campaign_summaries import CARDS, Brief, briefs, folded, item, waiting
from campledger.pages.engine.gather import Page, Survey

INDEX = "people/index.html"


def paths(survey: Survey) -> list[str]:
    """Return the paths of the pages."""
    return [INDEX, *(person_path(handle) for handle in handles(survey))]


def pages(survey: Survey) -> Iterator[Page]:
    """Yield the page of each person, then the list of all."""
    every = briefs(survey)
    entries = []
    for handle in handles(survey):
        page = _person_page(handle, survey, every)
        entries.append(page)
        yield page
    yield _index_page(survey, entries)


def handles(survey: Survey) -> list[str]:
    """Return the handles of the settings' people, and of those whom campaigns name, in order."""
    named = {str(handle) for one in survey.readable for key in ("owner", "operator") for handle in one.facts[key]}
    return sorted(named | survey.ledger.settings.people.keys(), key=lambda handle: (handle.lower(), handle))


def everybody(survey: Survey, every: Sequence[Brief]) -> list[dict[str, str]]:
    """Return the people among whom one finds oneself, by name."""
    busy = {handle for one in every for handle in one["people"].split()}
    listed = [survey.directory.person(handle) for handle in {*survey.ledger.settings.people, *busy}]
    return [
        {**person, "href": person_path(person["handle"])}
        for person in sorted(listed, key=lambda person: (person["name"].lower(), person["handle"]))
    ]


def _person_page(handle: str, survey: Survey, every: Sequence[Brief]) -> Page:
    person = survey.directory.person(handle)
    theirs = [one for one in every if handle in one["people"].split()]
    owned = [one for one in theirs if one["owner"] and one["owner"]["handle"] == handle]
    operated = [one for one in theirs if handle in one["operated"]]
    final = ",".join(str(state) for state in State if state.is_final)
    return {
        **survey.shared,
        "template": "person.html",
        "path": person_path(handle),
        "root": "../",
        "feed": person_feed_path(handle),
        "page_title": f"{person['name']} \N{MIDDLE DOT} {survey.ledger.settings.title}",
        "person": person,
        "roles": [role for role, held in survey.ledger.settings.document.get("roles", {}).items() if handle in held],
        "waiting": folded([item(one) for one in waiting(theirs)], CARDS),
        "owned": folded([item(one) for one in owned if not one["final"]]),
        "operated": folded([item(one, one["operated"][handle]) for one in operated if not one["final"]]),
        "over": sum(one["final"] for one in theirs),
        "over_owned": sum(one["final"] for one in owned),
        "over_href": in_list(f"owner:{handle} state:{final}", sort="-changed"),
    }


def _index_page(survey: Survey, entries: Sequence[Page]) -> Page:
    return {
        **survey.shared,
        "template": "people.html",
        "path": INDEX,
        "root": "../",
        "page_title": f"People \N{MIDDLE DOT} {survey.ledger.settings.title}",
        "people": [
            {
                **page["person"],
                "href": page["path"],
                "roles": ", ".join(page["roles"]),
                "waiting": page["waiting"]["count"],
                "owned": page["owned"]["count"],
                "operated": page["operated"]["count"],
                "over": page["over"],
            }
            for page in entries
        ],
    }
