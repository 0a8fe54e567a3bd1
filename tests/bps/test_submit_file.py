"""Submit files resolved: what is filled in, what is left, what includes may do and may not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from campledger.bps.includes import UnreadInclude, read_config
from campledger.bps.submit_file import SubmitFile, is_submit_config, read_submit_file
from campledger.bps.tree import Tree, natural, scan
from campledger.bps.values import Values
from campledger.documents.foreign import MAX_BYTES, ForeignError

STEP = """\
project: dev
campaign: w_2026_02/DM-1
pipelineYaml: "${DRP_PIPE_DIR}/pipelines/DRP.yaml#step1"
payload:
  payloadName: runs/test
  output: "{payloadName}/{campaign}"
  butlerConfig: repo
  inCollection: "a/raw, b/calib"
  dataQuery: "instrument='LSSTCam' and visit in (1..5)"
  sw_image: "lsst/scipipe:7-stack-lsst_distrib-w_2026_02"
"""


def tree_of(root: Path, files: dict[str, str | bytes]) -> Tree:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return scan(root)


def read_one(root: Path, text: str, **others: str) -> SubmitFile:
    files: dict[str, str | bytes] = {"a/step1.yaml": text}
    files |= {f"a/{name}.yaml": content for name, content in others.items()}
    return read_submit_file(tree_of(root, files), "a/step1.yaml")


def test_the_values_of_a_submit_file(tmp_path: Path) -> None:
    file = read_one(tmp_path, STEP)
    assert file.output == "runs/test/w_2026_02/DM-1"
    assert file.output_run == "runs/test/w_2026_02/DM-1/{timestamp}"
    assert file.inputs == ("a/raw", "b/calib")
    assert (file.pipeline, file.subset) == ("${DRP_PIPE_DIR}/pipelines/DRP.yaml#step1", "step1")
    assert (file.left, file.templates, file.missing, file.notes, file.skip_existing_in) == ((), (), (), (), ())


def test_settings_from_includes(tmp_path: Path) -> None:
    text = "includeConfigs: [memory.yaml, clusters.yaml]\nnumberOfRetries: 2\nmine: {x: 1}\nword: short\n" + STEP
    file = read_one(
        tmp_path,
        text,
        memory="pipetask: {isr: {requestMemory: 4000}}\nrequestMemory: 1000",
        clusters="clusterAlgorithm: x\ncluster: {one: {pipetasks: isr, request_memory: 5000}}",
    )
    assert file.memory == (("", "1000"), ("isr", "4000"), ("one", "5000"))
    assert (file.memory_file, file.clustering_file) == ("a/memory.yaml", "a/clusters.yaml")
    assert file.variables == (("word", "short"),)
    assert file.retries == "2"


def test_settings_of_the_site(tmp_path: Path) -> None:
    site = (
        "site: {USDF: {queue: milano, accountingGroup: 'rubin:x', requestWalltime: '48:00:00'}, NCSA: {queue: other}}"
    )
    file = read_one(tmp_path, f"computeSite: USDF\nwmsServiceClass: x.Y\n{site}\n{STEP}")
    assert (file.site, file.wms, file.queue, file.account) == ("USDF", "x.Y", "milano", "rubin:x")
    assert file.walltime == "48:00:00"


@pytest.mark.parametrize(
    "lines",
    [
        'extraQgraphOptions: "--clobber-outputs --skip-existing-in {output}"',
        'extraQgraphOptions: "--skip-existing-in={output} --x"',
        "extraRunQuantumOptions: --skip-existing-in '{output}'",
        "createQuantumGraph: 'pipetask qgraph -d \"{dataQuery}\" --skip-existing --skip-existing-in {output}'",
        "runQuantumCommand: pipetask run --skip-existing-in {output}",
        "pipetask: {pipetaskInit: {runQuantumCommand: 'pipetask run --skip-existing-in {output}'}}",
    ],
)
def test_skipped_collections_are_found_wherever_they_stand(tmp_path: Path, lines: str) -> None:
    assert read_one(tmp_path, STEP + lines).skip_existing_in == ("runs/test/w_2026_02/DM-1",)


def test_several_skipped_collections(tmp_path: Path) -> None:
    options = "extraQgraphOptions: --skip-existing-in a/1,a/2 --skip-existing-in a/3"
    assert read_one(tmp_path, STEP + options).skip_existing_in == ("a/1", "a/2", "a/3")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("visit in (1..5)", "visit >= LOWEXP and visit < HIGHEXP", ("HIGHEXP", "LOWEXP")),
        ("w_2026_02/DM-1", "w_2026_02/DM-1/step1_GNUM", ("GNUM",)),
        ("w_2026_02/DM-1", "w_YYYY_WW/DM-XXXX", ("DM-XXXX", "w_YYYY_WW")),
        ("instrument='LSSTCam'", "instrument='HSC' AND band IN ('g') AND NOT tract=3", ()),
        ("runs/test", "HSC/runs/RC2", ()),
        ("w_2026_02/DM-1", "HSC/w_2026_02/PREOPS-1", ()),
    ],
)
def test_unfilled_templates(tmp_path: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    assert read_one(tmp_path, STEP.replace(old, new)).templates == words


def test_names_that_nothing_defines_stay_and_are_told(tmp_path: Path) -> None:
    file = read_one(tmp_path, STEP.replace("runs/test", "runs/{who}/{operator}"))
    assert file.output == "runs/{who}/{operator}/w_2026_02/DM-1"
    assert file.left == ("who",)


@pytest.mark.parametrize(
    ("lines", "expected", "note"),
    [
        ("x: '{x}'", "{x}", ""),
        ("x: '{y}'\ny: '{z}'\nz: '{x}{y}'", "{x}{y}", ""),
        ("x: 'open { brace'", "open { brace", "BPS cannot fill"),
        ("x: '{}{0}'", "{}{0}", "BPS cannot fill"),
        ("x: '{n:>99999999}'\nn: 1", "{n:>99999999}", "width"),
        ("x: '{n:d}'\nn: word", "{n:d}", "BPS cannot fill"),
        ("x: '{nowhere:>8}{nowhere!r}'", "{nowhere:>8}{nowhere}", ""),
        ("x: bpsEval(f, 1)", "bpsEval(f, 1)", "bpsEval"),
    ],
)
def test_filling_in_ends_whatever_stands_there(tmp_path: Path, lines: str, expected: str, note: str) -> None:
    config = read_config(tree_of(tmp_path, {"x.yaml": lines}), "x.yaml")
    filled = Values(config.value).text("x")
    assert filled.text == expected
    assert note in filled.note if note else not filled.note


def test_filling_in_is_bounded_in_length_and_in_searches() -> None:
    long: dict[str, object] = {f"a{index}": f"{{a{index + 1}}}" * 10 for index in range(20)}
    assert "more than" in Values({**long, "a20": "x" * 10}).text("a0").note
    assert "more than" in Values({**long, "a20": ""}).text("a0").note


def test_what_is_a_submit_file(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "yes.yaml": STEP,
        "by_include.yaml": "includeConfigs: yes.yaml\nextraQgraphOptions: --x",
        "memory.yaml": "pipetask: {isr: {requestMemory: 1}}",
        "pipeline.yaml": "description: x\ntasks: {isr: lsst.ip.isr.IsrTask}",
        "empty.yaml": "",
    }
    tree = tree_of(tmp_path, files)
    found = [path for path in tree.files if is_submit_config(read_config(tree, path))]
    assert found == ["by_include.yaml", "yes.yaml"]


def test_equal_files_mean_the_same_and_others_do_not(tmp_path: Path) -> None:
    included = {"b.yaml": "includeConfigs: a.yaml # the same", "c.yaml": STEP + "requestMemory: 1"}
    tree = tree_of(tmp_path, {"a.yaml": STEP, **included})
    one, two, other = (read_submit_file(tree, name) for name in ("a.yaml", "b.yaml", "c.yaml"))
    assert one.meaning == two.meaning != other.meaning


def missing_of(root: Path, files: dict[str, str | bytes]) -> tuple[UnreadInclude, ...]:
    return read_submit_file(tree_of(root, files), "a/step1.yaml").missing


@pytest.mark.parametrize(
    ("words", "reason", "external"),
    [
        ("gone.yaml", "not in the tree", False),
        ("../../outside.yaml", "climbs out of the tree", False),
        ("../a/../../outside.yaml", "climbs out of the tree", False),
        ("/etc/passwd", "outside the tree", True),
        ("'${CTRL_BPS_DIR}/x.yaml'", "outside the tree", True),
        ("s3://bucket/x.yaml", "outside the tree", True),
        ("link.yaml", "a symbolic link that leads nowhere or out of the tree", False),
        ("step1.yaml", "includes itself", False),
        ("broken.yaml", "a/broken.yaml cannot be read: 2:1: ", False),
        ("list.yaml", "a/list.yaml cannot be read: 1:1: not a mapping", False),
        ("''", "no file name", False),
        ("{x: 1}", "no file name", False),
        ("'nul\\0.yaml'", "not in the tree", False),
    ],
)
def test_includes_that_are_not_read(tmp_path: Path, words: str, reason: str, external: bool) -> None:
    (tmp_path / "outside.yaml").write_text("campaign: stolen")
    root = tmp_path / "tree"
    files: dict[str, str | bytes] = {"a/step1.yaml": f"includeConfigs: [{words}]\n{STEP}"}
    files |= {"a/broken.yaml": "[", "a/list.yaml": "[]"}
    tree_of(root, files)
    (root / "a/link.yaml").symlink_to(tmp_path / "outside.yaml")
    file = read_submit_file(scan(root), "a/step1.yaml")
    assert len(file.missing) == 1
    assert file.missing[0].reason.startswith(reason)
    assert file.missing[0].external is external
    assert file.campaign == "w_2026_02/DM-1"


def test_include_cycles_and_crowds_end(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a/step1.yaml": f"includeConfigs: b.yaml\n{STEP}",
        "a/b.yaml": "includeConfigs: c.yaml",
        "a/c.yaml": "includeConfigs: [b.yaml, step1.yaml]",
    }
    assert [item.reason for item in missing_of(tmp_path / "cycle", files)] == ["includes itself"] * 2
    files = {f"a/{index}.yaml": f"includeConfigs: [{index + 1}.yaml, {index + 1}.yaml]" for index in range(30)}
    files |= {"a/step1.yaml": f"includeConfigs: 0.yaml\n{STEP}", "a/30.yaml": "x: 1"}
    reasons = {item.reason for item in missing_of(tmp_path / "crowd", files)}
    assert reasons == {"more than 200 includes", "more than 10 files in a row"}


def test_includes_that_nest_deeper_and_deeper_are_refused(tmp_path: Path) -> None:
    deep = "".join(f"{' ' * level}a:\n" for level in range(40))
    files: dict[str, str | bytes] = {
        f"a/{index}.yaml": f"{deep}{' ' * 40}b: !include {index + 1}.yaml" for index in range(9)
    }
    files |= {"a/step1.yaml": f"x: !include 0.yaml\n{STEP}", "a/9.yaml": "x: 1"}
    with pytest.raises(ForeignError, match="deep"):
        missing_of(tmp_path, files)


def test_an_include_is_looked_up_beside_the_file_then_above_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a/b/step1.yaml": "includeConfigs: [common/x.yaml, y.yaml, ../z.yaml]\npipelineYaml: p\npayload: {campaign: c}",
        "common/x.yaml": "project: root",
        "a/b/y.yaml": "requestMemory: 1",
        "y.yaml": "requestMemory: 2",
        "a/z.yaml": "numberOfRetries: 1",
    }
    file = read_submit_file(tree_of(tmp_path, files), "a/b/step1.yaml")
    assert (file.project, file.memory, file.retries) == ("root", (("", "1"),), "1")
    assert file.includes == ("common/x.yaml", "a/b/y.yaml", "a/z.yaml")
    assert file.notes == ("include `y.yaml` of a/b/step1.yaml was taken from a/b/y.yaml; y.yaml differs",)


def test_a_link_within_the_tree_may_be_included(tmp_path: Path) -> None:
    tree_of(tmp_path, {"a/step1.yaml": f"includeConfigs: link.yaml\n{STEP}", "x.yaml": "requestMemory: 7"})
    (tmp_path / "a/link.yaml").symlink_to("../x.yaml")
    file = read_submit_file(scan(tmp_path), "a/step1.yaml")
    assert (file.memory, file.missing) == ((("", "7"),), ())


def test_duplicate_keys_are_told_with_their_places(tmp_path: Path) -> None:
    file = read_one(tmp_path, f"includeConfigs: m.yaml\n{STEP}campaign: w_2026_03/DM-1\n", m="x: 1\nx: 2\n")
    assert file.campaign == "w_2026_03/DM-1"
    assert file.duplicates == (
        "a/step1.yaml:12:1: key `campaign` again; the last one counts",
        "a/m.yaml:2:1: key `x` again; the last one counts",
    )


def test_what_bps_wrote_says_when_it_was_submitted(tmp_path: Path) -> None:
    defined = "bps_defined: {operator: someone, timestamp: 20260102T030405Z}\n"
    assert read_one(tmp_path, STEP + defined).submitted == (
        ("operator", "someone"),
        ("run", "runs/test/w_2026_02/DM-1/20260102T030405Z"),
        ("timestamp", "20260102T030405Z"),
    )


def test_a_tree_names_what_it_does_not_read(tmp_path: Path) -> None:
    tree_of(tmp_path / "tree", {"a/x.yaml": "", ".git/config": "", "a/big.yaml": b" " * (MAX_BYTES + 1)})
    root = tmp_path / "tree"
    (root / "link").symlink_to("a")
    (root / "file").symlink_to("/etc/passwd")
    os.mkfifo(root / "fifo")
    (root / "new\nline.yaml").touch()
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.yaml")).touch()
    tree = scan(root)
    assert tree.files == ("a/big.yaml", "a/x.yaml")
    assert {item.path: item.message for item in tree.left_out} == {
        ".git": "git's own",
        "link": "a symbolic link to a folder: not followed",
        "file": "a symbolic link: read only where a file includes it",
        "fifo": "no regular file",
        "new\nline.yaml": "a name that a ledger cannot keep",
        "\\udcff.yaml": "a name that a ledger cannot keep",
    }
    with pytest.raises(ForeignError, match="larger"):
        tree.content("a/big.yaml")
    with pytest.raises(ForeignError, match="cannot be read"):
        tree.content("gone.yaml")


def test_natural_order() -> None:
    assert sorted(["step10", "step2", "step2a", "a"], key=natural) == ["a", "step2", "step2a", "step10"]
