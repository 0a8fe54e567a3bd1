"""Problems as they are printed: as text, as JSON, and in the forms that hosts show beside the lines."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import click

from campledger import __version__
from campledger.cli.printing import clean
from campledger.model.text_format import counted
from campledger.problems import RULES, Problem, Severity, report_json, report_text

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def report_github(problems: Sequence[Problem], prefix: str = "") -> str:
    """Return workflow commands, errors first: GitHub shows ten of each severity in a step.

    ``prefix`` is the ledger's path in the repository, from which hosts count. See GitHub's "Workflow commands",
    and toolkit's packages/core/src/command.ts for what is escaped.
    """
    ordered = sorted(problems, key=lambda one: (one.severity is not Severity.ERROR, one))
    return "\n".join(_command(problem, prefix) for problem in ordered)


def _command(problem: Problem, prefix: str) -> str:
    place = {"file": f"{prefix}{problem.path}", "line": problem.line, "col": problem.column, "title": problem.rule}
    properties = ",".join(f"{name}={_property(clean(str(value)))}" for name, value in place.items() if value)
    return f"::{problem.severity} {properties}::{_data(_message(problem))}"


def _message(problem: Problem) -> str:
    return clean(f"{problem.message}\n{problem.hint}" if problem.hint else problem.message)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def report_gitlab(problems: Sequence[Problem], prefix: str = "") -> str:
    """Return a code quality report, which GitLab holds against that of the target branch by its fingerprints."""
    found = [
        {
            "description": _message(problem),
            "check_name": problem.rule,
            "fingerprint": fingerprint,
            "severity": "major" if problem.severity is Severity.ERROR else "minor",
            "location": {"path": f"{prefix}{problem.path}", "lines": {"begin": max(problem.line, 1)}},
        }
        for problem, fingerprint in _fingerprinted(problems)
    ]
    return json.dumps(found, indent=2, ensure_ascii=False)


def _fingerprinted(problems: Sequence[Problem]) -> Iterator[tuple[Problem, str]]:
    """Yield each problem with what stays the same after lines were added above it, and is no other one's."""
    seen: Counter[tuple[str, ...]] = Counter()
    for problem in sorted(problems):
        seen[problem.identity] += 1
        parts = [*problem.identity, str(seen[problem.identity])]
        yield problem, hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def report_sarif(problems: Sequence[Problem], prefix: str = "") -> str:
    """Return a SARIF 2.1.0 log of one run, as code scanning takes it."""
    used = sorted({problem.rule for problem in problems})
    rules = [{"id": rule, "shortDescription": {"text": RULES[rule]}} for rule in used]
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "campledger", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, mark, used.index(one.rule), prefix) for one, mark in _fingerprinted(problems)],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _result(problem: Problem, fingerprint: str, index: int, prefix: str) -> dict[str, Any]:
    uri = quote(f"{prefix}{problem.path}".encode("utf-8", "surrogateescape"))
    place: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}}
    if problem.line:
        place["region"] = {"startLine": problem.line, "startColumn": max(problem.column, 1)}
    return {
        "ruleId": problem.rule,
        "ruleIndex": index,
        "level": str(problem.severity),
        # Brackets would make a link of what a fork wrote (SARIF 2.1.0, 3.11.6).
        "message": {"text": re.sub(r"[\[\]\\]", r"\\\g<0>", _message(problem))},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"campledger/v1": fingerprint},
    }


REPORTS = {"github": report_github, "gitlab": report_gitlab, "sarif": report_sarif}


def tell_problems(problems: Sequence[Problem], form: str, *, strict: bool, place: str = "") -> int:
    """Print a check's problems in some form; return the exit code that they amount to.

    ``place`` is the ledger's path in its repository, with a slash at the end.
    """
    errors = [one for one in problems if strict or one.severity is Severity.ERROR]
    if form == "json":
        click.echo(report_json(problems))
    elif form != "text":
        report = REPORTS[form](problems, place)
        click.echo(report, nl=bool(report))
    else:
        if problems:
            click.echo(clean(report_text(problems)))
        click.echo(f"{counted(len(errors), 'error')}, {counted(len(problems) - len(errors), 'warning')}", err=True)
    return 1 if errors else 0
