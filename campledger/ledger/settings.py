"""campledger.yaml: the settings of a ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from campledger.documents.schema import acts
from campledger.model.rules import url_complaint
from campledger.problems import Finding
from campledger.suggestions import did_you_mean

SETTINGS_FILE = "campledger.yaml"
FORMAT = 1
"""The newest format of ledgers that this campledger knows."""
_PASSWORD = re.compile(r"[^/]*://[^/]*:[^/]*@")


@dataclass(frozen=True)
class Settings:
    """What campledger.yaml says; see schemas/settings.schema.json."""

    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def format(self) -> int:
        """The version of the ledger's format."""
        return int(self.document.get("format", 1))

    @property
    def newer(self) -> str:
        """That the format is newer than what is known here, in words; empty where it is not."""
        if self.format <= FORMAT:
            return ""
        return f"written by a newer campledger (format {self.format}; this one knows {FORMAT}): update it"

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
    def roles(self) -> Mapping[str, Sequence[str]]:
        """Handles by role."""
        return dict(self.document.get("roles", {}))

    @property
    def automata(self) -> Mapping[str, Mapping[str, Any]]:
        """Programs that act by rules, by handle: description, and perhaps emails and rules."""
        return dict(self.document.get("automata", {}))

    @property
    def permissions(self) -> Mapping[str, Sequence[str]]:
        """The roles that may do an act, by the act's name; an act that is not here is anybody's."""
        return dict(self.document.get("permissions", {}))

    @property
    def approval(self) -> Mapping[str, Any]:
        """Which campaigns need an approval to start (`required`), and which sets it covers (`sets`)."""
        return dict(self.document.get("approval", {}))

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
        for role, handles in self.roles.items():
            for index, handle in enumerate(handles):
                if self.people and handle not in self.people and handle not in self.automata:
                    message = f"unknown person `{handle}`"
                    yield Finding(
                        ("roles", role, index), "unknown-person", message, "add them to `people`, or to `automata`"
                    )
        yield from self._permission_findings()
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
                    yield Finding(where, "url-scheme", "the address contains a password", "remove it")

    def _permission_findings(self) -> Iterator[Finding]:
        known = (*acts(), "remove")
        for act, roles in self.permissions.items():
            if act not in known:
                hint = did_you_mean(act, known) or f"expected one of {', '.join(known)}"
                yield Finding(("permissions", act), "unknown-act", f"unknown act `{act}`", hint, key=True)
            for index, role in enumerate(roles):
                if role not in self.roles:
                    where = ("permissions", act, index)
                    yield Finding(where, "unknown-role", f"unknown role `{role}`", "add it to `roles`")

    def rule_complaint(self, by: str, rule: str) -> str | None:
        """Return why nobody of this name acts by this rule, or None if an automaton does."""
        if by not in self.automata:
            return f"`{by}` is not in the settings' `automata`, and so cannot act by a rule"
        known = self.automata[by].get("rules", {})
        return None if rule in known else f"unknown rule `{rule}` of the automaton `{by}`"

    def handle_of(self, name: str, email: str) -> str:
        """Return the handle of who commits under this address, or else the name."""
        for handle, person in (*self.people.items(), *self.automata.items()):
            if email.lower() in [address.lower() for address in person.get("emails", ())]:
                return handle
        return name
