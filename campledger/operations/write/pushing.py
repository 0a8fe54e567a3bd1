"""Acts that reach the others: fetched before, pushed after, and made again where somebody was faster.

An act is an appended event, or a definition, that was checked against the history below it. When the branch on the
other side has moved, our own commits that were never pushed are taken back, each act is checked against the new
tip and made again on it; one that has become illegal is withdrawn, and told. No lock is held over the network.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from campledger.documents.lines import format_event, parse_events
from campledger.errors import CampledgerError, GitError, RefusedError
from campledger.ledger.histories import is_history, is_receipts, set_of_receipts
from campledger.ledger.ledger import Ledger
from campledger.ledger.sets import is_set_path, merge_sets
from campledger.model import times
from campledger.model.event_kinds import kind_of
from campledger.model.ids import CAMPAIGN_ID
from campledger.operations.workspace import Workspace, require_known_format
from campledger.operations.write.staging import validate
from campledger.repository import remote
from campledger.repository.commits import locked
from campledger.repository.file_trees import GitTree, WorkTree
from campledger.repository.git_commands import explain

ATTEMPTS = 60
"""Eight busy operators of one ledger needed at most a dozen in the tests."""


@dataclass
class Pushed:
    """What became of a push."""

    where: str = ""
    """Remote and branch: origin/main."""

    commit: str | None = None
    """The tip on the other side; None where there was nothing to push."""
    landed: int = 0
    withdrawn: list[str] = field(default_factory=list)
    """Acts that the newer history made illegal, each with the reason."""


def catch_up(workspace: Workspace) -> None:
    """Fetch before an act. Raise RefusedError if acts made offline had to be withdrawn, GitError."""
    earlier = bring_up_to_date(workspace).withdrawn
    if earlier:
        # What is asked for now may rest on what is gone.
        raise RefusedError(f"not done, since acts made before had to be {tell(earlier)}\nlook at them, then try again")


def push_act(workspace: Workspace) -> Pushed:
    """Push after an act. Raise RefusedError if it had to be withdrawn, GitError; then it stays committed here."""
    result = push(workspace)
    if result.withdrawn:
        raise RefusedError(tell(result.withdrawn))
    return result


def tell(withdrawn: Sequence[str]) -> str:
    """Return what became of acts that were withdrawn."""
    hint = "each is still in git: `git show COMMIT` shows it, `git cherry-pick COMMIT` brings it back"
    return "\n".join(["withdrawn, since others were faster:", *withdrawn, hint])


@contextmanager
def _telling(withdrawn: list[str]) -> Iterator[None]:
    """Tell of withdrawn acts even where something else fails: they are gone from the branch."""
    try:
        yield
    except CampledgerError as error:
        if not withdrawn:
            raise
        raise type(error)(f"{error}\n{tell(withdrawn)}", error.problems, value=error.value) from None


def bring_up_to_date(workspace: Workspace) -> Pushed:
    """Fetch, and land acts made offline on what came. Raise RefusedError, GitError."""
    require_known_format(Ledger(WorkTree(workspace.root, ())))
    repository = workspace.repository
    upstream = remote.upstream_of(repository)
    try:
        tip = remote.fetch(repository, upstream)
    except GitError as error:
        raise GitError(
            f"{error}\nnothing was done; without --push the act is kept here, for `campledger push`"
        ) from None
    _require_only_acts(workspace, tip)
    return _land(workspace, tip)


def push(workspace: Workspace) -> Pushed:
    """Push the acts that the others do not have yet. Raise RefusedError, GitError."""
    require_known_format(Ledger(WorkTree(workspace.root, ())))
    result = Pushed()
    with _telling(result.withdrawn):
        _push(workspace, result)
    return result


def _push(workspace: Workspace, result: Pushed) -> None:
    repository = workspace.repository
    upstream = remote.upstream_of(repository)
    result.where = f"{upstream.remote}/{upstream.branch.removeprefix('refs/heads/')}"
    tip = remote.fetch(repository, upstream)
    for attempt in range(ATTEMPTS):
        _require_only_acts(workspace, tip)
        landing = _land(workspace, tip)
        result.withdrawn += landing.withdrawn
        head = repository.head()
        waiting = remote.unpushed(repository, tip)
        if head is None or not waiting:
            return
        answer = remote.push(repository, upstream, head)
        if answer.status == 0:
            result.commit, result.landed = head, len(waiting)
            return
        if not remote.was_too_slow(answer):
            raise GitError(f"{explain('push', answer)}\nthe act is committed here; `campledger push` tries again")
        time.sleep(random.uniform(0, min(0.05 * 2**attempt, 2.0)))  # noqa: S311 - jitter, no secret
        tip = remote.fetch(repository, upstream)
    raise GitError(f"others were faster {ATTEMPTS} times; the act is committed here; `campledger push` tries again")


def _require_only_acts(workspace: Workspace, tip: str | None) -> None:
    own = [one for one in remote.unpushed(workspace.repository, tip) if not one.is_act] if tip else []
    if own:
        rows = "\n".join(f"  {one.commit[:10]} {one.subject}" for one in own[:8])
        raise GitError(f"these commits are not pushed and not campledger's; push or move them yourself:\n{rows}")


def _land(workspace: Workspace, tip: str | None) -> Pushed:
    """Make the unpushed acts again on a tip, where it is not below them already."""
    repository = workspace.repository
    result = Pushed()
    if tip is None:
        return result
    with locked(repository):
        head = repository.head()
        if head is not None and repository.is_ancestor(tip, head):
            return result
        require_known_format(Ledger(GitTree(repository, tip)))
        _require_only_acts(workspace, tip)  # again: the user may have committed since
        operation = repository.operation_in_progress()
        if operation:
            raise GitError(f"a {operation} is in progress: finish it, then try again")
        new = tip
        lost: set[str] = set()
        for one in remote.unpushed(repository, tip) if head is not None else []:
            paths = repository.changed_paths(one.parents[0], one.commit)
            subjects = {_subject(path) for path in paths}
            try:
                new = _again(workspace, one, new, paths, rests_on_lost=not lost.isdisjoint(subjects))
                result.landed += 1
            except CampledgerError as error:
                lost |= subjects
                result.withdrawn.append(f"{one.subject} ({one.commit[:10]}): {error}")
        remote.move_branch(repository, head, new)
    return result


def _again(
    workspace: Workspace,
    act: remote.Unpushed,
    tip: str,
    paths: Sequence[str],
    *,
    rests_on_lost: bool,
) -> str:
    """Make one act, which changed these files, again on a tip; return the new commit."""
    repository = workspace.repository
    before = remote.contents_at(repository, act.parents[0], paths)
    after = remote.contents_at(repository, act.commit, paths)
    present = remote.contents_at(repository, tip, paths)
    if rests_on_lost and not all(_is_independent(path, before[path], after[path]) for path in paths):
        raise RefusedError("an earlier act on the same campaign or set was withdrawn, on which it may rest")
    files = {path: _merged(path, before[path], after[path], present[path]) for path in paths}
    if files == present:
        return tip  # somebody with the same keys was faster
    ledger = Ledger(GitTree(repository, tip))
    across = not all(is_history(path) or is_set_path(path) for path in paths)
    campaigns = sorted({subject for subject in map(_subject, paths) if CAMPAIGN_ID.fullmatch(subject)})
    validate(ledger, files, campaigns, across=across)
    return remote.commit_on(repository, tip, files, act)


def _subject(path: str) -> str:
    """Return what a file belongs to: the id of its campaign, or the path of its set without the ending."""
    campaign = next((part for part in path.split("/") if CAMPAIGN_ID.fullmatch(part)), None)
    return campaign or (set_of_receipts(path) if is_receipts(path) else path.rpartition(".")[0])


def _is_independent(path: str, before: bytes | None, after: bytes | None) -> bool:
    """Whether only events were appended that rest on nothing."""
    if not is_history(path) or after is None:
        return False
    appended = parse_events(path, after[len(before or b"") :])[0]
    return all(kind_of(event).independent for event in appended)


def _merged(path: str, before: bytes | None, after: bytes | None, present: bytes | None) -> bytes | None:
    if present in (before, after):
        return after
    appended = after is not None and after.startswith(before or b"")
    if is_history(path) and appended and after is not None:
        return (present or b"") + _stamped_again(path, after[len(before or b"") :], present or b"")
    if is_set_path(path) and before is not None and after is not None and present is not None:
        merged = merge_sets(path, before, after, present)
        if merged is not None:
            return merged
    raise RefusedError(f"{path} was changed by others too")


def _stamped_again(path: str, lines: bytes, present: bytes) -> bytes:
    """Date appended events after the newer history that they land on; they were never pushed under another date."""
    known = {event.id: event.time for event in parse_events(path, present)[0]}
    last = max(known.values(), default=None)
    text = ""
    for event in parse_events(path, lines)[0]:
        if event.id in known:
            continue  # an act with a key, which others have made too
        data: dict[str, Any] = dict(event.data)
        if last is not None and event.time <= last:
            data["time"] = times.recorded(times.next_after(datetime.now(UTC), last))
        last = str(data["time"])
        text += format_event(data)
    return text.encode()
