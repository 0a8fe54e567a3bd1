"""Commands that follow what happens and say what is to be done: log, todo, whatnext."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.campaign_text import event_line
from campledger.cli.expressions import EXPRESSION_SETTINGS, expression_of, require_words
from campledger.cli.ledger_options import Moment, as_of_commit, as_of_option, clean, coloured, ledger_option, workspace
from campledger.cli.terminal import ago, moment, page
from campledger.model.event_kinds import EVENT_KINDS

if TYPE_CHECKING:
    from campledger.ledger.ledger import Record
    from campledger.model.history import Event
    from campledger.model.todo import Matter
    from campledger.operations.read.todo import Next, Waiting

NEED_COLOURS = {"twice": "red", "failed": "red", "held": "yellow", "decide": "cyan", "paused": "yellow",
                "complete": "green", "late": "red"}  # fmt: skip


def _types(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for value in values for name in value.split(","))
    for name in names:
        if name not in EVENT_KINDS:
            raise click.BadParameter(f"there is no type `{name}`: known are {', '.join(EVENT_KINDS)}", ctx, param)
    return names


@click.command(context_settings=EXPRESSION_SETTINGS)
@click.argument("campaigns", metavar="[CAMPAIGN|EXPRESSION]...", nargs=-1)
@click.option("--by", metavar="PERSON", help="What this person did: a handle, or `me`.")
@click.option("--type", "types", metavar="TYPES", multiple=True, callback=_types, help=f"{', '.join(EVENT_KINDS)}.")
@click.option("--on", metavar="STEP[/GROUP]", help="What is about a step or a group.")
@click.option("--since", type=Moment(), help="What happened from a day or time on (UTC).")
@click.option("--until", type=Moment(end=True), help="What happened until the end of a day, or until a time (UTC).")
@click.option("--limit", type=click.IntRange(1), help="Show this many at the most.")
@click.option("--json", "as_json", is_flag=True, help="Print the events as JSON.")
@as_of_option
@ledger_option
def log(
    campaigns: tuple[str, ...], by: str | None, types: tuple[str, ...], on: str | None, since: datetime | None,
    until: datetime | None, limit: int | None, as_json: bool, as_of: str | None,
) -> None:  # fmt: skip
    """Show what happened to some campaigns, or to all, newest first.

    Words such as state:running or @NAME are an expression, as `campledger list` takes it; others name campaigns. Each
    line has the event's id in front where it is one campaign's: `campledger retract` takes it. An event that does not
    count is marked.

    \b
    Examples:
      campledger log k7mq
      campledger log k7mq --on step1 --type outcome,decision
      campledger log instrument:LSSTCam -kind:nightly --by me --since 2026-11-22
      campledger log --limit 20
    """
    from itertools import islice

    from campledger.model.query import is_term
    from campledger.operations.read import find_campaigns

    require_words(campaigns)
    if since is not None and until is not None and since > until:
        raise click.UsageError("--since is later than --until, and nothing lies between them")
    space = workspace()
    names = [word for word in campaigns if not is_term(word)]
    words = expression_of(tuple(word for word in campaigns if is_term(word)))
    wanted = find_campaigns.Wanted(types, by, on, since, until)
    pairs = list(islice(find_campaigns.log(space, names, words, wanted, revision=as_of_commit(space, as_of)), limit))
    if as_json:
        rows = [{"campaign": record.id, **event.data} for record, event in pairs]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    page(_log_lines(pairs, one=len(names) == 1))
    if not pairs:
        click.echo("nothing happened", err=True)


def _log_lines(pairs: Sequence[tuple[Record, Event]], *, one: bool) -> Iterator[str]:
    counting = {record.id: {event.id for event in record.history.effective} for record, _ in pairs if record.history}
    for record, event in pairs:
        name = event.id if one else record.id
        yield event_line(event, record.history, faulty=event.id not in counting[record.id], name=clean(name))


@click.command(context_settings=EXPRESSION_SETTINGS)
@click.argument("expression", nargs=-1)
@click.option("--me", "mine", is_flag=True, help="Only campaigns that I own or operate.")
@click.option("--limit", type=click.IntRange(1), help="Show this many at the most.")
@click.option("--json", "as_json", is_flag=True, help="Print what waits as JSON.")
@as_of_option
@ledger_option
def todo(expression: tuple[str, ...], mine: bool, limit: int | None, as_json: bool, as_of: str | None) -> None:
    """List what waits for somebody, the most pressing first, each with the commands that settle it.

    That is what was submitted twice, failed, is held or awaits a decision; campaigns that are paused, done, late or due
    to start; what may be submitted; and what has been silent for long. Campaigns of one night come after the others.

    \b
    Examples:
      campledger todo --me
      campledger todo production:data-release -kind:rehearsal
    """
    from campledger.operations.read.todo import what_waits

    space, words = workspace(), expression_of(expression)
    found = what_waits(space, words, mine=mine, revision=as_of_commit(space, as_of))
    shown = found.waiting[:limit]
    if as_json:
        click.echo(json.dumps([_waiting_value(one) for one in shown], indent=2, ensure_ascii=False))
    elif shown:
        page(_todo_lines(shown))
        if len(shown) < len(found.waiting):
            click.echo(f"{len(shown):,} of {len(found.waiting):,}", err=True)
    else:
        click.echo("nothing waits" + (f" for {clean(found.me)}" if found.me is not None else ""))
    for problem in found.unreadable:
        click.echo(f"left out: {clean(problem.as_text())}", err=True)


def _waiting_value(one: Waiting) -> dict[str, Any]:
    campaign = one.campaign
    return {
        "campaign": campaign.id,
        "name": campaign.name,
        "title": campaign.title,
        "state": str(one.history.state),
        "owner": campaign.owner,
        "operators": one.history.operators,
        **_matter_value(one.matter),
    }


def _matter_value(matter: Matter) -> dict[str, Any]:
    return {
        "need": matter.need,
        "words": matter.words,
        "submission": matter.submission or None,
        "since": matter.since or None,
        "commands": matter.commands,
    }


def _todo_lines(waiting: Sequence[Waiting]) -> Iterator[str]:
    for number, one in enumerate(waiting):
        if number:
            yield ""
        owner = f"  {clean(one.campaign.owner)}" if one.campaign.owner else ""
        yield f"{_need(one.matter)}  {click.style(one.campaign.id, bold=True)}{owner}{_since(one.matter)}"
        yield from _matter_lines(one.matter)


def _need(matter: Matter) -> str:
    return click.style(f"{matter.need:8}", fg=NEED_COLOURS.get(matter.need))


def _since(matter: Matter) -> str:
    """Return since when something waits; of a plan's date there is only the day, which the words say."""
    if len(matter.since) <= len("2026-11-22"):
        return ""
    return f"  since {matter.since[:16].replace('T', ' ')}" + (f" ({age})" if (age := ago(matter.since)) else "")


def _matter_lines(matter: Matter) -> Iterator[str]:
    yield f"  {' '.join(clean(matter.words).split())}"
    yield from (f"    {clean(command)}" for command in matter.commands)


@click.command()
@click.argument("campaign")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@as_of_option
@ledger_option
def whatnext(campaign: str, as_json: bool, as_of: str | None) -> None:
    """Say what may be done with a campaign now: decisions, steps and groups to submit, changes of its state.

    \b
    Example:
      campledger whatnext k7mq
    """
    from campledger.operations.read.todo import what_next

    space = workspace()
    found = what_next(space, campaign, as_of_commit(space, as_of))
    if as_json:
        click.echo(json.dumps(_next_value(found), indent=2, ensure_ascii=False))
    else:
        page(_next_lines(found))


def _next_value(found: Next) -> dict[str, Any]:
    return {
        "campaign": found.campaign.id,
        "state": str(found.history.state),
        "decide": [_matter_value(one) for one in found.deciding],
        "submit": [{**_matter_value(one), "groups": list(one.groups)} for one in found.ready],
        "under_way": [_matter_value(one) for one in found.under_way],
        "later": [{"step": step, "waits_for": missing} for step, missing in found.later],
        "acts": [{"act": row.act, "to": str(row.target), "command": one.command} for row, one in found.acts],
        "withheld": [{"act": act, "why": why} for act, why in found.withheld],
    }


def _next_lines(found: Next) -> Iterator[str]:
    history = found.history
    since = f" since {moment(history.since.at)}" if history.since else ""
    yield click.style(clean(found.campaign.title), bold=True)
    yield f"{found.campaign.id}  {coloured(str(history.state))}{since}"
    if found.deciding:
        yield from ("", "waits for somebody:")
    for one in found.deciding:
        yield from _matter_lines(one)
    if found.ready:
        yield from ("", "may be submitted:")
    for one in found.ready:
        yield from _matter_lines(one)
    if found.under_way:
        yield from ("", "under way:")
    for one in found.under_way:
        yield from _matter_lines(one)
    if found.later:
        yield from ("", "may not run yet:")
    for step, missing in found.later:
        why = f"after {', '.join(missing)}" if missing else f"the campaign is {history.state}"
        yield f"  {step}: {why}"
    yield from ("", "its state may change:")
    width = max((len(row.target) for row, _ in found.acts), default=0)
    yield from (f"  to {row.target:{width}}  {one.command}" for row, one in found.acts)
    yield from (f"  no {act}: {clean(why)}" for act, why in found.withheld)


COMMANDS: list[click.Command] = [log, todo, whatnext]
