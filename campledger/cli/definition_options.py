"""What commands that write definitions share: `--set`, and the editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from campledger.cli.editor import Editor

if TYPE_CHECKING:
    from campledger.operations.workspace import Workspace


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


set_option = click.option(
    "--set", "values", metavar="PATH=VALUE", multiple=True, callback=_pairs,
    help="Set a value: --set scope.tracts='[3828, 3829]'; null takes a key out; repeat for several.",
)  # fmt: skip


def definition_editor(space: Workspace) -> Editor:
    """Return an editor that checks a definition."""
    from campledger.operations.define.campaigns import check_text

    return Editor(space, check_text, ".yaml")
