"""Which files of a ledger hold events: a campaign's events.yaml or, day by day, those in its events/, and receipts.

A campaign whose definition says ``events: daily`` appends to the file of the UTC day of an event's ``time``, so that a
long one does not write itself anew with every act. Readers join all files that there are, whatever the definition says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campledger.ledger.ledger import Record

EVENTS = "events.yaml"
_DAILY = re.compile(r"(?:.*/)?events/[0-9]{4}-[0-9]{2}-[0-9]{2}[.]yaml")
_SETS = "dataids/"
_RECEIPTS = ".events.yaml"


def is_history(path: str) -> bool:
    """Whether a file of a ledger holds the events of a campaign or of a shared set."""
    return path.endswith(f"/{EVENTS}") or is_daily(path) or is_receipts(path)


def is_daily(path: str) -> bool:
    """Whether a file holds the events of one day of a campaign."""
    return "events/" in path and _DAILY.fullmatch(path) is not None


def histories(files: Iterable[str]) -> list[str]:
    """Return those of a campaign's files, by path from its directory, that hold events: events.yaml, then the days."""
    found = [file for file in files if file == EVENTS or (file.startswith("events/") and is_daily(file))]
    return sorted(found, key=lambda file: (file != EVENTS, file))


def events_path(record: Record, time: str) -> str:
    """Return the file to which a campaign's event of a time goes, by its path from the ledger's root."""
    daily = record.campaign is not None and record.campaign.definition.get("events") == "daily"
    return record.path(f"events/{time[:10]}.yaml" if daily else EVENTS)


def receipts_path(name: str) -> str:
    """Return the path of a shared set's history."""
    return f"{_SETS}{name}{_RECEIPTS}"


def is_receipts(path: str) -> bool:
    """Whether a path is that of a shared set's history."""
    return path.startswith(_SETS) and path.endswith(_RECEIPTS)


def set_of_receipts(path: str) -> str:
    """Return the path of the set whose history a file is, without its ending."""
    return path.removesuffix(_RECEIPTS)
