"""Commands that make ledgers and definitions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.shared import ledger_option, maybe_pushed, workspace

if TYPE_CHECKING:
    from campledger.operations.workspace import Workspace


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--example", is_flag=True, help="With a campaign to play with.")
def init(directory: Path, example: bool) -> None:
    """Make a new ledger: settings, attributes, schemas, a hook and a first commit.

    In a directory of a git repository the ledger becomes part of that repository.

    \b
    Example:
      campledger init ledger --example
    """
    from campledger.operations.starting import init as operation
    from campledger.repository.environment import settle_environment

    settle_environment(in_hook=False)
    started = operation(directory, example=example)
    click.echo(f"a ledger in {started.root}, commit {started.commit[:10]}")
    if started.example:
        click.echo(f"  with the example {started.example}: try `campledger show {started.example}`")
    if started.hook is None:
        click.echo(
            "  no hook was installed, since core.hooksPath is set: `campledger hooks install` says more"
        )
    click.echo(f"next: cd {directory}; edit campledger.yaml; campledger define my-first-campaign")


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    from campledger.documents.writing import parse_value

    pairs = {}
    for value in values:
        path, equals, text = value.partition("=")
        if not equals or not path:
            raise click.BadParameter(f"`{value}` is not path=value", ctx, param)
        pairs[path] = parse_value(text)
    return pairs


_set = click.option(
    "--set", "values", metavar="PATH=VALUE", multiple=True, callback=_pairs,
    help="Set a value: --set scope.tracts='[3828, 3829]'; repeat for several.",
)  # fmt: skip


@click.command()
@click.argument("name", required=False)
@click.option("--production", help="Class of campaigns, from the settings.")
@click.option("--kind", help="Sort of activity: rehearsal, nightly-validation, ...")
@click.option("--title", help="One line for people.")
@click.option("--description", help="What it does and why (Markdown).")
@click.option("--owner", help="Handle of who answers for it.  [default: you]")
@click.option("--ticket", "tickets", multiple=True, metavar="KEY", help="A ticket; repeat for several.")
@click.option("--tag", "tags", multiple=True, help="A free label; repeat for several.")
@_set
@click.option(
    "--file", "file", type=click.Path(path_type=Path), help="A definition to start from; - is standard input."
)
@click.option(
    "--from", "parent", metavar="ID[@REV]", help="A campaign to repeat with changes; its files come along."
)
@click.option("--key", help="Open one campaign for this key, however often it is asked for.")
@click.option("--edit", "by_hand", is_flag=True, help="Open an editor on a commented template.")
@click.option("--push", is_flag=True, help="Fetch first and push after.")
@click.option("--dry-run", is_flag=True, help="Print the definition, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@ledger_option
def define(
    name: str | None,
    owner: str | None,
    tickets: tuple[str, ...],
    tags: tuple[str, ...],
    values: dict[str, Any],
    file: Path | None,
    parent: str | None,
    key: str | None,
    by_hand: bool,
    push: bool,
    dry_run: bool,
    as_json: bool,
    **given: str | None,
) -> None:
    """Define a campaign, and commit it.

    \b
    Examples:
      campledger define dp02-test-med-1 --production data-release --kind rehearsal \\
          --description "Rehearse DP0.2 on two tracts" --ticket DM-35936
      campledger define rerun --from k7mq --set software.stack=w_2026_47
      campledger define --file campaign.yaml
      campledger define night --key nightly/LSSTCam/20260102 --production alert --kind nightly --description "..."
      campledger define my-campaign --edit
    """
    from campledger.operations.defining import Wish, read_file
    from campledger.operations.defining import define as operation

    space = workspace()
    known: dict[str, Any] = {
        key: value for key, value in {"name": name, **given}.items() if value is not None
    }
    known |= {"tickets": [{"key": one} for one in tickets]} if tickets else {}
    known |= {"tags": list(tags)} if tags else {}
    text = None
    if file is not None:
        text = sys.stdin.read() if str(file) == "-" else read_file(file)
    elif parent is None:
        if owner is None:
            owner = space.user(space.ledger())
        if by_hand or (len(known) <= 1 and not values and sys.stdin.isatty()):
            text = _compose(space, {**known, "owner": owner})
            known = {}
        else:
            _require(known | values)
    known |= {"owner": owner} if owner else {}
    wish = Wish({**known, **values}, text, parent, key)
    done, landed = maybe_pushed(space, lambda: operation(space, wish, dry_run=dry_run), push and not dry_run)
    commit = landed or done.commit
    if as_json:
        result = {
            "campaign": done.campaign,
            "path": done.path,
            "created": done.created,
            "commit": commit,
        }
        click.echo(json.dumps(result, indent=2))
    elif dry_run and done.created:
        click.echo(done.text, nl=False)
    elif done.created:
        click.echo(f"{done.campaign}: defined" + (f", commit {commit[:10]}" if commit else ""))
        click.echo(
            f"  {done.path}\nnext: campledger edit {done.campaign}, then campledger start {done.campaign}"
        )
    else:
        click.echo(f"{done.campaign}: was defined with this key already; nothing was changed")


def _require(known: dict[str, Any]) -> None:
    missing = [f"--{one}" for one in ("production", "kind", "description") if one not in known]
    if "name" not in known:
        missing.insert(0, "a name")
    if missing:
        raise click.UsageError(f"missing: {', '.join(missing)}; or use --edit, --file or --from")


def _compose(space: Workspace, values: dict[str, Any]) -> str:
    from campledger.operations.defining import template

    text = _edited(space, template(values))
    if text is None or not text.strip():
        raise click.Abort
    return text


def _edited(space: Workspace, text: str) -> str | None:
    """Open the editor until the format has nothing against the text; what was typed is never lost."""
    from campledger.operations.defining import check_text

    kept = space.repository.git_dir / "campledger-rejected.yaml"
    while True:
        edited = click.edit(text, extension=".yaml")
        if edited is None:
            return None
        report = check_text(edited)
        if not report:
            return edited
        click.echo(report, err=True)
        if not sys.stdin.isatty() or not click.confirm("Edit again?", default=True):
            kept.write_text(edited, "utf-8")
            raise click.ClickException(f"not saved; what you wrote is kept in {kept}")
        text = edited


@click.command()
@click.argument("campaign")
@_set
@click.option("--push", is_flag=True, help="Fetch first and push after.")
@click.option("--dry-run", is_flag=True, help="Print the definition, and write nothing.")
@ledger_option
def edit(campaign: str, values: dict[str, Any], push: bool, dry_run: bool) -> None:
    """Change a campaign's definition, in an editor or with --set, and commit it.

    \b
    Examples:
      campledger edit k7mq
      campledger edit k7mq --set plan.deadline=2026-12-24 --set steps.step1.pause_after=true
    """
    from campledger.operations.defining import edit as operation
    from campledger.operations.defining import set_values

    space = workspace()
    change = set_values(values) if values else lambda text: _edited(space, text)
    do_push = push and not dry_run
    written, landed = maybe_pushed(
        space, lambda: operation(space, campaign, change, dry_run=dry_run), do_push
    )
    if written is None:
        click.echo("nothing was changed")
    elif dry_run:
        click.echo(b"".join(content or b"" for content in written.draft.files.values()).decode(), nl=False)
    else:
        click.echo(f"{written.draft.campaigns[0]}: edited, commit {(landed or written.commit or '')[:10]}")


@click.group()
def hooks() -> None:
    """Check what is committed, before it is."""


@hooks.command("install")
@ledger_option
def install(**_: Any) -> None:
    """Copy the pre-commit hook into the repository; a hook that is there is kept, and runs first.

    \b
    Example:
      campledger hooks install
    """
    from campledger.operations.starting import install_hook

    hook, sentence = install_hook(workspace())
    if hook is None:
        raise click.ClickException(sentence)
    click.echo(sentence)


@click.group("import")
def import_() -> None:
    """Take in campaigns from elsewhere."""


COMMANDS = [init, define, edit, hooks, import_]
