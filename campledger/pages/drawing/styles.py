"""The colours and signs of states and events, and the widths of columns, as CSS, from the tables that all goes by.

The classes: `s-` for campaigns, `n-` for their nights, `g-` for groups, submissions and events.
"""

from __future__ import annotations

from campledger.model.columns import ALL_COLUMNS
from campledger.model.event_kinds import EVENT_KINDS
from campledger.model.states import CAMPAIGN_STATES, GREY, GROUP_STATES, Look


def from_tables() -> str:
    """Return rules that go before those of site.css, which says what the colours and signs are, and uses them."""
    return _states() + _columns()


def _states() -> str:
    looks: dict[str, Look] = {}
    for state, campaign in CAMPAIGN_STATES.items():
        looks |= dict.fromkeys((f".s-{state}", f".g-{state}", f".n-{state}"), campaign)
    looks |= {f".g-{state}": look for state, look in GROUP_STATES.items()}
    looks |= {f".g-{kind.name}": Look(GREY, kind.sign) for kind in EVENT_KINDS.values() if kind.sign}
    classes: dict[tuple[str, str], list[str]] = {}
    for name, look in looks.items():
        classes.setdefault((look.colour.site, look.sign), []).append(name)
    return "".join(f"{', '.join(names)} {{ {_rule(*shown)} }}\n" for shown, names in classes.items())


def _rule(colour: str, sign: str) -> str:
    return (
        f"--tone: var(--{colour}); --tint: var(--{colour}-tint); --solid: var(--{colour}-solid); "
        f"--sign: var(--sign-{sign});"
    )


def _columns() -> str:
    widths: dict[float, list[str]] = {}
    for name, column in ALL_COLUMNS.items():
        widths.setdefault(column.width, []).append(f".list thead .c-{name}")
    return "".join(f"{', '.join(names)} {{ inline-size: {width:g}rem; }}\n" for width, names in widths.items())
