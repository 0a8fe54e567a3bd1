"""Data IDs out of real FITS files, and out of what `astrometadata` writes of them."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from campledger.butler.headers import rows_of_files
from campledger.butler.keys import resolve_keys
from campledger.errors import ButlerError

HEADER: dict[str, Any] = {
    "TELESCOP": "Subaru",
    "INSTRUME": "Hyper Suprime-Cam",
    "EXP-ID": "HSCE00903342",
    "FRAMEID": "HSCA90334254",
    "DET-ID": 1,
    "T_CCDSN": "087",
    "FILTER01": "HSC-R",
    "DATE-OBS": "2013-06-17",
    "UT-STR": "13:34:45.7",
    "UT-END": "13:35:17.9",
    "MJD": 56460.5,
    "EXPTIME": 30.0,
    "OBJECT": "STRIPE82L",
    "DATA-TYP": "OBJECT",
    "PROP-ID": "o13015",
    "FOC-VAL": 3.7,
    "ADC-STR": 0.1,
    "AIRMASS": 1.1,
    "INR-STR": 0.0,
    "INST-PA": 90.0,
    "RA2000": "21:20:59.982",
    "DEC2000": "+00:15:00.07",
    "ALTITUDE": 69.5,
    "AZIMUTH": 161.4,
    "OUT-TMP": 275.0,
    "DOM-TMP": 275.0,
    "OUT-PRS": 621.0,
    "DOM-PRS": 621.0,
    "OUT-HUM": 20.0,
    "DOM-HUM": 20.0,
}
"""A header with all that astro_metadata_translator's HSC translator asks for (translators/hsc.py there)."""

DECAM: dict[str, Any] = {
    "TELESCOP": "CTIO 4.0-m telescope",
    "INSTRUME": "DECam",
    "EXPNUM": 229388,
    "CCDNUM": 1,
    "DETPOS": "S29",
    "OBSID": "ct4m20130901t060255",
    "FILTER": "z DECam SDSS c0004 9260.0 1520.0",
    "DATE-OBS": "2013-09-01T06:02:55.754",
    "OBSTYPE": "object",
}

ROW = {"instrument": "HSC", "exposure": 903342, "detector": 1, "physical_filter": "HSC-R", "day_obs": 20130617}


def write(path: Path, header: dict[str, Any], extension: dict[str, Any] | None = None) -> Path:
    from astropy.io import fits

    primary = fits.PrimaryHDU()
    primary.header.update(header)
    further = [] if extension is None else [fits.ImageHDU(header=fits.Header(extension))]
    fits.HDUList([primary, *further]).writeto(path)
    return path


def without(*cards: str) -> dict[str, Any]:
    return {card: value for card, value in HEADER.items() if card not in cards}


def test_headers_become_rows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "a.fits", HEADER)
    (tmp_path / "night").mkdir()
    write(tmp_path / "night/b.fits.gz", {**HEADER, "DET-ID": 2})
    write(tmp_path / "night/c.fit", without("DET-ID"), {"DET-ID": 3})
    write(tmp_path / "night/d #1 100%20.fits", DECAM)
    (tmp_path / "night/notes.txt").write_text("no FITS file")
    with caplog.at_level(logging.WARNING):
        found = rows_of_files([tmp_path / "a.fits", str(tmp_path / "night")])
    night = tmp_path / "night"
    assert found.problems == ()
    assert found.rows == [
        {"filename": str(tmp_path / "a.fits"), **ROW},
        {"filename": str(night / "b.fits.gz"), **ROW, "detector": 2},
        {"filename": str(night / "c.fit"), **ROW, "detector": 3},
        {
            "filename": str(night / "d #1 100%20.fits"),
            "instrument": "DECam",
            "exposure": 229388,
            "detector": 1,
            "physical_filter": "z DECam SDSS c0004 9260.0 1520.0",
            "day_obs": 20130831,
        },
    ]
    assert found.columns == ("filename", *ROW)
    assert caplog.text == ""


def test_visits_as_the_header_numbers_them(tmp_path: Path) -> None:
    found = rows_of_files([write(tmp_path / "a.fits", HEADER)], names="visit")
    assert [row["visit"] for row in found.rows] == [903342]
    assert "exposure" not in found.columns


@pytest.mark.filterwarnings("ignore:Keyword name '__CONTENT__'")  # what writes them trips over astropy's rules
@pytest.mark.parametrize("content", ["translated", "metadata"])
def test_sidecars_and_indexes(tmp_path: Path, content: str) -> None:
    from astro_metadata_translator.bin.writeindex import write_index_files
    from astro_metadata_translator.bin.writesidecar import write_sidecar_files
    from astro_metadata_translator.indexing import calculate_index

    files = [str(write(tmp_path / f"{number}.fits", {**HEADER, "DET-ID": number})) for number in (1, 2)]
    assert write_sidecar_files(files, r"\.fits", 0, content, False)[1] == []
    if content == "translated":
        assert write_index_files(files, r"\.fits", 0, False)[1] == []
    else:  # with astropy's headers, rather than those of LSST's stack, `astrometadata write-index` fails at this
        headers: dict[str, Any] = {f"{number}.fits": {**HEADER, "DET-ID": number} for number in (1, 2)}
        (tmp_path / "_index.json").write_text(json.dumps(calculate_index(headers, content)))
    wanted = [{**ROW, "detector": number} for number in (1, 2)]
    for found, ending in (
        (rows_of_files([tmp_path / "1.json", tmp_path / "2.json"]), ".json"),
        (rows_of_files([tmp_path / "_index.json"]), ".fits"),
    ):
        assert found.problems == ()
        assert [Path(str(row.pop("filename"))) for row in found.rows] == [tmp_path / f"{n}{ending}" for n in (1, 2)]
        assert found.rows == wanted


def test_an_old_sidecar_does_not_say_what_it_holds(tmp_path: Path) -> None:
    said = {"instrument": "HSC", "observation_id": "HSCA1", "detector_unique_name": "1_54", "observing_day": None}
    (tmp_path / "a.json").write_text(json.dumps(said))
    (tmp_path / "b.json").write_text(json.dumps(HEADER))
    rows = rows_of_files([tmp_path / "a.json", tmp_path / "b.json"]).rows
    assert rows[0] == {
        "filename": str(tmp_path / "a.json"),
        "instrument": "HSC",
        "obs_id": "HSCA1",
        "full_name": "1_54",
    }
    assert rows[1] == {"filename": str(tmp_path / "b.json"), **ROW}


def test_what_cannot_be_translated_is_a_problem_of_its_file(tmp_path: Path) -> None:
    write(tmp_path / "unknown.fits", {"INSTRUME": "my webcam"})
    write(tmp_path / "nameless.fits", without("EXP-ID", "FRAMEID"))
    (tmp_path / "text.fits").write_text("no FITS file")
    (tmp_path / "empty.fits").write_bytes(b"")
    (tmp_path / "cut.json").write_text('{"a": ')
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "list.json").write_text("[1]")
    index = {
        "__CONTENT__": "translated",
        "__COMMON__": {"instrument": "HSC"},
        "1.fits": {"exposure_id": 5},
        "2.fits": 5,
        "3.fits": {"exposure_id": "5"},
        "4.fits": {"detector_num": 5},
        "5.fits": {"exposure_id": True},
    }
    (tmp_path / "index.json").write_text(json.dumps(index))
    (tmp_path / "foreign.json").write_text(json.dumps({"__CONTENT__": "translated", "exposure_id": 5}))
    names = [
        "unknown.fits",
        "nameless.fits",
        "text.fits",
        "empty.fits",
        "gone.fits",
        "cut.json",
        "deep.json",
        "list.json",
    ]
    found = rows_of_files([tmp_path / name for name in (*names, "index.json", "foreign.json")])
    assert [row["exposure"] for row in found.rows] == [5]
    told = [(Path(problem.path).name, problem.message) for problem in found.problems]
    assert [name for name, _ in told] == [*names, *["index.json"] * 4, "foreign.json"]
    messages = [message.replace(f"{tmp_path}/", "") for _, message in told]
    assert messages[0].startswith("its header cannot be translated: None of the registered translation classes")
    assert messages[1] == "its header names no exposure"
    assert all(message.startswith("cannot be read: ") for message in messages[2:7])
    assert messages[7:] == [
        "is no sidecar and no index of headers: it holds no JSON object",
        "2.fits: its entry in the index is no JSON object",
        "3.fits: its header says `5` for exposure_id, which is not a number",
        "4.fits: its header names no exposure",
        "5.fits: its header says `True` for exposure_id, which is not a number",
        "its header names no instrument",
    ]
    assert {problem.rule for problem in found.problems} == {"unreadable"}


def test_translators_of_other_packages_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy_translator_of_a_test.py").write_text(
        "from astro_metadata_translator import FitsTranslator\n"
        "class Toy(FitsTranslator):\n"
        "    name = 'ToyOfATest'\n"
        "    supported_instrument = 'ToyOfATest'\n"
        "    _trivial_map = {'instrument': 'INSTRUME', 'exposure_id': 'SHOT', 'observation_id': 'SHOTNAME'}\n"
        "    _const_map = {'detector_num': 4, 'detector_unique_name': 'X', 'visit_id': None, 'physical_filter': 'V',\n"
        "                  'observing_day': 20250417, 'observation_counter': 1}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("METADATA_TRANSLATORS", "no_such_module:toy_translator_of_a_test")
    file = write(tmp_path / "a.fits", {"INSTRUME": "ToyOfATest", "SHOT": 9})
    other = write(tmp_path / "b.fits", {"INSTRUME": "ToyOfATest", "SHOTNAME": "s-10"})
    found = rows_of_files([file, other])
    row = {"instrument": "ToyOfATest", "detector": 4, "physical_filter": "V", "day_obs": 20250417}
    assert found.problems == ()
    assert found.rows == [
        {"filename": str(file), "exposure": 9, **row},
        {"filename": str(other), "obs_id": "s-10", **row},
    ]


def test_without_the_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "astro_metadata_translator", None)
    with pytest.raises(ButlerError, match=r"pip install 'campledger\[butler\]'"):
        rows_of_files(["a.fits"])


def test_headers_name_what_a_registry_knows(repository: Any, tmp_path: Path) -> None:
    fits = tmp_path / "fits"
    fits.mkdir()
    write(fits / "known.fits", HEADER)
    write(fits / "tonight.fits", {**HEADER, "EXP-ID": "HSCE00999998", "FRAMEID": "HSCA99999854"})
    write(fits / "wrong.fits", {**HEADER, "FILTER01": "HSC-G"})
    result = resolve_keys(repository.open(writeable=False), rows_of_files([fits]))
    assert (result.dimensions, result.rows) == (("detector", "exposure", "instrument"), [(1, 903342, "HSC")])
    assert result.attributes == ("physical_filter", "day_obs")
    tonight, wrong = result.unresolved
    assert (tonight.kind, wrong.kind) == ("unknown", "contradiction")
    assert tonight.text == f"filename={fits / 'tonight.fits'}, instrument=HSC, exposure=999998, detector=1"
    assert tonight.entry == {"instrument": "HSC", "exposure": 999998, "detector": 1}
