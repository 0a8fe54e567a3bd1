"""What a person settles about an import: the file of `campledger import bps DIR --map FILE`.

A YAML mapping, every key optional::

    production: data-release         # of all campaigns (default: data-release)
    kind: rehearsal                  # (default: rehearsal)
    owner: vrubin                  # a handle from campledger.yaml
    tags: [dp02]
    butlers:                         # butlerConfig, with wildcards: alias in campledger.yaml
      "s3://*/dc2/butler*.yaml": dc2
    files:                           # path below DIR, with wildcards (* also matches /): what is settled
      "*/IDF-PREOPS-707/step5c.yaml":
        step: step5                  # the step that it belongs to
        group: [a, b]                # the group, or the groups, that it covers
        relation: rescue             # first, rescue, restart or replacement
        parents: [test-med-1/IDF-PREOPS-707/step5.yaml]   # paths below DIR
        campaign: w_2021_40/PREOPS-707   # read in place of the file's own `campaign`
      "*/attic/*": {skip: true}      # left out, and said so

The first pattern that matches a file counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from campledger.errors import DataError
from campledger.model.vocabulary import RELATIONS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class FileRule:
    """What is settled about the files that a pattern matches. Empty values settle nothing."""

    pattern: str = ""
    step: str = ""
    groups: tuple[str, ...] = ()
    relation: str = ""
    parents: tuple[str, ...] | None = None
    campaign: str = ""
    skip: bool = False

    @property
    def places(self) -> bool:
        """Whether it says where a submission belongs, so that what names and queries leave open is settled."""
        return bool(self.step or self.groups or self.relation) or self.parents is not None


@dataclass(frozen=True, slots=True)
class Settled:
    """A mapping, checked."""

    production: str = "data-release"
    kind: str = "rehearsal"
    owner: str = ""
    tags: tuple[str, ...] = ()
    butlers: tuple[tuple[str, str], ...] = ()
    files: tuple[FileRule, ...] = ()

    def rule(self, path: str) -> FileRule:
        """Return the first rule whose pattern matches a path below DIR."""
        return next((rule for rule in self.files if fnmatchcase(path, rule.pattern)), FileRule())

    def butler(self, uri: str) -> str:
        """Return the alias of a butlerConfig, or nothing."""
        return next((alias for pattern, alias in self.butlers if fnmatchcase(uri, pattern)), "")


def read_mapping(mapping: Mapping[str, Any] | None) -> Settled:
    """Return a mapping, checked. Raise DataError if it has not the form that this module describes."""
    if mapping is None:
        return Settled()
    _require_keys(mapping, {"production", "kind", "owner", "tags", "butlers", "files"}, "the map")
    butlers = _mapping(mapping.get("butlers", {}), "butlers")
    files = _mapping(mapping.get("files", {}), "files")
    return Settled(
        production=_text(mapping.get("production", "data-release"), "production", _SLUG),
        kind=_text(mapping.get("kind", "rehearsal"), "kind", _SLUG),
        owner=_text(mapping["owner"], "owner", _SLUG) if "owner" in mapping else "",
        tags=tuple(_text(tag, "tags", _SLUG) for tag in _list(mapping.get("tags", []), "tags")),
        butlers=tuple((str(pattern), _text(alias, "butlers", _SLUG)) for pattern, alias in butlers.items()),
        files=tuple(_rule(str(pattern), rule) for pattern, rule in files.items()),
    )


def _rule(pattern: str, rule: Any) -> FileRule:
    where = f"files: {pattern}"
    rule = _mapping(rule, where)
    _require_keys(rule, {"step", "group", "relation", "parents", "campaign", "skip"}, where)
    groups = rule.get("group", [])
    relation = rule.get("relation", "")
    if relation and relation not in RELATIONS:
        raise DataError(f"map: {where}: relation `{relation}` is none of {', '.join(RELATIONS)}")
    if not isinstance(rule.get("skip", False), bool):
        raise DataError(f"map: {where}: skip is true or false")
    parents = rule.get("parents")
    return FileRule(
        pattern=pattern,
        step=_text(rule["step"], f"{where}: step", _NAME) if "step" in rule else "",
        groups=tuple(
            _text(str(item), f"{where}: group", _NAME) for item in (groups if isinstance(groups, list) else [groups])
        ),
        relation=relation,
        parents=None if parents is None else tuple(str(item) for item in _list(parents, f"{where}: parents")),
        campaign=str(rule.get("campaign", "")),
        skip=rule.get("skip", False),
    )


def _require_keys(mapping: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(str(key) for key in set(mapping) - known)
    if unknown:
        raise DataError(f"map: {where} has no key `{unknown[0]}`; it has {', '.join(sorted(known))}")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise DataError(f"map: {where} is no mapping")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise DataError(f"map: {where} is no list")
    return value


def _text(value: Any, where: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise DataError(f"map: {where}: `{value}` is no name of the kind that is needed here; quote numbers")
    return value
