"""campledger.yaml: the settings of a ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from campledger.model.rules import url_complaint
from campledger.problems import Finding

SETTINGS_FILE = "campledger.yaml"
_PASSWORD = re.compile(r"[^/]*://[^/]*:[^/]*@")


@dataclass(frozen=True)
class Settings:
    """What campledger.yaml says; see schemas/settings.schema.json."""

    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The ledger's name."""
        return str(self.document.get("title", "Campaigns"))

    @property
    def main_branch(self) -> str:
        """The branch on which campaigns count as defined and reviewed."""
        return str(self.document.get("main_branch", "main"))

    @property
    def productions(self) -> Mapping[str, str]:
        """Classes of campaigns, each with a line for people."""
        return dict(self.document.get("productions", {}))

    @property
    def people(self) -> Mapping[str, Mapping[str, Any]]:
        """Name and addresses by handle; empty where any handle is taken."""
        return dict(self.document.get("people", {}))

    @property
    def butlers(self) -> Mapping[str, Mapping[str, Any]]:
        """Butler repositories by alias."""
        return dict(self.document.get("butlers", {}))

    @property
    def links(self) -> Mapping[str, str]:
        """Templates of addresses: ticket, run, commit, file, edit, new_file."""
        return dict(self.document.get("links", {}))

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with settings that have passed the schema."""
        for role, handles in self.document.get("roles", {}).items():
            for index, handle in enumerate(handles):
                if self.people and handle not in self.people:
                    message = f"nobody has the handle `{handle}`"
                    yield Finding(("roles", role, index), "unknown-person", message, "add them to `people`")
        for key, template in self.links.items():
            complaint = url_complaint(re.sub(r"\{\w+\}", "x", template))
            if complaint:
                yield Finding(("links", key), "url-scheme", complaint, "link to an http or https address")
        url = self.document.get("site", {}).get("url")
        if url is not None and url_complaint(url):
            yield Finding(("site", "url"), "url-scheme", str(url_complaint(url)), "give an http or https address")
        for alias, butler in self.butlers.items():
            for index, uri in enumerate(butler.get("uris", ())):
                if _PASSWORD.match(uri):
                    where = ("butlers", alias, "uris", index)
                    yield Finding(where, "url-scheme", "an address with a password in it", "take it out")

    def handle_of(self, name: str, email: str) -> str:
        """Return the handle of who commits under this address, or else the name."""
        for handle, person in self.people.items():
            if email.lower() in [address.lower() for address in person.get("emails", ())]:
                return handle
        return name
