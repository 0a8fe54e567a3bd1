"""Links between the pages of this repository lead somewhere, and every page of docs/ can be found."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]


def _pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout.decode()  # fmt: skip
    return sorted({ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()})


PAGES = _pages()


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    return tuple(MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")))


def links(page: Path) -> Iterator[str]:
    for block in tokens(page):
        for one in block.children or ():
            address = one.attrGet("href") or one.attrGet("src")
            if address is not None and not urlsplit(str(address)).scheme:
                yield str(address)


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub makes them: a second one of a name gets -1."""
    found: list[str] = []
    count: Counter[str] = Counter()
    for before, block in zip(tokens(page), tokens(page)[1:], strict=False):
        if before.type == "heading_open":
            text = "".join(one.content for one in block.children or () if one.type in {"text", "code_inline"})
            slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
            found.append(f"{slug}-{count[slug]}" if count[slug] else slug)
            count[slug] += 1
    return frozenset(found)


def target(page: Path, address: str) -> tuple[Path, str]:
    parts = urlsplit(address)
    return ((page.parent / unquote(parts.path)).resolve() if parts.path else page), parts.fragment


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_page_and_a_heading_of_it(page: Path) -> None:
    for address in links(page):
        there, fragment = target(page, address)
        assert there.exists(), address
        assert there.is_relative_to(ROOT), address
        assert not fragment or fragment in anchors(there), address


def test_every_page_of_the_documentation_is_reached_from_its_first_one() -> None:
    reached, waiting = set(), [ROOT / "docs/README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [target(page, address)[0] for address in links(page)]
    missing = {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - reached
    assert not missing, "link them from docs/README.md"
