"""A script is type-checked with the package: what it gets and gives has types, and a slip is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
from campledger import Ledger

ledger = Ledger.open("ledger")
running: list[str] = [one.id for one in ledger.find("state:running", sort=["-changed"])]
done: dict[str, str] = dict(ledger.campaign("k7mq").groups)
with ledger.transaction("Runs of the night", push=True) as t:
    night: str = t.define("night", production="alert", kind="nightly", description="d", key="night/1")
    if t.campaign(night).state == "defined":
        t.start(night, at="2026-11-22T08:00")
    first: str = t.record(night, ["step1"], run_id="4242", relation="rescue", parents=["4241"])
    t.outcome(first, "succeeded", jobs={"succeeded": 12})
    t.accept(first)
commit: str | None = t.commit
"""

SLIPS = {
    't.outcome(first, "fine")': 'Argument 2 to "outcome" of "Transaction" has incompatible type',
    "t.pause(night)": 'Missing named argument "reason" for "pause" of "Transaction"',
    "t.note(night, 5)": 'Argument 2 to "note" of "Transaction" has incompatible type "int"; expected "str"',
    "t.recrod(night)": '"Transaction" has no attribute "recrod"',
    "ledger.find(limit='x')": 'Argument "limit" to "find" of "Ledger" has incompatible type "str"',
}


PROJECT = Path(__file__).parents[2]


def check(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "script.py").write_text(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "script.py"]
    # On the path of Python, as an installed package is: mypy does not follow the hook of an editable install.
    found = {**os.environ, "MYPYPATH": "", "PYTHONPATH": str(PROJECT)}
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=found)


def test_a_script_type_checks_and_slips_in_it_do_not(tmp_path: Path) -> None:
    done = check(tmp_path, SCRIPT)
    assert (done.returncode, done.stdout) == (0, "Success: no issues found in 1 source file\n")
    slips = "".join(f"{slip}\n" for slip in SLIPS)
    told = check(tmp_path, SCRIPT + slips).stdout.splitlines()
    first = len(SCRIPT.splitlines()) + 1
    for number, message in enumerate(SLIPS.values(), first):
        assert any(line.startswith(f"script.py:{number}: error: {message}") for line in told), told
    assert len([line for line in told if ": error: " in line]) == len(SLIPS)
