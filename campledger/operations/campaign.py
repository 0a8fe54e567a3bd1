"""A campaign as scripts and notebooks read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

from campledger.ledger.ledger import Record
from campledger.model import campaign as model
from campledger.model import query
from campledger.model.columns import Row, row_of
from campledger.model.history import Event, History, Submission
from campledger.model.states import State
from campledger.operations.workspace import require_readable
from campledger.problems import Problem


@dataclass(frozen=True, repr=False)
class Campaign:
    """A campaign as it was when it was read: its definition, and what happened to it."""

    record: Record
    """Its files, and what is wrong with them."""
    _campaign: model.Campaign

    @classmethod
    def of(cls, record: Record) -> Campaign:
        """Return the campaign that a record holds. Raise DataError if it cannot be read."""
        require_readable(record)
        if record.campaign is None:
            raise AssertionError("what can be read has a definition")
        return cls(record, record.campaign)

    @property
    def id(self) -> str:
        """The campaign's identity."""
        return self.record.id

    @property
    def name(self) -> str:
        """Short name."""
        return self._campaign.name

    @property
    def title(self) -> str:
        """One line for people."""
        return self._campaign.title

    @property
    def owner(self) -> str | None:
        """Handle of who answers for it."""
        return self._campaign.owner

    @property
    def definition(self) -> Mapping[str, Any]:
        """What campaign.yaml says; schemas/campaign.schema.json describes it."""
        return self._campaign.definition

    @property
    def history(self) -> History:
        """Its events, replayed."""
        return self.record.history or History()

    @property
    def state(self) -> State:
        """Where it stands, by its events; it compares with text, as in ``state == "running"``."""
        return self.history.state

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened, oldest first; schemas/event.schema.json describes their ``data``."""
        return self.history.events

    @property
    def submissions(self) -> Mapping[str, Submission]:
        """The BPS runs by id, oldest first, each with its state, groups and facts."""
        return self.history.submissions

    @cached_property
    def groups(self) -> Mapping[str, str]:
        """What became of each group, by STEP/GROUP: ``accepted``, its latest submission's state, or ``waiting``."""
        return {path: self.history.group(path).state for path in self._campaign.groups}

    @cached_property
    def facts(self) -> query.Facts:
        """What it can be found by: the values of each attribute of the query language."""
        return query.facts_of(self._campaign, self.history)

    @property
    def row(self) -> Row:
        """Its values by column, as ``campledger list --json`` has them."""
        return row_of(self._campaign, self.history, self.facts) | {"problems": len(self.record.problems)}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with its files."""
        return self.record.problems

    def __repr__(self) -> str:
        return f"<Campaign {self.id} {self.state}>"

    def _repr_html_(self) -> str:
        """Return the campaign as notebooks show it: what a line of a list says."""
        shown = {name: self.row[name] for name in _IN_NOTEBOOKS if self.row[name] not in (None, "", [], ())}
        lines = (f"<tr><th>{name}</th><td>{escape(_cell(value))}</td></tr>" for name, value in shown.items())
        return f"<table><caption>{escape(self.title)}</caption>{''.join(lines)}</table>"


_IN_NOTEBOOKS = ("id", "state", "production", "kind", "owner", "step", "groups", "changed")
"""The columns that a notebook shows of a campaign."""


def _cell(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
