"""What differs between two sets of data IDs."""

from __future__ import annotations

from dataclasses import dataclass

from campledger.dataids.sets import DataIdSet, Row
from campledger.errors import UsageError


@dataclass(frozen=True)
class Difference:
    """What one set has and another lacks."""

    added: DataIdSet
    removed: DataIdSet
    changed: tuple[Row, ...]
    """Members of both whose annotations differ."""


def difference(before: DataIdSet, after: DataIdSet) -> Difference:
    """Return what is in one of two sets only. Raise UsageError where their dimensions differ."""
    if before.dimensions != after.dimensions:
        raise UsageError(
            f"the sets have different dimensions: {', '.join(before.dimensions)} and {', '.join(after.dimensions)}"
        )
    said = before.attributes.keys() | after.attributes.keys()
    both = [row for row in said if row in before._index and row in after._index]
    changed = sorted(row for row in both if dict(before.attributes.get(row, {})) != dict(after.attributes.get(row, {})))
    return Difference(after.minus(before), before.minus(after), tuple(changed))
