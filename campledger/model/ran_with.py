"""With what a submission ran, by its pins, and beside that what its campaign's definition says now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campledger.model.campaign import Campaign
from campledger.model.history import Submission
from campledger.model.text_format import counted

NOT_RECORDED = "with what it ran: not recorded"


@dataclass(frozen=True)
class RanWith:
    """The pins of a submission, compared with the definition of its groups as it is now."""

    pins: Mapping[str, Any]
    stack_now: tuple[str, ...]
    is_as_defined: bool
    """Whether the definition in force for its groups is what it ran with; files and sets do not count here."""

    @property
    def stack(self) -> tuple[str, ...]:
        """The tags of the Science Pipelines that it ran with."""
        return tuple(self.pins.get("stack", ()))

    @property
    def words(self) -> str:
        """With what it ran, and what has changed since, in words."""
        now = ", ".join(self.stack_now) or "no stack"
        then = f"ran with {', '.join(self.stack)}" if self.stack else "ran without a stack"
        if set(self.stack) != set(self.stack_now):
            return f"{then}; now {now}"
        return then if self.is_as_defined else f"{then}; the definition has changed since"


def ran_with(campaign: Campaign, submission: Submission) -> RanWith | None:
    """Return with what a submission ran; None where that is not recorded."""
    pins = submission.facts.get("pins")
    if pins is None:
        return None
    groups = [path for path in submission.groups if path in campaign.groups]
    same = bool(groups) and campaign.digest(groups) == pins["definition"]
    return RanWith(pins, tuple(campaign.stacks_of(groups)), same)


def overtaken(before: Campaign, after: Campaign, submissions: Iterable[Submission]) -> list[str]:
    """Return, in words, how many groups ran with something else than a change of the definition makes of them."""
    found: dict[str, set[str]] = {}
    for one in (one for one in submissions if one.stands):
        ran = ran_with(after, one)
        for path in one.groups_in_force if ran is None or not ran.is_as_defined else ():
            if path in before.groups and path in after.groups and before.digest([path]) != after.digest([path]):
                found.setdefault(_otherwise(ran, after.stacks_of([path])), set()).add(path)
    return [f"{counted(len(groups), 'group')} {words}" for words, groups in sorted(found.items())]


def _otherwise(ran: RanWith | None, now: Sequence[str]) -> str:
    if ran is None:
        return "ran before this change, and with what is not recorded"
    is_same = not ran.stack or bool(set(now) & set(ran.stack))
    return "ran with another definition" if is_same else f"ran with {', '.join(ran.stack)}"


def pinned_sets(pins: Mapping[str, Any]) -> list[str]:
    """Return the sets that pins name, in words: purpose, name, members, beginning of the digest."""
    sets = pins.get("sets", ())
    return [f"{one['purpose']} {one['name']}, {one['count']:,} members, {one['digest'][:15]}" for one in sets]
