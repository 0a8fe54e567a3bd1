"""The tutorials do what they say: their commands are run in order, and print what is shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = [*sorted((ROOT / "docs/tutorials").glob("*.md")), ROOT / "docs/scripting.md"]


@dataclass
class Command:
    """A command of a tutorial, and the output that is shown below it; … stands for anything."""

    words: str
    shown: list[str] = field(default_factory=list)

    def matches(self, printed: str) -> bool:
        """Whether what was printed is what is shown; nothing is shown where it does not matter."""
        if not self.shown:
            return True
        lines = [".*" if line == "…" else re.escape(line).replace("…", "[^\n]*") for line in self.shown]
        return re.fullmatch("\n".join(lines), printed.rstrip("\n"), re.DOTALL) is not None


def commands(text: str) -> Iterator[Command]:
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        found: list[Command] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:]))
            elif line.startswith(">"):
                found[-1].words += f"\n{line[2:]}"
            else:
                found[-1].shown.append(line)
        yield from found


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_does_what_it_says(tutorial: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "CAMPLEDGER": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    steps = list(commands(tutorial.read_text("utf-8")))
    assert steps
    where = tmp_path
    for step in steps:
        # One shell a command, so that each has its output; the folder is carried over.
        done = subprocess.run(
            ["bash", "-c", f"{step.words}\nstatus=$?\npwd >'{tmp_path}/where'\nexit $status"],
            cwd=where, env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        where = Path((tmp_path / "where").read_text().strip())
        assert done.returncode == 0, f"{step.words}\n{done.stdout}{done.stderr}"
        assert step.matches(done.stdout), f"{step.words}\nprinted\n{done.stdout}\nand not\n" + "\n".join(step.shown)
