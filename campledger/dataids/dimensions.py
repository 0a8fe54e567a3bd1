"""Butler's dimensions, as far as a set of data IDs needs them without a Butler at hand.

Names, key types, required and implied dimensions are those of the default dimension universe of daf_butler
(``configs/dimensions.yaml``, namespace daf_butler, version 8; tests/butler holds the two against each other). A
registry's own universe has the last word: the uploader asks it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension: the type of its key, and what comes with it."""

    type: type[int] | type[str]
    required: tuple[str, ...] = ()
    """Dimensions without which its key says nothing."""
    implied: tuple[str, ...] = ()
    """Dimensions whose values follow from its key."""
    alternates: tuple[str, ...] = ()
    """Other columns of its records that identify it, in a dimension record's words."""


DIMENSIONS: dict[str, Dimension] = {
    "band": Dimension(str),
    "instrument": Dimension(str),
    "skymap": Dimension(str, alternates=("hash",)),
    "day_obs": Dimension(int, ("instrument",)),
    "detector": Dimension(int, ("instrument",), alternates=("full_name",)),
    "exposure": Dimension(int, ("instrument",), ("day_obs", "group", "physical_filter"), ("obs_id",)),
    "group": Dimension(str, ("instrument",)),
    "physical_filter": Dimension(str, ("instrument",), ("band",)),
    "visit": Dimension(int, ("instrument",), ("day_obs", "physical_filter"), ("name",)),
    "visit_system": Dimension(int, ("instrument",), alternates=("name",)),
    "subfilter": Dimension(int, ("band",)),
    "tract": Dimension(int, ("skymap",)),
    "patch": Dimension(int, ("skymap", "tract")),
    "ssp_hypothesis_table": Dimension(str),
    "ssp_balanced_index": Dimension(int, ("ssp_hypothesis_table",)),
    "ssp_hypothesis_bundle": Dimension(int, ("ssp_hypothesis_table",)),
    **{f"healpix{level}": Dimension(int) for level in range(1, 18)},
    **{f"htm{level}": Dimension(int) for level in range(1, 25)},
}
"""Every dimension that can key a data ID."""

ALTERNATE_KEYS = ("obs_id", "exposure_name", "visit_name", "seq_num", "full_name", "detector_name", "filename")
"""Columns of lists made elsewhere that identify something, but are no key of a dimension."""


@cache
def closure(names: frozenset[str]) -> frozenset[str]:
    """Return the dimensions with all that they require or imply. Raise KeyError for an unknown one."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += (*DIMENSIONS[name].required, *DIMENSIONS[name].implied)
    return frozenset(found)


def keys_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return the dimensions that key a data ID of these, in alphabetical order: those that no other one implies.

    What they require is among them even where it was not named. Raise KeyError for an unknown dimension.
    """
    whole = closure(frozenset(names))
    implied = {below for name in whole for below in DIMENSIONS[name].implied}
    return tuple(sorted(whole - implied))


def implied_by(keys: Collection[str]) -> tuple[str, ...]:
    """Return the dimensions whose values follow from these keys, in alphabetical order."""
    return tuple(sorted(closure(frozenset(keys)) - set(keys_of(keys))))
