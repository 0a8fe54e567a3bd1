"""What is wrong with a ledger as a whole: the problems of its files, and those between campaigns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from campledger.documents import strict
from campledger.ledger.reading import DEFINITION, EVENTS, Ledger, Record, locate
from campledger.model import rules, times
from campledger.model.ids import CAMPAIGN_ID
from campledger.problems import Finding, Problem


def check(ledger: Ledger, now: datetime, only: Collection[str] | None = None, *, across: bool = True) -> list[Problem]:
    """Return every problem, or those of the settings and of the campaigns whose ids are in ``only``.

    Campaigns are held against each other unless ``across`` is False; that reads all of them.
    """
    problems = list(ledger.settings_problems)
    if only is None:
        problems += ledger.strays
    records = list(ledger.records(None if across else only))
    chosen = {record.id for record in records} if only is None else set(only)
    for record in records:
        if record.id in chosen:
            problems += record.problems
            problems += _ahead_of_clock(record, now)
    if across:
        for record, findings in _between(records):
            if record.id in chosen and findings:
                problems += _located(ledger, record, findings)
    return sorted(set(problems))


def _located(ledger: Ledger, record: Record, findings: list[Finding]) -> Iterator[Problem]:
    path = record.path(DEFINITION)
    document = strict.read(path, ledger.files.read([path])[path])
    return (locate(document, finding) for finding in findings)


def _ahead_of_clock(record: Record, now: datetime) -> Iterator[Problem]:
    limit = times.recorded(now + times.CLOCK_TOLERANCE)
    for event in record.history.events if record.history else ():
        if event.time > limit:
            message = f"event {event.id} is dated {event.time}, which is still to come"
            yield Problem(record.path(EVENTS), event.line, 3, "event-clock", message, "set the clock of who wrote it")


def _between(records: Iterable[Record]) -> Iterator[tuple[Record, list[Finding]]]:
    """Yield each readable campaign with what is wrong between it and the others."""
    readable = [(record, record.campaign.definition) for record in records if record.campaign]
    ids = {record.id for record, _ in readable}
    names: dict[str, list[str]] = {}
    keys: dict[str, list[str]] = {}
    runs: dict[str, list[str]] = {}
    for record, definition in readable:
        if _is_open(record):
            names.setdefault(definition["name"], []).append(record.id)
        if "key" in definition:
            keys.setdefault(definition["key"], []).append(record.id)
        for run in {run for _, run in rules.run_collections(definition)}:
            runs.setdefault(run, []).append(record.id)
    for sharing in (*names.values(), *keys.values(), *runs.values()):
        sharing.sort()
    for record, definition in readable:
        findings = []
        for other in _other(names[definition["name"]] if _is_open(record) else [], record):
            message = f"{other} has the name `{definition['name']}` too, and neither is final"
            findings.append(Finding(("name",), "duplicate-name", message, "choose another name, or finish one"))
        for other in _other(keys.get(definition.get("key", ""), []), record):
            message = f"{other} has the key `{definition['key']}` too"
            findings.append(Finding(("key",), "duplicate-key", message, "keep one of the two campaigns"))
        for pointer, run in rules.run_collections(definition):
            for other in _other(runs[run], record):
                message = f"{other} writes to the RUN collection `{run}` too"
                findings.append(Finding(pointer, "shared-run", message, "put {timestamp} into the name"))
        parent = definition.get("derived_from", "").partition("@")[0]
        if parent and parent not in ids:
            hint = "parents are named by their full id"
            findings.append(Finding(("derived_from",), "unknown-parent", f"there is no campaign `{parent}`", hint))
        yield record, findings


def _is_open(record: Record) -> bool:
    return record.history is not None and not record.history.state.is_final


def _other(sharing: list[str], record: Record) -> list[str]:
    """Return the first other campaign of those that share something with this one; each reports its own clash."""
    return [one for one in sharing[:2] if one != record.id][:1]


def campaigns_at(ledger: Ledger, paths: Iterable[str]) -> set[str] | None:
    """Return the ids of the campaigns that the paths belong to; None (all) where one concerns the ledger."""
    homes = {directory: name for name, (directory, _) in ledger.directories.items()}
    chosen: set[str] = set()
    for path in paths:
        parts = path.strip("/").split("/")
        found = [homes[home] for home in ("/".join(parts[: n + 1]) for n in range(len(parts))) if home in homes]
        if found:
            chosen.update(found)
        elif len(parts) > 1 and any(CAMPAIGN_ID.fullmatch(part) for part in parts):
            continue  # a campaign that is gone
        else:
            return None
    return chosen
