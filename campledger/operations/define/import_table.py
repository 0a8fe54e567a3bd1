"""Importing campaigns from a table, as Jira and spreadsheets export it: each row is one, all of them in one commit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campledger.documents.schema import findings, schema
from campledger.documents.text import shown
from campledger.documents.writing import SCHEMA_FROM_CAMPAIGN, format_document, set_value
from campledger.errors import CampledgerError, DataError, UsageError
from campledger.ledger.ledger import DEFINITION
from campledger.model import times
from campledger.model.ids import directory_of, new_campaign_id, slug
from campledger.model.states import CAMPAIGN_STATES, State
from campledger.model.text_format import counted
from campledger.operations.define.campaigns import find_key
from campledger.operations.define.import_bps import status_event, way_to
from campledger.operations.define.table_columns import TableText
from campledger.operations.workspace import told
from campledger.operations.write.staging import StagedLedger
from campledger.operations.write.writing import Writing
from campledger.problems import Pointer
from campledger.suggestions import did_you_mean

FIELDS = {
    "key": "what a row is known by when it is imported again",
    "name": "short name; made of the title where there is none",
    "title": "one line for people",
    "description": "what it does and why",
    "production": "class of campaigns",
    "kind": "type of activity",
    "owner": "a handle, name or address of the settings' people",
    "ticket": "key of a ticket",
    "tag": "free labels",
    "status": "what --status turns into a state",
    "created": "when it was defined",
    "started": "when it began to run",
    "ended": "when it came to an end",
    "note": "something to remember",
    "extra": "kept under `extra`",
}
"""What a column can be, each with what it means; besides them a dotted path of the definition, as in --set."""

HEADERS = {
    "issue key": "key", "key": "key", "id": "key", "name": "name", "campaign": "name", "summary": "title",
    "title": "title", "description": "description", "production": "production", "kind": "kind", "type": "kind",
    "status": "status", "state": "status", "assignee": "owner", "owner": "owner", "ticket": "ticket",
    "tickets": "ticket", "jira": "ticket", "labels": "tag", "label": "tag", "tags": "tag", "tag": "tag",
    "created": "created", "start date": "started", "started": "started", "start": "started", "resolved": "ended",
    "resolution date": "ended", "ended": "ended", "end date": "ended", "end": "ended", "comment": "note",
    "comments": "note", "note": "note", "notes": "note", "instrument": "scope.instrument", "skymap": "scope.skymap",
    "stack": "software.stack", "site": "compute.site", "deadline": "plan.deadline", "due date": "plan.deadline",
}  # fmt: skip
"""What columns are unless --map says otherwise, by their headers in lower case: Jira's, and what people write."""

STATUSES = {status: state for state, known in CAMPAIGN_STATES.items() for status in (str(state), *known.synonyms)}
"""The states that statuses mean, in lower case, unless --status says otherwise."""

DATES = ("%d/%b/%y %I:%M %p", "%d/%b/%y", "%d/%b/%Y %I:%M %p", "%d/%b/%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y")
"""How Jira and spreadsheets write dates, where that is not ISO 8601 and can mean one day only."""

_TICKET = re.compile(r"[A-Za-z][A-Za-z0-9_-]*-[A-Za-z0-9]+")


@dataclass(frozen=True)
class Choices:
    """What a person settles about a table."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Header -> field; an empty one leaves the column out."""
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Status -> state."""
    production: str | None = None
    kind: str = "other"
    date_format: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with something in it."""

    text: str
    number: int
    """Counted from 0 in its row."""
    header: str


@dataclass(frozen=True)
class ImportedRow:
    """A row of the table: its cells by field."""

    line: int
    """Where it begins, from 1."""
    cells: Mapping[str, Sequence[Cell]]

    def text(self, name: str) -> str:
        """Return what the first cell of a field says; nothing where there is none."""
        return next((cell.text.strip() for cell in self.cells.get(name, ())), "")


@dataclass(frozen=True)
class Planned:
    """What becomes of a row."""

    line: int
    key: str
    campaign: str
    name: str
    state: State
    known: bool
    """Whether it was imported before: it is left alone."""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableImport:
    """What an import did, or would do."""

    rows: tuple[Planned, ...]
    columns: Mapping[str, str]
    """What became of each column: header -> field, or nothing where it was left out."""


def read(path: str, data: bytes, choices: Choices) -> tuple[TableText, list[ImportedRow], dict[str, str]]:
    """Read a table; return it with its rows and what each column is. What is wrong is in the table's problems."""
    table = TableText(path, data)
    records = table.records()
    begin, header = next((one for one in records if any(text.strip() for text in one[1])), (0, []))
    names = [text.strip() for text in header]
    wanted = {name.lower(): what for name, what in choices.columns.items()}
    for name in wanted.keys() - {one.lower() for one in names}:
        hint = did_you_mean(name, names, 0.7) or f"the columns are {', '.join(map(shown, dict.fromkeys(names)))}"
        table.problem((1, 1), "unknown-column", f"--map names the column `{shown(name)}`, which is not there", hint)
    columns = {name: wanted.get(name.lower(), HEADERS.get(name.lower(), "extra")) for name in names if name}
    if header and not {"key", "name", "title"} & set(columns.values()):
        hint = "name it with --map 'COLUMN=title'; the columns are " + ", ".join(map(shown, columns))
        table.problem((begin + 1, 1), "schema", "no column is key, name or title of a campaign", hint)
    elif not header and not table.problems:
        table.problem((1, 1), "unreadable", "the table is empty", "its first line names the columns")
    rows = []
    for line, record in records:
        full = [(number, text) for number, text in enumerate(record) if text.strip()]
        cells: dict[str, list[Cell]] = {}
        for number, text in full:
            if number >= len(names) or not names[number]:
                place = table.rows.place_in_line(line, number)
                table.problem(place, "schema", "a cell below no header", "name the column, or empty the cell")
                continue
            what = columns[names[number]]
            cells.setdefault(what, []).append(Cell(text, number, names[number]))
        if full:
            rows.append(ImportedRow(line + 1, cells))
    return table, rows, columns


def import_table(writing: Writing, path: Path, choices: Choices) -> TableImport:
    """Define a campaign for each row of a table, with the state that its status means.

    Rows that were imported before are recognised by their key and left alone. Raise UsageError for choices that make
    no sense, DataError with all problems by line and column of the table, RefusedError, GitError; nothing is changed
    then.
    """
    _require(choices)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    table, rows, columns = read(str(path), data, choices)
    if table.problems:
        raise DataError(told(table.problems), table.problems)
    with writing.stage(several=True) as staged:
        if choices.production is None and "production" not in columns.values():
            known = ", ".join(staged.settings.productions)
            raise UsageError(f"missing column `production`: give --production, one of {known}")
        taking = _Taking(staged, table, choices)
        planned = [one for row in rows if (one := taking.take(row)) is not None]
        if table.problems:
            raise DataError(told(table.problems), table.problems)
        writing.message = f"import {counted(len(taking.names), 'campaign')} from {path.name}"
    return TableImport(tuple(planned), columns)


def _require(choices: Choices) -> None:
    paths = schema("campaign")["properties"]
    for header, what in choices.columns.items():
        if what and what not in FIELDS and what.partition(".")[0] not in paths:
            known = f"a column is one of {', '.join(FIELDS)}, or a path of the definition"
            raise UsageError(f"--map {header}={what}: {did_you_mean(what, [*FIELDS, *paths], 0.7) or known}")
    for status, state in choices.statuses.items():
        if state not in set(State):
            raise UsageError(f"--status {status}={state}: the states are {', '.join(State)}")


class _Taking:
    """Takes rows into the ledger, one by one; what is wrong with one does not hide what is with others."""

    def __init__(self, staged: StagedLedger, table: TableText, choices: Choices):
        self.staged = staged
        self.table = table
        self.choices = choices
        self.names: set[str] = set()
        self.keys: dict[str, int] = {}
        self.statuses = {**STATUSES, **{name.lower(): State(one) for name, one in choices.statuses.items()}}
        people = staged.settings.people
        self.handles = {handle.lower(): handle for handle in people}
        for handle, person in people.items():
            for called in (person.get("name", handle), *person.get("emails", ())):
                self.handles.setdefault(str(called).lower(), handle)

    def take(self, row: ImportedRow) -> Planned | None:
        """Take a row; None where that cannot be, which is in the table's problems then."""
        before = len(self.table.problems)
        self.remarks: list[str] = []
        known_by = row.text("key") or row.text("name") or row.text("title")
        if not known_by:
            self._problem(row, (), "schema", "a row without key, name and title")
            return None
        key = f"table/{known_by}"[:200]
        if self.keys.setdefault(key, row.line) != row.line:
            message = f"`{shown(known_by)}` stands in line {self.keys[key]} already"
            self._problem(row, ("key", "name", "title"), "duplicate-key", message, "one of the two rows has to go")
            return None
        state = self._state(row)
        existing = find_key(self.staged, key)
        if existing is not None:
            return self._known(row, known_by, existing, state)
        moments = {name: self._moment(row, name) for name in ("created", "started", "ended")}
        definition = self._definition(row, known_by)
        if len(self.table.problems) > before:
            return None
        day = (moments["created"] or datetime.now(UTC)).date()
        campaign = new_campaign_id(day, definition["name"], key)
        self._check(row, {"id": campaign, "key": key, **definition})
        if len(self.table.problems) > before:
            return None
        try:
            self._add(row, campaign, {"id": campaign, "key": key, **definition}, state, moments)
        except CampledgerError as error:
            self._refused(row, error)
            return None
        self.names.add(definition["name"])
        return Planned(row.line, known_by, campaign, definition["name"], state, False, tuple(self.remarks))

    def _known(self, row: ImportedRow, known_by: str, campaign: str, state: State) -> Planned:
        record = self.staged.record(campaign)
        name = record.campaign.name if record.campaign else campaign
        now = record.history.state if record.history else state
        if now is not state:
            self.remarks.append(f"it is {now} here, and {state} in the table")
        return Planned(row.line, known_by, campaign, name, now, True, tuple(self.remarks))

    def _problem(self, row: ImportedRow, fields: Sequence[str], rule: str, message: str, hint: str = "") -> None:
        cell = next((one for name in fields for one in row.cells.get(name, ())), None)
        place = self.table.rows.place_in_line(row.line - 1, cell.number if cell else 0)
        self.table.problem(place, rule, message, hint)

    def _state(self, row: ImportedRow) -> State:
        status = row.text("status")
        state = self.statuses.get(status.lower()) if status else State.DEFINED
        if state is None:
            hint = f"say what it means: --status '{shown(status)}=running'"
            self._problem(row, ("status",), "schema", f"the status `{shown(status)}` is no state", hint)
        return state or State.DEFINED

    def _moment(self, row: ImportedRow, name: str) -> datetime | None:
        text = row.text(name)
        if not text:
            return None
        moment = moment_of(text, self.choices.date_format)
        old = moment is None or moment.year < 1900
        if moment is None or old or moment > datetime.now(UTC) + times.CLOCK_TOLERANCE:
            what = "is no date that is known here" if old else "is still to come"
            hint = "say how dates are written: --date-format '%m/%d/%Y'"
            self._problem(row, (name,), "schema", f"`{shown(text)}` {what}", hint)
        return moment

    def _definition(self, row: ImportedRow, known_by: str) -> dict[str, Any]:
        title = " ".join(row.text("title").split())
        tickets = [known_by] if row.text("key") and _TICKET.fullmatch(known_by) else []
        tickets += [word for cell in row.cells.get("ticket", ()) for word in re.split(r"[\s,;]+", cell.text) if word]
        tags = [self._tag(word) for cell in row.cells.get("tag", ()) for word in re.split(r"[\s,;]+", cell.text)]
        definition: dict[str, Any] = {
            "name": self._name(row, known_by),
            "title": title[:200],
            "production": row.text("production") or self.choices.production,
            "kind": row.text("kind") or self.choices.kind,
            "description": "\n\n".join(cell.text.strip() for cell in row.cells.get("description", ())) or title,
            "tickets": [{"key": one} for one in dict.fromkeys(tickets)],
            "tags": list(dict.fromkeys(filter(None, tags))),
        }
        definition["description"] = definition["description"] or f"Imported as {known_by}."
        if definition["production"] is None:
            self._problem(
                row, (), "schema", "a row without a production", "fill it in, or say it for all: --production"
            )
        extra: dict[str, Any] = {}
        if len(title) > 200:
            extra["title"] = title
        for cell in row.cells.get("extra", ()):
            held = extra.get(cell.header)
            extra[cell.header] = (
                cell.text if held is None else [*(held if isinstance(held, list) else [held]), cell.text]
            )
        self._owner(row, definition, extra)
        definition["extra"] = extra
        for path, cells in row.cells.items():
            if path and path not in FIELDS:
                set_value(definition, path, _value(cells[0].text.strip(), path))
        return {name: value for name, value in definition.items() if value not in (None, "", [], {})}

    def _name(self, row: ImportedRow, known_by: str) -> str:
        given = row.text("name")
        if given:
            return given
        name = slug(row.text("title") or known_by)
        if name in self.names or name in self.staged.slugs:
            name = f"{name}-{slug(known_by)}"[:100]
            self.remarks.append(f"named {name}, since another campaign has the name already")
        return name

    def _owner(self, row: ImportedRow, definition: dict[str, Any], extra: dict[str, Any]) -> None:
        cell = next(iter(row.cells.get("owner", ())), None)
        if cell is None:
            return
        text = cell.text.strip()
        handle = self.handles.get(text.lower())
        if handle is None and not self.handles and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
            handle = text
        if handle is None:
            extra[cell.header] = text
            self.remarks.append(f"`{shown(text)}` is not in the settings' `people`: kept under extra")
        else:
            definition["owner"] = handle

    def _tag(self, word: str) -> str:
        tag = re.sub(r"[^A-Za-z0-9._-]+", "-", word).strip("-._")[:64]
        if tag != word:
            self.remarks.append(f"the label `{shown(word)}` became the tag `{tag}`")
        return tag

    def _check(self, row: ImportedRow, definition: Mapping[str, Any]) -> None:
        """Hold a definition to its schema, and tell what is wrong at the cell that it comes from."""
        for one in findings(definition, "campaign"):
            self._problem(row, _fields_of(row, one.pointer), one.rule, one.message, one.hint)

    def _refused(self, row: ImportedRow, error: CampledgerError) -> None:
        if not error.problems:
            self._problem(row, (), "refused-act", " ".join(str(error).split()))
        for one in error.problems:
            self._problem(row, _fields_of(row, one.pointer), one.rule, one.message, one.hint)

    def _add(
        self,
        row: ImportedRow,
        campaign: str,
        definition: Mapping[str, Any],
        state: State,
        moments: Mapping[str, datetime | None],
    ) -> None:
        path = f"{directory_of(campaign)}/{DEFINITION}"
        text = format_document(definition, "campaign", SCHEMA_FROM_CAMPAIGN)
        name = definition["name"]
        self.staged.define(campaign, path, {path: text.encode()}, f"define {name}")
        source = f"imported from {Path(self.table.path).name}"
        for cell in row.cells.get("note", ()):
            at, note = _comment(cell.text, self.choices.date_format)
            self._append(campaign, {"type": "note", "text": f"{note}\n\n({source})"}, at, f"note on {name}")
        status = row.text("status")
        reason = f"{source}: the status was {' '.join(status.split())}"
        reached = State.DEFINED
        way = way_to(state)
        for target in way:
            at = moments["ended"] if target is way[-1] and target is not State.RUNNING else moments["started"]
            own = status_event(reached, target, reason)
            self._append(campaign, own, at or moments["started"] or moments["created"], f"{name} is {target}")
            reached = target

    def _append(self, campaign: str, own: Mapping[str, Any], at: datetime | None, words: str) -> None:
        self.staged.append(self.staged.record(campaign), own, words, at=at or datetime.now(UTC))


def _fields_of(row: ImportedRow, pointer: Pointer) -> list[str]:
    """Return the fields of a row that a place in a definition can come from."""
    path = ".".join(map(str, pointer))
    made_of = {"tickets": ("ticket", "key"), "tags": ("tag",), "name": ("name", "title"), "title": ("title",)}
    columns = [name for name in row.cells if name and path.startswith(name)]
    return [*columns, *made_of.get(str(pointer[0]) if pointer else "", ())]


def _value(text: str, path: str) -> Any:
    """Return a cell as the value of a path: the schema says whether that is a number, a list or text."""
    rule: Any = schema("campaign")
    for part in path.split("."):
        rule = rule.get("properties", {}).get(part, {})
        if "$ref" in rule:
            rule = schema("campaign")["$defs"][rule["$ref"].rpartition("/")[2]]
    if rule.get("type") == "array":
        items = rule.get("items", {})
        return [_scalar(one, items) for one in re.split(r"[\s,;]+", text) if one]
    return _scalar(text, rule)


def _scalar(text: str, rule: Mapping[str, Any]) -> Any:
    if rule.get("type") == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if rule.get("type") == "number" and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]+)?", text):
        return float(text)
    return text


def moment_of(text: str, date_format: str | None = None) -> datetime | None:
    """Return the moment that a cell tells, in UTC unless it says otherwise; None where it tells none."""
    text = " ".join(text.split())
    try:
        return times.parse(text) if date_format is None else datetime.strptime(text, date_format).replace(tzinfo=UTC)
    except ValueError:
        pass
    for form in DATES if date_format is None else ():
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _comment(text: str, date_format: str | None) -> tuple[datetime | None, str]:
    """Return when a comment was made, and what it says: Jira writes `DATE;PERSON;TEXT`."""
    date, _, rest = text.strip().partition(";")
    moment = moment_of(date, date_format) if rest else None
    if moment is None or moment > datetime.now(UTC):
        return None, text.strip()
    person, _, said = rest.partition(";")
    return moment, f"{person}: {said.strip()}" if said else person
