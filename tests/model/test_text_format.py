"""Groups and numbers in words."""

from __future__ import annotations

import pytest

from campledger.model.text_format import places


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ([], ""),
        (["s/1"], "s/1"),
        (["s/1", "s/2"], "s/1, 2"),
        (["s/3", "s/1", "s/2"], "s/1…3"),
        (["s/1", "s/2", "s/4"], "s/1, 2, 4"),
        (["s/a", "t/b"], "s/a; t/b"),
        ([f"s/g{number}" for number in range(6)], "s/g0, g1, g2, g3, g4, g5"),
        ([f"s/g{number}" for number in range(9)], "s/g0, g1, g2, g3, g4 and 4 more"),
        ([f"s/{number}" for number in range(1, 53)], "s/1…52"),
    ],
)
def test_groups_are_told_in_short(groups: list[str], text: str) -> None:
    assert places(groups) == text
