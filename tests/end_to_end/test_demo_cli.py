"""The demo that the README promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_walks_a_campaign_to_completion_and_builds_the_site(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("campledger")
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    demo = [ROOT / "docs/examples/demo.sh", program, tmp_path / "demo"]
    done = subprocess.run(demo, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "demo-night" in done.stdout
    assert "completed since" in done.stdout
    index = (tmp_path / "demo/site/index.html").read_text()
    assert all(name in index for name in ("dp02", "demo-night", "rehearsal-w_2026_46-DM-10001"))
    ledger = tmp_path / "demo/ledger"
    status = subprocess.run(["git", "status", "--porcelain"], cwd=ledger, check=True, capture_output=True, text=True)
    assert status.stdout == ""
