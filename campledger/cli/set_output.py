"""Write and print sets of data IDs, and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import space_or_none
from campledger.cli.printing import clean
from campledger.cli.write_options import WriteOptions, commit_words, print_branch, print_json
from campledger.dataids.formats import FORMATS
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from campledger.dataids import DataIdSet
    from campledger.operations.sets.edit_sets import SetChange
    from campledger.operations.write.writing import Writing

LARGE = 100_000
"""Members from which on CSV is recommended."""

ENDING = {one.name: one.ending for one in FORMATS.values()}


def write_result(value: DataIdSet, ending: str, out: Path | None, *, partly: bool = False) -> None:
    """Write a set to a file, or print it where there is none."""
    from campledger.dataids.files import format_set, write_file

    if out is None or str(out) == "-":
        click.echo(format_set(value, ending, partly=partly).decode(), nl=False)
        return
    if out.suffix != ending:
        raise click.UsageError(f"{out} is to be {ending[1:].upper()}, and does not end with {ending}")
    write_file(value, out, partly=partly)
    click.echo(f"{out}: {counted(len(value), 'data ID')}", err=True)


def tell_change(change: SetChange, writing: Writing, options: WriteOptions) -> None:
    """Say what became of a set."""
    before, after = change.before, change.after
    if options.as_json:
        result = {"set": change.name, "path": change.path, "changed": change.changed}
        print_json(writing, {**result, "count": len(after), "digest": after.digest})
        return
    if not change.changed:
        click.echo(f"{clean(change.path)}: nothing was changed")
        return
    verb = "would have" if writing.dry_run else "has"
    size = counted(len(after), "data ID")
    was = f" (was {len(before):,})" if before is not None and len(before) != len(after) else ""
    click.echo(f"{clean(change.path)}: {verb} {size}{was}{commit_words(writing)}")
    click.echo(f"  {after.digest}")
    if len(after) > LARGE and change.path.endswith(".json"):
        form = "ecsv" if after.about else "csv"
        click.echo(
            f"  a set this large is better kept as {form.upper()}: `campledger dataids convert {change.name} {form}`"
        )
    print_branch(writing)


def write_derived(
    derived: dict[str, Any],
    out: Path | None,
    new: str | None,
    members: bool,
    reason: str | None,
    options: WriteOptions,
) -> None:
    """Write a set made from others to a file or to standard output, or define a shared set by it."""
    from campledger.operations.sets import edit_sets, find_sets

    if new is None:
        ending = ".csv" if out is None or str(out) == "-" else out.suffix
        write_result(find_sets.combine(space_or_none(), derived), ending, out)
        return
    if reason is None:
        raise click.UsageError("--name needs a reason: --reason TEXT")
    writing = options.writing()
    with writing.stage() as staged:
        change = edit_sets.save(staged, new, derived, reason, members=members)
    tell_change(change, writing, options)


SHOWN = 10
"""How many members or values are shown unless told otherwise."""


def set_facts(value: DataIdSet) -> dict[str, Any]:
    """Return the digest, size and dimensions of a set, for JSON."""
    return {
        "digest": value.digest, "count": len(value), "dimensions": list(value.dimensions),
        "pending": len(value.pending), **({"about": dict(value.about)} if value.about else {}),
    }  # fmt: skip
