"""Acts on a campaign: what each writes, says and refuses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]
Snapshot = Callable[[], dict[str, object]]
Sound = Callable[..., None]


def events_of(campaign: Path) -> list[dict[str, Any]]:
    file = campaign / "events.yaml"
    return [json.loads(line[2:]) for line in file.read_text().splitlines()] if file.exists() else []


def walk(campledger: Run, *acts: list[str]) -> None:
    for words in acts:
        done = campledger(*words)
        assert done.returncode == 0, done.stderr


ACTS: list[tuple[list[list[str]], list[str], dict[str, object]]] = [
    ([], ["start", "hello"], {"type": "status", "from": "defined", "to": "running"}),
    ([], ["start", "hello", "--reason", "now"], {"type": "status", "reason": "now"}),
    ([["start", "hello"]], ["pause", "hello", "--reason", "r"], {"from": "running", "to": "paused", "reason": "r"}),
    ([["start", "hello"], ["pause", "hello", "--reason", "r"]], ["resume", "hello"], {"from": "paused"}),
    ([["start", "hello"]], ["complete", "hello"], {"from": "running", "to": "completed"}),
    ([["start", "hello"]], ["fail", "hello", "--reason", "r"], {"from": "running", "to": "failed"}),
    ([], ["cancel", "hello", "--reason", "r"], {"from": "defined", "to": "cancelled"}),
    ([["cancel", "hello", "--reason", "r"]], ["reopen", "hello", "--reason", "r"], {"to": "paused"}),
    ([], ["note", "hello", "a note"], {"type": "note", "text": "a note"}),
    ([], ["note", "hello", "x", "--on", "step1"], {"type": "note", "on": "step1"}),
    ([], ["note", "hello", "x", "--on", "step1/g"], {"on": "step1/g"}),
    ([], ["link", "hello", "https://x.example.org"], {"link": {"type": "other", "url": "https://x.example.org"}}),
    (
        [],
        ["link", "hello", "https://x.example.org", "--type", "qa", "--title", "Plots", "--on", "step2"],
        {"link": {"type": "qa", "url": "https://x.example.org", "title": "Plots"}, "on": "step2"},
    ),
    ([], ["assign", "hello", "me"], {"type": "assigned", "person": "vera"}),
    ([], ["assign", "hello", "vera", "--on", "step1/r"], {"type": "assigned", "on": "step1/r"}),
    ([["assign", "hello", "me"]], ["unassign", "hello", "vera"], {"type": "unassigned", "person": "vera"}),
    (
        [["start", "hello"]],
        ["record", "hello", "step1", "--run-id", "42", "--run", "u/x/1", "--submit-dir", "/s", "--wms", "panda"],
        {
            "type": "submission", "state": "submitted", "relation": "first", "groups": ["step1/g", "step1/r"],
            "run_id": "42", "run": "u/x/1", "submit_dir": "/s", "wms": "panda",
        },
    ),
    ([], ["record", "hello", "step1/g", "step2", "--planned"], {"groups": ["step1/g", "step2/all"]}),
    (
        [["start", "hello"], ["record", "hello", "step1", "--run-id", "42"]],
        ["outcome", "42", "failed", "--jobs", "succeeded=9", "--jobs", "failed=1", "--failures", "isr=7"],
        {"state": "ended", "result": "failed", "jobs": {"succeeded": 9, "failed": 1}, "failures": {"isr": 7}},
    ),
    (
        [["start", "hello"], ["record", "hello", "step1", "--run-id", "42"], ["outcome", "42", "failed"]],
        ["record", "hello", "step1/g", "--relation", "rescue", "--run-id", "43", "--deviation", "memory=16384"],
        {"relation": "rescue", "deviations": {"memory": "16384"}},
    ),
    (
        [["start", "hello"], ["record", "hello", "step1", "--run-id", "42"], ["outcome", "42", "succeeded"]],
        ["accept", "42"],
        {"type": "decision", "decision": "accepted"},
    ),
    (
        [["start", "hello"], ["record", "hello", "step1", "--run-id", "42"], ["outcome", "42", "succeeded"]],
        ["reject", "42", "--reason", "half is missing"],
        {"type": "decision", "decision": "rejected", "reason": "half is missing"},
    ),
    (
        [["start", "hello"], ["record", "hello", "step1", "--run-id", "42"]],
        ["outcome", "42", "cancelled", "--reason", "wrong image"],
        {"state": "cancelled", "reason": "wrong image"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "words", "expected"), ACTS, ids=[" ".join(act[1][:6])[:60] for act in ACTS])
def test_an_act_appends_one_event_and_says_so(
    ledger: Path, campaign: Path, campledger: Run, git: Git, sound: Sound,
    before: list[list[str]], words: list[str], expected: dict[str, object],
) -> None:  # fmt: skip
    walk(campledger, *before)
    known = events_of(campaign)
    head = git("rev-parse", "HEAD")

    dry = campledger(*words, "--dry-run", "--json")
    assert dry.returncode == 0, dry.stderr
    assert json.loads(dry.stdout)["commit"] is None
    told = campledger(*words, "--dry-run").stdout
    assert " it would have the state " in told
    assert told.splitlines()[-1].startswith("  - {")
    assert (events_of(campaign), git("rev-parse", "HEAD")) == (known, head)
    sound()

    done = campledger(*words, "--json", "--at", "2026-01-02T03:04")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["campaign"], result["commit"]) == (campaign.name, git("rev-parse", "HEAD"))
    *earlier, event = events_of(campaign)
    assert (earlier, event) == (known, result["event"])
    assert expected.items() <= event.items()
    assert (event["by"], event["at"]) == ("vera", "2026-01-02T03:04:00Z")
    assert event["time"] > max((one["time"] for one in earlier), default="")
    assert git("rev-parse", "HEAD^") == head
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_an_act_says_what_came_of_it(ledger: Path, campaign: Path, campledger: Run, git: Git) -> None:
    done = campledger("start", "hello")
    (event,) = events_of(campaign)
    assert done.stdout == (
        f"{campaign.name}: started\n"
        f"  it has the state running; event {event['id']}, commit {git('rev-parse', '--short=10', 'HEAD')}\n"
        f"next: campledger whatnext {campaign.name}\n"
    )


def test_an_act_with_a_key_is_made_once(ledger: Path, campaign: Path, campledger: Run, git: Git) -> None:
    first = json.loads(campledger("start", "hello", "--key", "k", "--json").stdout)
    again = campledger("start", "hello", "--key", "k")
    assert again.returncode == 0
    assert again.stdout.splitlines() == [
        f"{campaign.name}: started",
        f"  it has the state running; event {first['event']['id']}, made before",
        f"next: campledger whatnext {campaign.name}",
    ]
    assert json.loads(campledger("start", "hello", "--key", "k", "--json").stdout) == {**first, "commit": None}
    assert first["commit"] == git("rev-parse", "HEAD")
    assert campledger("note", "hello", "another act", "--key", "k").returncode == 0
    assert [event["type"] for event in events_of(campaign)] == ["status", "note"]


RUN = ["record", "hello", "step1", "--run-id", "1"]
REMARKS: list[tuple[list[list[str]], list[str], list[str]]] = [
    (
        [["start", "hello", "--at", "2026-11-20T08:00"]],
        ["pause", "hello", "--reason", "r", "--at", "2026-11-10"],
        ["--at is earlier than what it follows, of 2026-11-20 08:00 UTC"],
    ),
    ([["start", "hello", "--at", "2026-11-20"]], ["pause", "hello", "--reason", "r", "--at", "2026-11-21"], []),
    (
        [["start", "hello", "--at", "2026-11-20"], [*RUN, "--at", "2026-11-21"]],
        ["outcome", "1", "failed", "--at", "2026-11-20T12:00"],
        ["--at is earlier than what it follows, of 2026-11-21 00:00 UTC"],
    ),
    ([["start", "hello"]], ["note", "hello", "x", "--at", "2026-11-01"], []),
    ([["start", "hello"]], ["record", "hello", "step2"], ["step2 is to run after step1, which is not accepted yet"]),
    ([["start", "hello"]], RUN, []),
    (
        [["start", "hello"], RUN],
        ["complete", "hello"],
        ["1 submission is still under way", "3 groups are not accepted, of 3"],
    ),
]


@pytest.mark.parametrize(("before", "words", "said"), REMARKS, ids=[" ".join(row[1])[:60] for row in REMARKS])
def test_what_may_be_a_slip_is_done_and_remarked_on(
    ledger: Path, campledger: Run, before: list[list[str]], words: list[str], said: list[str]
) -> None:
    walk(campledger, *before)
    assert json.loads(campledger(*words, "--dry-run", "--json").stdout)["remarks"] == said
    done = campledger(*words)
    assert (done.returncode, done.stderr) == (0, "".join(f"note: {one}\n" for one in said))


def test_settings_that_cannot_be_read_are_remarked_on(ledger: Path, campledger: Run, git: Git) -> None:
    (ledger / "campledger.yaml").write_text("title: [\n")
    git("commit", "--quiet", "--all", "--no-verify", "-m", "Broken")
    done = campledger("note", "hello", "the disk is full")
    assert done.returncode == 0
    assert done.stderr == (
        "note: campledger.yaml cannot be used, so nobody has a handle: `campledger check` says why\n"
    )


REFUSED: list[tuple[list[list[str]], list[str], int, str]] = [
    ([], ["resume", "hello"], 3, "is defined: it cannot resume; possible is `campledger start` or `campledger cancel`"),
    ([["start", "hello"]], ["start", "hello"], 3, "is running: it cannot start"),
    ([], ["record", "hello", "step1"], 3, "is defined: only a running campaign takes submissions"),
    ([["start", "hello"]], ["record", "hello", "step9"], 2, "has no step or group `step9`: its steps are step1, step2"),
    (
        [["start", "hello"]],
        ["record", "hello", "step1/x"],
        2,
        "`step1/x`: the groups of step1 are g, r",
    ),
    ([["start", "hello"]], ["record", "hello", "stp1"], 2, "has no step or group `stp1`: did you mean `step1`?"),
    ([], ["note", "hello", "x", "--on", "nope"], 2, "has no step or group `nope`: its steps are step1, step2"),
    ([["start", "hello"]], ["record", "hello", "step1", "--relation", "rescue"], 3, "no submission to rescue yet"),
    (
        [["start", "hello"], ["record", "hello", "step1/g"]],
        ["record", "hello", "step1"],
        3,
        "step1/g has the submitted submission",
    ),
    ([["start", "hello"]], ["record", "hello", "step1", "--parent", "zzz"], 2, "has no submission `zzz`"),
    ([], ["outcome", "nope", "failed"], 2, "unknown submission `nope`"),
    ([], ["accept", ""], 2, "`` names no submission"),
    ([], ["retract", "", "--reason", "x"], 2, "`` names no event"),
    ([], ["retract", "nope", "--reason", "x"], 2, "unknown event `nope`: `campledger log CAMPAIGN` lists them"),
    ([], ["reconcile", "hello", "--reason", "x"], 3, "has no fork"),
    ([["start", "hello"], ["record", "hello", "step1", "--run-id", "1"]], ["accept", "1"], 3, "cannot become accepted"),
    (
        [
            ["start", "hello"],
            ["record", "hello", "step1", "--run-id", "1"],
            ["outcome", "1", "failed"],
            ["accept", "1"],
        ],
        ["accept", "1"],
        3,
        "is accepted already; possible is `campledger reject ",
    ),
    (
        [["start", "hello"], ["record", "hello", "step1", "--run-id", "1"]],
        ["outcome", "1", "cancelled"],
        2,
        "needs a reason",
    ),
    ([["start", "hello"]], ["record", "hello", "step1", "--file", "../../x"], 2, "missing file ../../x in"),
    ([["start", "hello"]], ["record", "hello", "step1", "--file", "/etc/passwd"], 2, "missing file /etc/passwd in"),
    ([], ["assign", "hello", "nobody"], 2, "unknown person `nobody`: expected one of vera"),
    ([["assign", "hello", "me"]], ["assign", "hello", "vera"], 3, "is an operator in"),
    ([], ["unassign", "hello", "vera"], 3, "vera is no operator in"),
    ([], ["link", "hello", "javascript:alert(1)"], 3, "unsupported scheme `javascript`"),
    ([], ["link", "hello", "DM-1"], 3, "invalid address `DM-1`; link to an http or https address"),
    ([], ["link", "hello", "https://u:p@x.example.org"], 3, "contains a user name or password"),
    ([], ["note", "hello", "x", "--at", "2999-01-01"], 2, "is still to come"),
    ([], ["note", "", "x"], 2, "`` names no campaign"),
    ([], ["note", "-", "x"], 2, "`-` names no campaign"),
    ([], ["note", "helo-campledger", "x"], 2, "did you mean 2026-"),
    ([], ["note", "campledger", "x"], 2, "unknown campaign `campledger`: did you mean 2026-"),
    ([], ["note", "nothing-like-it", "x"], 2, "`campledger list` shows them"),
]


@pytest.mark.parametrize(("before", "words", "code", "said"), REFUSED, ids=[" ".join(row[1])[:60] for row in REFUSED])
def test_a_refusal_says_why_and_changes_nothing(
    ledger: Path, campledger: Run, snapshot: Snapshot, before: list[list[str]], words: list[str], code: int, said: str
) -> None:
    walk(campledger, *before)
    was = snapshot()
    done = campledger(*words)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in done.stderr
    assert snapshot() == was


def test_a_campaign_with_placeholders_does_not_start(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    walk(campledger, ["edit", "hello", "--set", "data.output=u/x/DM-XXXXX"])
    was = snapshot()
    done = campledger("start", "hello")
    assert done.returncode == 3
    assert "cannot start" in done.stderr
    assert "`DM-XXXXX` is still a placeholder" in done.stderr
    assert snapshot() == was


def test_ambiguous_names_are_listed_with_their_states(ledger: Path, campledger: Run, snapshot: Snapshot) -> None:
    walk(
        campledger,
        ["define", "night-1", "--production", "other", "--kind", "nightly", "--description", "d"],
        ["define", "night-2", "--production", "other", "--kind", "nightly", "--description", "d"],
        ["start", "night-2"],
    )
    was = snapshot()
    done = campledger("note", "night", "x")
    assert done.returncode == 2
    first, *rows = done.stderr.splitlines()
    assert first == "campledger: `night` may mean 2 campaigns; give more of the id:"
    assert sorted(row.split()[1] for row in rows) == ["defined", "running"]
    assert snapshot() == was


def test_of_equal_names_the_one_that_is_not_final_is_meant(ledger: Path, campledger: Run, campaign: Path) -> None:
    walk(campledger, ["cancel", "hello", "--reason", "again"])
    again = json.loads(campledger("define", "hello-campledger", "--from", campaign.name, "--json").stdout)["campaign"]
    assert again != campaign.name
    assert json.loads(campledger("start", "hello-campledger", "--json").stdout)["campaign"] == again


@pytest.mark.parametrize("reference", ["{id}", "{suffix}", "hello-campledger", "hello", "Hello Campledger", "{id:.20}"])
def test_a_campaign_answers_to_several_names(campaign: Path, ledger: Path, campledger: Run, reference: str) -> None:
    named = reference.format(id=campaign.name, suffix=campaign.name[-4:])
    assert json.loads(campledger("note", named, "x", "--json").stdout)["campaign"] == campaign.name


def test_events_of_the_same_moment_follow_each_other(ledger: Path, campaign: Path, campledger: Run) -> None:
    walk(campledger, *[["note", "hello", str(number)] for number in range(5)])
    times = [event["time"] for event in events_of(campaign)]
    assert times == sorted(set(times))


def test_a_clock_that_lags_is_told(ledger: Path, campaign: Path, campledger: Run, git: Git, snapshot: Snapshot) -> None:
    walk(campledger, ["note", "hello", "x"])
    file = campaign / "events.yaml"
    file.write_text(file.read_text().replace(events_of(campaign)[0]["time"][:4], "2999", 1))
    git("commit", "--quiet", "-am", "from the future")
    was = snapshot()
    done = campledger("note", "hello", "y")
    assert done.returncode == 3
    assert "one of the two clocks is wrong" in done.stderr
    assert snapshot() == was


def test_a_retraction_takes_an_event_back_and_can_be_taken_back(
    ledger: Path, campaign: Path, campledger: Run, sound: Sound
) -> None:
    walk(campledger, ["start", "hello"], ["complete", "hello"])
    wrong = events_of(campaign)[-1]["id"]
    done = campledger("retract", wrong[:6], "--reason", "too early", "--json")
    assert json.loads(done.stdout)["state"] == "running"
    assert campledger("retract", wrong, "--reason", "again").returncode == 3
    retraction = events_of(campaign)[-1]["id"]
    done = campledger("retract", retraction, "--reason", "it was right", "--json")
    assert json.loads(done.stdout)["state"] == "completed"
    assert campledger("check").returncode == 0
    assert "does not count" in campledger("log", "hello").stdout
    sound()


def test_an_outcome_is_retracted_not_the_submission_that_it_is_of(
    ledger: Path, campaign: Path, campledger: Run
) -> None:
    walk(campledger, ["start", "hello"], ["record", "hello", "step1", "--run-id", "1"], ["outcome", "1", "failed"])
    outcome = events_of(campaign)[-1]["id"]
    walk(campledger, ["retract", outcome, "--reason", "it still runs"])
    assert events_of(campaign)[-1]["event"] == outcome
    (submission,) = json.loads(campledger("show", "hello", "--json").stdout)["submissions"]
    assert submission["state"] == "submitted"


def test_a_run_id_is_meant_before_the_beginning_of_an_event(ledger: Path, campaign: Path, campledger: Run) -> None:
    walk(campledger, ["start", "hello"], ["record", "hello", "step1", "--run-id", "7"])
    first = events_of(campaign)[-1]["id"]
    walk(campledger, ["record", "hello", "step2", "--run-id", first[:5]], ["outcome", first[:5], "failed"])
    assert events_of(campaign)[-1]["submission"] == events_of(campaign)[-2]["id"]
    assert campledger("outcome", first[:3], "failed").returncode == 2
    walk(campledger, ["outcome", first[:6], "failed"])
    assert events_of(campaign)[-1]["submission"] == first


def test_a_submission_keeps_every_run_id_that_it_had(ledger: Path, campaign: Path, campledger: Run) -> None:
    walk(campledger, ["start", "hello"], ["record", "hello", "step1/g", "--run-id", "first"])
    walk(campledger, ["outcome", "first", "running", "--run-id", "second"], ["outcome", "first", "failed"])
    walk(campledger, ["record", "hello", "step1/g", "--run-id", "third", "--parent", "second"])
    walk(campledger, ["outcome", "third", "succeeded"], ["accept", "third"])
    shown = json.loads(campledger("show", "hello", "--json").stdout)
    assert [(one["run_id"], one["state"]) for one in shown["submissions"]] == [
        ("second", "rescued"),
        ("third", "accepted"),
    ]


def test_a_retraction_that_would_leave_a_fork_is_refused(
    ledger: Path, campaign: Path, campledger: Run, snapshot: Snapshot
) -> None:
    walk(campledger, ["start", "hello"], ["pause", "hello", "--reason", "r"])
    was = snapshot()
    done = campledger("retract", events_of(campaign)[0]["id"], "--reason", "x")
    assert done.returncode == 3
    assert snapshot() == was


def test_a_broken_history_takes_nothing_more(
    ledger: Path, campaign: Path, campledger: Run, git: Git, snapshot: Snapshot
) -> None:
    walk(campledger, ["note", "hello", "x"])
    with (campaign / "events.yaml").open("a") as events:
        events.write("- {half a li")
    git("commit", "--quiet", "-am", "cut off")
    was = snapshot()
    done = campledger("note", "hello", "y")
    assert done.returncode == 1
    assert "cannot be read" in done.stderr
    assert snapshot() == was


def test_a_campaign_from_definition_to_completion(guarded: Path, campaign: Path, campledger: Run, sound: Sound) -> None:
    walk(
        campledger,
        ["assign", "hello", "me"],
        ["start", "hello"],
        ["record", "hello", "step1", "--run-id", "1"],
        ["outcome", "1", "running"],
        ["outcome", "1", "held"],
        ["outcome", "1", "failed", "--jobs", "failed=1"],
        ["record", "hello", "step1", "--run-id", "2", "--parent", "1"],
        ["outcome", "2", "succeeded"],
        ["accept", "2"],
        ["record", "hello", "step2", "--run-id", "3"],
        ["outcome", "3", "succeeded"],
        ["reject", "3", "--reason", "stripes"],
        ["record", "hello", "step2", "--relation", "replacement", "--run-id", "4"],
        ["outcome", "4", "succeeded"],
        ["accept", "4", "--reason", "no stripes"],
        ["complete", "hello"],
    )
    shown = json.loads(campledger("show", "hello", "--json").stdout)
    assert shown["state"] == "completed"
    assert shown["groups"] == {"step1/g": "accepted", "step1/r": "accepted", "step2/all": "accepted"}
    assert [one["state"] for one in shown["submissions"]] == ["rescued", "accepted", "rescued", "accepted"]
    assert campledger("check", "--strict").returncode == 0
    sound()


def test_a_planned_submission_is_not_recorded_twice(ledger: Path, campledger: Run) -> None:
    assert campledger("start", "hello").returncode == 0
    planned = json.loads(campledger("record", "hello", "step1/g", "--planned", "--json").stdout)["event"]["id"]
    done = campledger("record", "hello", "step1/g", "--run-id", "5")
    assert done.returncode == 3
    command = f"campledger outcome {planned} submitted --run-id"
    assert command in done.stderr
    assert campledger("outcome", planned, "submitted", "--run-id", "5").returncode == 0


def test_an_event_of_a_wrong_clock_can_be_retracted_and_the_campaign_goes_on(
    ledger: Path, campaign: Path, campledger: Run, git: Git
) -> None:
    wrong = '- {"id": "wrongclock22", "time": "2999-01-01T00:00:00.000000Z", "by": "x", "type": "note", "text": "x"}\n'
    with (campaign / "events.yaml").open("a") as file:
        file.write(wrong)
    git("add", "--all")
    git("commit", "--quiet", "--no-verify", "--message=a wrong clock")
    assert campledger("note", "hello", "x").returncode == 3
    assert campledger("check").returncode == 1
    assert campledger("retract", "wrongclock22", "--reason", "the clock was wrong").returncode == 0
    assert campledger("check").returncode == 0
    for words in (("start", "hello"), ("note", "hello", "goes on"), ("pause", "hello", "--reason", "x")):
        assert campledger(*words).returncode == 0
    assert campledger("check").returncode == 0
    assert "paused" in campledger("list").stdout
