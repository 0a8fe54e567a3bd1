"""Many acts in one commit, against git's own commit of the same files."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from pathlib import Path

from tests.bench.timing import compare

CAMPAIGNS = 500
ACTS = 1000


def batch(root: Path) -> None:
    """1,000 acts on 500 campaigns by `campledger batch`, against `git add && git commit` of the 500 files."""
    homes = sorted(root.glob("campaigns/*/*/*"))
    chosen = homes[:: max(1, len(homes) // CAMPAIGNS)][:CAMPAIGNS]
    files = [str(home.relative_to(root) / "events.yaml") for home in chosen]
    script = root.parent / "acts.jsonl"
    acts = [{"act": "note", "campaign": chosen[number % len(chosen)].name, "text": "x"} for number in range(ACTS)]
    script.write_text("".join(f"{json.dumps(one)}\n" for one in acts))
    program = Path(sys.executable).with_name("campledger")
    command = [str(program), "batch", str(script), "--ledger", str(root)]
    turns = count()

    def ours() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def plain() -> None:
        turn = next(turns)
        for number, file in enumerate(files):
            with (root / file).open("a") as stream:
                for half in range(ACTS // len(files)):
                    event = {"id": f"b{half}{turn:05d}{number:05d}", "time": "2026-01-01T00:00:00.000000Z", "by": "x"}
                    stream.write(f"- {json.dumps({**event, 'type': 'note', 'text': 'x'})}\n")
        subprocess.run(["git", "add", "--", *files], cwd=root, check=True)
        subprocess.run(["git", "commit", "-q", "-m", "x", "--", *files], cwd=root, check=True)

    plain()
    compare(f"{ACTS} acts on {len(files)} of {len(homes)} campaigns against git add && git commit", ours, plain, 5)
