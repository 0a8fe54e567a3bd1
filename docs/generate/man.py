"""The man pages, one for each command, in the macros of man(7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from campledger import __version__
from docs.generate.manual import Manual, manual, sections

SPECIAL = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
"""Characters that roff takes for something else, or prints as something that a shell does not know."""


DATE = "2026-11-30"
"""The day of the pages: that of the release, or of what readers should know of last."""


def pages() -> dict[str, str]:
    """Return the pages, by their paths below docs/."""
    whole = manual()
    return {f"man/{_name(one)}.1": "\n".join(_page(one, whole)) + "\n" for one in whole.walk()}


def _name(one: Manual) -> str:
    return "-".join(one.words)


def _text(text: str) -> str:
    """Return text of which nothing is a request or an escape."""
    escaped = "".join(SPECIAL.get(char, char) for char in text)
    return rf"\&{escaped}" if escaped.startswith((".", "\\(aq")) else escaped


def _prose(text: str) -> str:
    """Return text with what stands in backticks in bold."""
    return "".join(
        rf"\fB{_text(part)}\fP" if n % 2 else _text(part) for n, part in enumerate(re.split(r"`([^`]+)`", text))
    )


def _page(one: Manual, whole: Manual) -> Iterator[str]:
    yield r".\" Made by make docs: change the help of the command, not this file."
    yield f'.TH {_text(_name(one)).upper()} 1 "{DATE}" "campledger {_text(__version__)}" "campledger manual"'
    yield ".SH NAME"
    yield rf"{_text(_name(one))} \- {_prose(one.summary[0].lower() + one.summary[1:])}"
    yield ".SH SYNOPSIS"
    yield f".B {_text(one.title)}"
    yield _text(" ".join(one.usage))
    yield ".SH DESCRIPTION"
    for n, paragraph in enumerate(one.prose):
        yield from [".PP"] * (n > 0)
        yield _prose(paragraph)
    if one.options:
        yield ".SH OPTIONS"
        for option, about in one.options:
            yield from (".TP", _option(option), _prose(about))
    if one is whole:
        yield ".SH COMMANDS"
        for title, commands in sections(whole).items():
            yield f".SS {_text(title)}"
            yield from _commands(commands)
    elif one.below:
        yield ".SH COMMANDS"
        yield from _commands(one.below)
    for listing in one.listings:
        yield f".SH {_text(listing.title).upper()}"
        yield ".EX"
        yield from map(_text, listing.lines)
        yield ".EE"
    yield from _see_also(one, whole)


def _option(record: str) -> str:
    """Return an option in bold, and what it takes in italics."""
    words = record.split(" ")
    names = [*takewhile(lambda word: word.startswith(("-", "/")), words)]
    value = " ".join(words[len(names) :])
    return rf"\fB{_text(' '.join(names))}\fP" + (rf" \fI{_text(value)}\fP" if value else "")


def _commands(commands: Sequence[Manual]) -> Iterator[str]:
    for one in commands:
        yield from (".TP", f".BR {_text(_name(one))} (1)", _prose(one.summary))


def _see_also(one: Manual, whole: Manual) -> Iterator[str]:
    """Yield what the page stands among: the commands above it."""
    above = [each for each in whole.walk() if one.words[: len(each.words)] == each.words and each is not one]
    if above:
        yield ".SH SEE ALSO"
        yield ",\n".join(f".BR {_text(_name(each))} (1)" for each in above)
