"""Identities: of campaigns (readable) and of events (random)."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import date

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Characters of the random parts: no 0, 1, i, l, o, which people misread."""

CAMPAIGN_ID = re.compile(r"([0-9]{4})-([0-9]{2})-[0-9]{2}-([a-z0-9]+(?:-[a-z0-9]+)*)-([a-z0-9]{4})")
EVENT_ID_LENGTH = 12
SUFFIX_LENGTH = 4


def slug(name: str) -> str:
    """Return the name in lower case with hyphens for everything but letters and digits, 60 characters at most."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-") or "campaign"


def new_campaign_id(day: date, name: str, key: str | None = None, random: str | None = None) -> str:
    """Return an id: UTC date, slug of the name, four characters.

    The four are random, those that were drawn where there are such, or follow from the idempotency key, so that two
    clones that open the campaign of one key on one day give it one id.
    """
    suffix = random or random_id(SUFFIX_LENGTH) if key is None else _digest(key, SUFFIX_LENGTH)
    return f"{day.isoformat()}-{slug(name)}-{suffix}"


def directory_of(campaign_id: str) -> str:
    """Return the campaign's directory inside the ledger: campaigns/YEAR/MONTH/ID.

    Sharding by year and month keeps path-limited git history fast.
    """
    return f"campaigns/{campaign_id[:4]}/{campaign_id[5:7]}/{campaign_id}"


def event_id(key: str) -> str:
    """Return the id of the event that an idempotency key makes: one that is there already was made by that key."""
    return _digest(key, EVENT_ID_LENGTH)


def _digest(key: str, length: int) -> str:
    digest = hashlib.sha256(key.encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:length])


def random_id(length: int = EVENT_ID_LENGTH) -> str:
    """Return random characters: the 12 of an event hold 59 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
