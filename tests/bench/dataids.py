"""A large set to read: made once, in the form of the tech note."""

from __future__ import annotations

import json
from collections.abc import Callable

from campledger.dataids.files import read

FIRST_VISIT = 2025041700001
DETECTORS = 189


def make_set(count: int) -> bytes:
    """Return a JSON list of visits with their detectors, one member a line, in the order in which people list them."""
    lines = []
    for number in range(count):
        visit, detector = divmod(number, DETECTORS)
        lines.append(f'{{"instrument": "LSSTCam", "visit": {FIRST_VISIT + visit}, "detector": {detector}}}')
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def loading(count: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return what reads, checks and digests a set, and what only parses the same text."""
    data = make_set(count)
    text = data.decode()

    def ours() -> str:
        value = read("bench.json", data).value
        assert value is not None
        assert len(value) == count
        return value.digest

    return ours, lambda: json.loads(text)
