"""What is written reads back the same, by the strict loader and by PyYAML."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from campledger.documents import schema, strict, writing
from campledger.errors import UsageError

TEXT = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.text(" \t\n\r#:-'\"ab\\|>\x85\u2028\ufeff\x00", max_size=20),
    st.sampled_from(["1.10", "no", "~", "", " ", "a: b", "- a", "2026-11-22", "<<", "=", "12:30", "null", "#", "a #b"]),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**17), 10**18),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXT,
    ),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example("a\n b\n")
@example("\n a")
@example(" a\nb")
@example("a\n\n\n")
@example("trailing \nspace")
@example("a\r\nb")
@example({"x" * 200: 1})
@example({"two\nlines": "x"})
@example(["x" * 300 + " y" * 100])
def test_any_value_reads_back_the_same(value: Any) -> None:
    text = writing.format_value({"value": value})
    document = strict.read("a.yaml", text.encode())
    assert document.problems == ()
    assert document.value == {"value": value}
    assert yaml.load(text, Loader=yaml.CSafeLoader) == {"value": value}


@pytest.mark.parametrize(
    "text",
    ["y", "Y", "n", "N", "2026-11-22", "2026-1-2 08:00:00", "2026-11-22T08:00:00Z", "2026-11-22t08:00:00-03:00"],
)
def test_what_some_readers_take_for_a_truth_or_a_date_is_in_quotes(text: str) -> None:
    value = {"deadline": text, "bands": ["g", text], text: "key"}
    for written in (writing.format_value(value), writing.edit_text("bands: []\n", value)):
        assert len(re.findall(rf"(['\"]){text}\1", written)) == 3
        assert strict.read("a.yaml", written.encode()).value == value
        assert yaml.load(written, Loader=yaml.CSafeLoader) == value


@given(st.dictionaries(TEXT, VALUES, max_size=3))
def test_any_definition_reads_back_the_same(extra: dict[str, Any]) -> None:
    definition = {"extra": extra, "name": "x"}
    text = writing.format_document(definition, "campaign", "../schema.json")
    assert text.startswith("# yaml-language-server: $schema=../schema.json\nname: x\n")
    assert strict.read("a.yaml", text.encode()).value == definition


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**30, "\ud800"])
def test_what_yaml_readers_would_not_read_back_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="cannot be written as YAML"):
        writing.format_document({"name": "x", "extra": {"value": value}}, "campaign")


def test_keys_are_written_in_the_schemas_order() -> None:
    definition = {
        "steps": [{"groups": [{"name": "1"}], "name": "step1"}],
        "zebra": 1,
        "description": "x",
        "data": {"run": "r", "butler": "b"},
        "name": "a",
    }
    assert writing.format_document(definition, "campaign") == (
        "name: a\n"
        "description: x\n"
        "data:\n"
        "  butler: b\n"
        "  run: r\n"
        "steps:\n"
        "  - name: step1\n"
        "    groups:\n"
        '      - name: "1"\n'
        "zebra: 1\n"
    )


def test_text_of_several_lines_is_written_as_a_block() -> None:
    assert writing.format_value({"description": "one\ntwo\n"}) == "description: |\n  one\n  two\n"


SOURCE = """\
# first
name: alpha  # short
production: x

# about the data
data:
    output: "a/b"
steps:
  - name: step1   # the first
    groups: [{name: "1"}]
"""


@given(TEXT | st.integers(-9, 9) | st.booleans() | st.lists(TEXT, max_size=3) | st.dictionaries(TEXT, TEXT, max_size=3))
@example("a\r\nb\n")
@example("x\n  ")
@example(["a\nb", "c \nd"])
@example({"no": "no", "1": "1"})
def test_an_edited_value_reads_back_the_same(value: Any) -> None:
    text = writing.edit_text(SOURCE, {"data.run": value, "title": value, "steps.step1.title": value})
    document = strict.read("a.yaml", text.encode())
    assert document.problems == ()
    assert document.value["data"] == {"output": "a/b", "run": value}
    assert document.value["title"] == value
    assert document.value["steps"][0]["title"] == value
    assert "# about the data" in text
    assert "# the first" in text
    assert 'output: "a/b"' in text


@given(TEXT.filter(lambda key: "." not in key))
def test_an_edited_key_reads_back_the_same(key: str) -> None:
    text = writing.edit_text(SOURCE, {f"software.environment.{key}": "x"})
    document = strict.read("a.yaml", text.encode())
    assert document.value["software"] == {"environment": {key: "x"}}


def test_a_lone_surrogate_from_the_command_line_does_not_crash_an_edit() -> None:
    text = writing.edit_text(SOURCE, {"title": "caf\udce9"})
    assert strict.read("a.yaml", text.encode(errors="replace")).problems


def test_a_new_key_goes_where_the_schema_has_it() -> None:
    lines = writing.edit_text(SOURCE, {"title": "T", "compute.site": "USDF", "id": "x"}).splitlines()
    order = [line.partition(":")[0] for line in lines if line and line[0].isalpha()]
    assert order == ["id", "name", "title", "production", "data", "compute", "steps"]


def test_keys_are_taken_out() -> None:
    text = writing.edit_text(SOURCE, {"data.output": None}, remove=("production", "gone"))
    assert strict.read("a.yaml", text.encode()).value["data"] == {}
    assert "production" not in text


@pytest.mark.parametrize(
    ("path", "trouble"),
    [
        ("name.x.y", None),
        ("steps.step9.title", "unknown entry `step9`: did you mean `step1`"),
        ("steps.4", "unknown entry `4`"),
        ("steps.step1.groups.2.title", "unknown entry `2`"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path: str, trouble: str | None) -> None:
    if trouble is None:
        assert "x:" in writing.edit_text(SOURCE, {path: 1})
        return
    with pytest.raises(UsageError, match=trouble):
        writing.edit_text(SOURCE, {path: 1})


def test_a_document_that_is_no_mapping_cannot_be_edited() -> None:
    with pytest.raises(UsageError, match="not a mapping"):
        writing.edit_text("- a\n", {"a": 1})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("true", True),
        ("[1, 2]", [1, 2]),
        ("1.10", "1.10"),
        ("no", "no"),
        ("12:30", "12:30"),
        ("a: [", "a: ["),
        ("One line\nand more.\n\nA paragraph.\n", "One line\nand more.\n\nA paragraph.\n"),
        ('"folded\n as YAML does"', "folded as YAML does"),
        ("|\n  a block\n", "a block\n"),
        ("[1,\n 2]", [1, 2]),
    ],
)
def test_a_value_from_the_command_line_is_typed_where_it_is_unambiguous(text: str, value: object) -> None:
    assert writing.parse_value(text) == value


@pytest.mark.parametrize("text", ["\udce9", "\ud800x"])
def test_a_value_that_is_no_unicode_is_left_as_text(text: str) -> None:
    assert writing.parse_value(text) == text


def test_a_reader_of_every_example_in_the_schema_gets_it_back() -> None:
    for rule in schema.schema("campaign")["properties"].values():
        for value in rule.get("examples", ()):
            assert strict.read("", writing.format_value({"x": value}).encode()).value == {"x": value}
