"""What all acts share: how one is entered, what it returns, and the places and reasons that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campledger.errors import RefusedError, UsageError
from campledger.ledger.ledger import Record
from campledger.ledger.settings import SETTINGS_FILE
from campledger.model import times
from campledger.model.campaign import Campaign
from campledger.model.history import Event, History
from campledger.model.ids import event_id, random_id
from campledger.model.progress import Progress
from campledger.model.states import (
    State,
)
from campledger.model.text_format import counted, spans
from campledger.operations.write.staging import StagedLedger
from campledger.suggestions import did_you_mean


@dataclass(frozen=True)
class Act:
    """What was done, for the command line to tell."""

    campaign: str
    event: Mapping[str, Any]
    state: State
    """The campaign's state after it."""
    made_before: bool = False
    """Whether its key had made it before, and nothing was staged."""
    remarks: tuple[str, ...] = ()
    """What is allowed, and yet may be a slip."""


@dataclass(frozen=True)
class How:
    """How an act is entered."""

    at: datetime | None = None
    """When it happened, if that was not now."""
    key: str | None = None
    """What makes it idempotent: of the acts that have one key, the first one counts."""
    random: str = field(default_factory=random_id)
    """Identity of its event where there is no key; the same however often the act is made again."""

    @property
    def identity(self) -> str:
        """Identity of its event."""
        return event_id(self.key) if self.key else self.random


def key_of(act: str, key: str | None) -> str | None:
    """Return the key of an act by its name: each kind of act has keys of its own."""
    return f"{act} {key}" if key else None


def made_before(staged: StagedLedger, record: Record, how: How) -> Act | None:
    """Return the act that the key has made already, if there is one."""
    if how.key is None:
        return None
    history = history_of(record)
    known = next((event for event in history.events if event.id == how.identity), None)
    if known is not None:
        return Act(record.id, known.data, history.state, made_before=True)
    elsewhere = [one for one in staged.recorded(how.identity) if one != record.id]
    if elsewhere:
        raise RefusedError(
            f"the key was used for an act on {elsewhere[0]} already: an act of another campaign needs its own"
        )
    return None


def append_event(
    staged: StagedLedger,
    record: Record,
    own: Mapping[str, Any],
    subject: str,
    how: How,
    remarks: tuple[str, ...] = (),
) -> Act:
    """Stage an act's event, and return the act with what may be a slip about it, beside the remarks there are."""
    event = staged.append(record, own, subject, at=how.at, identity=how.identity)
    remarks += tuple(_remarks(record, event))
    if not staged.settings.document:
        remarks += (f"{SETTINGS_FILE} cannot be used, so nobody has a handle: `campledger check` says why",)
    return Act(record.id, event, history_of(staged.record(record.id)).state, remarks=remarks)


def campaign_of(record: Record) -> Campaign:
    """Return a campaign's definition. Raise RefusedError where it cannot be read."""
    if record.campaign is None:
        raise RefusedError(f"{record.id} cannot be read: `campledger check {record.directory}` tells why")
    return record.campaign


def history_of(record: Record) -> History:
    """Return a campaign's history; an empty one where it has none."""
    return record.history or History()


def _remarks(record: Record, event: Mapping[str, Any]) -> Iterator[str]:
    """Yield what may be a slip about an event that follows on a campaign as it is."""
    campaign, history = campaign_of(record), history_of(record)
    before = _followed(history, event)
    if "at" in event and before is not None and times.parse(event["at"]) < times.parse(before.at):
        yield f"--at is earlier than what it follows, of {before.at[:16].replace('T', ' ')} UTC"
    if event["type"] == "submission":
        names = {place.partition("/")[0] for place in event["groups"]}
        for step in (one for one in campaign.steps if one.name in names and one.prerequisites):
            missing = Progress(campaign, history).missing(step)
            if missing:
                verb = "is" if len(missing) == 1 else "are"
                yield f"{step.name} is to run after {' and '.join(missing)}, which {verb} not accepted yet"
    if event.get("to") == State.COMPLETED:
        progress = Progress(campaign, history)
        if progress.under_way:
            yield f"{counted(len(progress.under_way), 'submission is', 'submissions are')} still under way"
        undone = len(progress.states) - progress.accepted
        if undone:
            yield f"{counted(undone, 'group is', 'groups are')} not accepted, of {len(progress.states):,}"


def _followed(history: History, event: Mapping[str, Any]) -> Event | None:
    """Return the latest event that must precede this one."""
    if event["type"] in {"status", "submission"}:
        return history.since
    submission = history.submissions.get(event.get("submission", ""))
    return submission.events[-1] if submission is not None else None


def given(**facts: Any) -> dict[str, Any]:
    """Return the facts that are there."""
    return {name: value for name, value in facts.items() if value}


def with_reason(subject: str, reason: str | None) -> str:
    """Return the subject of a commit with the reason behind it, where there is one."""
    return f"{subject}: {reason}" if reason else subject


def on_place(record: Record, place: str | None) -> dict[str, str]:
    """Return the key `on` of an event, where it is about a step or group. Raise UsageError for an unknown one."""
    if place is None:
        return {}
    groups_at(record, [place])
    return {"on": place}


def groups_at(record: Record, places: Sequence[str]) -> list[str]:
    """Return the groups that steps, or STEP/GROUP, name. Raise UsageError for an unknown one."""
    campaign = campaign_of(record)
    groups: list[str] = []
    for place in places:
        found = campaign.groups_of(place)
        if not found:
            raise UsageError(
                f"{record.id} has no step or group `{place}`: {_places_near(campaign, place)}", value=place
            )
        groups += [group for group in found if group not in groups]
    return groups


def _places_near(campaign: Campaign, place: str) -> str:
    """Return what may have been meant by a place that there is not, or what there is."""
    near = did_you_mean(place, [*(step.name for step in campaign.steps), *campaign.groups], 0.85)
    step = next((one for one in campaign.steps if one.name == place.partition("/")[0]), None)
    if step is not None:
        return f"the groups of {step.name} are {spans(one.name for one in step.groups)}"
    if near:
        return near
    if not campaign.steps:
        return f"it has no steps; add them with `campledger edit {campaign.id}`"
    return f"its steps are {spans(step.name for step in campaign.steps)}"
