"""Speed, as ratios within one run: ``make bench``, or ``python -m tests.bench [ROW...]``.

Each row runs ours and what it is held against in turns, and gives the ratio of the medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.bench import keys, registry
from tests.bench.dataids import loading
from tests.bench.ledgers import make_ledger

CAMPAIGNS = int(os.environ.get("BENCH_CAMPAIGNS", "10000"))
MEMBERS = int(os.environ.get("BENCH_MEMBERS", "1000000"))
CAMPLEDGER = Path(sys.executable).with_name("campledger")
IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Bench"), ("EMAIL", "bench@example.org"))
}


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


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a command that has to succeed, without its output."""
    words = [str(word) for word in command]
    subprocess.run(words, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def check_all(root: Path) -> None:
    """`check` of every campaign against stock CSafeLoader over the same files."""

    def parse() -> None:
        for path in sorted(root.glob("campaigns/*/*/*/*.yaml")):
            yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)

    compare(
        f"check of {CAMPAIGNS} campaigns against CSafeLoader over their files",
        lambda: run(CAMPLEDGER, "check", "--ledger", root),
        parse,
        3,
    )


def one_act(root: Path) -> None:
    """One state change against `git add && git commit` of a file of the same ledger."""
    chosen = sorted(root.glob("campaigns/*/*/*"))[CAMPAIGNS // 2].name
    file = root / "notes.txt"
    states = iter(range(1_000_000))

    def act() -> None:
        verb = "reopen" if next(states) % 2 == 0 else "complete"
        run(CAMPLEDGER, verb, chosen, "--ledger", root, *(["--reason", "x"] if verb == "reopen" else []))

    def note() -> None:
        run(CAMPLEDGER, "note", chosen, "x", "--ledger", root)

    def plain() -> None:
        with file.open("a") as stream:
            stream.write("x\n")
        run("git", "add", "--", "notes.txt", cwd=root)
        run("git", "commit", "-q", "-m", "x", "--", "notes.txt", cwd=root)

    plain()
    compare(f"one note among {CAMPAIGNS} campaigns against git add && git commit", note, plain, 9)
    compare("complete and reopen (compares names of all) against git add && git commit", act, plain, 4)
    run(CAMPLEDGER, "hooks", "install", "--ledger", root)
    compare("one note with the pre-commit hook against git add && git commit with it", note, plain, 5)


def help_text(_: Path) -> None:
    """`--help` against importing click."""
    compare(
        "campledger --help against python -c 'import click'",
        lambda: run(CAMPLEDGER, "--help"),
        lambda: run(sys.executable, "-c", "import click"),
        15,
    )


def load_set(_: Path) -> None:
    """Reading, checking and digesting a large set against parsing its JSON."""
    ours, theirs = loading(MEMBERS)
    compare(f"load and digest of a set of {MEMBERS} members against json.loads of it", ours, theirs, 5)


def upload(_: Path) -> None:
    """Uploads of sets to registries against the databases' own ways to fill a table."""
    registry.upload(compare)


ROWS = {
    "check": check_all,
    "act": one_act,
    "help": help_text,
    "load": load_set,
    "keys": keys.convert,
    "upload": upload,
}
WITHOUT_LEDGER = {"help", "load", "keys", "upload"}


def main() -> None:
    """Run the rows named on the command line, or all."""
    os.environ.update(IDENTITY)
    chosen = sys.argv[1:] or list(ROWS)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "ledger"
        if not WITHOUT_LEDGER.issuperset(chosen):
            print(f"making a ledger of {CAMPAIGNS} campaigns ...", flush=True)
            make_ledger(root, CAMPAIGNS)
        for name in chosen:
            ROWS[name](root)


main()
