"""Addresses inside the site that a page has from others' words: views of the list, pages of people and queries."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

LIST = "list.html"


def in_list(expression: str, *, sort: str = "", columns: Sequence[str] = (), group: str | None = None) -> str:
    """Return the address, from the root, of the list filtered by an expression; its script reads the fragment."""
    view = {"q": expression, "columns": ",".join(columns), "sort": sort, "group": group or ""}
    fragment = "&".join(f"{key}={quote(value, safe=',-')}" for key, value in view.items() if value)
    return f"{LIST}#{fragment}"


def person_path(handle: str) -> str:
    """Return the path of a person's page; no handle has an = in it, and index.html is the list of all."""
    return f"people/{'=' if handle.lower() == 'index' else ''}{handle}.html"


def query_page_path(name: str) -> str:
    """Return the path of a saved query's page."""
    return f"queries/{name}.html"


def campaign_feed_path(campaign_id: str) -> str:
    """Return the path of a campaign's feed."""
    return f"feeds/campaigns/{campaign_id}.xml"


def person_feed_path(handle: str) -> str:
    """Return the path of the feed of what happens in a person's campaigns."""
    return f"feeds/people/{handle}.xml"


def query_feed_path(name: str) -> str:
    """Return the path of the feed of what happens in the campaigns that a saved query finds."""
    return f"feeds/queries/{name}.xml"
