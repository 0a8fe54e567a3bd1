"""Upload sets of data IDs to a registry."""

from __future__ import annotations

from typing import Any

import click

from campledger.cli.butler_options import allow_pending_option, butler_option
from campledger.cli.printing import clean
from campledger.cli.receipts import tell_pending, tell_receipt
from campledger.cli.terminal import steps_bar
from campledger.cli.write_options import WriteOptions, print_json, write_options
from campledger.model.text_format import counted


@click.command()
@click.argument("what", metavar="SET|CAMPAIGN")
@butler_option
@allow_pending_option
@click.option("--temporary", metavar="DAYS", type=click.IntRange(1, 3650), help="Let it be removed after so many days.")
@write_options()
def upload(what: str, alias: str, allow_pending: bool, temporary: int | None, options: WriteOptions) -> None:
    """Upload a DataId set, or all sets of a campaign, to a Butler registry, and commit the receipt.

    A set that is there already is found by its digest and purpose, and nothing is uploaded again; a changed one becomes
    a new revision, since what was processed points at the old one.

    \b
    Examples:
      campledger upload comcam-bad-exposures --butler main --dry-run
      campledger upload k7mq --butler main
      campledger upload k7mq:dataids/bad.csv --butler embargo --allow-pending
    """
    from campledger.operations.registry import upload

    writing, how = options.writing(), upload.UploadOptions(allow_pending, temporary)
    with steps_bar() as progress:
        done, receipts = upload.upload(writing, what, alias, how, progress)
    if options.as_json:
        result = {
            "sets": [
                {
                    "set": one.named.reference, "name": one.named.name, "action": one.plan.action,
                    "revision": one.plan.revision, "digest": one.plan.digest, "count": one.plan.count,
                    "added": one.plan.added, "removed": one.plan.removed,
                    "unknown": upload.unknown_places(one.named, one.plan), "pending": one.named.pending,
                    "expires": one.upload.stored.expires if one.upload else None,
                }
                for one in done
            ],
            "events": list(receipts.events),
        }  # fmt: skip
        print_json(writing, result)
        upload.require_known(done, how)
        return
    for one in done:
        _tell_upload(one, alias)
    upload.require_known(done, how)
    if not writing.dry_run:
        tell_receipt(writing)


_ACTIONS = {
    "create": ("uploaded to", "would be uploaded to"),
    "revise": ("uploaded as a new revision to", "would become a new revision in"),
    "adopt": ("already in", "already in"),
}


def _tell_upload(one: Any, alias: str) -> None:
    plan = one.plan
    verb = _ACTIONS[plan.action][one.upload is None]
    purpose = plan.new_purpose and f"; {plan.new_purpose}"
    changes = f" ({plan.added:,} added, {plan.removed:,} removed{purpose})" if plan.action == "revise" else ""
    click.echo(
        clean(f"{one.named.name}: {counted(plan.count, 'data ID')} {verb} {alias}, revision {plan.revision}{changes}")
    )
    click.echo(f"  {plan.digest}")
    if plan.unknown and one.upload is not None:
        click.echo(f"  {counted(len(plan.unknown), 'id')} the registry does not know yet", err=True)
    if one.upload is not None and one.upload.stored.expires:
        click.echo(f"  may be removed after {one.upload.stored.expires[:10]}")
    tell_pending(one.named)


COMMANDS = (upload,)
