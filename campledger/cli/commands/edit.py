"""Edit a definition."""

from __future__ import annotations

from typing import Any

import click

from campledger.cli.definition_options import definition_editor, set_option
from campledger.cli.parameter_types import Words
from campledger.cli.printing import clean
from campledger.cli.write_options import WriteOptions, commit_words, print_branch, print_json, write_options


@click.command()
@click.argument("campaign")
@set_option
@click.option("--reason", type=Words(), help="Why, in words: the commit says so, beside what changed.")
@write_options(branch=True)
def edit(
    campaign: str,
    values: dict[str, Any],
    reason: str | None,
    options: WriteOptions,
) -> None:
    """Change a campaign's definition, in an editor or with --set, and commit it.

    The result is checked before it is committed; what you wrote in the editor is kept if it cannot be.

    \b
    Examples:
      campledger edit k7mq --reason "two more tracts"
      campledger edit k7mq --set plan.deadline=2026-12-24 --set steps.step1.pause_after=true
      campledger edit k7mq --set software.stack=w_2026_47 --branch
    """
    from campledger.operations.define.campaigns import definition_of, setting
    from campledger.operations.define.campaigns import edit as operation

    writing = options.writing()
    editor = definition_editor(writing.workspace)
    # The lock is not held while a person is typing.
    writing.catch_up()
    campaign_id, before = definition_of(writing.open(), campaign)
    with editor.keeping():
        after = setting(values)(before) if values else editor(before) or before
        with writing.stage() as staged:
            done = operation(staged, campaign_id, before, after, reason)
    if options.as_json:
        found = {"differences": list(done.differences), "remarks": list(done.remarks)}
        print_json(writing, {"campaign": done.campaign, "path": done.path, **found})
    elif not done.changed:
        click.echo("nothing was changed")
    elif writing.dry_run:
        click.echo(done.text, nl=False)
    else:
        where = f" on the branch {writing.written.branch}" if writing.written.branch else ""
        click.echo(f"{done.campaign}: edited{where}{commit_words(writing)}")
        for line in done.differences:
            click.echo(clean(f"  {line}"))
        print_branch(writing)
    if not options.as_json:
        for remark in done.remarks:
            click.echo(f"note: {clean(remark)}", err=True)


COMMANDS = (edit,)
