"""The templates of a ledger: templates/NAME.yaml with what stands in templates/NAME/, read strictly and checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from campledger.documents import schema, strict
from campledger.errors import DataError, UsageError
from campledger.ledger.histories import histories
from campledger.ledger.ledger import DEFINITION, Ledger, is_furniture, locate
from campledger.model import rules, templates
from campledger.model.query import SAVED_NAME
from campledger.model.templates import Scalar, Template
from campledger.problems import Finding, Problem, Severity, report_text
from campledger.suggestions import did_you_mean

TEMPLATES = "templates/"
_ENDING = ".yaml"


@dataclass(frozen=True)
class _Read:
    template: Template | None
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> Template | None:
        """The template, unless errors stand in the way."""
        return None if any(one.severity is Severity.ERROR for one in self.problems) else self.template


class Templates:
    """The templates of one state of a ledger."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """The path of each template's file, by the template's name."""
        return {
            name: path
            for path, link in self.ledger.files.paths.items()
            if (name := _name_of(path)) is not None and path == template_path(name) and not link
        }

    @cached_property
    def _files(self) -> Mapping[str, tuple[str, ...]]:
        """The files that come along with each template, by path in its folder."""
        found: dict[str, list[str]] = {name: [] for name in self.paths}
        for path, link in self.ledger.files.paths.items():
            name = _name_of(path) or ""
            if name in found and path != template_path(name) and not link:
                found[name].append(path[len(f"{TEMPLATES}{name}/") :])
        return {name: tuple(sorted(paths)) for name, paths in found.items()}

    @cached_property
    def _read(self) -> Mapping[str, _Read]:
        contents = self.ledger.files.read(self.paths.values())
        return {name: self._template(name, contents[path]) for name, path in self.paths.items()}

    @property
    def readable(self) -> list[Template]:
        """The templates that campaigns can be defined from, by name."""
        return [one.usable for one in self._read.values() if one.usable is not None]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong in templates/."""
        return tuple(sorted(self.check()))

    def named(self, name: str) -> Template:
        """Return a template by its name. Raise UsageError if there is none, DataError if it has errors."""
        if name not in self.paths:
            hint = did_you_mean(name, self.paths) or "`campledger templates` shows them"
            raise UsageError(f"unknown template `{name}`: {hint}", value=name)
        found = self._read[name]
        if found.usable is None:
            raise DataError(f"the template `{name}` cannot be used:\n{report_text(found.problems)}")
        return found.usable

    def files(self, name: str) -> dict[str, bytes]:
        """Return the files that come along with a template, by path in the campaign's directory."""
        home = f"{TEMPLATES}{name}/"
        contents = self.ledger.files.read(home + path for path in self._files[name])
        return {path[len(home) :]: data for path, data in contents.items()}

    def check(self, only: Collection[str] | None = None) -> Iterator[Problem]:
        """Yield what is wrong in templates/, or with the templates that the files in ``only`` belong to."""
        chosen = None if only is None else {_name_of(path) for path in only}
        for name, found in self._read.items():
            if chosen is None or name in chosen:
                yield from found.problems
        for path, link in self.ledger.files.paths.items():
            if not is_template_path(path) or link or (only is not None and path not in only) or is_furniture(path):
                continue  # a link is told as a stray
            name = _name_of(path) or ""
            if name not in self.paths:
                hint = "a name consists of lower-case letters, digits, - and _; its files stand in templates/NAME/"
                yield Problem(path, 0, 0, "template-name", "a template is a file templates/NAME.yaml", hint)
            elif path == f"{TEMPLATES}{name}/{DEFINITION}" or histories([path.removeprefix(f"{TEMPLATES}{name}/")]):
                hint = f"the definition belongs in {template_path(name)}"
                yield Problem(path, 0, 0, "template-name", "the name is reserved for the campaign's own file", hint)

    def _template(self, name: str, data: bytes) -> _Read:
        document = strict.read(template_path(name), data)
        found: list[Finding] = (
            [] if document.problems else schema.findings(document.value, "template", newer=self.ledger.newer)
        )
        if document.problems or found:
            return _Read(None, (*document.problems, *(locate(document, one) for one in found)))
        template = Template(name, document.value)
        found = list(templates.findings(template, schema.matches)) or list(self._definition_findings(template))
        return _Read(template, tuple(locate(document, one) for one in found))

    def _definition_findings(self, template: Template) -> Iterator[Finding]:
        """Yield what is wrong with the definition, in so far as it does not depend on what a parameter will be."""
        values, made_up = templates.samples(template)
        definition = template.definition(values)
        found = schema.findings(definition, "campaign", newer=self.ledger.newer)
        if not found:
            local = self.ledger.local_findings(definition, set(self._files[template.name]))
            found = [*rules.findings(definition), *local]
        for one in found:
            held = _value_at(template.document["campaign"], one.pointer)
            named = {name for _, text in rules.texts(held) for name in templates.fields(text)}
            wants_text = one.hint.startswith("quote it") and len(named) == 1
            hint = f"write {{{named.pop()}!s}}, which is text" if wants_text else one.hint
            if wants_text or not made_up & named:
                yield Finding(("campaign", *one.pointer), one.rule, one.message, hint, one.key)


def _value_at(document: Any, pointer: tuple[str | int, ...]) -> Any:
    """Return the value at a pointer, or None where the document has none."""
    for part in pointer:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def template_path(name: str) -> str:
    """Return the path of a template's file."""
    return f"{TEMPLATES}{name}{_ENDING}"


def is_template_path(path: str) -> bool:
    """Whether a file of a ledger stands where templates do."""
    return path.startswith(TEMPLATES)


def _name_of(path: str) -> str | None:
    """Return the name of the template to which a file belongs, or would."""
    if not path.startswith(TEMPLATES):
        return None
    first, slash, _ = path[len(TEMPLATES) :].partition("/")
    name = first if slash else first.removesuffix(_ENDING)
    return name if SAVED_NAME.fullmatch(name) and (slash or first.endswith(_ENDING)) else None


def values_of(template: Template, given: Mapping[str, str]) -> dict[str, Scalar]:
    """Return the values of a template's parameters: as given, or their defaults. Raise UsageError."""
    known = {one.name: one for one in template.parameters}
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known) or f"known: {', '.join(known) or 'none'}"
            raise UsageError(f"unknown parameter `{name}` of the template `{template.name}`: {hint}")
    missing = [one for one in template.parameters if one.default is None and one.name not in given]
    if missing:
        listed = "".join(f"\n  --param {one.name}=...  {one.description or one.kind}" for one in missing)
        raise UsageError(f"the template `{template.name}` requires:{listed}")
    values: dict[str, Scalar] = {}
    for one in template.parameters:
        if one.name not in given:
            values[one.name] = one.default if one.default is not None else ""
            continue
        value = one.read(given[one.name])
        complaint = f"is not {one.kind}" if value is None else one.complaint(value, schema.matches)
        if value is None or complaint:
            raise UsageError(f"invalid value `{given[one.name]}` of `{one.name}`: it {complaint}")
        values[one.name] = value
    return values
