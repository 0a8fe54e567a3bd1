"""What came of a campaign: what failed, by task, and the collections that it wrote."""

from __future__ import annotations

from typing import Any

from campledger.model.history import Submission
from campledger.model.progress import Progress
from campledger.model.states import SubmissionState

MAX_TASKS = 50
"""Tasks that a page lists, those with the most failures."""

MAX_RUNS = 300
"""RUN collections that a page lists."""

_LINKED = 8
_SETTLED = {SubmissionState.ACCEPTED, SubmissionState.RESCUED, SubmissionState.CANCELLED}


def failures(progress: Progress) -> dict[str, Any]:
    """Return the failed quanta by task label: what is open, what was rescued or accepted, and where."""
    tasks: dict[str, list[tuple[Submission, int]]] = {}
    for one in progress.history.submissions.values():
        for task, count in one.facts.get("failures", {}).items():
            if count:
                tasks.setdefault(task, []).append((one, count))
    rows = [_task(name, found) for name, found in tasks.items()]
    rows.sort(key=lambda row: (-row["open"], -row["all"], row["task"]))
    shown = [row | {"open": f"{row['open']:,}", "all": f"{row['all']:,}"} for row in rows[:MAX_TASKS]]
    return {"rows": shown, "more": max(0, len(rows) - MAX_TASKS)}


def _task(name: str, found: list[tuple[Submission, int]]) -> dict[str, Any]:
    """Return one task's failures; those of submissions that nobody settled yet are open."""
    pending = [(one, count) for one, count in found if one.state not in _SETTLED]
    order = pending + [pair for pair in found if pair not in pending]
    return {
        "task": name,
        "open": sum(count for _, count in pending),
        "all": sum(count for _, count in found),
        "where": [{"id": one.id, "count": f"{count:,}", "state": str(one.state)} for one, count in order[:_LINKED]],
        "elsewhere": max(0, len(order) - _LINKED),
    }


def outputs(progress: Progress) -> dict[str, Any]:
    """Return the collections of a campaign: output chains, RUNs that submissions wrote, TAGGED ones made of them."""
    submissions = progress.history.submissions.values()
    runs = [
        {"name": one.facts["run"], "submission": one.id, "state": str(one.state)}
        for one in submissions
        if "run" in one.facts
    ]
    tagged = [
        {
            "name": event.data["collection"],
            "butler": event.data["butler"],
            "counts": [{"type": name, "count": f"{count:,}"} for name, count in event.data["count"].items()],
            "event": event.id,
        }
        for event in progress.history.effective
        if event.type == "collected"
    ]
    found = {"chains": _chains(progress), "runs": runs[:MAX_RUNS], "tagged": tagged}
    return found | {"run_count": f"{len(runs):,}", "more_runs": max(0, len(runs) - MAX_RUNS)}


def _chains(progress: Progress) -> list[dict[str, Any]]:
    """Return each output chain with the steps that write to it; the campaign's own is for all that say nothing else."""
    campaign = progress.campaign
    places: dict[str, dict[str, None]] = {}
    own = campaign.sections.get("data", {}).get("output")
    if own is not None:
        places[own] = {}
    for step in campaign.steps:
        for group in step.groups:
            output = group.sections.get("data", {}).get("output")
            if output is not None:
                places.setdefault(output, {})[step.name] = None
    return [{"name": name, "steps": list(steps) if name != own else []} for name, steps in places.items()]
