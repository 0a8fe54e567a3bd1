"""The page on rules: each with what it forbids, and with an example from the tests and what `campledger check` says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from campledger.ledger.checks import check
from campledger.ledger.ledger import Ledger
from campledger.problems import RULES, Problem, Severity
from campledger.repository.file_trees import WorkTree
from docs.generate import markdown as md

EXAMPLES = Path(__file__).parents[2] / "tests/examples/invalid"

AROUND = 2
"""Lines that are shown before and after the one with the problem."""

WIDE = 200
"""Characters of a line from which on it is no example that anybody reads."""


@dataclass(frozen=True, slots=True)
class _Example:
    """A small ledger with problems."""

    root: Path
    problems: tuple[Problem, ...]

    def first(self, rule: str) -> Problem | None:
        """Return its first problem of a rule, one with a line that can be shown if there is any."""
        found = [one for one in self.problems if one.rule == rule]
        return next((one for one in found if self.excerpt(one)), found[0] if found else None)

    def excerpt(self, problem: Problem) -> str:
        """Return the problem's line and those around it; nothing where there is no line that people can read."""
        try:
            lines = (self.root / problem.path).read_text("utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            return ""
        shown = lines[max(problem.line - 1 - AROUND, 0) : problem.line + AROUND] if problem.line else []
        plain = all(line.isprintable() and len(line) <= WIDE and "```" not in line for line in shown)
        return "\n".join(shown) if plain else ""


def pages() -> dict[str, str]:
    """Return the page, by its path below docs/."""
    examples = [_example(one) for one in sorted(EXAMPLES.iterdir())]
    lines = [
        f"# Rules\n\n{md.GENERATED}",
        "What `campledger check` finds: `path:line:column: rule: message`, and below it how to mend it. An error "
        "blocks: acts, hooks and the exit code go by it. A warning does not, unless `--strict` is given.\n",
        md.table(["Rule", "Severity", "What it finds"], _overview(examples)),
    ]
    for rule, about in RULES.items():
        lines.append(f"## {rule}\n\n{_severity(rule, examples).capitalize()}. {md.prose(about)}\n")
        lines += _shown(rule, examples)
    return {"reference/rules.md": "\n".join(lines)}


def _example(root: Path) -> _Example:
    return _Example(root, tuple(check(Ledger(WorkTree(root)), datetime.now(UTC))))


def _overview(examples: list[_Example]) -> Iterator[list[str]]:
    for rule, about in RULES.items():
        yield [md.link(rule), _severity(rule, examples), md.prose(about)]


def _severity(rule: str, examples: list[_Example]) -> str:
    """Return what the rule's problems are; one without an example is an error."""
    found = {problem.severity for one in examples for problem in one.problems if problem.rule == rule}
    return " or ".join(one for one in Severity if one in found) or str(Severity.ERROR)


def _shown(rule: str, examples: list[_Example]) -> Iterator[str]:
    """Yield the example that is about the rule and little else, as a file and as what is said of it."""
    fitting = [(one, problem) for one in examples if (problem := one.first(rule)) is not None]
    if not fitting:
        return
    example, problem = min(
        fitting, key=lambda pair: (not pair[0].excerpt(pair[1]), pair[0].root.name != rule, len(pair[0].problems))
    )
    excerpt = example.excerpt(problem)
    if excerpt:
        yield md.block(excerpt, problem.path.rpartition(".")[2])
    yield md.block(problem.as_text(), "text")
