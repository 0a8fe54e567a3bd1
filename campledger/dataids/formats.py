"""The formats of files that hold sets, and all that is known of each, in one table.

Readers and writers are imported when one is called: most of the program asks for the endings only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campledger.documents.text import Report, decode
from campledger.errors import UsageError

if TYPE_CHECKING:
    from campledger.dataids.entries import Entry, Naming
    from campledger.dataids.json_form import Form
    from campledger.dataids.sets import DataIdSet


@dataclass(frozen=True)
class Format:
    """A format of sets."""

    ending: str
    """Of its files, with the dot."""
    read: Callable[[bytes, Report], Form | None]
    """Returns what a set's file says, or None where nothing of it can be read, which is reported."""
    read_list: Callable[[bytes, Report, Naming], Iterator[Entry]]
    """Yields the entries of a list made elsewhere; what cannot be read is reported."""
    write: Callable[[DataIdSet], bytes]
    holds_about: bool = True
    """Whether it has a place for name, purpose and origin, without which a ledger makes no set of its own."""
    holds_pending: bool = True
    """Whether it has a place for pending entries."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return self.ending[1:]


def _of_text(read: Callable[[str, Report], Form]) -> Callable[[bytes, Report], Form | None]:
    def read_bytes(data: bytes, report: Report) -> Form | None:
        text = decode(data, report)
        return read(text, report) if text is not None else None

    return read_bytes


def _read_json(text: str, report: Report) -> Form:
    from campledger.dataids.json_form import read_json

    return read_json(text, report)


def _read_csv(text: str, report: Report) -> Form:
    from campledger.dataids.json_form import Form
    from campledger.dataids.tables import read_csv

    return Form(read_csv(text, report))


def _read_ecsv(text: str, report: Report) -> Form:
    from campledger.dataids.json_form import Form
    from campledger.dataids.tables import place_of_meta, read_ecsv
    from campledger.documents.schema import findings

    columns, meta, complaint = read_ecsv(text, report)
    for finding in findings(dict(meta), "dataids", "about"):
        key = str(finding.pointer[0]) if finding.pointer else "meta"
        report.add(finding.rule, finding.message, place_of_meta(text, key), finding.hint)
    return Form(columns, about=meta, complaint=complaint)


def _json_entries(data: bytes, report: Report, naming: Naming) -> Iterator[Entry]:
    from campledger.dataids.entries import in_json

    return in_json(data, report, naming)


def _csv_entries(data: bytes, report: Report, naming: Naming) -> Iterator[Entry]:
    from campledger.dataids.text_lists import in_text

    return in_text(data, report, naming, ".csv")


def _ecsv_entries(data: bytes, report: Report, naming: Naming) -> Iterator[Entry]:
    from campledger.dataids.text_lists import in_ecsv

    return in_ecsv(data, report, naming)


def _json(value: DataIdSet) -> bytes:
    from campledger.dataids.writing import format_json

    return format_json(value)


def _csv(value: DataIdSet) -> bytes:
    from campledger.dataids.writing import format_csv

    return format_csv(value)


def _ecsv(value: DataIdSet) -> bytes:
    from campledger.dataids.writing import format_ecsv

    return format_ecsv(value)


FORMATS = {
    one.ending: one
    for one in (
        Format(".json", _of_text(_read_json), _json_entries, _json),
        Format(".csv", _of_text(_read_csv), _csv_entries, _csv, holds_about=False, holds_pending=False),
        Format(".ecsv", _of_text(_read_ecsv), _ecsv_entries, _ecsv, holds_pending=False),
    )
}
"""The formats by the endings of their files; the first one holds everything."""

ENDINGS = tuple(FORMATS)
"""How files of sets end."""

OWN = tuple(one.name for one in FORMATS.values() if one.holds_about)
"""The names of the formats in which a ledger makes sets of its own."""


def left_out(value: DataIdSet, ending: str) -> tuple[str, ...]:
    """Return what of a set a format has no place for: ``about``, ``pending``."""
    form = FORMATS.get(ending)
    about = ("about",) if form and value.about and not form.holds_about else ()
    return (*about, *(("pending",) if form and value.pending and not form.holds_pending else ()))


def format_set(value: DataIdSet, ending: str, *, partly: bool = False) -> bytes:
    """Return a set as the bytes of a file with an ending: .json, .csv or .ecsv.

    A set of members only is a plain list in JSON; one that has a name, an origin or pending entries, or no members,
    takes the full form. Raise UsageError where the format has no place for something, see :func:`left_out`, unless
    ``partly`` says to leave it out; and where CSV cannot hold a text.
    """
    if ending not in FORMATS:
        raise UsageError(f"no format of sets has the ending `{ending}`: use {', '.join(ENDINGS)}")
    lost = left_out(value, ending)
    if lost and not partly:
        words = {"about": f"the set's {', '.join(value.about)}", "pending": "what is pending"}
        what = " and ".join(words[one] for one in lost)
        others = [one.name.upper() for one in FORMATS.values() if not left_out(value, one.ending)]
        raise UsageError(f"{ending[1:].upper()} has no place for {what}: write {', or '.join(others)}")
    return FORMATS[ending].write(value)
