"""Record a submission."""

from __future__ import annotations

from typing import Any

import click

from campledger.cli.act_options import ActOptions, act_options
from campledger.cli.run_options import run_collection_option, run_id_option, submit_dir_option, wms_option
from campledger.model.vocabulary import DEVIATIONS, RELATIONS


def _deviations(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    deviations = {}
    for value in values:
        key, equals, text = value.partition("=")
        if key not in DEVIATIONS or not equals:
            raise click.BadParameter(f"`{value}` is not WHAT=TEXT with WHAT of {', '.join(DEVIATIONS)}", ctx, param)
        deviations[key] = text
    return deviations


@click.command()
@click.argument("campaign")
@click.argument("places", metavar="STEP[/GROUP]...", nargs=-1, required=True)
@run_id_option
@run_collection_option
@submit_dir_option
@wms_option
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
    entry: ActOptions,
    **facts: Any,
) -> None:
    """Record a submission made by hand: a BPS run of a step, or of some of its groups.

    A step without a group means all its groups.

    \b
    Examples:
      campledger record k7mq step1 --run-id 4242 --submit-dir submit/u/vrubin/20261122T080000Z
      campledger record k7mq step1/7 --relation rescue --run-id 4243 --deviation memory=16384
    """
    from campledger.operations.acts.submissions import Run, record_run

    known = {key: value for key, value in {**facts, "run": run_collection}.items() if value}
    run = Run(places, relation, parents, planned, known)
    entry.make(lambda staged, how: record_run(staged, campaign, run, how))


COMMANDS = (record,)
