"""Import campaigns from BPS submit files."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from campledger.cli.parameter_types import Moment
from campledger.cli.printing import clean
from campledger.cli.write_options import WriteOptions, commit_words, print_branch, print_json, write_options
from campledger.model.states import State
from campledger.model.text_format import counted


@click.command("bps")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--map", "map_file", type=click.Path(path_type=Path), help="A YAML file that settles what is ambiguous.")
@click.option(
    "--state",
    default="defined",
    show_default=True,
    type=click.Choice([str(state) for state in State]),
    help="The state in which the campaigns arrive; submissions are planned if they are defined.",
)
@click.option("--at", type=Moment(), help="When it all happened, if not now (UTC).")
@click.option("--reason", default="imported from BPS submit files", show_default=True, help="Why that state.")
@write_options(branch=True)
def import_bps(
    directory: Path,
    map_file: Path | None,
    state: str,
    at: datetime | None,
    reason: str,
    options: WriteOptions,
) -> None:
    """Define campaigns from a tree of BPS submit files, as they are kept in git.

    The report says for each file what was taken, what is ambiguous, and what was left out. A second import
    changes nothing. `python -m pydoc campledger.bps.mapping` describes the file for --map.

    \b
    Examples:
      campledger import bps dp02-processing --dry-run
      campledger import bps dp02-processing --map settled.yaml --state completed --at 2022-09-30
    """
    from campledger.operations.define.import_bps import Arrival
    from campledger.operations.define.import_bps import import_bps as operation

    writing = options.writing()
    done = operation(writing, directory, map_file, Arrival(State(state), at, reason))
    if options.as_json:
        report = [asdict(line) for line in done.report]
        print_json(writing, {"created": list(done.created), "known": list(done.known), "report": report})
        return
    for line in done.report:
        place = "/".join(filter(None, (line.campaign, line.step, line.group)))
        click.echo(clean(f"{line.path}: {line.verdict}{f' ({place})' if place else ''}: {line.message}"))
    verb = "would be" if writing.dry_run else "was"
    for campaign_id, campaign in done.created.items():
        steps, runs = len(campaign.definition.get("steps", ())), len(campaign.submissions)
        click.echo(f"{campaign_id}: {verb} defined, {counted(steps, 'step')}, {counted(runs, 'submission')}")
    for campaign_id in done.known:
        click.echo(f"{campaign_id}: was imported before; nothing was changed")
    counts = Counter(line.verdict for line in done.report)
    found = ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "nothing was found"
    click.echo(f"{found}{commit_words(writing)}", err=True)
    print_branch(writing)


COMMANDS = (import_bps,)
