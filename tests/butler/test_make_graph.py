"""Graphs really made without excluded data IDs: what they hold, what they rest on, and when they are refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]
PROGRAM = CHECKOUT / "campledger" / "butler" / "make_graph.py"
STEPS = Path(__file__).with_name("toy") / "steps.yaml"
DIGEST = "sha256:" + "0" * 64


@dataclass
class Site:
    """A repository with the toy's raws, and what was run there."""

    folder: Path

    @property
    def repository(self) -> str:
        return str(self.folder / "repo")

    def make(
        self, step: str, run: str, inputs: str, *sets: dict[str, Any], earlier: Sequence[str] = (), **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Make the graph of a step under the name of its RUN's last word."""
        name = run.rpartition("/")[2]
        rows = [{"graph": f"{one}.qg", "place": f"{one}/all", "submission": f"{one:a<12}"} for one in earlier]
        plan = {"exclude": list(sets), "earlier": rows, "accepted": [], "report": f"{name}.json"} | more.pop("plan", {})
        (self.folder / "plan.json").write_text(json.dumps(plan))
        words = ["qgraph", "-b", self.repository, "-p", f"{STEPS}#{step}", "-i", inputs, "--output-run", run]
        words += ["-d", "instrument='Toy'", "--save-qgraph", str(self.folder / f"{name}.qg"), *more.pop("extra", ())]
        command = [sys.executable, str(PROGRAM), str(self.folder / "plan.json"), "--", *words]
        return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)

    def execute(self, run: str, inputs: str) -> None:
        graph = str(self.folder / f"{run.rpartition('/')[2]}.qg")
        words = ["run", "-b", self.repository, "-g", graph, "-i", inputs, "--output-run", run]
        code = "from lsst.ctrl.mpexec.cli.pipetask import main; main()"
        command = [sys.executable, "-c", code, *words, "--register-dataset-types"]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def report(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}.json").read_text())

    def visits(self, name: str) -> set[int]:
        """Return the visits and exposures of a graph's inputs and quanta."""
        from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

        with PredictedQuantumGraph.open(str(self.folder / f"{name}.qg")) as reader:
            reader.read_thin_graph()
            reader.read_quantum_datasets()
            graph = reader.finish()
        ids = [row["data_id"] for _, row in graph.bipartite_xgraph.nodes(data=True)]
        return {one[key] for one in ids for key in ("visit", "exposure") if key in one.dimensions.required}


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(CHECKOUT)}


def excluded(*numbers: int, name: str = "bad", key: str = "visit") -> dict[str, Any]:
    members = [["Toy", number] for number in numbers]
    return {"name": name, "digest": DIGEST, "dimensions": ["instrument", key], "members": members}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from lsst.daf.butler import Butler

    from tests.butler.toy import add_toy

    folder = tmp_path_factory.mktemp("prepared")
    Butler.makeRepo(str(folder / "repo"))
    butler = Butler.from_config(str(folder / "repo"), writeable=True)
    add_toy(butler)
    butler.close()
    return folder


@pytest.fixture
def site(prepared: Path, tmp_path: Path) -> Site:
    shutil.copytree(prepared, tmp_path / "site")
    return Site(tmp_path / "site")


def test_what_is_excluded_between_steps_stays_out_of_the_next_one(site: Site) -> None:
    done = site.make("step1", "u/one", "Toy/raw", excluded(102))
    assert done.returncode == 0, done.stderr
    assert site.visits("one") == {100, 101, 103, 104, 105}
    assert [row["name"] for row in site.report("one")["exclusions"]["held"]] == ["bad"]
    site.execute("u/one", "Toy/raw")
    done = site.make("step2", "u/two", "u/one,Toy/raw", excluded(101, 102), earlier=["one"])
    assert done.returncode == 0, done.stderr
    assert site.visits("two") == {100, 103, 104, 105}
    assert site.report("two")["exclusions"]["held"]
    assert site.report("two")["quanta"] == {"summarise": 4}


def test_an_exposure_excludes_its_visit(site: Site) -> None:
    done = site.make("step1", "u/one", "Toy/raw", excluded(103, key="exposure"))
    assert done.returncode == 0, done.stderr
    assert site.visits("one") == {100, 101, 102, 104, 105}


@pytest.mark.parametrize("count", [1_000, 10_000])
def test_sets_may_be_larger_than_a_query_takes_terms(site: Site, count: int) -> None:
    done = site.make("step1", "u/one", "Toy/raw", excluded(*range(102, 102 + count), key="exposure"))
    assert done.returncode == 0, done.stderr
    assert site.visits("one") == {100, 101}


def test_what_went_into_an_aggregate_is_found_through_earlier_graphs_and_refused(site: Site) -> None:
    assert site.make("step1", "u/one", "Toy/raw").returncode == 0
    site.execute("u/one", "Toy/raw")
    assert site.make("step3", "u/three", "u/one", earlier=["one"]).returncode == 0
    site.execute("u/three", "u/one")
    done = site.make("step4", "u/four", "u/three", excluded(101), earlier=["three", "one"])
    assert done.returncode == 4, done.stderr
    assert "fit <- toy_combined <- toy_counts ('Toy', 101)" in done.stderr
    assert "run again from three/all" in done.stderr
    assert not list(site.folder.glob("*four*.qg")) and not list(site.folder.glob(".*.qg"))
    (row,) = site.report("four")["exclusions"]["contaminated"]
    assert row["since"] == "threeaaaaaaa"
    assert row["counts"]["members"] == row["counts"]["quanta"] == 1
    accepted = {"accepted": [{"set": "bad", "by": "vrubin", "reason": "it is small"}]}
    done = site.make("step4", "u/four", "u/three", excluded(101), earlier=["three", "one"], plan=accepted)
    assert done.returncode == 0, done.stderr
    assert (site.folder / "four.qg").exists()
    (site.folder / "one.qg").unlink()
    done = site.make("step4", "u/four", "u/three", excluded(99), earlier=["three", "one"])
    assert done.returncode == 0, done.stderr
    assert "no graph of RUN u/one, which made toy_counts" in done.stderr
    assert site.report("four")["exclusions"]["held"] == []


def test_nothing_left_is_said_with_its_cause(site: Site) -> None:
    done = site.make("step1", "u/one", "Toy/raw", excluded(*range(100, 106)))
    assert done.returncode == 5, done.stderr
    assert "exclusions took away 18 quanta" in done.stderr
    assert not list(site.folder.glob("*.qg"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exclude": 3}, "plan.exclude: expected list"),
        ({"exclude": [excluded(1) | {"members": [["Toy"]]}]}, "exclude[0].members[0]: expected a list of 2 values"),
        ({"exclude": [excluded(1) | {"members": [["Toy", "1"]]}]}, "`1` is no visit: expected int"),
        ({"exclude": [excluded(1, key="vi\x1bsit")]}, "unknown dimension `vi\\x1bsit`"),
        ({"exclude": [excluded(1), excluded(2)]}, "duplicate name `bad`"),
        ({"strange": 1}, "unknown key `strange`"),
        ({"accepted": [{"set": "x", "by": "y", "reason": "z"}]}, "accepted[0].set: `x` is not among the exclusions"),
    ],
)
def test_a_wrong_plan_is_named_by_its_key(site: Site, change: dict[str, Any], message: str) -> None:
    done = site.make("step1", "u/one", "Toy/raw", plan=change)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
