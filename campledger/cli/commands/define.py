"""Define a campaign."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from campledger.cli.definition_options import definition_editor, set_option
from campledger.cli.editor import Editor
from campledger.cli.parameter_types import Words
from campledger.cli.write_options import WriteOptions, branch_words, commit_words, print_json, write_options
from campledger.errors import UsageError


def _parameters(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"`{value}` is not NAME=VALUE", ctx, param)
        if name in pairs:
            raise click.BadParameter(f"`{name}` is given twice", ctx, param)
        pairs[name] = text
    return pairs


@click.command()
@click.argument("name", required=False)
@click.option("--production", help="Class of campaigns, from the settings.")
@click.option("--kind", help="Sort of activity: rehearsal, nightly-validation, ...")
@click.option("--title", help="One line for people.")
@click.option("--description", help="What it does and why (Markdown).")
@click.option("--owner", help="Handle of who answers for it.  [default: you, if the settings know you]")
@click.option("--ticket", "tickets", multiple=True, metavar="KEY", help="A ticket; repeat for several.")
@click.option("--tag", "tags", multiple=True, help="A free label; repeat for several.")
@set_option
@click.option(
    "--file", "file", type=click.Path(path_type=Path), help="A definition to start from; - is standard input."
)
@click.option("--from", "parent", metavar="ID[@REV]", help="A campaign to repeat with changes; its files come along.")
@click.option("--template", metavar="NAME", help="A template of the ledger: `campledger templates` shows them.")
@click.option(
    "--param", "parameters", metavar="NAME=VALUE", multiple=True, callback=_parameters,
    help="A parameter of the template; repeat for several.",
)  # fmt: skip
@click.option("--key", type=Words(), help="Open one campaign for this key, however often it is asked for.")
@click.option("--edit", "by_hand", is_flag=True, help="Open an editor on a commented template.")
@write_options(branch=True)
def define(
    name: str | None,
    owner: str | None,
    tickets: tuple[str, ...],
    tags: tuple[str, ...],
    values: dict[str, Any],
    file: Path | None,
    parent: str | None,
    template: str | None,
    parameters: dict[str, str],
    key: str | None,
    by_hand: bool,
    options: WriteOptions,
    **given: str | None,
) -> None:
    """Define a campaign, and commit it.

    NAME, --production, --kind and --description are needed, unless --file, --from or --edit bring them; everything else
    can follow with `campledger edit`. The id is printed, and never changes.

    \b
    Examples:
      campledger define dp02-test-med-1 --production data-release --kind rehearsal \\
          --description "Rehearse DP0.2 on two tracts" --ticket DM-35936
      campledger define rerun --from k7mq --set software.stack=w_2026_47
      campledger define --file campaign.yaml
      campledger define --template nightly-validation --param day_obs=20260102
      campledger define night --key nightly/LSSTCam/20260102 --production alert --kind nightly --description "..."
      campledger define my-campaign --edit
      campledger define rerun --from k7mq --branch
    """
    from campledger.operations.define.campaigns import NewCampaign, decoded, read_file
    from campledger.operations.define.campaigns import define as operation

    if (file is not None) + (parent is not None) + (template is not None) + by_hand > 1:
        raise click.UsageError("--file, --from, --template and --edit exclude each other")
    if parameters and template is None:
        raise click.UsageError("--param is for a template: --template NAME says which")
    writing = options.writing()
    space = writing.workspace
    editor = definition_editor(space)
    known: dict[str, Any] = {key: value for key, value in {"name": name, **given}.items() if value is not None}
    known |= {"tickets": [{"key": one} for one in tickets]} if tickets else {}
    known |= {"tags": list(tags)} if tags else {}
    text = None
    if file is not None:
        text = decoded("-", sys.stdin.buffer.read()) if str(file) == "-" else read_file(file)
    elif parent is None and template is None:
        if owner is None:
            owner = space.known_user(space.ledger())
        if by_hand or (len(known) <= 1 and not values and sys.stdin.isatty()):
            text = _compose(editor, {**known, "owner": owner})
            known = {}
        else:
            _require(known | values)
    known |= {"owner": owner} if owner else {}
    wish = NewCampaign({**known, **values}, text, parent, key, template, parameters)
    with editor.keeping(), writing.stage() as staged:
        done = operation(staged, wish)
    if options.as_json:
        print_json(writing, {"campaign": done.campaign, "path": done.path, "created": done.created})
    elif not done.created:
        click.echo(f"{done.campaign}: was defined with this key already; nothing was changed")
    elif writing.dry_run:
        click.echo(done.text, nl=False)
    elif writing.written.branch:
        click.echo(f"{done.campaign}: defined on the branch {writing.written.branch}{commit_words(writing)}")
        click.echo("\n".join((f"  {done.path}", *branch_words(writing))))
    else:
        click.echo(f"{done.campaign}: defined{commit_words(writing)}")
        click.echo(f"  {done.path}\nnext: campledger edit {done.campaign}, then campledger start {done.campaign}")


def _require(known: dict[str, Any]) -> None:
    missing = [f"--{one}" for one in ("production", "kind", "description") if one not in known]
    if "name" not in known:
        missing.insert(0, "a name")
    if missing:
        raise click.UsageError(f"missing: {', '.join(missing)}; or use --edit, --file, --from or --template")


_SAVE = "Save and close to define the campaign; an empty file cancels."


def _compose(editor: Editor, values: dict[str, Any]) -> str:
    from campledger.documents.template import template

    with editor.keeping():
        text = editor(template(values, editor.space.ledger().settings.productions, [_SAVE]))
    if text is None:
        raise UsageError("nothing was written in the editor, and nothing is defined")
    return text


COMMANDS = (define,)
