"""Reading a ledger: the same from disk, index and commit; one bad campaign hides no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campledger.errors import UsageError
from campledger.ledger.ledger import Ledger, Record
from campledger.ledger.settings import Settings
from campledger.model.ids import directory_of
from campledger.model.states import State
from campledger.problems import Severity
from campledger.repository.file_trees import GitTree, Overlay, WorkTree
from campledger.repository.git_commands import Repository

EXAMPLES = Path(__file__).parents[1] / "examples"
ALPHA, BETA, GAMMA = "2026-11-22-alpha-aaaa", "2026-11-22-beta-bbbb", "2026-11-23-gamma-cccc"
HOME = {name: directory_of(name) for name in (ALPHA, BETA, GAMMA)}

Write = Callable[[Mapping[str, str | bytes]], Path]


def definition(name: str, more: str = "") -> str:
    return f"name: {name}\nproduction: data-release\nkind: rehearsal\ndescription: An example.\n{more}"


def line(name: str, minute: int, source: str, target: str, **own: str) -> str:
    event = {"id": name * 12, "time": f"2026-11-22T08:{minute:02d}:00.000000Z", "by": "vrubin", "type": "status"}
    return f"- {json.dumps({**event, 'from': source, 'to': target, **own})}\n"


START = line("a", 1, "defined", "running")
THREE = {
    f"{HOME[ALPHA]}/campaign.yaml": definition("alpha"),
    f"{HOME[ALPHA]}/events.yaml": START,
    f"{HOME[BETA]}/campaign.yaml": definition("beta", "processing: {pipelines: [pipelines/DRP.yaml]}\n"),
    f"{HOME[BETA]}/pipelines/DRP.yaml": "tasks: {}\n",
    f"{HOME[GAMMA]}/campaign.yaml": definition("gamma", "owner: nobody\n"),
}


def told(record: Record) -> list[str]:
    return [f"{problem.line}:{problem.column}: {problem.rule}" for problem in record.problems]


def read(root: Path) -> dict[str, Record]:
    return {record.id: record for record in Ledger(WorkTree(root)).records()}


def test_campaigns_are_listed_newest_first(write: Write) -> None:
    ledger = Ledger(WorkTree(write(THREE)))
    assert list(ledger.directories) == [GAMMA, BETA, ALPHA]
    assert [record.id for record in ledger.records()] == [GAMMA, BETA, ALPHA]
    assert [record.id for record in ledger.records([ALPHA])] == [ALPHA]


def test_a_record_has_definition_history_and_files(write: Write) -> None:
    record = Ledger(WorkTree(write(THREE))).record(ALPHA)
    assert record.campaign is not None
    assert record.history is not None
    assert (record.campaign.name, record.history.state) == ("alpha", State.RUNNING)
    assert record.files == ("campaign.yaml", "events.yaml")
    assert (record.problems, record.errors) == ((), [])


def test_an_id_that_is_not_there_is_a_usage_error(write: Write) -> None:
    with pytest.raises(UsageError, match="unknown campaign `2026-11-24"):
        Ledger(WorkTree(write(THREE))).record("2026-11-24-x-aaaa")


def test_an_empty_directory_is_a_ledger_without_settings(tmp_path: Path) -> None:
    ledger = Ledger(WorkTree(tmp_path))
    assert [problem.rule for problem in ledger.settings_problems] == ["missing-file"]
    assert (ledger.settings.title, list(ledger.records()), ledger.strays) == ("Campaigns", [], ())


def as_values(ledger: Ledger) -> list[object]:
    records = list(ledger.records())
    histories = [(one.history.state, one.history.events) for one in records if one.history]
    return [records, histories, ledger.settings, ledger.settings_problems, ledger.strays]


@pytest.mark.parametrize(
    "example",
    sorted(path for kind in ("valid", "invalid") for path in (EXAMPLES / kind).iterdir()),
    ids=lambda path: path.name,
)
def test_work_tree_index_and_commit_are_read_alike(example: Path, tmp_path: Path, git_in: Callable[..., str]) -> None:
    root = tmp_path / "ledger"
    shutil.copytree(example, root, symlinks=True)
    git_in(tmp_path, "init", "--quiet", "ledger")
    git_in(root, "add", "--all", "--force")
    repository = Repository(root)
    on_disk = as_values(Ledger(WorkTree(root)))
    assert as_values(Ledger(GitTree(repository, None))) == on_disk
    git_in(root, "commit", "--quiet", "--message", "x")
    assert as_values(Ledger(GitTree(repository, repository.commit_of("HEAD")))) == on_disk
    shutil.rmtree(root / "campaigns", ignore_errors=True)
    assert as_values(Ledger(GitTree(repository, None))) == on_disk


def test_a_ledger_in_a_folder_of_a_repository_is_read_alike(write: Write, git_in: Callable[..., str]) -> None:
    root = write(THREE)
    git_in(root.parent, "init", "--quiet", ".")
    (root.parent / "outside.txt").write_text("x")
    git_in(root.parent, "add", "--all")
    git_in(root.parent, "commit", "--quiet", "--message", "x")
    repository = Repository(root)
    on_disk = as_values(Ledger(WorkTree(root)))
    assert as_values(Ledger(GitTree(repository, None))) == on_disk
    assert as_values(Ledger(GitTree(repository, repository.commit_of("HEAD")))) == on_disk


def test_files_laid_over_count_instead_of_those_below(write: Write) -> None:
    base = WorkTree(write(THREE))
    events = f"{HOME[ALPHA]}/events.yaml"
    paused = Overlay(base, {events: (START + line("b", 2, "running", "paused", reason="x")).encode()})
    gone = Overlay(base, {events: None})
    states = [Ledger(files).record(ALPHA).history for files in (base, paused, gone)]
    assert [one.state for one in states if one] == [State.RUNNING, State.PAUSED, State.DEFINED]


BAD_FILES: dict[str, bytes] = {
    "nothing": b"",
    "NUL": b"name: a\x00\n",
    "no UTF-8": definition("alpha").encode() + b"title: caf\xe9\n",
    "UTF-16": definition("alpha").encode("utf-16"),
    "too large": b"# " + b"x" * (5 * 1024 * 1024),
    "no YAML": b"name: [\n",
    "a list": b"- a\n",
    "null": b"---\n",
    "text": b"alpha\n",
    "deep": b"[" * 100_000,
    "a tag": b"!!python/object:os.system {}\n",
    "no description": b"name: alpha\n",
    "a conflict": b"<<<<<<< HEAD\n",
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES.keys())
@pytest.mark.parametrize("file", ["campaign.yaml", "events.yaml"])
def test_a_file_that_cannot_be_read_is_told_and_hides_no_other_campaign(
    write: Write, file: str, content: bytes
) -> None:
    root = write({**THREE, f"{HOME[ALPHA]}/{file}": content})
    records = read(root)
    assert list(records) == [GAMMA, BETA, ALPHA]
    assert records[BETA].problems == ()
    assert told(records[GAMMA]) == ["5:8: unknown-person"]
    assert records[ALPHA].problems or (file, content) == ("events.yaml", b"")
    assert (records[ALPHA].campaign is None) is (file == "campaign.yaml")


@pytest.mark.parametrize(
    "content", [b"\xff\n", b"title: [\n", b"title: no\nproductions: {}\n", b"", b"---\n", b"- a\n"]
)
def test_settings_that_cannot_be_read_hide_no_campaign_and_are_told_once(write: Write, content: bytes) -> None:
    ledger = Ledger(WorkTree(write({**THREE, "campledger.yaml": content})))
    assert ledger.settings_problems
    assert ledger.settings == Settings()
    assert [record.problems for record in ledger.records()] == [(), (), ()]


def test_events_are_judged_beside_a_definition_that_cannot_be_read(write: Write) -> None:
    files = {f"{HOME[ALPHA]}/campaign.yaml": "<<<<<<< HEAD\n", f"{HOME[ALPHA]}/events.yaml": "<<<<<<< HEAD\n"}
    record = read(write(files))[ALPHA]
    assert sorted(problem.path.rpartition("/")[2] for problem in record.problems) == ["campaign.yaml", "events.yaml"]


def test_a_placeholder_is_a_warning_until_the_start(write: Write) -> None:
    files = {f"{HOME[ALPHA]}/campaign.yaml": definition("alpha", "title: For DM-XXXXX\n")}
    (problem,) = read(write(files))[ALPHA].problems
    assert problem.severity is Severity.WARNING
    (problem,) = read(write({**files, f"{HOME[ALPHA]}/events.yaml": START}))[ALPHA].problems
    assert problem.severity is Severity.ERROR


def test_of_two_directories_with_one_id_the_right_one_is_read(write: Write) -> None:
    wrong = f"campaigns/2026/10/{ALPHA}"
    root = write({**THREE, f"{wrong}/campaign.yaml": definition("other"), f"{wrong}/notes.txt": "x"})
    ledger = Ledger(WorkTree(root))
    assert ledger.directories[ALPHA][0] == HOME[ALPHA]
    assert [(one.path, one.severity) for one in ledger.strays] == [
        (f"{wrong}/campaign.yaml", Severity.ERROR),
        (f"{wrong}/notes.txt", Severity.WARNING),
    ]


def test_shared_sets_are_named_without_their_ending(write: Write) -> None:
    sets = {"dataids/a.csv": "x\n", "dataids/b.ecsv": "x\n", "dataids/sub/c.json": "[]\n"}
    more = "data: {include: [a, b], exclude: [sub/c, d]}\n"
    record = read(write({f"{HOME[ALPHA]}/campaign.yaml": definition("alpha", more), **sets}))[ALPHA]
    assert told(record) == ["5:42: missing-file"]


def test_a_handle_is_found_by_the_address_whatever_its_case(write: Write) -> None:
    settings_ = Ledger(WorkTree(write(THREE))).settings
    assert settings_.handle_of("Vera", "VERA@example.org") == "vrubin"
    assert settings_.handle_of("Annie", "annie@example.org") == "Annie"


def test_names_of_files_may_hold_anything(write: Write) -> None:
    odd = ["white space.txt", "é.txt", "new\nline.txt", "tab\t.txt", '"quote".txt', "$x.txt", "a/b/c.txt"]
    root = write({**THREE, **{f"{HOME[ALPHA]}/{name}": "x" for name in odd}})
    record = read(root)[ALPHA]
    assert set(odd) <= set(record.files)
    assert record.problems == ()


@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_bytes_in_any_file_raise(write: Write, one: bytes, two: bytes, three: bytes) -> None:
    root = write({"campledger.yaml": one, f"{HOME[ALPHA]}/campaign.yaml": two, f"{HOME[ALPHA]}/events.yaml": three})
    (record,) = Ledger(WorkTree(root)).records()
    assert record.problems
