"""Check definitions and histories."""

from __future__ import annotations

from pathlib import Path

import click

from campledger.cli.ledger_options import as_of_option, ledger_option, start, tell_commit, workspace
from campledger.cli.reports import tell_problems
from campledger.cli.terminal import ReadingProgress


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--staged", is_flag=True, help="Check what is staged, not the work tree; the hook does.")
@as_of_option
@click.option("--since", metavar="REV", help="With --as-of: find recorded events of REV that were changed or removed.")
@click.option("--new", is_flag=True, help="With --since: only problems that REV does not have.")
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github", "gitlab", "sarif"]), default="text",
    show_default=True,
    help="How problems are printed; github: annotations; gitlab: a code quality report; sarif: for code scanning.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@ledger_option
def check(
    paths: tuple[Path, ...], staged: bool, as_of: str | None, since: str | None, new: bool, strict: bool, form: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Check definitions and histories: form, rules, and what lies between campaigns.

    Exit code 1 if there are errors (with --strict, warnings too).

    \b
    Examples:
      campledger check
      campledger check campaigns/2026/11
      campledger check --as-of origin/main --since v1 --format json
      campledger check --as-of HEAD --since origin/main --new --format github
    """
    from campledger.operations.read import check

    if staged + (as_of is not None) + bool(paths) > 1:
        raise click.UsageError("PATHS, --staged and --as-of exclude each other")
    if since is not None and as_of is None:
        raise click.UsageError("--since goes with --as-of")
    if new and since is None:
        raise click.UsageError("--new goes with --since")
    if as_of is not None:
        repository, commit = check.commit_to_check(start(in_hook=True), as_of)
        tell_commit(repository, as_of, commit)
        problems = check.check_commit(repository, commit, since, new=new, progress=ReadingProgress())
    else:
        space = workspace(in_hook=True)
        problems = check.check_staged(space) if staged else check.check_work_tree(space, paths)
    form = "json" if as_json else form
    place = check.place_in_repository(start(in_hook=True)) if form in {"github", "gitlab", "sarif"} else ""
    raise click.exceptions.Exit(tell_problems(problems, form, strict=strict, place=place))


COMMANDS = (check,)
