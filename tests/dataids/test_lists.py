"""Lists made elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.dataids.lists import ForeignList, read_list

SHARED = Path(__file__).parents[3] / "shared/data"


def rows_of(path: str, text: str) -> list[dict[str, str | int]]:
    found = read_list(path, text.encode())
    assert found.problems == ()
    assert len(found.lines) == len(found.rows)
    return found.rows


def test_plain_text_has_an_id_a_line_perhaps_with_a_band() -> None:
    assert rows_of("x.txt", "1228\n\n# bad\n1230 # worse\n") == [{"id": 1228}, {"id": 1230}]
    assert rows_of("x.txt", "z 1472\ny\t1474\r\n") == [{"band": "z", "id": 1472}, {"band": "y", "id": 1474}]
    assert rows_of("x", "1228 out of focus\nr 1230 slew") == [
        {"id": 1228, "comment": "out of focus"}, {"band": "r", "id": 1230, "comment": "slew"}
    ]  # fmt: skip
    assert rows_of("x.lst", "visit detector\n1 2\n") == [{"visit": 1, "detector": 2}]
    assert rows_of("x.txt", "HSCA00122800\n007\n") == [{"id": "HSCA00122800"}, {"id": "007"}]


def test_ranges_are_written_out_with_their_line() -> None:
    found = read_list("x.txt", b"1\n3..7:2 slew\n")
    assert found.rows == [{"id": 1}, *({"id": number, "comment": "slew"} for number in (3, 5, 7))]
    assert found.lines == [1, 2, 2, 2]
    assert found.columns == ("id", "comment")
    assert rows_of("x.json", '[{"visit": "1..2", "detector": [1, "3..4"]}]') == [
        {"visit": visit, "detector": detector} for visit in (1, 2) for detector in (1, 3, 4)
    ]


def test_csv_has_any_columns_with_or_without_their_names() -> None:
    assert rows_of("x.csv", 'exposure, comment\n1, "a, b"\n2,\n') == [
        {"exposure": 1, "comment": "a, b"},
        {"exposure": 2},
    ]
    assert rows_of("x.csv", "# made by hand\nvisit;why\n1;x\n") == [{"visit": 1, "why": "x"}]
    assert rows_of("x.csv", "1228\n1230\n") == [{"id": 1228}, {"id": 1230}]
    assert rows_of("x.csv", "visit,comment,,\n1,12,,\n") == [{"visit": 1, "comment": "12"}]


def test_ecsv_has_its_names_from_the_header() -> None:
    header = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: exposure, datatype: uint64}\n"
    header += "# - {name: comment, datatype: string}\n"
    found = read_list("x.ecsv", f'{header}exposure comment\n1 "a b"\n\n# no\n2 c\n'.encode())
    assert found == ForeignList(
        ("exposure", "comment"), [{"exposure": 1, "comment": "a b"}, {"exposure": 2, "comment": "c"}], [7, 10]
    )


def test_json_may_hold_ids_data_ids_or_a_set() -> None:
    assert rows_of("x.json", '[1, "2..3", "a"]') == [{"id": 1}, {"id": 2}, {"id": 3}, {"id": "a"}]
    assert rows_of("x.json", '[{"dataId": {"visit": 1, "band": null}, "records": {}}]') == [{"visit": 1}]
    found = read_list("x.json", b'{"members": [\n{"visit": 1},\n{"visit": true}]}')
    assert (found.rows, found.lines) == ([{"visit": 1}, {"visit": "true"}], [2, 3])


@pytest.mark.parametrize(
    ("path", "text", "place", "rule"),
    [
        ("x.txt", b"1\n\xff\n", (2, 1), "unreadable"),
        ("x.txt", b"<<<<<<< HEAD\n1\n", (1, 1), "conflict-marker"),
        ("x.txt", b"1\n9..1\n", (2, 1), "reversed-range"),
        ("x.txt", b"1..99999999\n", (1, 1), "member-type"),
        ("x.csv", b"visit,band\n1,a,b\n", (2, 1), "schema"),
        ("x.json", b"[1,\n", (2, 1), "unreadable"),
        ("x.json", b'[\n{"visit": "1..9999", "detector": "1..9999"}]', (2, 1), "member-type"),
        ("x.json", b"[\nnull]", (2, 1), "schema"),
        ("x.json", b"{}", (1, 1), "schema"),
        ("x.ecsv", b"exposure\n1\n", (1, 1), "schema"),
    ],
)
def test_what_cannot_be_read_is_told(path: str, text: bytes, place: tuple[int, int], rule: str) -> None:
    (problem,) = read_list(path, text).problems
    assert ((problem.line, problem.column), problem.rule) == (place, rule)


@given(st.binary(max_size=100), st.sampled_from([".txt", ".csv", ".ecsv", ".json"]))
def test_any_bytes_make_a_list_or_problems(data: bytes, ending: str) -> None:
    found = read_list(f"x{ending}", data)
    assert len(found.rows) == len(found.lines)
    assert all(set(row) <= set(found.columns) for row in found.rows)


REAL = {
    "excluded_visits/LSSTComCam/bad.ecsv": (158, ("exposure", "comment")),
    "rc2_subset/g-visits.txt": (17, ("id",)),
    "rc2_subset/r-visits.txt": (16, ("id",)),
    "rc2_subset/i-visits.txt": (33, ("id",)),
    "rc2_subset/z-visits.txt": (31, ("id",)),
    "rc2_subset/y-visits.txt": (52, ("id",)),
    "prodstatus/tests/data/exposures.txt": (200, ("band", "id")),
}


@pytest.mark.skipif(not SHARED.exists(), reason="the files of real productions are not at ../shared/data")
@pytest.mark.parametrize("path", REAL)
def test_real_lists_are_read_whole(path: str) -> None:
    count, columns = REAL[path]
    found = read_list(path, (SHARED / path).read_bytes())
    assert (len(found.rows), found.columns, found.problems) == (count, columns, ())
    key = "exposure" if "exposure" in columns else "id"
    assert all(isinstance(row[key], int) for row in found.rows)
    lines = (SHARED / path).read_text("utf-8").split("\n")
    assert all(str(row[key]) in lines[line - 1] for row, line in zip(found.rows, found.lines, strict=True))


def test_a_comment_may_have_commas_that_nobody_quoted() -> None:
    found = read_list("x.csv", b'exposure,comment\n1,donuts, and clouds\n2,"slew, too"\n')
    assert [row["comment"] for row in found.rows] == ["donuts, and clouds", "slew, too"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("x.csv", "8100200,5\n8100200,6\n"),
        ("x.csv", "8100200,5,ghost\n"),
        ("x.csv", "r,8100200,5\n"),
        ("x.csv", "8100200,2031-04-05\n"),
        ("x.csv", "HSC-R,8100200\n"),
        ("x.tsv", "8100200\tR22_S11\n"),
        ("x.txt", "8100200 5 ghost\n"),
        ("x.txt", "8100200 ghost S29\n"),
        ("x.txt", "8100200 nan ghost\n"),
        ("x.txt", "HSC 8100200\n"),
        ("x.txt", "HSC 8100200 5\n"),
        ("x.txt", "8100200 | 5\n"),
        ("x.txt", "#night shot chip word\n20310405 8100200 14 ghost\n"),
        ("x.txt", "visit detector\n8100200 5 bright ghost\n"),
        ("x.txt", "night exposure chip\n8100200 5\n"),
        ("x.txt", "visit comment\n8100200 5 ghost\n"),
        ("x.csv", "visit,comment\n8100200,5,ghost\n"),
    ],
)
def test_a_line_that_holds_more_than_its_columns_name_is_refused(path: str, text: str) -> None:
    found = read_list(path, text.encode())
    assert {problem.line for problem in found.problems} == {
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line[0] != "#" and not line.startswith(("visit", "night"))
    }
    assert found.rows == []
    assert all(problem.hint for problem in found.problems)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("x.txt", "#night exposure ccd\n20310405 81 14\n"),
        ("x.txt", "# bad ones\n#\n# night, exposure, ccd\n\n20310405, 81, 14\n"),
        ("x.csv", "# night;exposure;ccd\n20310405;81;14\n"),
        ("x.csv", "sep=;\nnight;Exposure;ccd\n20310405;81;14\n"),
        ("x.tsv", "night\tEXPOSURE\tccd\n20310405\t81\t14\n"),
        ("x.txt", "night | exposure | ccd\n------+----------+----\n20310405 | 81 | 14\n"),
        ("x.md", "| night | exposure | ccd |\n|---|---|---|\n| 20310405 | 81 | 14 |\n"),
        ("x.txt", " night   exposure ccd\n-------- -------- ---\n20310405       81  14\n"),
        ("x.txt", "night Exposure ccd\r\n20310405 81 14\r\n"),
    ],
)
def test_columns_are_named_in_any_case_by_any_separator_and_by_a_comment(path: str, text: str) -> None:
    assert rows_of(path, text) == [{"night": 20310405, "exposure": 81, "ccd": 14}]


def test_a_comment_that_names_no_columns_of_the_rows_is_a_comment() -> None:
    assert rows_of("x.txt", "# bad visit\n1228 slew\n") == [{"id": 1228, "comment": "slew"}]
    assert rows_of("x.txt", "# all visits of a night\n1228\n") == [{"id": 1228}]


def test_a_table_of_butler_keeps_cells_with_blanks_and_empty_ones() -> None:
    text = "instrument  id      reason\n---------- ---- -----------\n       HSC 1228 bright moon\n       HSC 1230\n"
    assert rows_of("x.txt", text) == [
        {"instrument": "HSC", "id": 1228, "reason": "bright moon"},
        {"instrument": "HSC", "id": 1230},
    ]


def test_columns_are_what_somebody_says_they_are() -> None:
    given = {"ExpNum": "exposure", "ccd": "", "why": "reason"}
    for path, text in (
        ("x.csv", "expnum,ccd,why\n81,5,two  words\n"),
        ("x.txt", "#expnum ccd why\n81 5 two words\n"),
        ("x.json", '[{"expnum": 81, "ccd": 5, "why": "two\\nwords"}]'),
    ):
        found = read_list(path, text.encode(), given)
        assert (found.rows, found.problems) == ([{"exposure": 81, "reason": "two words"}], ()), path
    (problem,) = read_list("x.csv", b"visit,night\n81,5\n", {"expnum": "exposure"}).problems
    assert (problem.message, problem.hint) == ("unknown column `expnum`", "it has visit, night")
    (problem,) = read_list("x.csv", b"Visit,expnum\n81,5\n", {"expnum": "visit"}).problems
    assert problem.message == "duplicate column: `Visit` and `expnum` both are `visit`"


def test_a_comment_of_two_lines_becomes_one_line() -> None:
    assert rows_of("x.csv", 'exposure,comment\n81,"clouds,\nthen wind"\n') == [
        {"exposure": 81, "comment": "clouds, then wind"}
    ]


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 200), st.sampled_from(["", "slew", "r"])), min_size=1),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["visit", "Visit", "VISIT"]),
    st.sampled_from(["", "#", "# "]),
    st.sampled_from(["csv", "txt", "list"]),
)
def test_a_list_with_names_is_read_as_it_was_written(
    rows: list[tuple[int, int, str]], separator: str, visit: str, mark: str, ending: str
) -> None:
    lines = [mark + separator.join([visit, "Detector", "reason"])]
    lines += [separator.join(map(str, row)) for row in rows]
    written = [{"visit": row[0], "detector": row[1], **({"reason": row[2]} if row[2] else {})} for row in rows]
    assert rows_of(f"x.{ending}", "\n".join(lines)) == written
