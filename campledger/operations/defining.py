"""Defining campaigns: new ones, ones like another, and changes to a definition."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campledger.documents import strict, writing
from campledger.documents.schema import findings
from campledger.errors import DataError, GitError, RefusedError, UsageError
from campledger.ledger.difference_words import of_differences
from campledger.ledger.reading import DEFINITION, Ledger, locate
from campledger.ledger.templates import TEMPLATES, Templates, template_path, values_of
from campledger.model.differences import differences
from campledger.model.ids import directory_of, new_campaign_id
from campledger.operations.pending import Ahead, Pending, make
from campledger.operations.workspace import Workspace, resolve, subject_line
from campledger.problems import report_text


@dataclass(frozen=True)
class Wish:
    """What a new campaign is made from."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Dotted path -> value, on top of everything else."""
    text: str | None = None
    """The YAML of a definition."""
    parent: str | None = None
    """ID[@REV] of the campaign that it repeats."""
    key: str | None = None
    template: str | None = None
    """Name of the template that it is made from."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What is given for the template's parameters, as written."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Further files of the campaign, by path in its directory."""


@dataclass(frozen=True)
class Defined:
    """A campaign that was defined, or that its key found."""

    campaign: str
    path: str
    created: bool
    commit: str | None
    text: str
    branch: str | None = None
    """The new branch that has it, where HEAD has not."""


def define(space: Workspace | Pending, wish: Wish, *, dry_run: bool = False, branch: str | None = None) -> Defined:
    """Write a new campaign and commit it; a key that is known finds its campaign and changes nothing.

    ``branch`` is that of :func:`campledger.operations.workspace.write`.
    """
    given: list[str] = []
    asked = wish

    def step(ahead: Ahead) -> Defined:
        wish = _from_template(ahead, asked) if asked.template else asked
        existing = find_key(ahead, wish.key) if wish.key else None
        made = _known(ahead, existing) if existing is not None else _new(ahead, wish, given)
        if given and given[0] != made.campaign:
            # What came after it in a script may have its id by now.
            raise RefusedError(f"somebody else opened {made.campaign} with the key {wish.key} meanwhile: try again")
        given[:] = [made.campaign]
        return made

    made, written = make(space, step, dry_run=dry_run, branch=branch)
    return replace(made, commit=written.commit, branch=written.branch) if written else made


def _known(ahead: Ahead, campaign_id: str) -> Defined:
    path = f"{ahead.directories[campaign_id][0]}/{DEFINITION}"
    if path not in ahead.before and ahead.workspace.repository.dirty_paths([path]):
        raise GitError(f"{path} has this key, and is not committed: commit or remove it, then try again")
    text = ahead.files.read([path])[path].decode()
    return Defined(campaign_id, path, created=False, commit=None, text=text)


def _new(ahead: Ahead, wish: Wish, given: Sequence[str]) -> Defined:
    """Add a new campaign, under the id that it has already where it is made again."""
    base, files = _base(ahead, wish)
    name = _name_of(base, wish)
    campaign_id = given[0] if given else new_campaign_id(datetime.now(UTC).date(), name, wish.key)
    directory = directory_of(campaign_id)
    if campaign_id in ahead.directories:
        raise RefusedError(f"{campaign_id} exists already")
    changes: dict[str, Any] = {"id": campaign_id, **wish.values}
    if wish.key:
        changes["key"] = wish.key
    text = _filled(base, changes)
    path = f"{directory}/{DEFINITION}"
    contents = {f"{directory}/{inside}": data for inside, data in files.items()} | {path: text.encode()}
    ahead.define(campaign_id, path, contents, f"define {name}")
    return Defined(campaign_id, path, created=True, commit=None, text=text)


def find_key(ledger: Ledger, key: str) -> str | None:
    """Return the campaign that was opened with a key."""
    # A key is one line of the file; only files that hold its first word are worth reading as YAML.
    word = re.split(r"[^A-Za-z0-9._/-]", key)[0].encode()
    for record in ledger.records([one for one, data in ledger.definitions().items() if word in data]):
        if record.campaign is not None and record.campaign.definition.get("key") == key:
            return record.id
    return None


def _from_template(ahead: Ahead, wish: Wish) -> Wish:
    """Return a wish with the template's definition, files and key. Raise UsageError for parameters that do not fit."""
    found = Templates(ahead)
    template = found.named(wish.template or "")
    values = values_of(template, wish.parameters)
    definition = template.definition(values)
    revision = _commit_with(ahead.workspace, template_path(template.name), f"{TEMPLATES}{template.name}")
    origin: dict[str, Any] = {"name": template.name, **({"revision": revision} if revision else {})}
    definition["template"] = {**origin, **({"parameters": values} if values else {})}
    user = ahead.workspace.known_user(ahead)
    if user is not None:
        definition.setdefault("owner", user)
    key = wish.key or definition["key"]
    text = writing.format_document(definition, "campaign", writing.SCHEMA_FROM_CAMPAIGN)
    return replace(wish, text=text, key=str(key), files=found.files(template.name))


def _base(ahead: Ahead, wish: Wish) -> tuple[str | None, dict[str, bytes]]:
    """Return the text that a new definition starts from, and the files that come with it."""
    if wish.parent is not None:
        reference, _, revision = wish.parent.partition("@")
        workspace = ahead.workspace
        source = workspace.ledger(revision) if revision else ahead
        parent = resolve(source, reference)
        directory, inside = source.directories[parent]
        contents = source.files.read([f"{directory}/{file}" for file in inside])
        files = {
            path[len(directory) + 1 :]: data
            for path, data in contents.items()
            if not source.files.paths[path] and not path.endswith(("/events.yaml", f"/{DEFINITION}"))
        }
        changed = f"{directory}/{DEFINITION}" in ahead.before
        commit = workspace.repository.commit_of(revision)[:12] if revision else _commit_with(workspace, directory)
        if changed and not revision:
            commit = None  # as it is now, it is in no commit yet
        text = _text(source, parent)
        _read(text)
        derived = f"{parent}@{commit}" if commit else parent
        return writing.edit_text(text, {"derived_from": derived}, remove=("id", "key", "template")), {
            **files,
            **wish.files,
        }
    if wish.text is not None:
        return wish.text, dict(wish.files)
    return None, dict(wish.files)


def _text(ledger: Ledger, campaign_id: str) -> str:
    """Return a campaign's definition as it stands. Raise DataError if there is none, or it is no text."""
    path = f"{ledger.directories[campaign_id][0]}/{DEFINITION}"
    data = ledger.files.read([path]).get(path)
    if data is None:
        raise DataError(f"{campaign_id} has no definition: {path} is missing")
    return decoded(path, data)


def _commit_with(workspace: Workspace, *paths: str) -> str | None:
    """Return HEAD if what a campaign is made from stands in it as it is on disk."""
    head = workspace.repository.head()
    return head[:12] if head and not workspace.repository.dirty_paths(paths) else None


def _name_of(base: str | None, wish: Wish) -> str:
    if "name" in wish.values:
        return str(wish.values["name"])
    name = _read(base).get("name") if base is not None else None
    if not isinstance(name, str):
        raise UsageError("a campaign needs a name: give one, or write `name:` into the definition")
    return name


def _read(text: str) -> dict[str, Any]:
    document = strict.read(DEFINITION, text.encode())
    if document.problems:
        raise DataError(f"the definition cannot be read:\n{report_text(document.problems)}")
    if not isinstance(document.value, dict):
        raise DataError(f"{DEFINITION}:1:1: schema: a definition is a mapping")
    return document.value


def _filled(base: str | None, changes: Mapping[str, Any]) -> str:
    """Return the base with changes set, its comments kept; without a base a definition made from them alone."""
    if base is not None:
        _read(base)
        return writing.edit_text(base, changes)
    values: dict[str, Any] = {}
    for path, value in changes.items():
        writing.set_value(values, path, value)
    return writing.format_document(values, "campaign", writing.SCHEMA_FROM_CAMPAIGN)


def check_text(text: str) -> str:
    """Return what the format has against a definition's text, as a report; empty where it is fine."""
    document = strict.read(DEFINITION, text.encode())
    problems = list(document.problems)
    if not problems:
        problems = [locate(document, finding) for finding in findings(document.value, "campaign")]
    return report_text(problems)


@dataclass(frozen=True)
class Edited:
    """A change of a definition."""

    campaign: str
    path: str
    text: str
    differences: tuple[str, ...]
    """What is otherwise now, in words; see `campledger.ledger.difference_words`."""
    changed: bool = False
    commit: str | None = None
    branch: str | None = None
    """The new branch that has it, where HEAD has not."""


def edit(
    workspace: Workspace,
    reference: str,
    change: Callable[[str], str | None],
    reason: str | None = None,
    *,
    dry_run: bool = False,
    branch: str | None = None,
) -> Edited:
    """Change a campaign's definition: ``change`` takes its text and returns another, or None to leave it.

    The commit says what is otherwise, and the reason. Where nothing is, there is none.
    The lock is not held while ``change`` is at work, since a person may be typing; a definition that somebody
    else changed in the meantime is a refusal. ``branch`` is that of :func:`campledger.operations.workspace.write`.
    """
    ledger = workspace.ledger(None if branch is None else workspace.repository.head())
    campaign_id = resolve(ledger, reference)
    before = _text(ledger, campaign_id)
    after = change(before)
    if after is None or after == before:
        return Edited(campaign_id, f"{ledger.directories[campaign_id][0]}/{DEFINITION}", before, ())

    def step(ahead: Ahead) -> Edited:
        if _text(ahead, campaign_id) != before:
            path = f"{ahead.directories[campaign_id][0]}/{DEFINITION}"
            raise RefusedError(f"{path} changed in the meantime: look at it, then edit again")
        return _edit(ahead, campaign_id, after, reason)

    edited, written = make(workspace, step, dry_run=dry_run, branch=branch)
    return replace(edited, commit=written.commit, branch=written.branch) if written else edited


def set_values(space: Workspace | Pending, reference: str, values: Mapping[str, Any], reason: str | None = None) -> str:
    """Set values in a campaign's definition, and keep its comments; return the campaign's id."""

    def step(ahead: Ahead) -> str:
        campaign_id = resolve(ahead, reference)
        before = _text(ahead, campaign_id)
        after = setting(values)(before)
        if after != before:
            _edit(ahead, campaign_id, after, reason)
        return campaign_id

    return make(space, step)[0]


def _edit(ahead: Ahead, campaign_id: str, text: str, reason: str | None) -> Edited:
    path = f"{ahead.directories[campaign_id][0]}/{DEFINITION}"
    campaign = ahead.record(campaign_id).campaign
    told = _difference(_text(ahead, campaign_id), text)
    why = reason or "; ".join(line[2:] for line in told)
    words = f"edit {campaign.name if campaign else campaign_id}" + (f": {why}" if why else "")
    # A reason that is longer than a subject stands nowhere else.
    details = (reason, "", *told) if reason and subject_line(words).endswith("…") else told
    ahead.define(campaign_id, path, {path: text.encode()}, words, details)
    return Edited(campaign_id, path, text, told, changed=True)


def _difference(before: str, after: str) -> tuple[str, ...]:
    """Return what differs between two texts of a definition; nothing where one of them cannot be understood."""
    if check_text(before) or check_text(after):
        return ()
    sides = [strict.read(DEFINITION, text.encode()).value for text in (before, after)]
    found = tuple(f"{one.mark} {one.text}" for one in of_differences(differences(*sides)))
    return found or ("~ comments or layout only",)


def setting(values: Mapping[str, Any]) -> Callable[[str], str]:
    """Return a change for :func:`edit` that sets values and keeps comments."""

    def change(text: str) -> str:
        _read(text)
        return writing.edit_text(text, values)

    return change


def read_file(path: Path) -> str:
    """Return the text of a definition in a file. Raise UsageError or DataError."""
    try:
        return decoded(str(path), path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def decoded(name: str, data: bytes) -> str:
    """Return the text of a definition that came from a file or a pipe. Raise DataError."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(f"{name}:{line}:1: unreadable: not UTF-8 text") from None
