"""The form that defines a campaign: its page, what it offers of the ledger, and the definitions it can start from.

The form itself is made in the browser, from the JSON Schema. A page opened from a disk can load scripts only, so what
it needs comes as scripts: one with the schema and the ledger's names, and one for each campaign with its definition,
loaded when somebody starts from it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from campledger.documents.schema import schema
from campledger.documents.template import LEFT_OUT, template
from campledger.documents.writing import MODELINE, SCHEMA_FROM_CAMPAIGN
from campledger.ledger.histories import histories
from campledger.ledger.ledger import DEFINITION
from campledger.model.ids import ALPHABET
from campledger.model.states import State
from campledger.pages.content.links import filled
from campledger.pages.engine.gather import Page, Readable, Survey
from campledger.pages.engine.git_facts import digest
from campledger.pages.engine.render import script_file

Facts = Mapping[str, tuple[str | int, ...]]
"""What a campaign is found by."""

OFFERED = 100
"""How many of the values that campaigns have for one key the form offers, the most used first."""

STARTS = 100
"""How many campaigns to start from the form offers, the newest first; any other is named by its id."""

_IN_USE = {
    "scope.instrument": "instrument", "scope.skymap": "skymap", "scope.bands": "band", "data.output": "output",
    "software.stack": "stack", "software.image": "image", "compute.site": "site", "compute.wms": "wms",
}  # fmt: skip
"""The attribute under which campaigns are found by a key, where the form offers what campaigns have."""

_EXACT = 2**53
"""From here on a browser's numbers skip some."""


def paths(_: Survey) -> list[str]:
    """Return the paths of the pages."""
    return ["new.html"]


def pages(survey: Survey) -> Iterator[Page]:
    """Yield the page, which says without a script how else to define a campaign."""
    settings = survey.ledger.settings
    yield {
        **survey.shared,
        "template": "new.html",
        "path": "new.html",
        "root": "",
        "page_title": f"New campaign \N{MIDDLE DOT} {settings.title}",
        "productions": [{"name": name, "title": title} for name, title in settings.productions.items()],
        "definition": template({}, settings.productions),
    }


def offers(survey: Survey) -> bytes:
    """Return the script with all that the form is made from."""
    settings = survey.ledger.settings
    commit = survey.shared["commit"]
    facts = [one.facts for one in survey.readable]
    return script_file(
        "campledgerLedger",
        {
            "schema": schema("campaign"),
            "left_out": LEFT_OUT,
            "modeline": MODELINE.format(schema=SCHEMA_FROM_CAMPAIGN),
            "alphabet": ALPHABET,
            "commit": commit["hash"][:12] if commit and not commit["worktree"] else None,
            "new_file": _new_file(settings.links.get("new_file")),
            "productions": list(settings.productions) or None,
            "titles": settings.productions,
            "people": list(settings.people) or None,
            "person_names": {handle: person["name"] for handle, person in settings.people.items()},
            "butlers": list(settings.butlers),
            "instruments": settings.document.get("instruments"),
            "sets": list(survey.ledger.shared_sets),
            "names": sorted({str(name) for one in facts for name in one["name"] if not _is_final(one)}),
            "starts": sorted((str(name) for one in facts for name in one["id"]), reverse=True)[:STARTS],
            "used": {key: _used(facts, attribute) for key, attribute in _IN_USE.items()},
        },
    )


def _new_file(link: str | None) -> str | None:
    """Return the template of the git host's page, if it makes an address."""
    return link if filled(link, path="x", content="x") else None


def _is_final(facts: Facts) -> bool:
    return any(State(str(state)).is_final for state in facts["state"])


def _used(campaigns: Sequence[Facts], attribute: str) -> list[str]:
    """Return the values that campaigns have, those of the most campaigns first."""
    tally = Counter(str(value) for facts in campaigns for value in facts[attribute])
    return sorted(tally, key=lambda value: (-tally[value], value))[:OFFERED]


def definition_path(campaign_id: str) -> str:
    """Return the path of the script with a campaign's definition."""
    return f"static/definitions/{campaign_id}.js"


def definition_key(one: Readable, _: Survey) -> str:
    """Return what stands for all that the script with a campaign's definition is made from."""
    return digest("definition", one.key)


def definition(one: Readable, _: Survey) -> bytes:
    """Return the script with a campaign's definition."""
    own = {"format", "id", "key", "template"}
    values = {key: value for key, value in one.campaign.definition.items() if key not in own}
    document = {
        "id": one.campaign.id,
        "definition": _exact(values),
        "files": [file for file in one.record.files if file not in {DEFINITION, *histories(one.record.files)}],
    }
    text = json.dumps(document, separators=(",", ":"))
    # In a script, unlike in JSON, this key would set an object's prototype.
    text = re.sub(r'(?<=[{,])"__proto__":', '["__proto__"]:', text)
    return f"window.campledgerDefinition = {text};\n".encode("ascii")


def _exact(value: Any, *, free: bool = False) -> Any:
    """Return values with those numbers as texts that a browser would change, where texts are as good as numbers."""
    if isinstance(value, Mapping):
        return {
            key: _exact(below, free=free or key in {"environment", "variables", "extra"})
            for key, below in value.items()
        }
    if isinstance(value, list):
        return [_exact(one, free=free) for one in value]
    changed = (isinstance(value, int) and abs(value) >= _EXACT) or (isinstance(value, float) and value.is_integer())
    return str(value) if free and changed and not isinstance(value, bool) else value
