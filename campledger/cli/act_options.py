"""Options of every command that appends an event, and how its result is told."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.parameter_types import Moment, Words
from campledger.cli.printing import clean
from campledger.cli.write_options import WriteOptions, commit_words, print_json, write_options

if TYPE_CHECKING:
    from campledger.operations.acts.act import Act, How
    from campledger.operations.write.staging import StagedLedger
    from campledger.operations.write.writing import Writing


def act_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that appends an event; the command gets them together, as ``entry``."""

    @functools.wraps(command)
    def entered(*, at: datetime | None, key: str | None, options: WriteOptions, **given: Any) -> Any:
        return command(entry=ActOptions(at, key, options), **given)

    result = write_options()(entered)
    for option in (
        click.option("--key", type=Words(), help="Make the act once for this key, however often it is asked for."),
        click.option("--at", type=Moment(), help="When it happened, if not now (UTC): 2026-11-22T08:00."),
    ):
        result = option(result)
    return result


@dataclass(frozen=True)
class ActOptions:
    """How an act is entered: when it happened, its key, and how it is written."""

    at: datetime | None
    key: str | None
    options: WriteOptions

    def make(self, act: Callable[[StagedLedger, How], Act]) -> None:
        """Make an act, write it, and tell what came of it."""
        from campledger.operations.acts.act import How, key_of

        how = How(self.at, key_of(str(click.get_current_context().info_name), self.key))
        writing = self.options.writing()
        with writing.stage() as staged:
            done = act(staged, how)
        if self.options.as_json:
            result = {"campaign": done.campaign, "state": str(done.state), "event": done.event}
            print_json(writing, {**result, "remarks": list(done.remarks)})
        else:
            _tell(done, writing)


def _tell(done: Act, writing: Writing) -> None:
    from campledger.model.event_kinds import describe
    from campledger.model.history import Event

    verb = "would have" if writing.dry_run and not done.made_before else "has"
    click.echo(clean(f"{done.campaign}: {describe(Event(done.event))}"))
    told = ", made before" if done.made_before else commit_words(writing)
    click.echo(f"  it {verb} the state {done.state}; event {done.event['id']}{told}")
    for remark in done.remarks:
        click.echo(f"note: {clean(remark)}", err=True)
    if writing.dry_run:
        from campledger.documents.lines import format_event

        click.echo(f"  {format_event(done.event)}", nl=False)
    elif following := _next(done):
        click.echo(f"next: {following}")


def _next(done: Act) -> str | None:
    """Return the command that comes next after an act, where there is one."""
    event = done.event
    match event["type"]:
        case "submission":
            return f"campledger outcome {event['id']} {'submitted' if event['state'] == 'planned' else 'succeeded'}"
        case "outcome" if event["state"] == "ended":
            return f"campledger accept {event['submission']}, or reject"
        case "status" | "decision" | "reconciled":
            return f"campledger whatnext {done.campaign}"
    return None
