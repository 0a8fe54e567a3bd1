"""Saved queries of a ledger: read strictly, checked, named."""

from __future__ import annotations

from pathlib import Path

import pytest

from campledger.errors import DataError, UsageError
from campledger.ledger.checks import campaigns_at
from campledger.ledger.ledger import Ledger
from campledger.ledger.queries import Queries, expression_complaint
from campledger.model.columns import USUAL
from campledger.repository.file_trees import WorkTree

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def valid() -> Queries:
    return Queries(Ledger(WorkTree(EXAMPLES / "valid/saved-queries")))


@pytest.fixture
def invalid() -> Queries:
    return Queries(Ledger(WorkTree(EXAMPLES / "invalid/saved-queries")))


def test_a_query_says_what_to_find_and_how_to_show_it(valid: Queries) -> None:
    (one,) = valid.readable
    assert one == valid.named("running-drp")
    assert one.expression == 'state:running production:data-release -owner:me "full depth"'
    assert (one.columns, one.sort, one.group) == (("state", "name", "groups", "step"), ("-changed", "name"), "owner")
    assert valid.problems == ()


def test_a_query_that_says_little_is_shown_as_usual(tmp_path: Path) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/plain.yaml").write_text("name: plain\nexpression: deep\n")
    one = Queries(Ledger(WorkTree(tmp_path))).named("plain")
    assert (one.columns, one.sort, one.group, one.description) == (USUAL, (), None, "")


def test_a_query_that_cannot_be_read_hides_no_other(invalid: Queries) -> None:
    assert invalid.readable == []
    with pytest.raises(DataError, match=r"queries/half.yaml:2:13: query-expression"):
        invalid.named("half")
    with pytest.raises(UsageError, match="unknown saved query `nobody`"):
        invalid.named("nobody")
    with pytest.raises(UsageError, match="unknown saved query `link`"):
        invalid.named("link")  # a symbolic link is not followed


def test_only_the_files_asked_for_are_checked(invalid: Queries) -> None:
    found = {problem.path for problem in invalid.check({"queries/half.yaml", "queries/nobody.yaml"})}
    assert found == {"queries/half.yaml"}
    assert list(invalid.check(())) == []


def test_a_query_concerns_no_campaign() -> None:
    ledger = Ledger(WorkTree(EXAMPLES / "valid/saved-queries"))
    assert campaigns_at(ledger, ["queries/running-drp.yaml", "queries", "queries/gone.yaml"]) == set()


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("state:running owner:me", None),
        ('"@name"', None),
        ("me@example.org", None),
        ("@other", "cannot contain another one"),
        ("x @other", "cannot contain another one"),
        ("-@other", "cannot be negated"),
        ("@", "invalid name of a saved query"),
        ("@Capital", "invalid name of a saved query"),
        ('"open', "quotation mark"),
        ("", "empty expression"),
        ("stat:x", "did you mean `state`?"),
    ],
)
def test_expressions_that_can_be_saved(expression: str, said: str | None) -> None:
    complaint = expression_complaint(expression)
    assert (complaint is None) if said is None else (complaint is not None and said in str(complaint))


def test_a_complaint_stands_in_one_line() -> None:
    complaint = expression_complaint("@\u202e\x1b[31m")
    assert complaint is not None
    assert str(complaint).isprintable()
