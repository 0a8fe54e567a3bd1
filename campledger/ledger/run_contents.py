"""What runs really read: runs/SUBMISSION.json in a campaign's directory, which events name with its digest.

schemas/run.schema.json describes the file; docs/formats.md says what it is for. It is looked at by ``check`` alone:
nothing else that a ledger shows rests on what is in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from campledger.documents import schema, strict
from campledger.ledger.ledger import Ledger, Record, locate
from campledger.model.history import Event
from campledger.problems import Problem

MAX_BYTES = 1024 * 1024
"""How large such a file may be: what would not fit is left out by its writer, who says so."""

_FILE = re.compile(r"runs/[a-z0-9]{12}[.]json")


def run_contents(files: Iterable[str]) -> list[str]:
    """Return those of a campaign's files, by path from its directory, that say what a run read."""
    return [file for file in files if _FILE.fullmatch(file)]


def digest(content: bytes) -> str:
    """Return the digest of such a file, as events name it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def check(ledger: Ledger, record: Record) -> Iterator[Problem]:
    """Yield what is wrong with the files that a campaign's events name; of two events of a run the later one counts."""
    named: dict[str, Event] = {}
    for event in record.history.effective if record.history else ():
        contents = event.data.get("contents")
        if contents is None:
            continue
        submission = event.data.get("submission", event.id)
        if contents["file"] != f"runs/{submission}.json":
            message = f"event {event.id}: `{contents['file']}` is not the file for submission {submission}"
            yield _problem(event, message, f"expected runs/{submission}.json")
        else:
            named[contents["file"]] = event
    found = ledger.files.read(record.path(file) for file in named)
    for file, event in named.items():
        path = record.path(file)
        content = found.get(path)
        if content is None or ledger.files.paths[path]:
            hint = "add it, or retract the event"
            message = f"event {event.id}: missing file `{file}` in the campaign's directory"
            yield Problem(event.path, event.line, 3, "missing-file", message, hint)
        elif len(content) > MAX_BYTES:
            message = f"{len(content):,} bytes; {MAX_BYTES:,} are the limit"
            yield Problem(path, 0, 0, "unreadable", message, "leave rows out, and set `truncated`")
        elif digest(content) != event.data["contents"]["digest"]:
            message = f"event {event.id}: the digest of `{file}` differs from the event's"
            yield _problem(event, message, "restore the file as the run wrote it")
        else:
            yield from _document(ledger, path, content, event)


def _document(ledger: Ledger, path: str, content: bytes, event: Event) -> Iterator[Problem]:
    document = strict.read(path, content)  # JSON is YAML
    found = [] if document.problems else schema.findings(document.value, "run", newer=ledger.newer)
    yield from document.problems
    yield from (locate(document, one) for one in found)
    submission = event.data.get("submission", event.id)
    if not document.problems and not found and document.value["submission"] != submission:
        line, column = document.position(("submission",))
        message = f"it names submission {document.value['submission']}, expected {submission}"
        yield Problem(path, line, column, "run-contents", message, "write one file for each submission")


def _problem(event: Event, message: str, hint: str) -> Problem:
    return Problem(event.path, event.line, 3, "run-contents", message, hint)
