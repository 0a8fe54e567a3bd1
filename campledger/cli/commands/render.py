"""Print the BPS submit file of a group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from campledger.cli.butler_options import group_options
from campledger.cli.ledger_options import workspace
from campledger.cli.terminal import steps_bar


@click.command()
@group_options
@click.option("--out", type=click.Path(path_type=Path), help="Write there.  [default: standard output]")
def render(campaign: str, place: str, out: Path | None, tables: Path | None, **choice: Any) -> None:
    """Print a group's BPS submit file: its variables filled in, its data as its sets leave it; everything else stays.

    The variables are those of `processing: bps: variables`, or a row of the step's table of groups. Where DataId sets
    are included or excluded a Butler is needed: they are uploaded and gathered as for `pipetask`. BPS looks for what
    the file includes in its working directory, which may be the folder of the campaign's own file, and beside the file.

    \b
    Examples:
      campledger render k7mq step1/3
      campledger render k7mq step1/g --out submit.yaml
    """
    from campledger.operations.registry import group_data, render_bps
    from campledger.operations.write.writing import Writing

    with steps_bar() as progress:
        text = render_bps.render(Writing(workspace()), campaign, place, group_data.Choice(**choice), tables, progress)
    if out is None:
        click.echo(text, nl=False)
    else:
        render_bps.write(out, text)
        click.echo(f"wrote {out}", err=True)


COMMANDS = (render,)
