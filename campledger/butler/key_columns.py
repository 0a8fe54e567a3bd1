"""What the columns of a list mean: which name a dimension by its key, and which by something else.

Nothing here asks a registry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from campledger.dataids.dimensions import ALTERNATE_KEYS, DIMENSIONS, closure, implied_by, keys_of
from campledger.errors import UsageError

Value = int | str
Target = Literal["exposure", "visit"]

LOWEST, HIGHEST = -(2**63), 2**63 - 1
"""What registries hold as a number."""

_WHOLE = re.compile(r"-?[0-9]+")


def number(value: object) -> Value | None:
    """Return a number, written as one or as digits, or None."""
    if type(value) is str and len(value) <= 20 and _WHOLE.fullmatch(value):
        value = int(value)
    return value if type(value) is int and LOWEST <= value <= HIGHEST else None


def text(value: object) -> Value | None:
    """Return a text, or None. A reader of lists may have taken one of digits for a number."""
    if type(value) is int:
        return str(value)
    return value if type(value) is str and value else None


def word(value: object) -> Value | None:
    """Return a text that is no number, or None."""
    return value if type(value) is str and value and not _WHOLE.fullmatch(value) else None


Reader = Callable[[object], Value | None]


@dataclass(frozen=True)
class Way:
    """One way in which columns of a list name a dimension's value."""

    dimension: str
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    """What the columns hold, as fields of the dimension's records; its own name is its key."""
    reader: Reader
    otherwise: str = ""
    """A field to look in for what the first does not have."""

    def read(self, row: Mapping[str, object]) -> tuple[Value, ...] | None:
        """Return what a row says, or None where it says nothing."""
        if len(self.columns) == 1:  # the usual case, and done for every row
            value = self.reader(row.get(self.columns[0]))
            return None if value is None else (value,)
        found = tuple(self.reader(row.get(column)) for column in self.columns)
        return None if None in found else found  # type: ignore[return-value]

    @property
    def is_key(self) -> bool:
        """Whether it is the dimension's own key."""
        return self.fields == (self.dimension,)


def _own(name: str, column: str = "") -> tuple[Way, ...]:
    """Return how a column of a dimension's name, or another one, names its value: by its key, or else by its name."""
    dimension, columns = DIMENSIONS[name], (column or name,)
    if dimension.type is str:
        return (Way(name, columns, (name,), text),)
    words = () if column else dimension.alternates[:1]
    return (Way(name, columns, (name,), number), *(Way(name, columns, (field,), word) for field in words))


DAY_AND_SEQUENCE = Way("exposure", ("day_obs", "seq_num"), ("day_obs", "seq_num"), number)

WAYS: tuple[Way, ...] = (
    *(way for name in DIMENSIONS for way in _own(name)),
    *_own("exposure", "exposure_id"),
    *_own("visit", "visit_id"),
    *_own("detector", "detector_id"),
    Way("exposure", ("obs_id",), ("obs_id",), text),
    Way("exposure", ("exposure_name",), ("obs_id",), text),
    DAY_AND_SEQUENCE,
    Way("visit", ("visit_name",), ("name",), text),
    Way("detector", ("full_name",), ("full_name",), text),
    Way("detector", ("detector_name",), ("full_name",), text, otherwise="name_in_raft"),
    Way("detector", ("raft",), ("raft",), text),
    Way("detector", ("name_in_raft",), ("name_in_raft",), text),
    Way("patch", ("cell_x", "cell_y"), ("cell_x", "cell_y"), number),
)
"""Every way there is."""

NAMES = ("filename",)
"""Columns that only say where a row is from."""


@dataclass(frozen=True)
class KeyPlan:
    """How the columns of a list become keys."""

    ways: Mapping[str, tuple[Way, ...]]
    """By dimension, those that others require first."""
    dimensions: tuple[str, ...]
    """What keys the result, in alphabetical order."""
    target: Target | None
    """Exposure or visit, where the other one is to be converted to it, or held against it."""
    given: tuple[str, ...]
    """Columns whose values must be those that the keys imply."""
    keys: tuple[str, ...]
    """Columns that name something."""
    attributes: tuple[str, ...]
    """The columns that stay with a member as they are."""

    @property
    def source(self) -> str | None:
        """The dimension that is converted to the target, or held against it."""
        other = {"exposure": "visit", "visit": "exposure"}.get(self.target or "")
        return other if other in self.ways else None


def plan(columns: Collection[str], *, instrument: bool, target: Target | None, ids: Target | None) -> KeyPlan:
    """Return how columns become keys. ``instrument`` says that one is known beside them; ``ids``, what `id` means.

    Raise UsageError where they name nothing, or not enough, or more than one thing.
    """
    present = set(columns) | ({"instrument"} if instrument else set())
    ways = [way for way in WAYS if present.issuperset(way.columns)]
    if "id" in present:
        ways += _ways_of_id(ids)
    ways = _settle(ways, target)
    if "instrument" not in columns and not any("instrument" in DIMENSIONS[way.dimension].required for way in ways):
        ways = [way for way in ways if way.dimension != "instrument"]
    names = {way.dimension for way in ways}
    if not names - {"instrument", "skymap"}:
        raise UsageError(f"no column of {_listed(columns)} names exposures, visits, detectors or another dimension")
    _require_target(names, target)
    keys = keys_of(names - {"exposure", "visit"} | {target} if target else names)
    asked = set(keys) - ({target} - names) | (names & {"exposure", "visit"})
    needed = [name for name in DIMENSIONS if name in asked]
    for name in needed:
        if name not in names:
            raise UsageError(_missing(name, columns, needed))
    by_dimension = {name: tuple(way for way in ways if way.dimension == name) for name in sorted(needed, key=_depth)}
    implied = [name for name in implied_by({*keys, *needed}) if name in present and name not in by_dimension]
    named = {column for ways_ in by_dimension.values() for way in ways_ for column in way.columns}
    used = tuple(column for column in columns if column in named)
    kept = tuple(
        column for column in columns if column in implied or column not in named | {"id", *ALTERNATE_KEYS, *NAMES}
    )
    return KeyPlan(by_dimension, keys, target, tuple(implied), used, kept)


def _ways_of_id(ids: Target | None) -> tuple[Way, ...]:
    if ids is None:
        raise UsageError("the list does not say whether its ids are exposures or visits: say which")
    return tuple(Way(ids, ("id",), way.fields, way.reader) for way in _own(ids))


def _settle(ways: list[Way], target: Target | None) -> list[Way]:
    """Leave out what only describes what is named otherwise.

    A day alone is no key where exposures or visits are named, and day and sequence number name exposures only where
    no visit is named: there they are those of the visit.
    """
    names = {way.dimension for way in ways if way is not DAY_AND_SEQUENCE}
    if "visit" in names and target != "exposure":
        ways = [way for way in ways if way is not DAY_AND_SEQUENCE]
    named = {way.dimension for way in ways}
    implied = {below for name in named for below in closure(frozenset({name})) if below not in keys_of({name})}
    return [way for way in ways if way.dimension not in implied]


def _require_target(names: Collection[str], target: Target | None) -> None:
    both = {"exposure", "visit"} & set(names)
    if target is None and len(both) == 2:
        raise UsageError("the list names both exposures and visits: say which of them the set is of")
    if target is not None and not both:
        raise UsageError(f"the list names no exposures and no visits, so that no set of {target}s comes of it")


def _missing(name: str, columns: Collection[str], needed: Collection[str]) -> str:
    asking = next((other for other in needed if name in DIMENSIONS[other].required), "")
    why = f", without which no {asking} is known" if asking else ""
    hint = ": name the instrument beside the list" if name == "instrument" else ""
    return f"no column of {_listed(columns)} names the {name}{why}{hint}"


def _listed(columns: Collection[str]) -> str:
    return ", ".join(f"`{column}`" for column in columns) or "(none)"


def _depth(name: str) -> tuple[int, str]:
    return len(DIMENSIONS[name].required), name
