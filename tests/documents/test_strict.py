"""The strict loader: what it accepts means the same to every YAML reader; what it refuses it can place."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from campledger.documents import strict
from campledger.problems import Problem


def only_problem(text: str | bytes) -> Problem:
    document = strict.read("a.yaml", text.encode() if isinstance(text, str) else text)
    assert document.value is None
    (problem,) = document.problems
    return problem


def place_and_rule(text: str | bytes) -> tuple[int, int, str]:
    problem = only_problem(text)
    return problem.line, problem.column, problem.rule


def value(text: str) -> Any:
    document = strict.read("a.yaml", text.encode())
    assert document.problems == ()
    return document.value


@pytest.mark.parametrize(
    "plain",
    [
        "1.10",
        "012",
        "12:30",
        "190:20:30.15",
        "no",
        "No",
        "NO",
        "yes",
        "on",
        "Off",
        "2025_01",
        "True",
        "FALSE",
        "NULL",
        "1e3",
        "1E3",
        "1.5e3",
        "12e03",
        "~",
        "0x1F",
        "0o17",
        "0b11",
        "017",
        "08",
        "1_000",
        "-1_0",
        ".5",
        "1.",
        "+1",
        "-0",
        "+.inf",
        ".NaN",
        ".inf",
        "=",
        "00",
        "-012",
        "1.0_0",
        "12345678901234567890",
        "0.10",
        "01.5",
    ],
)
def test_a_scalar_that_readers_dispute_has_to_be_quoted(plain: str) -> None:
    problem = only_problem(f"a:\n  - {plain}\n")
    assert (problem.line, problem.column, problem.rule) == (2, 5, "yaml-ambiguous")
    assert f'"{plain}"' in problem.hint
    assert value(f'a: "{plain}"\n') == {"a": plain}
    assert value(f"a: '{plain}'\n") == {"a": plain}


@pytest.mark.parametrize(
    ("plain", "meaning"),
    [
        ("1", 1),
        ("0", 0),
        ("-1", -1),
        ("1.5", 1.5),
        ("-0.5", -0.5),
        ("1.0", 1.0),
        ("0.00001", 0.00001),
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("y", "y"),
        ("N", "N"),
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22 08:00:00", "2026-11-22 08:00:00"),
        ("1.2.3", "1.2.3"),
        ("w_2026_02", "w_2026_02"),
        ("12:75", "12:75"),
        ("1,5", "1,5"),
        ("nobody", "nobody"),
        ("1234567890123456789", 1234567890123456789),
        ("no way", "no way"),
        ("$x", "$x"),
        ("a#b", "a#b"),
    ],
)
def test_a_scalar_that_all_readers_agree_on_is_taken(plain: str, meaning: object) -> None:
    found = value(f"a: {plain}\n")["a"]
    assert (found, type(found)) == (meaning, type(meaning))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: a\nname: b\n", (2, 1, "yaml-duplicate-key")),
        ("a: {b: 1, 'b': 2}\n", (1, 11, "yaml-duplicate-key")),
        ("a: !!python/object/apply:os.system [x]\n", (1, 4, "yaml-unsafe")),
        ("a: !!binary aGk=\n", (1, 4, "yaml-unsafe")),
        ("a: !!str {b: 1}\n", (1, 4, "yaml-unsafe")),
        ("a: !!map b\n", (1, 4, "yaml-unsafe")),
        ("!!int a: 1\n", (1, 1, "yaml-unsafe")),
        ("a: !x b\n", (1, 4, "yaml-unsafe")),
        ("b: &b {x: 1}\na:\n  <<: *b\n", (3, 3, "yaml-unsafe")),
        ("? [a]\n: 1\n", (1, 3, "yaml-unsafe")),
        ("a: &a [*a]\n", (1, 4, "yaml-unsafe")),
        ("a: 1\n---\nb: 2\n", (2, 1, "yaml-unsafe")),
        ("a: 1\n--- \n", (2, 1, "yaml-unsafe")),
        ("a: *b\n", (1, 4, "yaml-syntax")),
        ("a: [&x 1, &x 2]\n", (1, 11, "yaml-syntax")),
        ("a: [1, 2\nb: 3\n", (2, 2, "yaml-syntax")),
        ("a: 'x\n", (2, 1, "yaml-syntax")),
        ("%YAML 3.0\n---\na: 1\n", (1, 1, "yaml-syntax")),
        ("a: `b`\n", (1, 4, "yaml-syntax")),
        ("1: x\n", (1, 1, "yaml-ambiguous")),
        ("{? : x}\n", (1, 4, "yaml-ambiguous")),
        ("null: x\n", (1, 1, "yaml-ambiguous")),
        ("no: x\n", (1, 1, "yaml-ambiguous")),
        ("", (1, 1, "schema")),
        ("# only a comment\n", (1, 1, "schema")),
        ("a: \x00\n", (1, 4, "unreadable")),
        ("a: é\x1b\n", (1, 5, "unreadable")),
        ("a: b\x85c: d\n", (1, 5, "unreadable")),
        ("a: b\u2028c: d\n", (1, 5, "unreadable")),
        ("a: b\n\ufeffc: d\n", (2, 1, "unreadable")),
        ("\ufeffa: b\n", (1, 1, "unreadable")),
        ("a: 1\n<<<<<<< HEAD\n", (2, 1, "conflict-marker")),
        ("a: é\n=======\nb: 1\n", (2, 1, "conflict-marker")),
        ("a: 1\r\n=======\r\nb: 1\r\n", (2, 1, "conflict-marker")),
        (">>>>>>> topic\n", (1, 1, "conflict-marker")),
        ("||||||| base\n", (1, 1, "conflict-marker")),
    ],
)  # fmt: skip
def test_what_is_refused_is_placed(text: str, place: tuple[int, int, str]) -> None:
    assert place_and_rule(text) == place


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"a: \xff\n", (1, 4, "unreadable")),
        ("a: 1\nb: éé".encode() + b"\xc3\n", (2, 6, "unreadable")),
        (b"\x00\x01", (1, 1, "unreadable")),
        ("a: 1\n".encode("utf-16"), (1, 1, "unreadable")),
        (b"a" * (strict.MAX_BYTES + 1), (0, 0, "unreadable")),
    ],
)
def test_a_file_that_is_no_text_is_placed(data: bytes, place: tuple[int, int, str]) -> None:
    assert place_and_rule(data) == place


def test_everything_wrong_is_reported_at_once() -> None:
    document = strict.read("a.yaml", b"a: no\nb: 1.10\nb: !x y\n{}: 1\nc: fine\n")
    rules = [(problem.line, problem.column, problem.rule) for problem in document.problems]
    assert rules == [
        (1, 4, "yaml-ambiguous"),
        (2, 4, "yaml-ambiguous"),
        (3, 1, "yaml-duplicate-key"),
        (4, 1, "yaml-unsafe"),
    ]
    assert {problem.path for problem in document.problems} == {"a.yaml"}


def test_windows_line_ends_are_read_like_any_other() -> None:
    assert value("a: 1\r\nb:\r\n  - x\r\n") == {"a": 1, "b": ["x"]}


def test_a_marker_inside_a_text_block_is_no_conflict() -> None:
    assert value("a: |\n  =======\n  <<<<<<< x\n") == {"a": "=======\n<<<<<<< x\n"}


def test_an_escape_may_hold_any_character() -> None:
    assert value('a: "\\x00\\e\\u2028\\U0001f600"\n') == {"a": "\x00\x1b\u2028\U0001f600"}


BOMB = (
    "a: &a ["
    + "x," * 9
    + "x]\n"
    + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n"
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
)
HUGE = strict.MAX_BYTES - 1000

HOSTILE = {
    "ten billion values by alias": BOMB,
    "a long list repeated": "a: &a [" + "1," * 400_000 + "]\nb: [" + "*a," * 60 + "]\n",
    "a long text repeated": "a: &a " + "x" * 100_000 + "\nb: [" + "*a," * 100_000 + "]\n",
    "brackets": "[" * HUGE,
    "braces": "{" * HUGE,
    "keys and brackets": "{a: [" * 500_000,
    "dashes": "- " * (HUGE // 2),
    "question marks": "? " * (HUGE // 2),
    "deep by indentation": "".join(" " * depth + "a:\n" for depth in range(2700)),
    "deep by dashes a line": "".join(" " * 38 * row + "- " * 19 + "\n" for row in range(440)),
    "deep lists below keys": "".join(f"{'  ' * depth}a:\n{'  ' * depth}-\n" for depth in range(1300)),
    "a quote that never ends": '"' + "a\n\n" * (HUGE // 3),
    "spaces": " " * HUGE,
    "tabs": "a:" + "\t" * HUGE,
    "one key": "k" * HUGE + ": 1",
    "colons": ": " * (HUGE // 2),
    "anchors": "".join(f"- &a{number} x\n" for number in range(200_000)),
    "tags": "- !x y\n" * 300_000,
    "conflict-like lines": "======\n" * (HUGE // 7),
    "nearly numbers": "- " + "1_" * (HUGE // 2),
    "nearly base 60": "- " + "1:" * (HUGE // 2) + "x",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_or_read_within_seconds(text: str) -> None:
    assert len(text.encode()) <= strict.MAX_BYTES
    before = time.process_time()
    document = strict.read("a.yaml", text.encode())
    assert time.process_time() - before < 15
    assert (document.value is None) or not document.problems


def test_nesting_is_allowed_up_to_the_bound() -> None:
    depth = strict.MAX_DEPTH
    assert place_and_rule("a: " + "[" * depth + "]" * depth + "\n")[2] == "yaml-unsafe"
    assert value("a: " + "[" * (depth - 1) + "]" * (depth - 1) + "\n")


def test_aliases_are_allowed_up_to_the_bound() -> None:
    bound = strict.MAX_REPEATED
    assert value("a: &a x\nb: [" + "*a, " * bound + "]\n")["b"] == ["x"] * bound
    assert place_and_rule("a: &a x\nb: [" + "*a, " * (bound + 1) + "]\n")[2] == "yaml-unsafe"


def test_positions_are_found_by_pointer() -> None:
    document = strict.read("a.yaml", b"steps:\n  - name: a\n    groups:\n      - {name: b, x: 1}\n")
    assert document.position(()) == (1, 1)
    assert document.position(("steps", 0, "groups", 0, "x")) == (4, 22)
    assert document.position(("steps", 0, "groups", 0, "x"), key=True) == (4, 19)
    assert document.position(("steps", 0, "groups"), key=True) == (3, 5)
    assert document.position(("steps", 0, "gone", 3)) == (2, 5)
    assert document.position(("steps", 7)) == (2, 3)


def test_a_file_without_nodes_has_no_positions() -> None:
    assert strict.read("a.yaml", b"[").position(("x",)) == (0, 0)


SCALARS = st.one_of(
    st.from_regex(r"[-+]?[0-9_.:eExXobOB]{1,8}", fullmatch=True),
    st.sampled_from(
        [
            "yes",
            "no",
            "on",
            "off",
            "true",
            "false",
            "null",
            "~",
            "=",
            "<<",
            "y",
            "n",
            "Y",
            "N",
            ".inf",
            ".nan",
            "-",
            "?",
            ":",
            "|",
            ">",
            "&",
            "*",
            "!",
            "%",
            "@",
            "`",
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.dates().map(str),
    st.floats().map(repr),
    st.integers().map(str),
)


def by_pyyaml(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


@given(SCALARS)
@example("1.10")
@example("a: b")
@example("2026-13-45")
def test_what_is_accepted_plain_means_the_same_to_pyyaml(plain: str) -> None:
    text = f"- {plain}\n"
    document = strict.read("a.yaml", text.encode())
    if document.problems:
        return
    try:
        theirs = by_pyyaml(text)
    except ValueError:
        theirs = [datetime.date.min]  # PyYAML takes 2026-13-45 for a date, and fails
    assert _without_dates(theirs, document.value) == document.value


def _without_dates(theirs: Any, ours: Any) -> Any:
    """Dates are text here, as in YAML 1.2; PyYAML goes by 1.1."""
    if isinstance(theirs, datetime.date):
        assert isinstance(ours, str)
        return ours
    if isinstance(theirs, list):
        return [_without_dates(one, other) for one, other in zip(theirs, ours, strict=True)]
    if isinstance(theirs, dict):
        return {str(key): _without_dates(one, ours[str(key)]) for key, one in theirs.items()}
    return theirs


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    document = strict.read("a.yaml", data)
    assert document.problems or document.root is not None


@given(st.text("ab:-[]{}&*!?#|>'\" \n\t%~<=0.1,\r", max_size=60))
def test_no_punctuation_raises_and_every_problem_has_a_place(text: str) -> None:
    document = strict.read("a.yaml", text.encode())
    lines = text.count("\n") + text.count("\r") + 1
    for problem in document.problems:
        assert 1 <= problem.line <= lines + 1
        assert problem.column >= 1


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_printed_so_that_it_reads_back(number: float) -> None:
    text = strict.print_float(number)
    assert "e" not in text
    assert float(text) == number
