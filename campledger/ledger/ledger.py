"""Reading a ledger: its settings, and each campaign with what is wrong with it.

A campaign that cannot be read does not hide the others: its record has problems instead of a campaign.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from campledger.dataids.formats import ENDINGS
from campledger.documents import lines, schema, strict
from campledger.errors import UsageError
from campledger.ledger import groups
from campledger.ledger.histories import EVENTS, histories, is_daily
from campledger.ledger.settings import FORMAT, SETTINGS_FILE, Settings
from campledger.model import rules
from campledger.model.campaign import Campaign
from campledger.model.history import Event, Fault, History, replay
from campledger.model.ids import CAMPAIGN_ID, directory_of
from campledger.model.states import State
from campledger.model.text_format import places
from campledger.problems import Finding, Problem, Severity
from campledger.repository.file_trees import Files

DEFINITION = "campaign.yaml"
_ADD = "put it there, then `git add` and commit it first"
_OURS = ("campaigns/", "dataids/", "queries/", "templates/", "removed/")
_OF_CAMPAIGN = (f"/{DEFINITION}", f"/{EVENTS}")


@dataclass(frozen=True)
class Record:
    """One campaign's directory, as read."""

    id: str
    directory: str
    files: tuple[str, ...]
    """What is in the directory, by path from it."""
    campaign: Campaign | None = None
    """None where the definition cannot be read."""
    history: History | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it can be read and is not final: its name is taken."""
        return self.history is not None and not self.history.state.is_final

    @property
    def errors(self) -> list[Problem]:
        """The problems that block."""
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]

    @property
    def blocking(self) -> list[Problem]:
        """The problems that are in the way of a start: errors, and values that are still placeholders."""
        return [one for one in self.problems if one.severity is Severity.ERROR or one.rule == "placeholder"]

    @property
    def histories(self) -> list[str]:
        """Those of its files that hold its events, by path from the ledger's root."""
        return [self.path(file) for file in histories(self.files)]

    def path(self, file: str) -> str:
        """Return the path of one of its files from the ledger's root."""
        return f"{self.directory}/{file}"


class Ledger:
    """A ledger's files, read as they are asked for."""

    def __init__(
        self,
        files: Files,
        progress: Callable[[int, int], None] | None = None,
        tell_newer: Callable[[str], None] | None = None,
    ):
        self.files = files
        self._tell_newer = tell_newer
        """Told in words where the ledger is of a newer format."""
        self._progress = progress
        """Told how many campaigns of how many were read, where many are asked for."""

    @cached_property
    def _settings(self) -> tuple[Settings, tuple[Problem, ...]]:
        if SETTINGS_FILE not in self.files.paths:
            message = "missing file: a ledger needs it"
            hint = "`campledger init` makes a ledger; `--ledger PATH` names one elsewhere"
            return Settings(), (Problem(SETTINGS_FILE, 0, 0, "missing-file", message, hint),)
        if self.files.paths[SETTINGS_FILE]:
            message = f"{SETTINGS_FILE} is a symbolic link"
            return Settings(), (Problem(SETTINGS_FILE, 0, 0, "path-outside", message, "replace it by a copy"),)
        document = strict.read(SETTINGS_FILE, self.files.read([SETTINGS_FILE])[SETTINGS_FILE])
        if document.problems:
            return Settings(), document.problems
        newer = _format_of(document.value) > FORMAT
        found = schema.findings(document.value, "settings", newer=newer)
        if newer:
            settings = Settings({"format": _format_of(document.value)})
            found.append(Finding(("format",), "newer-format", settings.newer))
            if self._tell_newer is not None:
                self._tell_newer(settings.newer)
        problems = tuple(locate(document, finding) for finding in found)
        if any(one.severity is Severity.ERROR for one in problems):
            return Settings({}), problems
        settings = Settings(document.value)
        return settings, (*problems, *(locate(document, finding) for finding in settings.findings()))

    @property
    def settings(self) -> Settings:
        """The settings; empty ones where campledger.yaml cannot be read."""
        return self._settings[0]

    @property
    def settings_problems(self) -> tuple[Problem, ...]:
        """What is wrong with campledger.yaml."""
        return self._settings[1]

    @property
    def newer(self) -> bool:
        """Whether it is of a newer format: what is not known here is no error then, and nothing may be written."""
        return bool(self.settings.newer)

    @cached_property
    def directories(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """Each campaign's directory and the files in it, by id, newest first."""
        homes = {home: name for name, home in self._homes.items()}
        inside: dict[str, list[str]] = {home: [] for home in homes}
        for path in self.files.paths:
            owner = self._home(path, homes)
            if owner is not None:
                inside[owner].append(path[len(owner) + 1 :])
        ordered = sorted(self._homes.items(), reverse=True)
        return {name: (home, tuple(sorted(inside[home]))) for name, home in ordered}

    @cached_property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of campaigns by their random characters."""
        return _sorted_by({one: one.rpartition("-")[2] for one in self.directories})

    @cached_property
    def slugs(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of campaigns by the name in them."""
        matches = ((one, CAMPAIGN_ID.fullmatch(one)) for one in self.directories)
        return _sorted_by({one: match[3] for one, match in matches if match})

    def recorded(self, word: str) -> list[str]:
        """Return the ids of the campaigns in whose histories a word stands, found as bytes."""
        needle = word.encode()
        homes = {
            f"{home}/{file}": name for name, (home, files) in self.directories.items() for file in histories(files)
        }
        contents = self.files.read(homes)
        return list(dict.fromkeys(homes[path] for path, data in contents.items() if needle in data))

    def definitions(self) -> Mapping[str, bytes]:
        """Return the definitions of all campaigns as they stand in their files, by id."""
        paths = {f"{home}/{DEFINITION}": name for name, (home, _) in self.directories.items()}
        return {paths[path]: data for path, data in self.files.read(paths).items()}

    @cached_property
    def _homes(self) -> Mapping[str, str]:
        """Each campaign's directory, by id. Of two that claim one id, the one where it belongs is the campaign."""
        claimed = {}
        for path in self.files.paths:
            if path.startswith("campaigns/") and (path.endswith(_OF_CAMPAIGN) or is_daily(path)):
                home = posixpath.dirname(path)
                home = home if path.endswith(_OF_CAMPAIGN) else posixpath.dirname(home)
                claimed[home] = posixpath.basename(home)
        homes: dict[str, str] = {}
        for home, name in sorted(claimed.items()):
            # What a campaign keeps of another tool may be called campaign.yaml too.
            nested = self._home(home, claimed) is not None
            if not nested and (name not in homes or home == directory_of(name)):
                homes[name] = home
        return homes

    @staticmethod
    def _home(path: str, homes: Mapping[str, str]) -> str | None:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in homes:
                return parent
            parent = parent.rpartition("/")[0]
        return None

    @cached_property
    def strays(self) -> tuple[Problem, ...]:
        """Files below campaigns/ that belong to no campaign, and links where there should be files."""
        homes = {home: name for name, home in self._homes.items()}
        return tuple(
            self._stray(path, link)
            for path, link in self.files.paths.items()
            if path.startswith(_OURS) or f"{path}/" in _OURS
            if self._home(path, homes) is None
            if link or (path.startswith("campaigns/") and not is_furniture(path))
        )

    def _stray(self, path: str, link: bool) -> Problem:
        if link:
            return Problem(path, 0, 0, "path-outside", "a symbolic link outside of campaigns", "replace it by a copy")
        name = posixpath.basename(posixpath.dirname(path))
        if path.endswith(_OF_CAMPAIGN) and name in self._homes:
            message = f"the campaign {name} is in {self._homes[name]} already"
            return Problem(path, 0, 0, "id-directory", message, "remove one of the two directories")
        hint = "a campaign is a directory campaigns/YEAR/MONTH/ID with a campaign.yaml"
        return Problem(
            path, 0, 0, "id-directory", "this file is outside of any campaign's directory", hint, Severity.WARNING
        )

    def records(self, ids: Iterable[str] | None = None) -> Iterator[Record]:
        """Yield the campaigns, newest first, or those with the ids."""
        wanted = list(self.directories) if ids is None else list(ids)
        paths = [
            f"{self.directories[one][0]}/{file}"
            for one in wanted
            for file in (DEFINITION, *histories(self.directories[one][1]))
            if file in self.directories[one][1]
        ]
        contents = self.files.read(paths)
        contents |= self.files.read(self._named_files(wanted, contents))
        for number, one in enumerate(wanted, 1):
            yield self._record(one, contents)
            if self._progress is not None:
                self._progress(number, len(wanted))

    def _named_files(self, ids: Iterable[str], contents: Mapping[str, bytes]) -> Iterator[str]:
        """Yield what definitions with tables of groups name beside them: git gives many files as fast as one."""
        for one in ids:
            directory, files = self.directories[one]
            text = contents.get(f"{directory}/{DEFINITION}", b"")
            if b"table:" in text:
                yield from (f"{directory}/{file}" for file in files if file.encode("utf-8", "replace") in text)

    def record(self, campaign_id: str) -> Record:
        """Return one campaign, by its full id."""
        if campaign_id not in self.directories:
            raise UsageError(f"unknown campaign `{campaign_id}`")
        return next(self.records([campaign_id]))

    def _record(self, campaign_id: str, contents: Mapping[str, bytes]) -> Record:
        directory, files = self.directories[campaign_id]
        record = Record(campaign_id, directory, files)
        problems = self._file_problems(record)
        events = self._events(record, contents, problems)
        document = self._definition(record, contents, problems)
        if document is None:
            return Record(campaign_id, directory, files, problems=tuple(problems))
        tabled = groups.read_tables(self.files, directory, document.value, contents)
        problems += tabled.problems
        if not tabled.complete:
            problems += [locate(document, finding) for finding in self._local_findings(record, document.value)]
            return Record(campaign_id, directory, files, problems=tuple(problems))
        campaign = Campaign(campaign_id, document.value, tabled.groups)
        history = replay(campaign, events)
        problems += self._history_problems(record, history)
        found = [*rules.findings(document.value), *self._local_findings(record, document.value)]
        problems += [locate(document, finding, history.state) for finding in found]
        problems += [replace(one, severity=_severity(one.rule, history.state)) for one in tabled.unfilled]
        return Record(campaign_id, directory, files, campaign, history, tuple(problems))

    def _definition(
        self, record: Record, contents: Mapping[str, bytes], problems: list[Problem]
    ) -> strict.Document | None:
        """Return the definition if it has the form that it should have, and add to the problems if not."""
        path = record.path(DEFINITION)
        if path not in contents:
            problems.append(Problem(path, 0, 0, "missing-file", "missing campaign.yaml"))
            return None
        if self.files.paths[path]:
            return None
        document = strict.read(path, contents[path])
        found = [] if document.problems else schema.findings(document.value, "campaign", newer=self.newer)
        located = [*document.problems, *(locate(document, finding) for finding in found)]
        problems += located
        return None if any(one.severity is Severity.ERROR for one in located) else document

    def _events(self, record: Record, contents: Mapping[str, bytes], problems: list[Problem]) -> list[Event]:
        events: list[Event] = []
        paths = [path for path in record.histories if path in contents and not self.files.paths[path]]
        for path in paths:
            read, found = lines.parse_events(path, contents[path], newer=self.newer)
            events += read
            problems += found
        if len(paths) > 1:
            problems += lines.duplicates(events)
        return events

    def with_event(self, record: Record, campaign: Campaign, event: Event) -> Record:
        """Return a campaign with one more event in its history, and with its problems as they are then.

        What is wrong with its files stays; what is wrong with its history, and what depends on its state, is judged
        anew.
        """
        before = record.history or History()
        after = replay(campaign, [*before.events, event])
        old = set(self._history_problems(record, before))
        problems = [replace(one, severity=_severity(one.rule, after.state)) if one.rule == "placeholder" else one
                    for one in record.problems if one not in old]  # fmt: skip
        problems += self._history_problems(record, after)
        file = event.path.removeprefix(f"{record.directory}/")
        files = record.files if file in record.files else (*record.files, file)
        return replace(record, files=files, history=after, problems=tuple(problems))

    def _history_problems(self, record: Record, history: History) -> Iterator[Problem]:
        """Yield what is wrong with a campaign's history."""
        yield from (fault_problem(record, fault) for fault in history.faults)
        yield from _file_faults(record, history)
        yield from _doubled(history)
        yield from self._rule_faults(history)

    def _rule_faults(self, history: History) -> Iterator[Problem]:
        """Yield the events that claim a rule by which nobody acts."""
        for event in history.effective if self.settings.document else ():
            complaint = (
                self.settings.rule_complaint(event.by, event.data["rule"]["name"]) if "rule" in event.data else None
            )
            if complaint is not None:
                hint = "add it to `automata` in campledger.yaml"
                yield Problem(event.path, event.line, 3, "unknown-automaton", f"event {event.id}: {complaint}", hint)

    def _file_problems(self, record: Record) -> list[Problem]:
        problems = []
        if not CAMPAIGN_ID.fullmatch(record.id) or record.directory != directory_of(record.id):
            message = f"`{record.directory}` is not campaigns/YEAR/MONTH/ID"
            hint = "`campledger define` makes the directory; an id is DATE-NAME-XXXX, all in lower case"
            problems.append(Problem(record.path(DEFINITION), 0, 0, "id-directory", message, hint))
        links = [record.path(file) for file in record.files if self.files.paths[record.path(file)]]
        targets = self.files.read(links)
        for link in links:
            target = targets.get(link, b"").decode("utf-8", "replace")
            inside = posixpath.relpath(link, record.directory)
            joined = posixpath.join(posixpath.dirname(inside), target)
            file = posixpath.basename(link)
            if target.startswith("/") or rules.leaves_directory(joined):
                message = "a symbolic link leaves the campaign's directory"
            elif inside == DEFINITION or histories([inside]):
                message = f"{file} is a symbolic link"
            else:
                continue
            problems.append(Problem(link, 0, 0, "path-outside", message, "replace it by a copy"))
        return problems

    def _local_findings(self, record: Record, definition: Mapping[str, object]) -> Iterator[Finding]:
        """Yield what is wrong with a definition beside its own directory and the settings."""
        named = definition.get("id")
        if named is not None and named != record.id:
            message = f"the directory is {record.id}, the `id` in its campaign.yaml is {named}"
            yield Finding(("id",), "id-directory", message, "an id never changes: restore the id of the directory")
        yield from self.local_findings(definition, set(record.files))

    def local_findings(self, definition: Mapping[str, object], present: Collection[str]) -> Iterator[Finding]:
        """Yield what a definition names that is not there: neither among the files beside it, nor in the ledger."""
        for pointer, path in rules.references(definition):
            if rules.leaves_directory(path):
                yield Finding(
                    pointer, "path-outside", f"`{path}` leaves the campaign's directory", "replace it by a copy"
                )
            elif posixpath.normpath(path) not in present:
                yield Finding(pointer, "missing-file", f"missing file `{path}` in the campaign's directory", _ADD)
        shared = self.shared_sets
        for pointer, text in rules.set_references(definition):
            name = text.partition("@")[0]  # what follows pins a version
            if rules.leaves_directory(name) or name.startswith("/"):
                yield Finding(pointer, "path-outside", f"`{name}` leaves the campaign's directory")
            elif name not in shared and posixpath.normpath(name) not in present:
                hint = "it is neither a shared set in dataids/ nor a file in the campaign's directory"
                yield Finding(pointer, "missing-file", f"unknown DataId set `{name}`", hint)
        yield from self._settings_findings(definition)

    def _settings_findings(self, definition: Mapping[str, object]) -> Iterator[Finding]:
        settings = self.settings
        if not settings.document:
            return  # they cannot be read, which is told once
        production = definition["production"]
        if production not in settings.productions:
            hint = f"expected one of {', '.join(settings.productions)}"
            yield Finding(("production",), "unknown-production", f"unknown production `{production}`", hint)
        for pointer, handle in rules.people(definition):
            if settings.people and handle not in settings.people:
                hint = "add them to `people` in campledger.yaml"
                yield Finding(pointer, "unknown-person", f"unknown person `{handle}`", hint)
        for pointer, part in rules.parts(definition):
            alias = part.get("data", {}).get("butler")
            if alias is not None and alias not in settings.butlers:
                hint = f"known: {', '.join(settings.butlers) or 'none'}; add it to `butlers` in campledger.yaml"
                where = (*pointer, "data", "butler")
                yield Finding(where, "unknown-butler", f"unknown Butler repository `{alias}`", hint)
            instrument = part.get("scope", {}).get("instrument")
            known = settings.document.get("instruments")
            if known is not None and instrument is not None and instrument not in known:
                hint = f"known: {', '.join(known)}; add it to `instruments` in campledger.yaml"
                where = (*pointer, "scope", "instrument")
                yield Finding(where, "unknown-instrument", f"unknown instrument `{instrument}`", hint)

    @cached_property
    def shared_sets(self) -> Mapping[str, tuple[str, ...]]:
        """The files of each DataId set in dataids/, by its name; more than one is a problem."""
        found: dict[str, list[str]] = {}
        for path in self.files.paths:
            if path.startswith("dataids/") and path.endswith(ENDINGS):
                found.setdefault(path[len("dataids/") :].rpartition(".")[0], []).append(path)
        return {name: tuple(paths) for name, paths in sorted(found.items())}


def _format_of(settings: object) -> int:
    """Return the version of the format that settings say, before they are known to say it as they should."""
    said = settings.get("format", 1) if isinstance(settings, Mapping) else 1
    return said if isinstance(said, int) and not isinstance(said, bool) else 1


def _sorted_by(values: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """Return the ids by the value that each has."""
    found: dict[str, list[str]] = {}
    for one, value in values.items():
        found.setdefault(value, []).append(one)
    return {value: tuple(ids) for value, ids in found.items()}


def is_furniture(path: str) -> bool:
    """Whether a file is one that people put beside campaigns: a README, a dot file."""
    name = posixpath.basename(path)
    return name.startswith(".") or name.upper().startswith("README")


def locate(document: strict.Document, finding: Finding, state: State | None = None) -> Problem:
    """Return the problem that a finding is in its document, at its line and column."""
    line, column = document.position(finding.pointer, key=finding.key)
    severity = _severity(finding.rule, state)
    found = finding.rule, finding.message, finding.hint
    return Problem(document.path, line, column, *found, severity, finding.pointer)


def _severity(rule: str, state: State | None) -> Severity:
    """Return whether a finding blocks in a state: what is still to be filled in does once the campaign runs."""
    early = rule == "placeholder" and state in {None, State.DEFINED, State.CANCELLED}
    return Severity.WARNING if early or rule == "newer-format" else Severity.ERROR


_FILE_OF = {"submission": "file", "night": "table"}
"""The keys of events that name a file of the campaign."""


def _file_faults(record: Record, history: History) -> Iterator[Problem]:
    """Yield the events that name a file which is not in the campaign's directory."""
    present = set(record.files)
    for event in history.effective:
        file = event.data.get(_FILE_OF.get(event.type, ""))
        if file is None or posixpath.normpath(file) in present:
            continue
        outside = rules.leaves_directory(file) or not rules.is_path(file)
        rule = "path-outside" if outside else "missing-file"
        message = f"event {event.id}: missing file `{file}` in the campaign's directory"
        yield Problem(event.path, event.line, 3, rule, message, "add it, or retract the event")


def _doubled(history: History) -> Iterator[Problem]:
    """Yield the submissions of groups that an earlier one processes too, neither following the other."""
    for (first, *others), doubled in history.doubled.items():
        for one in others:
            message = f"{places(doubled)} is submitted twice: {one} does not follow {first}"
            hint = "cancel or reject one of them, or retract it: `campledger todo` has the commands"
            event = history.submissions[one].events[0]
            yield Problem(event.path, event.line, 3, "submitted-twice", message, hint, Severity.WARNING)


def fault_problem(record: Record, fault: Fault) -> Problem:
    """Return the problem that an event without effect is."""
    message = f"event {fault.event.id}: {fault.message}"
    path = fault.event.path or record.path(EVENTS)
    return Problem(path, fault.event.line, 3, fault.rule, message, fault.hint)
