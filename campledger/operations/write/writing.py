"""Writing to a ledger: changes are staged, and become one commit, on a branch of their own or pushed where asked for.

Every command that writes does it like this::

    writing = Writing(workspace, push=True)
    with writing.stage() as staged:
        acts.note(staged, "k7mq", "detector 53 is noisy")
    writing.commit  # the commit that has it
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from campledger.errors import UsageError
from campledger.operations.workspace import Workspace, require_known_format
from campledger.operations.write import pushing
from campledger.operations.write.staging import StagedLedger, Written
from campledger.repository.commits import locked


@dataclass
class Writing:
    """How changes are written, and what became of them."""

    workspace: Workspace
    push: bool = False
    """Whether what others have pushed is fetched first, and the commit pushed after; it is made again where others
    were faster."""
    branch: str | None = None
    """The new branch that gets the commit; an empty name stands for one made from the campaign's id."""
    dry_run: bool = False
    """Whether everything is checked, and nothing written."""
    message: str | None = None
    """What the commit says, where that is not made of what is staged."""
    written: Written = field(default_factory=Written)
    pushed: pushing.Pushed | None = None
    _caught_up: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be asked for together."""
        if self.branch is not None and self.push:
            raise UsageError("--branch and --push exclude each other: a branch is pushed for review")
        self.push = self.push and not self.dry_run

    @property
    def commit(self) -> str | None:
        """The commit; None after a dry run, and where there was nothing to do."""
        return (self.pushed.commit if self.pushed and self.written.commit else None) or self.written.commit

    def catch_up(self) -> None:
        """Fetch what others have pushed, once, where that is asked for; :meth:`stage` does it too.

        Raise RefusedError if acts made offline had to be withdrawn, GitError.
        """
        if self.push and not self._caught_up:
            pushing.catch_up(self.workspace)
            self._caught_up = True

    def open(self, *, several: bool = False) -> StagedLedger:
        """Return the ledger that the changes go on top of: as it is on disk, or in HEAD for another branch."""
        head = None if self.branch is None else self.workspace.repository.head()
        ledger = self.workspace.ledger(head)
        require_known_format(ledger)
        return StagedLedger(self.workspace, ledger, several=several)

    @contextmanager
    def stage(self, *, several: bool = False) -> Iterator[StagedLedger]:
        """Let changes be staged under the ledger's lock, and commit them at the end of the block.

        Whatever is raised in the block leaves everything as it was. Raise RefusedError, DataError or GitError, with
        nothing changed, where the whole cannot be committed; GitError where it cannot be pushed, and stays committed.
        """
        with self.landing() as land:
            staged = self.open(several=several)
            yield staged
            land(staged)

    @contextmanager
    def landing(self) -> Iterator[Callable[[StagedLedger], None]]:
        """Hold the ledger's lock, and give the function that commits; pushing comes after. Raise as :meth:`stage`."""

        def land(staged: StagedLedger) -> None:
            made = staged.commit(self.message, branch=self.branch, dry_run=self.dry_run)
            self.written = made or self.written  # the receipts of one command may be several commits

        self.catch_up()
        with locked(self.workspace.repository):
            yield land
        if self.push:
            self.pushed = pushing.push_act(self.workspace)
