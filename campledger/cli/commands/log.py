"""Show what happened."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from campledger.cli.campaign_text import event_line
from campledger.cli.expressions import EXPRESSION_SETTINGS, expression_of, require_words
from campledger.cli.ledger_options import as_of_commit, as_of_option, ledger_option, workspace
from campledger.cli.parameter_types import Moment
from campledger.cli.printing import clean
from campledger.cli.terminal import page
from campledger.model.event_kinds import EVENT_KINDS

if TYPE_CHECKING:
    from campledger.ledger.ledger import Record
    from campledger.model.history import Event


def _types(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for value in values for name in value.split(","))
    for name in names:
        if name not in EVENT_KINDS:
            raise click.BadParameter(f"unknown type `{name}`: expected one of {', '.join(EVENT_KINDS)}", ctx, param)
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
    wanted = find_campaigns.EventFilter(types, by, on, since, until)
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


COMMANDS = (log,)
