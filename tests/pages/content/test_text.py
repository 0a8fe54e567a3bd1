"""Markdown of strangers: what it may become, and what it must not."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest

from campledger.pages.content.markdown import MAX_ADDRESSES, MAX_MARKED, markdown

PAYLOAD = '"><img src=x onerror="window.pwned=1"><script>alert(1)</script>'
ELEMENTS = {
    "a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td",
    "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"class", "href", "rel", "start", "title"}


class Elements(HTMLParser):
    """Collects the elements of HTML and their attributes."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("\n \n", ""),
        ("Plain words.", "<p>Plain words.</p>\n"),
        ("it's (1/2)", "<p>it&#x27;s (1/2)</p>\n"),
        ("a *b* **c** `d`", "<p>a <em>b</em> <strong>c</strong> <code>d</code></p>\n"),
        ("one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("# A title", '<p class="heading">A title</p>\n'),
        ("```python\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        (
            "[a](https://example.org/?b=1&c=2)",
            '<p><a href="https://example.org/?b=1&amp;c=2" rel="noopener noreferrer">a</a></p>\n',
        ),
        (
            "see https://example.org/x.",
            '<p>see <a href="https://example.org/x" rel="noopener noreferrer">https://example.org/x</a>.</p>\n',
        ),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert markdown(text) == html


def test_a_table_has_no_styles() -> None:
    made = markdown("|a|b|\n|-|-:|\n|1|2|")
    assert '<td class="num">2</td>' in made
    assert "style" not in made


@pytest.mark.parametrize(
    "text",
    [
        PAYLOAD,
        f"<div>{PAYLOAD}</div>\n\n<!-- x -->\n\n<style>p{{}}</style>",
        f"# {PAYLOAD}\n\n- {PAYLOAD}\n\n> {PAYLOAD}\n\n|{PAYLOAD}|\n|-|\n|x|",
        f"```{PAYLOAD}\n{PAYLOAD}\n```\n\n    {PAYLOAD}\n\n`{PAYLOAD}`",
        "[x](javascript:alert(1)) [x](JAVASCRIPT:alert(1)) [x](java&#115;cript:alert(1)) [x](java\tscript:x)",
        "[x](data:text/html,<script>1</script>) [x](data:image/svg+xml;base64,AAAA) ![x](data:image/png;base64,AA)",
        "[x](vbscript:x) [x](file:///etc/passwd) [x](//example.org) [x](/root) [x](up.html) [x](#here) [x]()",
        "[x]: javascript:alert(1)\n\n[x] [x][x] ![x]",
        "<javascript:alert(1)> <data:text/html,x> <vbscript:x>",
        f"[{PAYLOAD}](https://example.org/{PAYLOAD} '{PAYLOAD}')",
        "https://u:secret@example.org/ <https://u:secret@example.org/> [x](https://u:secret@example.org/)",
        'https://example.org/"onmouseover="alert(1) https://example.org/\'x',
        "javascript://example.org/%0aalert(1)",
        "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
        "![x](https://example.org/x.png) [![x](https://example.org/x.png)](https://example.org/)",
        "\u202e\u0000\ufeff <b\u0000>",
    ],
)
def test_hostile_text_stays_text(text: str) -> None:
    page = Elements(markdown(text))
    for tag, attributes in page.found:
        assert tag in ELEMENTS
        assert attributes.keys() <= ATTRIBUTES
        if tag == "a":
            address = attributes["href"] or ""
            assert address.startswith("https://example.org/")
            assert "@" not in address.partition("?")[0]
            assert attributes["rel"] == "noopener noreferrer"


def test_raw_html_is_shown() -> None:
    assert Elements(markdown(f"x {PAYLOAD}")).words.strip() == f"x {PAYLOAD}"


@pytest.mark.parametrize(
    "piece",
    ["[", "<", "`a` ``", "**a ", "![", "[a](", "http://", "https://a.b/", "> ", "- ", "*_", "a_b*", "[a]: x\n", "://",
     "|a\n-|-\n", "&#x", "\\", "<http://", "][", "~~a", "a\n\n", "(" * 9, "www.", "a@b.c "],
)  # fmt: skip
@pytest.mark.parametrize("size", [MAX_MARKED, 65_536])
def test_huge_texts_take_little_time(piece: str, size: int) -> None:
    started = time.process_time()
    made = markdown((piece * size)[:size])
    assert time.process_time() - started < 5
    assert len(made) < 20 * size


def test_texts_beyond_the_bounds_are_plain() -> None:
    long = f"*{'a' * MAX_MARKED}*\n\n<b>"
    assert markdown(long) == f"<p>*{'a' * MAX_MARKED}*</p>\n<p>&lt;b&gt;</p>\n"
    many = "https://a.org/ " * (MAX_ADDRESSES + 1)
    assert "<a" not in markdown(many)
