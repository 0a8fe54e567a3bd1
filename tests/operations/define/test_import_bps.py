"""Importing a tree of BPS submit files into a ledger."""

from __future__ import annotations

import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campledger.errors import RefusedError, UsageError
from campledger.ledger.checks import check
from campledger.model.states import State
from campledger.operations.define.import_bps import Arrival, import_bps
from campledger.operations.setup.init import init
from campledger.operations.workspace import Workspace
from campledger.operations.write.writing import Writing
from campledger.problems import Severity

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs/examples/bps"
REAL = ROOT / "../shared/data/dp02-processing"


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(init(tmp_path / "ledger").root)


def git(space: Workspace, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=space.root, check=True, capture_output=True, text=True).stdout


def test_one_commit_defines_campaigns_that_pass_every_check(space: Workspace) -> None:
    before = git(space, "rev-list", "--count", "HEAD")
    writing = Writing(space)
    done = import_bps(writing, EXAMPLE, None, Arrival())
    assert int(git(space, "rev-list", "--count", "HEAD")) == int(before) + 1
    assert git(space, "status", "--porcelain") == ""
    assert git(space, "rev-parse", "HEAD").strip() == writing.commit
    assert check(space.ledger(), datetime.now(UTC)) == []
    (record,) = space.ledger().records(done.created)
    assert record.campaign is not None
    assert record.history is not None
    assert record.history.state is State.DEFINED
    assert list(record.campaign.groups) == ["step1/1", "step1/2", "step1/3", "step3/9813", "step3/9814"]
    relations = [(one.relation, one.groups, str(one.state)) for one in record.history.submissions.values()]
    assert ("rescue", ("step1/2",), "planned") in relations
    assert len(relations) == 6
    assert "bps/rehearsal/step1.yaml" in record.files
    for name, content in {file: (EXAMPLE / file.removeprefix("bps/")) for file in record.files if "/" in file}.items():
        assert (space.root / record.path(name)).read_bytes() == content.read_bytes()


def test_a_second_import_changes_nothing(space: Workspace) -> None:
    first = import_bps(Writing(space), EXAMPLE, None, Arrival())
    head = git(space, "rev-parse", "HEAD")
    again = Writing(space)
    second = import_bps(again, EXAMPLE, None, Arrival())
    assert second.created == {}
    assert list(second.known) == list(first.created)
    assert again.commit is None
    assert git(space, "rev-parse", "HEAD") == head
    assert git(space, "status", "--porcelain") == ""


def test_a_dry_run_writes_nothing(space: Workspace) -> None:
    head = git(space, "rev-parse", "HEAD")
    done = import_bps(Writing(space, dry_run=True), EXAMPLE, None, Arrival())
    assert len(done.created) == 1
    assert git(space, "rev-parse", "HEAD") == head
    assert git(space, "status", "--porcelain") == ""


@pytest.mark.parametrize("state", list(State))
def test_campaigns_arrive_in_the_state_asked_for(space: Workspace, state: State) -> None:
    moment = datetime(2022, 9, 30, tzinfo=UTC)
    done = import_bps(Writing(space), EXAMPLE, None, Arrival(state, moment, "it was so"))
    (record,) = space.ledger().records(done.created)
    assert record.history is not None
    assert record.history.state is state
    assert record.history.faults == ()
    assert {event.at for event in record.history.events} == {"2022-09-30T00:00:00Z"}
    assert record.id.startswith("2022-09-30-")


def test_an_unknown_person_in_the_map_refuses_the_import_whole(space: Workspace, tmp_path: Path) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text("owner: nobody\n")
    head = git(space, "rev-parse", "HEAD")
    with pytest.raises(RefusedError, match="unknown-person: unknown person `nobody`"):
        import_bps(Writing(space), EXAMPLE, mapping, Arrival())
    assert git(space, "rev-parse", "HEAD") == head
    assert git(space, "status", "--porcelain") == ""


def test_a_directory_that_is_not_there_is_a_usage_error(space: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="directory not found"):
        import_bps(Writing(space), tmp_path / "nothing", None, Arrival())


def test_a_campaign_that_would_have_errors_is_left_out_and_told_while_the_others_come(
    space: Workspace, tmp_path: Path
) -> None:
    for name in ("good", "bad"):
        text = (EXAMPLE / "rehearsal/step1_1.yaml").read_text().replace("w_2026_46/DM-10001", f"w_2026_46/{name}")
        (tmp_path / "tree" / name).mkdir(parents=True)
        (tmp_path / "tree" / name / "step1_1.yaml").write_text(text)
    mapping = tmp_path / "map.yaml"
    mapping.write_text('files:\n  "bad/*":\n    step: "x"\n')
    first = import_bps(Writing(space, dry_run=True), tmp_path / "tree", mapping, Arrival())
    assert len(first.created) == 2
    # A campaign of the other's name and id directory stands in the way of one of the two only.
    bad = next(one for one in first.created if "bad" in one)
    blocked = space.root / "campaigns" / bad[:4] / bad[5:7] / bad
    blocked.mkdir(parents=True)
    (blocked / "link.yaml").symlink_to("/etc/passwd")
    done = import_bps(Writing(space), tmp_path / "tree", mapping, Arrival())
    assert [one for one in done.created if "bad" in one] == []
    assert len(done.created) == 1
    lines = [line for line in done.report if line.path == "bad/step1_1.yaml" and line.verdict == "left out"]
    assert "path-outside" in lines[0].message


def test_a_name_that_an_open_campaign_has_gets_a_number(space: Workspace, tmp_path: Path) -> None:
    first = import_bps(Writing(space), EXAMPLE, None, Arrival())
    (name,) = [campaign.name for campaign in first.created.values()]
    for file in EXAMPLE.rglob("*.yaml"):
        target = tmp_path / "other" / file.relative_to(EXAMPLE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text().replace("project: example", "project: another"))
    second = import_bps(Writing(space), tmp_path / "other", None, Arrival())
    assert [campaign.name for campaign in second.created.values()] == [f"{name}-2"]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real submit files are not on this machine")
def test_no_real_submission_is_lost(space: Workspace) -> None:
    done = import_bps(Writing(space), REAL, None, Arrival())
    errors = [one for one in check(space.ledger(), datetime.now(UTC)) if one.severity is Severity.ERROR]
    assert errors == []
    told = {line.path for line in done.report}
    submitted = Counter(one.ref for campaign in done.created.values() for one in campaign.submissions)
    files = {path.relative_to(REAL).as_posix() for path in REAL.rglob("*") if path.is_file()}
    assert files <= told
    assert set(submitted.values()) == {1}
    payloads = {path for path in files if "payload:" in (REAL / path).read_text()}
    assert payloads == set(submitted), "every file with a payload is a submission of exactly one campaign"
    recorded = sum(len(one.history.submissions) for one in space.ledger().records() if one.history)
    assert recorded == len(submitted)
