"""Every command that todo and whatnext print succeeds as it stands, with what is in capitals filled in."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from campledger.documents.lines import format_event
from tests.conftest import in_process
from tests.model.histories_for_tests import Lived, histories

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]

FILLED_IN = {"RUN": "4711", "RESCUE": "4712", "YYYY-MM-DD": "2099-12-31"}
BASICS = ("--production", "other", "--kind", "other", "--description", "d")


def printed(text: str) -> list[list[str]]:
    """Return the commands in a text, as the words that a shell makes of them."""
    found = dict.fromkeys(re.findall(r"^.*?  (campledger .*)$", text, re.MULTILINE))
    filled = (re.sub("|".join(FILLED_IN), lambda word: FILLED_IN[word[0]], command) for command in found)
    return [shlex.split(command)[1:] for command in filled]


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return in_process(list(words), root, b"")


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


def refused(root: Path, campaign: str) -> list[str]:
    """Return which of the commands proposed do not succeed; each is made on the ledger as it is."""
    told = []
    for words in (["todo", f"id:{campaign}"], ["whatnext", campaign]):
        done = run(root, *words)
        assert done.returncode == 0, done.stderr
        told += [command for command in printed(done.stdout) if command not in told]
    failed = []
    for command in told:
        done = run(root, *command)
        failed += [] if done.returncode == 0 else [f"{shlex.join(command)}: {done.stderr}"]
        git(root, "reset", "--quiet", "--hard", "as-it-was")
    return failed


@given(histories(10))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_happened(ledger: Path, lived: Lived) -> None:
    with TemporaryDirectory() as folder:
        root = Path(shutil.copytree(ledger, Path(folder) / "ledger", symlinks=True))
        home = root / "campaigns/2025/11" / lived.campaign.id
        home.mkdir(parents=True)
        # JSON is YAML.
        (home / "campaign.yaml").write_text(json.dumps(lived.campaign.definition))
        if lived.events:
            (home / "events.yaml").write_text("".join(map(format_event, lived.events)))
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", "x")
        git(root, "tag", "as-it-was")
        assert refused(root, lived.campaign.id) == []


def test_what_was_rescued_in_part_and_accepted(ledger: Path, campaign: Path, campledger: Run) -> None:
    for words in (
        ["start", "hello"],
        ["record", "hello", "step1", "--run-id", "42"],
        ["outcome", "42", "failed"],
        ["record", "hello", "step1/g", "--relation", "rescue", "--run-id", "43"],
        ["outcome", "43", "succeeded"],
        ["accept", "43"],
    ):
        assert campledger(*words).returncode == 0
    (one,) = json.loads(campledger("todo", "hello", "--json").stdout)
    assert one["words"] == "step1/r: ended, failed, and awaits a decision."
    assert " step1/r --parent " in one["commands"][-1]
    git(ledger, "tag", "as-it-was")
    assert refused(ledger, campaign.name) == []


def test_a_campaign_with_placeholders_is_not_started(ledger: Path, campledger: Run) -> None:
    defined = campledger("define", "later", *BASICS, "--set", "software.stack=TODO")
    assert defined.returncode == 0, defined.stderr
    assert campledger("start", "later").returncode != 0
    (one,) = json.loads(campledger("todo", "name:later", "--json").stdout)
    assert (one["need"], one["words"]) == ("start", "Defined, and cannot start: 1 problem to settle before.")
    found = json.loads(campledger("whatnext", "later", "--json").stdout)
    assert [act["act"] for act in found["acts"]] == ["cancel"]
    assert [act["act"] for act in found["withheld"]] == ["start"]
    assert "  no start: 1 problem to settle before, which `campledger show " in campledger("whatnext", "later").stdout
    git(ledger, "tag", "as-it-was")
    assert refused(ledger, found["campaign"]) == []


def test_a_campaign_whose_name_is_taken_is_not_reopened(ledger: Path, campledger: Run) -> None:
    for words in (["define", "twice", *BASICS], ["cancel", "twice", "--reason", "x"], ["define", "twice", *BASICS]):
        assert campledger(*words).returncode == 0
    rows = json.loads(campledger("list", "name:twice", "--json").stdout)
    (over,) = (row["id"] for row in rows if row["state"] == "cancelled")
    (other,) = (row["id"] for row in rows if row["state"] == "defined")
    assert campledger("reopen", over, "--reason", "x").returncode != 0
    done = campledger("whatnext", over)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"its state may change:\n  no reopen: {other} has its name, and is not final\n")
    assert campledger("cancel", other, "--reason", "x").returncode == 0
    assert "campledger reopen" in campledger("whatnext", over).stdout
