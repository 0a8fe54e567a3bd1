"""A ledger as scripts and notebooks open it: to read, and for transactions of many acts.

The acts are those of the command line, with the same names and options; see docs/scripting.md.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from campledger.errors import UsageError
from campledger.model import query
from campledger.model.columns import in_order, unknown_column
from campledger.operations.campaign import Campaign
from campledger.operations.read import check, find_campaigns
from campledger.operations.roots import find_root
from campledger.operations.transaction import Transaction
from campledger.operations.workspace import Workspace
from campledger.operations.write.writing import Writing
from campledger.problems import Problem
from campledger.repository.environment import settle_environment


class Ledger:
    """A ledger in a clone on this machine. Each question reads the files as they are at that moment."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace

    @classmethod
    def open(cls, path: str | Path | None = None) -> Ledger:
        """Open the ledger in a directory or above it; without one $CAMPLEDGER_LEDGER, or else the current directory.

        Variables such as GIT_DIR, which a hook sets, are forgotten, as they would send git to another repository.
        Raise UsageError where there is no ledger.
        """
        settle_environment(in_hook=False)
        return cls(Workspace(find_root(Path(path or os.environ.get("CAMPLEDGER_LEDGER") or Path.cwd()))))

    @property
    def root(self) -> Path:
        """The ledger's directory."""
        return self._workspace.root

    def __repr__(self) -> str:
        return f"Ledger.open({str(self.root)!r})"

    def campaign(self, reference: str, *, commit: str | None = None) -> Campaign:
        """Return the campaign that an id, a name, the beginning of one, or the last four characters of an id names.

        With ``commit``, as it was there. Raise UsageError if there is none or several, DataError if it cannot be read.
        """
        return Campaign.of(find_campaigns.show(self._workspace, reference, commit))

    def find(
        self, expression: str = "", *, sort: Sequence[str] = (), limit: int | None = None, commit: str | None = None
    ) -> list[Campaign]:
        """Return the campaigns that an expression of ``campledger list`` finds; without one, all.

        Campaigns that cannot be read are left out; :meth:`check` tells of them. Raise UsageError for an expression or
        a column that cannot be understood.

        Parameters
        ----------
        expression : str
            Words as of ``campledger list``, such as ``state:running owner:me``; ``@NAME`` is a saved query.
        sort : sequence of str
            Columns, the first one first; ``-`` in front turns the order round.
        limit : int, optional
            At most so many.
        commit : str, optional
            Read the ledger as it was at this commit, not the files.
        """
        complaints = [complaint for name in sort if (complaint := unknown_column(name))]
        if complaints:
            raise UsageError(str(complaints[0]))
        ledger = self._workspace.ledger(commit)
        terms, _ = find_campaigns.terms_of(self._workspace, ledger, expression)
        every = (Campaign(one, one.campaign) for one in ledger.records() if one.campaign is not None)
        found = {one.id: one for one in every if query.matches(terms, one.facts)}
        rows = in_order((one.row for one in found.values()), sort)
        return [found[row["id"]] for row in rows[:limit]]

    def check(self) -> list[Problem]:
        """Return what is wrong with the ledger, errors and warnings, as ``campledger check`` does."""
        return check.check_work_tree(self._workspace, ())

    def transaction(self, message: str | None = None, *, push: bool = False, dry_run: bool = False) -> Transaction:
        """Return a transaction, for a ``with`` block: all acts in it become one commit, or none is made.

        The message of the commit is made of the acts where none is given. With ``push`` the others' acts are fetched
        before the block, and the commit is pushed after it, made again where somebody was faster. With ``dry_run``
        everything is checked, and nothing written.
        """
        return Transaction(Writing(self._workspace, push, None, dry_run, message))
