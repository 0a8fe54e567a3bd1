"""What a registry says of a set of data IDs, and of what was done with it, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from campledger.butler.missing_records import Unknown
from campledger.dataids.sets import DataIdSet
from campledger.errors import UsageError

Action = Literal["create", "revise", "adopt"]
"""What an upload does: a set of a new name, a new revision of a set, or nothing, since it is there."""

Kind = Literal["campaign", "collection"]
"""What can refer to a set."""


@dataclass(frozen=True, slots=True)
class StoredSet:
    """One revision of a set in a registry: all but its members. It never changes, but for when it expires."""

    id: int
    """Under which its members stand in their table; never given to another set."""
    name: str
    revision: int
    """Counted from 1 for each name."""
    digest: str
    """As :attr:`DataIdSet.digest`."""
    dimensions: tuple[str, ...]
    member_table: str
    count: int
    unknown: int
    """How many ids the registry had no record of, when it was uploaded."""
    universe: str
    """The registry's dimension universe at that time, as ``namespace:version``."""
    purpose: str | None
    """``include`` or ``exclude``, where the set says so."""
    campaign: str | None
    """The campaign for which it was uploaded."""
    by: str
    at: str
    """When it was uploaded: UTC, ISO 8601."""
    commit: str | None
    """The ledger's commit that holds the set's file."""
    note: str | None
    expires: str | None
    """After this moment (UTC, ISO 8601) :meth:`DataIdStore.sweep` may remove it; never, if there is none."""

    @classmethod
    def of(cls, row: Any) -> StoredSet:
        """Return the set that a row of the table of sets tells of."""
        return cls(
            id=row.id,
            name=row.name,
            revision=row.revision,
            digest=row.digest,
            dimensions=tuple(json.loads(row.dimensions)),
            member_table=row.member_table,
            count=row.member_count,
            unknown=row.unknown_count,
            universe=row.universe,
            purpose=row.purpose,
            campaign=row.campaign,
            by=row.uploaded_by,
            at=row.uploaded_at,
            commit=row.ledger_commit,
            note=row.note,
            expires=row.expires,
        )

    def is_of(self, value: DataIdSet) -> bool:
        """Whether this revision is the same as a set: the same members, for the same purpose."""
        return self.digest == value.digest and self.purpose == value.about.get("purpose")

    def __repr__(self) -> str:
        return (
            f"<{self.name}@{self.revision}: {self.count} members of {', '.join(self.dimensions)}, {self.digest[:15]}>"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upload would do."""

    name: str
    action: Action
    revision: int
    """The revision that would be made, or that is there already."""
    digest: str
    count: int
    added: int
    """Members that the latest revision does not have."""
    removed: int
    """Members of the latest revision that this set does not have."""
    previous: StoredSet | None
    """The latest revision."""
    unknown: tuple[Unknown, ...]
    """Ids that the registry has no record of, with the members that have them."""
    purpose: str | None

    @property
    def new_purpose(self) -> str:
        """Say how the purpose differs from the latest revision's; nothing where it is the same."""
        if self.previous is None or self.previous.purpose == self.purpose:
            return ""
        return f"purpose {self.purpose or 'not given'}, before {self.previous.purpose or 'not given'}"


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload did: the receipt."""

    stored: StoredSet
    action: Action
    registry: str
    """The registry's identity: a UUID, made with our tables."""
    version: int
    """The version of our tables."""
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """A set's digest and count as they are recorded, and as its members in the registry give them."""

    stored: StoredSet
    digest: str
    count: int

    @property
    def good(self) -> bool:
        """Whether the registry holds what was uploaded."""
        return self.digest == self.stored.digest and self.count == self.stored.count


@dataclass(frozen=True, slots=True)
class Use:
    """What refers to a set."""

    set_id: int
    kind: Kind
    name: str
    at: str


AnySet = StoredSet | DataIdSet
"""A set in the registry, or a value."""


def moment(time: datetime) -> str:
    """Return a time as the registry keeps it: UTC, ISO 8601. Raise UsageError for one without time zone."""
    if time.tzinfo is None:
        raise UsageError("a time needs a time zone: datetime(..., tzinfo=UTC)")
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
