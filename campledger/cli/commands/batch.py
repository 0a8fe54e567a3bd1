"""Make many acts at once."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from campledger.cli.parameter_types import Words
from campledger.cli.printing import clean
from campledger.cli.write_options import WriteOptions, commit_words, print_branch, print_json, write_options
from campledger.errors import UsageError
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@click.option("-m", "--message", type=Words(), help="The message of the commit.  [default: how many acts on what]")
@write_options(branch=True)
def batch(file: Path, message: str | None, options: WriteOptions) -> None:
    """Make many acts on many campaigns, in one commit or none.

    FILE has one JSON object a line, - is standard input. Its keys are those of the commands, as
    schemas/act.schema.json describes them; "as" names what a line makes, "@NAME" stands for it in later lines. Every
    line that is wrong is told.

    \b
    Examples:
      campledger batch night.jsonl --dry-run
      report-runs | campledger batch - --push --message "Runs of the night"

    \b
    A file:
      {"act": "define", "as": "night", "from": "k7mq", "name": "night-20261122", "key": "night/20261122"}
      {"act": "start", "campaign": "@night"}
      {"act": "record", "as": "first", "campaign": "@night", "places": ["step1"], "run_id": "4242"}
      {"act": "outcome", "submission": "@first", "state": "succeeded", "jobs": {"succeeded": 1200}}
    """
    from campledger.operations.batch import make, read

    writing = options.writing()
    writing.message = message
    with _opened(file) as stream:
        reading = read("-" if str(file) == "-" else str(file), stream)
    reading.require()
    done = make(writing, reading)
    if options.as_json:
        lines = [
            {"line": one.line, "act": one.act, "campaign": one.campaign, "id": one.id, "changed": one.changed}
            for one in done
        ]
        print_json(writing, {"lines": lines})
        return
    if writing.dry_run:
        for one in done:
            click.echo(clean(f"{file}:{one.line}: {one.words} ({one.campaign or one.id})"))
    acts = sum(one.changed for one in done)
    campaigns = len({one.campaign for one in done if one.changed and one.campaign})
    if not acts:
        click.echo("nothing to do: there are no acts in it that were not made before")
        return
    verb = "would be made" if writing.dry_run else "made"
    click.echo(f"{counted(acts, 'act')} on {counted(campaigns, 'campaign')} {verb}{commit_words(writing)}")
    print_branch(writing)


def _opened(file: Path) -> AbstractContextManager[BinaryIO]:
    if str(file) == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return file.open("rb")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None


COMMANDS = (batch,)
