"""Pieces of Markdown, as GitHub renders it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

GENERATED = "<!-- Made by `make docs`: change what it is made from, not this file. -->\n"


def code(text: str) -> str:
    """Return text as code in a line; backticks in it are kept."""
    if "`" not in text:
        return f"`{text}`"
    fence = "`" * (max(map(len, re.findall("`+", text))) + 1)
    return f"{fence} {text} {fence}"


def prose(text: str) -> str:
    """Return a plain text as Markdown: what stands in backticks is code, all else is text."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(part if n % 2 else re.sub(r"[\\<>*\[\]#|~]", r"\\\g<0>", part) for n, part in enumerate(parts))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(_cell(one) for one in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    # A bar ends a cell even in code, unless there is a backslash in front.
    return re.sub(r"(?<!\\)\|", r"\\|", text).replace("\n", "<br>")


def block(text: str, language: str = "") -> str:
    """Return lines of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def anchor(heading: str) -> str:
    """Return the address of a heading in its page, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link(heading: str, page: str = "") -> str:
    """Return a link to a heading, of this page unless another is named."""
    return f"[{heading}]({page}#{anchor(heading)})"
