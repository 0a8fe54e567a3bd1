"""What columns mean, without a registry."""

from __future__ import annotations

import pytest

from campledger.butler.key_columns import WAYS, number, plan, text, word
from campledger.dataids.dimensions import ALTERNATE_KEYS, DIMENSIONS
from campledger.errors import UsageError


@pytest.mark.parametrize(
    ("value", "as_number", "as_text", "as_word"),
    [
        (12, 12, "12", None),
        ("12", 12, "12", None),
        ("0012", 12, "0012", None),
        ("-3", -3, "-3", None),
        ("1_54", None, "1_54", "1_54"),
        ("١٢", None, "١٢", "١٢"),
        ("1.0", None, "1.0", "1.0"),
        ("", None, None, None),
        (True, None, None, None),
        (None, None, None, None),
        (1.5, None, None, None),
        (2**63, None, str(2**63), None),
        (2**63 - 1, 2**63 - 1, str(2**63 - 1), None),
    ],
)
def test_values(value: object, as_number: object, as_text: object, as_word: object) -> None:
    assert (number(value), text(value), word(value)) == (as_number, as_text, as_word)


@pytest.mark.parametrize(
    ("columns", "target", "dimensions", "given", "attributes"),
    [
        (("instrument", "obs_id", "comment"), None, ("exposure", "instrument"), (), ("comment",)),
        (("instrument", "visit", "detector", "band"), None, ("detector", "instrument", "visit"), ("band",), ("band",)),
        (("instrument", "day_obs", "seq_num"), None, ("exposure", "instrument"), ("day_obs",), ("day_obs",)),
        (("instrument", "day_obs", "seq_num"), "visit", ("instrument", "visit"), ("day_obs",), ("day_obs",)),
        (("instrument", "visit", "seq_num", "day_obs"), None, ("instrument", "visit"), ("day_obs",), ("day_obs",)),
        (("instrument", "exposure", "visit"), "exposure", ("exposure", "instrument"), (), ()),
        (("instrument", "exposure", "filename"), None, ("exposure", "instrument"), (), ()),
        (("skymap", "tract", "patch", "band"), None, ("band", "patch", "skymap", "tract"), (), ()),
        (("instrument", "physical_filter", "band"), None, ("instrument", "physical_filter"), ("band",), ("band",)),
    ],
)
def test_columns(
    columns: tuple[str, ...],
    target: str | None,
    dimensions: tuple[str, ...],
    given: tuple[str, ...],
    attributes: tuple[str, ...],
) -> None:
    chosen = plan(columns, instrument=False, target=target, ids=None)  # type: ignore[arg-type]
    assert (chosen.dimensions, chosen.given, chosen.attributes) == (dimensions, given, attributes)


@pytest.mark.parametrize(
    ("columns", "target", "message"),
    [
        ((), None, "no column of (none) names exposures"),
        (("comment", "Obs_Id"), None, "no column of `comment`, `Obs_Id` names exposures"),
        (("instrument", "comment"), None, "no column of `instrument`, `comment` names exposures"),
        (("instrument", "seq_num"), None, "no column of `instrument`, `seq_num` names exposures"),
        (("obs_id",), None, "no column of `obs_id` names the instrument, without which no exposure is known: name"),
        (("tract",), None, "no column of `tract` names the skymap, without which no tract is known"),
        (("skymap", "cell_x", "cell_y"), None, "names the tract, without which no patch is known"),
        (("instrument", "detector"), "visit", "no set of visits comes of it"),
        (("instrument", "exposure", "visit"), None, "the list names both exposures and visits"),
        (("instrument", "id"), None, "does not say whether its ids are exposures or visits"),
    ],
)
def test_columns_that_are_not_enough(columns: tuple[str, ...], target: str | None, message: str) -> None:
    with pytest.raises(UsageError) as error:
        plan(columns, instrument=False, target=target, ids=None)  # type: ignore[arg-type]
    assert message in str(error.value)


def test_an_instrument_beside_the_list_is_no_key_of_the_sky() -> None:
    columns = ("skymap", "tract")
    assert plan(columns, instrument=True, target=None, ids=None).dimensions == ("skymap", "tract")


def test_every_alternate_key_has_a_way() -> None:
    named = {column for way in WAYS for column in way.columns}
    assert named >= {*DIMENSIONS, *ALTERNATE_KEYS} - {"filename"}
