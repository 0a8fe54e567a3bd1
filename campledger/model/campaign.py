"""A campaign as defined: its steps and groups, and what is in force for each of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

SECTIONS = ("scope", "software", "data", "processing", "compute", "plan")
"""The parts of a definition that a step, and in it a group, may override."""

PINNED = ("scope", "software", "data", "processing", "compute")
"""The sections that say with what a group runs; `plan` says what is expected of it."""

DEFAULT_GROUP = "all"
"""Name of a step's only group, where none are listed."""


NAMED_BY_TABLE = ("table", "template")
"""What a step says instead of a list of groups: a table with a row for each, and the BPS file that the rows fill."""


def listed(step: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the groups that a step lists as they are written; none where it takes them from a table, or has none."""
    groups = step.get("groups", ())
    return () if isinstance(groups, Mapping) else groups


def overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the keys of ``over``: mappings are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = overlay(below, value) if both else value  # type: ignore[arg-type]
    return merged


@dataclass(frozen=True)
class Group:
    """A slice of a step's data."""

    step: str
    name: str
    definition: Mapping[str, Any]
    """Its part of the document, as written."""
    sections: Mapping[str, Any]
    """scope, software, data, processing, compute and plan in force for it."""
    table: str = ""
    """The table that it is a row of, if it is one."""

    @property
    def path(self) -> str:
        """STEP/GROUP, as acts and events name it."""
        return f"{self.step}/{self.name}"


@dataclass(frozen=True)
class Step:
    """A part of the pipeline, run over one or more groups."""

    name: str
    definition: Mapping[str, Any]
    sections: Mapping[str, Any]
    groups: tuple[Group, ...]

    @property
    def prerequisites(self) -> tuple[str, ...]:
        """Names of the steps that have to be done before."""
        return tuple(self.definition.get("prerequisites", ()))


@dataclass(frozen=True)
class Campaign:
    """A campaign's definition. The document has passed the schema; see schemas/campaign.schema.json."""

    id: str
    definition: Mapping[str, Any]
    """As written: a step that takes its groups from a table says which."""
    tabled: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """The groups that come from tables, as they would be listed, by the step's name."""

    @property
    def name(self) -> str:
        """Short name."""
        return str(self.definition["name"])

    @property
    def title(self) -> str:
        """One line for people: the title, or the name."""
        return str(self.definition.get("title", self.name))

    @property
    def subtitle(self) -> str:
        """The title if it differs from the name, else ''."""
        return self.title if self.title != self.name else ""

    @property
    def owner(self) -> str | None:
        """Handle of who answers for it."""
        return self.definition.get("owner")

    @property
    def checklist(self) -> Sequence[Mapping[str, Any]]:
        """What somebody has to tick off: name, text, before and perhaps step of each item."""
        return tuple(self.definition.get("checklist", ()))

    @cached_property
    def sections(self) -> dict[str, Any]:
        """The campaign's own scope, software, data, processing, compute and plan."""
        return {key: self.definition[key] for key in SECTIONS if key in self.definition}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps in order, each with what is in force for it."""
        return tuple(self._steps())

    def _steps(self) -> Iterator[Step]:
        for document in self.definition.get("steps", ()):
            sections = overlay(self.sections, {key: document[key] for key in SECTIONS if key in document})
            named = document.get("groups", ({"name": DEFAULT_GROUP},))
            table = named["table"] if isinstance(named, Mapping) else ""
            groups = tuple(
                Group(
                    step=document["name"],
                    name=group["name"],
                    definition=group,
                    sections=overlay(sections, {key: group[key] for key in SECTIONS if key in group}),
                    table=table,
                )
                for group in (self.tabled.get(document["name"], ()) if table else named)
            )
            yield Step(document["name"], document, sections, groups)

    @property
    def written_out(self) -> Mapping[str, Any]:
        """The definition as it would be if groups from tables were listed."""
        if not self.tabled:
            return self.definition
        steps = [
            {**step, "groups": list(self.tabled[step["name"]])} if step["name"] in self.tabled else step
            for step in self.definition["steps"]
        ]
        return {**self.definition, "steps": steps}

    @cached_property
    def groups(self) -> dict[str, Group]:
        """Every group of every step, by STEP/GROUP."""
        return {group.path: group for step in self.steps for group in step.groups}

    def digest(self, groups: Iterable[str]) -> str:
        """Return the digest of the definition that is in force for groups, STEP/GROUP, or without them for the whole.

        It is of JSON: each group's :data:`PINNED` sections by its path, keys sorted, no blanks, UTF-8. A campaign
        without groups has one of no name.
        """
        chosen = {path: self.groups[path].sections for path in groups}
        parts = chosen or {path: group.sections for path, group in self.groups.items()} or {"": self.sections}
        value = {path: {key: part[key] for key in PINNED if key in part} for path, part in parts.items()}
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def stacks_of(self, groups: Iterable[str]) -> list[str]:
        """Return the tags of the Science Pipelines that are in force for groups, STEP/GROUP, each once."""
        software = (self.groups[path].sections.get("software", {}) for path in groups)
        return list(dict.fromkeys(str(one["stack"]) for one in software if "stack" in one))

    def groups_of(self, place: str) -> list[str]:
        """Return the paths of a step's groups, or of the one group that STEP/GROUP names; empty if unknown."""
        return [path for path in self.groups if path == place or path.rpartition("/")[0] == place]
