"""Commands that follow a campaign: each appends one event and commits it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import Moment, Words, clean
from campledger.cli.write_options import WriteOptions, commit_words, print_json, write_options
from campledger.model.states import CAMPAIGN_ACTS, CAMPAIGN_TABLE, OUTCOMES
from campledger.model.vocabulary import DEVIATIONS, LINK_TYPES, RELATIONS

if TYPE_CHECKING:
    from campledger.operations.acts import Act, How
    from campledger.operations.write.staging import StagedLedger
    from campledger.operations.write.writing import Writing


def act_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that appends an event; the command gets them together, as ``entry``."""

    @functools.wraps(command)
    def entered(*, at: datetime | None, key: str | None, options: WriteOptions, **given: Any) -> Any:
        return command(entry=Entry(at, key, options), **given)

    result = write_options()(entered)
    for option in (
        click.option("--key", type=Words(), help="Make the act once for this key, however often it is asked for."),
        click.option("--at", type=Moment(), help="When it happened, if not now (UTC): 2026-11-22T08:00."),
    ):
        result = option(result)
    return result


@dataclass(frozen=True)
class Entry:
    """How an act is entered: when it happened, its key, and how it is written."""

    at: datetime | None
    key: str | None
    options: WriteOptions

    def make(self, act: Callable[[StagedLedger, How], Act]) -> None:
        """Make an act, write it, and tell what came of it."""
        from campledger.operations.acts import How, key_of

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


def _state_command(name: str) -> click.Command:
    about = CAMPAIGN_ACTS[name].about
    rows = [row for row in CAMPAIGN_TABLE if row.act == name]
    reason = any(row.needs_reason for row in rows)
    example = ' --reason "file system trouble"' if reason else ""
    sources = ", ".join(row.source for row in rows)

    @click.command(
        name,
        short_help=about,
        help=f"{about}\n\nFrom {sources} to {rows[0].target}.\n\n\b\nExample:\n  campledger {name} k7mq{example}",
    )
    @click.argument("campaign")
    @click.option("--reason", required=reason, type=Words(), help="Why, in words.")
    @act_options
    def command(campaign: str, reason: str | None, entry: Entry) -> None:
        from campledger.operations.acts import change_state

        entry.make(lambda staged, how: change_state(staged, campaign, name, reason, how))

    return command


@click.command()
@click.argument("campaign")
@click.argument("text", type=Words())
@click.option("--on", metavar="STEP[/GROUP]", help="The step or group that it is about.")
@act_options
def note(campaign: str, text: str, on: str | None, entry: Entry) -> None:
    """Write down something to remember.

    TEXT is Markdown. A note can be written in every state of the campaign.

    \b
    Example:
      campledger note k7mq "detector 53 is noisy since midnight" --on step1
    """
    from campledger.operations.acts import note as operation

    entry.make(lambda staged, how: operation(staged, campaign, text, on, how))


@click.command()
@click.argument("campaign")
@click.argument("url")
@click.option(
    "--type", "kind", default="other", show_default=True,
    type=click.Choice(LINK_TYPES), help="What is behind it.",
)  # fmt: skip
@click.option("--title", help="One line for people.")
@click.option("--on", metavar="STEP[/GROUP]", help="The step or group that it is about.")
@act_options
def link(campaign: str, url: str, kind: str, title: str | None, on: str | None, entry: Entry) -> None:
    """Link a page to a campaign.

    URL is an http or https address without a password.

    \b
    Example:
      campledger link k7mq https://panda.example.org/task/1234 --type monitor
    """
    from campledger.operations.acts import link as operation

    target = {"type": kind, "url": url} | ({"title": title} if title else {})
    entry.make(lambda staged, how: operation(staged, campaign, target, on, how))


def _assign_command(name: str, about: str) -> click.Command:
    @click.command(
        name,
        help=f"{about}\n\nPERSON is a handle, or `me`.\n\n\b\nExample:\n  campledger {name} k7mq vrubin --on step1",
    )
    @click.argument("campaign")
    @click.argument("person")
    @click.option("--on", metavar="STEP[/GROUP]", help="The step or group, if not the whole campaign.")
    @act_options
    def command(campaign: str, person: str, on: str | None, entry: Entry) -> None:
        from campledger.operations.acts import assign

        remove = name == "unassign"
        entry.make(lambda staged, how: assign(staged, campaign, person, on, how, remove=remove))

    return command


def _counts(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    counts = {}
    for value in values:
        key, _, number = value.rpartition("=")
        if not key or not number.isdecimal() or len(number) > 18:
            raise click.BadParameter(f"`{value}` is not NAME=NUMBER", ctx, param)
        counts[key] = int(number)
    return counts


def _deviations(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    deviations = {}
    for value in values:
        key, equals, text = value.partition("=")
        if key not in DEVIATIONS or not equals:
            raise click.BadParameter(f"`{value}` is not WHAT=TEXT with WHAT of {', '.join(DEVIATIONS)}", ctx, param)
        deviations[key] = text
    return deviations


_run_id = click.option("--run-id", help="The workflow system's identifier of the run.")
_run = click.option("--run", "run_collection", metavar="COLLECTION", help="The RUN collection that it writes.")
_submit_dir = click.option("--submit-dir", metavar="DIR", help="The BPS submit directory.")
_wms = click.option("--wms", metavar="NAME", help="The workflow-management system or class.")


@click.command()
@click.argument("campaign")
@click.argument("places", metavar="STEP[/GROUP]...", nargs=-1, required=True)
@_run_id
@_run
@_submit_dir
@_wms
@click.option("--file", metavar="PATH", help="The BPS submit file, in the campaign's directory.")
@click.option(
    "--relation", type=click.Choice(RELATIONS),
    help="What it is to the submissions before it.  [default: first, or rescue with --parent]",
)  # fmt: skip
@click.option(
    "--parent",
    "parents",
    metavar="SUBMISSION",
    multiple=True,
    help="A submission that it follows; repeat for several.",
)
@click.option("--planned", is_flag=True, help="It is only planned yet.")
@click.option(
    "--deviation", "deviations", metavar="WHAT=TEXT", multiple=True, callback=_deviations,
    help=f"Where it differs from the definition: {', '.join(DEVIATIONS)}; repeat for several.",
)  # fmt: skip
@click.option("--text", help="Anything else, in words.")
@act_options
def record(
    campaign: str,
    places: tuple[str, ...],
    run_collection: str | None,
    relation: str | None,
    parents: tuple[str, ...],
    planned: bool,
    entry: Entry,
    **facts: Any,
) -> None:
    """Record a submission made by hand: a BPS run of a step, or of some of its groups.

    A step without a group means all its groups.

    \b
    Examples:
      campledger record k7mq step1 --run-id 4242 --submit-dir submit/u/vrubin/20261122T080000Z
      campledger record k7mq step1/7 --relation rescue --run-id 4243 --deviation memory=16384
    """
    from campledger.operations.acts import Run, record_run

    known = {key: value for key, value in {**facts, "run": run_collection}.items() if value}
    run = Run(places, relation, parents, planned, known)
    entry.make(lambda staged, how: record_run(staged, campaign, run, how))


@click.command()
@click.argument("submission")
@click.argument("what", type=click.Choice(list(OUTCOMES)))
@click.option("--jobs", metavar="STATE=N", multiple=True, callback=_counts, help="Number of jobs in a state; repeat.")
@click.option(
    "--quanta",
    metavar="STATE=N",
    multiple=True,
    callback=_counts,
    help="Number of quanta in a state; repeat.",
)
@click.option("--failures", metavar="TASK=N", multiple=True, callback=_counts, help="Failed quanta of a task; repeat.")
@_run_id
@_run
@_submit_dir
@_wms
@click.option("--reason", type=Words(), help="Why, in words; needed to cancel.")
@act_options
def outcome(
    submission: str,
    what: str,
    run_collection: str | None,
    entry: Entry,
    **facts: Any,
) -> None:
    """Record what the workflow system says of a submission.

    SUBMISSION is the beginning of its id, or its run id. Whether the result is good enough is for `accept` and
    `reject` to say.

    \b
    Examples:
      campledger outcome 4242 succeeded --jobs succeeded=1200 --quanta succeeded=30000
      campledger outcome x9r4 failed --jobs succeeded=1190 --jobs failed=10 --failures isr=10
    """
    from campledger.operations.acts import outcome as operation

    state, result = OUTCOMES[what]
    known = {key: value for key, value in {**facts, "run": run_collection, "result": result}.items() if value}
    entry.make(lambda staged, how: operation(staged, submission, state, known, how))


def _decision_command(name: str, about: str, example: str) -> click.Command:
    @click.command(
        name,
        help=f"{about}\n\nSUBMISSION is the beginning of its id, or its run id.\n\n\b\nExample:\n  {example}",
    )
    @click.argument("submission")
    @click.option("--reason", required=name == "reject", type=Words(), help="Why, in words.")
    @act_options
    def command(submission: str, reason: str | None, entry: Entry) -> None:
        from campledger.operations.acts import decide

        entry.make(lambda staged, how: decide(staged, submission, f"{name}ed", reason, how))

    return command


@click.command()
@click.argument("event")
@click.option("--reason", required=True, type=Words(), help="Why, in words.")
@act_options
def retract(event: str, reason: str, entry: Entry) -> None:
    """Take back an event that was wrong; it stays in the history, and does not count.

    EVENT is the beginning of its id, as `campledger log CAMPAIGN` shows it.

    \b
    Example:
      campledger retract k7mq2x --reason "meant the other campaign"
    """
    from campledger.operations.acts import retract as operation

    entry.make(lambda staged, how: operation(staged, event, reason, how))


@click.command()
@click.argument("campaign")
@click.option("--drop", metavar="EVENT", multiple=True, help="An event that loses.  [default: those that do not fit]")
@click.option("--reason", required=True, type=Words(), help="Why, in words.")
@act_options
def reconcile(campaign: str, drop: tuple[str, ...], reason: str, entry: Entry) -> None:
    """Settle a fork, where two branches both changed a campaign and were merged.

    The events that lose stay in the history, and do not count.

    \b
    Example:
      campledger reconcile k7mq --reason "the pause was right, the completion premature"
    """
    from campledger.operations.acts import reconcile as operation

    entry.make(lambda staged, how: operation(staged, campaign, drop, reason, how))


CHANGES = [_state_command(name) for name in CAMPAIGN_ACTS]
"""Commands that change a campaign's state."""

RECORDS = [
    record,
    outcome,
    _decision_command("accept", "Say that what became of a submission is good enough.", "campledger accept x9r4"),
    _decision_command(
        "reject",
        "Say that what became of a submission is not good enough.",
        'campledger reject x9r4 --reason "half the detectors are missing"',
    ),
    note,
    link,
    _assign_command("assign", "Make somebody an operator of a campaign, a step or a group."),
    _assign_command("unassign", "Say that somebody no longer operates a campaign, a step or a group."),
    retract,
    reconcile,
]
"""Commands that record something else, in the order in which the help lists them."""

COMMANDS = [*CHANGES, *RECORDS]
