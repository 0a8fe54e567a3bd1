"""Campaigns of recurring kinds, defined from templates with parameters."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campledger.documents import strict

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]

TEMPLATE = """\
description: Validates one night
parameters:
  day_obs: {type: integer, description: "Observing day, YYYYMMDD", pattern: "^20[0-9]{6}$"}
  stack: {default: w_2026_47}
  fast: {type: boolean, default: false}
campaign:
  production: other
  kind: nightly-validation
  description: The night {day_obs}.
  tags: ["{day_obs!s}"]
  scope: {instrument: LSSTCam, day_obs: {from: "{day_obs}", to: "{day_obs}"}}
  software: {stack: "{stack}", environment: {FAST: "{fast}"}}
  data: {output: "u/x/{day_obs}", run: "{output}/{timestamp}"}
  processing: {memory: bps/memory.yaml}
"""
NIGHT = ("define", "--template", "validation", "--param", "day_obs=20260102")


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def put(ledger: Path, git: Git, text: str = TEMPLATE) -> None:
    (ledger / "templates/validation/bps").mkdir(parents=True, exist_ok=True)
    (ledger / "templates/validation.yaml").write_text(text)
    (ledger / "templates/validation/bps/memory.yaml").write_text("requestMemory: 4096\n")
    git("add", "-A")
    git("commit", "-m", "a template")


@pytest.fixture
def template(ledger: Path, git: Git) -> str:
    """A template in the ledger; the commit in which it stands."""
    put(ledger, git)
    return git("rev-parse", "HEAD")


def night(ledger: Path) -> dict[str, Any]:
    (file,) = ledger.glob("campaigns/*/*/*-validation-*/campaign.yaml")
    value: dict[str, Any] = strict.read("", file.read_bytes()).value
    return value


def test_a_template_and_its_parameters_make_a_campaign(
    ledger: Path, template: str, campledger: Run, git: Git, sound: Sound
) -> None:
    made = json.loads(ok(campledger(*NIGHT, "--json")))
    assert (made["created"], made["commit"]) == (True, git("rev-parse", "HEAD"))
    assert night(ledger) == {
        "id": made["campaign"], "key": "validation/LSSTCam/20260102/w_2026_47/false",
        "name": "validation-20260102-w_2026_47-false", "production": "other", "kind": "nightly-validation",
        "description": "The night 20260102.", "owner": "vera", "tags": ["20260102"],
        "template": {
            "name": "validation", "revision": template[:12],
            "parameters": {"day_obs": 20260102, "stack": "w_2026_47", "fast": False},
        },
        "scope": {"instrument": "LSSTCam", "day_obs": {"from": 20260102, "to": 20260102}},
        "software": {"stack": "w_2026_47", "environment": {"FAST": False}},
        "data": {"output": "u/x/20260102", "run": "{output}/{timestamp}"}, "processing": {"memory": "bps/memory.yaml"},
    }  # fmt: skip
    home = (ledger / made["path"]).parent
    assert (home / "bps/memory.yaml").read_text() == "requestMemory: 4096\n"
    assert git("rev-list", "--count", f"{template}..HEAD") == "1"
    assert ok(campledger("check", "--strict")) == ""
    assert "from the template validation: day_obs=20260102 stack=w_2026_47 fast=false" in ok(
        campledger("show", made["campaign"])
    )
    sound()


def test_run_twice_it_changes_nothing_and_says_so(
    ledger: Path, template: str, campledger: Run, git: Git, snapshot: Snapshot
) -> None:
    ok(campledger(*NIGHT))
    before = snapshot()
    done = campledger(*NIGHT)
    assert "was defined with this key already; nothing was changed" in ok(done)
    assert snapshot() == before
    # Another value of any parameter is another campaign.
    assert json.loads(ok(campledger(*NIGHT, "--param", "stack=w_2026_48", "--json")))["created"] is True


def test_the_template_may_say_what_makes_two_calls_one(ledger: Path, campledger: Run, git: Git) -> None:
    put(ledger, git, TEMPLATE + "  name: night-{day_obs}\n  key: '{day_obs}'\n")
    made = json.loads(ok(campledger(*NIGHT, "--json")))
    again = json.loads(ok(campledger(*NIGHT, "--param", "stack=w_2026_48", "--json")))
    assert (again["campaign"], again["created"]) == (made["campaign"], False)
    assert made["campaign"][11:-5] == "night-20260102"


def test_a_dry_run_and_what_is_set_on_top(ledger: Path, template: str, campledger: Run, snapshot: Snapshot) -> None:
    before = snapshot()
    text = ok(campledger(*NIGHT, "--set", "tags=[mine]", "--title", "T", "--key", "mine", "--dry-run"))
    value = strict.read("", text.encode()).value
    assert (value["tags"], value["title"], value["key"]) == (["mine"], "T", "mine")
    assert ok(campledger(*NIGHT, "--dry-run")).startswith("# yaml-language-server: $schema=")
    assert snapshot() == before


def test_a_parameter_brings_no_structure(ledger: Path, template: str, campledger: Run) -> None:
    value = "x, y: [1]}\n# {day_obs} {timestamp} \"'\nname: evil"
    ok(campledger(*NIGHT, "--param", f"stack={value}", "--set", "name=validation-1"))
    made = night(ledger)
    assert made["software"]["stack"] == value
    assert made["template"]["parameters"]["stack"] == value
    assert made["name"] == "validation-1"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--template", "validation"), 2, "requires:\n  --param day_obs=...  Observing day, YYYYMMDD"),
        (("--template", "validatoin"), 2, "unknown template `validatoin`: did you mean `validation`?"),
        (("--template", "../x"), 2, "unknown template `../x`"),
        ((*NIGHT[1:3], "--param", "day_obs=x"), 2, "invalid value `x` of `day_obs`: it is not a whole number"),
        ((*NIGHT[1:3], "--param", "day_obs=202601021"), 2, "it does not match ^20[0-9]{6}$"),
        ((*NIGHT[1:3], "--param", "day_obs=020260102"), 2, "is not a whole number"),
        ((*NIGHT[1:], "--param", "fast=yes"), 2, "invalid value `yes` of `fast`: it is not true or false"),
        (
            (*NIGHT[1:], "--param", "stak=x"),
            2,
            "unknown parameter `stak` of the template `validation`: did you mean `stack`?",
        ),
        ((*NIGHT[1:], "--param", "day_obs=20260103"), 2, "`day_obs` is given twice"),
        ((*NIGHT[1:], "--param", "day_obs"), 2, "`day_obs` is not NAME=VALUE"),
        ((*NIGHT[1:], "--edit"), 2, "--file, --from, --template and --edit exclude each other"),
        (("--param", "day_obs=20260102"), 2, "--param is for a template"),
        ((*NIGHT[1:3], "--param", "day_obs=20261399"), 3, "invalid day 20261399 in `from`"),
        ((*NIGHT[1:], "--owner", "nobody"), 3, "unknown person `nobody`"),
    ],
)
def test_what_does_not_fit_is_refused_whole(
    template: str, campledger: Run, snapshot: Snapshot, arguments: tuple[str, ...], status: int, said: str
) -> None:
    before = snapshot()
    done = campledger("define", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot() == before


def test_a_bad_template_is_told_with_its_place(ledger: Path, campledger: Run, git: Git, snapshot: Snapshot) -> None:
    put(ledger, git, TEMPLATE.replace("u/x/{day_obs}", "u/x/{day_osb}"))
    before = snapshot()
    done = campledger(*NIGHT)
    assert done.returncode == 1
    assert "templates/validation.yaml:13:18: unknown-parameter: unknown parameter `day_osb`" in done.stderr
    assert snapshot() == before
    assert campledger("check").returncode == 1
    assert campledger("check", ledger / "templates").returncode == 1
    assert campledger("check", ledger / "templates/validation/bps/memory.yaml").returncode == 1
    assert campledger("check", ledger / "templates/nightly.yaml").returncode == 0
    listed = campledger("templates")
    assert "nightly" in ok(listed)
    assert "left out: templates/validation.yaml:13:18" in listed.stderr


def test_a_bad_template_is_not_committed(guarded: Path, campledger: Run, git: Git) -> None:
    (guarded / "templates/bad.yaml").write_text("description: x\n")
    git("add", "-A")
    done = subprocess.run(["git", "commit", "-m", "bad"], cwd=guarded, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "templates/bad.yaml:1:1: schema: missing key `campaign`" in done.stdout + done.stderr


def test_a_file_that_a_template_needs_is_not_taken_out(guarded: Path, campledger: Run, git: Git) -> None:
    put(guarded, git)
    git("rm", "--quiet", "templates/validation/bps/memory.yaml")
    done = campledger("check", "--staged")
    assert done.returncode == 1
    assert "templates/validation.yaml:14:24: missing-file: missing file `bps/memory.yaml`" in done.stdout


def test_a_pattern_of_a_stranger_takes_no_time(ledger: Path, campledger: Run, git: Git) -> None:
    put(ledger, git, TEMPLATE.replace("default: w_2026_47", "default: aaa, pattern: '^(a+)+$'"))
    done = campledger(*NIGHT, "--param", f"stack={'a' * 5000}!")
    assert "does not match" in done.stderr


def test_templates_are_listed(template: str, campledger: Run) -> None:
    out = ok(campledger("templates"))
    assert out.splitlines()[0].split() == ["NAME", "PARAMETERS", "DESCRIPTION"]
    assert "validation  day_obs stack=w_2026_47 fast=false  Validates one night" in out
    one = ok(campledger("templates", "validation"))
    assert "  day_obs  Observing day, YYYYMMDD; as ^20[0-9]{6}$; required\n" in one
    assert "next: campledger define --template validation --param day_obs=...\n" in one
    assert [row["name"] for row in json.loads(ok(campledger("templates", "--json")))] == ["nightly", "validation"]
    assert json.loads(ok(campledger("templates", "validation", "--json")))["path"] == "templates/validation.yaml"
    assert campledger("templates", "gone").returncode == 2


def test_a_ledger_without_templates_says_how_to_get_one(ledger: Path, campledger: Run, git: Git) -> None:
    git("rm", "-r", "-q", "templates")
    assert "how to write templates/NAME.yaml" in campledger("templates").stderr


def test_who_repeats_the_campaign_derives_it_from_the_campaign(ledger: Path, template: str, campledger: Run) -> None:
    made = json.loads(ok(campledger(*NIGHT, "--json")))
    again = json.loads(ok(campledger("define", "again", "--from", made["campaign"], "--json")))
    value = strict.read("", (ledger / again["path"]).read_bytes()).value
    assert "template" not in value
    assert value["derived_from"].startswith(made["campaign"])


def test_the_example_of_a_new_ledger_works(ledger: Path, campledger: Run) -> None:
    ok(campledger("define", "--template", "nightly", "--param", "day_obs=20260102"))
    assert ok(campledger("check", "--strict")) == ""


def test_two_clones_open_one_campaign(ledger: Path, template: str, tmp_path: Path, campledger: Run, git: Git) -> None:
    git("init", "--bare", "--initial-branch=main", str(tmp_path / "server.git"))
    git("remote", "add", "origin", str(tmp_path / "server.git"))
    git("push", "-u", "origin", "main")
    git("clone", str(tmp_path / "server.git"), str(tmp_path / "other"))
    ok(campledger(*NIGHT, "--push"))
    done = campledger(*NIGHT, "--push", cwd=tmp_path / "other")
    assert "was defined with this key already" in ok(done)
