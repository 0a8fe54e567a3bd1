"""Review a change of the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import ledger_option, start
from campledger.cli.review_text import difference_value

if TYPE_CHECKING:
    from campledger.ledger.ledger import Record
    from campledger.ledger.reviewing import Review


@click.command()
@click.argument("span", metavar="BASE..HEAD")
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True,
    help="Markdown is short enough for a comment, and shows what others wrote as text only.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@ledger_option
def review(span: str, form: str, as_json: bool) -> None:
    """Tell what a change of the ledger means: campaigns, acts, sets, settings, problems, and what it does to runs.

    BASE..HEAD are two commits; BASE...HEAD is what HEAD brings since it left BASE, as in a pull request. Both are read
    from git: nothing is checked out, and nothing of them is run. A bare repository will do.

    \b
    Examples:
      campledger review main...my-campaign
      campledger review origin/main...HEAD --format markdown
      campledger review v1..v2 --json
    """
    from campledger.cli import review_text
    from campledger.operations.read import review

    found = review.review(start(), span)
    if as_json or form == "json":
        click.echo(json.dumps(_review(found), indent=2, ensure_ascii=False))
    elif form == "markdown":
        click.echo(review_text.as_markdown(found), nl=False)
    else:
        click.echo("\n".join(review_text.as_text(found)))


def _review(found: Review) -> dict[str, Any]:
    def brief(record: Record) -> dict[str, Any]:
        state = str(record.history.state) if record.history else None
        return {"id": record.id, "path": record.directory, "state": state}

    return {
        "base": found.base,
        "head": found.head,
        "defined": [
            {**brief(one), "definition": one.campaign.definition if one.campaign else None} for one in found.defined
        ],
        "changed": [{**brief(one.after), **difference_value(one)} for one in found.changed],
        "removed": [brief(one) for one in found.removed],
        "sets": [one.as_dict() for one in found.sets],
        "receipts": {name: [dict(event.data) for event in events] for name, events in found.receipts.items()},
        "files": [one.as_dict() for one in found.files],
        "effects": [one.as_dict() for one in found.effects],
        "introduced": [one.as_dict() for one in found.introduced],
        "mended": [one.as_dict() for one in found.mended],
    }


COMMANDS = (review,)
