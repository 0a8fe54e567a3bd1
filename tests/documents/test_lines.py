"""events.yaml: one event a line, on every character of which YAML and JSON readers agree."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from campledger.documents import lines
from campledger.problems import Problem

STAMPS = {"id": "aaaaaaaaaaaa", "time": "2026-11-22T08:00:00.000000Z", "by": "vrubin"}
NOTE = {**STAMPS, "type": "note", "text": "x"}
LINE = lines.format_event(NOTE)
AT = LINE.index('"x"') + 1
"""The column of its text."""
ANY_TEXT = st.one_of(
    st.text(max_size=40),
    st.text("\x00\t\n\r\x1b\x7f\x85\u2028\u2029\ufeff\ufffe\uffff\ud800\udfff\U0001f600\"\\/#:-{}[]' a", max_size=20),
)


def parse(text: str) -> tuple[list[dict[str, Any]], list[Problem]]:
    events, problems = lines.parse_events("events.yaml", text.encode("utf-8", "surrogatepass"))
    return [dict(event.data) for event in events], problems


def rules(text: str) -> list[tuple[int, int, str]]:
    return [(problem.line, problem.column, problem.rule) for problem in parse(text)[1]]


def with_text(text: str) -> str:
    return LINE.replace('"x"', text)


@given(st.lists(ANY_TEXT.filter(bool), min_size=1, max_size=4))
@example(["\ud83d\ude00"])
@example(["\\ud83d\\ude00"])
@example(["a\\\\u2028"])
@example(["\u2028- {}\n"])
def test_every_reader_reads_what_was_written(texts: list[str]) -> None:
    events = [{**NOTE, "id": f"aaaaaaaaaaa{number}", "text": text} for number, text in enumerate(texts)]
    written = "".join(lines.format_event(event) for event in events)
    ours, problems = parse(written)
    assert problems == []
    assert yaml.load(written, Loader=yaml.CSafeLoader) == ours
    assert [json.loads(line[2:]) for line in written.splitlines()] == ours
    for event, text in zip(ours, texts, strict=True):
        surrogates = any("\ud800" <= char <= "\udfff" for char in text)
        assert event["text"] == text or surrogates
        assert len(event["text"]) == len(text)


@given(ANY_TEXT)
def test_a_line_made_by_others_is_read_alike_or_refused(text: str) -> None:
    line = with_text(json.dumps(text))
    line_raw = with_text(json.dumps(text, ensure_ascii=False))
    for written in (line, line_raw):
        try:
            data = written.encode()
        except UnicodeEncodeError:
            continue
        events, problems = lines.parse_events("e", data)
        if events:
            assert problems == []
            assert yaml.load(data, Loader=yaml.CSafeLoader) == [dict(events[0].data)]


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_comment_is_one_to_yaml_too_or_refused(text: str) -> None:
    written = f"# {text}\n{LINE}"
    events, problems = parse(written)
    if not problems:
        assert yaml.load(written, Loader=yaml.CSafeLoader) == events


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    events, problems = lines.parse_events("e", b"- {" + data)
    assert problems
    assert not events


@given(st.data())
def test_no_change_to_a_line_raises(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(LINE) - 1))
    instead = data.draw(st.text(max_size=3))
    parse(LINE[:position] + instead + LINE[position + 1 :])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("\n\n# comment\n", []),
        (LINE[:-1] + "\r\n", []),
        (LINE[:-1], [(1, 1, "event-line")]),
        (LINE + "- {", [(2, 1, "event-line")]),
        ("{}\n", [(1, 1, "event-line")]),
        ("  - {}\n", [(1, 1, "event-line")]),
        ("- []\n", [(1, 1, "event-line")]),
        ("- {}x\n", [(1, 5, "event-line")]),
        ("\ufeff" + LINE, [(1, 1, "event-line")]),
        ("# \u2028" + LINE, [(1, 3, "event-line")]),
        ("# \x00\n", [(1, 3, "event-line")]),
        ("# x\ry\n", [(1, 4, "event-line")]),
        (with_text('"a\tb"'), [(1, LINE.index('"x"') + 3, "event-line")]),
        (with_text('"\\ud800"'), [(1, LINE.index('"x"') + 2, "event-line")]),
        (with_text('"\\uD83D\\uDE00"'), [(1, LINE.index('"x"') + 2, "event-line")]),
        (with_text('"\\\\ud800"'), []),
        (with_text("1.5"), [(1, AT, "event-line")]),
        (with_text("1e5"), [(1, AT, "event-line")]),
        (with_text("Infinity"), [(1, AT, "event-line")]),
        (with_text("9" * 5000), [(1, AT, "event-line")]),
        (with_text('"x", "text": "y"'), [(1, AT + 5, "event-line")]),
        (with_text('{"' + "k" * 201 + '": 1}'), [(1, AT + 1, "event-line")]),
        (with_text("[" * 900 + "]" * 900), [(1, LINE.index('"text"') + 1, "schema")]),
        (with_text("[" * 100_000), [(1, AT + 29, "event-line")]),
        ("<<<<<<< HEAD\n", [(1, 1, "conflict-marker")]),
        ("=======\n", [(1, 1, "conflict-marker")]),
        (LINE.replace('"note"', '"nonsense"'), [(1, LINE.index('"type"') + 1, "schema")]),
        (LINE.replace('"note"', "[]"), [(1, LINE.index('"type"') + 1, "schema")]),
        (LINE.replace('"type": "note", ', ""), [(1, 3, "schema")]),
        (LINE.replace("vrubin", "type"), []),
        (LINE.replace('"by"', '"time", "by"'), [(1, LINE.index('"by"') + 7, "event-line")]),
        (LINE.replace("11-22", "02-30"), [(1, LINE.index('"time"') + 1, "schema")]),
        (LINE.replace("2026", "0000"), [(1, LINE.index('"time"') + 1, "schema")]),
        (LINE.replace("T08:", "T24:"), [(1, LINE.index('"time"') + 1, "schema")]),
        (
            with_text('"", "more": "text"'),
            [(1, LINE.index('"text"') + 1, "schema"), (1, LINE.index('"text"') + 13, "unknown-key")],
        ),
    ],
)
def test_what_is_wrong_with_a_line_is_placed(text: str, found: list[tuple[int, int, str]]) -> None:
    assert sorted(rules(text)) == found


def test_a_text_that_is_not_utf8_is_placed() -> None:
    _, (problem,) = lines.parse_events("e", LINE.encode() + "é".encode() + b"\xff")
    assert (problem.line, problem.column, problem.rule) == (2, 2, "unreadable")


def test_a_file_beyond_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_EVENT_BYTES", 10)
    _, (problem,) = lines.parse_events("e", LINE.encode())
    assert (problem.line, problem.rule) == (0, "unreadable")


def test_a_bad_line_does_not_hide_the_others() -> None:
    events, problems = parse("garbage\n" + LINE + "- {}\n")
    assert [event["id"] for event in events] == ["aaaaaaaaaaaa"]
    assert [problem.line for problem in problems] == [1, 3]


def test_a_line_that_a_union_merge_doubled_counts_once() -> None:
    events, (problem,) = parse(LINE + LINE)
    assert len(events) == 1
    assert (problem.line, problem.column, problem.rule) == (2, 3, "duplicate-event")
    assert "another version" not in problem.message


def test_a_line_in_two_versions_is_told_as_such() -> None:
    events, (problem,) = parse(LINE + with_text('"y"'))
    assert [event["text"] for event in events] == ["x"]
    assert "with different content" in problem.message


def test_keys_are_written_in_the_schemas_order_and_none_is_lost() -> None:
    event = {"text": "x", "surprise": 1, "type": "note", "by": "v", "id": "aaaaaaaaaaaa", "time": "t"}
    expected = '- {"id": "aaaaaaaaaaaa", "time": "t", "by": "v", "type": "note", "text": "x", "surprise": 1}\n'
    assert lines.format_event(event) == expected


def test_many_lines_are_read_in_a_moment() -> None:
    many = "".join(LINE.replace("aaaaaaaaaaaa", f"{number:012d}") for number in range(50_000))
    before = time.process_time()
    events, problems = parse(many)
    assert (len(events), problems) == (50_000, [])
    assert time.process_time() - before < 15


def test_a_line_of_backslashes_is_read_in_a_moment() -> None:
    before = time.process_time()
    assert rules(with_text('"' + "\\\\" * 2_000_000 + '\\u0041"'))[0][2] == "schema"
    assert time.process_time() - before < 5
