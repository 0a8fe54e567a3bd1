"""Cut a step into groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from campledger.cli.key_options import column_option
from campledger.cli.printing import clean
from campledger.cli.write_options import WriteOptions, branch_words, commit_words, print_json, write_options
from campledger.model.text_format import counted


@click.command()
@click.argument("campaign")
@click.argument("step")
@click.option(
    "--from-list", "source", required=True, type=click.Path(path_type=Path),
    help="The ids: a table, JSON, or plain text with one a line, also behind a band.",
)  # fmt: skip
@column_option
@click.option("--by", required=True, type=click.Choice(["exposure", "visit", "tract"]), help="What the ids are.")
@click.option("--size", required=True, type=click.IntRange(min=1), help="How many of them are a group, at most.")
@click.option(
    "--template", metavar="PATH", help="BPS file in the campaign that the groups fill.  [default: the step's]"
)
@click.option("--table", metavar="PATH", help="Where the table goes.  [default: STEP-groups.csv, beside the template]")
@write_options(branch=True)
def groups(
    campaign: str, step: str, source: Path, columns: dict[str, str], options: WriteOptions, **slicing: Any
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
    from campledger.operations.define.groups import Slicing, Source, cut

    writing, how, found = options.writing(), Slicing(**slicing), Source.of(source, columns)
    with writing.stage() as staged:
        done = cut(staged, campaign, step, found, how)
    if options.as_json:
        result = {"campaign": done.campaign, "step": done.step, "path": done.path, "groups": done.groups}
        print_json(writing, {**result, "members": done.members, "changed": done.changed})
        return
    if not done.changed:
        click.echo(f"{done.path}: it says so already; nothing was changed")
        return
    if writing.dry_run:
        click.echo(clean(done.text), nl=False)
    verb = "would be cut" if writing.dry_run else "cut"
    size = f"{counted(done.groups, 'group')} of {counted(done.members, how.by)}"
    branch = writing.written.branch
    where = f" on the branch {branch}" if branch else ""
    click.echo(f"{done.campaign}/{done.step}: {verb}{where} into {size}{commit_words(writing)}", err=writing.dry_run)
    if branch:
        click.echo("\n".join((f"  {done.path}", *branch_words(writing))))
    elif not writing.dry_run:
        click.echo(f"  {done.path}\nnext: campledger render {done.campaign} {done.step}/{done.first}")


COMMANDS = (groups,)
