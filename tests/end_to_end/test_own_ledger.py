"""This repository's own ledger: real campaigns, each event of which was an act, and a commit of its own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from campledger.cli.main import main
from campledger.ledger.ledger import Ledger, Record
from campledger.repository.file_trees import WorkTree
from campledger.repository.git_commands import Repository

OWN = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(Ledger(WorkTree(OWN)).records())


@pytest.fixture
def repository() -> Repository:
    """The repository, if it is this project's and has its past."""
    repository = Repository(OWN)
    if not repository.exists() or repository.prefix:
        pytest.skip("the project stands in no git repository of its own")
    if repository.is_shallow:
        pytest.skip("the clone is shallow: it has no commits of events")
    return repository


def test_it_has_neither_errors_nor_warnings() -> None:
    done = CliRunner().invoke(main, ["check", "--strict", "--ledger", str(OWN)])
    assert (done.exit_code, done.output) == (0, "0 errors, 0 warnings\n")


def test_it_holds_a_dozen_campaigns_in_most_states(records: list[Record]) -> None:
    states = Counter(record.history.state.value for record in records if record.history)
    assert states.total() == len(records) >= 12
    assert len(states) >= 5


def test_each_description_tells_what_is_public(records: list[Record]) -> None:
    told = {record.id: str(record.campaign and record.campaign.definition["description"]) for record in records}
    assert [name for name, description in told.items() if "**Public:**" not in description] == []


def test_each_event_was_recorded_by_a_commit_of_its_own(records: list[Record], repository: Repository) -> None:
    answer = repository.run("log", "--format=%H %(trailers:key=Campledger-Event,valueonly,separator=%x20)", "HEAD")
    commits = [line.split()[1:] for line in answer.text.splitlines()]
    assert [events for events in commits if len(events) > 1] == []
    named = Counter(event for events in commits for event in events)
    recorded = [event.id for record in records if record.history for event in record.history.events]
    assert {event: named[event] for event in recorded if named[event] != 1} == {}
