"""Types of parameters: a time, and text that is not blank."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click


class Moment(click.ParamType):  # type: ignore[type-arg]  # it takes no argument before click 8.4
    """A date, or a date and time; UTC unless it says otherwise. Of a bare day its beginning is meant, or its end."""

    name = "TIME"

    def __init__(self, *, end: bool = False):
        self.end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time."""
        from campledger.model.times import invalid_time, latest, parse

        try:
            moment = latest(value) if self.end else parse(value)
        except (ValueError, OverflowError):
            moment = None
        if moment is None or moment.year < 1900:
            self.fail(invalid_time(value, datetime.now(UTC)), param, ctx)
        return moment


class Words(click.ParamType):  # type: ignore[type-arg]
    """Text that says something: `--reason "$UNSET"` is a slip."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse blanks."""
        if not str(value).strip():
            self.fail("it is empty: say it in words", param, ctx)
        return str(value)


def sides(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Return the left and right sides of LEFT=RIGHT values of an option, of which the right may be nothing."""
    found = {}
    for value in values:
        left, equals, right = value.rpartition("=")
        if not equals or not left.strip():
            raise click.BadParameter(f"`{value}` is not {param.metavar}", ctx, param)
        found[left.strip()] = right.strip()
    return found
