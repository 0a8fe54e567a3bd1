"""Differences in words, for the terminal and for comments of pull requests.

What stands in the ledger is untrusted where a fork wrote it; it is a piece of its own, named `value`, so that a writer
of Markdown can keep it from being anything but text. All other pieces are this module's words.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campledger.ledger.differences import CampaignDifference, Effect, FileDifference, SetDifference
from campledger.ledger.ledger import Record
from campledger.ledger.reviewing import OtherFile, Review
from campledger.ledger.sets import references_of
from campledger.model.differences import ABSENT, Difference
from campledger.model.event_kinds import Piece, describe, remark
from campledger.model.history import Event
from campledger.model.text_format import counted, places
from campledger.problems import Problem

LONGEST = 160
"""Longer values are cut: a sentence says that something changed, the diff of the files says how."""

LINES = 5_000
"""Longer files have no unified diff: what finds the shortest one takes time that grows with the square."""

_UNENDED = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that differs. ``mark`` is `+` for what came, `-` what went, `~` what is otherwise, `!` a problem."""

    mark: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The words, with what stands in the ledger as it is."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class DifferenceEntry:
    """What there is to say of one thing: a campaign, a file."""

    head: Sentence
    lines: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Entries of one sort."""

    title: str
    entries: tuple[DifferenceEntry, ...]


def sentence(mark: str, *parts: str | Piece) -> Sentence:
    """Return a sentence of words and values."""
    return Sentence(mark, tuple(part if isinstance(part, Piece) else Piece(part) for part in parts if part))


def value(something: Any) -> Piece:
    """Return what stands in the ledger as a piece: a text as it is, a list with commas, anything else as JSON."""
    text = _short(something)
    return Piece(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…", "value")


def _short(something: Any) -> str:
    if isinstance(something, str):
        return " ".join(something.split()) or '""'
    if isinstance(something, Sequence) and something and all(isinstance(one, str | int | float) for one in something):
        return _some([_short(one) for one in something])
    if isinstance(something, Sequence) and something:
        return _some([_label(one) for one in something])
    return json.dumps(something, ensure_ascii=False)


def _label(item: Any) -> str:
    """Return what names an item of a list: the key of a ticket, the address of a link."""
    if isinstance(item, Mapping):
        return next((str(item[key]) for key in ("name", "key", "url") if key in item), json.dumps(item))
    return _short(item)


def _some(words: Sequence[str], limit: int = 8) -> str:
    return ", ".join(words) if len(words) <= limit else f"{', '.join(words[:limit])} and {len(words) - limit:,} more"


# A definition


def of_differences(found: Iterable[Difference]) -> Iterator[Sentence]:
    """Yield what differs between two definitions; groups of a step of which the same is to be said share a sentence."""
    shared: dict[tuple[str, str, str], list[Difference]] = {}
    for one in found:
        step = one.place.rpartition("/")[0]
        said = (
            json.dumps([None if value is ABSENT else [value] for value in one.values]) if one.key else str(_mark(one))
        )
        # What stands alone in its place keeps to itself; groups are told together.
        shared.setdefault((step or f"={one.place}", one.key, said), []).append(one)
    for alike in shared.values():
        yield _of_difference(alike[0], [one.place for one in alike])


def _mark(one: Difference) -> str:
    before, after = one.values
    return "+" if before is ABSENT else "-" if after is ABSENT else "~"


def _of_difference(one: Difference, at: list[str]) -> Sentence:
    before, after = one.values
    mark = _mark(one)
    where = Piece(places(at) if "/" in one.place else one.place, "value")
    there = (where, Piece(": ")) if one.place else ()
    if not one.key:
        word = "group" if "/" in one.place else "step"
        what = word if len(at) == 1 else counted(len(at), word)
        groups = (before if after is ABSENT else after).get("groups", ()) if word == "step" else ()
        end = f", with {counted(len(groups), 'group')}" if groups else ""
        return sentence(mark, f"{what} ", where, f" {'added' if mark == '+' else 'removed'}{end}")
    key = Piece(one.key, "value")
    if one.key in {"steps", "groups"} and mark == "~":
        return sentence(mark, *there, key, " are in another order: ", value(after))
    if mark == "+":
        return sentence(mark, *there, key, ": ", *_whole(after))
    if mark == "-":
        return sentence(mark, *there, key, " is gone: it was ", *_whole(before))
    return sentence(mark, *there, key, ": ", *_changed(before, after))


def _whole(something: Any) -> Iterator[str | Piece]:
    if isinstance(something, str) and "\n" in something.strip():
        yield f"a text of {counted(len(something.splitlines()), 'line')}"
    else:
        yield value(something)


def _changed(before: Any, after: Any) -> Iterator[str | Piece]:
    if isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after)
    elif isinstance(before, str) and isinstance(after, str) and "\n" in f"{before.strip()}{after.strip()}":
        added, removed = _line_counts(before.splitlines(), after.splitlines())
        yield f"the text changed, {_more_and_less(added, removed, 'line')}"
    else:
        yield from (value(before), " → ", value(after))


def _of_lists(before: list[Any], after: list[Any]) -> Iterator[str | Piece]:
    old, new = ([json.dumps(one, sort_keys=True) for one in side] for side in (before, after))
    known = set(old), set(new)
    added = [one for one, text in zip(after, new, strict=True) if text not in known[0]]
    removed = [one for one, text in zip(before, old, strict=True) if text not in known[1]]
    labels = {_label(one) for one in added} & {_label(one) for one in removed}
    # A ticket whose title changed is not two tickets.
    changed = [one for one in added if isinstance(one, Mapping) and _label(one) in labels]
    added = [one for one in added if one not in changed]
    removed = [one for one in removed if not (isinstance(one, Mapping) and _label(one) in labels)]
    if len(before) == len(after) == 1 and added and removed:
        yield from (value(before), " → ", value(after))
        return
    said = [(word, some) for word, some in (("added ", added), ("removed ", removed), ("changed ", changed)) if some]
    for number, (word, some) in enumerate(said):
        yield f"{'; ' if number else ''}{word}"
        yield value(some)
    if not said:
        yield "in another order, or with others repeated: "
        yield value(after)


# Files


def of_file(file: FileDifference) -> Sentence:
    """Return what became of a file, by lines or bytes."""
    name = Piece(file.path, "value")
    if file.before is None or file.after is None:
        mark, word, content = ("+", "added", file.after) if file.before is None else ("-", "removed", file.before)
        return sentence(mark, name, f" {word}, {_size(content or b'')}")
    old, new = _lines(file.before), _lines(file.after)
    if old is None or new is None:
        return sentence("~", name, f" changed, from {_size(file.before)} to {_size(file.after)}")
    return sentence("~", name, f" changed, {_more_and_less(*_line_counts(old, new), 'line')}")


def unified(file: FileDifference, before: str, after: str) -> list[str]:
    """Return the unified diff of a text file, line by line; nothing where it is no text, or a long one."""
    old, new = _lines(file.before or b""), _lines(file.after or b"")
    if old is None or new is None or len(old) + len(new) > LINES:
        return []
    names = [
        "/dev/null" if content is None else f"{side}/{file.path}"
        for side, content in ((before, file.before), (after, file.after))
    ]
    lines = difflib.unified_diff(old, new, names[0], names[1], lineterm="")
    return [line[1:] if line[1:] == _UNENDED else line for line in lines]


def _lines(content: bytes) -> list[str] | None:
    """Return the lines of a text that can be compared line by line, or None."""
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        return None
    if "\0" in lines[0]:
        return None
    if lines[-1]:
        return [*lines, _UNENDED]
    return lines[:-1]


def _size(content: bytes) -> str:
    lines = _lines(content)
    return counted(len(content), "byte") if lines is None else counted(len(lines), "line")


def _line_counts(before: list[str], after: list[str]) -> tuple[int, int]:
    """Return how many lines came and went; one that moved did neither."""
    old, new = Counter(before), Counter(after)
    return (new - old).total(), (old - new).total()


def _more_and_less(added: int, removed: int, noun: str) -> str:
    said = [f"{counted(number, noun)} {word}" for number, word in ((added, "added"), (removed, "removed")) if number]
    return " and ".join(said) or "its lines in another order"


# Sets, events, effects, problems


def of_set(found: SetDifference) -> Sentence:
    """Return what became of a set, by counts."""
    name = Piece(found.name, "value")
    if found.complaint:
        return sentence("~", name, " cannot be compared: ", Piece(found.complaint, "value"))
    if found.before is None:
        return sentence("+", name, f" is new, with {counted(found.after or 0, 'data ID')}")
    if found.after is None:
        return sentence("-", name, f" is gone, with {counted(found.before, 'data ID')}")
    parts = [
        f"{number:,} {word}"
        for number, word in ((found.added, "added"), (found.removed, "removed"), (found.changed, "described otherwise"))
        if number
    ]
    return sentence("~", name, f": {', '.join(parts)}; {counted(found.after, 'data ID')} now")


def of_event(event: Event) -> Sentence:
    """Return what happened, who did it and why."""
    text = remark(event)
    said = f"{event.by}: {describe(event)}{f': {text}' if text else ''}"
    return sentence("+", f"{event.at[:16].replace('T', ' ')} ", value(said))


def of_events(events: Sequence[Event], limit: int | None) -> Iterator[Sentence]:
    """Yield what happened, the last events whole and the others by their number."""
    hidden = 0 if limit is None else max(len(events) - limit, 0)
    if hidden:
        yield sentence("+", f"{counted(hidden, 'event')} before")
    yield from (of_event(event) for event in events[hidden:])


def of_effect(found: Effect) -> Iterator[Sentence]:
    """Yield what a change means for the groups of a campaign that is at work."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for group, reasons in found.submitted.items():
        alike.setdefault(reasons, []).append(group)
    for reasons, groups in alike.items():
        words = "was" if len(groups) == 1 else "were"
        head = f"{counted(len(groups), 'group')} {words} submitted already, "
        if reasons:
            yield sentence("~", head, "with other ", value(list(reasons)), ": ", value(places(groups)))
        else:
            yield sentence("-", head, f"and {'is' if len(groups) == 1 else 'are'} gone: ", value(places(groups)))
    if found.waiting:
        yield sentence("~", f"{counted(found.waiting, 'group')} not submitted yet will run with what is new")


def of_problem(problem: Problem, *, mended: bool = False) -> Sentence:
    """Return a problem with its place."""
    place = Piece(f"{problem.path}:{problem.line}:{problem.column}", "value")
    said = (place, f" {problem.severity} {problem.rule}: ", value(problem.message))
    return sentence("~", "mended: ", *said) if mended else sentence("!", *said)


# A campaign, and a review


def of_campaign(record: Record) -> Iterator[Sentence]:
    """Yield what a campaign is: what, who, scope, steps and groups by count."""
    campaign, history = record.campaign, record.history
    if campaign is None or history is None:
        yield sentence("~", "cannot be read")
        return
    definition = campaign.definition
    yield sentence("+", value(campaign.title))
    people = [("owner ", campaign.owner), ("operators ", definition.get("operators"))]
    people += [("tickets ", [one["key"] for one in definition.get("tickets", ())])]
    said: list[str | Piece] = [f"{definition['kind']} of ", value(definition["production"])]
    for word, who in people:
        said += [f", {word}", value(who)] if who else []
    yield sentence("+", *said)
    yield sentence("+", value(definition["description"]))
    yield from essentials(definition)
    if "derived_from" in definition:
        yield sentence("+", "repeats ", value(definition["derived_from"]))
    if campaign.steps:
        counts = [f"{step.name} ({len(step.groups):,})" for step in campaign.steps]
        steps = f"{counted(len(counts), 'step')} with {counted(len(campaign.groups), 'group')}: "
        yield sentence("+", steps, value(counts))
    named = [f"{purpose} {name}" for purpose, name in references_of(record)]
    if named:
        yield sentence("+", "DataId sets: ", value(named))
    if history.events:
        runs = counted(len(history.submissions), "submission")
        yield sentence("+", f"it arrives {history.state}, with {counted(len(history.events), 'event')} and {runs}")


def essentials(definition: Mapping[str, Any]) -> Iterator[Sentence]:
    """Yield which part of the data a campaign is about, with which software, from where and to where."""
    for section, keys in (("scope", ()), ("software", ("stack", "image")), ("data", ("butler", "output"))):
        found = {key: one for key, one in definition.get(section, {}).items() if key in keys or not keys}
        if found:
            parts = [part for key, one in found.items() for part in (", ", Piece(key), " ", _of_scope(one))][1:]
            yield sentence("+", f"{section}: ", *parts)


def _of_scope(something: Any) -> Piece:
    if isinstance(something, Mapping) and something.keys() <= {"from", "to"}:
        return value(f"{something.get('from', '')} to {something.get('to', '')}")
    return value(something)


def of_campaign_difference(found: CampaignDifference, events: int | None = None) -> Iterator[Sentence]:
    """Yield what differs between two campaigns, or two states of one; problems and effect are told beside it."""
    yield from of_differences(found.definition)
    if found.layout:
        yield sentence("~", "the definition changed in comments or layout only")
    if found.after.campaign is None:
        yield sentence("-", "the definition cannot be read")
    elif found.before.campaign is None:
        yield sentence("+", "the definition can be read now")
    yield from (of_file(file) for file in found.files)
    yield from (of_set(one) for one in found.sets)
    yield from of_events(found.events, events)
    if found.gone:
        yield sentence("-", f"{counted(len(found.gone), 'event')} gone or rewritten: ", value(found.gone))


def of_other_file(file: OtherFile) -> DifferenceEntry:
    """Return what became of a file that is no campaign's."""
    mark = {"added": "+", "removed": "-"}.get(file.change, "~")
    return DifferenceEntry(
        sentence(mark, Piece(file.path, "value"), f" {file.change}"), tuple(of_differences(file.differences))
    )


def sections(review: Review, events: int | None = None) -> Iterator[Section]:
    """Yield what a change of a ledger means: first what may stop it, then what it does."""

    def named(mark: str, record: Record, state: bool = False) -> Sentence:
        at = f", {record.history.state}" if state and record.history else ""
        return sentence(mark, Piece(record.id, "value"), at)

    def plain(sentences: Iterable[Sentence]) -> tuple[DifferenceEntry, ...]:
        return tuple(DifferenceEntry(one) for one in sentences)

    groups = {
        True: [one for one in review.files if one.is_known],
        False: [one for one in review.files if not one.is_known],
    }
    yield Section("Problems introduced", plain(of_problem(one) for one in review.introduced))
    effects = [
        DifferenceEntry(sentence("~", Piece(one.campaign, "value"), f", {one.state}"), tuple(of_effect(one)))
        for one in review.effects
    ]
    yield Section("Effect on campaigns at work", tuple(effects))
    yield Section(
        "Campaigns defined", tuple(DifferenceEntry(named("+", one), tuple(of_campaign(one))) for one in review.defined)
    )
    changed = [
        DifferenceEntry(named("~", one.after, state=True), tuple(of_campaign_difference(one, events)))
        for one in review.changed
    ]
    yield Section("Campaigns changed", tuple(entry for entry in changed if entry.lines))
    yield Section("Campaigns removed", plain(named("-", one, state=True) for one in review.removed))
    receipts = [
        DifferenceEntry(sentence("+", Piece(name, "value")), tuple(of_events(found, events)))
        for name, found in review.receipts.items()
    ]
    yield Section("DataId sets", (*plain(of_set(one) for one in review.sets), *receipts))
    yield Section("Settings, queries and templates", tuple(of_other_file(one) for one in groups[True]))
    yield Section("Problems mended", plain(of_problem(one, mended=True) for one in review.mended))
    yield Section("Other files", tuple(of_other_file(one) for one in groups[False]))


def summary(review: Review) -> str:
    """Return a review in one line: how many of what."""
    acts = sum(len(one.events) for one in review.changed)
    redefined = sum(one.is_redefined for one in review.changed)
    counts = (
        (len(review.defined), "campaign", "defined"), (redefined, "campaign", "changed"),
        (len(review.removed), "campaign", "removed"), (acts, "act", "recorded"), (len(review.sets), "set", "changed"),
        (len(review.files), "other file", "changed"), (len(review.introduced), "problem", "introduced"),
        (len(review.mended), "problem", "mended"),
    )  # fmt: skip
    return ", ".join(f"{counted(number, noun)} {verb}" for number, noun, verb in counts if number) or "nothing differs"
