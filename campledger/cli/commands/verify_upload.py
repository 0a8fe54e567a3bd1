"""Compare uploaded sets with the ledger."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from campledger.cli.butler_options import butler_option
from campledger.cli.ledger_options import json_option, ledger_option, workspace
from campledger.cli.printing import clean
from campledger.model.text_format import counted


@click.command("verify-upload")
@click.argument("what", metavar="SET|CAMPAIGN")
@butler_option
@json_option
@ledger_option
def verify_upload(what: str, alias: str, as_json: bool) -> None:
    """Recompute the digest of a set from the registry's rows, and compare it with the ledger's.

    Exit code 1 if they differ.

    \b
    Example:
      campledger verify-upload comcam-bad-exposures --butler main
    """
    from campledger.operations.registry import upload

    found = upload.verify(workspace(), what, alias)
    if as_json:
        rows = [{"name": named.name, "good": one.good, **asdict(one)} for named, one in found]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for named, one in found:
            stored, size = one.stored, counted(one.stored.count, "data ID")
            verdict = "is as uploaded" if one.good else f"IS NOT as uploaded: {one.count:,} rows with {one.digest}"
            click.echo(clean(f"{named.name}, revision {stored.revision}: {size}, {verdict}"))
            click.echo(f"  {stored.digest}")
    raise click.exceptions.Exit(0 if all(one.good for _, one in found) else 1)


COMMANDS = (verify_upload,)
