"""Parse and validate single dimension values and annotations."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from campledger.documents.text import UNSAFE, shown

LOWEST, HIGHEST = -(2**63), 2**63 - 1
"""What registries hold as a number."""
MAX_MEMBERS = 20_000_000
"""Members of one file, ranges written out."""
MAX_TEXT = 200
"""Characters of a dimension's text, or of a reason; Butler's own names are shorter."""
MAX_COMMENT = 4096

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")
_TOO_LONG = re.compile(r"-?[1-9][0-9]{19,}")
_LIKE_A_RANGE = re.compile(r"[-+]?[0-9]+ *\.\.")
_RANGE = re.compile(r"(-?[0-9]{1,19})\.\.(-?[0-9]{1,19})(?::([0-9]{1,19}))?")
_NUMBER = re.compile(r"(?i:[-+]?[0-9][0-9_,.]*(?:e[-+]?[0-9]+)?|[-+]?\.[0-9]+|0x[0-9a-f]+|[-+]?(?:nan|inf|infinity))")
_NOTHING = {"true", "false", "null", "none", "--", "n/a", "yes", "no"}
_SEVERITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FORMULA = re.compile(r"[=@]|[-+].*(?:[|!]|[A-Za-z]\()")
"""What spreadsheets run: a cell that begins so is not written to CSV, and not read from it."""

_REMEMBERED = 100_000
"""Numbers of which there is one object each; memory is bounded where each number is another one."""

RESOLVE = "`campledger dataids resolve-keys` converts such names to keys through a registry"


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a value."""

    rule: str
    message: str
    hint: str = ""


class Numbers(dict[str, int]):
    """Whole numbers by their digits: equal ones are one object, quicker to make, to go through and to free."""

    def __missing__(self, digits: str) -> int:
        value = int(digits)
        if len(self) < _REMEMBERED:
            self[digits] = value
        return value


def number(name: str, value: Any, *, textual: bool) -> int | Sequence[int] | Wrong:
    """Return the number that a value is, or the numbers of its range or list, or what is wrong.

    ``textual`` says that numbers are written as text, as in CSV.
    """
    if type(value) is int:
        if LOWEST <= value <= HIGHEST:
            return value
        return Wrong("member-type", f"`{name}` does not fit in 64 bits")
    if isinstance(value, list):
        return _several(name, [one if isinstance(one, list) else number(name, one, textual=textual) for one in value])
    if not isinstance(value, str):
        return Wrong("member-type", f"`{name}` is {_kind(value)}, not a whole number")
    span = _RANGE.fullmatch(value)
    if span:
        return _range(name, value, int(span[1]), int(span[2]), int(span[3] or 1))
    if _WHOLE.fullmatch(value):
        if textual:
            return number(name, int(value), textual=True)
        return Wrong("member-type", f'`{name}` is the text "{value}", not a number', "write it without quotes")
    return _no_number(name, value, textual)


def _no_number(name: str, value: str, textual: bool) -> Wrong:
    bare = value.strip()
    if not bare:
        return Wrong("member-type", f"`{name}` is empty")
    if bare != value and _WHOLE.fullmatch(bare):
        return Wrong("member-type", f"blanks around a number in `{name}`", "remove them")
    if _TOO_LONG.fullmatch(bare):
        return Wrong("member-type", f"`{name}` does not fit in 64 bits")
    if _LIKE_A_RANGE.match(bare):
        hint = "write FIRST..LAST or FIRST..LAST:STEP"
        return Wrong("member-type", f"`{name}` is `{shown(value)}`, which is no range", hint)
    if _NUMBER.fullmatch(bare) or bare.lower() in _NOTHING or UNSAFE.search(value):
        how = "as digits only, without quotes" if not textual else "as digits only"
        return Wrong("member-type", f"`{name}` is `{shown(value)}`, not a whole number", f"write the number {how}")
    return Wrong("alternate-key", f"`{name}` is a number, and `{shown(value)}` is a name", RESOLVE)


def _range(name: str, value: str, first: int, last: int, step: int) -> Sequence[int] | Wrong:
    if step == 0:
        return Wrong("member-type", f"`{name}` is the range {value}, whose step is 0")
    if last < first:
        return Wrong("reversed-range", f"`{name}` is the range {value}, which ends before it begins")
    if first < LOWEST or last > HIGHEST:
        return Wrong("member-type", f"`{name}` does not fit in 64 bits")
    if (last - first) // step >= MAX_MEMBERS:
        return Wrong("member-type", f"`{name}` is the range {value}: {MAX_MEMBERS:,} members are the limit")
    return range(first, last + 1, step)


def text(name: str, value: Any) -> str | Sequence[str] | Wrong:
    """Return the text that a value is, or the texts of its list, or what is wrong."""
    if isinstance(value, list):
        return _several(name, [one if isinstance(one, list) else text(name, one) for one in value])
    if not isinstance(value, str):
        return Wrong("member-type", f"`{name}` is {_kind(value)}, not text")
    fault = text_fault(value, MAX_TEXT)
    return Wrong("member-type", f"`{name}` {fault}") if fault else value


def _several(name: str, judged: list[Any]) -> Sequence[Any] | Wrong:
    """Return the values of a list, each of which has been judged."""
    if not judged:
        return Wrong("member-type", f"`{name}` is an empty list")
    count = 0
    for one in judged:
        if isinstance(one, Wrong):
            return one
        if isinstance(one, list):
            return Wrong("member-type", f"`{name}` holds a list in a list")
        count += len(one) if isinstance(one, range) else 1
    if count > MAX_MEMBERS:
        return Wrong("member-type", f"`{name}` lists {count:,} values: {MAX_MEMBERS:,} members are the limit")
    return [value for one in judged for value in (one if isinstance(one, range) else (one,))]


def text_fault(value: str, longest: int) -> str:
    """Return what is wrong with a text, or nothing."""
    if not value:
        return "is empty"
    unsafe = UNSAFE.search(value)
    if unsafe:
        return f"holds the character U+{ord(unsafe[0]):04X}"
    if value != value.strip():
        return f"begins or ends with a blank: `{shown(value)}`"
    if len(value) > longest:
        return f"is {len(value):,} characters long; {longest:,} are the limit"
    return ""


def remark(name: str, value: Any) -> Wrong | None:
    """Return what is wrong with a reason, severity, expiry or comment."""
    if not isinstance(value, str):
        return Wrong("schema", f"`{name}` is {_kind(value)}, not text")
    fault = text_fault(value.strip(" "), MAX_COMMENT if name == "comment" else MAX_TEXT)
    if fault:
        return Wrong("schema", f"`{name}` {fault}", "take the key out" if not value else "")
    if name == "severity" and not _SEVERITY.fullmatch(value.strip(" ")):
        return Wrong("schema", f"`severity` is `{shown(value)}`, not one word", "for example bad")
    if name == "expires" and not is_date(value.strip(" ")):
        return Wrong("schema", f"`expires` is `{shown(value)}`, which is no date", "write it as 2027-01-31")
    return None


def is_date(value: str) -> bool:
    """Whether a text is a day of the calendar, YYYY-MM-DD."""
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def runs_in_spreadsheets(value: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula, and not for a text or a negative number."""
    return _FORMULA.match(value) is not None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {shown(json.dumps(value))}"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else type(value).__name__
