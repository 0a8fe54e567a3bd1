"""List the shared sets."""

from __future__ import annotations

import json
from typing import Any

import click

from campledger.cli.ledger_options import as_of_commit, as_of_option, json_option, ledger_option, workspace
from campledger.cli.printing import clean, table
from campledger.cli.set_output import set_facts
from campledger.model.text_format import counted


@click.command("list")
@json_option
@as_of_option
@ledger_option
def list_(as_json: bool, as_of: str | None) -> None:
    """List the shared sets: members, dimensions, who uses them, where they were uploaded.

    \b
    Example:
      campledger dataids list
    """
    from campledger.operations.sets import find_sets

    space = workspace()
    listed = find_sets.list_sets(space, as_of_commit(space, as_of))
    if as_json:
        rows: list[Any] = [
            {
                "name": one.name, "path": one.path, "derived": one.derived, "used_by": list(one.used_by),
                "uploads": sum(event.type == "uploaded" for event in one.receipts),
                **(set_facts(one.value) if one.value is not None else {}),
            }
            for one in listed
        ]  # fmt: skip
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    rows = [
        [
            clean(one.name),
            f"{len(one.value):,}" if one.value is not None else "?",
            ", ".join(one.value.dimensions) if one.value is not None else "cannot be read",
            str(one.value.about.get("purpose", "")) if one.value is not None else "",
            str(len(one.used_by)),
            ", ".join(sorted({str(event.data["butler"]) for event in one.receipts if event.type == "uploaded"})),
        ]
        for one in listed
    ]
    if rows:
        click.echo(table(rows, ["NAME", "MEMBERS", "DIMENSIONS", "PURPOSE", "CAMPAIGNS", "UPLOADED TO"]))
    click.echo(counted(len(rows), "set"), err=True)


COMMANDS = (list_,)
