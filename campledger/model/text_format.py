"""Numbers, names and groups in words, for the command line and the site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campledger.model.campaign import Campaign

_NAMES_SHOWN = 6


def places(groups: Sequence[str]) -> str:
    """Return groups in short: step1/1 to 3 for neighbours of one step, the first few otherwise."""
    steps: dict[str, list[str]] = {}
    for group in groups:
        step, _, name = group.partition("/")
        steps.setdefault(step, []).append(name)
    return "; ".join(f"{step}/{_names(names)}" for step, names in steps.items())


def _names(names: list[str]) -> str:
    if len(names) > 2 and all(name.isdecimal() for name in names):
        numbers = sorted(int(name) for name in names)
        if numbers[-1] - numbers[0] == len(numbers) - 1:
            return f"{numbers[0]}…{numbers[-1]}"
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"


def counted(number: int, noun: str, many: str | None = None) -> str:
    """Return a number with its noun: 1 error, 1,200 errors, 2 groups wait."""
    return f"{number:,} {noun if number == 1 else many or f'{noun}s'}"


def spans(names: Iterable[str]) -> str:
    """Return names in short: numbers as ranges (1-12, 14), others up to a few and how many more."""
    listed = list(names)
    if all(name.isascii() and name.isdecimal() and name == str(int(name)) for name in listed):
        return ", ".join(_ranges(sorted({int(name) for name in listed})))
    shown = ", ".join(listed[:_NAMES_SHOWN])
    rest = len(listed) - _NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def _ranges(numbers: list[int]) -> list[str]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [str(run[0]) if len(run) == 1 else f"{run[0]}\N{EN DASH}{run[-1]}" for run in runs]


def coverage(campaign: Campaign, groups: Iterable[str]) -> str:
    """Return in words which groups are meant: "step1", "step2 (all 50)", "step2/1-12, 14"."""
    by_step: dict[str, list[str]] = {}
    for path in groups:
        step, _, group = path.partition("/")
        by_step.setdefault(step, []).append(group)
    sizes = {step.name: len(step.groups) for step in campaign.steps}
    return "; ".join(_part(step, names, sizes.get(step, 0)) for step, names in by_step.items())


def _part(step: str, names: list[str], size: int) -> str:
    if size == 1:
        return step
    return f"{step} (all {size})" if len(names) == size else f"{step}/{spans(names)}"


def count_words(counts: Mapping[str, Any], what: str) -> str:
    """Return counts by state as text: jobs: 1,200 succeeded, 3 failed."""
    return f"{what}: " + ", ".join(f"{number:,} {state}" for state, number in counts.items())
