"""Names of exposures, visits and detectors in sets and lists, converted to keys by a Butler registry."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from campledger.butler.headers import rows_of_files
from campledger.butler.key_columns import Value
from campledger.dataids import DataIdSet
from campledger.dataids.dimensions import implied_by
from campledger.dataids.lists import ForeignList, read_list
from campledger.dataids.sets import REMARKS, Row
from campledger.errors import DataError, RefusedError, UsageError
from campledger.ledger.ledger import Ledger
from campledger.ledger.sets import Sets
from campledger.model.text_format import counted
from campledger.operations.registry.upload import store_of
from campledger.operations.sets.edit_sets import SetChange, replace_members
from campledger.operations.sets.find_sets import path_of
from campledger.operations.sets.import_lists import PLAIN, ImportedList, both_said, cut_comments, read_foreign
from campledger.operations.workspace import Workspace
from campledger.operations.write.staging import StagedLedger
from campledger.problems import Problem, Severity, report_text

if TYPE_CHECKING:
    from campledger.butler.keys import Resolved, Unresolved

HEADERS = (".fits", ".fits.gz", ".fits.fz", ".fit", ".fits.bz2")


@dataclass(frozen=True)
class KeyOptions:
    """How names are to be converted."""

    instrument: str | None = None
    """Which is meant where nothing says so."""
    target: Literal["exposure", "visit"] | None = None
    """What is wanted, where exposures and visits are converted to each other."""
    visit_system: str | None = None
    skip_unknown: bool = False
    """Whether what cannot be converted is left out."""
    allow_pending: bool = False
    """Whether what the registry does not know yet is kept as it is."""


OnProgress = Callable[[int], object]


def look_up(
    workspace: Workspace,
    alias: str,
    listed: ForeignList,
    wish: KeyOptions,
    source: str,
    progress: OnProgress | None = None,
) -> ImportedList:
    """Return the set that a list amounts to, its names converted by the registry that an alias names.

    Raise DataError with the line of each row that cannot be converted, unless that was wished for.
    """
    with store_of(workspace, workspace.ledger(), alias) as store:
        from campledger.butler.keys import resolve_keys

        resolved = resolve_keys(
            store.butler, listed, instrument=wish.instrument, target=wish.target, visit_system=wish.visit_system,
            ids=wish.target, progress=progress,
        )  # fmt: skip
    pending, lost = _sorted_out(resolved.unresolved, wish)
    if lost and not wish.skip_unknown:
        problems = [Problem(source, one.line, 1, "alternate-key", f"{one.text}: {one.message}") for one in lost]
        raise DataError(
            f"{len(lost):,} of {resolved.count:,} rows cannot be converted, and nothing was written; "
            f"--skip-unknown leaves them out, --allow-pending keeps those that the registry may know later:\n"
            f"{report_text(problems)}"
        )
    known = {*REMARKS, *implied_by(resolved.dimensions)}
    said = _said(resolved, listed, known)
    cut = cut_comments(said, {row: listed.lines[at] for row, at in zip(resolved.rows, resolved.origins, strict=True)})
    kept = [{**_entry(one, wish), **_remarks(listed.rows[one.index])} for one in pending]
    value = DataIdSet.of(resolved.dimensions, resolved.rows, said, kept)
    return ImportedList(
        value, resolved.count, (*_told(resolved, pending, lost, set(resolved.attributes) - known), *cut)
    )


def _sorted_out(unresolved: Sequence[Unresolved], wish: KeyOptions) -> tuple[list[Unresolved], list[Unresolved]]:
    """Return what is kept as pending, and what is lost."""
    sides: tuple[list[Unresolved], list[Unresolved]] = ([], [])
    for one in unresolved:
        sides[not (wish.allow_pending and one.kind == "unknown")].append(one)
    return sides


def _said(resolved: Resolved, listed: ForeignList, known: set[str]) -> dict[Row, dict[str, Any]]:
    columns = [name for name in resolved.attributes if name in known]
    said: dict[Row, dict[str, Any]] = {}
    if columns:
        for row, origin in zip(resolved.rows, resolved.origins, strict=True):
            own = {name: listed.rows[origin][name] for name in columns if name in listed.rows[origin]}
            if own:
                said[row] = both_said(said.get(row, {}), own)
    return said


def _entry(one: Unresolved, wish: KeyOptions) -> dict[str, Value]:
    """Return what names something, by columns that say what: those of a plain list are only ids."""
    entry = dict(one.entry)
    if PLAIN in entry and wish.target is not None:
        plain = entry.pop(PLAIN)
        names = {"exposure": "obs_id", "visit": "visit_name"}
        entry[wish.target if isinstance(plain, int) else names[wish.target]] = plain
    return entry


def _remarks(row: Mapping[str, Value]) -> dict[str, Value]:
    return {name: row[name] for name in REMARKS if name in row}


def _told(
    resolved: Resolved, pending: Sequence[Unresolved], lost: Sequence[Unresolved], strange: set[str]
) -> list[str]:
    told = [f"{counted(number, 'row')}: {way}" for way, number in resolved.ways.items()]
    told += [f"pending, since the registry does not know it yet: line {one.line}: {one.text}" for one in pending]
    told += [f"left out: line {one.line}: {one.text}: {one.message}" for one in lost]
    return told + ([f"left out, since a set has no place for them: {', '.join(sorted(strange))}"] if strange else [])


@dataclass(frozen=True)
class Converted:
    """A set of the ledger whose names were converted, still to be saved."""

    name: str
    path: str
    before: bytes
    """The file from which it was made."""
    taken: ImportedList


def resolve_set(
    workspace: Workspace, text: str, alias: str, wish: KeyOptions, progress: OnProgress | None = None
) -> Converted:
    """Convert the names in a set of the ledger, those that are pending too.

    Raise RefusedError where there is nothing to convert, DataError as :func:`look_up` does.
    """
    ledger = workspace.ledger()
    path = path_of(workspace, text)
    before = ledger.files.read([path])[path]
    kept, about, listed = _names_in(ledger, path, before, wish)
    if not listed.rows:
        raise RefusedError(f"{path}: every data ID is a key already, and none is pending")
    taken = look_up(workspace, alias, listed, wish, path, progress)
    value = taken.value if kept is None else taken.value.union(replace(kept, pending=()))
    return Converted(text, path, before, replace(taken, value=replace(value, about=about)))


def save(staged: StagedLedger, found: Converted, reason: str) -> SetChange:
    """Stage a set whose names were converted. Raise RefusedError if its file was changed meanwhile."""
    subject = f"convert names in the set {found.name} to keys: {reason}"
    return replace_members(staged, found.name, found.path, found.before, found.taken.value, subject)


def _names_in(
    ledger: Ledger, path: str, data: bytes, wish: KeyOptions
) -> tuple[DataIdSet | None, Mapping[str, Any], ForeignList]:
    """Return the members that stay as they are, what is said of the set, and the rows to convert."""
    file = Sets(ledger).file(path)
    if file.derived is not None:
        raise RefusedError(f"{path} is made from other sets: convert the names in those")
    if file.value is not None:
        pending = list(file.value.pending)
        if wish.target is None or wish.target in file.value.dimensions:
            return replace(file.value, about={}), file.about, _listed(pending)
        members = [{**one, **file.value.attributes.get(row, {})} for row, one in _pairs(file.value)]
        return None, file.about, _listed([*members, *pending])
    other = [one for one in file.problems if one.severity is Severity.ERROR and one.rule != "alternate-key"]
    listed = read_list(path, data)
    if other or listed.problems:
        raise DataError(f"the set cannot be read:\n{report_text([*other, *listed.problems])}")
    document = json.loads(data) if path.endswith(".json") else None
    head = document if isinstance(document, dict) else {}
    about = {key: value for key, value in head.items() if key not in {"format", "dimensions", "members", "pending"}}
    more = _listed(head.get("pending", []))
    columns = tuple(dict.fromkeys([*listed.columns, *more.columns]))
    return None, about, ForeignList(columns, [*listed.rows, *more.rows], [*listed.lines, *more.lines])


def _pairs(value: DataIdSet) -> list[tuple[Row, dict[str, int | str]]]:
    return list(zip(value.members, value.data_ids(), strict=True))


def _listed(entries: Sequence[Mapping[str, Any]]) -> ForeignList:
    """Return entries that have been read already as a list; their lines are not known any more."""
    columns = tuple(dict.fromkeys(key for entry in entries for key in entry))
    return ForeignList(columns, [dict(entry) for entry in entries], [0] * len(entries))


def list_of(paths: Sequence[Path]) -> ForeignList:
    """Return the rows of a list, or of the headers of images, their sidecars or an index of them."""
    if len(paths) == 1 and paths[0].is_file() and not _has_headers(paths[0]):
        return read_foreign(paths[0])
    listed = rows_of_files(paths)
    errors = [one for one in listed.problems if one.severity is Severity.ERROR]
    if errors:
        raise DataError(f"headers cannot be read:\n{report_text(errors)}")
    if not listed.rows:
        raise UsageError(f"{', '.join(map(str, paths))}: no images there")
    return listed


def _has_headers(path: Path) -> bool:
    """Whether a file is an image, or what astrometadata writes of images."""
    if path.name.lower().endswith(HEADERS):
        return True
    return path.suffix == ".json" and b'"__CONTENT__"' in path.read_bytes()[:100_000]
