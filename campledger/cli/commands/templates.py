"""List the templates of a ledger."""

from __future__ import annotations

import json
from typing import Any

import click

from campledger.cli.ledger_options import ledger_option, workspace
from campledger.cli.printing import clean, table


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


COMMANDS = (templates,)
