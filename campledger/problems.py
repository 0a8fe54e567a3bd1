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
    "yaml-syntax": "A file is not valid YAML.",
    "yaml-unsafe": "YAML that a ledger does not allow: tags, merge keys, many aliases, many documents, deep nesting.",
    "yaml-duplicate-key": "A mapping has a duplicate key; YAML readers silently keep one of the values.",
    "yaml-ambiguous": "An unquoted value that YAML readers may take for a number, a date or true/false.",
    "conflict-marker": "The file has conflict markers of an unresolved merge.",
    "schema": "A document does not match its JSON Schema.",
    "unknown-key": "A key that the format does not define; often a typing error.",
    # a definition
    "id-directory": "A campaign's directory is not campaigns/YEAR/MONTH/ID, or its definition has another `id`.",
    "duplicate-name": "Two campaigns that are not final have the same name.",
    "duplicate-key": "Two campaigns have the same idempotency key.",
    "duplicate-step": "Two steps of a campaign, or two groups of a step, have the same name.",
    "unknown-step": "A prerequisite or an event names a step or group that the campaign does not have.",
    "step-cycle": "Steps are each other's prerequisites.",
    "unknown-production": "The production is not in the settings' list.",
    "unknown-person": "A handle is not in the settings' list of people.",
    "unknown-butler": "A Butler alias is not in the settings' list.",
    "unknown-parent": "The campaign from which this one is derived is not in the ledger.",
    "missing-file": "A file that the definition refers to does not exist.",
    "path-outside": "A path or a symbolic link leaves the campaign's directory.",
    "collection-name": "An invalid name of a Butler collection.",
    "shared-run": "Two campaigns write to the same RUN collection.",
    "placeholder": "A value is still a placeholder: a warning while the campaign is defined, an error once it runs.",
    "missing-slash": "A path variable is not followed by a slash.",
    "url-scheme": "A link that is not http or https, or that contains a password.",
    "reversed-range": "A range that ends before it begins.",
    "duplicate-item": "Two items of a checklist have the same name.",
    # settings and shifts
    "newer-format": "The ledger was written by a newer campledger; a warning, where this one does not understand it.",
    "unknown-act": "`permissions` name an unknown act.",
    "unknown-role": "`permissions` or a shift name a role that the settings do not define.",
    # DataId sets
    "duplicate-set": "Two files define shared DataId sets of the same name.",
    "duplicate-member": "A set has a duplicate data ID; a warning, since it counts once.",
    "member-order": "The data IDs of a set are not sorted; a warning, since their order has no meaning.",
    "mixed-dimensions": "The data IDs of a set do not all have the same dimensions.",
    "member-type": "A value of a data ID is not of its dimension's type: a number as text, true, null, 1.5.",
    "unknown-dimension": "A column of a set is not a dimension, or a required dimension is missing.",
    "unknown-instrument": "The instrument is not in the settings' list.",
    "alternate-key": "A set names exposures or detectors by something other than their keys.",
    "set-name": "The `name` in a set's file differs from the file's name.",
    "unknown-set": "A set is derived from a set that does not exist, or from itself.",
    "stale-pin": "A set is derived from a set that has changed since or is not pinned; a warning.",
    # saved queries
    "query-name": "A file in queries/ is not NAME.yaml, or the `name` in it differs.",
    "query-expression": "The expression of a saved query is invalid.",
    "unknown-column": "A saved query displays, sorts or groups by a column that does not exist.",
    # templates
    "template-name": "A file in templates/ is neither NAME.yaml nor in templates/NAME/, or is called campaign.yaml.",
    "unknown-parameter": "A template uses a parameter that it does not declare, or declares one with a reserved name.",
    # events
    "event-line": "A line of events.yaml is expected `- ` and one JSON object.",
    "duplicate-event": "Two lines of a history have the same event id, with the same content or not.",
    "changed-event": "A recorded event was removed or changed.",
    "illegal-transition": "An event is not allowed in the state before it: a fork, or an act that the tables forbid.",
    "submitted-twice": "Two submissions process the same group at once, as after a merge of two clones; a warning.",
    "unknown-event": "An event refers to an unknown event or submission.",
    "event-clock": "An event's time is more than five minutes in the future.",
    "missing-reason": "An act that needs a reason has none.",
    "unknown-item": "A tick names an unknown item of the checklist.",
    "unknown-automaton": "An event names a rule that its author does not have in the settings' `automata`.",
    "run-contents": "The file of what a run read is missing, or differs from what its event says.",
    # campaigns that were removed
    "tombstone": "A file in removed/ is not ID.yaml, or a removed campaign or event is in the ledger again.",
    # files of acts
    "refused-act": "An act of a batch is forbidden by states or rules, or names something unknown.",
}
"""Every rule, with what it forbids."""


def report_text(problems: Iterable[Problem]) -> str:
    """Return the problems as text, one or two lines each."""
    return "\n".join(problem.as_text() for problem in sorted(problems))


def report_json(problems: Iterable[Problem]) -> str:
    """Return the problems as a JSON list."""
    return json.dumps([problem.as_dict() for problem in sorted(problems)], indent=2, ensure_ascii=False)
