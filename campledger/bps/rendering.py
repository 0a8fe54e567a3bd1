"""A BPS submit file made from another one: placeholders filled, variables set, everything else as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from campledger.bps.includes import Config, read_config
from campledger.bps.submit_file import resolve
from campledger.bps.tree import Tree
from campledger.bps.values import Values
from campledger.documents.foreign import ForeignError, with_values
from campledger.documents.writing import edit_text
from campledger.model import placeholders
from campledger.model.placeholders import Scalar


@dataclass(frozen=True)
class Rendering:
    """A submit file of a tree, as it would be with other text."""

    tree: Tree
    config: Config

    @classmethod
    def of(cls, tree: Tree, path: str) -> Rendering:
        """Return a file as it is. Raise ForeignError if it cannot be read, or is a link."""
        if path not in tree.files:
            raise ForeignError("there is no such file")
        tree = tree.with_content(path, tree.content(path))
        return cls(tree, read_config(tree, path))

    @property
    def text(self) -> str:
        """The file's own text, without what it includes."""
        return self.tree.content(self.config.path).decode("utf-8-sig")

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Words that nothing has filled in, in the file or in what it includes."""
        return resolve(self.tree, self.config).templates

    def filled(self, variables: Mapping[str, Scalar]) -> Rendering:
        """Return the file with a group's variables in it.

        A word in capitals is replaced where it stands; any other variable is set, for BPS to fill in where it stands in
        braces. Raise ForeignError where one cannot be set.
        """
        asked: set[str] = set()

        def change(text: str) -> Scalar:
            after = placeholders.filled(text, variables)
            if after != text:
                asked.update(name for name in variables if placeholders.filled(text, {name: ""}) != text)
            return after

        own = with_values(self.tree.content(self.config.path), change)
        changed = self._with_text(own)
        values = Values(changed.config.value)
        in_braces = partial(_is_variable, changed.config.value)
        changes: dict[str, Any] = {}
        for name, value in variables.items():
            found, before = values.search(name)
            if (found and before == value) or (name in asked and not in_braces(name)):
                continue
            if isinstance(before, Mapping) or "." in name:
                raise ForeignError(f"`{name}` is no variable that could be set")
            changes[changed._place(name)] = value
        return changed._edited(changes)

    def with_data(self, found: Mapping[str, Any], *, replace_inputs: bool) -> Rendering:
        """Return the file with the input of a run, as far as it does not say that itself.

        ``found`` is what ``pipetask.bps_substitutions`` returns; with ``replace_inputs`` its collections count more
        than those of the file.
        """
        values = Values(self.config.value)
        payload = found["payload"]
        changes: dict[str, Any] = {}
        if replace_inputs or not values.search("inCollection")[0]:
            changes["payload.inCollection"] = payload["inCollection"]
        if "dataQuery" in payload and not values.search("dataQuery")[0]:
            changes["payload.dataQuery"] = payload["dataQuery"]
        options = found.get("extraQgraphOptions")
        if options:
            before = values.search("extraQgraphOptions")[1]
            changes[self._place("extraQgraphOptions")] = " ".join(filter(None, (before, options)))
        return self._edited(changes)

    def _place(self, name: str) -> str:
        """Return the dotted path under which BPS finds a value: it looks into `payload` first."""
        payload = self.config.value.get("payload")
        return f"payload.{name}" if isinstance(payload, Mapping) and name in payload else name

    def _edited(self, changes: Mapping[str, Any]) -> Rendering:
        return self._with_text(edit_text(self.text, changes)) if changes else self

    def _with_text(self, text: str) -> Rendering:
        tree = self.tree.with_content(self.config.path, text.encode())
        return Rendering(tree, read_config(tree, self.config.path))


def _is_variable(value: Any, name: str) -> bool:
    """Whether a name stands in braces anywhere in a configuration."""
    if isinstance(value, Mapping):
        return any(_is_variable(below, name) for below in value.values())
    if isinstance(value, list):
        return any(_is_variable(below, name) for below in value)
    return isinstance(value, str) and placeholders.stands_in(value, name)
