"""A file of acts, one JSON object a line, made in one commit or none; schemas/act.schema.json describes a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from campledger.documents.schema import act_findings
from campledger.documents.strict_json import Decoder, JsonError, JsonText
from campledger.documents.text import place_in, shown
from campledger.errors import CampledgerError, DataError, RefusedError
from campledger.ledger.ledger import DEFINITION
from campledger.model.text_format import counted
from campledger.operations.transaction import Transaction
from campledger.operations.workspace import told
from campledger.operations.write.staging import StagedAct, StagedLedger
from campledger.operations.write.writing import Writing
from campledger.problems import Finding, Pointer, Problem

MAX_LINE = 1024 * 1024
"""Bytes of one line: a note may hold 65,536 characters, a definition more."""
MAX_BYTES = 64 * 1024 * 1024
"""Bytes of a batch: some 300,000 acts."""
_DECODER = Decoder()
_NAMING = ("campaign", "submission", "event", "from", "parents", "drop")
"""The keys whose values may be `@LABEL`."""


@dataclass(frozen=True)
class Line:
    """A line of a batch."""

    number: int
    text: str
    act: Mapping[str, Any]

    def column(self, pointer: Pointer, *, key: bool = False) -> int:
        """Return the column of what a pointer names, or of the nearest thing around it."""
        return JsonText(self.text).place(pointer, key=key)[1]


@dataclass(frozen=True)
class Done:
    """What came of a line."""

    line: int
    act: str
    campaign: str
    """Empty for an act on a shared set or a saved query."""
    id: str
    """What `@LABEL` stands for: the id of the campaign or of the event, the name of the set or of the query."""
    words: str
    changed: bool = True
    """Whether anything came of it: a key that is known finds its campaign."""


@dataclass
class BatchLines:
    """The lines of a batch that could be read, and what is wrong with the others."""

    name: str
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def require(self) -> None:
        """Raise DataError if there are lines that cannot be read."""
        if self.problems:
            raise DataError(told(self.problems), self.problems)

    def problem(self, line: int, column: int, rule: str, message: str, hint: str = "") -> None:
        """Note what is wrong with a line."""
        self.problems.append(Problem(self.name, line, column, rule, message, hint))


def read(name: str, stream: BinaryIO) -> BatchLines:
    """Read the lines of a batch, and hold each to the schema."""
    reading = BatchLines(name)
    size, number = 0, 0
    while data := stream.readline(MAX_LINE + 1):  # a pipe is read as it comes, and no further than it may be
        number += 1
        size += len(data)
        if len(data) > MAX_LINE or size > MAX_BYTES:
            what, limit = ("this line", MAX_LINE) if len(data) > MAX_LINE else ("the batch", MAX_BYTES)
            reading.problem(number, 1, "unreadable", f"{what} has more than {limit:,} bytes", "split it")
            break
        _read_line(reading, number, data)
    return reading


def _read_line(reading: BatchLines, number: int, data: bytes) -> None:
    if number == 1:
        data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        _, column = place_in(error)
        reading.problem(number, column, "unreadable", "not UTF-8 text", "save the file as UTF-8")
        return
    if not text.strip(" \t"):
        return
    try:
        value = _DECODER.decode(text)
    except JsonError as error:
        reading.problem(number, error.offset + 1, "unreadable", error.message, error.hint)
        return
    line = Line(number, text, value)
    found = act_findings(value)
    for finding in found:
        column = line.column(finding.pointer, key=finding.key)
        reading.problem(number, column, finding.rule, finding.message, finding.hint)
    if not found:
        reading.lines.append(line)


def make(writing: Writing, reading: BatchLines) -> list[Done]:
    """Make the acts that were read, in one commit; return what came of each.

    Raise RefusedError, with all problems by line and column of the file, and nothing changed; GitError.
    """
    run: _Run | None = None
    try:
        with writing.stage(several=True) as staged:
            run = _Run(reading, staged, Transaction(writing, staged))
            run.go()
    except _RefusedLinesError:
        raise
    except RefusedError as error:
        problems = run.in_file(error.problems) if run else []
        if not problems:
            raise
        raise RefusedError(told(problems), problems) from None
    return run.done


class _Run:
    """The acts of a batch, made one after the other; what is wrong with one does not hide what is with others."""

    def __init__(self, reading: BatchLines, staged: StagedLedger, transaction: Transaction):
        self.reading = reading
        self.staged = staged
        self.transaction = transaction
        self.done: list[Done] = []
        self.labels: dict[str, str | None] = {}
        """What each label stands for; None where the line that makes it was refused."""
        self.resting = 0
        """How many lines were not tried, since they name what a refused line would have made."""
        self.sources: list[tuple[StagedAct, Line]] = []

    def go(self) -> None:
        """Make all acts. Raise RefusedError with everything that is refused."""
        problems: list[Problem] = []
        for line in self.reading.lines:
            label = line.act.get("as")
            made = None
            try:
                if not self._rests_on_refused(line):
                    made = self._make(line)
            except _Misnamed as error:
                column = line.column(error.finding.pointer)
                message, hint = error.finding.message, error.finding.hint
                problems.append(Problem(self.reading.name, line.number, column, "refused-act", message, hint))
            except CampledgerError as error:
                problems += self._problems(line, error)
            if label is not None:
                self.labels[label] = made
        if problems:
            rest = f"\nnot tried, since they rest on these: {counted(self.resting, 'line')}" if self.resting else ""
            raise _RefusedLinesError(told(problems) + rest, problems)

    def _make(self, line: Line) -> str:
        label = line.act.get("as")
        if label in self.labels:
            raise _Misnamed(Finding(("as",), "refused-act", f"there is a label `{label}` already"))
        given = {key: self._named(line, key, value) for key, value in line.act.items() if key not in {"act", "as"}}
        if "from" in given:
            given["from_"] = given.pop("from")
        before = len(self.staged.acts)
        made: str = getattr(self.transaction, line.act["act"])(**given)
        new = self.staged.acts[before:]
        self.sources += [(one, line) for one in new]
        act = line.act["act"]
        campaign = next((one.campaign for one in new), None) if new else self._campaign_of(made)
        words = new[-1].subject if new else f"{act}: done before"
        self.done.append(Done(line.number, act, campaign or "", made, words, bool(new)))
        return made

    def _campaign_of(self, made: str) -> str | None:
        """Return the campaign that an act which was made before is about: it is named itself, or its event is."""
        return made if made in self.staged.directories else next(iter(self.staged.recorded(made)), None)

    def _rests_on_refused(self, line: Line) -> bool:
        rests = any(word in self.labels and self.labels[word] is None for _, word in _labels(line))
        self.resting += rests
        return rests

    def _named(self, line: Line, key: str, value: Any) -> Any:
        """Return a value with the ids that its labels stand for."""
        if key not in _NAMING:
            return value
        if isinstance(value, list):
            return [self._one(line, (key, number), one) for number, one in enumerate(value)]
        return self._one(line, (key,), value)

    def _one(self, line: Line, pointer: Pointer, value: str) -> str:
        if not value.startswith("@"):
            return value
        found = self.labels.get(value[1:])
        if found is None:
            hint = (
                f"expected one of {', '.join(self.labels)}" if self.labels else 'a line before it says `"as": "LABEL"`'
            )
            raise _Misnamed(
                Finding(pointer, "refused-act", f"no line before this one is called `{shown(value)}`", hint)
            )
        return found

    def _problems(self, line: Line, error: CampledgerError) -> Iterator[Problem]:
        """Yield why a line is refused, at the value that the refusal speaks of."""
        if error.problems:
            for one in error.problems:
                yield self._at(line, one)
        else:
            where = ("act",) if error.value is None else _given(line, error.value)
            first, _, rest = str(error).partition("\n")
            hint = " ".join(rest.split())
            yield Problem(self.reading.name, line.number, line.column(where), "refused-act", first, hint)

    def _at(self, line: Line, problem: Problem) -> Problem:
        """Return a problem at what a line says of it."""
        column = line.column(_said(line, problem.pointer))
        return replace(problem, path=self.reading.name, line=line.number, column=column)

    def in_file(self, problems: Sequence[Problem]) -> list[Problem]:
        """Return the problems that the check of the whole found, each at the line that brings it."""
        lines = {(made.path, made.line): line for made, line in self.sources}
        homes = {made.path.rpartition("/")[0]: line for made, line in self.sources if made.path.endswith(DEFINITION)}
        found = []
        for one in problems:
            line = lines.get((one.path, one.line)) or lines.get((one.path, 0)) or homes.get(one.path.rpartition("/")[0])
            found.append(one if line is None else self._at(line, one))
        return found


class _Misnamed(Exception):  # noqa: N818 - it never leaves this module
    """A label is not what it should be."""

    def __init__(self, finding: Finding):
        super().__init__(finding.message)
        self.finding = finding


class _RefusedLinesError(RefusedError):
    """Some lines are refused; their problems stand in the file already."""


def _labels(line: Line) -> Iterator[tuple[str, str]]:
    for key in _NAMING:
        value = line.act.get(key, ())
        for one in [value] if isinstance(value, str) else value:
            if one.startswith("@"):
                yield key, one[1:]


def _said(line: Line, pointer: Pointer) -> Pointer:
    """Return where a line gives what stands at a place in a definition or an event; the name of the act if nowhere."""
    key = str(pointer[0]) if pointer else ""
    if key in line.act:
        return pointer
    path = ".".join(map(str, pointer))
    settings = line.act.get("set", {})
    inside = [one for one in settings if f"{path}.".startswith(f"{one}.")]
    return ("set", max(inside, key=len)) if inside else ("act",)


def _given(line: Line, value: str) -> Pointer:
    """Return where in a line a value stands that was given; the name of the act if nowhere."""
    for key, one in line.act.items():
        if key not in {"act", "as"} and one == value:
            return (key,)
        if isinstance(one, list) and value in one:
            return key, one.index(value)
    return ("act",)
