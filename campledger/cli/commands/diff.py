"""Commands for those who review: what differs, and what a change means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import clean, coloured, ledger_option, start, table, workspace

if TYPE_CHECKING:
    from campledger.ledger.differences import CampaignDifference, Side
    from campledger.ledger.ledger import Record
    from campledger.ledger.reviewing import Review
    from campledger.operations.read.review import Comparison


@click.command()
@click.argument("campaigns", metavar="CAMPAIGN[@REV] CAMPAIGN[@REV] [CAMPAIGN[@REV]]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@ledger_option
def diff(campaigns: tuple[str, ...], as_json: bool) -> None:
    """Compare campaigns, or one with itself at another commit: only what differs.

    Definitions are told key by key, files as unified diffs, DataId sets by counts. Three campaigns stand side by side
    in a table.

    \b
    Examples:
      campledger diff k7mq a3xz
      campledger diff k7mq@v1 k7mq
      campledger diff rehearsal-1 rehearsal-2 rehearsal-3 --json
    """
    from campledger.operations.read import review

    if len(campaigns) not in {2, 3}:
        raise click.UsageError("name two campaigns, or three; CAMPAIGN@REV is one as it was at a commit")
    space = workspace()
    if len(campaigns) == 3:
        _tell_side_by_side(review.sides(space, campaigns), as_json)
        return
    found = review.diff(space, *campaigns)
    if as_json:
        click.echo(json.dumps(_as_json(found), indent=2, ensure_ascii=False))
        return
    lines = list(_body(found))
    click.echo("\n".join([*_heads(found), *lines]))
    if not lines:
        click.echo("nothing differs", err=True)


def _name(side: Side) -> str:
    return f"{side.record.id}{f'@{side.revision[:10]}' if side.revision else ''}"


def _heads(found: Comparison) -> Iterator[str]:
    for mark, colour, side in (("---", "red", found.before), ("+++", "green", found.after)):
        state = side.record.history.state if side.record.history else ""
        yield click.style(f"{mark} {clean(_name(side))}", fg=colour) + f"  {coloured(str(state))}"


def _body(found: Comparison) -> Iterator[str]:
    from campledger.cli.review_text import coloured_diff, line
    from campledger.ledger.difference_text import of_campaign_difference, of_effect, of_problem, unified

    yield from (line(one) for one in of_campaign_difference(found.found))
    yield from (line(of_problem(one)) for one in found.found.introduced)
    yield from (line(of_problem(one, mended=True)) for one in found.found.mended)
    if found.effect is not None:
        yield f"it is {coloured(str(found.effect.state))}:"
        yield from (line(one, "  ") for one in of_effect(found.effect))
    for file in found.found.files:
        lines = unified(file, "a", "b")
        if lines:
            yield ""
            yield from coloured_diff(lines)


def _tell_side_by_side(sides: list[Side], as_json: bool) -> None:
    from campledger.ledger.difference_text import value
    from campledger.model.differences import ABSENT
    from campledger.operations.read.review import side_by_side

    rows = side_by_side(sides)
    if as_json:
        found = [
            {
                "place": one.place,
                "key": one.key,
                "values": [None if cell is ABSENT else cell for cell in one.values],
            }
            for one in rows
        ]
        click.echo(json.dumps({"campaigns": [_facts(one) for one in sides], "differences": found}, indent=2))
        return
    cells = [
        [
            clean(": ".join(filter(None, (one.place, one.key)))),
            *(
                "-" if cell is ABSENT else "there" if not one.key else clean(_cut(value(cell).text))
                for cell in one.values
            ),
        ]
        for one in rows
    ]
    if cells:
        click.echo(table(cells, ["", *map(_name, sides)]))
    else:
        click.echo("nothing differs", err=True)


WIDEST = 40
"""Characters of a cell where campaigns stand side by side."""


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _facts(side: Side) -> dict[str, Any]:
    state = str(side.record.history.state) if side.record.history else None
    return {"id": side.record.id, "commit": side.revision or None, "state": state}


def _as_json(found: Comparison) -> dict[str, Any]:
    from campledger.ledger.difference_text import unified

    return {
        "before": _facts(found.before),
        "after": _facts(found.after),
        **_difference(found.found),
        "diffs": {file.path: "\n".join(unified(file, "a", "b")) for file in found.found.files},
        "effect": found.effect.as_dict() if found.effect else None,
    }


def _difference(found: CampaignDifference) -> dict[str, Any]:
    def change(before: bytes | None, after: bytes | None) -> str:
        return "added" if before is None else "removed" if after is None else "changed"

    return {
        "definition": [one.as_dict() for one in found.definition],
        "files": [{"path": one.path, "change": change(one.before, one.after)} for one in found.files],
        "sets": [one.as_dict() for one in found.sets],
        "events": [dict(event.data) for event in found.events],
        "gone": found.gone,
        "introduced": [one.as_dict() for one in found.introduced],
        "mended": [one.as_dict() for one in found.mended],
    }


@click.command()
@click.argument("span", metavar="BASE..HEAD")
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True,
    help="Markdown is short enough for a comment, and shows what others wrote as text only.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@ledger_option
def review(span: str, form: str, as_json: bool) -> None:
    """Tell what a change of the ledger means: campaigns, acts, sets, settings, problems, and what it does to runs.

    BASE..HEAD are two commits; BASE...HEAD is what HEAD brings since it left BASE, as in a pull request. Both are read
    from git: nothing is checked out, and nothing of them is run. A bare repository will do.

    \b
    Examples:
      campledger review main...my-campaign
      campledger review origin/main...HEAD --format markdown
      campledger review v1..v2 --json
    """
    from campledger.cli import review_text
    from campledger.operations.read import review

    found = review.review(start(), span)
    if as_json or form == "json":
        click.echo(json.dumps(_review(found), indent=2, ensure_ascii=False))
    elif form == "markdown":
        click.echo(review_text.as_markdown(found), nl=False)
    else:
        click.echo("\n".join(review_text.as_text(found)))


def _review(found: Review) -> dict[str, Any]:
    def brief(record: Record) -> dict[str, Any]:
        state = str(record.history.state) if record.history else None
        return {"id": record.id, "path": record.directory, "state": state}

    return {
        "base": found.base,
        "head": found.head,
        "defined": [
            {**brief(one), "definition": one.campaign.definition if one.campaign else None} for one in found.defined
        ],
        "changed": [{**brief(one.after), **_difference(one)} for one in found.changed],
        "removed": [brief(one) for one in found.removed],
        "sets": [one.as_dict() for one in found.sets],
        "receipts": {name: [dict(event.data) for event in events] for name, events in found.receipts.items()},
        "files": [one.as_dict() for one in found.files],
        "effects": [one.as_dict() for one in found.effects],
        "introduced": [one.as_dict() for one in found.introduced],
        "mended": [one.as_dict() for one in found.mended],
    }


@click.command()
@click.argument("host", type=click.Choice(["github", "gitlab", "github-pages"]))
@click.option("--write", is_flag=True, help="Write the files into the repository; they are yours to read and commit.")
@ledger_option
def ci(host: str, write: bool) -> None:
    """Print what a git host runs for a ledger: a check of each pull request, and a comment that tells what it means.

    The comment is written by a job that has a token, and runs nothing of the pull request; the files say how, and why.
    `github-pages` is what publishes the site with each push to the main branch.

    \b
    Examples:
      campledger ci github
      campledger ci gitlab --write
      campledger ci github-pages --write
    """
    from campledger.operations.setup.ci import of_ledger, write_workflows

    if not write:
        click.echo("---\n".join(f"# {path}\n{text}" for path, text in of_ledger(workspace(), host).items()), nl=False)
        return
    placed = write_workflows(workspace(), host)
    for path in placed.known:
        click.echo(f"{path}: is there already")
    for path in placed.written:
        click.echo(f"{path}: written")
    if placed.written:
        click.echo("next: read them; git add and commit them; push them to the main branch")


COMMANDS = [diff, review, ci]
