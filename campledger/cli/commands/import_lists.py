"""Commands that take in lists made elsewhere, and convert the names in them to keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from campledger.cli.commands.dataids.show import dataids
from campledger.cli.commands.define import import_
from campledger.cli.ledger_options import Words, clean
from campledger.cli.set_output import ENDING, name_option, out_option, tell_change, write_result
from campledger.cli.write_options import WriteOptions, write_options
from campledger.dataids.formats import OWN
from campledger.model.text_format import counted

_instrument = click.option("--instrument", help="The instrument, where nothing says it.")
_visit_system = click.option("--visit-system", metavar="NAME", help="Which visits count, where there are several.")
_skip_unknown = click.option("--skip-unknown", is_flag=True, help="Leave out what cannot be converted.")
_allow_pending = click.option(
    "--allow-pending", is_flag=True, help="Keep what the registry does not know yet, to be converted later."
)


@dataids.command("resolve-keys")
@click.argument("sources", metavar="SET|FILE...", nargs=-1, required=True)
@click.option("--butler", "alias", metavar="ALIAS", required=True, help="A Butler of campledger.yaml.")
@_instrument
@click.option("--as", "target", type=click.Choice(["exposure", "visit"]), help="Convert to these.")
@_visit_system
@_skip_unknown
@_allow_pending
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
    wish = resolve_keys.Wish(instrument, target, visit_system, skip_unknown, allow_pending)
    source = ", ".join(sources)
    if len(sources) == 1 and not Path(sources[0]).exists():
        found = resolve_keys.resolve_set(space, source, alias, wish)
        _remark(source, found.taken.remarks)
        with writing.stage() as staged:
            change = resolve_keys.save(staged, found, reason)
        tell_change(change, writing, options)
        return
    taken = resolve_keys.look_up(space, alias, resolve_keys.list_of([Path(one) for one in sources]), wish, source)
    _remark(source, taken.remarks)
    if new is None:
        write_result(taken.value, ".csv" if out is None or str(out) == "-" else out.suffix, out)
        return
    with writing.stage() as staged:
        change = import_lists.save(staged, new, taken, ENDING[form], reason, how=f"keys of {source}")
    tell_change(change, writing, options)


def _remark(source: str, remarks: Sequence[str]) -> None:
    for remark in remarks:
        click.echo(clean(f"{source}: {remark}"), err=True)


def _import_command(name: str, purpose: str) -> None:
    words = "leave out" if purpose == "exclude" else "restrict the data to"

    @import_.command(
        name,
        short_help=f"Take in a list of data IDs to {words}.",
        help=f"""Take in a list of data IDs to {words}, as a shared DataId set, and commit it.

        FILE is CSV or ECSV (columns such as exposure and comment), JSON, or plain text with an id a line, also behind a
        band. Comments and reasons are kept; the report says what was out of order, twice, or left out.

        \b
        Examples:
          campledger import {name} list.ecsv --instrument LSSTComCam --name comcam-{name}
          campledger import {name} visits.txt --instrument HSC --as visit
          campledger import {name} obs_ids.csv --instrument LATISS --butler main --allow-pending
        """,
    )
    @click.argument("file", type=click.Path(path_type=Path))
    @_instrument
    @click.option("--skymap", help="The skymap, where no column says it.")
    @click.option("--as", "dimension", metavar="DIMENSION", help="What is meant by the ids: exposure, visit, tract ...")
    @click.option("--butler", "alias", metavar="ALIAS", help="Convert the ids to keys through this registry.")
    @_visit_system
    @_skip_unknown
    @_allow_pending
    @click.option("--name", "new", metavar="NAME", help="Name of the set.  [default: the file's]")
    @click.option(
        "--format", "form", type=click.Choice(OWN), default="json", show_default=True,
        help="The form of the set's file.",
    )  # fmt: skip
    @write_options(branch=True)
    def command(
        file: Path, instrument: str | None, skymap: str | None, dimension: str | None, alias: str | None,
        visit_system: str | None, skip_unknown: bool, allow_pending: bool, new: str | None, form: str,
        options: WriteOptions,
    ) -> None:  # fmt: skip
        from campledger.operations.sets import import_lists

        writing, listed = options.writing(), import_lists.read_foreign(file)
        writing.catch_up()
        if alias is None:
            common = {key: value for key, value in (("instrument", instrument), ("skymap", skymap)) if value}
            taken = import_lists.take(listed, import_lists.Meaning(dimension, common), str(file))
        else:
            from campledger.operations.sets import resolve_keys

            if dimension not in {None, "exposure", "visit"}:
                raise click.UsageError("with --butler, ids are exposures or visits")
            wish = resolve_keys.Wish(instrument, dimension, visit_system, skip_unknown, allow_pending)  # type: ignore[arg-type]
            taken = resolve_keys.look_up(writing.workspace, alias, listed, wish, str(file))
        name = new or file.stem
        _remark(str(file), taken.remarks)
        with writing.stage() as staged:
            said = {"purpose": purpose, "how": f"imported from {file.name}"}
            change = import_lists.save(staged, name, taken, ENDING[form], f"from {file.name}", **said)
        tell_change(change, writing, options)
        if not options.as_json:
            click.echo(f"  from {counted(taken.rows, 'row')} of {clean(str(file))}")


_import_command("exclusions", "exclude")
_import_command("inclusions", "include")

COMMANDS: list[click.Command] = []
"""Those of this module join the groups above as they are defined."""
