"""Pictures of a campaign, as numbers that a template draws: the graph of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

MAX_STEPS = 60
"""More steps than these make no picture that anybody could read."""

_WIDTH, _HEIGHT = 148, 56
_GAP_X, _GAP_Y, _MARGIN = 40, 14, 3
_NAME_FITS, _WORD_FITS = 17, 22

_Before = Mapping[str, Sequence[str]]
"""The steps that come right before each."""

_Place = tuple[str, str, int]
"""A step (name, nothing, layer), or the point where an edge passes a layer (both its ends, layer)."""


def graph(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the graph of the steps, as `step_progress.steps` has them, layered from left to right.

    None where it would show nothing: no step waits for another, they wait in a circle, or there are too many.
    """
    names = [step["name"] for step in steps]
    before = {step["name"]: [one["name"] for one in step["prerequisites"] if one["name"] in names] for step in steps}
    if not any(before.values()) or len(steps) > MAX_STEPS:
        return None
    try:
        order = tuple(TopologicalSorter(before).static_order())
    except CycleError:
        return None  # told as a problem
    before = _without_detours(before, order)
    layers, chains = _layers(before, order, names)
    height = max(map(len, layers)) * (_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _MARGIN
    spots = {place: spot for layer in layers for place, spot in _spots(layer, height)}
    at = {place[0]: spot for place, spot in spots.items() if not place[1]}
    done = {step["name"] for step in steps if step["accepted"] == step["total"]}
    return {
        "width": len(layers) * (_WIDTH + _GAP_X) - _GAP_X + 2 * _MARGIN,
        "height": height,
        "node": {"width": _WIDTH, "height": _HEIGHT},
        "nodes": [_node(step, *at[step["name"]]) for step in steps],
        "edges": [{"path": _path([spots[one] for one in chain]), "done": chain[0][0] in done} for chain in chains],
    }


def _without_detours(before: _Before, order: Sequence[str]) -> dict[str, list[str]]:
    """Return for each step what comes right before it, without what comes before that, too."""
    above: dict[str, set[str]] = {}
    for name in order:
        above[name] = set(before[name]).union(*(above[one] for one in before[name]))
    return {
        name: [one for one in sources if not any(one in above[other] for other in sources)]
        for name, sources in before.items()
    }


def _layers(
    before: _Before, order: Sequence[str], written: Sequence[str]
) -> tuple[list[list[_Place]], list[list[_Place]]]:
    """Return the places of each layer from top to bottom, and those that each edge runs through."""
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = max((depth[one] + 1 for one in before[name]), default=0)
    layers: list[list[_Place]] = [[] for _ in range(max(depth.values()) + 1)]
    chains = []
    for target in sorted(order, key=written.index):
        layers[depth[target]].append((target, "", depth[target]))
        for source in before[target]:
            passed = [(source, target, layer) for layer in range(depth[source] + 1, depth[target])]
            for place in passed:
                layers[place[2]].append(place)
            chains.append([(source, "", depth[source]), *passed, (target, "", depth[target])])
    _untangle(layers, chains)
    return layers, chains


def _untangle(layers: list[list[_Place]], chains: Sequence[Sequence[_Place]]) -> None:
    """Bring each place to the height of those that it is joined to, from both sides, a few times."""
    left: dict[_Place, list[_Place]] = {}
    right: dict[_Place, list[_Place]] = {}
    for chain in chains:
        for one, other in pairwise(chain):
            right.setdefault(one, []).append(other)
            left.setdefault(other, []).append(one)
    for _ in range(4):
        for before, layer in pairwise(layers):
            _bring(layer, before, left)
        for behind, layer in pairwise(reversed(layers)):
            _bring(layer, behind, right)


def _bring(layer: list[_Place], beside: Sequence[_Place], joined: Mapping[_Place, Sequence[_Place]]) -> None:
    heights = dict(zip(beside, _heights(beside), strict=True))
    own = dict(zip(layer, _heights(layer), strict=True))

    def middle(place: _Place) -> float:
        found = [heights[one] for one in joined.get(place, ())]
        return sum(found) / len(found) if found else own[place]

    layer.sort(key=middle)


def _heights(layer: Sequence[_Place]) -> list[float]:
    return [row - (len(layer) - 1) / 2 for row in range(len(layer))]


def _spots(layer: Sequence[_Place], height: int) -> Iterator[tuple[_Place, tuple[int, int]]]:
    """Yield the left end and the middle of each place."""
    for place, row in zip(layer, _heights(layer), strict=True):
        yield place, (_MARGIN + place[2] * (_WIDTH + _GAP_X), round(height / 2 + row * (_HEIGHT + _GAP_Y)))


def _path(spots: Sequence[tuple[int, int]]) -> str:
    (x, y), *others = spots
    path = f"M{x + _WIDTH} {y}"
    for number, (to_x, to_y) in enumerate(others, 1):
        middle = to_x - _GAP_X // 2
        path += f"C{middle} {y} {middle} {to_y} {to_x} {to_y}"
        path += f"H{to_x + _WIDTH}" if number < len(others) else ""
        y = to_y
    return path


def _node(step: Mapping[str, Any], x: int, y: int) -> dict[str, Any]:
    after = [one["name"] for one in step["prerequisites"]]
    counts = f"{step['accepted']:,} of {step['total']:,} groups accepted"
    return {
        "name": step["name"],
        "shown": shortened(step["name"], _NAME_FITS),
        "word": shortened(step["state"]["word"], _WORD_FITS),
        "state": step["state"]["class"],
        "label": ", ".join(
            [step["name"], step["state"]["word"], counts, *([f"after {', '.join(after)}"] if after else [])]
        ),
        "count": f"{step['accepted']:,}/{step['total']:,}",
        "x": x,
        "y": y - _HEIGHT // 2,
        "bar": [
            {
                "state": part["state"],
                "x": round(x + part["x"] * _WIDTH / 100, 1),
                "width": round(part["width"] * _WIDTH / 100, 1),
            }
            for part in step["bar"]
        ],
    }


def shortened(words: str, length: int) -> str:
    """Return words cut to a length, with an ellipsis."""
    return words if len(words) <= length else f"{words[: length - 1]}\N{HORIZONTAL ELLIPSIS}"
