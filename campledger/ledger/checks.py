"""What is wrong with a ledger as a whole: the problems of its files, and those between campaigns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from campledger.documents import strict
from campledger.documents.lines import parse_events
from campledger.ledger import run_contents
from campledger.ledger.histories import is_history
from campledger.ledger.ledger import DEFINITION, Ledger, Record, locate
from campledger.ledger.queries import Queries, is_query_path
from campledger.ledger.sets import Sets, is_set_path
from campledger.ledger.settings import SETTINGS_FILE
from campledger.ledger.shifts import SHIFTS, Shifts
from campledger.ledger.templates import Templates, is_template_path
from campledger.ledger.tombstones import Tombstones
from campledger.model import rules, times
from campledger.model.ids import CAMPAIGN_ID
from campledger.problems import Finding, Problem
from campledger.repository.file_trees import Files


def check(
    ledger: Ledger,
    now: datetime,
    only: Collection[str] | None = None,
    *,
    across: bool = True,
    files: Collection[str] = (),
) -> list[Problem]:
    """Return every problem, or those of the settings, of the campaigns whose ids are in ``only``, and of ``files``.

    The files that matter are those that hold saved queries, templates and DataId sets: a large set takes longer to
    read than a campaign.

    Campaigns are held against each other unless ``across`` is False; some are held only against those whose
    definitions share a word with them that matters.
    """
    problems = list(ledger.settings_problems)
    if only is None:
        problems += ledger.strays
    problems += Sets(ledger).check(None if only is None else {path for path in files if is_set_path(path)})
    problems += Queries(ledger).check(None if only is None else {path for path in files if is_query_path(path)})
    if only is None or SHIFTS in files:
        problems += Shifts(ledger).problems
    problems += Templates(ledger).check(None if only is None else {path for path in files if is_template_path(path)})
    records = list(ledger.records(only))
    for record in records:
        problems += record.problems
        problems += _ahead_of_clock(record, now)
        problems += run_contents.check(ledger, record)
    if across:
        removed = Tombstones(ledger)
        problems += removed.check()
        problems += [problem for _, problem in removed.among(records)]
        others = [] if only is None else list(ledger.records(_neighbours(ledger, records)))
        chosen = {record.id for record in records}
        everybody = [*records, *others]
        for record, findings in _between(everybody, ledger.directories.keys() | removed.ids):
            if record.id in chosen and findings:
                problems += _located(ledger, record, findings)
        problems += [problem for record, problem in _between_events(everybody) if record.id in chosen]
    return sorted(set(problems))


def check_some(ledger: Ledger, now: datetime, paths: Collection[str]) -> list[Problem]:
    """Check the campaigns that paths lie in; against each other only where more than histories is among them."""
    chosen = campaigns_at(ledger, paths)
    if chosen is None:
        return check(ledger, now)
    across = not all(is_history(path) or is_set_path(path) for path in paths)
    named = set(paths)
    below = tuple(f"{path.rstrip('/')}/" for path in named if path not in ledger.files.paths)
    # A template is looked at again when one of its files is gone.
    files = [*named, *(path for path in ledger.files.paths if path not in named and path.startswith(below))]
    return check(ledger, now, chosen, across=across, files=files)


def _neighbours(ledger: Ledger, records: Sequence[Record]) -> list[str]:
    """Return the other campaigns that names, keys or RUN collections could clash with, without reading YAML.

    What clashes stands in both definitions as it is: a name, a key, the last word of a RUN collection.
    """
    words: set[bytes] = set()
    for record in records:
        if record.campaign is not None:
            definition = record.campaign.definition
            words |= {str(definition[field]).encode() for field in ("name", "key") if field in definition}
            words |= {run.rpartition("/")[2].encode() for _, run in rules.run_collections(definition)}
    own = {record.id for record in records}
    paths = {f"{home}/{DEFINITION}": name for name, (home, _) in ledger.directories.items() if name not in own}
    contents = ledger.files.read(paths) if words else {}
    return [paths[path] for path, data in contents.items() if any(word in data for word in words)]


def _located(ledger: Ledger, record: Record, findings: list[Finding]) -> Iterator[Problem]:
    path = record.path(DEFINITION)
    document = strict.read(path, ledger.files.read([path])[path])
    return (locate(document, finding) for finding in findings)


def _ahead_of_clock(record: Record, now: datetime) -> Iterator[Problem]:
    limit = times.recorded(now + times.CLOCK_TOLERANCE)
    for event in record.history.events if record.history else ():
        taken_back = record.history is not None and event.id in record.history.dropped
        if event.time > limit and not taken_back and event.type != "retracted":
            message = f"event {event.id} has a time in the future: {event.time}"
            yield Problem(
                event.path, event.line, 3, "event-clock", message, "correct the clock of the machine that wrote it"
            )


def _between(records: Iterable[Record], ids: Collection[str]) -> Iterator[tuple[Record, list[Finding]]]:
    """Yield each readable campaign with what is wrong between its definition and the others'."""
    readable = [(record, record.campaign.definition) for record in records if record.campaign]
    names: dict[str, list[str]] = {}
    keys: dict[str, list[str]] = {}
    runs: dict[str, list[str]] = {}
    for record, definition in readable:
        if record.is_open:
            names.setdefault(definition["name"], []).append(record.id)
        if "key" in definition:
            keys.setdefault(definition["key"], []).append(record.id)
        for run in {run for _, run in rules.run_collections(definition)}:
            runs.setdefault(run, []).append(record.id)
    for sharing in (*names.values(), *keys.values(), *runs.values()):
        sharing.sort()
    for record, definition in readable:
        findings = []
        for other in _other(names[definition["name"]] if record.is_open else [], record):
            message = f"duplicate name `{definition['name']}`: {other} has it too, and neither campaign is final"
            findings.append(Finding(("name",), "duplicate-name", message, "choose another name, or finish one of them"))
        for other in _other(keys.get(definition.get("key", ""), []), record):
            message = f"duplicate key `{definition['key']}`: {other} has it too"
            findings.append(Finding(("key",), "duplicate-key", message, "keep one of the two campaigns"))
        for pointer, run in rules.run_collections(definition):
            for other in _other(runs[run], record):
                message = f"{other} writes to the RUN collection `{run}` too"
                findings.append(Finding(pointer, "shared-run", message, "put {timestamp} into the name"))
        parent = definition.get("derived_from", "").partition("@")[0]
        if parent and parent not in ids:
            hint = "write the full id of the parent"
            findings.append(Finding(("derived_from",), "unknown-parent", f"unknown campaign `{parent}`", hint))
        yield record, findings


def _between_events(records: Sequence[Record]) -> Iterator[tuple[Record, Problem]]:
    """Yield what is wrong between the histories of campaigns: one event in two, one RUN collection written by two."""
    events: dict[str, str] = {}
    runs: dict[str, str] = {}
    for record in records:
        for event in record.history.events if record.history else ():
            owner = events.setdefault(event.id, record.id)
            if owner != record.id:
                message = f"duplicate event {event.id}: it is in {owner} too"
                hint = "remove the line from the campaign that it does not belong to"
                yield record, Problem(event.path, event.line, 3, "duplicate-event", message, hint)
            run = event.data.get("run")
            owner = record.id if run is None else runs.setdefault(run, record.id)
            if owner != record.id:
                message = f"{owner} writes to the RUN collection `{run}` too"
                yield (
                    record,
                    Problem(event.path, event.line, 3, "shared-run", message, "retract the event that is wrong"),
                )


def rewritten(old: Files, new: Files, paths: Iterable[str]) -> Iterator[Problem]:
    """Yield the events of one state of a ledger that a later one removed or changed.

    ``paths`` are the files that differ. A campaign that was removed whole is its remover's affair.
    """
    histories = [path for path in paths if is_history(path)]
    homes = [path for path in histories if path in old.paths and path in new.paths]
    before, after = old.read(homes), new.read(homes)
    for path in homes:
        if after[path].startswith(before[path]):
            continue
        present = {event.id: event for event in parse_events(path, after[path])[0]}
        for event in parse_events(path, before[path])[0]:
            now = present.get(event.id)
            if now is None or now.data != event.data:
                what = "is gone" if now is None else "was changed"
                message = f"the event {event.id} {what}: a history only grows"
                hint = "put the line back; `campledger retract` takes an event back"
                yield Problem(path, now.line if now else 0, 3 if now else 0, "changed-event", message, hint)


def _other(sharing: list[str], record: Record) -> list[str]:
    """Return the first other campaign of those that share something with this one; each reports its own clash."""
    return [one for one in sharing[:2] if one != record.id][:1]


def campaigns_at(ledger: Ledger, paths: Iterable[str]) -> set[str] | None:
    """Return the ids of the campaigns that the paths lie in or hold; None (all) where one concerns the ledger.

    Files beside the ledger's own, such as a README, concern nobody, and neither does what a set holds.
    """
    homes = {directory: name for name, (directory, _) in ledger.directories.items()}
    chosen: set[str] = set()
    for path in paths:
        parts = path.strip("/").split("/")
        above = {homes[home] for home in ("/".join(parts[: n + 1]) for n in range(len(parts))) if home in homes}
        below = {name for home, name in homes.items() if home.startswith(f"{path}/")} if not above else set()
        if above or (below and path != "campaigns"):
            chosen |= above | below
        elif any(CAMPAIGN_ID.fullmatch(part) for part in parts):
            continue  # a campaign that is gone
        elif path in {SETTINGS_FILE, ".", "", "dataids"} or parts[0] == "campaigns":
            return None
        elif parts[0] == "dataids" and path not in ledger.files.paths:
            return None  # a set that is gone, which any campaign may have named
    return chosen
