"""Compare campaigns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import ledger_option, workspace
from campledger.cli.printing import clean, coloured, table
from campledger.cli.review_text import difference_value

if TYPE_CHECKING:
    from campledger.ledger.differences import Side
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
        **difference_value(found.found),
        "diffs": {file.path: "\n".join(unified(file, "a", "b")) for file in found.found.files},
        "effect": found.effect.as_dict() if found.effect else None,
    }


COMMANDS = (diff,)
