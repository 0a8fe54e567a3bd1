"""The command that cuts a step into groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from campledger.cli.proposing import branch_option, next_words, require_no_push
from campledger.cli.shared import clean, ledger_option, maybe_pushed, workspace
from campledger.model.words import counted


@click.command()
@click.argument("campaign")
@click.argument("step")
@click.option(
    "--from-list", "source", required=True, type=click.Path(path_type=Path),
    help="The ids: CSV, ECSV, JSON, or plain text with one a line, also behind a band.",
)  # fmt: skip
@click.option("--by", required=True, type=click.Choice(["exposure", "visit", "tract"]), help="What the ids are.")
@click.option("--size", required=True, type=click.IntRange(min=1), help="How many of them are a group, at most.")
@click.option(
    "--template", metavar="PATH", help="BPS file in the campaign that the groups fill.  [default: the step's]"
)
@click.option("--table", metavar="PATH", help="Where the table goes.  [default: STEP-groups.csv, beside the template]")
@branch_option
@click.option("--push", is_flag=True, help="Fetch first and push after.")
@click.option("--dry-run", is_flag=True, help="Print the table, and write nothing.")
@ledger_option
def groups(
    campaign: str, step: str, source: Path, branch: str | None, push: bool, dry_run: bool, **slicing: Any
) -> None:
    """Cut a step into groups: write a table with a row for each, let the step take its groups from it, and commit both.

    The columns are the words in capitals of the template: GNUM for the group's number, LOWEXP and HIGHEXP (LOWVISIT,
    LOWTRACT ...) for its first and last id, EXPOSURES (VISITS, TRACTS) for all of them; any other, such as BAND, is a
    column of the list, in which a group's ids are alike. A range also takes what lies between its ends and is not on
    the list: the template's other conditions have to leave that out.

    \b
    Examples:
      campledger groups k7mq step1 --from-list exposures.txt --by exposure --size 500 --template bps/step1.yaml
      campledger groups k7mq step3 --from-list tracts.csv --by tract --size 4 --branch
    """
    from campledger.operations.grouping import Slicing, cut

    require_no_push(branch, push)
    space = workspace()
    how = Slicing(**slicing)
    done, landed, told = maybe_pushed(
        space, lambda: cut(space, campaign, step, source, how, dry_run=dry_run, branch=branch), push and not dry_run
    )
    if not done.changed:
        click.echo(f"{done.path}: it says so already; nothing was changed")
        return
    if dry_run:
        click.echo(clean(done.text), nl=False)
    verb = "would be cut" if dry_run else "cut"
    size = f"{counted(done.groups, 'group')} of {counted(done.members, how.by)}"
    where = f" on the branch {done.branch}" if done.branch else ""
    commit = landed or done.commit
    made = f", commit {commit[:10]}{told}" if commit else ""
    click.echo(f"{done.campaign}/{done.step}: {verb}{where} into {size}{made}", err=dry_run)
    if done.branch:
        click.echo("\n".join((f"  {done.path}", *next_words(space, done.branch))))
    elif not dry_run:
        click.echo(f"  {done.path}\nnext: campledger render {done.campaign} {done.step}/{done.first}")


COMMANDS: list[click.Command] = [groups]
