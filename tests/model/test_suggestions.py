"""What may have been meant."""

from __future__ import annotations

from campledger.suggestions import closest, did_you_mean


def test_the_most_alike_is_suggested_whatever_its_case() -> None:
    known = ["LSSTCam", "LSSTComCam", "LATISS"]
    assert did_you_mean("lsstcam", known) == did_you_mean("LSSTCam ", iter(known)) == "did you mean `LSSTCam`?"
    assert closest("LSSTCom", known, 2) == ["LSSTCam", "LSSTComCam"]
    assert did_you_mean("x", known) == did_you_mean("", known) == did_you_mean("x", []) == ""


def test_how_alike_it_has_to_be_is_for_the_caller_to_say() -> None:
    assert did_you_mean("stag", ["stage1"]) == "did you mean `stage1`?"
    assert did_you_mean("stag", ["stage1"], 0.85) == ""
