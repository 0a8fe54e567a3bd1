"""A state, a kind of event and a column that are added to the tables alone are known everywhere: in a copy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import isolate

ROOT = Path(__file__).parents[2]

STATE = {
    "campledger/model/states.py": (
        ('    PAUSED = "paused"\n', '    ASLEEP = "asleep"\n'),
        (
            "CAMPAIGN_STATES = {\n",
            '    State.ASLEEP: CampaignState(VIOLET, "turn", concern=7, synonyms=("dormant",)),\n',
        ),
        ("    reopen    completed,failed,cancelled  paused     reason\n", "    doze      running  asleep  reason\n"),
        ("    reopen    completed,failed,cancelled  paused     reason\n", "    wake      asleep  running\n"),
        ("CAMPAIGN_ACTS = {\n", '    "doze": StateAct("lulled", "Let a campaign sleep."),\n'),
        ("CAMPAIGN_ACTS = {\n", '    "wake": StateAct("woke", "Wake a campaign up."),\n'),
    ),
    "schemas/event.schema.json": (('    "state": {"enum": ["defined", ', '"asleep", '),),
}
"""What is added behind what, file by file, for a state with an act into it and one out of it."""

KIND = {
    "campledger/model/event_kinds.py": (
        (
            "    for kind in (\n",
            '        EventKind(\n            "greeted", replay=_place_known, sign="person", independent=True,\n'
            "            words=lambda event, naming: [Piece(f\"waved at {naming.person(event.data['person'])}\")],\n"
            "        ),\n",
        ),
    ),
    "schemas/event.schema.json": (
        ('  "oneOf": [\n', '    {"$ref": "#/$defs/greeted"},\n'),
        (
            '  "$defs": {\n',
            '    "greeted": {"description": "Somebody was greeted.", "type": "object", "additionalProperties": false, '
            '"required": ["id", "time", "by", "type", "person"], "properties": {"id": {"$ref": "#/$defs/id"}, '
            '"time": {"$ref": "#/$defs/time"}, "at": {"$ref": "#/$defs/at"}, "by": {"$ref": "#/$defs/by"}, '
            '"type": {"const": "greeted"}, '
            '"person": {"description": "Who.", "$ref": "campaign.schema.json#/$defs/person"}}},\n',
        ),
    ),
}
"""The same for a kind of event."""

COLUMN = {
    "campledger/model/columns.py": (
        (
            "ALL_COLUMNS: dict[str, Column] = dict([\n",
            '    ("size", Column("Size of it", "how many groups there are", 3)),\n',
        ),
        ('        "title": campaign.title,\n', '        "size": f"{len(campaign.groups)} in all",\n'),
        ("USUAL_ON_SITE = (\n", '    "size",\n'),
    )
}
"""The same for a column of lists."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's package and documentation, with the state, the kind and the column in it."""
    root = tmp_path_factory.mktemp("copy")
    leave = shutil.ignore_patterns("__pycache__")
    for name in ("campledger", "schemas", "site", "hooks", "docs", "tests/examples"):
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=leave)
    for additions in (STATE, KIND, COLUMN):
        for name, pairs in additions.items():
            text = (root / name).read_text("utf-8")
            for place, more in pairs:
                assert text.count(place) == 1, f"{place!r} is no single place in {name}"
                text = text.replace(place, place + more)
            (root / name).write_text(text, "utf-8")
    return root


@pytest.fixture(scope="module")
def run(copy: Path) -> Callable[..., str]:
    """Run a module of the copy in a process of its own, and return what it prints."""

    def run(cwd: Path, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=cwd, env=os.environ | {"PYTHONPATH": str(copy)}, capture_output=True, check=False, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def isolated(git_config: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, git_config)
        yield


@pytest.fixture(scope="module")
def ledger(run: Callable[..., str], tmp_path_factory: pytest.TempPathFactory, isolated: None) -> Path:
    """A ledger with a night that sleeps, and on which somebody was greeted."""
    folder = tmp_path_factory.mktemp("ledgers")
    run(folder, "campledger", "init", "ledger", "--example")
    root = folder / "ledger"
    scope = ("--set", "scope.day_obs.from=20261122", "--set", "scope.day_obs.to=20261122")
    run(root, "campledger", "edit", "hello", *scope)
    run(root, "campledger", "start", "hello")
    run(root, "campledger", "doze", "hello", "--reason", "it is late")
    events = next(root.glob("campaigns/*/*/*/events.yaml"))
    greeting = {
        "id": "g" * 12,
        "time": "2026-11-22T08:00:00.000000Z",
        "by": "vera",
        "type": "greeted",
        "person": "vera",
    }
    with events.open("a", encoding="utf-8") as lines:
        lines.write(f"- {json.dumps(greeting)}\n")
    subprocess.run(["git", "-c", "core.hooksPath=/dev/null", "commit", "-qam", "greet"], cwd=root, check=True)
    return root


def test_the_command_line_knows_both(ledger: Path, run: Callable[..., str]) -> None:
    assert "asleep" in run(ledger, "campledger", "list")
    assert "asleep" in run(ledger, "campledger", "list", "state:asleep")
    assert "lulled" in run(ledger, "campledger", "log", "hello")
    assert "campledger wake" in run(ledger, "campledger", "whatnext", "hello")
    shown = run(ledger, "campledger", "show", "hello")
    assert "asleep" in shown
    assert "waved at vera" in shown
    told = run(ledger, "campledger", "log", "--type", "greeted")
    assert "waved at vera" in told
    assert "asleep" not in told
    assert "asleep" in run(ledger, "campledger", "import", "bps", "--help")
    assert "Let a campaign sleep." in run(ledger, "campledger", "--help")
    waiting = run(ledger, "campledger", "todo")
    assert "Asleep: it is late" in waiting
    assert "campledger wake" in waiting
    run(ledger, "campledger", "check")


def test_a_table_of_another_system_is_imported_into_the_state(ledger: Path, run: Callable[..., str]) -> None:
    table = ledger.parent / "table.csv"
    table.write_text("name,title,status\nbear,A bear,Dormant\n")
    production = next(iter(json.loads(run(ledger, "campledger", "list", "--json"))))["production"]
    options = ("--production", production, "--kind", "other", "--dry-run")
    assert "asleep" in run(ledger, "campledger", "import", "table", str(table), *options)


def test_the_site_shows_both(ledger: Path, run: Callable[..., str]) -> None:
    run(ledger, "campledger", "site", "build")
    public = ledger / "public"
    style = (public / "static/site.css").read_text("utf-8")
    for name in (".s-asleep", ".n-asleep", ".g-asleep", ".g-greeted"):
        assert name in style
    assert "n-asleep" in (public / "index.html").read_text("utf-8")
    assert "s-asleep" in (public / "list.html").read_text("utf-8")
    page = next((public / "campaigns").glob("*hello*.html")).read_text("utf-8")
    for words in ("s-asleep", "lulled</span>", "g-greeted", "waved at Vera Rubin"):
        assert words in page
    schema = json.loads((public / "api/v1/schema.json").read_text("utf-8"))
    assert "asleep" in schema["$defs"]["state"]["enum"]


def test_lists_show_the_column(ledger: Path, run: Callable[..., str]) -> None:
    assert "3 in all" in run(ledger, "campledger", "list", "--columns", "id,size", "--sort", "-size")
    run(ledger, "campledger", "query", "save", "sizes", "state:asleep", "--columns", "id,size")
    run(ledger, "campledger", "site", "build")
    for name in ("queries/sizes.html", "list.html"):
        page = (ledger / "public" / name).read_text("utf-8")
        assert "Size of it</th>" in page
        assert "3 in all" in page
    index = json.loads((ledger / "public/list-index.js").read_text("utf-8").partition("=")[2].rstrip(";\n"))
    assert index["columns"]["size"]["label"] == "Size of it"
    assert json.loads(index["shown"]["size"]["values"]) == ["3 in all"]
    assert ".c-size { inline-size: 3rem; }" in (ledger / "public/static/site.css").read_text("utf-8")


def test_the_reference_has_both(copy: Path, run: Callable[..., str]) -> None:
    run(copy, "docs.generate")
    reference = copy / "docs/reference"
    assert "| `doze` | running | asleep | needed |" in (reference / "states.md").read_text("utf-8")
    assert "Let a campaign sleep." in (reference / "commands/follow.md").read_text("utf-8")
    assert "Wake a campaign up." in (copy / "docs/man/campledger-wake.1").read_text("utf-8")
    assert "greeted" in (reference / "commands/read.md").read_text("utf-8")
    assert any("Somebody was greeted." in page.read_text("utf-8") for page in reference.rglob("*.md"))
