"""Record the outcome of a submission."""

from __future__ import annotations

from typing import Any

import click

from campledger.cli.act_options import ActOptions, act_options
from campledger.cli.parameter_types import Words
from campledger.cli.run_options import run_collection_option, run_id_option, submit_dir_option, wms_option
from campledger.model.states import OUTCOMES


def _counts(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    counts = {}
    for value in values:
        key, _, number = value.rpartition("=")
        if not key or not number.isdecimal() or len(number) > 18:
            raise click.BadParameter(f"`{value}` is not NAME=NUMBER", ctx, param)
        counts[key] = int(number)
    return counts


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
@run_id_option
@run_collection_option
@submit_dir_option
@wms_option
@click.option("--reason", type=Words(), help="Why, in words; needed to cancel.")
@act_options
def outcome(
    submission: str,
    what: str,
    run_collection: str | None,
    entry: ActOptions,
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
    from campledger.operations.acts.submissions import outcome as operation

    state, result = OUTCOMES[what]
    known = {key: value for key, value in {**facts, "run": run_collection, "result": result}.items() if value}
    entry.make(lambda staged, how: operation(staged, submission, state, known, how))


COMMANDS = (outcome,)
