"""What the documentation tells to type works as it stands there."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def commands(page: str) -> str:
    lines = (ROOT / "docs" / page).read_text("utf-8").splitlines()
    return "\n".join(line[2:] for line in lines if line.startswith("$ "))


def test_groups_and_templates(tmp_path: Path) -> None:
    script = f"set -euo pipefail\nCAMPLEDGER={ROOT}\n{commands('groups-and-templates.md')}\ncampledger check --strict\n"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "step1: cut into 3 groups of 1,200 exposures" in done.stdout
    assert "was defined with this key already; nothing was changed" in done.stdout
    rendered = (tmp_path / "ledger/submit.yaml").read_text()
    expected = (ROOT / "docs/examples/bps/rehearsal/step1_2.yaml").read_text()
    assert rendered.partition("\n")[2] == expected, "but for the comment at its top"
