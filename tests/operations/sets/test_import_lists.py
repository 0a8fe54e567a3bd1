"""Lists made elsewhere: what they mean as sets, what is refused, and what is remarked on."""

from __future__ import annotations

from pathlib import Path

import pytest

from campledger.errors import DataError, UsageError
from campledger.operations.sets.import_lists import ImportedList, Meaning, read_foreign, take

SHARED = Path(__file__).parents[3] / "../shared/data"
HSC = {"instrument": "HSC"}

ECSV = """\
# %ECSV 1.0
# ---
# datatype:
# - {name: exposure, datatype: uint64}
# - {name: comment, datatype: string}
# delimiter: ','
# schema: astropy-2.0
exposure,comment
2024110500234, i donuts
2024110500236,"r donuts, and more"
2024110500235, i donuts
2024110500234, seen twice
"""


def taken(tmp_path: Path, text: str, meaning: Meaning, ending: str = ".csv") -> ImportedList:
    file = tmp_path / f"list{ending}"
    file.write_text(text)
    return take(read_foreign(file), meaning, file.name)


def test_rubins_exclusions_keep_their_comments(tmp_path: Path) -> None:
    found = taken(tmp_path, ECSV, Meaning(common={"instrument": "LSSTComCam"}), ".ecsv")
    assert found.value.dimensions == ("exposure", "instrument")
    assert [row[0] for row in found.value.members] == [2024110500234, 2024110500235, 2024110500236]
    said = {row[0]: dict(attributes) for row, attributes in found.value.attributes.items()}
    assert said[2024110500234] == {"comment": "i donuts; seen twice"}
    assert said[2024110500236] == {"comment": "r donuts, and more"}
    assert found.rows == 4
    assert found.remarks == (
        "1 of 4 rows is there already: line 12 is line 9 again",
        "not in order: line 11 is less than the one before it, line 12 is less than the one before it",
    )


def test_plain_ids_mean_what_is_said(tmp_path: Path) -> None:
    found = taken(tmp_path, "1228\n1230\n\n1232\n", Meaning("visit", HSC), ".txt")
    assert found.value.dimensions == ("instrument", "visit")
    assert [row[1] for row in found.value.members] == [1228, 1230, 1232]


def test_a_band_before_an_id_is_said_of_it(tmp_path: Path) -> None:
    found = taken(tmp_path, "z 1472\ny 1474\n", Meaning("exposure", HSC), ".txt")
    assert found.value.breakdown("band") == {"y": 1, "z": 1}


def test_several_dimensions_and_columns_that_a_set_has_no_place_for(tmp_path: Path) -> None:
    text = "visit,detector,seeing,reason\n1228,1,0.7,slew\n1228,2,0.8,\n"
    found = taken(tmp_path, text, Meaning(common=HSC))
    assert found.value.dimensions == ("detector", "instrument", "visit")
    assert dict(found.value.attributes) == {(1, "HSC", 1228): {"reason": "slew"}}
    assert found.remarks == ("left out, since a set has no place for them: seeing",)


def test_tracts_of_a_skymap(tmp_path: Path) -> None:
    found = taken(tmp_path, "9813\n9697\n", Meaning("tract", {"skymap": "hsc_rings_v1"}), ".txt")
    assert next(iter(found.value.data_ids())) == {"skymap": "hsc_rings_v1", "tract": 9697}


@pytest.mark.parametrize(
    ("text", "ending", "meaning", "message"),
    [
        ("1228\n", ".txt", Meaning(common=HSC), "does not say of what"),
        ("1228\n", ".txt", Meaning("visit"), "no column says the instrument: give --instrument"),
        ("exposure\n1\n", ".csv", Meaning("visit", HSC), "an exposure is not a visit"),
        ("visit\n1\n", ".csv", Meaning("exposure", HSC), "a visit is not an exposure"),
        ("obs_id\nHSCA1\n", ".csv", Meaning(), "`obs_id` is no key: --butler ALIAS looks up"),
        ("obs_id\nHSCA1\n", ".csv", Meaning(common=HSC), "`obs_id` is no key"),
        ("obs_id,visit\nHSCA1,1\n", ".csv", Meaning(common=HSC), "`obs_id` is no key"),
        ("visitId,ccd\n1,2\n", ".csv", Meaning(common=HSC), "no column of visitId, ccd is a dimension"),
        ("1228\n", ".txt", Meaning("vist", HSC), "`vist` is no dimension: did you mean `visit`"),
        ("tract\n1\n", ".csv", Meaning("visit", HSC), "the list has no column `visit`, but tract"),
    ],
)
def test_what_is_not_clear_is_refused(text: str, ending: str, meaning: Meaning, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        taken(tmp_path, text, meaning, ending)


def test_rows_that_name_nothing_are_all_told_by_line(tmp_path: Path) -> None:
    text = "instrument,exposure,comment\nHSC,1,a\nHSC,,b\nHSC,HSCA1,c\nHSC,1.5,d\nLSSTCam,2,e\n"
    with pytest.raises(DataError) as caught:
        taken(tmp_path, text, Meaning(common=HSC))
    assert str(caught.value).splitlines() == [
        "4 rows name no data ID:",
        "list.csv:3:1: member-type: `exposure` is empty",
        "list.csv:4:1: member-type: `HSCA1` is a name, and `exposure` is a number: --butler ALIAS looks names up",
        "list.csv:5:1: member-type: `exposure` is `1.5`, which is no whole number",
        "list.csv:6:1: member-type: `instrument` is `LSSTCam`, and `HSC` was given for the whole list",
    ]


def test_columns_are_what_is_said_of_them(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("night,expnum,ccd,Why\n20310405,81,5,ghost\n20310405,81,6,ghost\n")
    common = {"instrument": "DECam"}
    given = {"EXPNUM": "exposure", "ccd": "detector", "why": "reason"}
    found = take(read_foreign(file, given), Meaning(common=common), file.name)
    assert found.value.members == ((5, 81, "DECam"), (6, 81, "DECam"))
    assert {said["reason"] for said in found.value.attributes.values()} == {"ghost"}
    assert found.remarks == ("left out, since a set has no place for them: night",)
    with pytest.raises(UsageError, match="unknown column `ccd`: --column ccd=detector says"):
        take(read_foreign(file, {"expnum": "exposure"}), Meaning(common=common), file.name)
    whole = take(read_foreign(file, {"expnum": "exposure", "ccd": ""}), Meaning(common=common), file.name)
    assert whole.value.members == ((81, "DECam"),)
    with pytest.raises(UsageError, match="unknown key `exposre`: did you mean `exposure`"):
        read_foreign(file, {"expnum": "exposre"})
    with pytest.raises(DataError, match="unknown column `visit`"):
        read_foreign(file, {"visit": "exposure"})


def test_rows_that_differ_in_a_number_which_nothing_names_are_refused(tmp_path: Path) -> None:
    text = "exposure,piece,note\n81,5,a\n82,5,b\n81,6,c\n"
    with pytest.raises(
        DataError, match=r"list.csv:4:1: .*same data ID as line 2, but another `piece`: --column piece="
    ):
        taken(tmp_path, text, Meaning(common=HSC))
    assert taken(tmp_path, text.replace("81,6", "81,5"), Meaning(common=HSC)).rows == 3


def test_remarks_that_a_set_does_not_take_are_joined_cut_or_refused_by_line(tmp_path: Path) -> None:
    found = taken(tmp_path, 'exposure,comment\n81,"clouds,\r\n then wind"\n', Meaning(common=HSC))
    assert dict(found.value.attributes) == {(81, "HSC"): {"comment": "clouds, then wind"}}
    rows = "".join(f"82,residual background near amplifier {number}\n" for number in range(200))
    found = taken(tmp_path, f"exposure,comment\n81,x\n{rows}", Meaning(common=HSC))
    comment = found.value.attributes[82, "HSC"]["comment"]
    assert len(comment) <= 4096
    assert comment.startswith("residual background near amplifier 0; residual")
    assert found.remarks[-1] == "line 3: comment cut to 4,096 characters"
    with pytest.raises(DataError, match=r"list.csv:3:1: .*`reason` is 300 characters long"):
        taken(tmp_path, f"exposure,reason\n81,x\n82,{'y' * 300}\n", Meaning(common=HSC))


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_foreign(tmp_path / "nothing.csv")
    (tmp_path / "empty.csv").write_text("exposure,comment\n")
    with pytest.raises(DataError, match="no rows"):
        read_foreign(tmp_path / "empty.csv")


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared data is not beside the checkout")
@pytest.mark.parametrize(
    ("path", "meaning", "count"),
    [
        ("excluded_visits/LSSTComCam/bad.ecsv", Meaning(common={"instrument": "LSSTComCam"}), 158),
        ("rc2_subset/g-visits.txt", Meaning("visit", HSC), 17),
        ("rc2_subset/r-visits.txt", Meaning("visit", HSC), 16),
        ("rc2_subset/i-visits.txt", Meaning("visit", HSC), 33),
        ("rc2_subset/z-visits.txt", Meaning("visit", HSC), 31),
        ("rc2_subset/y-visits.txt", Meaning("visit", HSC), 52),
        ("prodstatus/tests/data/exposures.txt", Meaning("exposure", {"instrument": "LSSTCam-imSim"}), 200),
    ],
)
def test_real_lists(path: str, meaning: Meaning, count: int) -> None:
    found = take(read_foreign(SHARED / path), meaning, path)
    assert (len(found.value), found.rows) == (count, count)
