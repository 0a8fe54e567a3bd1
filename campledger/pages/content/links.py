"""Addresses that a page may link to, and the people and tickets behind handles and keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from campledger.ledger.settings import Settings
from campledger.model.rules import url_complaint

_UNSAFE = re.compile(r'["<>^`{|}]')
_PASSWORD = re.compile(r"//[^/?#@]*:[^/?#]*@")


def address(url: str) -> str | None:
    """Return the address if a page may link to it (http or https, without a password), else None.

    What no address holds as it is, such as a quotation mark, is escaped as browsers escape it.
    """
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", url) if url_complaint(url) is None else None


def filled(template: str | None, **values: str) -> str | None:
    """Return an address template with its fields filled in, URL-quoted, or None where that is no address."""
    if template is None:
        return None
    for name, value in values.items():
        # A path keeps its slashes: a git host's address has it below the branch's.
        written = quote(value, safe="/" if name == "path" else "", errors="replace")
        template = template.replace(f"{{{name}}}", written)
    return address(template)


class Directory:
    """The settings' people and link templates, looked up once for each handle or key."""

    def __init__(self, settings: Settings):
        self._names = {handle: str(person["name"]) for handle, person in settings.people.items()}
        self._templates = settings.links

    def person(self, handle: str) -> dict[str, str]:
        """Return handle and name of a person; the name is the handle where the settings have none."""
        return {"handle": handle, "name": self._names.get(handle, handle)}

    def people(self, handles: Iterable[str]) -> list[dict[str, str]]:
        """Return handle and name of each."""
        return [self.person(handle) for handle in handles]

    def tickets(self, tickets: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return key, type, title and address of each ticket."""
        return [
            {
                "key": ticket["key"],
                "type": ticket.get("type", ""),
                "title": ticket.get("title", ""),
                "url": filled(self._templates.get("ticket"), key=ticket["key"]),
            }
            for ticket in tickets
        ]

    def run(self, run_id: str) -> str | None:
        """Return the address of a run in the workflow system."""
        return filled(self._templates.get("run"), run_id=run_id)

    def commit(self, commit: str) -> str | None:
        """Return the address of a commit of the ledger."""
        return filled(self._templates.get("commit"), commit=commit)

    def file(self, commit: str, path: str) -> str | None:
        """Return the address of a file of the ledger, as it is in a commit."""
        return filled(self._templates.get("file"), commit=commit, path=path) if commit else None

    def edit(self, path: str) -> str | None:
        """Return the address at which people propose a change of a file."""
        return filled(self._templates.get("edit"), path=path)


def link(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return type, text and address of a link; no address where the page must not link to it."""
    # What stands in a ledger by mistake need not be shown to everybody.
    written = _PASSWORD.sub("//...@", document["url"])
    return {
        "type": document["type"],
        "text": document.get("title") or written,
        "written": written,
        "url": address(document["url"]),
    }
