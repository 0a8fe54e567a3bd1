"""YAML of other tools: read by YAML 1.1's rules, and bounded."""

from __future__ import annotations

from datetime import date

import pytest

from campledger.documents.foreign import MAX_BYTES, Duplicate, ForeignError, Include, load, read


def test_values_are_those_of_yaml_1_1() -> None:
    text = b"{a: no, b: 012, c: 12:30, d: 2025_01, e: 1.10, f: 2026-01-02, g: ~}"
    expected = {"a": False, "b": 10, "c": 750, "d": 202501, "e": 1.1, "f": date(2026, 1, 2), "g": None}
    assert load(text) == expected


@pytest.mark.parametrize("text", [b"", b"# nothing\n", b"---\n", b"\xef\xbb\xbf"])
def test_nothing_is_none(text: bytes) -> None:
    assert load(text) is None


def test_merge_keys_and_aliases_are_followed() -> None:
    assert load(b"a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: *a\n")["b"] == {"x": 1, "y": 2}


def test_the_last_of_two_equal_keys_counts_and_is_told() -> None:
    document = read(b"a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert document.value == {"a": 3, "b": {"c": 2}}
    assert document.duplicates == (Duplicate("c", 4, 3), Duplicate("a", 5, 1))


def test_include_tags_name_their_files() -> None:
    assert load(b"a: !include x.yaml\nb: !include [y.yaml]\nc: !include {d: z.yaml}\n") == {
        "a": Include("x.yaml"),
        "b": [Include("y.yaml")],
        "c": {"d": Include("z.yaml")},
    }


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (letter + 1, letter + 1, b",".join([b"*%c" % letter] * 10)) for letter in b"abcdefghi"
)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (b"a: [1", 2, 1, "',' or ']'"),
        (b"a: 1\n\tb: 2\n", 2, 1, "tab"),
        (b"a: 1\n--- 2\n", 2, 1, "more than one document"),
        (b"a: !!python/object/apply:os.system [x]", 1, 4, "tag"),
        (b"a: !!binary aGk=", 1, 4, "tag"),
        (b"&a [*a]", 1, 5, "alias"),
        (b"a: *b", 1, 4, "alias"),
        (b"[" * 1000, 1, 51, "deep"),
        (b"- " * 100_000, 1, 101, "deep"),
        (BOMB, 6, 8, "aliases expanded"),
        (b"a: 2021-13-45", 0, 0, "month"),
        (b"a: " + b"9" * 5000, 0, 0, "number"),
        (b"a: \x01", 0, 0, "character"),
        (b"a: 1\nb: \xff\n", 2, 4, "UTF-8"),
        ("a: 1".encode("utf-16"), 1, 1, "UTF-8"),
        (b" " * (MAX_BYTES + 1), 0, 0, "larger"),
        (b"? [a]\n: b", 1, 3, "unhashable"),
    ],
)
def test_what_could_hurt_is_refused_where_it_stands(text: bytes, line: int, column: int, message: str) -> None:
    with pytest.raises(ForeignError) as caught:
        read(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert message in caught.value.message
    assert str(caught.value).endswith(caught.value.message)
