"""Rows of tables, with their places."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.documents.rows import Rows, RowsError

cells = st.text('ab ",;\n#', max_size=5)


@given(st.lists(st.lists(cells, min_size=2, max_size=4), max_size=4), st.sampled_from(",;\t"))
def test_every_field_is_found_where_it_begins(records: list[list[str]], delimiter: str) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(records)
    rows = Rows(f"head\n{stream.getvalue()}", 1, delimiter)
    found = list(rows.records())
    assert [record for _, record in found] == records
    lines = rows.text.split("\n")
    for begin, record in found:
        for number, cell in enumerate(record):
            line, column = rows.place_in_line(begin, number)
            rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
            written = '"' + cell.replace('"', '""') + '"'
            assert rest.startswith(written)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('a,b\n1,"2\n3\n', (2, 3)),
        ('a,b\n"x\ny","2" 3,4\n', (3, 4)),
        ('a,b\n1, "2"3\n', (2, 3)),
        ("a,b\n" + "1" * 200_000 + ",2\n", (2, 1)),
    ],
)
def test_what_is_no_csv_is_placed(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(RowsError) as caught:
        list(Rows(text, 0, strict=True).records())
    assert caught.value.place == place
