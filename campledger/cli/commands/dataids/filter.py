"""Filter a set."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from campledger.cli.set_options import members_option, name_option, out_option, why_option
from campledger.cli.set_output import write_derived
from campledger.cli.write_options import write_options


def _date(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if value is not None else None
    except ValueError:
        raise click.BadParameter(f"`{value}` is no day: write 2026-11-22", ctx, param) from None


@click.command("filter")
@click.argument("name", metavar="SET")
@click.option("--because", "reasons", metavar="CODE", multiple=True, help="Only entries with this reason; repeat.")
@click.option("--severity", "severities", multiple=True, help="Only entries of this severity; repeat.")
@click.option("--band", "bands", multiple=True, help="Only members of this band; repeat.")
@click.option("--day-obs", metavar="FIRST[..LAST]", help="Only members of these observing days, YYYYMMDD.")
@click.option("--unexpired", metavar="DATE", callback=_date, help="Only entries that have not expired at this date.")
@out_option
@name_option
@members_option
@why_option
@write_options(branch=True)
def filter_(
    name: str,
    reasons: tuple[str, ...],
    severities: tuple[str, ...],
    bands: tuple[str, ...],
    day_obs: str | None,
    unexpired: str | None,
    **where: Any,
) -> None:
    """Make a set of the members that are of some reason, severity, day or band, or have not expired.

    A member has to satisfy each option that is given; of an option that is repeated, one value is enough. Prints the
    members as CSV, unless --out or --name say where they go.

    \b
    Example:
      campledger dataids filter bad --because slew --day-obs 20241101..20241130
    """
    derived: dict[str, Any] = {"filter": name}
    derived |= {"reason": list(reasons)} if reasons else {}
    derived |= {"severity": list(severities)} if severities else {}
    derived |= {"band": list(bands)} if bands else {}
    derived |= {"day_obs": _days(day_obs)} if day_obs else {}
    derived |= {"unexpired": unexpired} if unexpired else {}
    write_derived(derived, **where)


def _days(text: str) -> dict[str, int]:
    first, dots, last = text.partition("..")
    days = {key: word for key, word in (("from", first), ("to", last if dots else first)) if word}
    try:
        dates = [date.fromisoformat(word) for word in days.values() if len(word) == 8 and word.isdecimal()]
    except ValueError:
        dates = []
    if not days or len(dates) != len(days) or dates != sorted(dates):
        message = f"`{text}` is not YYYYMMDD or YYYYMMDD..YYYYMMDD, days of a calendar in order"
        raise click.BadParameter(message, param_hint="--day-obs")
    return {key: int(word) for key, word in days.items()}


COMMANDS = (filter_,)
