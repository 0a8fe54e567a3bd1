"""Expressions and views as the command line takes them: words, and options that name columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from campledger.suggestions import closest

F = TypeVar("F", bound=Callable[..., Any])

EXPRESSION_SETTINGS: dict[str, Any] = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
"""Settings of a command that takes an expression: `-kind:nightly` is a word of it, and no bundle of short options."""


def view_options(command: F) -> F:
    """Add the options that say how campaigns are shown."""
    for option in (
        click.option("--group", metavar="COLUMN", help="Part the table by the values of a column."),
        click.option(
            "--sort", metavar="COLUMNS", help="Columns to sort by, with commas; - in front turns the order round."
        ),
        click.option("--columns", metavar="COLUMNS", help="Columns to show, with commas."),
    ):
        command = option(command)
    return command


def split(names: str | None) -> tuple[str, ...] | None:
    """Return the columns that an option names, or None where it was not given."""
    return tuple(name.strip() for name in names.split(",")) if names else None


def expression_of(words: tuple[str, ...]) -> str:
    """Return the expression that arguments make: one with spaces is a text, unless it is several words itself."""
    require_words(words)
    return " ".join(f'"{word}"' if " " in word and not {'"', ":", "@"}.intersection(word) else word for word in words)


def require_words(words: tuple[str, ...]) -> None:
    """Answer `-h` and unknown options as click would have, were it not told to let words with hyphens pass."""
    context = click.get_current_context()
    if "-h" in words:
        click.echo(context.get_help())
        context.exit()
    slip = next((word for word in words if word.startswith("--")), None)
    if slip is not None:
        options = [option for parameter in context.command.params for option in parameter.opts]
        raise click.NoSuchOption(slip, possibilities=closest(slip, options, 3), ctx=context)
