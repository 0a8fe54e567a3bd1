"""What differs between definitions: key by key, step by step, group by group; and which groups a change reaches."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from campledger.model.campaign import DEFAULT_GROUP, Campaign

ABSENT: Final[Any] = object()
"""Marks a missing value; null is a value."""

_NOT_RUN = ("plan",)
"""Sections that say nothing of how a group is run."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A key, step or group that differs between definitions."""

    place: str
    """Empty for the campaign, else STEP or STEP/GROUP."""
    key: str
    """Dotted: scope.tracts. Empty where the step or group as a whole is in some of the definitions only."""
    values: tuple[Any, ...]
    """What each definition has there, or ABSENT; the step or group itself where the key is empty."""

    def as_dict(self) -> dict[str, Any]:
        """Return the difference of two definitions as JSON has it; what is absent is left out."""
        pairs = zip(("before", "after"), self.values, strict=True)
        return {"place": self.place, "key": self.key} | {name: one for name, one in pairs if one is not ABSENT}


def differences(*definitions: Mapping[str, Any]) -> list[Difference]:
    """Return what differs between two or more definitions, in the order in which they say it.

    Steps and groups are known by their names. The id is no difference: it says which campaign it is.
    """
    return list(_differences([_places(one) for one in definitions]))


def _differences(sides: Sequence[Mapping[str, Mapping[str, Any]]]) -> Iterator[Difference]:
    for place in dict.fromkeys(place for side in sides for place in side):
        parent = place.rpartition("/")[0]
        # What is told of a step that is not there need not be told of each of its groups.
        if len([side for side in sides if parent in side]) < 2:
            continue
        having = [side for side in sides if place in side]
        if len(having) < sum(parent in side for side in sides):
            yield Difference(place, "", tuple(side.get(place, ABSENT) for side in sides))
        if len(having) < 2:
            continue
        hidden = ("name", "groups") if place else ("id", "steps")
        leaves = [dict(_leaves(side[place], hidden)) if place in side else None for side in sides]
        for key in dict.fromkeys(key for side in leaves for key in side or ()):
            values = tuple(ABSENT if side is None else side.get(key, ABSENT) for side in leaves)
            known = [value for value, side in zip(values, leaves, strict=True) if side is not None]
            if not all(same(known[0], one) for one in known):
                yield Difference(place, key, values)
        if "/" not in place:
            yield from _order(place, sides)


def _order(place: str, sides: Sequence[Mapping[str, Mapping[str, Any]]]) -> Iterator[Difference]:
    """Yield that the steps, or the groups, which all sides have stand in another order."""
    inside = [[one for one in side if one and one.rpartition("/")[0] == place] for side in sides if place in side]
    common = set(inside[0]).intersection(*inside[1:])
    orders = iter([[one for one in names if one in common] for names in inside])
    values = tuple(next(orders) if place in side else ABSENT for side in sides)
    known = [value for value in values if value is not ABSENT]
    if any(value != known[0] for value in known):
        yield Difference(place, "groups" if place else "steps", values)


def _places(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the campaign, and each step and group that has a name, by place."""
    found: dict[str, Mapping[str, Any]] = {"": definition}
    for step in _named(definition.get("steps", ())):
        found[step["name"]] = step
        for group in _named(step.get("groups", ({"name": DEFAULT_GROUP},))):
            found[f"{step['name']}/{group['name']}"] = group
    return found


def _named(parts: Any) -> list[Mapping[str, Any]]:
    """Return the parts that have names; those of a file that no schema has checked may have none."""
    if not isinstance(parts, Sequence):
        return []
    return [one for one in parts if isinstance(one, Mapping) and isinstance(one.get("name"), str)]


def _leaves(part: Mapping[str, Any], hidden: Collection[str] = (), above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted keys with their values."""
    for key, value in part.items():
        if key in hidden:
            continue
        if isinstance(value, Mapping):
            yield from _leaves(value, (), f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def same(one: Any, other: Any) -> bool:
    """Whether two values are written alike; 1, 1.0 and true are not."""
    if one is ABSENT or other is ABSENT:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def reached(before: Campaign, after: Campaign) -> dict[str, tuple[str, ...]]:
    """Map each affected group, STEP/GROUP, to the keys whose effective value changed; to none if it was removed.

    A key of a step or of the campaign applies to each group that does not override it.
    """
    found: dict[str, tuple[str, ...]] = {}
    for path, group in before.groups.items():
        now = after.groups.get(path)
        if now is None:
            found[path] = ()
            continue
        old, new = (dict(_leaves(one.sections)) for one in (group, now))
        keys = [key for key in dict.fromkeys((*old, *new)) if not same(old.get(key, ABSENT), new.get(key, ABSENT))]
        keys = [key for key in keys if not key.startswith(tuple(f"{one}." for one in _NOT_RUN))]
        if keys:
            found[path] = tuple(keys)
    return found
