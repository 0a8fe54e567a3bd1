"""Edit a set in an editor."""

from __future__ import annotations

from pathlib import Path

import click

from campledger.cli.editor import Editor
from campledger.cli.set_options import reason_option
from campledger.cli.set_output import tell_change
from campledger.cli.write_options import WriteOptions, write_options


@click.command()
@click.argument("name", metavar="SET")
@reason_option
@write_options(branch=True)
def edit(name: str, reason: str, options: WriteOptions) -> None:
    """Change a set's file in an editor, and commit it.

    \b
    Example:
      campledger dataids edit bad --reason "comments made clearer"
    """
    from campledger.operations.sets import edit_sets

    writing = options.writing()
    # The lock is not held while a person is typing.
    writing.catch_up()
    found = edit_sets.text_of(writing.open(), name)
    editor = Editor(writing.workspace, lambda text: edit_sets.check_text(found.path, text), Path(found.path).suffix)
    with editor.keeping():
        after = editor(found.content)
        if after is None or after == found.content:
            click.echo("nothing was changed")
            return
        with writing.stage() as staged:
            change = edit_sets.edit(staged, found, after, reason)
    tell_change(change, writing, options)


COMMANDS = (edit,)
