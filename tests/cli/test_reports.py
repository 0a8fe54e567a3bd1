"""Problems in the forms that hosts show beside the lines, and the problems that a change brings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from campledger.cli.reports import report_github, report_gitlab, report_sarif
from campledger.problems import RULES, Problem, Severity

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]

PROBLEMS = [
    Problem("campaigns/a.yaml", 0, 0, "missing-file", "not there", severity=Severity.WARNING),
    Problem("campaigns/100%, a:b.yaml", 3, 7, "schema", "100%\n::error::[x](http://evil)\x1b[31m", "first, then: 50%"),
    Problem("campaigns/100%, a:b.yaml", 9, 7, "schema", "100%\n::error::[x](http://evil)\x1b[31m", "first, then: 50%"),
]


def test_workflow_commands_are_one_line_each_and_escaped() -> None:
    assert report_github(PROBLEMS, "sub/").splitlines() == [
        "::error file=sub/campaigns/100%25%2C a%3Ab.yaml,line=3,col=7,title=schema::"
        "100%25%0A::error::[x](http://evil)\\x1b[31m%0Afirst, then: 50%25",
        "::error file=sub/campaigns/100%25%2C a%3Ab.yaml,line=9,col=7,title=schema::"
        "100%25%0A::error::[x](http://evil)\\x1b[31m%0Afirst, then: 50%25",
        "::warning file=sub/campaigns/a.yaml,title=missing-file::not there",
    ]


def test_fingerprints_stay_when_lines_move_and_differ_between_problems() -> None:
    def prints(problems: list[Problem]) -> list[str]:
        found = json.loads(report_gitlab(problems))
        return [one["fingerprint"] for one in found]

    moved = [Problem(one.path, one.line + 5, 1, one.rule, one.message, one.hint, one.severity) for one in PROBLEMS]
    assert prints(PROBLEMS) == prints(moved)
    assert len(set(prints(PROBLEMS))) == 3
    sarif = json.loads(report_sarif(PROBLEMS))["runs"][0]["results"]
    assert [one["partialFingerprints"]["campledger/v1"] for one in sarif] == prints(PROBLEMS)


def test_a_code_quality_report_has_what_gitlab_asks_for() -> None:
    # https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    for one in json.loads(report_gitlab(PROBLEMS, "sub/")):
        assert one.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert one["location"]["path"].startswith("sub/campaigns/")
        assert one["location"]["lines"]["begin"] >= 1
        assert one["check_name"] in RULES


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


TEXT = {"type": "string"}
MESSAGE = _object(["text"], text=TEXT)
SARIF = _object(
    ["$schema", "version", "runs"],
    **{
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                ["tool", "results"],
                tool=_object(
                    ["driver"],
                    driver=_object(
                        ["name"],
                        name=TEXT,
                        version=TEXT,
                        rules={
                            "type": "array",
                            "uniqueItems": True,
                            "items": _object(["id"], id=TEXT, shortDescription=MESSAGE),
                        },
                    ),
                ),
                columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                results={
                    "type": "array",
                    "items": _object(
                        ["message"],
                        ruleId=TEXT,
                        ruleIndex={"type": "integer", "minimum": -1},
                        level={"enum": ["none", "note", "warning", "error"]},
                        message=MESSAGE,
                        locations={
                            "type": "array",
                            "items": _object(
                                [],
                                physicalLocation=_object(
                                    ["artifactLocation"],
                                    artifactLocation=_object(
                                        [],
                                        uri={"type": "string", "pattern": r"^[A-Za-z0-9._~/%-]+$"},
                                        uriBaseId=TEXT,
                                    ),
                                    region=_object(
                                        [],
                                        startLine={"type": "integer", "minimum": 1},
                                        startColumn={"type": "integer", "minimum": 1},
                                    ),
                                ),
                            ),
                        },
                        partialFingerprints={"type": "object", "additionalProperties": TEXT},
                    ),
                },
            ),
        },
    },
)
"""What of SARIF 2.1.0 is used, as OASIS's schema has it (sarif-schema-2.1.0.json): no object takes other keys."""


@pytest.mark.parametrize("problems", [PROBLEMS, []], ids=["some", "none"])
def test_a_sarif_log_has_the_form_of_the_standard(problems: list[Problem]) -> None:
    log = json.loads(report_sarif(problems, "sub dir/"))
    jsonschema.validate(log, SARIF)
    run = log["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    if problems:
        found = run["results"][0]
        assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
            "sub%20dir/campaigns/100%25%2C%20a%3Ab.yaml"
        )
        assert "\\[x\\](http://evil)" in found["message"]["text"]


@pytest.fixture
def broken(ledger: Path, git: Git) -> Path:
    """A ledger with an old problem, tagged `old`, and a new one."""
    for name in ("old", "new"):
        file = ledger / f"campaigns/2026/11/2026-11-23-{name}-aaaa/campaign.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(f"name: {name}\nproduction: other\nkind: nightly\ndescription: x\nowner: nobody\n")
        git("add", ".")
        git("commit", "--quiet", "--message", name)
        git("tag", name)
    return ledger


@pytest.mark.parametrize("form", ["text", "json", "github", "gitlab", "sarif"])
def test_only_the_problems_that_a_change_brings_are_told(broken: Path, campledger: Run, form: str) -> None:
    done = campledger("check", "--commit", "new", "--since", "old", "--new", "--format", form)
    assert done.returncode == 1
    assert "2026-11-23-new-aaaa" in done.stdout
    assert "2026-11-23-old-aaaa" not in done.stdout
    everything = campledger("check", "--commit", "new", "--since", "old", "--format", form)
    assert "2026-11-23-old-aaaa" in everything.stdout
    nothing = campledger("check", "--commit", "new", "--since", "new", "--new", "--format", form)
    assert nothing.returncode == 0


def test_places_count_from_the_top_of_the_repository(tmp_path: Path, git: Git, campledger: Run) -> None:
    git("init", "--quiet", str(tmp_path / "around"))
    assert campledger("init", str(tmp_path / "around/sub")).returncode == 0
    (tmp_path / "around/sub/campledger.yaml").write_text("titel: x\n")
    done = campledger("check", "--format", "github", cwd=tmp_path / "around/sub")
    assert done.stdout.startswith("::error file=sub/campledger.yaml,line=1,col=1,title=")


def test_new_goes_with_since(ledger: Path, campledger: Run) -> None:
    done = campledger("check", "--commit", "HEAD", "--new")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--new goes with --since" in done.stderr
