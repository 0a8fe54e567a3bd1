"""The sets of a ledger: found by name and version, made from others, checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from campledger.errors import DataError, UsageError
from campledger.ledger.histories import is_receipts
from campledger.ledger.ledger import Ledger
from campledger.ledger.sets import Reference, Sets, is_set_path, references_of, registry_name
from campledger.model.ids import directory_of
from campledger.repository.file_trees import WorkTree
from campledger.repository.git_commands import Repository

ALPHA = "2026-11-22-alpha-aaaa"
HOME = directory_of(ALPHA)
DEFINITION = "name: alpha\nproduction: data-release\nkind: rehearsal\ndescription: An example.\n"

Write = Callable[[Mapping[str, str | bytes]], Path]
Git = Callable[..., str]


def visits(*numbers: int, **said: str) -> str:
    return json.dumps([{"instrument": "HSC", "visit": number, **said} for number in numbers])


NOBODY = f"sha256:{'0' * 64}"
TRACT = "skymap,tract\ns,1\n"


def derived(**how: Any) -> str:
    return json.dumps({"format": 1, "derived": how})


def sets_in(root: Path, repository: bool = False) -> Sets:
    return Sets(Ledger(WorkTree(root)), Repository(root) if repository else None)


def members(sets: Sets, text: str, campaign: str | None = None) -> list[int | str]:
    return [row[1] for row in sets.evaluate(text, campaign).value.members]


def told(sets: Sets, only: set[str] | None = None) -> list[str]:
    return [f"{one.path}:{one.line}:{one.column}: {one.severity}: {one.rule}" for one in sets.check(only)]


def test_a_set_is_found_by_the_name_of_its_file(write: Write) -> None:
    root = write({"dataids/bad.json": visits(2, 1), "dataids/deep/er.csv": "instrument,visit\nHSC,3\n"})
    assert members(sets_in(root), "bad") == [1, 2]
    assert members(sets_in(root), "deep/er") == [3]
    with pytest.raises(UsageError, match="unknown DataId set `worse`"):
        sets_in(root).evaluate("worse")


def test_a_campaigns_own_set_comes_before_a_shared_one(write: Write) -> None:
    files = {f"{HOME}/campaign.yaml": DEFINITION, f"{HOME}/dataids/bad.json": visits(7), "dataids/bad.json": visits(1)}
    sets = sets_in(write(files))
    assert members(sets, "dataids/bad.json", ALPHA) == [7]
    assert members(sets, "bad", ALPHA) == [1]
    with pytest.raises(UsageError):
        sets.evaluate("dataids/bad.json")


ALGEBRA: dict[str, tuple[dict[str, Any], list[int]]] = {
    "union": ({"union": ["a", "b", "c"]}, [1, 2, 3, 4, 9]),
    "minus": ({"minus": ["a", "b", "c"]}, [1]),
    "intersect": ({"intersect": ["a", "b"]}, [2, 3]),
    "filter": ({"filter": "said", "reason": ["slew"]}, [5]),
}


@pytest.mark.parametrize(("how", "expected"), ALGEBRA.values(), ids=ALGEBRA.keys())
def test_a_set_is_made_from_others(how: dict[str, Any], expected: list[int], write: Write) -> None:
    said = [{"instrument": "HSC", "visit": 5, "reason": "slew"}, {"instrument": "HSC", "visit": 6, "reason": "cloud"}]
    files = {"dataids/a.json": visits(1, 2, 3), "dataids/b.json": visits(2, 3, 4), "dataids/c.json": visits(9)}
    root = write({**files, "dataids/said.json": json.dumps(said), "dataids/made.json": derived(**how)})
    assert members(sets_in(root), "made") == expected


def test_a_derivation_of_a_derivation(write: Write) -> None:
    files = {"dataids/a.json": visits(1, 2, 3), "dataids/b.json": visits(3)}
    files |= {"dataids/c.json": derived(minus=["a", "b"]), "dataids/d.json": derived(intersect=["c", "a"])}
    assert members(sets_in(write(files)), "d") == [1, 2]


def test_sets_made_from_each_other_are_refused_and_named(write: Write) -> None:
    root = write({"dataids/a.json": derived(union=["b", "b"]), "dataids/b.json": derived(union=["a", "a"])})
    with pytest.raises(DataError, match=r"a\.json -> dataids/b\.json -> dataids/a\.json"):
        sets_in(root).evaluate("a")
    rules = {line.rpartition(": ")[2] for line in told(sets_in(root))}
    assert rules == {"stale-pin", "unknown-set"}


def commit_versions(root: Path, git_in: Git, *versions: str) -> list[str]:
    git_in(root, "init", "-q", "-b", "main")
    commits = []
    for version in versions:
        (root / "dataids/bad.json").write_text(version)
        git_in(root, "add", "-A")
        git_in(root, "commit", "-q", "--allow-empty", "-m", "a version")
        commits.append(git_in(root, "rev-parse", "HEAD"))
    return commits


def test_a_pin_names_a_version_by_commit_or_digest(write: Write, git_in: Git) -> None:
    root = write({"dataids/bad.json": visits(1)})
    commits = commit_versions(root, git_in, visits(1), visits(1, 2), visits(1, 2, 3))
    sets = sets_in(root, repository=True)
    assert members(sets, "bad") == [1, 2, 3]
    assert members(sets, f"bad@{commits[0]}") == [1]
    assert members(sets, f"bad@{commits[1][:8]}") == [1, 2]
    digest = sets.evaluate(f"bad@{commits[1]}").digest
    assert members(sets, f"bad@{digest}") == [1, 2]
    assert members(sets, f"bad@{digest[:15]}") == [1, 2]
    with pytest.raises(DataError, match="no version of `bad` has the digest sha256:00000000"):
        sets.evaluate("bad@sha256:00000000")
    with pytest.raises(UsageError, match="unknown commit"):
        sets.evaluate("bad@nowhere")


def test_an_older_version_is_found_though_the_file_cannot_be_read_now(write: Write, git_in: Git) -> None:
    root = write({"dataids/bad.json": visits(1)})
    commit_versions(root, git_in, visits(1), "{")
    sets = sets_in(root, repository=True)
    before = Sets(Ledger(WorkTree(write({"dataids/other.json": visits(1)})))).evaluate("other").digest
    assert members(sets, f"bad@{before}") == [1]
    with pytest.raises(DataError, match=r"bad\.json:1:2"):
        sets.evaluate("bad")


def test_a_derived_set_is_the_same_whatever_becomes_of_its_sources(write: Write, git_in: Git) -> None:
    root = write({"dataids/bad.json": visits(1), "dataids/all.json": visits(1, 2, 3)})
    digest = sets_in(root).evaluate("bad").digest
    (root / "dataids/good.json").write_text(derived(minus=["all", f"bad@{digest}"]))
    commit_versions(root, git_in, visits(1), visits(1, 2))
    assert members(sets_in(root, repository=True), "good") == [2, 3]
    # Without git the check says that the source has changed, and cannot say that it is gone.
    assert told(sets_in(root)) == [
        "dataids/good.json:1:37: warning: stale-pin",
        "dataids/good.json:1:44: warning: stale-pin",
    ]


def test_a_pin_by_commit_without_git_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match="is a version in git"):
        sets_in(write({"dataids/bad.json": visits(1)})).evaluate("bad@abc1234")


def test_the_check_of_a_sound_ledger_says_nothing(write: Write) -> None:
    files = {"dataids/a.json": visits(1, 2), f"{HOME}/dataids/own.csv": "instrument,visit\nHSC,3\n"}
    root = write({**files, f"{HOME}/campaign.yaml": DEFINITION})
    digest = sets_in(root).evaluate("a").digest
    (root / "dataids/b.json").write_text(derived(union=[f"a@{digest}", f"a@{digest}"]))
    assert told(sets_in(root)) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"dataids/a.csv": "instrument,visit\nHSC,1\n", "dataids/a.json": visits(1)}, [
            "dataids/a.json:0:0: error: duplicate-set"
        ]),
        ({"dataids/a.json": '{"format": 1, "name": "b", "members": [{"instrument": "HSC", "visit": 1}]}'}, [
            "dataids/a.json:1:15: error: set-name"
        ]),
        ({"dataids/a.json": derived(union=[f"b@{NOBODY}", f"c@{NOBODY}"])}, [
            "dataids/a.json:1:37: error: unknown-set", "dataids/a.json:1:114: error: unknown-set"
        ]),
        ({"dataids/a.json": derived(union=["b", "c"]), "dataids/b.json": visits(1), "dataids/c.csv": TRACT}, [
            "dataids/a.json:1:37: warning: stale-pin", "dataids/a.json:1:42: warning: stale-pin",
            "dataids/a.json:1:15: error: unknown-set",
        ]),
    ],
)  # fmt: skip
def test_the_check_finds(files: dict[str, str], expected: list[str], write: Write) -> None:
    assert told(sets_in(write(files))) == expected


def test_an_instrument_that_the_settings_do_not_name(write: Write) -> None:
    root = write({"dataids/a.json": '[\n{"instrument": "HSC", "visit": 1},\n{"instrument": "HCS", "visit": 1}\n]'})
    settings = (root / "campledger.yaml").read_text()
    (root / "campledger.yaml").write_text(f"{settings}instruments: [HSC]\n")
    assert "dataids/a.json:3:1: error: unknown-instrument" in told(sets_in(root))


def test_only_the_files_asked_for_are_checked(write: Write) -> None:
    root = write({"dataids/a.json": "[", "dataids/b.json": "["})
    assert {line.partition(":")[0] for line in told(sets_in(root), {"dataids/b.json"})} == {"dataids/b.json"}
    assert told(sets_in(root), set()) == []


def test_the_history_of_a_set_holds_receipts_only(write: Write) -> None:
    note = '- {"id": "aaaaaaaaaaaa", "time": "2026-11-22T08:00:00.000000Z", "by": "v", "type": "note", "text": "x"}\n'
    status = note.replace('"note", "text": "x"', '"status", "from": "defined", "to": "running"').replace(
        "aaaaaaaaaaaa", "b" * 12
    )
    root = write({"dataids/a.json": visits(1), "dataids/a.events.yaml": note + status + "- {\n"})
    assert told(sets_in(root)) == [
        "dataids/a.events.yaml:3:4: error: event-line",
        "dataids/a.events.yaml:2:3: error: schema",
    ]
    assert [event.type for event in sets_in(root).receipts("a")] == ["note", "status"]
    assert sets_in(root).receipts("b") == ()


def test_the_sets_that_a_campaign_names(write: Write) -> None:
    text = f"{DEFINITION}data: {{include: [good], exclude: [bad]}}\n"
    text += "steps:\n  - {name: s, data: {exclude: [bad, worse@abc]}}\n"
    files = {f"{HOME}/campaign.yaml": text, "dataids/good.json": visits(1), "dataids/bad.json": visits(1)}
    record = Ledger(WorkTree(write({**files, "dataids/worse.json": visits(2)}))).record(ALPHA)
    assert record.problems == ()
    assert list(references_of(record)) == [("include", "good"), ("exclude", "bad"), ("exclude", "worse@abc")]


def test_names_in_a_registry() -> None:
    assert registry_name("bad@abc", "dataids/bad.json", None) == "bad"
    assert registry_name("bad", "dataids/bad.json", ALPHA) == "bad"
    assert registry_name("dataids/bad.csv", f"{HOME}/dataids/bad.csv", ALPHA) == f"{ALPHA}/dataids/bad"


def test_paths_of_sets() -> None:
    assert is_set_path("dataids/x.csv")
    assert is_set_path(f"{HOME}/dataids/x.json")
    assert is_set_path("dataids/x.events.yaml")
    assert not is_set_path(f"{HOME}/campaign.yaml")
    assert not is_set_path("dataids/README.md")
    assert is_receipts("dataids/deep/x.events.yaml")
    assert not is_receipts(f"{HOME}/events.yaml")


@pytest.mark.parametrize(
    ("text", "expected", "digest"),
    [
        ("bad", Reference("bad"), False),
        ("bad@v1", Reference("bad", "v1"), False),
        ("bad@sha256:01234567", Reference("bad", "sha256:01234567"), True),
        ("bad@sha256:0123", Reference("bad", "sha256:0123"), False),
    ],
)
def test_a_reference_is_a_name_and_a_pin(text: str, expected: Reference, digest: bool) -> None:
    assert Reference.parse(text) == expected
    assert Reference.parse(text).is_digest is digest
