"""Problems in the data of a ledger: values that are collected, sorted and reported once.

A rule finds something (:class:`Finding`, at a place inside a document); the ledger knows which file that was and
turns it into a :class:`Problem` with line and column. :data:`RULES` lists every rule there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

Pointer = tuple[str | int, ...]
"""Where in a document: the keys and indexes from its root."""


class Severity(StrEnum):
    """Whether a problem blocks."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a place inside one document."""

    pointer: Pointer
    rule: str
    message: str
    hint: str = ""
    key: bool = False
    """Whether the key at the pointer is meant, not its value."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in a file of a ledger. Lines and columns count from 1; 0 means the file as a whole."""

    path: str
    line: int
    column: int
    rule: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    pointer: Pointer = field(default=(), compare=False)
    """Where in the document it is, for whoever made that of something else; not reported."""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same problem after lines were added above it."""
        return self.path, self.rule, self.message, self.severity

    def as_text(self) -> str:
        """Return ``path:line:column: rule: message``, with the hint on a line of its own."""
        word = "" if self.severity is Severity.ERROR else "warning: "
        # A file name may hold anything; what is printed is one line all the same.
        path = "".join(char if char.isprintable() else repr(char)[1:-1] for char in self.path)
        text = f"{path}:{self.line}:{self.column}: {word}{self.rule}: {self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text

    def as_dict(self) -> dict[str, str | int]:
        """Return the problem as the JSON reporter prints it."""
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "rule": self.rule,
            "severity": str(self.severity),
            "message": self.message,
            "hint": self.hint,
        }


RULES: dict[str, str] = {
    # reading a file
    "unreadable": "A file cannot be read, is too large, or is not UTF-8 text without control characters.",
    "yaml-syntax": "A file is not YAML.",
    "yaml-unsafe": "YAML that a ledger has no use for: tags, merge keys, many aliases, several documents, depth.",
    "yaml-duplicate-key": "A mapping has a key twice; YAML readers silently keep one of them.",
    "yaml-ambiguous": "An unquoted value that YAML readers take for something else than what is written.",
    "conflict-marker": "A merge left its conflict markers in the file.",
    "schema": "A document does not have the form that its JSON Schema describes.",
    "unknown-key": "A key that the format does not have; often a typing error.",
    # a definition
    "id-directory": "A campaign's directory is not campaigns/YEAR/MONTH/ID with the id that it names.",
    "duplicate-name": "Two campaigns that are not final have the same name.",
    "duplicate-key": "Two campaigns have the same idempotency key.",
    "duplicate-step": "Two steps of a campaign, or two groups of a step, have the same name.",
    "unknown-step": "A prerequisite or an event names a step or group that the campaign does not have.",
    "step-cycle": "Steps are each other's prerequisites.",
    "unknown-production": "The production is not in the settings' list.",
    "unknown-person": "A handle is not in the settings' list of people.",
    "unknown-butler": "A Butler alias is not in the settings' list.",
    "unknown-parent": "The campaign from which this one is derived is not in the ledger.",
    "missing-file": "A file that the definition refers to is not there.",
    "path-outside": "A path or a symbolic link leaves the campaign's directory.",
    "collection-name": "A name that no Butler collection can have.",
    "shared-run": "Two campaigns write to the same RUN collection.",
    "placeholder": "A value is still a placeholder: a warning while the campaign is defined, an error once it runs.",
    "missing-slash": "A path variable is not followed by a slash.",
    "url-scheme": "A link that is not http or https, or that holds a password.",
    "reversed-range": "A range that ends before it begins.",
    "duplicate-item": "A checklist has two items of one name.",
    # settings and shifts
    "newer-format": "The ledger was written by a newer campledger; a warning, where this one does not understand it.",
    "unknown-act": "`permissions` name an act that there is not.",
    "unknown-role": "`permissions` or a shift name a role that the settings do not have.",
    # DataId sets
    "duplicate-set": "Two files hold a shared DataId set of one name.",
    "duplicate-member": "A set has a data ID twice; a warning, since it counts once.",
    "member-order": "The data IDs of a set are out of order; a warning, since order says nothing.",
    "mixed-dimensions": "The data IDs of a set do not all have the same dimensions.",
    "member-type": "A value of a data ID is not of its dimension's type: a number as text, true, nothing, 1.5.",
    "unknown-dimension": "A column of a set is no dimension, or a dimension that it needs is missing.",
    "unknown-instrument": "The instrument is not in the settings' list.",
    "alternate-key": "A set names exposures or detectors by something else than their keys.",
    "set-name": "A set calls itself something else than its file.",
    "unknown-set": "A set is made from one that is not there, or from itself.",
    "stale-pin": "A set is made from another that has changed since, or that is not pinned; a warning.",
    # saved queries
    "query-name": "A file in queries/ is not NAME.yaml, or the query in it calls itself something else.",
    "query-expression": "The expression of a saved query cannot be read.",
    "unknown-column": "A saved query shows, sorts by or parts by a column that there is not.",
    # templates
    "template-name": "A file in templates/ is not NAME.yaml, nor in a folder of that name, or is called campaign.yaml.",
    "unknown-parameter": "A template names a parameter that it does not have, or one has a name that is taken.",
    # events
    "event-line": "A line of events.yaml is not `- ` and one JSON object.",
    "duplicate-event": "One event stands twice in events.yaml, alike or in two versions.",
    "changed-event": "An event that was recorded before is not there any more, or says something else.",
    "illegal-transition": "An event does not follow from the state reached: a fork, or an act that the tables forbid.",
    "submitted-twice": "Submissions process a group side by side, as after a merge of two clones; a warning.",
    "unknown-event": "An event refers to one that is not there.",
    "event-clock": "An event is dated more than five minutes after the moment of the check.",
    "missing-reason": "An act that needs a reason has none.",
    "unknown-item": "A tick names an item that the checklist does not have.",
    "unknown-automaton": "An event names a rule, and is by nobody who has it among the settings' `automata`.",
    "run-contents": "What a run read is not in the file that its event names, or the file is not as the event says.",
    # campaigns that were removed
    "tombstone": "A file in removed/ is not ID.yaml, or the campaign, or one of its events, is in the ledger again.",
    # files of acts
    "refused-act": "An act of a batch is one that states or rules forbid, or names what is not there.",
}
"""Every rule, with what it forbids."""


def report_text(problems: Iterable[Problem]) -> str:
    """Return the problems as text, one or two lines each."""
    return "\n".join(problem.as_text() for problem in sorted(problems))


def report_json(problems: Iterable[Problem]) -> str:
    """Return the problems as a JSON list."""
    return json.dumps([problem.as_dict() for problem in sorted(problems)], indent=2, ensure_ascii=False)
