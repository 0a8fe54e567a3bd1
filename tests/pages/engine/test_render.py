"""Dicts become pages: escaped, complete, the same bytes for the same commit."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import pytest

from campledger.ledger.ledger import Ledger
from campledger.model.event_kinds import EVENT_KINDS
from campledger.model.states import CAMPAIGN_STATES, GROUP_STATES
from campledger.operations.site.build import build
from campledger.pages.content import list_page
from campledger.pages.engine import gather, render
from campledger.repository.file_trees import WorkTree

VOID = {"meta", "link", "input", "img", "br", "hr"}


class Reader(HTMLParser):
    """Collects a page's elements, and holds them to being closed in order."""

    def __init__(self, page: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}: {attrs}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] or "" for _, attributes in self.elements if attribute in attributes]


@pytest.fixture(scope="module")
def site(rich: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("site") / "public"
    build(rich, out)
    return dict(contents(out))


def contents(out: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(out.rglob("*")):
        if file.is_file():
            yield file.relative_to(out).as_posix(), file.read_bytes()


@pytest.fixture(scope="module")
def readers(site: dict[str, bytes]) -> dict[str, Reader]:
    return {path: Reader(data.decode()) for path, data in site.items() if path.endswith(".html")}


def test_pages_are_well_formed(readers: dict[str, Reader]) -> None:
    assert sum(path.startswith("campaigns/") for path in readers) == 8
    for path, reader in readers.items():
        ids = reader.values("id")
        assert len(set(ids)) == len(ids), path
        assert [tag for tag, _ in reader.elements].count("h1") == 1


def test_no_inline_style_or_handler(readers: dict[str, Reader]) -> None:
    for reader in readers.values():
        for tag, attributes in reader.elements:
            assert tag != "style"
            assert not any(name == "style" or name.startswith("on") for name in attributes), attributes
            assert tag != "script" or attributes["src"]


def test_links_are_relative_or_to_the_web(readers: dict[str, Reader], site: dict[str, bytes]) -> None:
    for path, reader in readers.items():
        own = set(reader.values("id"))
        for address in reader.values("href") + reader.values("src"):
            if re.match(r"https?://", address):
                continue
            target, _, fragment = address.partition("#")
            if target:
                assert posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) in site, address
            else:
                assert fragment in own, f"{path}: {address}"


def test_links_outward_tell_nothing(readers: dict[str, Reader]) -> None:
    outward = 0
    for reader in readers.values():
        for tag, attributes in reader.elements:
            if tag == "a" and (attributes.get("href") or "").startswith("http"):
                outward += 1
                assert attributes["rel"] == "noopener noreferrer"
    assert outward > 20


def test_every_page_names_ledger_and_commit(site: dict[str, bytes]) -> None:
    commit = json.loads(site["api/v1/campaigns.json"])["commit"]["hash"]
    for path, data in site.items():
        if path.endswith(".html"):
            page = data.decode()
            assert "Rubin data release campaigns" in page
            assert f'href="https://git.example.org/ledger/commit/{commit}"' in page
            assert f"<code>{commit[:10]}</code>" in page
            assert '<time datetime="2026-11-20T12:34:56Z">2026-11-20 12:34 UTC</time>' in page


def test_hostile_text_is_text(site: dict[str, bytes], readers: dict[str, Reader]) -> None:
    page = site["campaigns/2026-11-01-hostile-x9pw.html"].decode()
    assert page.count("&lt;script&gt;window.pwned=2") > 10
    assert "<script>window" not in page
    assert "{{ 7*7 }}" in page  # what looks like a template in the data is not run
    assert not any("javascript:" in address.lower() for one in readers.values() for address in one.values("href"))
    assert b"window.pwned=2;alert(1)</script>" not in site["list.html"]


def test_the_same_commit_gives_the_same_bytes(rich: Path, site: dict[str, bytes], tmp_path: Path) -> None:
    build(rich, tmp_path / "again")
    assert dict(contents(tmp_path / "again")) == site


def test_undefined_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render.page(render.environment(), {"template": "list.html"})


def test_an_unknown_template_is_an_error() -> None:
    with pytest.raises(jinja2.TemplateNotFound):
        render.environment().get_template("../static/site.css.html")


def test_lone_surrogates_do_not_stop_a_build(tmp_path: Path) -> None:
    (tmp_path / "campledger.yaml").write_text("title: New\nproductions: {alert: Alert Production}\n")
    (tmp_path / "campaigns").mkdir()
    Path(tmp_path / "campaigns" / "stray\udcff.txt").write_text("x")
    survey = gather.Survey(Ledger(WorkTree(tmp_path)), None)
    assert b"stray?.txt" in render.page(render.environment(), list_page.list_page(survey))


def test_an_empty_ledger_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "campledger.yaml").write_text("title: New\nproductions: {alert: Alert Production}\n")
    survey = gather.Survey(Ledger(WorkTree(tmp_path)), None)
    page = render.page(render.environment(), list_page.list_page(survey)).decode()
    assert "There is no campaign in this ledger yet." in page
    assert "campledger define" in page
    assert "Work tree, no commits yet" in page


def test_scripts_of_data_are_ascii() -> None:
    document: dict[str, Any] = {"a": "</script>\u2028\udcff"}
    data = render.script_file("name", document)
    assert data == b'window.name = {"a":"</script>\\u2028\\udcff"};\n'


def test_every_state_and_every_kind_of_event_has_colours_and_a_sign_that_the_styles_know() -> None:
    text = render.static_files()["static/site.css"].decode()
    shown = {f"s-{state}" for state in CAMPAIGN_STATES} | {f"n-{state}" for state in CAMPAIGN_STATES}
    shown |= {f"g-{name}" for name in (*CAMPAIGN_STATES, *GROUP_STATES)}
    shown |= {f"g-{kind.name}" for kind in EVENT_KINDS.values() if kind.sign}
    for name in shown:
        rule = re.search(rf"\.{name}(?:, [^{{]*)? \{{([^}}]*)\}}", text)
        assert rule, name
        used = dict(re.findall(r"--([a-z]+): var\(--([a-z-]+)\);", rule[1]))
        assert {"tone", "tint", "solid", "sign"} <= set(used)
        assert all(f"\n  --{variable}: " in text for variable in used.values())


def test_no_rule_of_the_styles_is_left_open() -> None:
    text = re.sub(r"/\*.*?\*/", "", render.static_files()["static/site.css"].decode(), flags=re.DOTALL)
    assert text.count("{") == text.count("}")
