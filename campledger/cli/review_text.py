"""Differences and reviews as they are printed: for a terminal, as JSON, and as Markdown for a comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from campledger import __version__
from campledger.cli.printing import clean
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from campledger.ledger.differences import CampaignDifference
    from campledger.ledger.reviewing import Review

if TYPE_CHECKING:
    from campledger.ledger.difference_text import Section, Sentence
    from campledger.ledger.reviewing import Review

LIMIT = 50_000
"""Characters of Markdown at the most. GitHub takes 65,536 in a comment, GitLab a million."""

ENTRIES = 50
"""How many things of one sort Markdown tells of, and LINES how much of each: what is long drowns what matters."""

LINES = 25

WIDEST = 400
"""Characters of one value at the most: a path may be ten times as long."""

EVENTS = 8
"""How many events of one campaign are told of; the last ones."""

MARKER = "<!-- campledger review -->"
"""First line of the comment, by which the next review finds it, to take its place."""

COLOURS = {"+": "green", "-": "red", "~": "yellow", "!": "bright_red"}


def line(sentence: Sentence, indent: str = "") -> str:
    """Return a sentence for a terminal, its mark in front."""
    return indent + click.style(sentence.mark, fg=COLOURS[sentence.mark]) + f" {clean(sentence.text)}"


def coloured_diff(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a unified diff in git's colours."""
    for number, text in enumerate(lines):
        if number < 2:
            yield click.style(clean(text), bold=True)
        else:
            yield click.style(clean(text), fg={"+": "green", "-": "red", "@": "cyan"}.get(text[:1]))


def as_text(review: Review) -> Iterator[str]:
    """Yield a review for a terminal, all of it."""
    from campledger.ledger.difference_text import sections, summary

    yield click.style(f"{review.base[:10]}..{review.head[:10]}", bold=True) + f"  {summary(review)}"
    for section in sections(review):
        if section.entries:
            yield ""
            yield click.style(section.title, bold=True)
            for entry in section.entries:
                yield line(entry.head, "  ")
                yield from (line(one, "      ") for one in entry.lines)


def as_markdown(review: Review) -> str:
    """Return a review as the Markdown of a comment, bounded, with a word on what was left out.

    Whatever stands in the ledger is in code spans: there neither host makes mentions, references, links, HTML or quick
    actions of it.
    """
    from campledger.ledger.difference_text import sections, summary

    foot = f"`campledger review {review.base[:10]}..{review.head[:10]}` tells all of it (campledger {__version__})."
    written = [MARKER, "### What this changes in the ledger", "", f"{summary(review).capitalize()}."]
    room = LIMIT - len(foot) - 100 - sum(len(one) + 1 for one in written)
    left_out = 0
    for text in (text for section in sections(review, EVENTS) for text in _block(section)):
        room -= len(text) + 1
        if room >= 0 and not left_out:
            written.append(text)
        else:
            left_out += bool(text)
    if left_out:
        written += ["", f"**{counted(left_out, 'line')} more would be too long for a comment.**"]
    return "\n".join([*written, "", foot]) + "\n"


def _block(section: Section) -> Iterator[str]:
    if not section.entries:
        return
    yield ""
    yield f"#### {section.title}"
    yield ""
    for entry in section.entries[:ENTRIES]:
        yield f"- {markdown(entry.head)}"
        yield from (f"  - {markdown(one)}" for one in entry.lines[:LINES])
        if len(entry.lines) > LINES:
            yield f"  - and {len(entry.lines) - LINES:,} more"
    if len(section.entries) > ENTRIES:
        yield f"- and {len(section.entries) - ENTRIES:,} more"


def markdown(sentence: Sentence) -> str:
    """Return a sentence as Markdown: its words as they are, what stands in the ledger in code spans."""
    return "".join(code(piece.text) if piece.names else piece.text for piece in sentence.pieces)


def code(text: str) -> str:
    """Return text as a code span of one line, whatever is in it."""
    line = clean(" ".join(text.split()))[:WIDEST] or " "
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    # A blank beside a fence is taken off again, and keeps backticks at the ends from joining it.
    pad = " " if line.startswith(("`", " ")) or line.endswith(("`", " ")) else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def difference_value(found: CampaignDifference) -> dict[str, Any]:
    """Return what differs in a campaign, as a value for JSON."""

    def change(before: bytes | None, after: bytes | None) -> str:
        return "added" if before is None else "removed" if after is None else "changed"

    return {
        "definition": [one.as_dict() for one in found.definition],
        "files": [{"path": one.path, "change": change(one.before, one.after)} for one in found.files],
        "sets": [one.as_dict() for one in found.sets],
        "events": [dict(event.data) for event in found.events],
        "gone": found.gone,
        "introduced": [one.as_dict() for one in found.introduced],
        "mended": [one.as_dict() for one in found.mended],
    }
