"""Submit files read by us and by the real lsst.ctrl.bps must say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campledger.bps.includes import Config, read_config
from campledger.bps.submit_file import is_submit_config, resolve
from campledger.bps.tree import Tree, scan
from campledger.bps.values import Values

bps = pytest.importorskip("lsst.ctrl.bps", reason="lsst-ctrl-bps is an extra", exc_type=ImportError)

SHARED = Path(__file__).parents[2] / "../shared/data"
SAMPLE = SHARED / "dp02-processing"
RESOLVED = SHARED / "bps"
needs_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason="shared data is not beside the checkout")

KEYS = [
    "project",
    "campaign",
    "payloadName",
    "output",
    "outputRun",
    "inCollection",
    "dataQuery",
    "pipelineYaml",
    "butlerConfig",
    "sw_image",
    "extraQgraphOptions",
    "extraRunQuantumOptions",
    "computeSite",
    "wmsServiceClass",
    "requestMemory",
    "numberOfRetries",
    "createQuantumGraph",
    "clusterAlgorithm",
]

SYNTHETIC = {
    "plain/step1.yaml": """
        includeConfigs: [first.yaml, sub/second.yaml]
        project: dev
        campaign: "w_2026_02/DM-1"
        top: "{payloadName}-{number:04d}-{word!r}-{word:>8}"
        pipelineYaml: "${DRP_PIPE_DIR}/x.yaml#step1"   # a comment
        word: no
        number: 012
        payload:
          payloadName: runs/{project}
          inCollection: "{base}/a,{base}/b"
          base: "{deeper}/base"
          deeper: "{project}{{not a variable}}"
          dataQuery: "visit in (1..2) and x='{nowhere}'"
          butlerConfig: $REPO/butler.yaml
        output: "never read, for BPS has a default in payload"
        """,
    "plain/first.yaml": """
        project: from the first
        requestMemory: 1000
        pipetask: {isr: {requestMemory: 1, requestCpus: 2}, gone: text}
        payload: {payloadName: from the first, extraQgraphOptions: "--first {campaign}"}
        """,
    "plain/sub/second.yaml": """
        includeConfigs: third.yaml
        requestMemory: 2000
        pipetask: {isr: {requestMemory: 3}, gone: {requestMemory: 4}}
        """,
    "plain/sub/third.yaml": "{requestMemory: 3000, numberOfRetries: 7, site: {sw_image: of the site}}",
    "levels/step2.yaml": """
        pipetask:
          isr:
            includeConfigs: isr.yaml
            requestMemory: 10
        includeConfigs: all.yaml
        payload: {includeConfigs: [payload.yaml], campaign: wins}
        pipelineYaml: a.yaml
        campaign: loses
        """,
    "levels/isr.yaml": "{requestMemory: 20, requestCpus: 20}",
    "levels/all.yaml": "{pipetask: {isr: {requestCpus: 30, requestDisk: 30}}, computeSite: USDF}",
    "levels/payload.yaml": "{payloadName: included, inCollection: '{payloadName}/{campaign}'}",
    "yaml/step3.yaml": """
        base: &base {requestMemory: 1, queue: x}
        pipetask: {isr: {<<: *base, requestMemory: 2}, other: *base}
        pipelineYaml: <ENV:HOME_OF_PIPELINES>/p.yaml
        campaign: 2026-01-02
        project: yes
        tagged: !include tagged.yaml
        payload: {payloadName: "{campaign}", output: "u/{operator}/{payloadName}/{project}"}
        """,
    "yaml/tagged.yaml": "{a: 1}",
    "sections/step4.yaml": """
        pipelineYaml: p.yaml
        computeSite: here
        cluster: {inCollection: of the cluster}
        pipetask: {dataQuery: of the task}
        site: {numberOfRetries: 3, sw_image: of the site}
        cloud: {sw_image: of the cloud, butlerConfig: of the cloud}
        bps_cmdline: {project: of the command line}
        project: of the file
        payload: {payloadName: x}
        """,
}


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the includes from outside the tree an empty file to find."""
    fake = tmp_path / "ctrl_bps"
    (fake / "config").mkdir(parents=True)
    (fake / "config/bps_idf.yaml").touch()
    for name in ("CTRL_BPS_DIR", "CTRL_BPS_PANDA_DIR"):
        monkeypatch.setenv(name, str(fake))
    for name in ("OBS_LSST_DIR", "DRP_PIPE_DIR", "CTRL_MPEXEC_DIR", "REPO", "HOME_OF_PIPELINES", "PWD"):
        monkeypatch.delenv(name, raising=False)


def write_tree(root: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return scan(root)


def compare(tree: Tree, path: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Compare one file; return whether BPS can load it at all."""
    config = read_config(tree, path)
    file = tree.root / path
    monkeypatch.chdir(file.parent)
    try:
        merged = _their_config(file)
    except ValueError:
        assert any(not missing.external for missing in config.missing), f"BPS cannot load {path}, we can"
        return False
    assert config.value == merged.toDict(), path
    values = Values(config.value)
    for key in KEYS:
        theirs = str(_text(merged.get(key)))
        # BPS puts nothing in the place of a name that it does not find; we leave it as written.
        ours = re.sub(r"(?<!\$)\{[A-Za-z_]+(?::[^}]*)?\}", "", values.text(key).text)
        assert ours == theirs, f"{path}: {key}"
    _compare_submit_file(tree, config, merged)
    return True


def _compare_submit_file(tree: Tree, config: Config, merged: Any) -> None:
    if not is_submit_config(config):
        return
    file = resolve(tree, config)
    assert file.campaign == str(_text(merged["campaign"]))
    assert file.project == str(_text(merged["project"]))
    assert file.image == str(_text(merged["sw_image"]))
    assert ",".join(file.inputs) == str(_text(merged["inCollection"]))


def _their_config(path: Path) -> Any:
    """Return the file as BPS reads it, with those of its defaults that are about values we read."""
    merged = bps.BpsConfig(str(path), defaults={"payload": bps.BPS_DEFAULTS["payload"]}, wms_service_class_fqn=None)
    from lsst.daf.butler import Config as ButlerConfig

    return _Their(merged, ButlerConfig(str(path)))


class _Their:
    def __init__(self, merged: Any, plain: Any):
        self._merged, self._plain = merged, plain

    def get(self, key: str) -> Any:
        return self._merged.search(key, opt={"expandEnvVars": True})[1]

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def toDict(self) -> Any:  # noqa: N802
        return self._plain.toDict()


def _text(value: Any) -> Any:
    return "" if value is None else value


def yaml_files(tree: Tree) -> Iterator[str]:
    return (path for path in tree.files if path.endswith(".yaml"))


@pytest.mark.usefixtures("environment")
def test_synthetic_files_say_what_bps_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = write_tree(tmp_path / "tree", SYNTHETIC)
    for path in yaml_files(tree):
        assert compare(tree, path, monkeypatch), path


@needs_sample
@pytest.mark.usefixtures("environment")
def test_every_sample_file_says_what_bps_says(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = scan(SAMPLE)
    loaded = [path for path in yaml_files(tree) if compare(tree, path, monkeypatch)]
    assert len(loaded) == 96, "18 of 114 include what the tree does not have"


@needs_sample
@pytest.mark.usefixtures("environment")
def test_configurations_that_bps_wrote_say_what_bps_says(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = scan(RESOLVED)
    monkeypatch.setattr(bps.bps_config, "doImport", _no_service)
    assert [path for path in yaml_files(tree) if compare(tree, path, monkeypatch)] == list(yaml_files(tree))


def _no_service(_name: str) -> None:
    raise TypeError("the plugin that the file names is not installed here")
