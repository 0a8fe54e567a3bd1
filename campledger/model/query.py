"""The small language that filters campaigns, for `campledger list` and the site.

An expression is words separated by spaces, all of which must hold::

    state:running owner:me instrument:LSSTCam tract:3828 day_obs>=20260101 -kind:nightly "full depth"

``attribute:value`` (or ``=``; several values with commas mean any of them), ``attribute>value`` and ``>=``, ``<``,
``<=``; a bare word is looked for in the campaign's texts; ``-`` before a word turns it round; quotes hold spaces
and commas together. Case does not matter. ``@name`` stands for a saved query of the ledger, whose words must hold too.
There is no OR between words: several values of one attribute stand for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from campledger.model.campaign import Campaign
from campledger.model.history import History
from campledger.model.states import State
from campledger.model.vocabulary import KINDS
from campledger.suggestions import did_you_mean

Facts = Mapping[str, tuple[str | int, ...]]
"""What a campaign can be found by: the values of each attribute."""

ATTRIBUTES: dict[str, str] = {
    "id": "the campaign's id",
    "name": "short name",
    "state": ", ".join(State),
    "production": "class of campaigns",
    "kind": "type of activity",
    "owner": "handle of the owner; `me` is you",
    "operator": "handle of an operator of the campaign, a step or a group",
    "ticket": "key of a ticket",
    "tag": "free label",
    "instrument": "instrument",
    "skymap": "skymap",
    "tract": "tract number",
    "band": "band",
    "detector": "detector number",
    "day_obs": "observing day, YYYYMMDD; any day of the campaign's range matches",
    "program": "science program",
    "stack": "tag of the Science Pipelines, as defined or as a submission ran with it",
    "image": "container image",
    "butler": "Butler alias",
    "output": "output chain",
    "site": "compute site",
    "wms": "workflow-management class",
    "step": "name of a step",
    "parent": "id of the campaign that it is derived from",
    "run_id": "run id of a submission",
    "started": "day of its first start, YYYY-MM-DD",
    "changed": "day of its last event, YYYY-MM-DD",
    "deadline": "planned deadline, YYYY-MM-DD",
    "text": "all text of the definition (what a bare word searches)",
}
"""The attributes, each with what it is."""

CHOICES: dict[str, tuple[str, ...]] = {
    "state": tuple(str(state) for state in State),
    "kind": KINDS,
}
"""All values of the attributes that have a fixed few: another one is a slip, and would find nothing."""

CONNECTIVES: dict[str, str] = {
    "OR": "to match any of several values, write `state:running,paused`",
    "AND": "leave it out: every word must match",
    "NOT": "to exclude, write `-` right before the word, as in `-state:running`",
}
"""Words of other query languages, each with what says the same here."""

FIRST_DAY, LAST_DAY = 0, 99999999
"""Ends of a range of days that has none."""

_HALF_TERM = re.compile(r"(?P<key>[A-Za-z_]+)(?P<op>[!:=<>]+)(?P<value>.*)", re.DOTALL)
_TERM = re.compile(r"""(?P<not>-)?(?:(?P<key>[A-Za-z_]+)(?P<op>>=|<=|:|=|>|<)(?!=))?(?P<value>(?:"[^"]*"?|[^\s"])+)""")


class QueryError(ValueError):
    """An expression that cannot be read, or a name in it: why, and what would do."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(f"{message}: {hint}" if hint else message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Term:
    """One word of an expression."""

    key: str
    op: str
    values: tuple[str, ...]
    negated: bool = False

    def holds(self, facts: Facts) -> bool:
        """Whether the campaign with these facts satisfies the term."""
        return self._holds(facts) is not self.negated

    def _holds(self, facts: Facts) -> bool:
        found = facts.get(self.key, ())
        if self.key == "text":
            return all(value in str(found[0]) for value in self.values) if found else False
        if self.key == "day_obs" and found:
            return self._day_obs(int(found[0]), int(found[-1]))
        if self.op == ":":
            known = {str(value).lower() for value in found}
            return not known.isdisjoint(self.values)
        return any(_compare(value, self.op, self.values[0]) for value in found)

    def _day_obs(self, first: int, last: int) -> bool:
        days = [int(value) for value in self.values]
        match self.op:
            case ":":
                return any(first <= day <= last for day in days)
            case ">=" | ">":
                return _compare(last, self.op, self.values[0])
            case _:
                return _compare(first, self.op, self.values[0])


def _compare(value: str | int, op: str, bound: str) -> bool:
    left: Any = value
    right: Any = bound
    if isinstance(value, int):
        right = int(bound)
    else:
        left = value.lower()
    comparisons: dict[str, Callable[[Any, Any], bool]] = {
        ">": lambda a, b: a > b,
        "<": lambda a, b: a < b,
        ">=": lambda a, b: a >= b,
        "<=": lambda a, b: a <= b,
    }
    return comparisons[op](left, right)


NUMBERS = frozenset({"tract", "detector", "day_obs"})
_NUMBER = re.compile("[0-9]{1,18}")


def parse(expression: str, me: str | None = None) -> tuple[Term, ...]:
    """Read an expression; ``me`` is the handle that `owner:me` means. Raise QueryError."""
    if expression.count('"') % 2:
        raise QueryError("missing closing quotation mark", 'write "two words"')
    terms = []
    for match in _TERM.finditer(expression):
        key, op, raw = match["key"], match["op"], match["value"]
        if key is None:
            _refuse_half_term(raw)
            _refuse_connective(raw)
            terms.append(Term("text", ":", (raw.replace('"', "").lower(),), bool(match["not"])))
            continue
        key = key.lower()
        if key not in ATTRIBUTES:
            raise QueryError(f"unknown attribute `{key}`", _suggestion(key, ATTRIBUTES))
        op = ":" if op == "=" else op
        values = _several(raw.lower()) if op == ":" else (raw.replace('"', "").lower(),)
        if key in {"owner", "operator"} and "me" in values:
            if me is None:
                raise QueryError("who is `me`? git has no user.email, or it is not in the settings' people")
            values = tuple(me.lower() if value == "me" else value for value in values)
        if key in CHOICES and op == ":":
            _refuse_slip(key, values)
        if key in NUMBERS:
            strange = [value for value in values if not _NUMBER.fullmatch(value)]
            if strange:
                raise QueryError(f"invalid value `{strange[0]}` of `{key}`: expected a number")
        terms.append(Term(key, op, values, bool(match["not"])))
    return tuple(terms)


def _several(raw: str) -> tuple[str, ...]:
    """Return the values between commas; commas in quotes are part of a value."""
    pieces = raw.split('"')
    pieces[::2] = [piece.replace(",", "\0") for piece in pieces[::2]]
    return tuple("".join(pieces).split("\0"))


SAVED_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
"""What a saved query can be called."""


def saved_names(expression: str) -> tuple[list[str], str]:
    """Return the names of the saved queries in an expression, and its other words. Raise QueryError."""
    names, rest = [], []
    for match in _TERM.finditer(expression):
        word = match["value"]
        if match["key"] is not None or not word.startswith("@"):
            rest.append(match[0])
        elif match["not"]:
            raise QueryError(f"`-{word}`: a saved query cannot be negated, only single words can")
        elif not SAVED_NAME.fullmatch(word[1:]):
            raise QueryError(f"invalid name of a saved query: `{word}`", "quote it to look for it as text")
        else:
            names.append(word[1:])
    return names, " ".join(rest)


def is_term(word: str) -> bool:
    """Whether a word says attribute and value, or names a saved query: where other words are names of campaigns."""
    return word.startswith("@") or _HALF_TERM.match(word.removeprefix("-")) is not None


def asks_for_me(expression: str) -> bool:
    """Whether what an expression finds depends on who asks. Raise QueryError if it cannot be read."""
    return parse(expression, "a") != parse(expression, "b")


def with_me(expression: str, me: str) -> str:
    """Return an expression with a handle in the place of `me`."""

    def filled(match: re.Match[str]) -> str:
        key = (match["key"] or "").lower()
        if key not in {"owner", "operator"}:
            return match[0]
        values = [me if value.replace('"', "").lower() == "me" else value for value in match["value"].split(",")]
        return f"{match['not'] or ''}{match['key']}{match['op']}{','.join(values)}"

    return _TERM.sub(filled, expression)


def _refuse_half_term(word: str) -> None:
    """Raise QueryError for `state:` without a value, `state!=running` and the like: no text that people look for."""
    match = _HALF_TERM.match(word)
    if match:
        key, op, value = match["key"], match["op"], match["value"] or "VALUE"
        advice = f"-{key}:{value}" if op == "!=" else f"{key}:{value}"
        raise QueryError(f"invalid word `{word}`", f"write `{advice}`, or quote it to look for it as text")


def _refuse_connective(word: str) -> None:
    """Raise QueryError for OR, AND and NOT, in upper or lower case, unless they are quoted."""
    name = {"|": "OR", "||": "OR", "&": "AND", "&&": "AND"}.get(word, word.upper())
    if name in CONNECTIVES:
        hint = f"{CONNECTIVES[name]}; quote it to look for it as text"
        raise QueryError(f"`{word}` is not a word of the query language", hint)


def _refuse_slip(key: str, values: tuple[str, ...]) -> None:
    """Raise QueryError for a value that an attribute with fixed values cannot have."""
    for value in values:
        if value not in CHOICES[key]:
            raise QueryError(f"unknown {key} `{value}`", _suggestion(value, CHOICES[key]))


def _suggestion(word: str, known: Iterable[str]) -> str:
    return did_you_mean(word, known, 0.7) or f"expected one of {', '.join(known)}"


def matches(terms: tuple[Term, ...], facts: Facts) -> bool:
    """Whether every term holds."""
    return all(term.holds(facts) for term in terms)


def _ran_stacks(history: History) -> list[str]:
    pinned = [one.facts.get("pins", {}).get("stack", ()) for one in history.submissions.values()]
    return [stack for stacks in pinned for stack in stacks]


def facts_of(campaign: Campaign, history: History) -> dict[str, tuple[str | int, ...]]:
    """Return what a campaign can be found by, in its definition, its steps and groups, and its history."""
    document = campaign.definition
    layers = [campaign.sections, *(step.sections for step in campaign.steps)]
    layers += [group.sections for group in campaign.groups.values()]

    def collect(section: str, key: str) -> tuple[str | int, ...]:
        values: dict[str | int, None] = {}
        for layer in layers:
            value = layer.get(section, {}).get(key)
            for one in value if isinstance(value, list) else [] if value is None else [value]:
                values[int(one) if isinstance(one, float) else one] = None  # JSON Schema takes 3.0 for whole
        return tuple(values)

    days = [layer["scope"]["day_obs"] for layer in layers if "day_obs" in layer.get("scope", {})]
    days = [day for day in days if day]
    operators = dict.fromkeys(handle for handles in history.operators.values() for handle in handles)
    starts = [event for event in history.effective if event.type == "status" and event.data["to"] == "running"]
    tickets = [*document.get("tickets", ())]
    tickets += [ticket for step in document.get("steps", ()) for ticket in step.get("tickets", ())]
    texts = [campaign.id, campaign.name, campaign.title, document["description"], *document.get("tags", ())]
    texts += [event.data["text"] for event in history.effective if event.type == "note"]
    facts: dict[str, tuple[str | int, ...]] = {
        "id": (campaign.id,),
        "name": (campaign.name,),
        "state": (str(history.state),),
        "production": (document["production"],),
        "kind": (document["kind"],),
        "owner": tuple(filter(None, [campaign.owner])),
        "operator": tuple(operators),
        "ticket": tuple(dict.fromkeys(ticket["key"] for ticket in tickets)),
        "tag": tuple(document.get("tags", ())),
        "instrument": collect("scope", "instrument"),
        "skymap": collect("scope", "skymap"),
        "tract": collect("scope", "tracts"),
        "band": collect("scope", "bands"),
        "detector": collect("scope", "detectors"),
        "day_obs": (
            int(min(day.get("from", FIRST_DAY) for day in days)),
            int(max(day.get("to", LAST_DAY) for day in days)),
        )
        if days
        else (),
        "program": collect("scope", "science_program"),
        "stack": tuple(dict.fromkeys((*collect("software", "stack"), *_ran_stacks(history)))),
        "image": collect("software", "image"),
        "butler": collect("data", "butler"),
        "output": collect("data", "output"),
        "site": collect("compute", "site"),
        "wms": collect("compute", "wms"),
        "step": tuple(step.name for step in campaign.steps),
        "parent": tuple(filter(None, [document.get("derived_from", "").partition("@")[0]])),
        "run_id": tuple(one.facts["run_id"] for one in history.submissions.values() if "run_id" in one.facts),
        "started": (starts[0].at[:10],) if starts else (),
        "changed": (history.last.at[:10],) if history.last else (),
        "deadline": tuple(filter(None, [document.get("plan", {}).get("deadline")])),
        "text": (" ".join(texts).lower(),),
    }
    return facts
