"""Make the bundles beside this file: a ledger as an earlier campledger wrote it, and one as a newer one might.

They are kept, and made anew only where another release is to be kept::

    python tests/examples/bundles/make.py REV

REV is the commit of campledger whose code writes the first one; its name goes into the name of the bundle.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
ACTS = (
    "init . --example",
    "define second --production data-release --kind rehearsal --description=Rehearses. --owner pilot",
    "start hello",
    "record hello step1 --run-id 4242 --run u/pilot/first",
    "outcome 4242 failed --jobs succeeded=98 --jobs failed=2 --failures isr=2",
    "record hello step1 --relation rescue --run-id 4243",
    "outcome 4243 succeeded",
    "accept 4243",
    "note hello Everything-is-well",
    "pause hello --reason calibrations-are-late",
    "dataids add bad --new exclude instrument=HSC visit=1228 --reason donuts",
    "query save waiting state:paused,defined --columns id,state",
)
"""What is done to the ledger. A newer release keeps them as they are: these acts existed then."""


def environment(code: Path, home: Path) -> dict[str, str]:
    """Return the environment in which a release writes: its own code, and a person whom git knows."""
    who = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", "pilot"), ("EMAIL", "pilot@example.org"))
    }
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(home)}
    return {**os.environ, **who, **plain, "PYTHONPATH": str(code)}


def code_of(project: Path, revision: str, place: Path) -> Path:
    """Put the code of a revision into a folder, from which Python runs it."""
    parts = ("campledger", "schemas", "site", "hooks")
    archive = subprocess.run(["git", "archive", revision, *parts], cwd=project, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(place, filter="data")
    return place


def write(place: Path, env: dict[str, str]) -> None:
    """Make a ledger by all acts."""
    place.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", "."], cwd=place, env=env, check=True)
    for act in ACTS:
        run = [sys.executable, "-P", "-m", "campledger", *act.split(" ")]
        done = subprocess.run(run, cwd=place, env=env, check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{act}: {done.stderr}")


def bundle(place: Path, name: str, env: dict[str, str]) -> None:
    """Keep a ledger with its history."""
    subprocess.run(["git", "bundle", "create", "-q", str(HERE / name), "HEAD", "main"], cwd=place, env=env, check=True)


def make_newer(place: Path, env: dict[str, str]) -> None:
    """Add to a ledger what no campledger of today knows: keys, kinds and words of events, and files."""
    settings = place / "campledger.yaml"
    settings.write_text(f"format: 99\n{settings.read_text()}horizon: wide\n")
    (definition,) = place.glob("campaigns/*/*/*-hello-*/campaign.yaml")
    definition.write_text(f"{definition.read_text()}weather:\n  - clear\n")
    events = definition.parent / "events.yaml"
    last = json.loads(events.read_text().splitlines()[-1][2:])["time"]
    frame = {"time": f"{last[:19]}.999999Z", "by": "pilot"}
    new = [
        {"id": "newerkind000", **frame, "type": "rehearsed", "stage": 2, "mood": {"of": "the day"}},
        {"id": "newerword000", **frame, "type": "status", "from": "paused", "to": "suspended"},
        {"id": "newerkey0000", **frame, "type": "note", "text": "known, with a key more", "mood": "good"},
    ]
    with events.open("a") as file:
        file.writelines(f"- {json.dumps(one)}\n" for one in new)
    (place / "horizons").mkdir()
    (place / "horizons/first.yaml").write_text("of: the future\n")
    (definition.parent / "forecast.yaml").write_text("sun: true\n")
    subprocess.run(["git", "add", "-A"], cwd=place, env=env, check=True)
    subprocess.run(["git", "commit", "-q", "--no-verify", "-m", "what is to come"], cwd=place, env=env, check=True)


def main(revision: str) -> None:
    """Make both bundles."""
    project = HERE.parents[2]
    name = subprocess.run(
        ["git", "rev-parse", "--short", revision], cwd=project, check=True, capture_output=True, text=True
    ).stdout.strip()
    with TemporaryDirectory() as folder:
        (Path(folder) / "code").mkdir()
        env = environment(code_of(project, revision, Path(folder) / "code"), Path(folder))
        place = Path(folder) / "ledger"
        write(place, env)
        bundle(place, f"written-by-{name}.bundle", env)
        make_newer(place, env)
        bundle(place, "written-by-a-newer-one.bundle", env)


if __name__ == "__main__":
    main(*sys.argv[1:])
