"""The colours and signs of states and events as CSS, from the tables that the rest goes by.

The classes: `s-` for campaigns, `n-` for their nights, `g-` for groups, submissions and events.
"""

from __future__ import annotations

from campledger.model.event_kinds import EVENT_KINDS
from campledger.model.states import CAMPAIGN_STATES, GREY, GROUP_STATES, Look


def state_styles() -> str:
    """Return rules that give each class its colours and its sign; site.css says what they are, and uses them."""
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
