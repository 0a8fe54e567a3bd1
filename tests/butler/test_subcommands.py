"""The subcommands of `butler`, found by `butler` itself."""

from __future__ import annotations

import getpass
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campledger.butler.store import DataIdStore
from campledger.dataids.sets import DataIdSet
from tests.butler.conftest import VISITS, Repository
from tests.butler.datasets import FIRST, SECOND, SOME_VISITS, add_datasets

Run = Callable[..., tuple[int, str]]

SET = """\
instrument,visit,reason
HSC,1000,slew
HSC,1002,
HSC,1004,twilight
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bad-visits.csv"
    path.write_text(SET)
    return path


@pytest.fixture
def run() -> Run:
    """Run `butler` in this process; return its exit code and output."""
    from lsst.daf.butler.cli.butler import cli
    from lsst.daf.butler.cli.utils import LogCliRunner

    def invoke(*arguments: str | Path, stdin: str = "") -> tuple[int, str]:
        done = LogCliRunner().invoke(cli, [str(one) for one in arguments], input=stdin)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return invoke


def test_uploading_listing_showing_and_removing(repository: Repository, file: Path, run: Run, tmp_path: Path) -> None:
    root, digest = repository.root, DataIdSet.read(file).digest
    assert run("list-dataid-sets", root) == (0, "No sets of data IDs.\n")
    assert run("upload-dataid-set", root, file, "--dry-run") == (0, "bad-visits@1 would be new, with 3 members\n")
    brief = f"bad-visits@1: 3 members of instrument, visit, {digest}\n"
    assert run("upload-dataid-set", root, file, "--by", "vrubin", "--note", "a night") == (0, f"uploaded {brief}")
    assert run("upload-dataid-set", root, file, "--by", "vrubin") == (0, f"found {brief}")
    assert run("upload-dataid-set", root, file, "--dry-run") == (0, "bad-visits@1 is there already, with 3 members\n")
    file.write_text(SET.replace("1004,twilight", "1006,twilight\nHSC,1008,"))
    assert run("upload-dataid-set", root, file, "--dry-run") == (
        0,
        "bad-visits@2 would be a new revision, with 4 members: 2 more and 1 less than before\n",
    )
    assert run("upload-dataid-set", root, file, "--campaign", "2026-11-22-a-aaaa", "--expires", "2020-01-01")[0] == 0
    today = datetime.now(UTC).date().isoformat()
    me, second = getpass.getuser(), DataIdSet.read(file).digest
    code, output = run("list-dataid-sets", root)
    assert (code, [line.split() for line in output.splitlines()]) == (
        0,
        [
            ["name", "revision", "members", "dimensions", "purpose", "by", "uploaded", "digest"],
            ["bad-visits", "2", "4", "instrument,visit", me, today, second[:19]],
        ],
    )
    assert len(run("list-dataid-sets", root, "--all-revisions")[1].splitlines()) == 3

    code, output = run("show-dataid-set", root, "bad-visits", "--revision", "1", "--verify")
    facts = dict(line.split("  ", 1) for line in output.splitlines()[:-1])
    assert code == 0
    assert output.endswith("verified: the registry holds what was uploaded\n")
    assert {key.strip(): value.strip() for key, value in facts.items() if key.strip() != "uploaded at"} == {
        "name": "bad-visits",
        "revision": "1",
        "digest": digest,
        "dimensions": "instrument, visit",
        "members": "3",
        "unknown ids": "0",
        "universe": "daf_butler:8",
        "uploaded by": "vrubin",
        "note": "a night",
        "revisions": "1, 2",
    }
    out = tmp_path / "out.csv"
    code, output = run("show-dataid-set", root, "bad-visits", "--output", out)
    assert code == 0
    assert ["campaign", "2026-11-22-a-aaaa"] in [line.split() for line in output.splitlines()]
    assert DataIdSet.read(out).digest == second

    assert run("remove-dataid-set", root, "bad-visits", stdin="n\n")[0] == 1
    code, output = run("remove-dataid-set", root, "bad-visits", stdin="y\n")
    assert (code, "Error: `bad-visits` was not removed, since something refers to it: campaign" in output) == (5, True)
    code, output = run("remove-dataid-set", root, "--expired", stdin="y\n")
    assert (code, output.splitlines()[-1]) == (0, "Nothing was removed.")
    arguments = ("--no-confirm", "--campaign", "2026-11-22-a-aaaa,2026-11-22-b-bbbb")
    code, output = run("remove-dataid-set", root, "bad-visits", *arguments)
    assert (code, [line.split(":")[0] for line in output.splitlines()]) == (
        0,
        ["removed bad-visits@1", "removed bad-visits@2"],
    )
    assert run("list-dataid-sets", root) == (0, "No sets of data IDs.\n")
    assert run("remove-dataid-set", root, "bad-visits") == (0, "Nothing to remove.\n")


def test_removing_what_has_expired(sqlite_repository: Repository, file: Path, run: Run) -> None:
    root = sqlite_repository.root
    for name, expires in (("old", "2020-01-01"), ("new", "2999-01-01T12:00:00")):
        assert run("upload-dataid-set", root, file, "--name", name, "--expires", expires)[0] == 0
    code, output = run("remove-dataid-set", root, "--expired", stdin="y\n")
    assert code == 0
    assert "The following sets will be removed, unless something refers to them:\n  old@1: 3 members" in output
    store = DataIdStore(sqlite_repository.open(writeable=False))
    assert [(head.name, head.expires) for head in store.list()] == [("new", "2999-01-01T12:00:00.000000Z")]
    assert run("remove-dataid-set", root)[0] == 2
    assert run("remove-dataid-set", root, "new", "--expired")[0] == 2


def test_unknown_ids_are_named_by_line(repository: Repository, file: Path, run: Run) -> None:
    file.write_text("instrument,visit,detector\nHSC,1000,1\nHSC,77,1\nHSC,77,2\nHSC,1000,500\n")
    lines = (
        f"Error: {file}:5:1: the registry has no record of instrument='HSC', detector=500\n"
        f"{file}:3:1 and 1 more: the registry has no record of instrument='HSC', visit=77\n"
        "nothing was uploaded: correct them, or give --allow-unknown\n"
    )
    assert run("upload-dataid-set", repository.root, file) == (1, lines)
    code, output = run("upload-dataid-set", repository.root, file, "--dry-run")
    assert (code, output) == (1, "bad-visits@1 would be new, with 4 members\n" + lines)
    code, output = run("upload-dataid-set", repository.root, file, "--allow-unknown")
    assert (code, output.splitlines()[-1]) == (0, "the registry has no record of 2 of its ids")
    assert run("upload-dataid-set", repository.root, file, "--dry-run", "--allow-unknown")[0] == 0


def test_purpose_and_name_come_from_the_file(sqlite_repository: Repository, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "x.json"
    document = {
        "format": 1,
        "name": "slews",
        "purpose": "exclude",
        "dimensions": ["instrument", "visit"],
        "members": [{"instrument": "HSC", "visit": 1000}],
    }
    file.write_text(json.dumps(document))
    assert run("upload-dataid-set", sqlite_repository.root, file)[0] == 0
    assert DataIdStore(sqlite_repository.open()).head("slews").purpose == "exclude"
    file.write_text(json.dumps(document | {"purpose": "include"}))
    planned = run("upload-dataid-set", sqlite_repository.root, file, "--dry-run")[1]
    assert "0 more and 0 less than before; purpose include, before exclude" in planned
    assert "uploaded slews@2" in run("upload-dataid-set", sqlite_repository.root, file)[1]


def test_files_that_hold_no_set(sqlite_repository: Repository, file: Path, run: Run) -> None:
    file.write_text("instrument,visit\nHSC,x\n")
    code, output = run("upload-dataid-set", sqlite_repository.root, file)
    assert (code, output.startswith(f"Error: {file}:2:5: alternate-key: ")) == (1, True)
    file = file.with_suffix(".json")
    file.write_text(json.dumps({"format": 1, "name": "x", "derived": {"union": ["a", "b"]}}))
    code, output = run("upload-dataid-set", sqlite_repository.root, file)
    assert (code, "made from others: upload it from its ledger" in output) == (1, True)


def test_preparing(repository: Repository, run: Run) -> None:
    code, output = run("prepare-dataid-sets", repository.root, "--dimensions", "visit,detector", "--dimensions", "band")
    identity = DataIdStore(repository.open()).identity
    assert (code, output) == (0, f"the tables are there; the registry is {identity}\n")
    code, output = run("prepare-dataid-sets", repository.root, "--dimensions", "planet")
    assert (code, output) == (2, "Error: `planet` is no dimension of this registry\n")


def test_resolving(repository: Repository, file: Path, run: Run) -> None:
    butler = repository.open()
    add_datasets(butler)
    root = repository.root
    rows = [f"HSC,{visit}" for visit in (*SOME_VISITS[:3], VISITS[-1])]
    file.write_text("instrument,visit\n" + "\n".join(rows))
    assert run("upload-dataid-set", root, file, "--name", "good")[0] == 0
    options = ("--dataset-type", "raw,calexp", "--collections", f"{SECOND},{FIRST}")
    # HSC's first three of twelve visits, six detectors each; the last one has no datasets.
    lost = f"no dataset for 1 of the set's members of instrument, visit, the first of which is ('HSC', {VISITS[-1]})\n"
    said = f"raw: 18 datasets\ncalexp: 18 datasets\nraw: {lost}calexp: {lost}"
    assert run("resolve-dataid-set", root, "good", "u/me/good", *options) == (
        0,
        said + "u/me/good: 36 added, 0 taken out\n",
    )
    assert run("resolve-dataid-set", root, "good@1", "u/me/good", *options) == (0, said + "u/me/good: as it was\n")

    document = {
        "format": 1,
        "name": "bad",
        "purpose": "exclude",
        "dimensions": ["instrument", "visit"],
        "members": [{"instrument": "HSC", "visit": SOME_VISITS[0]}],
    }
    file = file.with_suffix(".json")
    file.write_text(json.dumps(document))
    assert run("upload-dataid-set", root, file)[0] == 0
    code, output = run("resolve-dataid-set", root, "good", "u/me/good", *options, "--exclude", "bad")
    assert (code, output.splitlines()[-1]) == (0, "u/me/good: 0 added, 12 taken out")
    code, output = run("resolve-dataid-set", root, "bad", "u/me/other", *options, "--include", "good")
    assert (code, output.splitlines()[-1]) == (0, "u/me/other: 24 added, 0 taken out")
    code, output = run("resolve-dataid-set", root, "good", FIRST, *options)
    assert (code, output.startswith("Error: ")) == (2, True)
    code, output = run("resolve-dataid-set", root, "nothing", "u/me/good", *options)
    assert (code, output) == (5, "Error: the registry has no set named `nothing`\n")


def test_rows_that_were_changed_fail_verification(sqlite_repository: Repository, file: Path, run: Run) -> None:
    assert run("upload-dataid-set", sqlite_repository.root, file)[0] == 0
    sqlite_repository.sql("UPDATE campledger_dataids_instrument_visit SET visit = 1 WHERE visit = 1000")
    code, output = run("show-dataid-set", sqlite_repository.root, "bad-visits", "--verify")
    assert (code, "which is not what was uploaded" in output) == (1, True)


def butler(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command: list[Any] = [Path(sys.executable).with_name("butler"), *arguments]
    return subprocess.run(command, text=True, capture_output=True, check=False, timeout=60)


def test_the_butler_command_has_them(sqlite_repository: Repository, file: Path, tmp_path: Path) -> None:
    done = butler("upload-dataid-set", sqlite_repository.root, file, "--name", "slews")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("uploaded slews@1: 3 members of instrument, visit, sha256:")
    listed = {line.split()[0] for line in butler("--help").stdout.splitlines() if "dataid-set" in line}
    assert listed == {
        f"{verb}-dataid-set" + "s" * (verb in {"list", "prepare"})
        for verb in ("upload", "list", "show", "remove", "prepare", "resolve")
    }


@pytest.mark.parametrize("command", ["list-dataid-sets", "show-dataid-set"])
def test_errors_have_no_traceback(command: str, tmp_path: Path) -> None:
    (tmp_path / "butler.yaml").write_text("registry: {db: 'postgresql://u:secret@127.0.0.1:1/x'}")
    done = butler(command, tmp_path, *(["x"] if command == "show-dataid-set" else []))
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr + done.stdout
    assert f"Error: cannot open the Butler repository {tmp_path}: the database server does not answer" in done.stderr


def test_a_password_in_an_address_is_not_repeated() -> None:
    done = butler("list-dataid-sets", "https://u:secret@example.org/repo")
    assert done.returncode == 5
    assert "secret" not in done.stderr + done.stdout


def test_expiry_is_at_least_as_long_as_asked(sqlite_repository: Repository, file: Path, run: Run) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    assert run("upload-dataid-set", sqlite_repository.root, file, "--expires", tomorrow)[0] == 0
    assert run("remove-dataid-set", sqlite_repository.root, "--expired") == (0, "Nothing to remove.\n")
