"""Acts of scripts and notebooks that become one commit, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from campledger.errors import CampledgerError, UsageError
from campledger.model import templates, times
from campledger.model.states import OUTCOMES
from campledger.model.vocabulary import LinkType, Relation, Said
from campledger.operations.acts import approve as approvals
from campledger.operations.acts import change_state as states
from campledger.operations.acts import corrections, notes, operators, submissions
from campledger.operations.acts.act import Act, How, key_of
from campledger.operations.acts.submissions import Run
from campledger.operations.campaign import Campaign
from campledger.operations.define import campaigns, groups, saved_queries
from campledger.operations.read import find_campaigns
from campledger.operations.registry import upload
from campledger.operations.sets import edit_sets
from campledger.operations.write.staging import StagedLedger
from campledger.operations.write.writing import Writing

P = ParamSpec("P")
T = TypeVar("T")


class Transaction:
    """Acts that become one commit at the end of the ``with`` block, or none where anything in it raises.

    Each act is checked at once, on the ledger as the acts before it leave it, and returns an id: the campaign's, or
    that of the event recorded, which is the submission's. Campaigns and submissions are named as on the command line;
    ``at`` says when it happened, if not now. An act with a ``key`` is made once, however often it is asked for, so that
    a script that gives keys can be run again.

    Every method raises UsageError for what makes no sense as asked, RefusedError for what the states or rules forbid
    (its ``problems`` say where), DataError for a campaign that cannot be read. Leaving the block raises RefusedError or
    GitError, with nothing changed, where the whole cannot be committed; and, with ``push``, GitError where it cannot be
    pushed: it stays committed then, for ``campledger push``.

    No lock is held while the block runs. Where somebody else commits meanwhile the acts are made again, with the ids
    that they have, before they are committed; the block itself is not run again.
    """

    def __init__(self, writing: Writing, staged: StagedLedger | None = None):
        """Scripts call :meth:`Ledger.transaction`; who gives a ledger that acts are staged on commits them."""
        self._writing = writing
        self._given = staged
        self._steps: list[Callable[[StagedLedger], object]] = []
        self.commit: str | None = None
        """The commit, once the block has ended; None after a dry run, and where there was nothing to do."""

    def __enter__(self) -> Transaction:
        self._writing.catch_up()
        self._head = self._writing.workspace.repository.head()
        self._given = self._writing.open(several=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        staged, self._given = self._staged, None
        if kind is not None or not staged.acts:
            return
        with self._writing.landing() as land:
            held = self._writing.workspace.repository.head() == self._head and staged.still_holds()
            land(staged if held else self._again())
        self.commit = self._writing.commit

    @property
    def _staged(self) -> StagedLedger:
        if self._given is None:
            raise UsageError("acts are made in the block of the transaction: `with ledger.transaction() as t:`")
        return self._given

    def _again(self) -> StagedLedger:
        """Make all acts again, on what is there now."""
        staged = self._writing.open(several=True)
        try:
            for step in self._steps:
                step(staged)
        except CampledgerError as error:
            told = f"others changed the ledger meanwhile, and now: {error}\nnothing was changed"
            raise type(error)(told, error.problems, value=error.value) from None
        return staged

    def _do(self, act: Callable[Concatenate[StagedLedger, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make an act on the ledger as those before it leave it. What it raises, it raises here, and is not made."""
        made = act(self._staged, *args, **kwargs)
        self._steps.append(lambda staged: act(staged, *args, **kwargs))
        return made

    def campaign(self, reference: str) -> Campaign:
        """Return a campaign as the acts so far leave it."""
        return Campaign.of(self._staged.find(reference))

    def define(
        self,
        name: str | None = None,
        *,
        production: str | None = None,
        kind: str | None = None,
        description: str | None = None,
        title: str | None = None,
        owner: str | None = None,
        tickets: Sequence[str] = (),
        tags: Sequence[str] = (),
        set: Mapping[str, Any] | None = None,
        from_: str | None = None,
        template: str | None = None,
        params: Mapping[str, str | int | float | bool] | None = None,
        key: str | None = None,
    ) -> str:
        """Define a campaign, and return its id; a ``key`` that is known finds its campaign and changes nothing.

        Either ``from_`` or ``template`` may bring what is not said here.

        Parameters
        ----------
        name : str, optional
            Short name; without one that of the template or of the campaign repeated.
        production : str, optional
            Class of campaigns, one of the settings.
        kind : str, optional
            What kind of campaign it is, such as ``nightly-validation``.
        description : str, optional
            Markdown: what it is for.
        title : str, optional
            One line for people.
        owner : str, optional
            Handle of who answers for it; without one you, if the settings know you.
        tickets : sequence of str
            Keys of tickets.
        tags : sequence of str
            Words to find it by.
        set : mapping, optional
            Further values by dotted path, such as ``{"scope.tracts": [3828]}``.
        from_ : str, optional
            The campaign that it repeats: ID or ID@REV.
        template : str, optional
            A template of the ledger.
        params : mapping, optional
            What fills the template.
        key : str, optional
            What makes it the same campaign when it is asked for again.
        """
        said = {
            "name": name, "production": production, "kind": kind, "description": description, "title": title,
            "owner": owner, "tickets": [{"key": one} for one in _texts("tickets", tickets)],
            "tags": list(_texts("tags", tags)),
        }  # fmt: skip
        if (from_ is not None) and (template is not None):
            raise UsageError("`from` and `template` exclude each other")
        if params and template is None:
            raise UsageError("`params` are for a template: `template` says which")
        if owner is None and from_ is None and template is None:
            user = self._staged.user
            said["owner"] = user if user in self._staged.settings.people else None
        values = {field: value for field, value in said.items() if value not in (None, [])}
        written = {name: templates.written(value) for name, value in (params or {}).items()}
        wish = campaigns.NewCampaign(values | dict(set or {}), None, from_, key, template, written)
        return self._do(campaigns.define, wish).campaign

    def edit(self, campaign: str, *, set: Mapping[str, Any], reason: str | None = None) -> str:
        """Set values in a campaign's definition, by dotted path; None takes a key out. Return the campaign's id."""
        return self._do(campaigns.set_values, campaign, set, reason).campaign

    def groups(
        self,
        campaign: str,
        step: str,
        *,
        by: groups.By,
        size: int,
        ids: Sequence[int] = (),
        from_list: str | Path | None = None,
        template: str | None = None,
        table: str | None = None,
    ) -> str:
        """Cut a step into groups of ``size`` ids, or of those of a list in a file; return the campaign's id.

        Give ``ids`` or ``from_list``.

        Parameters
        ----------
        campaign : str
            The campaign, as on the command line.
        step : str
            Name of the step.
        by : str
            What the ids are: exposure, visit or tract.
        size : int
            How many of them a group has.
        ids : sequence of int
            The ids.
        from_list : str or Path, optional
            A file that holds them: a set, or one id a line.
        template : str, optional
            The BPS file in the campaign's directory that the groups fill.
        table : str, optional
            The path of their table there.
        """
        if bool(ids) == (from_list is not None):
            raise UsageError("give `ids`, or `from_list`: a file that holds them")
        if size < 1:
            raise UsageError("`size` is at least 1")
        found = groups.Source.of_ids(by, ids) if from_list is None else groups.Source.of(Path(from_list))
        slicing = groups.Slicing(by, size, template, table)
        return self._do(groups.cut, campaign, step, found, slicing).campaign

    def dataids_add(
        self,
        name: str,
        members: Sequence[Mapping[str, Any]],
        *,
        reason: str,
        new: Literal["include", "exclude"] | None = None,
        format: Literal["json", "ecsv"] = "json",
    ) -> str:
        """Add members to a DataId set; with ``new`` make the set, to include or to exclude. Return the set's name.

        A member is a mapping, such as ``{"instrument": "HSC", "visit": 1228, "reason": "donuts"}``; several values of
        a dimension are a list, or text such as ``"1..9"``.

        Parameters
        ----------
        name : str
            Name of the set.
        members : sequence of mappings
            What is added.
        reason : str
            Why; it goes into the commit.
        new : {'include', 'exclude'}, optional
            Make the set, for this purpose.
        format : {'json', 'ecsv'}
            The form of a new set.
        """
        extra = edit_sets.entries_set(members)
        if new is None:
            return self._do(edit_sets.add, name, extra, reason).name
        return self._do(edit_sets.add_new, name, extra, f".{format}", reason, new).name

    def dataids_remove(self, name: str, where: Mapping[str, str | int], *, reason: str) -> str:
        """Take the members out of a DataId set that agree with all values of ``where``. Return the set's name."""
        given = {key: str(value) for key, value in where.items()}
        return self._do(edit_sets.remove, name, given, reason).name

    def dataids_union(self, name: str, sets: Sequence[str], *, reason: str, members: bool = False) -> str:
        """Define a DataId set as what any of some sets has, or with ``members`` by its members. Return its name."""
        return self._derive(name, "union", sets, reason, members)

    def dataids_minus(self, name: str, sets: Sequence[str], *, reason: str, members: bool = False) -> str:
        """Define a DataId set as what the first of some sets has and no other. Return its name."""
        return self._derive(name, "minus", sets, reason, members)

    def dataids_intersect(self, name: str, sets: Sequence[str], *, reason: str, members: bool = False) -> str:
        """Define a DataId set as what all of some sets have. Return its name."""
        return self._derive(name, "intersect", sets, reason, members)

    def _derive(self, name: str, operation: str, sets: Sequence[str], reason: str, members: bool) -> str:
        if len(_texts("sets", sets)) < 2:
            raise UsageError(f"{operation} takes two sets at least")
        return self._do(edit_sets.save, name, {operation: list(sets)}, reason, members=members).name

    def dataids_convert(self, name: str, format: Literal["json", "csv", "ecsv"], *, partly: bool = False) -> str:
        """Write a DataId set in another format, sorted and each member once. Return the set's name."""
        return self._do(edit_sets.convert, name, f".{format}", partly=partly).name

    def query_save(
        self,
        name: str,
        expression: str,
        *,
        description: str = "",
        columns: Sequence[str] | None = None,
        sort: Sequence[str] | None = None,
        group: str | None = None,
        replace: bool = False,
    ) -> str:
        """Save an expression of ``campledger list`` under a name. Return the name.

        Parameters
        ----------
        name : str
            What to call it; ``@NAME`` stands for it then.
        expression : str
            Words as of ``campledger list``.
        description : str
            What it is for, in a line.
        columns : sequence of str, optional
            The columns to show.
        sort : sequence of str, optional
            The columns to sort by; ``-`` in front turns the order round.
        group : str, optional
            The column to group by.
        replace : bool
            Take the place of a query of that name.
        """
        view = find_campaigns.View(columns, sort, group)
        return self._do(saved_queries.save, name, expression, view, description=description, replace=replace).name

    def query_remove(self, name: str) -> str:
        """Remove a saved query. Return its name."""
        return self._do(saved_queries.remove, name).name

    def receipt(self, facts: Mapping[str, Any], *, campaign: str | None = None, set: str | None = None) -> str:
        """Record what was done in a Butler registry: an event uploaded, collected or executed, without its stamps.

        It goes to the history of a campaign, or of a shared set. One that stands there already is not added again.
        Return the id of the event.
        """
        return self._do(upload.receive, campaign, set, facts)

    def start(
        self, campaign: str, *, reason: str | None = None, at: datetime | str | None = None, key: str | None = None
    ) -> str:
        """Let a campaign run."""
        return self._state("start", campaign, reason, at, key)

    def pause(self, campaign: str, *, reason: str, at: datetime | str | None = None, key: str | None = None) -> str:
        """Stop new submissions for a while."""
        return self._state("pause", campaign, reason, at, key)

    def resume(
        self, campaign: str, *, reason: str | None = None, at: datetime | str | None = None, key: str | None = None
    ) -> str:
        """Let a paused campaign run again."""
        return self._state("resume", campaign, reason, at, key)

    def complete(
        self, campaign: str, *, reason: str | None = None, at: datetime | str | None = None, key: str | None = None
    ) -> str:
        """Close a campaign that has reached its goal."""
        return self._state("complete", campaign, reason, at, key)

    def fail(self, campaign: str, *, reason: str, at: datetime | str | None = None, key: str | None = None) -> str:
        """Close a campaign that has not reached its goal."""
        return self._state("fail", campaign, reason, at, key)

    def cancel(self, campaign: str, *, reason: str, at: datetime | str | None = None, key: str | None = None) -> str:
        """Close a campaign that is no longer wanted."""
        return self._state("cancel", campaign, reason, at, key)

    def reopen(self, campaign: str, *, reason: str, at: datetime | str | None = None, key: str | None = None) -> str:
        """Reopen a final campaign; it is paused then."""
        return self._state("reopen", campaign, reason, at, key)

    def _state(self, act: str, campaign: str, reason: str | None, at: datetime | str | None, key: str | None) -> str:
        return _id(self._do(states.change_state, campaign, act, reason, _how(act, at, key)))

    def record(
        self,
        campaign: str,
        places: str | Sequence[str],
        *,
        run_id: str | None = None,
        run: str | None = None,
        submit_dir: str | None = None,
        wms: str | None = None,
        file: str | None = None,
        relation: Relation | None = None,
        parents: Sequence[str] = (),
        planned: bool = False,
        deviations: Mapping[str, str] | None = None,
        text: str | None = None,
        at: datetime | str | None = None,
        key: str | None = None,
    ) -> str:
        """Record a BPS run of steps, or of groups as STEP/GROUP; return the submission's id.

        Parameters
        ----------
        campaign : str
            The campaign, as on the command line.
        places : str or sequence of str
            What it covers: STEP or STEP/GROUP.
        run_id : str, optional
            The workflow system's id of the run.
        run : str, optional
            Its RUN collection.
        submit_dir : str, optional
            Its submit directory.
        wms : str, optional
            The workflow system.
        file : str, optional
            The BPS file that was submitted.
        relation : str, optional
            What it is to its parents: ``rescue``, ``restart``, ``replacement``; found out where it is not said.
        parents : sequence of str
            The submissions that it follows.
        planned : bool
            It is not submitted yet.
        deviations : mapping, optional
            Where it differs from the definition.
        text : str, optional
            A remark.
        at : datetime or str, optional
            When it happened, if not now.
        key : str, optional
            What makes it the same act when it is asked for again.
        """
        said = {
            "run_id": run_id, "run": run, "submit_dir": submit_dir, "wms": wms, "file": file,
            "deviations": dict(deviations or {}), "text": text,
        }  # fmt: skip
        where = (places,) if isinstance(places, str) else tuple(places)
        if not where:
            raise UsageError("`places` is empty: name the steps, or STEP/GROUP, that the run covers")
        wanted = Run(where, relation, _texts("parents", parents), planned, _said(said))
        return _id(self._do(submissions.record_run, campaign, wanted, _how("record", at, key)))

    def outcome(
        self,
        submission: str,
        state: Said,
        *,
        jobs: Mapping[str, int] | None = None,
        quanta: Mapping[str, int] | None = None,
        failures: Mapping[str, int] | None = None,
        run_id: str | None = None,
        run: str | None = None,
        submit_dir: str | None = None,
        wms: str | None = None,
        reason: str | None = None,
        at: datetime | str | None = None,
        key: str | None = None,
    ) -> str:
        """Record what the workflow system says of a submission, with numbers of jobs and quanta by state.

        Parameters
        ----------
        submission : str
            The submission: the beginning of its id, or its run id.
        state : str
            What became of it, such as ``running``, ``succeeded`` or ``failed``.
        jobs : mapping, optional
            Numbers of jobs by state.
        quanta : mapping, optional
            Numbers of quanta by state.
        failures : mapping, optional
            Numbers of failures by task.
        run_id : str, optional
            The workflow system's id, if it became known now.
        run : str, optional
            Its RUN collection, likewise.
        submit_dir : str, optional
            Its submit directory, likewise.
        wms : str, optional
            The workflow system, likewise.
        reason : str, optional
            Why; a cancellation needs it.
        at : datetime or str, optional
            When it happened, if not now.
        key : str, optional
            What makes it the same act when it is asked for again.
        """
        if state not in OUTCOMES:
            raise UsageError(f"`{state}` is no outcome: it is one of {', '.join(OUTCOMES)}", value=state)
        entered, result = OUTCOMES[state]
        said = {
            "result": result, "jobs": jobs, "quanta": quanta, "failures": failures, "run_id": run_id, "run": run,
            "submit_dir": submit_dir, "wms": wms, "reason": reason,
        }  # fmt: skip
        return _id(self._do(submissions.outcome, submission, entered, _said(said), _how("outcome", at, key)))

    def accept(
        self, submission: str, *, reason: str | None = None, at: datetime | str | None = None, key: str | None = None
    ) -> str:
        """Say that what became of a submission is good enough."""
        return _id(self._do(submissions.decide, submission, "accepted", reason, _how("accept", at, key)))

    def reject(self, submission: str, *, reason: str, at: datetime | str | None = None, key: str | None = None) -> str:
        """Say that what became of a submission is not good enough."""
        return _id(self._do(submissions.decide, submission, "rejected", reason, _how("reject", at, key)))

    def approve(
        self,
        campaign: str,
        scope: Sequence[str] = (),
        *,
        until: str | None = None,
        condition: str | None = None,
        reason: str | None = None,
        at: datetime | str | None = None,
        key: str | None = None,
    ) -> str:
        """Approve a campaign, or some of its steps, as defined now.

        Parameters
        ----------
        campaign : str
            The campaign, as on the command line.
        scope : sequence of str
            The steps that are approved; without it the whole campaign.
        until : str, optional
            The last day on which it holds, YYYY-MM-DD (UTC).
        condition : str, optional
            Under which condition, in words.
        reason : str, optional
            Why, in words.
        at : datetime or str, optional
            When it happened, if not now.
        key : str, optional
            What makes it the same act when it is asked for again.
        """
        names = _texts("scope", scope)
        return _id(self._do(approvals.approve, campaign, names, until, condition, reason, _how("approve", at, key)))

    def note(
        self,
        campaign: str,
        text: str,
        *,
        on: str | None = None,
        at: datetime | str | None = None,
        key: str | None = None,
    ) -> str:
        """Write down something to remember; ``on`` names a step, or STEP/GROUP."""
        return _id(self._do(notes.note, campaign, text, on, _how("note", at, key)))

    def link(
        self,
        campaign: str,
        url: str,
        *,
        type: LinkType = "other",
        title: str | None = None,
        on: str | None = None,
        at: datetime | str | None = None,
        key: str | None = None,
    ) -> str:
        """Link a page to a campaign.

        Parameters
        ----------
        campaign : str
            The campaign, as on the command line.
        url : str
            The address.
        type : str
            What the page is.
        title : str, optional
            What to call it.
        on : str, optional
            The step, or STEP/GROUP, that it is about.
        at : datetime or str, optional
            When it happened, if not now.
        key : str, optional
            What makes it the same act when it is asked for again.
        """
        target = _said({"type": type, "url": url, "title": title})
        return _id(self._do(notes.link, campaign, target, on, _how("link", at, key)))

    def assign(
        self,
        campaign: str,
        person: str,
        *,
        on: str | None = None,
        at: datetime | str | None = None,
        key: str | None = None,
    ) -> str:
        """Make somebody, by handle or as ``me``, an operator of a campaign, a step or a group."""
        return _id(self._do(operators.assign, campaign, person, on, _how("assign", at, key)))

    def unassign(
        self,
        campaign: str,
        person: str,
        *,
        on: str | None = None,
        at: datetime | str | None = None,
        key: str | None = None,
    ) -> str:
        """Say that somebody no longer operates a campaign, a step or a group."""
        return _id(self._do(operators.assign, campaign, person, on, _how("unassign", at, key), remove=True))

    def retract(self, event: str, *, reason: str, at: datetime | str | None = None, key: str | None = None) -> str:
        """Take back an event that was wrong."""
        return _id(self._do(corrections.retract, event, reason, _how("retract", at, key)))

    def reconcile(
        self,
        campaign: str,
        *,
        reason: str,
        drop: Sequence[str] = (),
        at: datetime | str | None = None,
        key: str | None = None,
    ) -> str:
        """Settle a fork: drop the events named, or else those that do not follow from the state reached."""
        return _id(self._do(corrections.reconcile, campaign, _texts("drop", drop), reason, _how("reconcile", at, key)))


def _id(act: Act) -> str:
    return str(act.event["id"])


def _said(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value not in (None, "", {})}


def _texts(name: str, values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise UsageError(f"`{name}` takes a list, and `{values}` is text: write [{values!r}]")
    return tuple(values)


def _time(text: str) -> datetime:
    try:
        return times.parse(text)
    except ValueError:
        raise UsageError(times.invalid_time(text, datetime.now(UTC)), value=text) from None


def _how(act: str, at: datetime | str | None, key: str | None) -> How:
    if isinstance(at, str):
        at = _time(at)
    elif at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return How(at, key=key_of(act, key))
