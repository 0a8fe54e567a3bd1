"""Words in BPS files that stand for values: found, and filled in."""

from __future__ import annotations

from typing import Any

import pytest

from campledger.model.placeholders import Scalar, filled, stands_in, words_of

VALUES: dict[str, Scalar] = {"GNUM": 3, "LOWEXP": 2026010100001, "LOWEXP_2": 7, "BAND": "r", "tract": 9813}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exposure >= LOWEXP and tract = 1", "exposure >= 2026010100001 and tract = 1"),
        ("w_2026_46/DM-1/step1_GNUM", "w_2026_46/DM-1/step1_3"),
        ("band='BAND'", "band='r'"),
        ("LOWEXP_2 LOWEXP", "7 2026010100001"),
        ("LOWEXP", 2026010100001),
        ("BAND", "r"),
        ("tract", "tract"),
        ("XGNUM GNUMX GNUM1", "XGNUM GNUMX GNUM1"),
        ("{GNUM} ${GNUM} $GNUM ${X_GNUM} $X_GNUM {GNUM:04d}", "{GNUM} ${GNUM} $GNUM ${X_GNUM} $X_GNUM {GNUM:04d}"),
        ("", ""),
    ],
)
def test_words_in_capitals_are_filled_and_the_rest_is_left_to_bps(text: str, expected: Any) -> None:
    assert filled(text, VALUES) == expected


def test_without_a_word_in_capitals_nothing_is_filled() -> None:
    assert filled("tract GNUM", {"tract": 1}) == "tract GNUM"


def test_a_value_is_no_pattern_and_is_not_filled_again() -> None:
    assert filled("x LOWEXP", {"LOWEXP": r"\1 GNUM", "GNUM": 1}) == r"x \1 GNUM"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({"payload": {"dataQuery": "exposure >= LOWEXP AND band = 'HSC' and GLOB(x)"}}, ("LOWEXP",)),
        ({"dataQuery": "tract in (TRACTS)", "campaign": "x_GNUM"}, ("GNUM", "TRACTS")),
        ({"payload": {"dataQuery": "visit > {LOWVISIT}"}}, ("LOWVISIT",)),
        ({"payload": {"dataQuery": "visit > {LOWVISIT}", "LOWVISIT": 1}}, ()),
        ({"campaign": "HSC/COSMOS", "runQuantumCommand": "OMP_NUM_THREADS=1"}, ()),
        ({"payload": {"output": "u/x/{payloadName}", "dataQuery": "a = ${HOME}"}}, ()),
        ({"payload": None, "dataQuery": 3}, ()),
    ],
)
def test_a_file_tells_what_it_asks_for(template: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert words_of(template) == expected


def test_a_variable_of_the_shell_is_none_of_bps() -> None:
    assert stands_in("a {x:>3} b", "x")
    assert not stands_in("a ${x} b", "x")
