"""Gather datasets in a TAGGED collection."""

from __future__ import annotations

import click

from campledger.cli.butler_options import allow_pending_option, butler_option, dataset_types_option, split_values
from campledger.cli.ledger_options import json_option, ledger_option, workspace
from campledger.cli.printing import clean
from campledger.cli.receipts import tell_pending, tell_receipt
from campledger.cli.terminal import steps_bar
from campledger.cli.write_options import print_json
from campledger.model.text_format import counted


@click.command()
@click.argument("what", metavar="SET|CAMPAIGN")
@click.argument("place", metavar="[STEP[/GROUP]]", required=False)
@butler_option
@dataset_types_option
@click.option(
    "--from",
    "sources",
    metavar="COLLECTION,...",
    multiple=True,
    callback=split_values,
    help="Where to look.  [default: its inputs]",
)
@click.option("--into", metavar="COLLECTION", required=True, help="The TAGGED collection.")
@click.option("--purpose", type=click.Choice(["include", "exclude"]), help="What the set is for, if it does not say.")
@allow_pending_option
@click.option("--push", is_flag=True, help="Fetch first and push after; redo it where others were faster.")
@json_option
@ledger_option
def collect(
    what: str,
    place: str | None,
    alias: str,
    dataset_types: tuple[str, ...],
    sources: tuple[str, ...],
    into: str,
    purpose: str | None,
    allow_pending: bool,
    push: bool,
    as_json: bool,
) -> None:
    """Gather the datasets of a campaign's or a set's data IDs in a TAGGED collection, and commit the receipt.

    What is included, less what is excluded, by the campaign's sets, or those in force for a step or group. Sets that
    the registry lacks are uploaded first. Called again after a set has changed, the collection follows.

    \b
    Examples:
      campledger collect k7mq --butler main --dataset-types raw --into u/vrubin/good-raws
      campledger collect comcam-bad-exposures --butler main --from LSSTComCam/raw/all --into u/vrubin/without-bad
    """
    from campledger.operations.registry import upload
    from campledger.operations.registry.collect import Gathering, missing_counts
    from campledger.operations.registry.collect import collect as operation
    from campledger.operations.write.writing import Writing

    writing = Writing(workspace(), push)
    gathering = Gathering(dataset_types, into, sources, purpose, place)
    how = upload.UploadOptions(allow_pending)
    with steps_bar() as progress:
        done = operation(writing, what, alias, gathering, how, progress)
    found = done.collected
    if as_json:
        result = {
            "collection": into, "count": found.counts, "missing": missing_counts(found),
            "added": found.added, "removed": found.removed, "events": list(done.receipts.events),
        }  # fmt: skip
        print_json(writing, result)
        return
    for one in done.uploads:
        tell_pending(one.named)
    counts = ", ".join(f"{number:,} {name}" for name, number in found.counts.items())
    click.echo(clean(f"{into}: {counts} ({found.added:,} added, {found.removed:,} removed)"))
    if not any(found.counts.values()):
        click.echo("  there is nothing in it: look at --from, --dataset-types and the set", err=True)
    for name, number in missing_counts(found).items():
        click.echo(clean(f"  {counted(number, 'data ID')} without a {name}"), err=True)
    tell_receipt(writing)


COMMANDS = (collect,)
