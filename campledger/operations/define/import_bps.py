"""Importing campaigns from a tree of BPS submit files, all of them in one commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from campledger.bps.importer import ImportPlan, PlannedCampaign, PlannedSubmission, ReportLine, plan
from campledger.bps.tree import natural
from campledger.documents import strict
from campledger.documents.writing import SCHEMA_FROM_CAMPAIGN, format_document
from campledger.errors import DataError, RefusedError, UsageError
from campledger.ledger.checks import check
from campledger.ledger.ledger import DEFINITION, Ledger
from campledger.model.ids import directory_of, new_campaign_id
from campledger.model.states import CAMPAIGN_TABLE, State, Transition
from campledger.model.text_format import counted
from campledger.operations.write.staging import StagedLedger, refused
from campledger.operations.write.writing import Writing
from campledger.problems import Problem, Severity, report_text


@dataclass(frozen=True)
class Imported:
    """What an import did, or would do."""

    created: dict[str, PlannedCampaign]
    """New campaigns, by id."""
    known: dict[str, PlannedCampaign]
    """Campaigns that an earlier import made; they are left alone."""
    report: tuple[ReportLine, ...]


@dataclass(frozen=True)
class Arrival:
    """In which state the campaigns arrive."""

    state: State = State.DEFINED
    at: datetime | None = None
    reason: str = "imported from BPS submit files"


def import_bps(writing: Writing, directory: Path, map_file: Path | None, arrival: Arrival) -> Imported:
    """Read the submit files below a directory and define the campaigns that they amount to.

    Campaigns that were imported before are recognised by their key and left alone. Raise UsageError or DataError
    if directory or map cannot be read, RefusedError if the result would have errors.
    """
    if not directory.is_dir():
        raise UsageError(f"directory not found: {directory}")
    planned = plan(directory, _mapping(map_file))
    result = Imported({}, {}, planned.report)
    left_out: list[ReportLine] = []
    with writing.stage() as staged:
        ids = _identify(staged, planned, arrival, result)
        wrong: list[Problem] = []
        start = staged.mark
        while found := _stage(staged, result.created, ids, arrival):
            staged.undo_to(start)
            for campaign_id, problems in found.items():
                wrong += problems
                campaign = result.created.pop(campaign_id)
                del ids[campaign.key]
                left_out.extend(_left_out(campaign, problems[0]))
        if wrong and not result.created:
            raise refused(wrong)
        writing.message = f"import {counted(len(result.created), 'campaign')} from BPS submit files"
    report = tuple(sorted({*result.report, *left_out}, key=lambda line: natural(line.path)))
    return replace(result, report=report)


def _stage(
    staged: StagedLedger, campaigns: Mapping[str, PlannedCampaign], ids: Mapping[str, str], arrival: Arrival
) -> dict[str, list[Problem]]:
    """Stage campaigns with their histories; return the errors that they would have, by campaign."""
    found: dict[str, list[Problem]] = {}
    for campaign_id, campaign in campaigns.items():
        files = _files(campaign_id, campaign, ids)
        definition = f"{directory_of(campaign_id)}/{DEFINITION}"
        staged.define(campaign_id, definition, files, f"define {campaign.name}")
        errors = staged.record(campaign_id).errors
        if errors:
            found[campaign_id] = errors
            continue
        try:
            _stage_events(staged, campaign_id, campaign, arrival)
        except RefusedError as error:
            found[campaign_id] = list(error.problems)
    return found or _between(staged, campaigns)


def _between(staged: StagedLedger, campaigns: Mapping[str, PlannedCampaign]) -> dict[str, list[Problem]]:
    """Return the errors between campaigns, such as a RUN collection that two of them write to."""
    found: dict[str, list[Problem]] = {}
    for problem in check(staged, datetime.now(UTC), tuple(campaigns), across=True):
        owner = next((one for one in campaigns if problem.path.startswith(f"{directory_of(one)}/")), None)
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


def _files(campaign_id: str, campaign: PlannedCampaign, ids: Mapping[str, str]) -> dict[str, bytes]:
    definition = {"id": campaign_id, **campaign.definition}
    if campaign.parent_key is not None and campaign.parent_key in ids:
        definition["derived_from"] = ids[campaign.parent_key]
    directory = directory_of(campaign_id)
    files = {f"{directory}/{path}": data for path, data in campaign.files.items()}
    text = format_document(definition, "campaign", SCHEMA_FROM_CAMPAIGN)
    return {**files, f"{directory}/{DEFINITION}": text.encode()}


def _stage_events(staged: StagedLedger, campaign_id: str, campaign: PlannedCampaign, arrival: Arrival) -> None:
    """Stage what happened to a campaign: it ran where its state says so, with its submissions."""

    def append(own: Mapping[str, Any], subject: str) -> str:
        return str(staged.append(staged.record(campaign_id), own, subject, at=arrival.at)["id"])

    way = way_to(arrival.state)
    ran = way[:1] == [State.RUNNING]
    if ran:
        append(status_event(State.DEFINED, State.RUNNING, arrival.reason), f"{campaign.name} is running")
    ids: dict[str, str] = {}
    for one in _parents_first(campaign.submissions):
        own: dict[str, Any] = {
            "type": "submission",
            "state": "submitted" if ran else "planned",
            "relation": one.relation,
            "parents": [ids[parent] for parent in one.parents],
            "groups": list(one.groups),
            "file": one.file,
            "deviations": one.deviations,
            "text": one.text,
        }
        given = {name: value for name, value in own.items() if value}
        ids[one.ref] = append(given, f"{one.relation} run of {', '.join(one.groups)} in {campaign.name}")
    state = State.RUNNING if ran else State.DEFINED
    for target in way[1:] if ran else way:
        append(status_event(state, target, arrival.reason), f"{campaign.name} is {target}")
        state = target


def way_to(state: State) -> list[State]:
    """Return the states on the shortest way from defined."""
    ways: dict[State, list[State]] = {State.DEFINED: []}
    rows: Sequence[Transition[State]] = CAMPAIGN_TABLE
    reached = [State.DEFINED]
    for source in reached:
        for row in rows:
            if row.source is source and row.target not in ways:
                ways[row.target] = [*ways[source], row.target]
                reached.append(row.target)
    return ways[state]


def status_event(source: State, target: State, reason: str) -> dict[str, str]:
    """Return the own part of the event by which an imported campaign changes its state."""
    return {"type": "status", "from": str(source), "to": str(target), "reason": reason}


def _parents_first(submissions: Sequence[PlannedSubmission]) -> Iterator[PlannedSubmission]:
    """Yield submissions after those that they follow."""
    known: set[str] = set()
    waiting = list(submissions)
    while waiting:
        ready = [one for one in waiting if known.issuperset(one.parents)]
        if not ready:
            raise DataError(f"submissions follow each other in a circle: {', '.join(one.ref for one in waiting)}")
        yield from ready
        known |= {one.ref for one in ready}
        waiting = [one for one in waiting if one.ref not in known]
