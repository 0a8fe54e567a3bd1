"""Names become keys through real registries, all at once and nothing guessed."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from campledger.butler import key_lookup
from campledger.butler.keys import Resolved, resolve_keys
from campledger.dataids.lists import ForeignList
from campledger.errors import ButlerError, UsageError

HSC = {"instrument": "HSC"}
DAY = 20250417
STRANGE = ("O'Neil", 'a"b', "ä☃ 夜", "100%", "x); DROP TABLE exposure; --", "back\\slash", " blank ", ":colon", "Mixed")


def listed(rows: list[dict[str, Any]], first: int = 2) -> ForeignList:
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return ForeignList(columns, rows, list(range(first, first + len(rows))))


def exposure(number: int, name: str, sequence: int, instrument: str = "HSC") -> dict[str, Any]:
    physical_filter = "HSC-R" if instrument == "HSC" else "clear"
    return {"instrument": instrument, "id": number, "obs_id": name, "physical_filter": physical_filter, "group": "g",
            "day_obs": DAY, "seq_num": sequence}  # fmt: skip


def fill(butler: Any) -> None:
    """Add two snaps of one visit, which are visits of their own too, exposures of strange names, and an instrument."""
    insert = butler.registry.insertDimensionData
    with butler.transaction():
        insert("instrument", {"name": "Toy", "class_name": "toy.Toy", "detector_max": 10})
        insert("physical_filter", {"instrument": "Toy", "name": "clear", "band": "white"})
        insert("detector", {"instrument": "Toy", "id": 7, "full_name": "1_54", "raft": "1", "name_in_raft": "54"})
        for name in ("HSC", "Toy"):
            insert("day_obs", {"instrument": name, "id": DAY})
            insert("group", {"instrument": name, "name": "g"})
        insert(
            "exposure",
            exposure(30001, "MC_O_1", 1),
            exposure(30002, "MC_O_2", 2),
            exposure(30003, "MC_C_2", 2),
            exposure(30001, "MC_O_1", 1, "Toy"),
            *(exposure(31000 + index, name, 100 + index) for index, name in enumerate(STRANGE)),
        )
        insert("visit_system", {**HSC, "id": 2, "name": "by-seq-start-end"})
        for number in (30001, 30002, 35001):
            visit = {**HSC, "id": number, "name": f"V{number}", "physical_filter": "HSC-R", "day_obs": DAY}
            insert("visit", visit)
        for one, visit_ in ((30001, 30001), (30002, 30002), (30001, 35001), (30002, 35001)):
            insert("visit_definition", {**HSC, "exposure": one, "visit": visit_})
        for visit_, system in ((30001, 0), (30002, 0), (35001, 2)):
            insert("visit_system_membership", {**HSC, "visit": visit_, "visit_system": system})


@pytest.fixture
def butler(repository: Any) -> Any:
    value = repository.open()
    fill(value)
    return value


def as_ids(result: Resolved) -> list[dict[str, Any]]:
    return [dict(zip(result.dimensions, row, strict=True)) for row in result.rows]


def kinds(result: Resolved) -> list[tuple[int, str]]:
    return [(one.line, one.kind) for one in result.unresolved]


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"obs_id": "MC_O_1"}, {"exposure": 30001}),
        ({"exposure": "MC_O_1"}, {"exposure": 30001}),
        ({"exposure_name": "MC_O_1"}, {"exposure": 30001}),
        ({"exposure": 30001}, {"exposure": 30001}),
        ({"exposure": "30001"}, {"exposure": 30001}),
        ({"exposure_id": 30001}, {"exposure": 30001}),
        ({"day_obs": DAY, "seq_num": 1}, {"exposure": 30001}),
        ({"day_obs": str(DAY), "seq_num": "1"}, {"exposure": 30001}),
        ({"visit": 30002}, {"visit": 30002}),
        ({"visit": "V30002"}, {"visit": 30002}),
        ({"visit_name": "V30002"}, {"visit": 30002}),
        ({"visit": 30002, "day_obs": DAY, "seq_num": 99}, {"visit": 30002}),
        ({"visit": 30002, "detector": "1_54"}, {"visit": 30002, "detector": 1}),
        ({"visit": 30002, "full_name": "1_54"}, {"visit": 30002, "detector": 1}),
        ({"visit": 30002, "detector_name": "1_54"}, {"visit": 30002, "detector": 1}),
        ({"visit": 30002, "detector_name": "54"}, {"visit": 30002, "detector": 1}),
        ({"visit": 30002, "raft": 1, "name_in_raft": 54}, {"visit": 30002, "detector": 1}),
        ({"obs_id": "MC_O_1", "detector": 2}, {"exposure": 30001, "detector": 2}),
        ({"physical_filter": "HSC-R", "band": "r"}, {"physical_filter": "HSC-R"}),
        ({"day_obs": DAY}, {"day_obs": DAY}),
        ({"visit": 30002, "htm7": 130000}, {"visit": 30002, "htm7": 130000}),
    ],
)
def test_a_name_becomes_a_key(butler: Any, row: dict[str, Any], wanted: dict[str, Any]) -> None:
    result = resolve_keys(butler, listed([{**HSC, **row}]))
    assert (as_ids(result), result.unresolved, result.origins) == ([{**HSC, **wanted}], (), [0])
    assert result.dimensions == tuple(sorted({**HSC, **wanted}))


def test_patches_by_their_cell(butler: Any) -> None:
    tract = {"skymap": "hsc_rings_v1", "tract": 9615}
    rows = [{**tract, "cell_x": 5, "cell_y": 1, "band": "r"}, {**tract, "cell_x": 1, "cell_y": 5, "band": "r"}]
    result = resolve_keys(butler, listed(rows), instrument="HSC")
    assert as_ids(result) == [{**tract, "patch": 14, "band": "r"}]
    assert kinds(result) == [(3, "unknown")]


def test_rows_keep_their_place_and_what_is_said_of_them(butler: Any) -> None:
    rows = [
        {**HSC, "obs_id": "MC_O_2", "comment": "slew", "band": "r"},
        {**HSC, "obs_id": "nobody", "comment": "lost", "band": "r"},
        {**HSC, "obs_id": "MC_O_1", "comment": "", "band": ""},
        {**HSC, "obs_id": "MC_O_2", "comment": "again", "band": "r"},
    ]
    result = resolve_keys(butler, listed(rows, first=10))
    assert (result.rows, result.origins) == ([(30002, "HSC"), (30001, "HSC"), (30002, "HSC")], [0, 2, 3])
    assert (result.attributes, result.distinct, result.count) == (("comment", "band"), 2, 4)
    assert result.ways == {"exposure by obs_id": 3}
    (lost,) = result.unresolved
    assert (lost.index, lost.line, lost.kind, lost.text) == (1, 11, "unknown", "instrument=HSC, obs_id=nobody")
    assert lost.message == "the registry knows no exposure with obs_id `nobody` of instrument HSC"
    assert lost.entry == {**HSC, "obs_id": "nobody"}
    assert result.kinds == {"unknown": 1}


def test_strange_names_are_names(butler: Any) -> None:
    hostile = ["a\0b", "\ud800", "x" * 100_000, "mixed", "MIXED", "", "a\nb"]
    rows = [{**HSC, "obs_id": name} for name in (*STRANGE, *hostile)]
    result = resolve_keys(butler, listed(rows))
    assert [row[0] for row in result.rows] == [31000 + index for index in range(len(STRANGE))]
    assert len(result.unresolved) == len(hostile)
    assert all(len(one.message) < 300 and one.message.isprintable() for one in result.unresolved)
    assert len(butler.query_dimension_records("exposure", instrument="Toy")) == 1


def test_keys_that_the_registry_does_not_know_are_unknown(butler: Any) -> None:
    rows: list[dict[str, Any]] = [
        {**HSC, "exposure": 30001, "detector": 999},
        {**HSC, "exposure": 4, "detector": 2},
        {"instrument": "hsc", "exposure": 30001, "detector": 2},
        {**HSC, "exposure": 2**63 - 1, "detector": 2},
    ]
    result = resolve_keys(butler, listed(rows))
    assert [(one.kind, one.message) for one in result.unresolved] == [
        ("unknown", "the registry knows no detector `999` of instrument HSC"),
        ("unknown", "the registry knows no exposure `4` of instrument HSC"),
        ("unknown", "the registry knows no instrument `hsc`"),
        ("unknown", f"the registry knows no exposure `{2**63 - 1}` of instrument HSC"),
    ]


@pytest.mark.parametrize("value", [None, "", True, 1.5, 2**63, "1" * 30, ["30001"]])
def test_what_is_no_name_and_no_number_names_nothing(butler: Any, value: Any) -> None:
    result = resolve_keys(butler, listed([{**HSC, "exposure": value}, {**HSC, "exposure": 30001}]))
    assert (as_ids(result), kinds(result)) == ([{**HSC, "exposure": 30001}], [(2, "missing")])
    assert result.unresolved[0].message.startswith("nothing names the exposure: ")


def test_several_meanings_are_listed_and_none_is_chosen(butler: Any) -> None:
    rows: list[dict[str, Any]] = [
        {**HSC, "day_obs": DAY, "seq_num": 2},
        {**HSC, "day_obs": DAY, "seq_num": 1},
        {**HSC, "day_obs": DAY, "seq_num": 77},
    ]
    result = resolve_keys(butler, listed(rows))
    assert (as_ids(result), kinds(result)) == ([{**HSC, "exposure": 30001}], [(2, "ambiguous"), (4, "unknown")])
    assert result.unresolved[0].message == f"day_obs `{DAY}` and seq_num `2` may be any of the exposures 30002, 30003"


def test_a_second_name_decides_or_contradicts(butler: Any) -> None:
    rows: list[dict[str, Any]] = [
        {**HSC, "day_obs": DAY, "seq_num": 2, "obs_id": "MC_C_2"},
        {**HSC, "day_obs": DAY, "seq_num": 2, "obs_id": "MC_O_1"},
        {**HSC, "day_obs": DAY, "obs_id": "MC_O_1"},
        {**HSC, "day_obs": DAY + 1, "obs_id": "MC_O_1"},
    ]
    result = resolve_keys(butler, listed(rows))
    assert as_ids(result) == [{**HSC, "exposure": 30003}, {**HSC, "exposure": 30001}]
    assert [(one.kind, one.message) for one in result.unresolved] == [
        ("contradiction", f"obs_id `MC_O_1` and day_obs `{DAY}` and seq_num `2` are not the same exposure"),
        ("contradiction", f"`day_obs` is `{DAY + 1}`, and of exposure 30001 the registry has `{DAY}`"),
    ]


def test_a_wrong_band_or_filter_is_a_contradiction(butler: Any) -> None:
    rows: list[dict[str, Any]] = [
        {**HSC, "visit": 30001, "band": "g", "physical_filter": ""},
        {**HSC, "visit": 30001, "band": "r", "physical_filter": "HSC-G"},
        {**HSC, "visit": 30001, "band": "r", "physical_filter": "HSC-R"},
    ]
    result = resolve_keys(butler, listed(rows))
    assert kinds(result) == [(2, "contradiction"), (3, "contradiction")]
    assert result.origins == [2]
    filters = [{**HSC, "physical_filter": name, "band": band} for name, band in (("HSC-G", "r"), ("HSC-X", "g"))]
    assert kinds(resolve_keys(butler, listed(filters))) == [(2, "contradiction"), (3, "unknown")]


def test_exposures_become_visits_through_their_definitions(butler: Any) -> None:
    rows: list[dict[str, Any]] = [{**HSC, "obs_id": name} for name in ("MC_O_1", "MC_O_2", "MC_C_2")]
    plain = resolve_keys(butler, listed(rows), target="visit")
    assert (plain.rows, kinds(plain)) == ([], [(2, "ambiguous"), (3, "ambiguous"), (4, "unknown")])
    assert plain.unresolved[0].message == (
        "exposure 30001 is in the visits 30001, 35001: choose a visit system of 0 (one-to-one), 2 (by-seq-start-end)"
    )
    for system, visits in (
        (0, [30001, 30002]),
        ("one-to-one", [30001, 30002]),
        (2, [35001, 35001]),
        ("2", [35001, 35001]),
    ):
        result = resolve_keys(butler, listed(rows), target="visit", visit_system=system)
        assert (result.dimensions, [row[1] for row in result.rows]) == (("instrument", "visit"), visits)
        assert (result.origins, kinds(result)) == ([0, 1], [(4, "unknown")])
        assert result.ways == {"exposure by obs_id": 3, "visit by exposure": 2}
    with pytest.raises(UsageError, match=r"HSC has no visit system `x`: it has 0 \(one-to-one\), 2 "):
        resolve_keys(butler, listed(rows), target="visit", visit_system="x")


def test_visits_become_all_their_exposures(butler: Any) -> None:
    rows: list[dict[str, Any]] = [{**HSC, "visit": 35001, "detector": 3}, {**HSC, "visit": "V30002", "detector": 2}]
    result = resolve_keys(butler, listed(rows), target="exposure")
    assert result.dimensions == ("detector", "exposure", "instrument")
    assert result.rows == [(3, 30001, "HSC"), (3, 30002, "HSC"), (2, 30002, "HSC")]
    assert result.origins == [0, 0, 1]
    # A visit of the export, whose exposures nobody defined.
    assert kinds(resolve_keys(butler, listed([{**HSC, "visit": 11690}]), target="exposure")) == [(2, "unknown")]


def test_exposure_and_visit_of_one_row_belong_together(butler: Any) -> None:
    rows: list[dict[str, Any]] = [
        {**HSC, "exposure": 30001, "visit": 35001},
        {**HSC, "exposure": 30001, "visit": 30002},
    ]
    for target in ("exposure", "visit"):
        result = resolve_keys(butler, listed(rows), target=target)
        assert as_ids(result) == [{**HSC, target: rows[0][target]}]
        assert kinds(result) == [(3, "contradiction")]
    with pytest.raises(UsageError, match="names both exposures and visits"):
        resolve_keys(butler, listed(rows))


def test_the_instrument_is_that_of_the_row_or_of_the_option(butler: Any) -> None:
    rows: list[dict[str, Any]] = [
        {"instrument": "Toy", "obs_id": "MC_O_1", "detector": "1_54"},
        {**HSC, "obs_id": "MC_O_1", "detector": 1},
    ]
    assert resolve_keys(butler, listed(rows)).rows == [(7, 30001, "Toy"), (1, 30001, "HSC")]
    for row in rows:
        row["instrument"] = ""
    assert kinds(resolve_keys(butler, listed(rows))) == [(2, "missing"), (3, "missing")]
    assert resolve_keys(butler, listed(rows[:1]), instrument="Toy").rows == [(7, 30001, "Toy")]
    other = resolve_keys(butler, listed([{**HSC, "exposure": 30001}, {"exposure": 30001}]), instrument="Toy")
    assert other.rows == [(30001, "Toy")]
    assert [one.message for one in other.unresolved] == ["its instrument is `HSC`, and `Toy` was asked for"]
    with pytest.raises(UsageError, match="the registry knows no instrument `Foo`: known: HSC, Toy"):
        resolve_keys(butler, listed(rows), instrument="Foo")


def test_a_column_of_ids_is_what_the_caller_says(butler: Any) -> None:
    rows: list[dict[str, Any]] = [{"id": 35001, "band": "r"}, {"id": "V30001", "band": "r"}]
    result = resolve_keys(butler, listed(rows), instrument="HSC", ids="visit")
    assert (result.rows, result.attributes) == ([("HSC", 35001), ("HSC", 30001)], ("band",))
    with pytest.raises(UsageError, match="whether its ids are exposures or visits"):
        resolve_keys(butler, listed(rows), instrument="HSC")


def test_nothing_asked_for_is_nothing(butler: Any) -> None:
    empty = ForeignList(("instrument", "obs_id"), [], [])
    result = resolve_keys(butler, empty, target="visit")
    assert (result.dimensions, result.rows, result.unresolved) == (("instrument", "visit"), [], ())
    assert (result.count, result.distinct, result.ways) == (0, 0, {})


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_names_are_looked_up_in_chunks(butler: Any, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_lookup, "CHUNK", chunk)
    seen: list[int] = []
    names = [*STRANGE, "MC_O_1", "no-1", "MC_O_2", "no-2"]
    rows: list[dict[str, Any]] = [{**HSC, "obs_id": name} for name in names * 2]
    result = resolve_keys(butler, listed(rows), progress=seen.append)
    assert [row[0] for row in result.rows] == [*range(31000, 31000 + len(STRANGE)), 30001, 30002] * 2
    assert len(result.unresolved) == 4
    assert sum(seen) == 1 + len(names)  # the instrument is a name too
    pairs: list[dict[str, Any]] = [{**HSC, "day_obs": DAY, "seq_num": number} for number in (108, 1, 104, 50, 2)]
    assert [row[0] for row in resolve_keys(butler, listed(pairs)).rows] == [31008, 30001, 31004]


@pytest.mark.parametrize("dense", [0, 1000])
def test_whole_spans_and_single_names_give_the_same(butler: Any, dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_lookup, "DENSE", dense)
    names: list[dict[str, Any]] = [{**HSC, "obs_id": name} for name in (*STRANGE, "MC_O_1", "Zz", "MC_O_2")]
    assert len(resolve_keys(butler, listed(names)).rows) == len(STRANGE) + 2
    numbers: list[dict[str, Any]] = [{**HSC, "exposure": number} for number in (30003, 31001, 31004, 5, 30001, -4)]
    assert [row[0] for row in resolve_keys(butler, listed(numbers)).rows] == [30003, 31001, 31004, 30001]
    pairs: list[dict[str, Any]] = [{**HSC, "day_obs": DAY, "seq_num": number} for number in (108, 1, 104, 50)]
    assert [row[0] for row in resolve_keys(butler, listed(pairs)).rows] == [31008, 30001, 31004]


def test_a_hundred_thousand_names(repository: Any) -> None:
    butler = repository.open()
    record = butler.dimensions["exposure"].RecordClass
    fill(butler)
    with butler.transaction():
        butler.registry.insertDimensionData(
            "exposure",
            *(record(**exposure(10**7 + number, f"X{number:06d}", 10**5 + number)) for number in range(0, 100_000, 10)),
        )
    rows: list[dict[str, Any]] = [{**HSC, "obs_id": f"X{number:06d}"} for number in range(100_000)]
    result = resolve_keys(butler, listed(rows))
    assert result.rows == [(10**7 + number, "HSC") for number in range(0, 100_000, 10)]
    assert result.origins == list(range(0, 100_000, 10))
    assert result.kinds == {"unknown": 90_000}


def test_a_lost_connection_is_a_butler_error(repository: Any) -> None:
    butler = repository.open(writeable=False)
    fill(repository.open())
    repository.sql(
        "ALTER TABLE main.detector RENAME TO gone" if repository.server else "ALTER TABLE detector RENAME TO gone"
    )
    with pytest.raises(ButlerError, match="cannot look up detectors: "):
        resolve_keys(butler, listed([{**HSC, "detector": "1_54"}]))


UNIVERSES = range(9)


@pytest.mark.parametrize("version", UNIVERSES)
def test_older_universes(tmp_path: Path, version: int) -> None:
    import lsst.daf.butler
    from lsst.daf.butler import Butler

    dimensions = Path(lsst.daf.butler.__file__).parent / f"configs/old_dimensions/daf_butler_universe{version}.yaml"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Butler.makeRepo(str(tmp_path / "repo"), dimensionConfig=str(dimensions))
        butler = Butler.from_config(str(tmp_path / "repo"), writeable=True, without_datastore=True)
    insert = butler.registry.insertDimensionData
    insert("instrument", HSC | {"name": "HSC"})
    insert("physical_filter", {**HSC, "name": "HSC-R", "band": "r"})
    new = version >= 6
    if new:
        insert("day_obs", {**HSC, "id": DAY})
        insert("group", {**HSC, "name": "g"})
    fields = butler.dimensions["exposure"].schema.names
    insert("exposure", {key: value for key, value in exposure(30001, "MC_O_1", 1).items() if key in fields})
    insert("visit_system", {**HSC, "id": 0, "name": "one-to-one"})
    visit: Mapping[str, Any] = {**HSC, "id": 30001, "name": "V", "physical_filter": "HSC-R", "day_obs": DAY}
    insert("visit", {**visit, **({"visit_system": 0} if version < 2 else {})})
    insert(
        "visit_definition", {**HSC, "exposure": 30001, "visit": 30001, **({"visit_system": 0} if version < 2 else {})}
    )
    if version >= 2:
        insert("visit_system_membership", {**HSC, "visit": 30001, "visit_system": 0})
    for row in ({"obs_id": "MC_O_1"}, {"day_obs": DAY, "seq_num": 1}):
        rows: list[dict[str, Any]] = [{**HSC, **row}]
        assert resolve_keys(butler, listed(rows)).rows == [(30001, "HSC")]
        result = resolve_keys(butler, listed(rows), target="visit", visit_system=0)
        assert result.rows == [("HSC", 30001)]
    day: list[dict[str, Any]] = [{**HSC, "day_obs": DAY}]
    if new:
        assert resolve_keys(butler, listed(day)).rows == [(DAY, "HSC")]
    else:
        with pytest.raises(ButlerError, match=rf"universe daf_butler {version}, has no dimension `day_obs`"):
            resolve_keys(butler, listed(day))
    butler.close()


def test_a_registry_without_a_field_says_so(tmp_path: Path) -> None:
    import lsst.daf.butler
    import yaml
    from lsst.daf.butler import Butler

    config = yaml.safe_load((Path(lsst.daf.butler.__file__).parent / "configs/dimensions.yaml").read_text())
    elements = config["elements"]["exposure"]["metadata"]
    config["elements"]["exposure"]["metadata"] = [one for one in elements if one["name"] != "seq_num"]
    config["namespace"] = "toy"
    (tmp_path / "dimensions.yaml").write_text(yaml.safe_dump(config))
    Butler.makeRepo(str(tmp_path / "repo"), dimensionConfig=str(tmp_path / "dimensions.yaml"))
    butler = Butler.from_config(str(tmp_path / "repo"), writeable=True, without_datastore=True)
    butler.registry.insertDimensionData("instrument", {"name": "HSC"})
    rows: list[dict[str, Any]] = [{**HSC, "day_obs": DAY, "seq_num": 1}]
    with pytest.raises(ButlerError, match=r"universe toy 8, knows no `seq_num` of its exposures: name them otherwise"):
        resolve_keys(butler, listed(rows))
    butler.close()


def test_every_row_is_converted_or_listed(butler: Any) -> None:
    names = ["MC_O_1", "MC_C_2", "nobody", "", 30001, "O'Neil"]
    detectors = [1, "1_54", 999, None]
    rows: list[dict[str, Any]] = [
        {"instrument": instrument, "exposure": name, "detector": detector, "band": band}
        for instrument, name, detector, band in itertools.product(("HSC", "Toy", "Foo"), names, detectors, ("r", ""))
    ]
    result = resolve_keys(butler, listed(rows))
    assert sorted([*result.origins, *(one.index for one in result.unresolved)]) == list(range(len(rows)))
    assert all(one.text and one.line == one.index + 2 for one in result.unresolved)
