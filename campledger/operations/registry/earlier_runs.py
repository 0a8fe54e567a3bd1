"""What earlier steps ran with: data that is excluded only now may be in their outputs, which later steps read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from campledger.errors import ButlerError, RefusedError
from campledger.ledger.ledger import Record
from campledger.model.campaign import Group
from campledger.model.history import Event
from campledger.operations.registry.upload import Named

if TYPE_CHECKING:
    from campledger.butler.store import DataIdStore
    from campledger.dataids.sets import Row

SHOWN = 3
"""How many data IDs the refusal names."""


def require_left_out_before(
    store: DataIdStore, record: Record, group: Group, alias: str, sets: Sequence[Named]
) -> None:
    """Raise RefusedError if an earlier step, whose outputs the group may read, did not leave out what it leaves out.

    Exclusions thin the inputs that the definition names. They do not reach the outputs of a step that ran before a
    member was added. Known are the steps that ``campledger pipetask`` ran in the same repository; what the graph of a
    run really read is not looked at here.
    """
    data = group.sections["data"]
    read = {data.get("output"), *data.get("inputs", ()), *data.get("ancillary", ())}
    excluded = [one for one in sets if one.purpose == "exclude"]
    for event in _runs_before(record, group, alias) if excluded else ():
        if not read & _outputs(event.data["command"]):
            continue
        for one in excluded:
            fresh = set(one.found.value.members) - _left_out(store, event, one)
            if fresh:
                some = ", ".join("/".join(map(str, row)) for row in sorted(fresh)[:SHOWN])
                more = f" and {len(fresh) - SHOWN:,} more" if len(fresh) > SHOWN else ""
                raise RefusedError(
                    f"`{one.name}` excludes {some}{more}, but {event.data['on']} ran without that exclusion "
                    f"(event {event.id}), and {group.path} may read its outputs: define a campaign with another "
                    f"`data: output`, and run it from {event.data['on']} on"
                )


def _runs_before(record: Record, group: Group, alias: str) -> Iterator[Event]:
    """Yield the runs of pipetask for steps that the definition has before the group's, in a repository."""
    names = [step.name for step in record.campaign.steps] if record.campaign else []
    before = set(names[: names.index(group.step)]) if group.step in names else set()
    for event in record.history.effective if record.history else ():
        ran = event.type == "executed" and event.data["command"][1:2] == ["run"] and event.data.get("butler") == alias
        if ran and event.data["on"].partition("/")[0] in before:
            yield event


def _outputs(command: Sequence[str]) -> set[str]:
    """Return the collections that a command of pipetask writes."""
    return {value for option, value in pairwise(command) if option in {"--output", "--output-run"}}


def _left_out(store: DataIdStore, event: Event, one: Named) -> set[Row]:
    """Return the members of the set's dimensions that a run left out, as far as the registry still has them."""
    found: set[Row] = set()
    refs: Sequence[dict[str, Any]] = event.data.get("exclude", ())
    for ref in refs:
        if ref["digest"] == one.found.value.digest:
            return set(one.found.value.members)
        try:
            value = store.get(ref["name"], ref["revision"])
        except ButlerError:
            continue  # the revision was removed: what it held is not known
        if value.dimensions == one.found.value.dimensions:
            found |= set(value.members)
    return found
