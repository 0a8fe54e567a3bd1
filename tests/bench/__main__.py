"""Speed, as ratios within one run: ``make bench``, or ``python -m tests.bench [ROW...]``.

Each row runs ours and what it is held against in turns, and gives the ratio of the medians. BENCH_CAMPAIGNS,
BENCH_MEMBERS and BENCH_KEYS say how large the ledger, set and list of names are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.bench import batch, dataids, joins, keys, registry, site, site_list
from tests.bench.ledgers import make_ledger
from tests.bench.timing import compare

CAMPAIGNS = int(os.environ.get("BENCH_CAMPAIGNS", "10000"))
CAMPLEDGER = Path(sys.executable).with_name("campledger")
IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Bench"), ("EMAIL", "bench@example.org"))
}


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


def help_text() -> None:
    """`--help` against importing click."""
    compare(
        "campledger --help against python -c 'import click'",
        lambda: run(CAMPLEDGER, "--help"),
        lambda: run(sys.executable, "-c", "import click"),
        15,
    )


ON_A_LEDGER: dict[str, Callable[[Path], None]] = {
    "check": check_all,
    "act": one_act,
    "batch": batch.batch,
    "site": site.site,
}
"""Rows that are given a ledger of many campaigns."""

BY_THEMSELVES: dict[str, Callable[[], None]] = {
    "help": help_text,
    "load": dataids.load,
    "keys": keys.convert,
    "upload": registry.upload,
    "joins": joins.joins,
    "list": site_list.site_list,
}


def main() -> None:
    """Run the rows named on the command line, or all."""
    os.environ.update(IDENTITY)
    chosen = sys.argv[1:] or [*ON_A_LEDGER, *BY_THEMSELVES]
    unknown = [name for name in chosen if name not in {*ON_A_LEDGER, *BY_THEMSELVES}]
    if unknown:
        sys.exit(f"there is no row {unknown[0]}: {', '.join([*ON_A_LEDGER, *BY_THEMSELVES])}")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "ledger"
        if not set(chosen).isdisjoint(ON_A_LEDGER):
            print(f"making a ledger of {CAMPAIGNS} campaigns ...", flush=True)
            make_ledger(root, CAMPAIGNS)
        for name in chosen:
            if name in ON_A_LEDGER:
                ON_A_LEDGER[name](root)
            else:
                BY_THEMSELVES[name]()


main()
