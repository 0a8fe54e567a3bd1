"""Submit files with a group's variables in them: lsst.ctrl.bps reads what a script with sed would have given it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from campledger.bps.rendering import Rendering
from campledger.bps.tree import Tree, scan
from campledger.documents.foreign import ForeignError, load, with_values
from campledger.model.placeholders import Scalar

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "../shared/data/dp02-processing"
REHEARSAL = ROOT / "docs/examples/bps/rehearsal"
needs_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason="shared data is not beside the checkout")

TEMPLATE = """\
# A template: GNUM stays here.
pipelineYaml: "${DRP_PIPE_DIR}/x.yaml#step1"   # and GNUM here
campaign: w_2026_46/step1_GNUM
computeSite: USDF
requestMemory: MEMORY
includeConfigs:
  - groups.yaml
payload:
  payloadName: 'runs/GNUM'
  output: "{payloadName}/{campaign}"
  inCollection: &raw LSSTCam/raw/all
  again: *raw
  dataQuery: >-
    exposure >= LOWEXP
    and exposure <= {HIGHEXP} and tract in (TRACTS)
"""
VARIABLES: dict[str, Scalar] = {
    "GNUM": 2,
    "LOWEXP": 11,
    "HIGHEXP": 22,
    "TRACTS": "1, 2",
    "MEMORY": 4096,
    "computeSite": "FrDF",
    "new": "x",
}


def tree_of(root: Path, **files: str) -> Tree:
    for name, text in files.items():
        (root / f"{name}.yaml").write_text(text)
    return scan(root)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return tree_of(tmp_path, step1=TEMPLATE, groups="extraQgraphOptions: --low {LOWEXP} --new {new}\n")


def test_all_but_what_is_filled_stays_as_it_was(tree: Tree) -> None:
    made = Rendering.of(tree, "step1.yaml").filled({key: VARIABLES[key] for key in ("GNUM", "TRACTS", "MEMORY")})
    expected = TEMPLATE.replace("step1_GNUM", "step1_2").replace("'runs/GNUM'", '"runs/2"').replace("MEMORY", "4096")
    query = '"exposure >= LOWEXP and exposure <= {HIGHEXP} and tract in (1, 2)"\n'
    assert made.text == expected[: expected.index(">-")] + query
    assert made.placeholders == ("HIGHEXP", "LOWEXP")


def test_bps_resolves_what_is_filled_and_set(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    bps = pytest.importorskip("lsst.ctrl.bps", reason="lsst-ctrl-bps is an extra", exc_type=ImportError)
    made = Rendering.of(tree, "step1.yaml").filled(VARIABLES)
    assert made.placeholders == ()
    (tree.root / "made.yaml").write_text(made.text)
    monkeypatch.chdir(tree.root)
    config = bps.BpsConfig(str(tree.root / "made.yaml"), wms_service_class_fqn=None)
    payload = {"curvals": {}, "searchobj": config["payload"]}
    assert config.search("dataQuery", opt=payload)[1] == "exposure >= 11 and exposure <= 22 and tract in (1, 2)"
    assert config["campaign"] == "w_2026_46/step1_2"
    assert config["computeSite"] == "FrDF"
    assert config["requestMemory"] == 4096
    assert config["payload"]["again"] == "LSSTCam/raw/all"
    assert config["extraQgraphOptions"] == "--low 11 --new x", "an included file knows the variables too"


def test_a_variable_that_the_file_has_already_changes_nothing(tree: Tree) -> None:
    whole = Rendering.of(tree, "step1.yaml")
    assert whole.filled({"computeSite": "USDF", "payloadName": "runs/GNUM"}).text == TEMPLATE


@pytest.mark.parametrize("name", ["payload", "a.b"])
def test_a_section_is_no_variable(tree: Tree, name: str) -> None:
    with pytest.raises(ForeignError, match=f"`{name}` is no variable"):
        Rendering.of(tree, "step1.yaml").filled({name: 1})


def test_a_value_cannot_bring_structure(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, t="a: BAND\nb: x BAND\nc: [BAND, 1]\n# BAND\n")
    for value in (
        "x: y",
        "- x",
        "x # y",
        "null",
        "no",
        '"',
        "'",
        "\\",
        "012",
        "{x}",
        "&a",
        "*a",
        "a\nb: c",
        "é",
        "\x07",
    ):
        found = load(Rendering.of(tree, "t.yaml").filled({"BAND": value}).text.encode())
        assert found == {"a": value, "b": f"x {value}", "c": [value, 1]}


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to("/etc/passwd")
    with pytest.raises(ForeignError):
        Rendering.of(scan(tmp_path), "link.yaml")


def test_keys_and_numbers_stay() -> None:
    text = "? LOW\n: 1\nLOW: LOW\nkey LOW: [12, !!str LOW, &x LOW, *x, LOW: LOW]\n"
    made = with_values(text.encode(), lambda value: value.replace("LOW", "high").replace("12", "wrong"))
    assert made == "? LOW\n: 1\nLOW: high\nkey LOW: [12, !!str high, &x high, *x, LOW: high]\n"


def test_the_example_gives_its_own_groups() -> None:
    tree = scan(REHEARSAL)
    for group, low, high in ((1, 2026010100001, 2026010100400), (2, 2026010100401, 2026010100800)):
        made = Rendering.of(tree, "step1.yaml").filled({"GNUM": group, "LOWEXP": low, "HIGHEXP": high})
        assert load(made.text.encode()) == tree.value(f"step1_{group}.yaml")


def as_bps_reads(file: Path) -> Any:
    from lsst.daf.butler import Config

    return Config(str(file)).toDict()


@needs_sample
def test_templates_of_real_files_give_the_files_back(tmp_path: Path) -> None:
    """What operators did with sed: every number of a query, and the end of every campaign, was once a word."""
    pytest.importorskip("lsst.ctrl.bps", reason="lsst-ctrl-bps is an extra", exc_type=ImportError)
    tried = 0
    for file in sorted(SAMPLE.rglob("*.yaml")):
        original = re.sub(r"(?m)^includeConfigs:\n(?:\s*- .*\n)+", "", file.read_text())
        numbers = dict.fromkeys(
            re.findall(r"(?<![\w.])[0-9]{4,}(?![\w.])", "".join(re.findall("dataQuery:.*", original)))
        )
        if not numbers:
            continue
        words = {f"NUM{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[place]}": int(number) for place, number in enumerate(numbers)}
        template = original
        for word, number in words.items():
            template = re.sub(rf"(?<![\w.]){number}(?![\w.])", word, template)
        (tmp_path / "original.yaml").write_text(original)
        made = Rendering.of(tree_of(tmp_path, template=template), "template.yaml").filled(words)
        (tmp_path / "made.yaml").write_text(made.text)
        assert as_bps_reads(tmp_path / "made.yaml") == as_bps_reads(tmp_path / "original.yaml"), file
        tried += 1
    assert tried > 40
