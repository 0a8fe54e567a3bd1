"""Defining campaigns: new ones, ones like another, and changes to a definition."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from campledger.documents import strict, writing
from campledger.documents.schema import findings
from campledger.errors import DataError, GitError, RefusedError, UsageError
from campledger.ledger.difference_text import of_differences
from campledger.ledger.histories import histories
from campledger.ledger.ledger import DEFINITION, Ledger, locate
from campledger.ledger.run_contents import run_contents
from campledger.ledger.templates import TEMPLATES, Templates, template_path, values_of
from campledger.model.differences import differences
from campledger.model.ids import SUFFIX_LENGTH, directory_of, new_campaign_id, random_id
from campledger.model.ran_with import overtaken
from campledger.operations.workspace import Workspace, resolve
from campledger.operations.write.staging import StagedLedger
from campledger.problems import report_text
from campledger.repository.messages import is_cut


@dataclass(frozen=True)
class NewCampaign:
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
    day: date = field(default_factory=lambda: datetime.now(UTC).date())
    random: str = field(default_factory=lambda: random_id(SUFFIX_LENGTH))
    """Date and last characters of its id: the same however often the campaign is made again."""


@dataclass(frozen=True)
class Defined:
    """A campaign that was defined, or that its key found."""

    campaign: str
    path: str
    created: bool
    text: str


def define(staged: StagedLedger, wish: NewCampaign) -> Defined:
    """Stage a new campaign; a key that is known finds its campaign and changes nothing."""
    if wish.template:
        wish = _from_template(staged, wish)
    existing = find_key(staged, wish.key) if wish.key else None
    if existing is not None:
        return _known(staged, existing)
    base, files = _base(staged, wish)
    name = _name_of(base, wish)
    campaign_id = new_campaign_id(wish.day, name, wish.key, wish.random)
    directory = directory_of(campaign_id)
    if campaign_id in staged.directories:
        raise RefusedError(f"{campaign_id} exists already")
    changes: dict[str, Any] = {"id": campaign_id, **wish.values}
    if wish.key:
        changes["key"] = wish.key
    text = _filled(base, changes)
    path = f"{directory}/{DEFINITION}"
    contents = {f"{directory}/{inside}": data for inside, data in files.items()} | {path: text.encode()}
    staged.define(campaign_id, path, contents, f"define {name}")
    return Defined(campaign_id, path, created=True, text=text)


def _known(staged: StagedLedger, campaign_id: str) -> Defined:
    path = f"{staged.directories[campaign_id][0]}/{DEFINITION}"
    if path not in staged.before and staged.workspace.repository.status([path]).dirty:
        raise GitError(f"{path} has this key, and is not committed: commit or remove it, then try again")
    text = staged.files.read([path])[path].decode()
    return Defined(campaign_id, path, created=False, text=text)


def find_key(ledger: Ledger, key: str) -> str | None:
    """Return the campaign that was opened with a key."""
    # A key is one line of the file; only files that hold its first word are worth reading as YAML.
    word = re.split(r"[^A-Za-z0-9._/-]", key)[0].encode()
    for record in ledger.records([one for one, data in ledger.definitions().items() if word in data]):
        if record.campaign is not None and record.campaign.definition.get("key") == key:
            return record.id
    return None


def _from_template(staged: StagedLedger, wish: NewCampaign) -> NewCampaign:
    """Return a wish with the template's definition, files and key. Raise UsageError for parameters that do not fit."""
    found = Templates(staged)
    template = found.named(wish.template or "")
    values = values_of(template, wish.parameters)
    definition = template.definition(values)
    revision = _commit_with(staged.workspace, template_path(template.name), f"{TEMPLATES}{template.name}")
    origin: dict[str, Any] = {"name": template.name, **({"revision": revision} if revision else {})}
    definition["template"] = {**origin, **({"parameters": values} if values else {})}
    user = staged.workspace.known_user(staged)
    if user is not None:
        definition.setdefault("owner", user)
    key = wish.key or definition["key"]
    text = writing.format_document(definition, "campaign", writing.SCHEMA_FROM_CAMPAIGN)
    return replace(wish, text=text, key=str(key), files=found.files(template.name))


def _base(staged: StagedLedger, wish: NewCampaign) -> tuple[str | None, dict[str, bytes]]:
    """Return the text that a new definition starts from, and the files that come with it."""
    if wish.parent is not None:
        reference, _, revision = wish.parent.partition("@")
        workspace = staged.workspace
        source = workspace.ledger(revision) if revision else staged
        parent = resolve(source, reference)
        directory, inside = source.directories[parent]
        own = {DEFINITION, *histories(inside), *run_contents(inside)}
        contents = source.files.read([f"{directory}/{file}" for file in inside if file not in own])
        files = {path[len(directory) + 1 :]: data for path, data in contents.items() if not source.files.paths[path]}
        changed = f"{directory}/{DEFINITION}" in staged.before
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
    return head[:12] if head and not workspace.repository.status(paths).dirty else None


def _name_of(base: str | None, wish: NewCampaign) -> str:
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
    """What is otherwise now, in words; see `campledger.ledger.difference_text`."""
    changed: bool = True
    remarks: tuple[str, ...] = ()
    """What has run already with what is otherwise now."""


def definition_of(ledger: Ledger, reference: str) -> tuple[str, str]:
    """Return the id of the campaign that people mean, and the text of its definition, for somebody to change."""
    campaign_id = resolve(ledger, reference)
    return campaign_id, _text(ledger, campaign_id)


def edit(staged: StagedLedger, campaign_id: str, before: str, after: str, reason: str | None = None) -> Edited:
    """Stage another text of a campaign's definition; the commit says what is otherwise, and the reason.

    ``before`` is the text that was changed: somebody may have been typing while others were at work. Raise RefusedError
    where the definition is another one by now.
    """
    path = f"{staged.directories[campaign_id][0]}/{DEFINITION}"
    if _text(staged, campaign_id) != before:
        raise RefusedError(f"{path} changed in the meantime: look at it, then edit again")
    if after == before:
        return Edited(campaign_id, path, after, (), changed=False)
    earlier = staged.record(campaign_id)
    campaign = earlier.campaign
    told = _difference(before, after)
    why = reason or "; ".join(line[2:] for line in told)
    subject = f"edit {campaign.name if campaign else campaign_id}" + (f": {why}" if why else "")
    # A reason that is longer than a subject stands nowhere else.
    details = (reason, "", *told) if reason and is_cut(subject) else told
    staged.define(campaign_id, path, {path: after.encode()}, subject, details)
    now = staged.record(campaign_id).campaign
    ran: list[str] = []
    if campaign is not None and now is not None and earlier.history is not None:
        ran = overtaken(campaign, now, earlier.history.submissions.values())
    return Edited(campaign_id, path, after, told, remarks=tuple(ran))


def set_values(staged: StagedLedger, reference: str, values: Mapping[str, Any], reason: str | None = None) -> Edited:
    """Stage a definition with some values set, and its comments kept."""
    campaign_id, before = definition_of(staged, reference)
    return edit(staged, campaign_id, before, setting(values)(before), reason)


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
