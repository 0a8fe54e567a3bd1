"""Convert names in sets and lists to keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from campledger.cli.key_options import (
    instrument_option,
    keep_pending_option,
    skip_unknown_option,
    tell_remarks,
    visit_system_option,
)
from campledger.cli.parameter_types import Words
from campledger.cli.set_options import name_option, out_option
from campledger.cli.set_output import ENDING, tell_change, write_result
from campledger.cli.write_options import WriteOptions, write_options
from campledger.dataids.formats import OWN


@click.command("resolve-keys")
@click.argument("sources", metavar="SET|FILE...", nargs=-1, required=True)
@click.option("--butler", "alias", metavar="ALIAS", required=True, help="A Butler of campledger.yaml.")
@instrument_option
@click.option("--as", "target", type=click.Choice(["exposure", "visit"]), help="Convert to these.")
@visit_system_option
@skip_unknown_option
@keep_pending_option
@out_option
@name_option
@click.option("--format", "form", type=click.Choice(OWN), default="json", show_default=True, help="With --name.")
@click.option("--reason", type=Words(), default="keys", show_default=True, help="Why, in words: the commit says so.")
@write_options(branch=True)
def resolve_keys(
    sources: tuple[str, ...], alias: str, instrument: str | None, target: Any, visit_system: str | None,
    skip_unknown: bool, allow_pending: bool, out: Path | None, new: str | None, form: str, reason: str,
    options: WriteOptions,
) -> None:  # fmt: skip
    """Convert obs_id, day_obs and seq_num, detector names and the like to keys, through a Butler registry.

    Of a set of the ledger the names in it, and what is pending; the result is committed. Of a file (a list, images, or
    what astrometadata writes of them) the keys are printed as CSV, or go where --out or --name says. What cannot be
    converted is listed by line, and nothing is written then unless an option says so.

    \b
    Examples:
      campledger dataids resolve-keys tonight --butler main --allow-pending
      campledger dataids resolve-keys obs_ids.txt --butler main --instrument LATISS --as exposure --name bad-latiss
      campledger dataids resolve-keys /data/20261122/ --butler embargo --out exposures.csv
    """
    from campledger.operations.sets import import_lists, resolve_keys

    writing = options.writing()
    writing.catch_up()
    space = writing.workspace
    wish = resolve_keys.KeyOptions(instrument, target, visit_system, skip_unknown, allow_pending)
    source = ", ".join(sources)
    if len(sources) == 1 and not Path(sources[0]).exists():
        found = resolve_keys.resolve_set(space, source, alias, wish)
        tell_remarks(source, found.taken.remarks)
        with writing.stage() as staged:
            change = resolve_keys.save(staged, found, reason)
        tell_change(change, writing, options)
        return
    taken = resolve_keys.look_up(space, alias, resolve_keys.list_of([Path(one) for one in sources]), wish, source)
    tell_remarks(source, taken.remarks)
    if new is None:
        write_result(taken.value, ".csv" if out is None or str(out) == "-" else out.suffix, out)
        return
    with writing.stage() as staged:
        change = import_lists.save(staged, new, taken, ENDING[form], reason, how=f"keys of {source}")
    tell_change(change, writing, options)


COMMANDS = (resolve_keys,)
