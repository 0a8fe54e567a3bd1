"""Commands about DataId sets in Butler registries: upload, verify, gather, run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import F, clean, ledger_option, workspace
from campledger.cli.terminal import progress_bar
from campledger.cli.write_options import WriteOptions, commit_words, print_json, write_options
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from campledger.operations.write.writing import Writing

_butler = click.option("--butler", "alias", metavar="ALIAS", required=True, help="A Butler of campledger.yaml.")
_allow_pending = click.option(
    "--allow-pending", is_flag=True, help="Take ids that the registry does not know yet as they are."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that moves a progress bar, which only a terminal gets to see."""
    with ExitStack() as stack:
        shown: list[Any] = []

        def progress(label: str, done: int, total: int) -> None:
            if not shown:  # where there is nothing to do, there is no bar
                shown.append(stack.enter_context(progress_bar(label)))
            shown[0].label = label
            shown[0].length = max(total, 1)
            shown[0].update(done - shown[0].pos)

        yield progress


@click.command()
@click.argument("what", metavar="SET|CAMPAIGN")
@_butler
@_allow_pending
@click.option("--temporary", metavar="DAYS", type=click.IntRange(1, 3650), help="Let it be removed after so many days.")
@write_options()
def upload(what: str, alias: str, allow_pending: bool, temporary: int | None, options: WriteOptions) -> None:
    """Upload a DataId set, or all sets of a campaign, to a Butler registry, and commit the receipt.

    A set that is there already is found by its digest, and nothing is uploaded again; a changed one becomes a new
    revision, since what was processed points at the old one.

    \b
    Examples:
      campledger upload comcam-bad-exposures --butler main --dry-run
      campledger upload k7mq --butler main
      campledger upload k7mq:dataids/bad.csv --butler embargo --allow-pending
    """
    from campledger.operations.registry import upload

    writing, how = options.writing(), upload.How(allow_pending, temporary)
    with _progress() as progress:
        done, receipts = upload.upload(writing, what, alias, how, progress)
    if options.as_json:
        result = {
            "sets": [
                {
                    "set": one.named.reference, "name": one.named.name, "action": one.plan.action,
                    "revision": one.plan.revision, "digest": one.plan.digest, "count": one.plan.count,
                    "added": one.plan.added, "removed": one.plan.removed,
                    "unknown": upload.unknown_places(one.named, one.plan), "pending": one.named.pending,
                    "expires": one.upload.stored.expires if one.upload else None,
                }
                for one in done
            ],
            "events": list(receipts.events),
        }  # fmt: skip
        print_json(writing, result)
        upload.require_known(done, how)
        return
    for one in done:
        _tell_upload(one, alias)
    upload.require_known(done, how)
    if not writing.dry_run:
        _tell_receipt(writing)


def _tell_receipt(writing: Writing) -> None:
    made = commit_words(writing).removeprefix(", ")
    click.echo(f"receipt: {made}" if made else "the receipt stands in the ledger already")


_ACTIONS = {
    "create": ("uploaded to", "would be uploaded to"),
    "revise": ("uploaded as a new revision to", "would become a new revision in"),
    "adopt": ("already in", "already in"),
}


def _tell_upload(one: Any, alias: str) -> None:
    plan = one.plan
    verb = _ACTIONS[plan.action][one.upload is None]
    changes = f" ({plan.added:,} added, {plan.removed:,} removed)" if plan.action == "revise" else ""
    click.echo(
        clean(f"{one.named.name}: {counted(plan.count, 'data ID')} {verb} {alias}, revision {plan.revision}{changes}")
    )
    click.echo(f"  {plan.digest}")
    if plan.unknown and one.upload is not None:
        click.echo(f"  {counted(len(plan.unknown), 'id')} the registry does not know yet", err=True)
    if one.upload is not None and one.upload.stored.expires:
        click.echo(f"  may be removed after {one.upload.stored.expires[:10]}")
    _tell_pending(one.named)


def _tell_pending(named: Any) -> None:
    if named.pending:
        word = "left out" if named.purpose == "exclude" else "counted"
        click.echo(
            f"  {counted(named.pending, 'id')} of {named.name} pending, and not {word} yet: "
            "`campledger dataids resolve-keys` converts what the registry knows by now",
            err=True,
        )


@click.command("verify-upload")
@click.argument("what", metavar="SET|CAMPAIGN")
@_butler
@_json
@ledger_option
def verify_upload(what: str, alias: str, as_json: bool) -> None:
    """Recompute the digest of a set from the registry's rows, and compare it with the ledger's.

    Exit code 1 if they differ.

    \b
    Example:
      campledger verify-upload comcam-bad-exposures --butler main
    """
    from campledger.operations.registry import upload

    found = upload.verify(workspace(), what, alias)
    if as_json:
        rows = [{"name": named.name, "good": one.good, **asdict(one)} for named, one in found]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for named, one in found:
            stored, size = one.stored, counted(one.stored.count, "data ID")
            verdict = "is as uploaded" if one.good else f"IS NOT as uploaded: {one.count:,} rows with {one.digest}"
            click.echo(clean(f"{named.name}, revision {stored.revision}: {size}, {verdict}"))
            click.echo(f"  {stored.digest}")
    raise click.exceptions.Exit(0 if all(one.good for _, one in found) else 1)


def _listed(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return values that were given by commas or by repetition."""
    return tuple(one for value in values for one in value.split(",") if one)


_types = click.option(
    "--dataset-types", "dataset_types", metavar="TYPE,...", multiple=True, callback=_listed,
    help="What to gather.  [default: `dataset_types` of the definition, else raw]",
)  # fmt: skip


@click.command()
@click.argument("what", metavar="SET|CAMPAIGN")
@click.argument("place", metavar="[STEP[/GROUP]]", required=False)
@_butler
@_types
@click.option(
    "--from",
    "sources",
    metavar="COLLECTION,...",
    multiple=True,
    callback=_listed,
    help="Where to look.  [default: its inputs]",
)
@click.option("--into", metavar="COLLECTION", required=True, help="The TAGGED collection.")
@click.option("--purpose", type=click.Choice(["include", "exclude"]), help="What the set is for, if it does not say.")
@_allow_pending
@click.option("--push", is_flag=True, help="Fetch first and push after; redo it where others were faster.")
@_json
@ledger_option
def collect(
    what: str,
    place: str | None,
    alias: str,
    dataset_types: tuple[str, ...],
    sources: tuple[str, ...],
    into: str,
    purpose: str | None,
    allow_pending: bool,
    push: bool,
    as_json: bool,
) -> None:
    """Gather the datasets of a campaign's or a set's data IDs in a TAGGED collection, and commit the receipt.

    What is included, less what is excluded, by the campaign's sets, or those in force for a step or group. Sets that
    the registry lacks are uploaded first. Called again after a set has changed, the collection follows.

    \b
    Examples:
      campledger collect k7mq --butler main --dataset-types raw --into u/vrubin/good-raws
      campledger collect comcam-bad-exposures --butler main --from LSSTComCam/raw/all --into u/vrubin/without-bad
    """
    from campledger.operations.registry import upload
    from campledger.operations.registry.collect import Gathering, missing_counts
    from campledger.operations.registry.collect import collect as operation
    from campledger.operations.write.writing import Writing

    writing = Writing(workspace(), push)
    gathering = Gathering(dataset_types, into, sources, purpose, place)
    how = upload.How(allow_pending)
    with _progress() as progress:
        done = operation(writing, what, alias, gathering, how, progress)
    found = done.collected
    if as_json:
        result = {
            "collection": into, "count": found.counts, "missing": missing_counts(found),
            "added": found.added, "removed": found.removed, "events": list(done.receipts.events),
        }  # fmt: skip
        print_json(writing, result)
        return
    for one in done.uploads:
        _tell_pending(one.named)
    counts = ", ".join(f"{number:,} {name}" for name, number in found.counts.items())
    click.echo(clean(f"{into}: {counts} ({found.added:,} added, {found.removed:,} removed)"))
    if not any(found.counts.values()):
        click.echo("  there is nothing in it: look at --from, --dataset-types and the set", err=True)
    for name, number in missing_counts(found).items():
        click.echo(clean(f"  {counted(number, 'data ID')} without a {name}"), err=True)
    _tell_receipt(writing)


def _group_options(command: F) -> F:
    """Add what names a group, and says where its data is made ready."""
    for option in reversed(
        [
            click.argument("campaign"),
            click.argument("place", metavar="STEP[/GROUP]"),
            click.option("--butler", "alias", metavar="ALIAS", help="A Butler of campledger.yaml.  [default: its own]"),
            _types,
            click.option("--into", metavar="COLLECTION", help="The TAGGED collection of what exclusions leave."),
            click.option(
                "--tables",
                type=click.Path(path_type=Path, file_okay=False),
                help="A folder for the tables of data IDs that are included.  [default: below the git directory]",
            ),
            _allow_pending,
            ledger_option,
        ]
    ):
        command = option(command)
    return command


@click.command()
@_group_options
@click.argument("arguments", metavar="[-- ARGS]...", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--command", type=click.Choice(["run", "qgraph"]), default="run", show_default=True,
    help="Which command of pipetask.",
)  # fmt: skip
@click.option("--print", "only_print", is_flag=True, help="Print the arguments, for a shell, and do not run it.")
def pipetask(
    campaign: str,
    place: str,
    arguments: tuple[str, ...],
    command: Any,
    only_print: bool,
    tables: Path | None,
    **choice: Any,
) -> None:
    """Run the installed pipetask for a group, with its pipeline, inputs, query and sets, and record that.

    Sets are uploaded first. What is included goes to pipetask as a table of data IDs; what exclusions leave is gathered
    in a TAGGED collection, which takes the place of the inputs: with --print too, which only does not run pipetask.
    ARGS are further arguments of it. The campaign has to be running, unless only the arguments are wanted. The exit
    code is pipetask's.

    \b
    Examples:
      campledger pipetask k7mq step1 -- --register-dataset-types -j 4
      campledger pipetask k7mq step1/g --command qgraph -- --save-qgraph step1.qg
      eval "pipetask $(campledger pipetask k7mq step1 --print)"
    """
    from campledger.operations.registry import pipetask
    from campledger.operations.write.writing import Writing

    writing = Writing(workspace())
    chosen = pipetask.Choice(**choice)
    if only_print:
        with _progress() as progress:
            ready = pipetask.make_ready(writing, campaign, place, chosen, tables, progress)
        click.echo(shlex.join(pipetask.arguments_of(ready, writing.workspace.root.absolute(), command, arguments)))
        return
    done = pipetask.execute(writing, campaign, place, chosen, command, arguments, tables=tables)
    click.echo(f"receipt: commit {(done.receipts.commit or '')[:10]}", err=True)
    raise click.exceptions.Exit(done.status)


@click.command()
@_group_options
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
    from campledger.operations.registry import pipetask
    from campledger.operations.write.writing import Writing

    with _progress() as progress:
        text = pipetask.render(Writing(workspace()), campaign, place, pipetask.Choice(**choice), tables, progress)
    if out is None:
        click.echo(text, nl=False)
    else:
        pipetask.write(out, text)
        click.echo(f"wrote {out}", err=True)


COMMANDS: list[click.Command] = [upload, verify_upload, collect, pipetask, render]
