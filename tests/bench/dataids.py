"""A large set to read: made once, in the form of the tech note."""

from __future__ import annotations

import json
import os

from campledger.dataids.files import read
from tests.bench.timing import compare

FIRST_VISIT = 2025041700001
DETECTORS = 189
MEMBERS = int(os.environ.get("BENCH_MEMBERS", "1000000"))


def make_set(count: int) -> bytes:
    """Return a JSON list of visits with their detectors, one member a line, in the order in which people list them."""
    lines = []
    for number in range(count):
        visit, detector = divmod(number, DETECTORS)
        lines.append(f'{{"instrument": "LSSTCam", "visit": {FIRST_VISIT + visit}, "detector": {detector}}}')
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def load() -> None:
    """Reading, checking and digesting a large set against parsing its JSON."""
    data = make_set(MEMBERS)
    text = data.decode()

    def ours() -> str:
        value = read("bench.json", data).value
        assert value is not None
        assert len(value) == MEMBERS
        return value.digest

    compare(
        f"load and digest of a set of {MEMBERS} members against json.loads of it", ours, lambda: json.loads(text), 5
    )
