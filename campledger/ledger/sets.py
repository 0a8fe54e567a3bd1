"""The DataId sets of a ledger: found by name, read, made from others, and checked.

A shared set is a file in dataids/, named by its path there without the ending; a campaign's own is named by its path
in the campaign's directory. ``NAME@sha256:HEX`` is the version with that digest, ``NAME@COMMIT`` the one of a commit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from campledger.dataids import DataIdSet
from campledger.dataids.files import ENDINGS, SetFile, format_set, read
from campledger.dataids.sets import Row
from campledger.documents.lines import parse_events
from campledger.documents.text import place
from campledger.errors import DataError, UsageError
from campledger.ledger.histories import is_receipts, receipts_path
from campledger.ledger.ledger import Ledger, Record
from campledger.model import rules
from campledger.model.event_kinds import EVENT_KINDS, kind_of
from campledger.model.history import Event
from campledger.problems import Problem, Severity, report_text
from campledger.repository.file_trees import GitTree
from campledger.repository.git_commands import Repository

SHARED = "dataids/"
_DIGEST = re.compile(r"sha256:[0-9a-f]{8,64}")


class HistoryNeededError(DataError):
    """A version that a pin names stands in git's history, and there is no repository to look into."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A set as it is named, and the version that is meant."""

    name: str
    pin: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read ``NAME[@PIN]``."""
        name, _, pin = text.partition("@")
        return cls(name, pin)

    @property
    def is_digest(self) -> bool:
        """Whether the version is named by its digest, whole or the first eight digits of it at least."""
        return _DIGEST.fullmatch(self.pin) is not None


@dataclass(frozen=True)
class Evaluated:
    """A set with its members, wherever they come from."""

    name: str
    path: str
    value: DataIdSet
    file: SetFile

    @property
    def digest(self) -> str:
        """The digest of its members."""
        return self.value.digest


class Sets:
    """The sets of one state of a ledger, read as they are asked for, each once."""

    def __init__(self, ledger: Ledger, repository: Repository | None = None, tip: str | None = None):
        self.ledger = ledger
        self.repository = repository
        """Where versions that a pin names are looked up; without one they are refused."""
        self.tip = tip
        """The commit in whose history they are looked for, if not in HEAD's."""
        self._read: dict[str, SetFile] = {}
        self._evaluated: dict[tuple[str, str, str], Evaluated] = {}

    @property
    def shared(self) -> Mapping[str, tuple[str, ...]]:
        """The paths of each shared set, by name; more than one is a problem."""
        return self.ledger.shared_sets

    @cached_property
    def own(self) -> Mapping[str, str]:
        """The campaign's id for each set file that a campaign has in its folder dataids/."""
        return {
            f"{directory}/{file}": name
            for name, (directory, files) in self.ledger.directories.items()
            for file in files
            if file.startswith(SHARED) and file.endswith(ENDINGS)
        }

    def path_of(self, name: str, campaign: str | None = None) -> str | None:
        """Return the path of a set's file, by the name that the ledger or this campaign has for it."""
        if campaign is not None:
            # An older version may be of a time before the campaign.
            directory, files = self.ledger.directories.get(campaign, ("", ()))
            if name in files:
                return f"{directory}/{name}"
        paths = self.shared.get(name, ())
        return paths[0] if paths else None

    def file(self, path: str) -> SetFile:
        """Return a set's file as it stands."""
        if path not in self._read:
            if self.ledger.files.paths.get(path):
                problem = Problem(path, 0, 0, "path-outside", "the set is a symbolic link", "replace it by a copy")
                self._read[path] = SetFile(path, None, problems=(problem,))
            else:
                self._read[path] = read(path, self.ledger.files.read([path])[path])
        return self._read[path]

    def evaluate(self, text: str, campaign: str | None = None) -> Evaluated:
        """Return the set that ``NAME[@PIN]`` means, made from others where it is defined so.

        Raise UsageError for a set that is not there, DataError for one that cannot be read or made.
        """
        return self._evaluate(Reference.parse(text), campaign, ())

    def _evaluate(self, reference: Reference, campaign: str | None, above: tuple[str, ...]) -> Evaluated:
        if reference.pin and not reference.is_digest:
            return self._at(self._commit(reference))._evaluate(Reference(reference.name), campaign, above)
        path = self.path_of(reference.name, campaign)
        if path is None:
            raise UsageError(f"unknown DataId set `{reference.name}`: `campledger dataids list` shows them")
        files = self.shared.get(reference.name, ())
        if path in files and len(files) > 1:
            raise DataError(f"duplicate set `{reference.name}`: keep one of {' and '.join(files)}")
        key = (path, reference.pin, campaign or "")
        if key not in self._evaluated:
            self._evaluated[key] = self._made(reference, path, campaign, above)
        return self._evaluated[key]

    def _made(self, reference: Reference, path: str, campaign: str | None, above: tuple[str, ...]) -> Evaluated:
        if path in above:
            circle = " -> ".join([*above[above.index(path) :], path])
            raise DataError(f"{path}: sets are derived from each other: {circle}")
        try:
            file = self.file(path)
            present = Evaluated(reference.name, path, self._value(file, campaign, (*above, path)), file)
        except (DataError, UsageError):
            if not reference.pin:
                raise
            present = None  # what the file is now does not matter to who asks for an older version
        if present is not None and (not reference.pin or present.digest.startswith(reference.pin)):
            return present
        if self.repository is None:
            raise HistoryNeededError(f"{path}: the version {reference.pin} is in git's history only")
        for commit in self._commits(path):
            try:
                older = self._at(commit)._evaluate(Reference(reference.name), campaign, above)
            except (DataError, UsageError):
                continue
            if older.digest.startswith(reference.pin):
                return older
        raise DataError(f"{path}: no version of `{reference.name}` has the digest {reference.pin}")

    def _value(self, file: SetFile, campaign: str | None, above: tuple[str, ...]) -> DataIdSet:
        errors = [one for one in file.problems if one.severity is Severity.ERROR]
        if errors:
            raise DataError(f"the set cannot be read:\n{report_text(errors)}")
        if file.value is not None:
            return file.value
        return derive(
            file.derived or {}, lambda text: self._evaluate(Reference.parse(text), campaign, above).value, file
        )

    def _commit(self, reference: Reference) -> str:
        if reference.pin.startswith("sha256:"):
            raise UsageError(f"`{reference.pin}` is too short for a digest: give at least eight hexadecimal digits")
        if self.repository is None:
            raise HistoryNeededError(f"`{reference.name}@{reference.pin}` is a version in git's history only")
        return self.repository.commit_of(reference.pin)

    def _commits(self, path: str) -> list[str]:
        if self.repository is None:
            return []
        return self.repository.commits_of(forms_of(path), self.tip)

    def _at(self, commit: str) -> Sets:
        if self.repository is None:
            raise DataError("cannot look up older versions: not in a git repository")
        return Sets(Ledger(GitTree(self.repository, commit)), self.repository, self.tip)

    def receipts(self, name: str) -> tuple[Event, ...]:
        """Return what happened to a shared set: uploads and collections, in the order in which they were recorded."""
        path = receipts_path(name)
        if path not in self.ledger.files.paths or self.ledger.files.paths[path]:
            return ()
        events, _ = parse_events(path, self.ledger.files.read([path])[path], newer=self.ledger.newer)
        return tuple(sorted(events, key=lambda event: (event.time, event.id)))

    def check(self, only: Collection[str] | None = None) -> Iterator[Problem]:
        """Yield what is wrong with the sets of a ledger, or with those whose files are in ``only``."""
        for paths in self.shared.values():
            for path in paths[1:]:
                if only is None or any(one in only for one in paths):
                    message = f"duplicate set name: {paths[0]} has it too"
                    yield Problem(path, 0, 0, "duplicate-set", message, "keep one of the two files")
        everything = [path for paths in self.shared.values() for path in paths] + list(self.own)
        for path in everything if only is None else (path for path in everything if path in only):
            yield from self._check_file(path)
        for path in self.ledger.files.paths:
            if is_receipts(path) and (only is None or path in only):
                yield from self._check_receipts(path)

    def _check_file(self, path: str) -> Iterator[Problem]:
        if self.ledger.files.paths[path] and path not in self.own:
            return  # a link, which is told as a stray
        file = self.file(path)
        yield from file.problems
        named = file.about.get("name")
        expected = path.rpartition("/")[2].rpartition(".")[0]
        if named is not None and named != expected:
            message = f"the set's `name` is `{named}`, its file's name `{expected}`"
            yield Problem(path, *self._place_of(path, "name"), "set-name", message, "both must be the same")
        instruments = self.ledger.settings.document.get("instruments")
        if instruments is not None and file.value is not None and "instrument" in file.value.dimensions:
            yield from self._check_instruments(file, file.value, instruments)
        if file.derived is not None:
            yield from self._check_derived(file, self.own.get(path))

    def _check_instruments(self, file: SetFile, value: DataIdSet, known: Collection[str]) -> Iterator[Problem]:
        index = value.dimensions.index("instrument")
        strange: dict[Any, tuple[int | str, ...]] = {}
        for row in value.members:
            if row[index] not in known:
                strange.setdefault(row[index], row)
        for name, row in strange.items():
            hint = f"known: {', '.join(known)}; add it to `instruments` in campledger.yaml"
            line, column = file.place(row)
            yield Problem(file.path, line, column, "unknown-instrument", f"unknown instrument `{name}`", hint)

    def _check_derived(self, file: SetFile, campaign: str | None) -> Iterator[Problem]:
        told = [one for text in sources(file.derived or {}) for one in self._check_source(file, text, campaign)]
        yield from told
        if not any(problem.severity is Severity.ERROR for problem in told):
            try:
                self.evaluate_file(file, campaign)
            except HistoryNeededError:
                return  # whoever asks for the members looks there; a check does not
            except (DataError, UsageError) as error:
                message = f"it cannot be derived: {' '.join(str(error).split())}"
                yield Problem(file.path, *self._place_of(file.path, "derived"), "unknown-set", message)

    def _check_source(self, file: SetFile, text: str, campaign: str | None) -> Iterator[Problem]:
        """Yield what is wrong with one of the sets from which a set is made."""
        reference = Reference.parse(text)
        line, column = self._place_of(file.path, text)
        if self.path_of(reference.name, campaign) is None and (not reference.pin or reference.is_digest):
            message = f"unknown DataId set `{reference.name}`"
            yield Problem(
                file.path,
                line,
                column,
                "unknown-set",
                message,
                "a set's name is its path in dataids/, without the ending",
            )
        elif not reference.pin:
            message = f"`{text}` is not pinned: this set changes whenever `{text}` does"
            hint = "pin it: NAME@sha256:DIGEST or NAME@COMMIT"
            yield Problem(file.path, line, column, "stale-pin", message, hint, Severity.WARNING)
        elif reference.is_digest:
            try:
                present = self._evaluate(Reference(reference.name), campaign, (file.path,))
            except (DataError, UsageError):
                return  # told at that set
            if not present.digest.startswith(reference.pin):
                message = f"`{reference.name}` has changed since it was pinned: its digest is {present.digest[:23]}…"
                hint = "pin the new version if you want it; until then the old one is used"
                yield Problem(file.path, line, column, "stale-pin", message, hint, Severity.WARNING)

    def _place_of(self, path: str, word: str) -> tuple[int, int]:
        """Return where a key, or a text, stands in a set's file, which is JSON or has a header of YAML."""
        text = self.ledger.files.read([path])[path].decode("utf-8", "replace")
        found = text.find(json.dumps(word))
        if found < 0:
            match = re.search(rf"\b{re.escape(word)}\s*:", text)
            found = match.start() if match else 0
        return place(text, found)

    def evaluate_file(self, file: SetFile, campaign: str | None = None) -> DataIdSet:
        """Return the members of a file of this ledger. Raise as :meth:`evaluate` does."""
        return self._value(file, campaign, (file.path,))

    def _check_receipts(self, path: str) -> Iterator[Problem]:
        if self.ledger.files.paths[path]:
            return  # a link, which is told as a stray
        events, problems = parse_events(path, self.ledger.files.read([path])[path], newer=self.ledger.newer)
        yield from problems
        for event in events:
            if not kind_of(event).on_sets:
                possible = ", ".join(sorted(kind.name for kind in EVENT_KINDS.values() if kind.on_sets))
                message = f"invalid event `{event.type}` of a set: expected one of {possible}"
                yield Problem(path, event.line, 3, "schema", message)


def derive(derived: Mapping[str, Any], find: Any, file: SetFile | None = None) -> DataIdSet:
    """Return the set that a derivation makes; ``find`` returns the value of a reference. Raise UsageError."""
    if "filter" in derived:
        days = derived.get("day_obs")
        value: DataIdSet = find(derived["filter"]).filter(
            reason=derived.get("reason"),
            severity=derived.get("severity"),
            band=derived.get("band"),
            day_obs=(days.get("from"), days.get("to")) if days is not None else None,
            unexpired=derived.get("unexpired"),
        )
    else:
        operation = next(name for name in ("union", "minus", "intersect") if name in derived)
        first, *others = (find(text) for text in derived[operation])
        value = getattr(first, operation)(*others)
    about = file.about if file is not None else {}
    return DataIdSet(value.dimensions, value.members, value.attributes, value.pending, about)


def sources(derived: Mapping[str, Any]) -> list[str]:
    """Return the references to the sets from which one is made."""
    return [derived["filter"]] if "filter" in derived else [one for name in derived for one in derived[name]]


def merge_sets(path: str, before: bytes, after: bytes, present: bytes) -> bytes | None:
    """Return a set's file with what became of it on two sides since ``before``, or None where they contradict.

    Members that one side added or took out are added or taken out; of each member, and of the set, only one side may
    have changed what is said.
    """
    base, ours, theirs = (read(path, data).value for data in (before, after, present))
    if base is None or ours is None or theirs is None or len({base.dimensions, ours.dimensions, theirs.dimensions}) > 1:
        return None
    members = theirs.minus(base.minus(ours)).union(ours.minus(base))
    said: dict[Row, Any] = {}
    for row in members.members:
        here = _settled(*(one.attributes.get(row, {}) for one in (base, ours, theirs)))
        if here is None:
            return None
        said |= {row: here} if here else {}
    about = _settled(base.about, ours.about, theirs.about)
    pending = _settled(*({"pending": one.pending} for one in (base, ours, theirs)))
    if about is None or pending is None:
        return None
    merged = DataIdSet(members.dimensions, members.members, said, pending["pending"], about)
    return format_set(merged, f".{path.rpartition('.')[2]}")


def _settled(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what counts of three versions of what is said, or None where both sides changed it, differently."""
    if theirs in (ours, base):
        return ours
    return theirs if ours == base else None


def forms_of(path: str) -> list[str]:
    """Return the paths that a set's file has in each of the formats."""
    stem = path.rpartition(".")[0]
    return [f"{stem}{ending}" for ending in ENDINGS]


def is_set_path(path: str) -> bool:
    """Whether a file of a ledger holds a set, or the history of one."""
    inside = path.startswith(SHARED) or f"/{SHARED}" in path
    return inside and (path.endswith(ENDINGS) or is_receipts(path))


def references_of(record: Record) -> Iterable[tuple[str, str]]:
    """Yield the purpose (include, exclude) and the reference of every set that a campaign names, each once."""
    definition = record.campaign.definition if record.campaign else {}
    named = {(str(pointer[-2]), text): None for pointer, text in rules.set_references(definition)}
    return list(named)


def registry_name(reference: str, path: str, campaign: str | None) -> str:
    """Return the name that a set has in a registry: a shared one's own, else the campaign's id and the path."""
    name = Reference.parse(reference).name
    if path.startswith(SHARED) or campaign is None:
        return name
    return f"{campaign}/{name.rpartition('.')[0]}"
