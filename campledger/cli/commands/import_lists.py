"""Import lists of data IDs: exclusions, inclusions."""

from __future__ import annotations

from pathlib import Path

import click

from campledger.cli.key_options import (
    column_option,
    instrument_option,
    keep_pending_option,
    skip_unknown_option,
    tell_remarks,
    visit_system_option,
)
from campledger.cli.printing import clean
from campledger.cli.set_output import ENDING, tell_change
from campledger.cli.write_options import WriteOptions, write_options
from campledger.dataids.formats import OWN
from campledger.model.text_format import counted


def _command(name: str, purpose: str) -> click.Command:
    words = "leave out" if purpose == "exclude" else "restrict the data to"

    @click.command(
        name,
        short_help=f"Take in a list of data IDs to {words}.",
        help=f"""Take in a list of data IDs to {words}, as a shared DataId set, and commit it.

        FILE is a table (columns such as exposure and comment, which a comment may name), JSON, or plain text with an id
        a line, also behind a band. A line that holds more than the columns name is refused. Comments and reasons are
        kept; the report says what was out of order, twice, or left out. Importing a list again updates its set.

        \b
        Examples:
          campledger import {name} list.ecsv --instrument LSSTComCam --name comcam-{name}
          campledger import {name} visits.txt --instrument HSC --as visit
          campledger import {name} bad.csv --instrument DECam --column expnum=exposure --column ccd=detector
          campledger import {name} obs_ids.csv --instrument LATISS --butler main --allow-pending
        """,
    )
    @click.argument("file", type=click.Path(path_type=Path))
    @column_option
    @instrument_option
    @click.option("--skymap", help="The skymap, where no column says it.")
    @click.option("--as", "dimension", metavar="DIMENSION", help="What is meant by the ids: exposure, visit, tract ...")
    @click.option("--butler", "alias", metavar="ALIAS", help="Convert the ids to keys through this registry.")
    @visit_system_option
    @skip_unknown_option
    @keep_pending_option
    @click.option("--name", "new", metavar="NAME", help="Name of the set.  [default: the file's]")
    @click.option(
        "--format", "form", type=click.Choice(OWN), default="json", show_default=True,
        help="The form of the set's file.",
    )  # fmt: skip
    @write_options(branch=True)
    def command(
        file: Path, columns: dict[str, str], instrument: str | None, skymap: str | None, dimension: str | None,
        alias: str | None, visit_system: str | None, skip_unknown: bool, allow_pending: bool, new: str | None,
        form: str, options: WriteOptions,
    ) -> None:  # fmt: skip
        from campledger.operations.sets import import_lists
        from campledger.operations.sets.edit_sets import IMPORTED

        writing, listed = options.writing(), import_lists.read_foreign(file, columns)
        writing.catch_up()
        if alias is None:
            common = {key: value for key, value in (("instrument", instrument), ("skymap", skymap)) if value}
            taken = import_lists.take(listed, import_lists.Meaning(dimension, common), str(file))
        else:
            from campledger.operations.sets import resolve_keys

            if dimension not in {None, "exposure", "visit"}:
                raise click.UsageError("with --butler, ids are exposures or visits")
            wish = resolve_keys.KeyOptions(instrument, dimension, visit_system, skip_unknown, allow_pending)  # type: ignore[arg-type]
            taken = resolve_keys.look_up(writing.workspace, alias, listed, wish, str(file))
        name = new or file.stem
        tell_remarks(str(file), taken.remarks)
        with writing.stage() as staged:
            said = {"purpose": purpose, "how": f"{IMPORTED}{file.name}"}
            change = import_lists.save_list(staged, name, taken, ENDING[form], f"from {file.name}", **said)
        tell_change(change, writing, options)
        if not options.as_json:
            for line in import_lists.came_and_went(change):
                click.echo(f"  {clean(line)}")
            click.echo(f"  from {counted(taken.rows, 'row')} of {clean(str(file))}")

    return command


COMMANDS = (_command("exclusions", "exclude"), _command("inclusions", "include"))
