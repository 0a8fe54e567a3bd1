"""Importing campaigns from a tree of BPS submit files, all of them in one commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from campledger.bps.importer import ImportPlan, PlannedCampaign, PlannedSubmission, ReportLine, plan
from campledger.bps.tree import natural
from campledger.documents import strict
from campledger.documents.lines import format_event
from campledger.documents.writing import SCHEMA_FROM_CAMPAIGN, format_document
from campledger.errors import DataError, RefusedError, UsageError
from campledger.ledger.checks import check
from campledger.ledger.reading import DEFINITION, EVENTS, Ledger
from campledger.model import times
from campledger.model.ids import directory_of, new_campaign_id, random_id
from campledger.model.states import CAMPAIGN_TABLE, State, Transition
from campledger.operations.workspace import Draft, Workspace, write
from campledger.problems import Problem, Severity, report_text
from campledger.repository.trees import Overlay


@dataclass(frozen=True)
class Imported:
    """What an import did, or would do."""

    created: dict[str, PlannedCampaign]
    """New campaigns, by id."""
    known: dict[str, PlannedCampaign]
    """Campaigns that an earlier import made; they are left alone."""
    report: tuple[ReportLine, ...]
    commit: str | None


@dataclass(frozen=True)
class Arrival:
    """In which state the campaigns arrive."""

    state: State = State.DEFINED
    at: datetime | None = None
    reason: str = "imported from BPS submit files"


def import_bps(
    workspace: Workspace, directory: Path, map_file: Path | None, arrival: Arrival, *, dry_run: bool = False
) -> Imported:
    """Read the submit files below a directory and define the campaigns that they amount to.

    Campaigns that were imported before are recognised by their key and left alone. Raise UsageError or DataError
    if directory or map cannot be read, RefusedError if the result would have errors.
    """
    if not directory.is_dir():
        raise UsageError(f"there is no directory {directory}")
    planned = plan(directory, _mapping(map_file))
    result = Imported({}, {}, planned.report, None)
    left_out: list[ReportLine] = []

    def prepare(ledger: Ledger) -> Draft | None:
        ids = _identify(ledger, planned, arrival, result)
        clock = _Clock(workspace.user(ledger), arrival)
        files = _all_files(result.created, ids, clock)
        wrong: list[Problem] = []
        while found := _errors(ledger, files):
            for campaign_id, problems in found.items():
                wrong += problems
                campaign = result.created.pop(campaign_id)
                del ids[campaign.key]
                left_out.extend(_left_out(campaign, problems[0]))
            files = _all_files(result.created, ids, clock)
        if not files:
            if wrong:
                raise RefusedError(f"refused, nothing was changed:\n{report_text(wrong)}")
            return None
        number = len(files)
        subject = f"import {number} campaign{'s' * (number != 1)} from BPS submit files"
        trailers = "".join(f"Campledger-Campaign: {one}\n" for one in files)
        together = {path: content for own in files.values() for path, content in own.items()}
        return Draft(together, f"{subject}\n\n{trailers}", tuple(files), across=True)

    written = write(workspace, prepare, dry_run=dry_run)
    report = tuple(sorted({*result.report, *left_out}, key=lambda line: natural(line.path)))
    return Imported(result.created, result.known, report, written.commit if written else None)


def _all_files(
    campaigns: Mapping[str, PlannedCampaign], ids: Mapping[str, str], clock: _Clock
) -> dict[str, dict[str, bytes | None]]:
    return {one: _files(one, campaign, ids, clock) for one, campaign in campaigns.items()}


def _errors(ledger: Ledger, files: Mapping[str, Mapping[str, bytes | None]]) -> dict[str, list[Problem]]:
    """Return the errors that new campaigns would have, by campaign."""
    together = {path: content for own in files.values() for path, content in own.items()}
    future = Ledger(Overlay(ledger.files, together))
    found: dict[str, list[Problem]] = {}
    for problem in check(future, datetime.now(UTC), tuple(files), across=True):
        owner = next((one for one in files if problem.path.startswith(f"{directory_of(one)}/")), None)
        if problem.severity is Severity.ERROR and owner is not None:
            found.setdefault(owner, []).append(problem)
    return found


def _left_out(campaign: PlannedCampaign, problem: Problem) -> list[ReportLine]:
    """Return a line for each submission of a campaign that cannot be defined, so that none is lost unsaid."""
    message = f"its campaign would have an error: {problem.rule}: {problem.message}"
    return [ReportLine(one.ref, "left out", message, campaign.name) for one in campaign.submissions]


def _mapping(path: Path | None) -> Mapping[str, Any] | None:
    if path is None:
        return None
    try:
        document = strict.read(str(path), path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if document.problems:
        raise DataError(f"the map cannot be read:\n{report_text(document.problems)}")
    if not isinstance(document.value, dict):
        raise DataError(f"{path}:1:1: schema: a map is a mapping")
    return document.value


def _identify(ledger: Ledger, planned: ImportPlan, arrival: Arrival, result: Imported) -> dict[str, str]:
    """Sort the planned campaigns into new and known ones; return the id of each by its key."""
    day = (arrival.at or datetime.now(UTC)).date()
    present = [(record, record.campaign) for record in ledger.records() if record.campaign]
    taken = {campaign.name for record, campaign in present if record.is_open}
    # Of two that have one key, which `check` tells, the newest counts, as it does for `define --key`.
    known = {campaign.definition.get("key"): record.id for record, campaign in reversed(present)}
    ids: dict[str, str] = {}
    for campaign in planned.campaigns:
        existing = known.get(campaign.key)
        if existing is not None:
            ids[campaign.key] = existing
            result.known[existing] = campaign
            continue
        own = campaign if campaign.name not in taken else _renamed(campaign, taken)
        taken.add(own.name)
        ids[campaign.key] = new_campaign_id(day, own.name, campaign.key)
        result.created[ids[campaign.key]] = own
    return ids


def _renamed(campaign: PlannedCampaign, taken: set[str]) -> PlannedCampaign:
    """Return the campaign under a name that is free."""
    names = (f"{campaign.name[:94]}-{number}" for number in count(2))
    name = next(one for one in names if one not in taken)
    return replace(campaign, name=name, definition={**campaign.definition, "name": name})


class _Clock:
    """Stamps the events of an import, one microsecond apart."""

    def __init__(self, by: str, arrival: Arrival):
        self.by = by
        self.arrival = arrival
        self.now = datetime.now(UTC)

    def event(self, own: Mapping[str, Any]) -> dict[str, Any]:
        self.now += timedelta(microseconds=1)
        stamps = {"id": random_id(), "time": times.recorded(self.now)}
        if self.arrival.at is not None:
            stamps["at"] = times.happened(self.arrival.at)
        return {**stamps, "by": self.by, **own}


def _files(
    campaign_id: str, campaign: PlannedCampaign, ids: Mapping[str, str], clock: _Clock
) -> dict[str, bytes | None]:
    definition = {"id": campaign_id, **campaign.definition}
    if campaign.parent_key is not None and campaign.parent_key in ids:
        definition["derived_from"] = ids[campaign.parent_key]
    directory = directory_of(campaign_id)
    files: dict[str, bytes | None] = {f"{directory}/{path}": data for path, data in campaign.files.items()}
    text = format_document(definition, "campaign", SCHEMA_FROM_CAMPAIGN)
    files[f"{directory}/{DEFINITION}"] = text.encode()
    events = "".join(format_event(event) for event in _events(campaign, clock))
    if events:
        files[f"{directory}/{EVENTS}"] = events.encode()
    return files


def _events(campaign: PlannedCampaign, clock: _Clock) -> Iterator[dict[str, Any]]:
    arrival = clock.arrival
    way = way_to(arrival.state)
    ran = way[:1] == [State.RUNNING]
    if ran:
        yield clock.event(status_event(State.DEFINED, State.RUNNING, arrival.reason))
    yield from _submissions(campaign.submissions, clock, "submitted" if ran else "planned")
    state = State.RUNNING if ran else State.DEFINED
    for target in way[1:] if ran else way:
        yield clock.event(status_event(state, target, arrival.reason))
        state = target


def way_to(state: State) -> list[State]:
    """Return the states on the shortest way from defined."""
    ways: dict[State, list[State]] = {State.DEFINED: []}
    rows: Sequence[Transition[State]] = CAMPAIGN_TABLE
    for source in list(State):
        for row in rows:
            if row.source is source and source in ways and row.target not in ways:
                ways[row.target] = [*ways[source], row.target]
    return ways[state]


def status_event(source: State, target: State, reason: str) -> dict[str, str]:
    """Return the own part of the event by which an imported campaign changes its state."""
    return {"type": "status", "from": str(source), "to": str(target), "reason": reason}


def _submissions(submissions: Sequence[PlannedSubmission], clock: _Clock, state: str) -> Iterator[dict[str, Any]]:
    """Yield the submissions' events, parents before those that follow them."""
    ids: dict[str, str] = {}
    waiting = list(submissions)
    while waiting:
        ready = [one for one in waiting if all(parent in ids for parent in one.parents)]
        if not ready:
            raise DataError(f"submissions follow each other in a circle: {', '.join(one.ref for one in waiting)}")
        for one in ready:
            event = clock.event(
                {"type": "submission", "state": state, "relation": one.relation, "groups": list(one.groups)}
                | ({"parents": [ids[parent] for parent in one.parents]} if one.parents else {})
                | {"file": one.file}
                | ({"deviations": one.deviations} if one.deviations else {})
                | ({"text": one.text} if one.text else {})
            )
            ids[one.ref] = event["id"]
            yield event
        waiting = [one for one in waiting if one.ref not in ids]
