"""Markdown as HTML that a page may hold: no raw HTML, no images, links to the web only. The home of markdown-it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from campledger.pages.content.links import address

MAX_MARKED = 16_384
"""Longer texts are shown as they are written: some of what Markdown allows takes time that grows with the square."""

MAX_ADDRESSES = 200
"""So are texts with more addresses than these, which takes longest to find."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,.;()'/%-]*")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


@lru_cache(maxsize=4096)
def markdown(text: str) -> str:
    """Return a text's Markdown as HTML.

    Headings become bold paragraphs, since a page has an outline of its own. What cannot become a link or an element
    is shown as it is written.
    """
    source = text.strip("\n").rstrip()
    if not source:
        return ""
    if len(source) > MAX_MARKED or source.count("://") > MAX_ADDRESSES:
        parts = (part for part in _BLANK_LINES.split(source) if part.strip())
        return "".join(f"<p>{html.escape(part)}</p>\n" for part in parts)
    if _PLAIN.fullmatch(source):
        return f"<p>{html.escape(source)}</p>\n"  # most texts are one plain line
    tokens = _parser().parse(source)
    _tame(tokens)
    rendered: str = _parser().renderer.render(tokens, _parser().options, {})
    return rendered


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.disable(["html_block", "html_inline", "image"])
    if parser.linkify is not None:
        # Without a scheme anything with a dot in it would do: step1.py is no address.
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    parser.validateLink = _may_link  # type: ignore[method-assign]
    return parser


def _may_link(url: str) -> bool:
    return address(url) is not None


def _tame(tokens: Sequence[Token]) -> None:
    """Take out of tokens what a page's policy or outline has no place for."""
    for index, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "p"
            if token.nesting == 1:
                token.attrs = {"class": "heading"}
        elif token.type in {"th_open", "td_open"}:
            align = str(token.attrs.pop("style", ""))
            if align == "text-align:right":
                token.attrs["class"] = "num"
        elif token.type == "link_open" and _may_link(str(token.attrs.get("href"))):
            token.attrs["rel"] = "noopener noreferrer"
        elif token.type == "link_open":
            token.tag, token.attrs = "span", {}  # an empty one, for which the parser does not ask
        elif token.type == "link_close":
            token.tag = next(one.tag for one in reversed(tokens[:index]) if one.type == "link_open")
        elif token.type in {"fence", "code_block"}:
            token.info = ""
        if token.children:
            _tame(token.children)
