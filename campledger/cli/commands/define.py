"""Commands that make ledgers and definitions."""

from __future__ import annotations

import json
import shlex
import sys
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.editor import Editor
from campledger.cli.ledger_options import Moment, Words, clean, ledger_option, start, table, workspace
from campledger.cli.write_options import WriteOptions, branch_words, commit_words, print_json, write_options
from campledger.errors import GitError, UsageError
from campledger.model.states import State
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from campledger.operations.workspace import Workspace


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--example", is_flag=True, help="With a campaign and a template to play with.")
@click.option(
    "--ci", "host", type=click.Choice(["github", "gitlab"]), help="With what the host runs to check and review changes."
)
def init(directory: Path, example: bool, host: str | None) -> None:
    """Make a new ledger: settings, attributes, schemas, a hook and a first commit.

    In a directory of a git repository the ledger becomes part of that repository.

    \b
    Examples:
      campledger init ledger --example
      campledger init ledger --ci github
    """
    from campledger.operations.setup.init import init as operation
    from campledger.repository.environment import settle_environment

    settle_environment(in_hook=False)
    started = operation(directory, example=example, host=host)
    click.echo(f"a ledger in {started.root}, commit {started.commit[:10]}")
    if started.example:
        click.echo(f"  with the example {started.example}: try `campledger show {started.example}`")
    if started.hook is None:
        click.echo("  no hook was installed, since core.hooksPath is set: `campledger hooks install` says more")
    place = shlex.quote(f"./{directory}" if str(directory).startswith("-") else str(directory))
    there = "" if directory.resolve() == Path.cwd() else f"cd {place}; "
    click.echo(f"next: {there}edit campledger.yaml; campledger define my-first-campaign")


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    from campledger.documents.writing import parse_value

    pairs = {}
    for value in values:
        path, equals, text = value.partition("=")
        if not equals or not path:
            raise click.BadParameter(f"`{value}` is not path=value", ctx, param)
        parsed = parse_value(text)
        # `title=Rerun: deeper` is a text; lists and mappings are written in brackets, or on several lines.
        plain = isinstance(parsed, dict | list) and "\n" not in text and not text.lstrip().startswith(("[", "{"))
        pairs[path] = text if plain else parsed
    return pairs


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


_set = click.option(
    "--set", "values", metavar="PATH=VALUE", multiple=True, callback=_pairs,
    help="Set a value: --set scope.tracts='[3828, 3829]'; null takes a key out; repeat for several.",
)  # fmt: skip


@click.command()
@click.argument("name", required=False)
@click.option("--production", help="Class of campaigns, from the settings.")
@click.option("--kind", help="Sort of activity: rehearsal, nightly-validation, ...")
@click.option("--title", help="One line for people.")
@click.option("--description", help="What it does and why (Markdown).")
@click.option("--owner", help="Handle of who answers for it.  [default: you, if the settings know you]")
@click.option("--ticket", "tickets", multiple=True, metavar="KEY", help="A ticket; repeat for several.")
@click.option("--tag", "tags", multiple=True, help="A free label; repeat for several.")
@_set
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
    from campledger.operations.define.campaigns import Wish, decoded, read_file
    from campledger.operations.define.campaigns import define as operation

    if (file is not None) + (parent is not None) + (template is not None) + by_hand > 1:
        raise click.UsageError("--file, --from, --template and --edit exclude each other")
    if parameters and template is None:
        raise click.UsageError("--param is for a template: --template NAME says which")
    writing = options.writing()
    space = writing.workspace
    editor = _editor(space)
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
    wish = Wish({**known, **values}, text, parent, key, template, parameters)
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


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the templates as JSON.")
@ledger_option
def templates(name: str | None, as_json: bool) -> None:
    """List the templates that campaigns are defined from, or the parameters of one.

    \b
    Examples:
      campledger templates
      campledger templates nightly-validation
    """
    from campledger.ledger.templates import Templates, template_path
    from campledger.model.templates import written

    found = Templates(workspace().ledger())
    chosen = found.readable if name is None else [found.named(name)]
    if as_json:
        rows = [{"name": one.name, "path": template_path(one.name), **one.document} for one in chosen]
        click.echo(json.dumps(rows if name is None else rows[0], indent=2, ensure_ascii=False))
    elif name is not None:
        (one,) = chosen
        click.echo(clean(one.description))
        for part in one.parameters:
            words = [part.description or part.kind]
            words += [f"one of {', '.join(map(written, part.choices))}"] if part.choices else []
            words += [f"as {part.document['pattern']}"] if "pattern" in part.document else []
            words += [f"[default: {written(part.default)}]"] if part.default is not None else ["required"]
            click.echo(clean(f"  {part.name}  {'; '.join(words)}"))
        needed = "".join(f" --param {part.name}=..." for part in one.parameters if part.default is None)
        click.echo(f"next: campledger define --template {one.name}{needed}")
    elif chosen:
        names = {one.name: " ".join(_shown(part.name, part.default) for part in one.parameters) for one in chosen}
        listed = [[one.name, clean(names[one.name]), clean(one.description)] for one in chosen]
        click.echo(table(listed, ["NAME", "PARAMETERS", "DESCRIPTION"]))
    else:
        click.echo("no templates; docs/groups-and-templates.md says how to write templates/NAME.yaml", err=True)
    for problem in found.problems if name is None else ():
        click.echo(f"left out: {clean(problem.as_text())}", err=True)


def _shown(name: str, default: Any) -> str:
    from campledger.model.templates import written

    return name if default is None else f"{name}={written(default)}"


def _editor(space: Workspace) -> Editor:
    from campledger.operations.define.campaigns import check_text

    return Editor(space, check_text, ".yaml")


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


@click.command()
@click.argument("campaign")
@_set
@click.option("--reason", type=Words(), help="Why, in words: the commit says so, beside what changed.")
@write_options(branch=True)
def edit(
    campaign: str,
    values: dict[str, Any],
    reason: str | None,
    options: WriteOptions,
) -> None:
    """Change a campaign's definition, in an editor or with --set, and commit it.

    The result is checked before it is committed; what you wrote in the editor is kept if it cannot be.

    \b
    Examples:
      campledger edit k7mq --reason "two more tracts"
      campledger edit k7mq --set plan.deadline=2026-12-24 --set steps.step1.pause_after=true
      campledger edit k7mq --set software.stack=w_2026_47 --branch
    """
    from campledger.operations.define.campaigns import definition_of, setting
    from campledger.operations.define.campaigns import edit as operation

    writing = options.writing()
    editor = _editor(writing.workspace)
    # The lock is not held while a person is typing.
    writing.catch_up()
    campaign_id, before = definition_of(writing.open(), campaign)
    with editor.keeping():
        after = setting(values)(before) if values else editor(before) or before
        with writing.stage() as staged:
            done = operation(staged, campaign_id, before, after, reason)
    if options.as_json:
        print_json(writing, {"campaign": done.campaign, "path": done.path, "differences": list(done.differences)})
    elif not done.changed:
        click.echo("nothing was changed")
    elif writing.dry_run:
        click.echo(done.text, nl=False)
    else:
        where = f" on the branch {writing.written.branch}" if writing.written.branch else ""
        click.echo(f"{done.campaign}: edited{where}{commit_words(writing)}")
        for line in done.differences:
            click.echo(clean(f"  {line}"))
        for line in branch_words(writing):
            click.echo(line)


@click.group()
def hooks() -> None:
    """Check what is committed, before it is.

    \b
    Example:
      campledger hooks install
    """


@hooks.command("install")
@click.option(
    "--server",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Install the pre-receive hook in a bare repository.",
)
@ledger_option
def install(server: Path | None) -> None:
    """Copy the pre-commit hook into the repository; a hook that is there is kept, and runs first.

    With --server, copy the hook that refuses pushes with errors into a bare repository instead.

    \b
    Examples:
      campledger hooks install
      campledger hooks install --server /srv/git/ledger.git
    """
    from campledger.operations.setup.init import install_hook, install_server_hook

    if server is not None:
        start()
        click.echo(f"installed {install_server_hook(server)}")
        return
    hook, sentence = install_hook(workspace())
    if hook is None:
        raise GitError(sentence)
    click.echo(sentence)


@click.group("import")
def import_() -> None:
    """Take in campaigns and lists of data IDs from elsewhere.

    \b
    Examples:
      campledger import bps dp02-processing --dry-run
      campledger import exclusions bad.ecsv --instrument LSSTComCam
    """


@import_.command("bps")
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
    for words in branch_words(writing):
        click.echo(words)


def _sides(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    sides = {}
    for value in values:
        left, equals, right = value.rpartition("=")
        if not equals or not left.strip():
            raise click.BadParameter(f"`{value}` is not {param.metavar}", ctx, param)
        sides[left.strip()] = right.strip()
    return sides


@import_.command("table")
@click.argument("file", metavar="CSV", type=click.Path(path_type=Path))
@click.option(
    "--map", "columns", metavar="COLUMN=FIELD", multiple=True, callback=_sides,
    help="What a column is: see below; a path as for --set; nothing to leave it out. Repeat for several.",
)  # fmt: skip
@click.option(
    "--status", "statuses", metavar="STATUS=STATE", multiple=True, callback=_sides,
    help="The state that a status means; repeat for several.",
)  # fmt: skip
@click.option("--production", help="Class of the campaigns, where no column says it.")
@click.option("--kind", default="other", show_default=True, help="Sort of activity, where no column says it.")
@click.option("--date-format", metavar="FORMAT", help="How dates are written, as in `date`: '%m/%d/%Y'.")
@write_options(branch=True)
def import_table(
    file: Path,
    columns: dict[str, str],
    statuses: dict[str, str],
    production: str | None,
    kind: str,
    date_format: str | None,
    options: WriteOptions,
) -> None:
    """Define campaigns from a table, one a row, as Jira or a spreadsheet exports it.

    Headers such as Issue key, Summary, Status, Assignee, Description, Created, Resolved, Labels and Comment are known.
    A column is one of key, name, title, description, production, kind, owner, ticket, tag, status, created, started,
    ended, note, extra, or a dotted path of the definition; one that nobody maps is kept under `extra`. A second import
    of a row, known by its key, changes nothing. Commas, semicolons or tabs separate, as the first line has it; the
    text is UTF-8.

    \b
    Examples:
      campledger import table jira.csv --production data-release --dry-run
      campledger import table runs.csv --production other --map "Release=software.stack" --map "Watchers=" \\
          --status "In Validation=running"
    """
    from campledger.operations.define.import_table import Choices
    from campledger.operations.define.import_table import import_table as operation

    choices = Choices(columns, statuses, production, kind, date_format)
    writing = options.writing()
    done = operation(writing, file, choices)
    if options.as_json:
        print_json(writing, {"columns": done.columns, "rows": [asdict(one) for one in done.rows]})
        return
    for header, what in done.columns.items():
        click.echo(clean(f"column {header}: {what or 'left out'}"))
    for one in done.rows:
        verb = "was imported before" if one.known else f"{'would be' if writing.dry_run else 'is'} {one.state}"
        click.echo(clean(f"{file}:{one.line}: {one.key}: {one.campaign} {verb}"))
        for remark in one.remarks:
            click.echo(clean(f"    {remark}"))
    new = sum(not one.known for one in done.rows)
    verb = "would be defined" if writing.dry_run else "defined"
    known = len(done.rows) - new
    click.echo(f"{counted(new, 'campaign')} {verb}, {known} known{commit_words(writing)}", err=True)
    for line in branch_words(writing):
        click.echo(line)


COMMANDS = [init, define, templates, edit, hooks, import_]
