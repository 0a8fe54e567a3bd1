"""How the rows measure: ours and what it is held against in turns, as a ratio of medians."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compare(name: str, ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> None:
    """Print the ratio of the medians of ours and theirs, run in turns."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(repeats)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{name}: {mine / other:.2f} times ({mine:.3f} s against {other:.3f} s, median of {repeats})", flush=True)
