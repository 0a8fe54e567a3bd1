"""Files of sets, from bytes to values and back."""

from __future__ import annotations

import csv
import io
import json
import random
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campledger.dataids import DataIdSet
from campledger.dataids.files import ENDINGS, format_derived, format_set, left_out, read, read_file, write_file
from campledger.documents.text import MAX_PER_RULE
from campledger.errors import DataError, UsageError
from campledger.problems import Severity
from tests.dataids.sets_for_tests import sets

HSC = DataIdSet.of(
    ("instrument", "visit"),
    [("HSC", 1230), ("HSC", 1228)],
    {("HSC", 1228): {"comment": "lost", "reason": "slew", "band": "r"}},
)
FULL = DataIdSet.of(HSC.dimensions, HSC.members, HSC.attributes, [{"obs_id": "x"}], {"why": "x", "name": "bad"})


@given(sets(full=True))
def test_json_reads_back_equal(value: DataIdSet) -> None:
    data = format_set(value, ".json")
    found = read("x.json", data)
    assert found.problems == ()
    assert found.value == value
    assert format_set(found.value, ".json") == data


@pytest.mark.parametrize("ending", [".csv", ".ecsv"])
@given(value=sets())
@settings(max_examples=60, deadline=None)
def test_tables_read_back_equal(ending: str, value: DataIdSet) -> None:
    data = format_set(value, ending)
    found = read(f"x{ending}", data)
    assert found.problems == ()
    assert found.value == value
    assert format_set(found.value, ending) == data


@given(sets(full=True))
@settings(max_examples=60, deadline=None)
def test_ecsv_keeps_what_is_said_of_the_set(value: DataIdSet) -> None:
    found = read("x.ecsv", format_set(value, ".ecsv", partly=True)).value
    assert found is not None
    assert (found.about, found.attributes, found.members) == (value.about, value.attributes, value.members)


@given(sets(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_digest_does_not_depend_on_format_row_order_key_order_or_repetition(
    value: DataIdSet, chance: random.Random
) -> None:
    entries = [*value.data_ids(), *list(value.data_ids())[:2]]
    names = list(value.dimensions)
    chance.shuffle(entries)
    chance.shuffle(names)
    shuffled = [{name: entry[name] for name in chance.sample(names, len(names))} for entry in entries]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names)
    writer.writeheader()
    writer.writerows(shuffled)
    texts = {".json": json.dumps({"dimensions": names, "members": shuffled}), ".csv": stream.getvalue()}
    read_back = [read(f"x{ending}", text.encode()).value for ending, text in texts.items()]
    read_back += [read(f"x{ending}", format_set(value, ending)).value for ending in ENDINGS]
    assert [one.digest for one in read_back if one is not None] == [value.digest] * 5


def test_a_list_of_members_is_the_plain_form() -> None:
    assert format_set(HSC, ".json").decode() == (
        "[\n"
        '{"instrument": "HSC", "visit": 1228, "band": "r", "reason": "slew", "comment": "lost"},\n'
        '{"instrument": "HSC", "visit": 1230}\n'
        "]\n"
    )


def test_the_full_form_has_its_keys_in_order_and_one_member_a_line() -> None:
    assert format_set(FULL, ".json").decode() == (
        "{\n"
        '  "format": 1,\n'
        '  "name": "bad",\n'
        '  "why": "x",\n'
        '  "dimensions": ["instrument", "visit"],\n'
        '  "members": [\n'
        '    {"instrument": "HSC", "visit": 1228, "band": "r", "reason": "slew", "comment": "lost"},\n'
        '    {"instrument": "HSC", "visit": 1230}\n'
        "  ],\n"
        '  "pending": [\n'
        '    {"obs_id": "x"}\n'
        "  ]\n"
        "}\n"
    )


def test_tables_have_dimensions_first() -> None:
    assert format_set(HSC, ".csv").decode() == (
        "instrument,visit,band,reason,comment\nHSC,1228,r,slew,lost\nHSC,1230,,,\n"
    )
    assert format_set(FULL, ".ecsv", partly=True).decode() == (
        "# %ECSV 1.0\n"
        "# ---\n"
        "# datatype:\n"
        "# - {name: instrument, datatype: string}\n"
        "# - {name: visit, datatype: int64}\n"
        "# - {name: band, datatype: string}\n"
        "# - {name: reason, datatype: string}\n"
        "# - {name: comment, datatype: string}\n"
        "# delimiter: ','\n"
        "# meta:\n"
        '#   name: "bad"\n'
        '#   why: "x"\n'
        "# schema: astropy-2.0\n"
        "instrument,visit,band,reason,comment\n"
        "HSC,1228,r,slew,lost\n"
        "HSC,1230,,,\n"
    )


def test_astropy_reads_what_is_written_as_it_is_meant() -> None:
    from astropy.table import Table

    table = Table.read(format_set(FULL, ".ecsv", partly=True).decode().split("\n"), format="ascii.ecsv")
    assert table.colnames == ["instrument", "visit", "band", "reason", "comment"]
    assert table["visit"].tolist() == [1228, 1230]
    assert table["reason"].tolist() == ["slew", None]
    assert table.meta == {"name": "bad", "why": "x"}


def test_what_a_format_has_no_place_for_is_not_lost_silently() -> None:
    assert [left_out(FULL, ending) for ending in ENDINGS] == [(), ("about", "pending"), ("pending",)]
    with pytest.raises(UsageError, match="CSV has no place for the set's why, name and what is pending: write JSON"):
        format_set(FULL, ".csv")
    with pytest.raises(UsageError, match="ECSV has no place for what is pending"):
        format_set(FULL, ".ecsv")
    assert format_set(FULL, ".csv", partly=True) == format_set(HSC, ".csv")


@pytest.mark.parametrize("place", ["member", "comment"])
def test_a_formula_is_not_written_to_csv(place: str) -> None:
    row = ("=1+1" if place == "member" else "x", 1)
    value = DataIdSet.of(("instrument", "visit"), [row], {row: {"comment": "@SUM(A1)"}} if place == "comment" else {})
    with pytest.raises(UsageError, match="run as a formula"):
        format_set(value, ".csv")
    for ending in (".json", ".ecsv"):
        assert read(f"x{ending}", format_set(value, ending)).value == value


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ending `\.fits`: use \.json, \.csv, \.ecsv"):
        format_set(HSC, ".fits")
    with pytest.raises(UsageError, match="ending"):
        HSC.write(tmp_path / "x.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    write_file(HSC, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    file.chmod(0o600)
    HSC.write(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert DataIdSet.read(file) == HSC == read_file(file)
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(UsageError, match="No such file or directory"):
        HSC.write(tmp_path / "nowhere/x.json")


def test_a_file_with_errors_is_reported_whole(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("instrument,visit\nHSC,x\nHSC,1.5\nHSC,1\nHSC,1\n")
    with pytest.raises(DataError) as error:
        read_file(file)
    assert str(error.value).startswith(f"{file}:2:5: alternate-key: ")
    assert f"{file}:3:5: member-type: " in str(error.value)
    assert "duplicate" not in str(error.value)
    with pytest.raises(DataError, match="No such file"):
        read_file(tmp_path / "y.csv")
    with pytest.raises(DataError, match="Is a directory"):
        read_file(tmp_path)


def test_warnings_do_not_stand_in_the_way(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("instrument,visit\nHSC,2\nHSC,1\nHSC,1\n")
    assert read_file(file).members == (("HSC", 1), ("HSC", 2))


def test_a_derived_set_has_no_value(tmp_path: Path) -> None:
    data = format_derived({"minus": ["all@3f2a9c1", "bad"]}, {"why": "x", "name": "good"})
    assert data.decode().split("\n")[1:5] == [
        '  "format": 1,', '  "name": "good",', '  "why": "x",', '  "derived": {"minus": ["all@3f2a9c1", "bad"]}'
    ]  # fmt: skip
    found = read("x.json", data)
    assert (found.value, found.derived, found.problems) == (None, {"minus": ["all@3f2a9c1", "bad"]}, ())
    assert found.about == {"name": "good", "why": "x"}
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(DataError, match="made from others"):
        read_file(tmp_path / "x.json")


def test_the_first_word_counts_where_an_entry_stands_twice() -> None:
    entries = [
        {"instrument": "HSC", "visit": 1, "reason": "slew"},
        {"instrument": "HSC", "visit": 1, "reason": "donuts", "comment": "late"},
    ]
    found = read("x.json", json.dumps(entries).encode())
    assert [problem.rule for problem in found.problems] == ["duplicate-member"]
    assert found.value is not None
    assert found.value.attributes == {("HSC", 1): {"reason": "slew", "comment": "late"}}


def test_members_of_ranges_are_found_at_their_entry() -> None:
    found = read(
        "x.json", b'[\n{"instrument": "HSC", "visit": "1..3"},\n {"instrument": "HSC", "visit": [7, "9..10"]}]'
    )
    assert [found.place(("HSC", visit)) for visit in (1, 3, 7, 10, 11)] == [(2, 1), (2, 1), (3, 2), (3, 2), (0, 0)]


def test_order_is_that_of_the_file_s_own_columns() -> None:
    """A list by visit, then detector, is in order, though the canonical order has detectors first."""
    assert read("x.csv", b"instrument,visit,detector\nHSC,1,2\nHSC,2,1\n").problems == ()
    assert read("x.csv", b"detector,instrument,visit\n1,HSC,2\n2,HSC,1\n").problems == ()
    (problem,) = read("x.csv", b"detector,instrument,visit\n2,HSC,1\n1,HSC,2\n").problems
    assert (problem.rule, problem.severity, problem.line) == ("member-order", Severity.WARNING, 3)


def test_listed_problems_are_bounded_and_the_rest_is_counted() -> None:
    rows = "".join(f"HSC,x{number}\n" for number in range(1000))
    problems = read("x.csv", f"instrument,visit\n{rows}".encode()).problems
    assert len(problems) == MAX_PER_RULE + 1
    assert [problem.line for problem in problems] == list(range(2, MAX_PER_RULE + 3))
    assert problems[-1].message == "and 900 more of this kind"


def nested(depth: int) -> Any:
    return b"[" * depth + b"]" * depth


MANY = 100_000
HOSTILE = {
    "deep lists": ("x.json", nested(1_000_000)),
    "deep objects": ("x.json", b'{"a":' * 500_000),
    "deep below a key": ("x.json", b'{"members": ' + nested(900) + b"}"),
    "deep head": ("x.json", b'{"name": ' + nested(900) + b', "members": []}'),
    "deep data IDs": ("x.json", b'[{"dataId":' * 1 + b'{"dataId":' * 800 + b"1" + b"}" * 801 + b"]"),
    "a long text": ("x.json", b'[{"instrument": "' + b"x" * 5_000_000 + b'", "visit": 1}]'),
    "a long number": ("x.json", b'[{"instrument": "x", "visit": ' + b"1" * 5_000_000 + b"}]"),
    "ranges": ("x.json", b'[{"instrument": "x", "visit": ["' + b'1..20000000","' * 5000 + b'1"]}]'),
    "many wrong values": ("x.json", b'[{"instrument":"x"}' + b',{"instrument":"x","visit":"1"}' * MANY + b"]"),
    "many unknown keys": ("x.json", b"[" + b",".join(b'{"k%d": 1}' % number for number in range(MANY)) + b"]"),
    "many keys of one entry": ("x.json", b"[{" + b",".join(b'"k%d": 1' % number for number in range(MANY)) + b"}]"),
    "many keys of the head": ("x.json", b"{" + b",".join(b'"k%d": 1' % number for number in range(2000)) + b"}"),
    "many dimensions": ("x.json", b'{"members": [], "dimensions": [' + b'"x",' * MANY + b'"x"]}'),
    "many references": ("x.json", b'{"derived": {"union": [' + b'"a b",' * MANY + b'"x"]}}'),
    "many repeated keys": ("x.json", b"[" + b'{"visit":1,"visit":2},' * MANY + b"{}]"),
    "one key repeated": ("x.json", b"{" + b'"visit":1,' * MANY + b'"visit":1}'),
    "many pending": ("x.json", b'{"members": [], "dimensions": ["visit"], "pending": [' + b"1," * MANY + b"1]}"),
    "many duplicates": ("x.csv", b"instrument,visit\n" + b"x,1\n" * MANY),
    "many columns": ("x.csv", b"visit," + b",".join(b"c%d" % number for number in range(MANY)) + b"\n"),
    "many columns of one name": ("x.csv", b"visit," * MANY + b"\n"),
    "many ragged rows": ("x.csv", b"instrument,visit\n" + b"x\n" * MANY),
    "an open quotation": ("x.csv", b'instrument,visit\nx,"' + b"a\n" * MANY),
    "quotations": ("x.csv", b"instrument,visit\n" + b'"' * 100_001),
    "nothing but zeros": ("x.csv", b"\0" * 1_000_000),
    "aliases": ("x.ecsv", b"# %ECSV 1.0\n# ---\n# a: &a [x, x]\n" + b"# c: [*a, *a]\n" * 5000 + b"visit\n"),
    "deep header": ("x.ecsv", b"# %ECSV 1.0\n# ---\n# datatype: " + b"[" * 10_000 + b"\nvisit\n"),
    "a large header": ("x.ecsv", b"# %ECSV 1.0\n" + b"# - x\n" * 1_000_000),
    "bytes": ("x.json", bytes(range(256)) * 1000),
}  # fmt: skip


@pytest.mark.parametrize(("path", "data"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_told_of_within_seconds(path: str, data: bytes) -> None:
    start = time.process_time()
    found = read(path, data)
    assert time.process_time() - start < 5
    assert found.value is None or found.problems
    assert 0 < len(found.problems) <= 5 * (MAX_PER_RULE + 1)
    for problem in found.problems:
        assert len(problem.message) < 1000
        assert problem.message.isprintable()


SOUND = {ending: format_set(FULL, ending, partly=True) for ending in ENDINGS}


@pytest.mark.parametrize("ending", ENDINGS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_damage_is_a_problem_and_never_an_exception(ending: str, data: st.DataObject) -> None:
    text = SOUND[ending].decode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 10, len(text))))
    junk = data.draw(
        st.sampled_from(['"', ",", "\n", "{", "[", "]", "1", "x", ": ", "# ", "!", "&a ", "*a", "\r", "\0"])
        | st.text(max_size=5)
    )
    damaged = (text[:start] + junk + text[end:]).encode("utf-8", "surrogatepass")
    found = read(f"x{ending}", damaged)
    lines = damaged.decode("utf-8", "replace").split("\n")
    for problem in found.problems:
        assert 0 <= problem.line <= len(lines)
        assert problem.message.isprintable()
        assert problem.hint.isprintable()
    assert found.value is not None or found.problems


@given(st.binary(max_size=200), st.sampled_from(ENDINGS))
@settings(deadline=None)
def test_any_bytes_are_read_or_told_of(data: bytes, ending: str) -> None:
    found = read(f"x{ending}", data)
    assert found.value is not None or found.problems


def test_without_astropy_the_problem_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "astropy.table", None)
    text = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: visit, datatype: int64}\nvisit\n1\n"
    found = read("a.ecsv", text.encode())
    assert found.value is None
    [problem] = found.problems
    assert (problem.path, problem.line, problem.rule) == ("a.ecsv", 1, "unreadable")
    assert problem.hint == "pip install 'campledger[tables]'"
