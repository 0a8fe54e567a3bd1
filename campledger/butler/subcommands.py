"""Subcommands of ``butler``, which finds them through the entry point ``butler.cli``.

They are for people who work with a repository and no ledger at hand; `campledger upload` does the same and records it
in the ledger. Arguments and options are Butler's own where it has them.
"""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from lsst.daf.butler.cli.opt import (
    collection_argument,
    collections_option,
    confirm_option,
    dataset_type_option,
    options_file_option,
    repo_argument,
)
from lsst.daf.butler.cli.utils import ButlerCommand, MWArgumentDecorator, MWOptionDecorator, split_commas
from lsst.daf.butler.progress import Progress, ProgressBar

from campledger.errors import CampledgerError, DataError

if TYPE_CHECKING:
    from campledger.butler.missing_records import Unknown
    from campledger.butler.store import DataIdStore
    from campledger.butler.stored import Plan, StoredSet
    from campledger.dataids.files import SetFile
    from campledger.dataids.sets import DataIdSet

REPO_HELP = "REPO is the URI or path to a data repository, or its label in the repository index."

name_argument = MWArgumentDecorator("name", help="NAME is the name of the set of data IDs.")
revision_option = MWOptionDecorator(
    "--revision", type=int, help="The revision of the set. Default is the latest.", metavar="INTEGER"
)


def _expected(function: Callable[..., None]) -> Callable[..., None]:
    """Let a refusal end the command with its message and exit code, where Butler would print a traceback."""

    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except CampledgerError as error:

            class Refusal(click.ClickException):
                exit_code = error.exit_code

            raise Refusal(str(error)) from error

    return inner


@contextmanager
def _store(repo: str, *, writeable: bool) -> Iterator[DataIdStore]:
    from campledger.butler.connecting import open_butler
    from campledger.butler.store import DataIdStore

    butler = open_butler(repo, writeable=writeable)
    try:
        yield DataIdStore(butler)
    finally:
        butler.close()


@click.command(cls=ButlerCommand, short_help="Put a set of data IDs into the registry.")
@repo_argument(required=True, help=REPO_HELP)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Name of the set in the registry. Default is the name in FILE, or else FILE's own.")
@click.option("--by", help="Who uploads the set. Default is the user of this process.")
@click.option("--campaign", help="The campaign for which it is; the set cannot be removed while that refers to it.")
@click.option("--note", help="A few words on the set, to be kept with it.")
@click.option(
    "--expires",
    type=click.DateTime(),
    metavar="DATE",
    help="Make the set temporary: from this time on (UTC), remove-dataid-set --expired may remove it.",
)
@click.option(
    "--allow-unknown",
    is_flag=True,
    help="Upload the set even if the registry has no record of some of its data IDs, such as exposures that are not "
    "ingested yet.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@options_file_option()
@_expected
def upload_dataid_set(
    repo: str, file: Path, name: str | None, by: str | None, expires: datetime | None, dry_run: bool, **options: Any
) -> None:
    """Put a set of data IDs into the registry, to be joined with its tables, resolved to collections, and remembered.

    FILE is JSON, CSV or ECSV. A set that is there already is not uploaded again; a changed one becomes a new revision.
    """
    from campledger.butler.store import UnknownIdsError

    read, value = _read(file)
    name = name or read.about.get("name") or file.stem
    with _store(repo, writeable=not dry_run) as store:
        try:
            if dry_run:
                plan = store.plan(value, name)
                click.echo(_planned(plan))
                _refuse_unknown(read, plan.unknown, options["allow_unknown"])
                return
            with _progress(f"Uploading {name}", len(value)) as progress:
                done = store.upload(
                    value,
                    name,
                    by=by or getpass.getuser(),
                    expires=expires.replace(tzinfo=UTC) if expires else None,
                    progress=progress,
                    **options,
                )
        except UnknownIdsError as error:
            _refuse_unknown(read, error.unknown, False)
    click.echo(f"{'found' if done.action == 'adopt' else 'uploaded'} {_brief(done.stored)}")
    if done.unknown:
        click.echo(f"the registry has no record of {len(done.unknown)} of its ids")


@click.command(cls=ButlerCommand, short_help="List the sets of data IDs in the registry.")
@repo_argument(required=True, help=REPO_HELP)
@click.option("--all-revisions", is_flag=True, help="List earlier revisions, too.")
@options_file_option()
@_expected
def list_dataid_sets(repo: str, all_revisions: bool) -> None:
    """List the sets of data IDs that the registry holds."""
    with _store(repo, writeable=False) as store:
        heads = store.list()
    if not all_revisions:
        heads = tuple({head.name: head for head in heads}.values())
    if not heads:
        click.echo("No sets of data IDs.")
        return
    rows = [("name", "revision", "members", "dimensions", "purpose", "by", "uploaded", "digest")]
    rows += [
        (
            head.name,
            str(head.revision),
            str(head.count),
            ",".join(head.dimensions),
            head.purpose or "",
            head.by,
            head.at[:10],
            head.digest[:19],
        )
        for head in heads
    ]
    click.echo(_columns(rows))


@click.command(cls=ButlerCommand, short_help="Show a set of data IDs.")
@repo_argument(required=True, help=REPO_HELP)
@name_argument(required=True)
@revision_option()
@click.option("--verify", is_flag=True, help="Compute the digest anew from the registry's rows, and compare.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the members to this file: .json, .csv or .ecsv.",
)
@options_file_option()
@_expected
def show_dataid_set(repo: str, name: str, revision: int | None, verify: bool, output: Path | None) -> None:
    """Show what is known of a set of data IDs, and what refers to it."""
    with _store(repo, writeable=False) as store:
        head = store.head(name, revision)
        revisions = [str(one.revision) for one in store.list(name)]
        uses = store.uses(name, head.revision)
        value = store.get(name, head.revision) if output else None
        verified = store.verify(name, head.revision) if verify else None
    click.echo(_columns([*_facts(head), ("revisions", ", ".join(revisions)), *((u.kind, u.name) for u in uses)]))
    if value is not None and output is not None:
        value.write(output)
    if verified is not None and not verified.good:
        raise DataError(
            f"the registry holds {verified.count} members with digest {verified.digest}, which is not what was uploaded"
        )
    if verified is not None:
        click.echo("verified: the registry holds what was uploaded")


@click.command(cls=ButlerCommand, short_help="Remove a set of data IDs.")
@repo_argument(required=True, help=REPO_HELP)
@name_argument(required=False, help="NAME is the name of the set of data IDs; none with --expired.")
@click.option("--revision", type=int, help="The revision to remove. Default is all.")
@click.option(
    "--campaign",
    "campaigns",
    multiple=True,
    callback=split_commas,
    help="Campaigns that may lose the set. It is not removed while others refer to it, or collections.",
)
@click.option("--expired", is_flag=True, help="Remove all temporary sets that have expired and nothing refers to.")
@confirm_option()
@options_file_option()
@_expected
def remove_dataid_set(
    repo: str, name: str | None, revision: int | None, campaigns: Sequence[str], expired: bool, confirm: bool
) -> None:
    """Remove the members of a set of data IDs. That there was such a set stays on record."""
    if (name is None) is not expired:
        raise click.UsageError("name a set, or give --expired")
    with _store(repo, writeable=True) as store:
        if confirm:
            chosen = _to_remove(store, name, revision)
            if not chosen:
                click.echo("Nothing to remove.")
                return
            click.echo("The following sets will be removed, unless something refers to them:")
            click.echo("\n".join(f"  {_brief(head)}" for head in chosen))
            click.confirm("Continue?", default=False, abort=True)
        gone = store.sweep() if name is None else store.remove(name, revision, campaigns=campaigns)
    click.echo("\n".join(f"removed {_brief(head)}" for head in gone) or "Nothing was removed.")


@click.command(cls=ButlerCommand, short_help="Make the tables for sets of data IDs.")
@repo_argument(required=True, help=REPO_HELP)
@click.option(
    "--dimensions",
    multiple=True,
    metavar="TEXT ...",
    help="Dimensions, comma-separated, of sets to have a table for, such as visit,detector. May be given again.",
)
@options_file_option()
@_expected
def prepare_dataid_sets(repo: str, dimensions: Sequence[str]) -> None:
    """Make the tables for sets of data IDs, or migrate those of an older campledger.

    An upload makes them by itself, if it may. This is for whoever owns the registry's tables, where others upload.
    """
    with _store(repo, writeable=True) as store:
        identity = store.prepare([[name.strip() for name in group.split(",")] for group in dimensions])
    click.echo(f"the tables are there; the registry is {identity}")


@click.command(cls=ButlerCommand, short_help="Resolve sets of data IDs to a tagged collection.")
@repo_argument(required=True, help=REPO_HELP)
@name_argument(
    required=True,
    help="NAME is the set of data IDs, or NAME@REVISION. Its datasets are taken, or left out if its purpose is to "
    "exclude.",
)
@collection_argument(help="COLLECTION is the tagged collection to associate the datasets with.")
@dataset_type_option(required=True, help="Dataset type(s) to look for.")
@collections_option(required=True, help="Collections to search for datasets, in order.")
@click.option(
    "--include", multiple=True, callback=split_commas, help="More sets, each of which has to cover a dataset."
)
@click.option("--exclude", multiple=True, callback=split_commas, help="Sets whose datasets are left out.")
@options_file_option()
@_expected
def resolve_dataid_set(
    repo: str,
    name: str,
    collection: str,
    dataset_type: Sequence[str],
    collections: Sequence[str],
    include: Sequence[str],
    exclude: Sequence[str],
) -> None:
    """Associate the datasets of a set's data IDs with a tagged collection, which holds them and no others.

    Doing it again changes nothing, unless the set or the datasets have changed.
    """
    with _store(repo, writeable=True) as store:
        head = store.find(name)
        leave_out = head.purpose == "exclude"
        done = store.collect(
            dataset_type,
            collections,
            collection,
            include=[*([] if leave_out else [head]), *include],
            exclude=[*([head] if leave_out else []), *exclude],
        )
    for kind, count in done.counts.items():
        click.echo(f"{kind}: {count} datasets")
    for missing in done.missing:
        click.echo(
            f"{missing.dataset_type}: no dataset for {missing.count} of the set's members of "
            f"{', '.join(missing.dimensions)}, the first of which is {missing.members[0]}"
        )
    click.echo(
        f"{collection}: {done.added} added, {done.removed} taken out" if done.changed else f"{collection}: as it was"
    )


COMMANDS = (
    upload_dataid_set,
    list_dataid_sets,
    show_dataid_set,
    remove_dataid_set,
    prepare_dataid_sets,
    resolve_dataid_set,
)


def get_cli_subcommands() -> list[click.Command]:
    """Return the subcommands that `butler` gets from here."""
    return list(COMMANDS)


def _read(file: Path) -> tuple[SetFile, DataIdSet]:
    from campledger.dataids.files import read
    from campledger.problems import report_text

    found = read(str(file), file.read_bytes())
    if found.errors:
        raise DataError(report_text(found.problems))
    if found.value is None:
        raise DataError(f"{file}: the set is made from others: upload it from its ledger, with `campledger upload`")
    return found, found.value


def _refuse_unknown(read: SetFile, unknown: Sequence[Unknown], allowed: bool) -> None:
    if not unknown or allowed:
        return
    lines = []
    for one in unknown:
        line, column = read.place(one.rows[0])
        others = f" and {len(one.rows) - 1} more" if len(one.rows) > 1 else ""
        lines.append(f"{read.path}:{line}:{column}{others}: the registry has no record of {one}")
    raise DataError("\n".join(lines) + "\nnothing was uploaded: correct them, or give --allow-unknown")


@contextmanager
def _progress(words: str, total: int) -> Iterator[Callable[[int, int], None]]:
    """Show progress in Butler's way, which is with `butler --progress` only."""
    told = 0
    bar: ProgressBar[None]
    with Progress("campledger").bar(desc=words, total=total) as bar:

        def tell(done: int, _: int) -> None:
            nonlocal told
            bar.update(done - told)
            told = done

        yield tell


def _planned(plan: Plan) -> str:
    if plan.action == "adopt":
        return f"{plan.name}@{plan.revision} is there already, with {plan.count} members"
    if plan.action == "create":
        return f"{plan.name}@{plan.revision} would be new, with {plan.count} members"
    return (
        f"{plan.name}@{plan.revision} would be a new revision, with {plan.count} members: "
        f"{plan.added} more and {plan.removed} less than before"
        f"{plan.new_purpose and f'; {plan.new_purpose}'}"
    )


def _to_remove(store: DataIdStore, name: str | None, revision: int | None) -> tuple[StoredSet, ...]:
    if name is not None:
        return tuple(head for head in store.list(name) if revision in {None, head.revision})
    now = datetime.now(UTC).isoformat()
    return tuple(head for head in store.list() if head.expires is not None and head.expires <= now)


def _brief(head: StoredSet) -> str:
    return f"{head.name}@{head.revision}: {head.count} members of {', '.join(head.dimensions)}, {head.digest}"


def _facts(head: StoredSet) -> list[tuple[str, str]]:
    facts = {
        "name": head.name,
        "revision": head.revision,
        "digest": head.digest,
        "dimensions": ", ".join(head.dimensions),
        "members": head.count,
        "unknown ids": head.unknown,
        "universe": head.universe,
        "purpose": head.purpose,
        "uploaded by": head.by,
        "uploaded at": head.at,
        "ledger commit": head.commit,
        "note": head.note,
        "expires": head.expires,
    }
    return [(key, str(value)) for key, value in facts.items() if value is not None]


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
