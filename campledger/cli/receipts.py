"""Print the receipts of uploads, and what is still pending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from campledger.cli.write_options import commit_words
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from campledger.operations.write.writing import Writing


def tell_receipt(writing: Writing) -> None:
    """Print the commit of a receipt."""
    made = commit_words(writing).removeprefix(", ")
    click.echo(f"receipt: {made}" if made else "the receipt stands in the ledger already")


def tell_pending(named: Any) -> None:
    """Warn of ids of a set that are not resolved to keys yet."""
    if named.pending:
        word = "left out" if named.purpose == "exclude" else "counted"
        click.echo(
            f"  {counted(named.pending, 'id')} of {named.name} pending, and not {word} yet: "
            "`campledger dataids resolve-keys` converts what the registry knows by now",
            err=True,
        )
