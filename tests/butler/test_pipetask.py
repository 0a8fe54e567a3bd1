"""pipetask really run over sets, on both databases: what it made is what the sets select."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campledger.butler import pipetask
from campledger.butler.collecting import collect
from campledger.butler.pipetask import (
    Input,
    arguments,
    bps_substitutions,
    bringing_back,
    join_queries,
    select,
    write_tables,
)
from campledger.butler.store import DataIdStore
from campledger.dataids.sets import DataIdSet
from campledger.errors import ButlerError, UsageError
from tests.butler.conftest import Repository

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def butler(repository: Repository) -> Iterator[Any]:
    """A Butler with the toy's raws, written to files."""
    from lsst.daf.butler import Butler

    from tests.butler.toy import add_toy

    butler = Butler.from_config(str(repository.root), writeable=True)
    add_toy(butler)
    yield butler
    butler.close()


@pytest.fixture(autouse=True)
def _tasks_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))


def visits(*numbers: int) -> DataIdSet:
    return DataIdSet.of(["instrument", "visit"], [("Toy", number) for number in numbers])


def detectors(*pairs: tuple[int, int]) -> DataIdSet:
    rows = [("Toy", *pair) for pair in pairs]
    return DataIdSet.of(["instrument", "visit", "detector"], rows, {rows[0]: {"reason": "cloud", "day_obs": 20260101}})


def made(butler: Any, run: str, name: str = "toy_counts") -> set[tuple[int, ...]]:
    butler.registry.refresh()
    keys = ("visit", "detector") if name == "toy_counts" else ("visit",)
    refs = butler.query_datasets(name, run, limit=None, explain=False)
    return {tuple(ref.dataId[key] for key in keys) for ref in refs}


def run(repository: Repository, data: Input, **more: Any) -> int:
    from tests.butler.toy import PIPELINE

    words = arguments(
        str(repository.root), str(PIPELINE), data, output="u/me/out", extra=["--register-dataset-types"], **more
    )
    return pipetask.run(words)


def test_inclusions_and_exclusions_end_to_end(butler: Any, repository: Repository, tmp_path: Path) -> None:
    from tests.butler.toy import DETECTORS, RAW, VISITS

    store = DataIdStore(butler)
    include = store.upload(visits(*VISITS[:4], 999), "good", by="me", allow_unknown=True)
    exclude = store.upload(detectors((100, 0), (101, 2)), "bad", by="me").stored
    done = collect(butler, ["toy_raw"], [RAW], "u/me/good", exclude=[exclude])
    assert done.counts == {"toy_raw": len(VISITS) * len(DETECTORS) - 2}
    tables = write_tables([store.get("good"), visits(*VISITS[:3], 999)], tmp_path, "group-1")
    assert [file.name for file in tables] == ["group-1.instrument-visit.ecsv"]
    assert include.stored.count == 5
    data = select([RAW], ["instrument = 'Toy'", "visit != 102"], tables, tagged="u/me/good", resolved_from=[RAW])
    assert run(repository, data, output_run="u/me/out/run", config=["measure:factor=10"]) == 0
    assert made(butler, "u/me/out/run") == {(100, 1), (100, 2), (101, 0), (101, 1)}
    assert made(butler, "u/me/out/run", "toy_table") == {(100,), (101,)}
    (ref,) = butler.query_datasets("toy_counts", "u/me/out/run", instrument="Toy", visit=100, detector=1)
    assert butler.get(ref) == {"count": 1010}
    table = butler.get("toy_table", collections="u/me/out/run", instrument="Toy", visit=101)
    assert sorted(table.column("count").to_pylist()) == [1010, 1020]


def test_inclusions_of_several_dimensions_restrict_together(
    butler: Any, repository: Repository, tmp_path: Path
) -> None:
    from tests.butler.toy import RAW

    pairs = detectors((100, 0), (101, 1), (102, 2))
    filters = DataIdSet.of(["instrument", "physical_filter"], [("Toy", "toy g"), ("Toy", 'no "such", filter')])
    tables = write_tables([visits(101, 102, 103), pairs, filters], tmp_path, "some")
    assert [file.name for file in tables] == [
        "some.detector-instrument-visit.ecsv",
        "some.instrument-physical_filter.ecsv",
        "some.instrument-visit.ecsv",
    ]
    assert run(repository, select([RAW], tables=tables), output_run="u/me/out/run") == 0
    assert made(butler, "u/me/out/run") == {(102, 2)}


def test_a_graph_alone(butler: Any, repository: Repository, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from tests.butler.toy import PIPELINE, RAW

    graph = tmp_path / "some.qg"
    words = arguments(
        str(repository.root),
        f"{PIPELINE}#first",
        select([RAW], ["visit = 100", "detector = 1 OR detector = 2", "instrument = 'Toy'"]),
        command="qgraph",
        output_run="u/me/run",
        extra=["--save-qgraph", str(graph)],
    )
    assert pipetask.run(words) == 0
    assert graph.stat().st_size > 0
    assert "QuantumGraph contains 2 quanta for 1 task" in capfd.readouterr().err
    assert not butler.collections.query("u/*")


def test_inputs_that_bring_back_what_is_excluded_are_named(butler: Any) -> None:
    from lsst.daf.butler import CollectionType  # type: ignore[attr-defined]

    from tests.butler.toy import RAW

    collect(butler, ["toy_raw"], [RAW], "u/me/good", exclude=[visits(100)])
    butler.collections.register("chain", CollectionType.CHAINED)
    butler.collections.redefine_chain("chain", [RAW])
    butler.collections.register("other", CollectionType.RUN)
    assert bringing_back(butler, ["u/me/good", "other", "chain", RAW], "u/me/good", ["toy_raw"]) == ("chain", RAW)
    assert bringing_back(butler, ["u/me/good", "other"], "u/me/good", ["toy_raw"]) == ()
    assert bringing_back(butler, [RAW], "u/me/good", ["calexp"]) == ()
    with pytest.raises(ButlerError, match="nowhere"):
        bringing_back(butler, ["nowhere"], "u/me/good", ["toy_raw"])


def test_arguments() -> None:
    data = select(
        ["raw/all", "calib", "raw/all"], ["visit > 3", " ", "band='r' OR band='g'", "visit > 3"], [Path("a b")]
    )
    assert data == Input(("raw/all", "calib"), "(visit > 3) AND (band='r' OR band='g')", (Path("a b"),))
    assert arguments(
        "/repo", "p.yaml#step1", data, output="u/o", config=["isr:a=1"], config_files=["isr:f.py"], extra=["-j", "4"]
    ) == [
        *("run", "--butler-config", "/repo", "--pipeline", "p.yaml#step1", "--input", "raw/all,calib"),
        *("--output", "u/o", "--data-query", "(visit > 3) AND (band='r' OR band='g')"),
        *("--config", "isr:a=1", "--config-file", "isr:f.py", "--data-id-table", "a b", "-j", "4"),
    ]
    assert join_queries([]) == ""
    assert join_queries([" a = 1 OR b = 2 "]) == "a = 1 OR b = 2"


def test_a_tagged_collection_takes_the_place_of_what_it_was_made_from() -> None:
    data = select(["raw", "calib", "sky"], tagged="good", resolved_from=["raw", "sky"])
    assert data.collections == ("good", "calib")
    with pytest.raises(UsageError, match="`good` was resolved from `raw`, which is no input"):
        select(["defaults"], tagged="good", resolved_from=["raw"])
    with pytest.raises(UsageError, match="needs a collection"):
        select([])
    for name in ("a,b", "", " a"):
        with pytest.raises(UsageError, match="no name of a collection"):
            select([name])


def test_inclusions_without_a_common_member_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no data ID of instrument, visit is in every set"):
        write_tables([visits(1), visits(2)], tmp_path, "some")
    with pytest.raises(UsageError, match="nothing would run"):
        write_tables([visits()], tmp_path, "some")
    assert list(tmp_path.iterdir()) == []
    assert write_tables([], tmp_path, "some") == ()


def test_bps_takes_the_same(tmp_path: Path) -> None:
    (file,) = write_tables([visits(1)], tmp_path, "it's 1")
    data = select(["raw", "calib"], ["band = 'r'"], [file], tagged="good", resolved_from=["raw"])
    found = bps_substitutions(data)
    assert found["payload"] == {"inCollection": "good,calib", "dataQuery": "band = 'r'"}
    assert (
        subprocess.run(
            f"printf '%s|' {found['extraQgraphOptions']}", shell=True, text=True, capture_output=True, check=True
        ).stdout
        == f"--data-id-table|{file}|"
    )
    assert bps_substitutions(select(["raw"])) == {"payload": {"inCollection": "raw"}}
    for bad in (select(["raw"], ['band = "r"']), select(["raw"], [r"band = '\\'"]), select(["{raw}"])):
        with pytest.raises(UsageError, match="BPS"):
            bps_substitutions(bad)


def test_pipetask_fails_as_it_does(butler: Any, repository: Repository) -> None:
    assert run(repository, select(["Toy/nowhere"])) != 0


def test_pipetask_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ButlerError, match="pipetask is not installed: pip install"):
        pipetask.run(["run"])
    program = tmp_path / "pipetask"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    assert pipetask.run(["run"]) == 7
