"""Campaigns planned from trees of submit files: nothing lost, nothing guessed, the same every time."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from campledger.bps.importer import ImportPlan, PlannedCampaign, PlannedSubmission, plan
from campledger.errors import DataError
from campledger.model import rules
from campledger.model.campaign import Campaign

PROJECT = Path(__file__).parents[2]
SAMPLE = PROJECT / "../shared/data/dp02-processing"
needs_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason="shared data is not beside the checkout")
CHAIN = "2.2i/runs/DP/v23_0_1/PREOPS-9"


@dataclass(frozen=True)
class File:
    """A submit file to be written."""

    query: str = "instrument='LSSTCam-imSim' and skymap='DC2'"
    subset: str = "step1"
    campaign: str = "v23_0_1/PREOPS-9"
    skip: str = ""
    image: str = "v23_0_1"
    payload: str = "2.2i/runs/DP"
    inputs: str = "2.2i/defaults"
    more: str = ""

    @property
    def text(self) -> str:
        options = f'extraQgraphOptions: "--clobber-outputs --skip-existing-in {self.skip}"' if self.skip else ""
        return f"""\
includeConfigs:
- ${{CTRL_BPS_DIR}}/config/bps_idf.yaml
- memory.yaml
project: dp02
campaign: {self.campaign}
pipelineYaml: "${{OBS_LSST_DIR}}/pipelines/DRP.yaml#{self.subset}"  # the step
payload:
  payloadName: {self.payload}
  output: "{{payloadName}}/{{campaign}}"
  butlerConfig: s3://bucket/dc2/butler.yaml
  inCollection: "{self.inputs}"
  dataQuery: "{self.query}"
  sw_image: "lsstsqre/centos:7-stack-lsst_distrib-{self.image}"
{options}
{self.more}
"""


def write(root: Path, files: dict[str, File | str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else content.text)
        memory = path.parent / "memory.yaml"
        if isinstance(content, File) and not memory.exists():
            memory.write_text("pipetask: {isr: {requestMemory: 4096}}\n")
    return root


def visits(group: int, more: str = "") -> str:
    """Return the query of a numbered group: a hundred exposures."""
    return f"instrument='LSSTCam-imSim' and exposure >= {group * 100} and exposure < {group * 100 + 100}{more}"


def only(planned: ImportPlan) -> PlannedCampaign:
    assert len(planned.campaigns) == 1
    return planned.campaigns[0]


def submissions(planned: ImportPlan) -> dict[str, PlannedSubmission]:
    return {item.ref: item for campaign in planned.campaigns for item in campaign.submissions}


def doubts(planned: ImportPlan, path: str) -> list[str]:
    return [line.message for line in planned.report if line.path == path and line.verdict == "ambiguous"]


def check(root: Path, planned: ImportPlan) -> None:
    """Check what holds for every plan: documents are valid, references resolve, and no file is lost."""
    schema = json.loads((PROJECT / "schemas/campaign.schema.json").read_text())
    of_events = json.loads((PROJECT / "schemas/event.schema.json").read_text())["$defs"]
    validator = jsonschema.Draft202012Validator(schema)
    keys = {campaign.key for campaign in planned.campaigns}
    refs = [item.ref for campaign in planned.campaigns for item in campaign.submissions]
    assert len(keys) == len(planned.campaigns) == len({campaign.name for campaign in planned.campaigns})
    assert max(Counter(refs).values(), default=1) == 1, "a submission stands in two campaigns"
    for campaign in planned.campaigns:
        assert [error.message for error in validator.iter_errors(campaign.definition)] == []
        assert [item for item in rules.findings(campaign.definition) if item.rule != "placeholder"] == []
        assert {path for _, path in rules.references(campaign.definition)} <= campaign.files.keys()
        assert str(root) not in json.dumps(campaign.definition)
        assert campaign.parent_key is None or campaign.parent_key in keys - {campaign.key}
        groups = Campaign("x", campaign.definition).groups
        own = {item.ref for item in campaign.submissions}
        for item in campaign.submissions:
            assert item.groups
            assert set(item.groups) <= groups.keys()
            assert set(item.parents) <= own - {item.ref}
            assert (root / item.ref).read_bytes() == campaign.files[item.file]
            assert item.relation in of_events["submission"]["properties"]["relation"]["enum"]
            jsonschema.validate(item.deviations, of_events["deviations"])
        assert set(groups) == {name for item in campaign.submissions for name in item.groups}
    on_disk = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    told = {line.path for line in planned.report}
    assert {path for path in on_disk if not path.startswith(".git/")} <= told
    taken = [line.path for line in planned.report if line.verdict == "taken"]
    assert set(refs) <= set(taken)


@pytest.fixture
def production(tmp_path: Path) -> Path:
    """Write a step of 40 groups with rescues of all shapes, and a second step."""
    files: dict[str, File | str] = {}
    for group in range(1, 41):
        one = File(visits(group), campaign=f"v23_0_1/PREOPS-9/step1_{group}")
        files[f"step1/step1_{group}.yaml"] = one
        files[f"step2/step2_{group}.yaml"] = replace(one, subset="step2", campaign=f"v23_0_1/PREOPS-9/step2_{group}")
    for group in (7, 9):
        files[f"step1/step1_rescue_all_{group}.yaml"] = File(
            visits(group), campaign=f"v23_0_1/PREOPS-9/step1_{group}", skip=f"{CHAIN}/step1_{group}"
        )
    for low, high in ((0, 94), (95, 188)):
        files[f"step1/step1_rescue_11_det{low}-{high}.yaml"] = File(
            visits(11, f" and detector in ({low}..{high})"),
            campaign="v23_0_1/PREOPS-9/step1_11",
            skip=f"{CHAIN}/step1_11",
        )
    files["step1/step1_rescue2_7.yaml"] = File(
        visits(7), campaign="v23_0_1/PREOPS-9/step1_7", skip="{output}", image="v23_0_2", subset="isr,calibrate"
    )
    files["step1/step1_rescue2_11.yaml"] = File(
        visits(11, " and detector < 50"), campaign="v23_0_1/PREOPS-9/step1_11", skip=f"{CHAIN}/step1_11"
    )
    files["step1/step1_rescue_20_21_22.yaml"] = File(
        "instrument='LSSTCam-imSim' and exposure in (2050..2199, 2250)",
        campaign="v23_0_1/PREOPS-9/step1_rescue",
        skip=",".join(f"{CHAIN}/step1_{group}" for group in (20, 21, 22)),
        more="pipetask: {isr: {requestMemory: 16000}}",
    )
    files["step1/template.yaml"] = File(
        "instrument='LSSTCam-imSim' and exposure >= LOWEXP and exposure < HIGHEXP",
        campaign="v23_0_1/PREOPS-9/step1_GNUM",
    )
    return write(tmp_path, files)


def test_a_production_of_many_groups_and_rescues(production: Path) -> None:
    planned = plan(production)
    check(production, planned)
    campaign = only(planned)
    assert campaign.key == "bps:dp02:2.2i/runs/DP:v23_0_1/PREOPS-9"
    assert campaign.name == "DP-v23_0_1-PREOPS-9"
    assert campaign.definition["tickets"] == [{"key": "PREOPS-9", "type": "campaign"}]
    steps = {step["name"]: step for step in campaign.definition["steps"]}
    assert list(steps) == ["step1", "step2"]
    assert steps["step2"]["prerequisites"] == ["step1"]
    assert [group["name"] for group in steps["step1"]["groups"]] == [str(number) for number in range(1, 41)]
    made = submissions(planned)
    assert len(made) == 80 + 7
    assert Counter(item.relation for item in made.values()) == {"first": 80, "rescue": 7}
    assert not [line for line in planned.report if line.verdict == "ambiguous"]


def test_rescues_find_their_parents(production: Path) -> None:
    made = {ref.removeprefix("step1/"): item for ref, item in submissions(plan(production)).items()}

    def parents(name: str) -> list[str]:
        return [ref.removeprefix("step1/").removesuffix(".yaml") for ref in made[name].parents]

    assert parents("step1_rescue_all_7.yaml") == ["step1_7"]
    assert parents("step1_rescue2_7.yaml") == ["step1_rescue_all_7"]
    assert parents("step1_rescue_11_det0-94.yaml") == ["step1_11"]
    assert parents("step1_rescue_11_det95-188.yaml") == ["step1_11"]
    assert parents("step1_rescue2_11.yaml") == ["step1_rescue_11_det0-94", "step1_11"]  # some detectors below 0
    assert parents("step1_rescue_20_21_22.yaml") == ["step1_20", "step1_21", "step1_22"]
    assert made["step1_rescue_20_21_22.yaml"].groups == ("step1/20", "step1/21", "step1/22")


def test_rescues_record_how_they_deviate(production: Path) -> None:
    made = submissions(plan(production))
    assert made["step1/step1_7.yaml"].deviations == {}
    whole = made["step1/step1_rescue_all_7.yaml"].deviations
    assert whole == {"options": f"--clobber-outputs --skip-existing-in {CHAIN}/step1_7"}
    second = made["step1/step1_rescue2_7.yaml"].deviations
    assert second["pipeline"] == "${OBS_LSST_DIR}/pipelines/DRP.yaml#isr,calibrate"
    assert second["image"].endswith("v23_0_2")
    several = made["step1/step1_rescue_20_21_22.yaml"].deviations
    assert several["query"] == "instrument='LSSTCam-imSim' and exposure in (2050..2199, 2250)"
    assert several["memory"] == "isr: 4096 -> 16000"
    assert several["other"] == f"output: {CHAIN}/step1_rescue"


def test_templates_are_kept_but_are_no_submissions(production: Path) -> None:
    planned = plan(production)
    lines = [line for line in planned.report if line.path == "step1/template.yaml"]
    assert [line.verdict for line in lines] == ["left out"]
    assert "GNUM, HIGHEXP, LOWEXP" in lines[0].message
    assert "bps/step1/template.yaml" in only(planned).files


def test_copies_keep_the_layout_that_includes_need(production: Path) -> None:
    files = only(plan(production)).files
    assert files["bps/step1/memory.yaml"] == (production / "step1/memory.yaml").read_bytes()
    assert all(path.startswith("bps/") for path in files)


def test_groups_that_share_one_output_chain_are_told_apart_by_their_queries(tmp_path: Path) -> None:
    files: dict[str, File | str] = {f"step1_{group}.yaml": File(visits(group)) for group in range(1, 13)}
    files["step1_rescue_3_4.yaml"] = File("instrument='LSSTCam-imSim' and exposure in (310..420)", skip="{output}")
    files["step1_rescue_2_9.yaml"] = File(visits(9), skip="{output}")
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    made = submissions(planned)
    assert made["step1_rescue_3_4.yaml"].parents == ("step1_3.yaml", "step1_4.yaml")
    assert made["step1_rescue_2_9.yaml"].parents == ("step1_9.yaml",)
    assert "number of the rescue" in made["step1_rescue_2_9.yaml"].text


def test_a_name_that_contradicts_the_query_is_a_doubt(tmp_path: Path) -> None:
    files: dict[str, File | str] = {f"step1_{group}.yaml": File(visits(group)) for group in (1, 2, 30)}
    files["step1_rescue_30.yaml"] = File(visits(2), skip="{output}")
    planned = plan(write(tmp_path, files))
    assert submissions(planned)["step1_rescue_30.yaml"].parents == ("step1_2.yaml",)
    assert "its name says group 30" in doubts(planned, "step1_rescue_30.yaml")[0]


def test_a_query_that_cannot_be_read_leaves_the_name_or_a_doubt(tmp_path: Path) -> None:
    unclear = "instrument='LSSTCam-imSim' and visit.timespan overlaps (T'2020-01-01', T'2020-01-02')"
    files: dict[str, File | str] = {f"step1_{group}.yaml": File(visits(group)) for group in (1, 2)}
    files["step1_rescue_2.yaml"] = File(unclear, skip="{output}")
    files["step1_rescue.yaml"] = File(unclear, skip="{output}")
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    made = submissions(planned)
    assert made["step1_rescue_2.yaml"].parents == ("step1_2.yaml",)
    assert made["step1_rescue_2.yaml"].groups == ("step1/2",)
    assert "does not tell which groups" in doubts(planned, "step1_rescue.yaml")[0]
    assert made["step1_rescue.yaml"].parents == ()


def test_two_rescues_without_an_order_are_a_doubt(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "step1_1.yaml": File(visits(1)),
        "step1_rescue_1.yaml": File(visits(1), skip="{output}"),
        "step1_rescue_all_1.yaml": File(visits(1, " and detector=3"), skip="{output}"),
    }
    planned = plan(write(tmp_path, files))
    made = submissions(planned)
    for name in ("step1_rescue_1.yaml", "step1_rescue_all_1.yaml"):
        assert made[name].parents == ("step1_1.yaml",)
        assert "which came first is not said" in doubts(planned, name)[0]


def test_a_rescue_that_skips_another_rescue_follows_it(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "step1_1.yaml": File(visits(1), campaign="v23_0_1/PREOPS-9/step1_1"),
        "step1_rescue_1.yaml": File(visits(1), campaign="v23_0_1/PREOPS-9/step1_rescue_1", skip=f"{CHAIN}/step1_1"),
        "step1_rescue_b_1.yaml": File(
            visits(1), campaign="v23_0_1/PREOPS-9/step1_rescueb_1", skip=f"{CHAIN}/step1_1,{CHAIN}/step1_rescue_1"
        ),
    }
    files["step1_rescue_b_1.yaml"] = replace(
        File(visits(1), campaign="v23_0_1/PREOPS-9/step1_rescue_b_1"), skip=f"{CHAIN}/step1_rescue_1"
    )
    planned = plan(write(tmp_path, files))
    assert submissions(planned)["step1_rescue_b_1.yaml"].parents == ("step1_rescue_1.yaml",)


def test_a_rescue_of_what_is_not_there_is_still_a_submission(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "step1_rescue_4.yaml": File(visits(4), skip=f"{CHAIN}/step1_4"),
        "step2.yaml": File(subset="step2"),
    }
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    rescue = submissions(planned)["step1_rescue_4.yaml"]
    assert (rescue.groups, rescue.relation, rescue.parents) == (("step1/4",), "rescue", ())
    assert "nothing before it in the tree covers its data" in doubts(planned, "step1_rescue_4.yaml")[0]


def test_a_rescue_of_another_campaign_names_it(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "old/step1.yaml": File(),
        "new/step1_rescue.yaml": File(campaign="v23_0_2/PREOPS-9", skip=CHAIN),
    }
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    later = next(campaign for campaign in planned.campaigns if "v23_0_2" in campaign.name)
    assert later.parent_key == "bps:dp02:2.2i/runs/DP:v23_0_1/PREOPS-9"
    assert "an output of DP-v23_0_1-PREOPS-9" in doubts(planned, "new/step1_rescue.yaml")[0]


def test_a_rescue_by_its_options_alone(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "step1.yaml": File(),
        "step1_again.yaml": File(skip="{output}"),
        "step2.yaml": File(subset="step2", skip="{output}"),
    }
    made = submissions(plan(write(tmp_path, files)))
    assert (made["step1_again.yaml"].relation, made["step1_again.yaml"].parents) == ("rescue", ("step1.yaml",))
    assert made["step2.yaml"].relation == "first"
    assert "nothing before it in the tree" in made["step2.yaml"].text


def test_a_restart(tmp_path: Path) -> None:
    made = submissions(plan(write(tmp_path, {"step1.yaml": File(), "step1_restart.yaml": File()})))
    assert (made["step1_restart.yaml"].relation, made["step1_restart.yaml"].parents) == ("restart", ("step1.yaml",))


def test_the_whole_and_its_parts(tmp_path: Path) -> None:
    base = "skymap='DC2' and tract"
    files: dict[str, File | str] = {
        "step5.yaml": File(f"{base} in (1, 2)", subset="step5"),
        "step5a.yaml": File(f"{base}=1", subset="step5"),
        "step5b.yaml": File(f"{base}=2", subset="step5"),
        "step5c.yaml": File(f"{base} in (1, 2)", subset="consolidate"),
        "step5_rescue.yaml": File(f"{base} in (1, 2)", subset="step5", skip="{output}"),
        "step5_rescue_a.yaml": File(f"{base}=1", subset="step5", skip="{output}"),
    }
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    made = submissions(planned)
    assert made["step5.yaml"].groups == ("step5/a", "step5/b")
    assert made["step5.yaml"].deviations == {}
    assert made["step5a.yaml"].groups == ("step5/a",)
    assert made["step5c.yaml"].groups == ("step5/c",)
    assert "which of them superseded the other is not said" in doubts(planned, "step5.yaml")[0]
    assert "a part of the step or a completion" in doubts(planned, "step5c.yaml")[0]
    assert made["step5_rescue.yaml"].parents == ("step5.yaml",)
    assert made["step5_rescue.yaml"].groups == ("step5/a", "step5/b")
    assert made["step5_rescue_a.yaml"].parents == ("step5a.yaml",)


def test_superseded_duplicates_are_submissions_that_say_so(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "old/step1_1.yaml": File(visits(1), image="v23_0_0"),
        "new/step1_1.yaml": File(visits(1)),
        "a/step1_2.yaml": File(visits(2)),
        "b/step1_2.yaml": File(visits(2)),
        "a/step1_3.yaml": File(visits(3)),
        "b/step1_3.yaml": File(visits(3), image="v23_0_0"),
        "a/step1_4.yaml": File(visits(4)),
        "b/step1_4.yaml": File(visits(5)),
        "a/step1_4_v2.yaml": File(visits(4)),
    }
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    made = submissions(planned)
    assert len(made) == len(files)
    replacing = made["new/step1_1.yaml"]
    assert (replacing.relation, replacing.parents) == ("replacement", ("old/step1_1.yaml",))
    assert "superseded by new/step1_1.yaml" in made["old/step1_1.yaml"].text
    assert "image" in made["old/step1_1.yaml"].deviations
    assert "says the same" in doubts(planned, "b/step1_2.yaml")[0]
    assert "in another way" in doubts(planned, "b/step1_3.yaml")[0]
    assert made["b/step1_4.yaml"].groups == ("step1/4-b",)
    assert made["a/step1_4_v2.yaml"].groups == ("step1/4",)


def test_parts_of_one_step_do_not_wait_for_each_other(tmp_path: Path) -> None:
    steps = ("step1", "step2a", "step2b", "step3", "step10", "isr")
    files: dict[str, File | str] = {f"{step}.yaml": File(subset=step) for step in steps}
    campaign = only(plan(write(tmp_path, files)))
    found = [(step["name"], step.get("prerequisites", [])) for step in campaign.definition["steps"]]
    assert found == [
        ("step1", []),
        ("step2a", ["step1"]),
        ("step2b", ["step1"]),
        ("step3", ["step2a", "step2b"]),
        ("step10", []),
        ("isr", []),
    ]


def test_names_that_disagree_are_doubts(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "step1_3.yaml": File(visits(3), campaign="v23_0_1/PREOPS-9/step1_4"),
        "step2.yaml": File(subset="step3"),
        "step6.yaml": File(subset="step6", campaign="v23_0_1/PREOPS-9/step7"),
        "whatever.yaml": File(subset="a,b"),
    }
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    made = submissions(planned)
    assert made["step1_3.yaml"].groups == ("step1/4",)
    assert made["step2.yaml"].groups == ("step3/all",)
    assert made["step6.yaml"].groups == ("step7/all",)
    assert made["whatever.yaml"].groups == ("whatever/all",)
    assert all(doubts(planned, name) for name in files)


def test_common_values_stand_where_they_are_common(production: Path) -> None:
    definition = only(plan(production, {"butlers": {"s3://*": "dc2"}, "owner": "someone"})).definition
    assert definition["data"] == {"butler": "dc2", "inputs": ["2.2i/defaults"]}
    assert definition["software"]["stack"] == "v23_0_1"
    assert definition["scope"] == {"instrument": "LSSTCam-imSim"}
    assert definition["extra"]["bps"]["butlerConfig"] == "s3://bucket/dc2/butler.yaml"
    assert definition["owner"] == "someone"
    step = definition["steps"][0]
    assert step["processing"]["pipelines"] == ["${OBS_LSST_DIR}/pipelines/DRP.yaml#step1"]
    assert step["processing"]["memory"] == "bps/step1/memory.yaml"
    group = step["groups"][6]
    assert group["data"] == {"output": f"{CHAIN}/step1_7", "queries": [visits(7)]}
    assert group["processing"]["bps"]["file"] == "bps/step1/step1_7.yaml"


def test_the_same_tree_gives_the_same_plan_wherever_it_stands(production: Path, tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "tree"
    for path in sorted(production.rglob("*"), reverse=True):
        if path.is_file():
            target = elsewhere / path.relative_to(production)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    assert plan(production) == plan(production) == plan(elsewhere)


def test_the_map_settles(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "a/step1.yaml": File(),
        "a/step1_last.yaml": File(subset="consolidate"),
        "a/step2.yaml": File(campaign="w_2026_02/PREOPS-9", subset="step2"),
        "attic/step1.yaml": File(image="x"),
    }
    settled = {
        "production": "alert",
        "kind": "data-release",
        "tags": ["dp"],
        "files": {
            "a/step1_last.yaml": {"group": "all", "relation": "rescue", "parents": ["a/step1.yaml"]},
            "a/step2.yaml": {"campaign": "v23_0_1/PREOPS-9"},
            "attic/*": {"skip": True},
            "nothing/*": {"skip": True},
        },
    }
    planned = plan(write(tmp_path, files), settled)
    check(tmp_path, planned)
    campaign = only(planned)
    assert campaign.definition["production"] == "alert"
    assert campaign.definition["kind"] == "data-release"
    made = submissions(planned)
    assert made.keys() == {"a/step1.yaml", "a/step1_last.yaml", "a/step2.yaml"}
    last = made["a/step1_last.yaml"]
    assert (last.groups, last.relation, last.parents) == (("step1/all",), "rescue", ("a/step1.yaml",))
    assert last.deviations["pipeline"].endswith("#consolidate")
    assert not [line for line in planned.report if line.verdict == "ambiguous"]
    verdicts = {line.path: line.message for line in planned.report if line.verdict == "left out"}
    assert verdicts["attic/step1.yaml"] == "left out as the map says"
    assert "decides about no file" in verdicts["nothing/*"]


def test_the_map_may_name_several_groups(tmp_path: Path) -> None:
    files: dict[str, File | str] = {f"step1_{group}.yaml": File(visits(group)) for group in (1, 2)}
    files["step1_both.yaml"] = File("exposure in (150, 250)")
    rule = {"step1_both.yaml": {"group": ["1", "2"], "relation": "replacement", "parents": ["step1_1.yaml", "gone"]}}
    planned = plan(write(tmp_path, files), {"files": rule})
    check(tmp_path, planned)
    both = submissions(planned)["step1_both.yaml"]
    assert (both.groups, both.parents) == (("step1/1", "step1/2"), ("step1_1.yaml",))
    assert doubts(planned, "step1_both.yaml") == [
        "the map names the parent gone, which is no submission of this campaign"
    ]


@pytest.mark.parametrize(
    ("settled", "message"),
    [
        ({"prodution": "x"}, "has no key `prodution`"),
        ({"production": "a b"}, "production"),
        ({"tags": "x"}, "tags is no list"),
        ({"butlers": []}, "butlers is no mapping"),
        ({"files": {"x": {"relation": "cousin"}}}, "`cousin` is none of"),
        ({"files": {"x": {"group": "a/b"}}}, "group"),
        ({"files": {"x": {"skip": "yes"}}}, "skip is true or false"),
        ({"files": {"x": {"step": 1}}}, "quote numbers"),
        ({"files": {"x": {"parents": "y"}}}, "parents is no list"),
    ],
)
def test_a_malformed_map_is_refused(tmp_path: Path, settled: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        plan(tmp_path, settled)


def test_hostile_files_end_in_the_report(tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {"step1.yaml": File(), "a/step2.yaml": File(subset="step2")})
    (root / "bomb.yaml").write_text("a: &a [x,x]\n" + "".join(f"{n}: &n{n} [*a,*a]\n" for n in range(2000)))
    (root / "binary.yaml").write_bytes(os.urandom(2000))
    (root / "latin.yaml").write_bytes("a: é".encode("latin-1"))
    (root / "tabs.yaml").write_text("a:\n\tb: 1\n")
    (root / "list.yaml").write_text("- 1\n")
    (root / "scalar.yml").write_text("just words")
    (root / "empty.yaml").touch()
    (root / "README.md").write_text("# words")
    (root / "huge.yaml").write_bytes(b"a" * 3_000_000)
    (root / "odd.yaml").write_text("? {a: b}\n: c\n1: 2\n~: 3\npayload: [1]\npipelineYaml: {a: b}\n")
    (root / "out.yaml").symlink_to("/etc/hostname")
    (tmp_path / "secret.yaml").write_text("campaign: secret\n")
    (root / "climbs.yaml").write_text("includeConfigs: [../secret.yaml, /etc/hostname, out.yaml]\n" + File().text)
    planned = plan(root)
    check(root, planned)
    assert set(submissions(planned)) == {"step1.yaml", "a/step2.yaml", "climbs.yaml"}
    assert not any(b"secret\n" in data for campaign in planned.campaigns for data in campaign.files.values())


def test_files_that_others_build_upon(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "base.yaml": File(),
        "step1.yaml": "includeConfigs: base.yaml\n",
        "step1_rescue.yaml": "includeConfigs: step1.yaml\nextraQgraphOptions: --skip-existing-in {output}\n",
    }
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    made = submissions(planned)
    assert made.keys() == {"step1.yaml", "step1_rescue.yaml"}
    assert made["step1_rescue.yaml"].parents == ("step1.yaml",)
    assert "no submission" in doubts(planned, "base.yaml")[0]
    assert "taken as a submission too" in doubts(planned, "step1.yaml")[0]


def test_files_without_a_campaign_stand_for_their_folder(tmp_path: Path) -> None:
    text = "pipelineYaml: p.yaml#step1\npayload: {butlerConfig: b, inCollection: 'x*', dataQuery: ''}\n"
    planned = plan(write(tmp_path, {"some/step1.yaml": text, "other/step1.yaml": text}))
    check(tmp_path, planned)
    assert [campaign.name for campaign in planned.campaigns] == ["other", "some"]
    assert "campaign of its folder" in doubts(planned, "some/step1.yaml")[0]


def test_an_empty_tree(tmp_path: Path) -> None:
    assert plan(tmp_path) == ImportPlan((), ())


@needs_sample
def test_nothing_of_the_sample_is_lost() -> None:
    planned = plan(SAMPLE)
    check(SAMPLE, planned)
    made = submissions(planned)
    assert len(planned.campaigns) == 13
    assert len(made) == 77
    assert Counter(item.relation for item in made.values()) == {"first": 71, "rescue": 6}
    assert all(item.parents for item in made.values() if item.relation == "rescue")
    assert {line.path for line in planned.report if line.verdict == "left out"} == {
        "test-med-1/DM-35936/report.yaml",
    }
    issues = next(campaign for campaign in planned.campaigns if "DM-35936" in campaign.name).definition
    assert [ticket["key"] for ticket in issues["tickets"]] == ["DM-35936", "DRP-501"]
    assert issues["steps"][8]["tickets"] == [{"key": "DRP-500", "type": "step"}]
    assert plan(SAMPLE) == planned


@needs_sample
def test_a_version_that_changes_in_the_middle_makes_a_second_campaign() -> None:
    campaigns = {campaign.name: campaign for campaign in plan(SAMPLE).campaigns}
    later = campaigns["test-tract4431-v23_0_0_rc2-PREOPS-728"]
    earlier = campaigns["test-tract4431-w_2021_40-PREOPS-728"]
    assert later.parent_key == earlier.key
    assert [step["name"] for step in later.definition["steps"]] == ["step4", "step5", "step6", "step7"]
    assert [step["name"] for step in earlier.definition["steps"]] == ["step1", "step2", "step3"]
    rescue = next(item for item in earlier.submissions if item.ref.endswith("step3_rescue.yaml"))
    assert rescue.parents == ("test-tract4431/IDF-PREOPS-728/step3.yaml",)


def test_folders_may_say_step_group_and_rescue(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "run/step1/3/bps.yaml": File(visits(3)),
        "run/step1/4/bps.yaml": File(visits(4)),
        "run/rescues/step1_4.yaml": File(visits(4)),
    }
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    made = submissions(planned)
    assert made["run/step1/3/bps.yaml"].groups == ("step1/3",)
    assert "as its folders say" in made["run/step1/3/bps.yaml"].text
    rescue = made["run/rescues/step1_4.yaml"]
    assert (rescue.relation, rescue.parents) == ("rescue", ("run/step1/4/bps.yaml",))


def test_groups_that_share_an_edge_keep_their_rescues(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        f"step1_{group}.yaml": File(f"exposure >= {group * 100} and exposure <= {group * 100 + 100}")
        for group in range(1, 5)
    }
    files["step1_rescue_2.yaml"] = File("exposure >= 200 and exposure <= 300", skip="{output}")
    files["step1_rescue_2_3.yaml"] = File("exposure >= 200 and exposure <= 400", skip="{output}")
    planned = plan(write(tmp_path, files))
    made = submissions(planned)
    assert made["step1_rescue_2.yaml"].parents == ("step1_2.yaml",)
    assert made["step1_rescue_2_3.yaml"].parents == ("step1_2.yaml", "step1_3.yaml")
    assert "data of other groups of step1 too: 1, 3" in doubts(planned, "step1_2.yaml")[0]


def test_long_lists_of_exposures_are_compared(tmp_path: Path) -> None:
    def listed(first: int, step: int = 3) -> str:
        return f"exposure in ({', '.join(str(number) for number in range(first, first + 6000, step))})"

    files: dict[str, File | str] = {f"step1_{group}.yaml": File(listed(group * 10_000)) for group in (1, 2)}
    pairs = " or ".join(f"(exposure={20_000 + index * 3} and detector={index})" for index in range(150))
    files["step1_rescue_2.yaml"] = File(pairs, skip="{output}")
    files["step1_rescue_1.yaml"] = File(
        " or ".join(f"exposure={number}" for number in range(10_000, 16_000, 3)), skip="{output}"
    )
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    made = submissions(planned)
    assert made["step1_rescue_2.yaml"].parents == ("step1_2.yaml",)
    assert made["step1_rescue_1.yaml"].parents == ("step1_1.yaml",)
    assert "query" not in made["step1_rescue_1.yaml"].deviations  # the same data in other words
    group = only(planned).definition["steps"][0]["groups"][0]
    assert group["extra"]["bps"]["dataQuery"] == listed(10_000)


def test_a_rescue_of_a_consolidation_follows_it(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "step5.yaml": File(subset="step5"),
        "step5_last.yaml": File(subset="consolidate"),
        "step5_last_rescue.yaml": File(subset="consolidate", skip="{output}"),
        "step5_rescue.yaml": File(subset="forcedPhot", skip="{output}"),
    }
    made = submissions(plan(write(tmp_path, files)))
    assert made["step5_last_rescue.yaml"].parents == ("step5_last.yaml",)
    assert made["step5_rescue.yaml"].parents == ("step5.yaml",)


def test_further_parts_of_a_campaign_are_kept_apart_and_told(tmp_path: Path) -> None:
    files: dict[str, File | str] = {
        "step1.yaml": File(),
        "pilot/step1.yaml": File(campaign="v23_0_1/PREOPS-9/pilot/step1"),
        "cosmos/step2.yaml": File(campaign="v23_0_1/PREOPS-9/step2_COSMOS", subset="step2"),
    }
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    assert [campaign.name for campaign in planned.campaigns] == ["DP-v23_0_1-PREOPS-9", "DP-v23_0_1-PREOPS-9-pilot"]
    assert "says `pilot`" in doubts(planned, "pilot/step1.yaml")[0]
    assert submissions(planned)["cosmos/step2.yaml"].groups == ("step2/COSMOS",)


def test_templates_with_variables_of_nowhere(tmp_path: Path) -> None:
    planned = plan(write(tmp_path, {"step1.yaml": File(), "t.yaml": File("exposure > {LOWEXP}")}))
    assert submissions(planned).keys() == {"step1.yaml"}
    assert next(line for line in planned.report if line.path == "t.yaml").verdict == "left out"


def test_a_pipeline_of_the_tree_is_copied(tmp_path: Path) -> None:
    text = File().text.replace("${OBS_LSST_DIR}/pipelines/DRP.yaml", "../pipelines/DRP.yaml")
    files: dict[str, File | str] = {"a/step1.yaml": text, "pipelines/DRP.yaml": "description: x\n"}
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    step = only(planned).definition["steps"][0]
    assert step["processing"]["pipelines"] == ["bps/pipelines/DRP.yaml#step1"]
    (tmp_path / "pipelines/DRP.yaml").unlink()
    step = only(plan(tmp_path)).definition["steps"][0]
    assert step["processing"]["subset"] == "step1"
    assert step["extra"]["bps"]["pipelineYaml"] == "../pipelines/DRP.yaml#step1"


def test_what_bps_wrote_joins_the_step_that_runs_its_tasks(tmp_path: Path) -> None:
    defined = "bps_defined: {operator: someone, timestamp: 20260102T030405Z}\n"
    files: dict[str, File | str] = {
        "step4.yaml": File(subset="step4"),
        "step4a.yaml": File("tract=1", subset="write"),
        "u_20260102T030405Z_config.yaml": File("tract=1", subset="write", more=defined),
    }
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    written = submissions(planned)["u_20260102T030405Z_config.yaml"]
    assert written.groups == ("step4/a",)
    assert "submitted: timestamp 20260102T030405Z" in written.text


def test_control_characters_do_not_get_through(tmp_path: Path) -> None:
    text = File().text.replace("campaign: v23_0_1/PREOPS-9", 'campaign: "v23_0_1/PREOPS-9\\a\\n\\x85x"')
    planned = plan(write(tmp_path, {"step1.yaml": text}))
    check(tmp_path, planned)
    campaign = only(planned)
    assert campaign.key.isprintable()
    assert all(line.message.isprintable() for line in planned.report)


def test_a_tree_of_hundreds_of_files_is_planned_in_seconds(tmp_path: Path) -> None:
    files: dict[str, File | str] = {}
    for step in range(1, 8):
        for group in range(1, 51):
            files[f"step{step}/step{step}_{group}.yaml"] = File(visits(group), subset=f"step{step}")
        for group in range(1, 15):
            files[f"step{step}/step{step}_rescue_{group}.yaml"] = File(visits(group), f"step{step}", skip="{output}")
    files["step1/step1.yaml"] = File("instrument='LSSTCam-imSim'")
    planned = plan(write(tmp_path, files))
    check(tmp_path, planned)
    assert len(submissions(planned)) == 7 * 64 + 1
    assert len(doubts(planned, "step1/step1.yaml")) == 1
    assert "(50 in all)" in doubts(planned, "step1/step1.yaml")[0]


def test_a_pipeline_that_a_ledger_refuses_is_kept_in_words(tmp_path: Path) -> None:
    text = File().text.replace("${OBS_LSST_DIR}/pipelines", "${OBS_LSST_DIR}pipelines")
    planned = plan(write(tmp_path, {"step1.yaml": text + "\nwhere: $OBS_LSST_DIRectory\n"}))
    check(tmp_path, planned)
    step = only(planned).definition["steps"][0]
    assert step["processing"]["subset"] == "step1"
    assert step["extra"]["bps"]["pipelineYaml"].startswith("${OBS_LSST_DIR}pipelines")
    assert "no slash after the path variable" in doubts(planned, "step1.yaml")[0]
