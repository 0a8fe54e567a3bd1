"""The commands about registries, from the ledger's side: what they commit, and what they leave as it was."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.butler.conftest import VISITS, Repository

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def linked(ledger: Path, repository: Repository, git: Git) -> Path:
    """A ledger whose settings name the test's repository, twice."""
    settings = ledger / "campledger.yaml"
    uris = f"[{json.dumps(str(repository.root))}]"
    butlers = f"butlers:\n  test:\n    uris: {uris}\n  other:\n    uris: {uris}\n  gone:\n    uris: [nowhere]\n"
    text = settings.read_text()
    assert "butlers: {}\n" in text
    settings.write_text(text.replace("butlers: {}\n", butlers))
    git("commit", "-q", "-a", "-m", "name a Butler")
    return ledger


def write(ledger: Path, name: str, value: Any) -> None:
    (ledger / name).parent.mkdir(parents=True, exist_ok=True)
    (ledger / name).write_text(value if isinstance(value, str) else json.dumps(value))
    subprocess.run(["git", "add", "-A"], cwd=ledger, check=True)
    subprocess.run(["git", "commit", "-q", "-m", f"write {name}"], cwd=ledger, check=True)


def visits(*numbers: int, instrument: str = "HSC") -> list[dict[str, Any]]:
    return [{"instrument": instrument, "visit": number} for number in numbers]


def events(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line[2:]) for line in file.read_text().splitlines()]


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_upload_leaves_a_receipt_and_only_one(
    linked: Path, campledger: Run, git: Git, sound: Sound, repository: Repository
) -> None:
    write(linked, "dataids/bad.json", visits(*VISITS[:3]))
    commit = git("rev-parse", "HEAD")
    out = ok(campledger("upload", "bad", "--butler", "test"))
    assert "bad: 3 data IDs uploaded to test, revision 1" in out
    (event,) = events(linked / "dataids/bad.events.yaml")
    assert {key: event[key] for key in ("type", "set", "name", "revision", "count", "butler", "commit")} == {
        "type": "uploaded", "set": "bad", "name": "bad", "revision": 1, "count": 3, "butler": "test", "commit": commit,
    }  # fmt: skip
    assert (
        git("log", "-1", "--format=%s|%(trailers:key=Campledger-Set,valueonly)")
        == "upload the set bad to test|dataids/bad"
    )
    before = git("rev-parse", "HEAD")
    assert "already in test" in ok(campledger("upload", "bad", "--butler", "test"))
    # Another alias of the same registry is no other upload.
    assert "the receipt stands in the ledger already" in ok(campledger("upload", "bad", "--butler", "other"))
    assert git("rev-parse", "HEAD") == before
    assert repository.sql("SELECT count(*) FROM " + table(repository)) == [(1,)]
    assert ok(campledger("check", "--strict")) == ""
    sound()


def table(repository: Repository) -> str:
    return "main.campledger_dataid_set" if repository.server else "campledger_dataid_set"


def test_a_changed_set_becomes_a_new_revision(linked: Path, campledger: Run) -> None:
    write(linked, "dataids/bad.json", visits(*VISITS[:3]))
    ok(campledger("upload", "bad", "--butler", "test"))
    ok(campledger("dataids", "remove", "bad", f"visit={VISITS[0]}", "--reason", "fine"))
    planned = json.loads(ok(campledger("upload", "bad", "--butler", "test", "--dry-run", "--json")))
    assert [(one["action"], one["revision"], one["added"], one["removed"]) for one in planned["sets"]] == [
        ("revise", 2, 0, 1)
    ]
    ok(campledger("upload", "bad", "--butler", "test"))
    assert [event["revision"] for event in events(linked / "dataids/bad.events.yaml")] == [1, 2]
    found = json.loads(ok(campledger("verify-upload", "bad", "--butler", "test", "--json")))
    assert [(one["good"], one["count"]) for one in found] == [(True, 2)]


def test_another_purpose_becomes_a_new_revision(linked: Path, campledger: Run) -> None:
    members = visits(*VISITS[:3])
    write(linked, "dataids/bad.json", {"format": 1, "purpose": "exclude", "members": members})
    ok(campledger("upload", "bad", "--butler", "test"))
    write(linked, "dataids/bad.json", {"format": 1, "purpose": "include", "members": members})
    refused = campledger("verify-upload", "bad", "--butler", "test")
    assert (refused.returncode, "is not in the registry as it is now" in refused.stderr) == (5, True)
    told = ok(campledger("upload", "bad", "--butler", "test"))
    assert "revision 2 (0 added, 0 removed; purpose include, before exclude)" in told
    made_from = {"format": 1, "purpose": "exclude", "derived": {"union": ["bad"]}}
    write(linked, "dataids/same.json", made_from)
    ok(campledger("upload", "same", "--butler", "test"))
    write(linked, "dataids/same.json", made_from | {"purpose": "include"})
    assert "purpose include, before exclude" in ok(campledger("upload", "same", "--butler", "test"))


def test_verify_finds_rows_that_somebody_changed(linked: Path, campledger: Run, repository: Repository) -> None:
    write(linked, "dataids/bad.json", visits(*VISITS[:3]))
    ok(campledger("upload", "bad", "--butler", "test"))
    members = ("main." if repository.server else "") + "campledger_dataids_instrument_visit"
    repository.sql(f"DELETE FROM {members} WHERE visit = {VISITS[1]}")
    done = campledger("verify-upload", "bad", "--butler", "test")
    assert done.returncode == 1
    assert "IS NOT as uploaded: 2 rows" in done.stdout


def test_an_upload_without_its_receipt_is_adopted(
    linked: Path, campledger: Run, git: Git, repository: Repository
) -> None:
    write(linked, "dataids/bad.json", visits(*VISITS[:3]))
    before = git("rev-parse", "HEAD")
    ok(campledger("upload", "bad", "--butler", "test"))
    git("reset", "-q", "--hard", before)  # as if the machine had gone down between registry and commit
    assert "already in test" in ok(campledger("upload", "bad", "--butler", "test"))
    assert len(events(linked / "dataids/bad.events.yaml")) == 1
    assert repository.sql("SELECT count(*) FROM " + table(repository)) == [(1,)]


def test_unknown_ids_are_told_by_line_and_nothing_is_uploaded(
    linked: Path, campledger: Run, snapshot: Snapshot, repository: Repository
) -> None:
    write(linked, "dataids/bad.csv", f"instrument,visit\nHSC,{VISITS[0]}\nHSC,77\nHSC,78\n")
    before = snapshot()
    done = campledger("upload", "bad", "--butler", "test")
    assert done.returncode == 5
    assert "dataids/bad.csv:3:1: instrument='HSC', visit=77" in done.stderr
    assert "dataids/bad.csv:4:1: instrument='HSC', visit=78" in done.stderr
    assert snapshot() == before
    dry = campledger("upload", "bad", "--butler", "test", "--dry-run")
    assert dry.returncode == 5
    assert "would be uploaded" in dry.stdout
    assert "dataids/bad.csv:3:1" in dry.stderr
    planned = json.loads(campledger("upload", "bad", "--butler", "test", "--dry-run", "--json").stdout)
    assert [one["line"] for one in planned["sets"][0]["unknown"]] == [3, 4]
    ok(campledger("upload", "bad", "--butler", "test", "--allow-pending"))
    assert events(linked / "dataids/bad.events.yaml")[0]["unknown"] == 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["upload", "bad", "--butler", "nowhere"], 2, "unknown Butler `nowhere`: `butlers` in campledger.yaml has"),
        (["upload", "bad", "--butler", "gone"], 5, "cannot open the Butler repository nowhere"),
        (["upload", "nothing", "--butler", "test"], 2, "unknown campaign `nothing`"),
        (["upload", "hello", "--butler", "test"], 2, "names no DataId sets"),
        (["verify-upload", "bad", "--butler", "test"], 5, "is not in the registry as it is now"),
        (["collect", "bad", "--butler", "test", "--into", "u/x"], 2, "no collections to look in"),
        (["collect", "bad", "--butler", "test", "--from", "r", "--into", "a b"], 2, "invalid collection name `a b`"),
        (["collect", "bad", "--butler", "test", "--from", "r", "--into", "u/x"], 2, "does not say whether its data is"),
        (["collect", "bad", "--butler", "test", "--from", "no/w", "--into", "u/x", "--purpose", "include"], 5, "no/w"),
        (["dataids", "resolve-keys", "bad", "--butler", "test"], 3, "every data ID is a key already"),
        (["pipetask", "hello", "step1/g"], 3, "is defined: only a running campaign executes"),
        (["pipetask", "hello", "step1", "--print", "--butler", "test"], 2, "several groups: `step1`"),
        (["pipetask", "hello", "step9", "--print", "--butler", "test"], 2, "no step or group `step9`"),
        (["pipetask", "hello", "step2", "--print"], 2, "has no Butler: give --butler"),
        (["render", "hello", "step2", "--butler", "test"], 2, "has no BPS file in the campaign"),
    ],
)
def test_what_is_refused(words: list[str], code: int, message: str, linked: Path, campledger: Run) -> None:
    write(linked, "dataids/bad.json", visits(*VISITS[:3]))
    done = campledger(*words)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_not_committed_is_not_uploaded(linked: Path, campledger: Run) -> None:
    write(linked, "dataids/bad.json", visits(*VISITS[:3]))
    (linked / "dataids/bad.json").write_text(json.dumps(visits(*VISITS[:4])))
    done = campledger("upload", "bad", "--butler", "test")
    assert done.returncode == 3
    assert "commit it first" in done.stderr
    assert "would be uploaded" in ok(campledger("upload", "bad", "--butler", "test", "--dry-run"))


def test_a_campaign_uploads_all_its_sets(linked: Path, campaign: Path, campledger: Run, git: Git, sound: Sound) -> None:
    write(linked, "dataids/good.json", visits(*VISITS[:9]))
    inside = campaign.relative_to(linked)
    write(linked, f"{inside}/dataids/own.csv", f"instrument,visit\nHSC,{VISITS[2]}\n")
    digest = json.loads(ok(campledger("dataids", "show", "good", "--json")))["digest"]
    ok(campledger("edit", "hello", "--set", f"data.include=[good@{digest}]", "--set", "data.exclude=[dataids/own.csv]"))
    ok(campledger("upload", "hello", "--butler", "test"))
    receipts = [event for event in events(campaign / "events.yaml") if event["type"] == "uploaded"]
    assert [(one["set"], one["name"]) for one in receipts] == [
        ("good", "good"),
        ("dataids/own.csv", f"{campaign.name}/dataids/own"),
    ]
    assert git("log", "-1", "--format=%s") == f"upload 2 sets of {campaign.name} to test"
    assert "uploaded good (9 data IDs) to test as good, revision 1" in ok(campledger("log", "hello"))
    assert campledger("upload", f"{campaign.name}:dataids/own.csv", "--butler", "test").returncode == 0
    assert ok(campledger("check", "--strict")) == ""
    sound()


def test_collect_follows_the_set(linked: Path, campledger: Run, repository: Repository, sound: Sound) -> None:
    from tests.butler.datasets import FIRST, SOME_DETECTORS, SOME_VISITS, add_datasets

    add_datasets(repository.open())
    write(linked, "dataids/bad.json", {"format": 1, "purpose": "exclude", "members": visits(*SOME_VISITS[:2])})
    words = ["collect", "bad", "--butler", "test", "--dataset-types", "calexp", "--from", FIRST, "--into", "u/me/good"]
    first = json.loads(ok(campledger(*words, "--json")))
    assert first["added"] == first["count"]["calexp"] > 0
    again = json.loads(ok(campledger(*words, "--json")))
    assert (again["added"], again["removed"], again["commit"]) == (0, 0, None)
    ok(campledger("dataids", "add", "bad", "instrument=HSC", f"visit={SOME_VISITS[2]}", "--reason", "clouds"))
    less = json.loads(ok(campledger(*words, "--json")))
    assert (less["added"], less["removed"]) == (0, len(SOME_DETECTORS))
    types = [event["type"] for event in events(linked / "dataids/bad.events.yaml")]
    assert types == ["uploaded", "collected", "uploaded", "collected"]
    assert ok(campledger("check", "--strict")) == ""
    sound()


def test_members_without_a_dataset_are_told(linked: Path, campledger: Run, repository: Repository) -> None:
    from tests.butler.datasets import FIRST, SOME_VISITS, add_datasets

    add_datasets(repository.open())
    write(linked, "dataids/good.json", visits(SOME_VISITS[0], VISITS[-1], VISITS[-2]))
    words = [
        "--purpose",
        "include",
        "--butler",
        "test",
        "--dataset-types",
        "calexp",
        "--from",
        FIRST,
        "--into",
        "u/me/some",
    ]
    done = campledger("collect", "good", *words)
    assert done.returncode == 0, done.stderr
    assert "2 data IDs without a calexp" in done.stderr
    assert events(linked / "dataids/good.events.yaml")[-1]["missing"] == {"calexp": 2}


def test_a_collection_of_another_kind_is_left_alone(linked: Path, campledger: Run, repository: Repository) -> None:
    from tests.butler.datasets import FIRST, SECOND, add_datasets

    add_datasets(repository.open())
    write(linked, "dataids/bad.json", visits(VISITS[0]))
    words = ["--purpose", "exclude", "--butler", "test", "--dataset-types", "calexp", "--from", FIRST, "--into", SECOND]
    done = campledger("collect", "bad", *words)
    assert done.returncode == 5
    assert "is a RUN collection" in done.stderr


def obs_id(visit: int) -> str:
    return f"HSCA{visit:06d}00"


def test_names_become_keys(linked: Path, campledger: Run, git: Git, sound: Sound) -> None:
    listed = "instrument,obs_id,reason\n" + "".join(f"HSC,{obs_id(one)},slew\n" for one in VISITS[:3])
    write(linked, "dataids/bad.csv", listed)
    assert campledger("dataids", "check", "bad").returncode == 1
    out = campledger("dataids", "resolve-keys", "bad", "--butler", "test", "--reason", "from the night log")
    assert out.returncode == 0, out.stderr
    assert "3 rows: exposure by obs_id" in out.stderr
    assert git("log", "-1", "--format=%s") == "convert names in the set bad to keys: from the night log"
    shown = json.loads(ok(campledger("dataids", "show", "bad", "--json")))
    assert (shown["count"], shown["dimensions"]) == (3, ["exposure", "instrument"])
    assert [one["value"] for one in shown["counts"]["reason"]] == ["slew"]
    sound()


def test_names_that_nobody_knows_are_listed_and_nothing_is_written(
    linked: Path, campledger: Run, snapshot: Snapshot
) -> None:
    members = [{"instrument": "HSC", "obs_id": name} for name in (obs_id(VISITS[0]), "HSCA99999900")]
    write(linked, "dataids/bad.json", {"format": 1, "purpose": "exclude", "members": members})
    before = snapshot()
    done = campledger("dataids", "resolve-keys", "bad", "--butler", "test")
    assert done.returncode == 1
    assert "dataids/bad.json:1:1: alternate-key: instrument=HSC, obs_id=HSCA99999900" in done.stderr
    assert snapshot() == before
    ok(campledger("dataids", "resolve-keys", "bad", "--butler", "test", "--allow-pending"))
    document = json.loads((linked / "dataids/bad.json").read_text())
    assert document["purpose"] == "exclude"
    assert document["pending"] == [{"instrument": "HSC", "obs_id": "HSCA99999900"}]
    assert len(document["members"]) == 1


def test_a_pending_id_resolves_when_the_registry_knows_it(
    linked: Path, campledger: Run, repository: Repository
) -> None:
    members = [{"instrument": "HSC", "obs_id": name} for name in (obs_id(VISITS[0]), "tonight")]
    write(linked, "dataids/bad.json", members)
    ok(campledger("dataids", "resolve-keys", "bad", "--butler", "test", "--allow-pending"))
    butler = repository.open()
    common = {"instrument": "HSC", "day_obs": 20140301, "physical_filter": "HSC-G"}
    butler.registry.insertDimensionData("group", {"instrument": "HSC", "name": "tonight"})
    butler.registry.insertDimensionData("exposure", {**common, "id": 424242, "obs_id": "tonight", "group": "tonight"})
    ok(campledger("dataids", "resolve-keys", "bad", "--butler", "test"))
    document = json.loads((linked / "dataids/bad.json").read_text())
    entries = document["members"] if isinstance(document, dict) else document
    assert [one["exposure"] for one in entries] == [VISITS[0], 424242]
    assert campledger("dataids", "resolve-keys", "bad", "--butler", "test").returncode == 3


def test_exposures_become_visits_through_the_registry_only(linked: Path, campledger: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(f"exposure,comment\n{VISITS[0]},i donuts\n{VISITS[1]},r slew\n")
    words = ["import", "exclusions", str(file), "--instrument", "HSC", "--as", "visit"]
    assert campledger(*words).returncode == 2
    ok(campledger(*words, "--butler", "test"))
    shown = json.loads(ok(campledger("dataids", "show", "bad", "--json")))
    assert (shown["count"], shown["dimensions"]) == (2, ["instrument", "visit"])
    assert {one["value"] for one in shown["counts"]["comment"]} == {"i donuts", "r slew"}


def test_names_in_a_file_are_printed_or_become_a_set(linked: Path, campledger: Run, tmp_path: Path) -> None:
    file = tmp_path / "names.txt"
    file.write_text("".join(f"{obs_id(one)}\n" for one in VISITS[:2]))
    words = ["dataids", "resolve-keys", str(file), "--butler", "test", "--instrument", "HSC", "--as", "exposure"]
    assert ok(campledger(*words)).splitlines() == ["exposure,instrument", *(f"{one},HSC" for one in VISITS[:2])]
    ok(campledger(*words, "--name", "night/bad"))
    assert json.loads((linked / "dataids/night/bad.json").read_text())["how"].endswith("names.txt")


@pytest.fixture
def toy(linked: Path, repository: Repository, campledger: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger with a campaign that runs the toy instrument's pipeline, and its repository; the campaign runs."""
    from lsst.daf.butler import Butler

    from tests.butler.toy import PIPELINE, add_toy

    with Butler.from_config(str(repository.root), writeable=True) as butler:
        add_toy(butler)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    write(linked, "dataids/good.json", visits(100, 101, 102, 103, instrument="Toy"))
    bad = [{"instrument": "Toy", "visit": 100, "detector": 0}, {"instrument": "Toy", "visit": 101, "detector": 2}]
    write(linked, "dataids/bad.json", {"format": 1, "purpose": "exclude", "members": bad})
    data = (
        "{butler: test, inputs: [Toy/raw], dataset_types: [toy_raw], output: u/me/out, run: 'u/me/out/{step}-{group}', "
        "queries: [\"instrument='Toy'\", 'visit != 103'], include: [good], exclude: [bad]}"
    )
    steps = "[{name: count, groups: [{name: a}], processing: {pipelines: [pipelines/toy.yaml], bps: {file: bps.yaml}}}]"
    options = ["--production", "other", "--kind", "development", "--description", "Counts."]
    ok(campledger("define", "toy", *options, "--set", f"data={data}"))
    home = next((linked / "campaigns").glob("*/*/*-toy-*"))
    (home / "pipelines").mkdir()
    shutil.copy(PIPELINE, home / "pipelines/toy.yaml")
    text = "# The toy's\npipelineYaml: pipelines/toy.yaml\nextraQgraphOptions: --no-versions\n"
    text += "payload:\n  payloadName: toy\n"
    write(linked, f"{home.relative_to(linked)}/bps.yaml", f"{text}  inCollection: Toy/raw  # all of it\n")
    ok(campledger("edit", "toy", "--set", f"steps={steps}"))
    ok(campledger("start", "toy"))
    return home


def test_pipetask_runs_with_what_the_sets_leave(
    toy: Path, linked: Path, campledger: Run, repository: Repository, sound: Sound
) -> None:
    done = campledger("pipetask", "toy", "count/a", "--", "--register-dataset-types")
    assert done.returncode == 0, done.stderr
    butler = repository.open()
    refs = butler.query_datasets("toy_counts", "u/me/out/count-a", limit=None, explain=False)
    made = {(ref.dataId["visit"], ref.dataId["detector"]) for ref in refs}
    everything = {(visit, detector) for visit in (100, 101, 102) for detector in (0, 1, 2)}
    assert made == everything - {(100, 0), (101, 2)}
    types = [event["type"] for event in events(toy / "events.yaml")]
    assert types == ["status", "uploaded", "uploaded", "collected", "executed"]
    last = events(toy / "events.yaml")[-1]
    assert (last["on"], last["status"], last["command"][:2]) == ("count/a", 0, ["pipetask", "run"])
    assert [one["name"] for one in last["include"]] == ["good"]
    assert [one["name"] for one in last["exclude"]] == ["bad"]
    assert ok(campledger("check", "--strict")) == ""
    sound()


def test_what_is_excluded_after_an_earlier_step_ran_is_refused(toy: Path, linked: Path, campledger: Run) -> None:
    bad = linked / "dataids/bad.json"
    later = "[{name: count, groups: [{name: a}]}, {name: more, prerequisites: [count], groups: [{name: a}]}]"
    ok(campledger("edit", "toy", "--set", "processing.pipelines=[pipelines/toy.yaml#first]", "--set", f"steps={later}"))
    ok(campledger("pipetask", "toy", "count/a", "--", "--register-dataset-types"))
    into = ("--into", f"campledger/{toy.name}/count/a", "--print")
    assert campledger("pipetask", "toy", "more/a", *into).returncode == 0
    document = json.loads(bad.read_text())
    document["members"].append({"instrument": "Toy", "visit": 101, "detector": 1})
    write(linked, "dataids/bad.json", document)
    for command in (("pipetask", "toy", "more/a", *into), ("pipetask", "toy", "more/a", "--", "-j", "1")):
        done = campledger(*command)
        assert done.returncode == 3
        assert "`bad` excludes" in done.stderr
        assert "but count/a ran without that exclusion" in done.stderr
    recorded = events(toy / "events.yaml")
    assert [event["on"] for event in recorded if event["type"] == "executed"] == ["count/a"]
    assert [event["revision"] for event in recorded if event.get("set") == "bad"] == [1]
    # A step may itself run again without more data, and into another chain.
    assert campledger("pipetask", "toy", "count/a", "--print").returncode == 0
    ok(campledger("edit", "toy", "--set", "data.output=u/me/again", "--set", "data.run=u/me/again/{step}-{group}"))
    assert campledger("pipetask", "toy", "more/a", "--print").returncode == 0


def test_what_pipetask_fails_with_is_recorded_too(toy: Path, campledger: Run) -> None:
    done = campledger("pipetask", "toy", "count", "--", "--no-such-option")
    assert done.returncode == 2
    assert events(toy / "events.yaml")[-1]["status"] == 2


def test_the_arguments_alone(toy: Path, linked: Path, campledger: Run, tmp_path: Path) -> None:
    out = ok(campledger("pipetask", "toy", "count/a", "--print", "--tables", str(tmp_path)))
    (table_file,) = tmp_path.glob("*.ecsv")
    assert f"--data-id-table {table_file}" in out
    assert f"--input campledger/{toy.name}/count/a " in out
    assert f"--pipeline {toy}/pipelines/toy.yaml" in out
    assert "executed" not in [event["type"] for event in events(toy / "events.yaml")]


def test_inputs_that_would_bring_back_what_is_excluded_are_refused(toy: Path, linked: Path, campledger: Run) -> None:
    ok(campledger("edit", "toy", "--set", "data.ancillary=[Toy/raw]", "--set", "data.inputs=[Toy/other,Toy/raw]"))
    done = campledger("pipetask", "toy", "count", "--print")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_bps_file_gets_the_same(toy: Path, linked: Path, campledger: Run, tmp_path: Path) -> None:
    from lsst.ctrl.bps import BpsConfig

    out = tmp_path / "submit.yaml"
    ok(campledger("render", "toy", "count", "--tables", str(tmp_path), "--out", str(out)))
    (table_file,) = tmp_path.glob("*.ecsv")
    text = out.read_text()
    assert "# The toy's" in text
    assert "# all of it" in text
    config = BpsConfig(str(out))
    assert config["payload"]["inCollection"] == f"campledger/{toy.name}/count/a"
    assert config["extraQgraphOptions"] == f"--no-versions --data-id-table {table_file}"
    assert config["payload"]["payloadName"] == "toy"
    assert config["pipelineYaml"] == "pipelines/toy.yaml"
