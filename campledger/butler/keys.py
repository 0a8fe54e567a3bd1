"""Names of exposures, visits and detectors, converted to the keys of their dimensions by a registry, in batches.

A list made elsewhere names an exposure by its obs_id, or by night and sequence number; a registry's tables and its
queries want its number. Asked one after the other a registry answers some hundred times a second; here the distinct
names of each dimension are looked up together, through the registry's public queries only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from campledger.butler.key_columns import NAMES, KeyPlan, Target, Value, Way, number, plan, text
from campledger.butler.key_lookup import Key, Lookup
from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.files import no_collection
from campledger.dataids.lists import ForeignList
from campledger.dataids.sets import Row
from campledger.errors import UsageError

if TYPE_CHECKING:
    from lsst.daf.butler import Butler

Kind = Literal["unknown", "ambiguous", "contradiction", "missing"]

SHOWN = 5
"""Candidates that a message names."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A row of a list that was not converted, and why."""

    index: int
    """Of the row in the list, from 0."""
    line: int
    """Of the row in its file, from 1."""
    kind: Kind
    """``unknown`` to the registry (it may know it later), ``ambiguous``, at odds with itself or with the registry
    (``contradiction``), or without a value that is needed (``missing``)."""
    text: str
    """What names it in the list, as ``instrument=HSC, obs_id=HSCA90334200``."""
    message: str
    entry: Mapping[str, Value]
    """The values that name it, by column: what a set keeps of it as pending."""


@dataclass(frozen=True)
class Resolved:
    """What became of the rows of a list: every row is in :attr:`origins` or in :attr:`unresolved`."""

    dimensions: tuple[str, ...]
    """What keys the rows, in alphabetical order."""
    rows: list[Row]
    """Primary keys, in the order of the list; rows of the list that name the same thing give it more than once."""
    origins: list[int]
    """Of each of ``rows``, the index in the list; a visit converted to its exposures has several rows."""
    unresolved: tuple[Unresolved, ...]
    """In the order of the list."""
    ways: Mapping[str, int]
    """How many rows of the list were named in which way, as ``{"exposure by obs_id": 99998}``."""
    attributes: tuple[str, ...]
    """The columns of the list that name nothing, or that the keys imply: they stay with the members."""
    count: int
    """Rows of the list."""

    @property
    def distinct(self) -> int:
        """How many different data IDs there are."""
        return len(set(self.rows))

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many rows were not converted, by kind."""
        return Counter(one.kind for one in self.unresolved)


@dataclass(frozen=True, slots=True)
class _Fault:
    kind: Kind
    message: str


def resolve_keys(
    butler: Butler,
    listed: ForeignList,
    *,
    instrument: str | None = None,
    target: Target | None = None,
    visit_system: int | str | None = None,
    ids: Target | None = None,
    progress: Callable[[int], object] | None = None,
) -> Resolved:
    """Return the primary keys of what a list names, each checked to be known to the registry.

    ``instrument`` is meant where a row names none. ``target`` says whether exposures or visits are wanted: the other
    ones are converted through the registry's visit definitions; where an exposure is in several visits,
    ``visit_system`` (number or name) says which counts. ``ids`` says what a column `id` holds. ``progress`` is called
    with the number of distinct names looked up since the last call.

    Nothing is guessed: what is unknown, has several meanings or contradicts itself is listed. Raise UsageError where
    the columns name nothing or not enough and for an option that the registry does not know, ButlerError where the
    registry fails or its universe lacks a field.
    """
    chosen = plan(listed.columns, instrument=instrument is not None, target=target, ids=ids)
    run = _Run(Lookup(butler, progress), listed, chosen, instrument)
    with no_collection():
        if instrument is not None:
            run.require_instrument(instrument)
        for name, ways in chosen.ways.items():
            run.resolve(name, ways)
        run.compare_implied()
        return run.result(visit_system)


_Asked = tuple[Key, tuple[Key | None, ...]]
"""Of a row: the values of what a dimension requires, and what the row says in each way of naming it."""


class _Run:
    """The state of one conversion: by dimension the value of each row, and what is wrong with rows."""

    def __init__(self, lookup: Lookup, listed: ForeignList, chosen: KeyPlan, instrument: str | None):
        self.lookup = lookup
        self.listed = listed
        self.plan = chosen
        self.instrument = instrument
        self.values: dict[str, list[Any]] = {}
        self.faults: dict[int, _Fault] = {}
        self.ways: Counter[str] = Counter()

    def require_instrument(self, instrument: str) -> None:
        known = sorted(map(str, self.lookup.every("instrument")))
        if instrument not in known:
            raise UsageError(f"the registry knows no instrument `{instrument}`: known: {', '.join(known) or 'none'}")

    def resolve(self, name: str, ways: tuple[Way, ...]) -> None:
        """Find the value of a dimension for each row, each distinct name once."""
        slots, asked = self._asked(name, ways)
        outcome = self._outcome(name, ways, asked)
        outcome.append(None)  # of rows at fault already
        if any(isinstance(value, _Fault) for value in outcome):
            for index, slot in enumerate(slots):
                fault = outcome[slot]
                if isinstance(fault, _Fault):
                    if fault.kind == "missing":
                        fault = _Fault("missing", self._nothing(ways, index))
                    self.faults.setdefault(index, fault)
        values = [None if isinstance(value, _Fault) else value for value in outcome]
        self.values[name] = [values[slot] for slot in slots]
        counts = Counter(slots)
        for slot, (_, said) in enumerate(asked):
            if values[slot] is not None:
                for way, one in zip(ways, said, strict=True):
                    if one is not None and not way.is_key:
                        self.ways[f"{name} by {' and '.join(way.fields)}"] += counts[slot]

    def _asked(self, name: str, ways: tuple[Way, ...]) -> tuple[list[int], list[_Asked]]:
        """Return the distinct questions, and of each row the number of its own; -1 where it is at fault already."""
        parents = [self.values[other] for other in DIMENSIONS[name].required]
        bases: Iterable[tuple[Any, ...]] = zip(*parents, strict=True) if parents else [()] * len(self.listed.rows)
        reads = [way.read for way in ways]
        numbers: dict[_Asked, int] = {}
        slots = []
        for base, row in zip(bases, self.listed.rows, strict=True):
            if None in base:
                slots.append(-1)
                continue
            asked = (base, tuple([read(row) for read in reads]))
            slots.append(numbers.setdefault(asked, len(numbers)))
        return slots, list(numbers)

    def _outcome(self, name: str, ways: tuple[Way, ...], asked: list[_Asked]) -> list[Value | _Fault | None]:
        """Return for each question the one value that all ways agree on, or what is wrong."""
        if name == "instrument" and self.instrument is not None:
            return [self._instrument_or_fault(said[0]) for _, said in asked]
        if name.startswith(("htm", "healpix")):  # pixels of the sky are in no registry's table
            return [said[0][0] if said[0] else _Fault("missing", "") for _, said in asked]
        answers = self._answers(name, ways, asked)
        if len(ways) == 1:
            (found,) = answers
            quick = [found.get((*base, *said[0]), ()) if said[0] else () for base, said in asked]
            return [
                only[0] if len(only) == 1 else self._choose(name, ways, one, answers)
                for only, one in zip(quick, asked, strict=True)
            ]
        return [self._choose(name, ways, one, answers) for one in asked]

    def _instrument_or_fault(self, said: Key | None) -> Value | _Fault:
        default = self.instrument or ""
        if said is None or said == (default,):
            return default
        return _Fault("contradiction", f"its instrument is `{_cut(said[0])}`, and `{default}` was asked for")

    def _answers(self, name: str, ways: tuple[Way, ...], asked: list[_Asked]) -> list[dict[Key, list[Value]]]:
        """Return by way the candidates of what is required and said."""
        answers = []
        for index, way in enumerate(ways):
            wanted = {(*base, *one) for base, said in asked if (one := said[index]) is not None}
            found = self.lookup.find(name, way.fields, wanted, self.plan.given) if wanted else {}
            left = wanted - found.keys() if way.otherwise else set()
            if left:
                found.update(self.lookup.find(name, (way.otherwise,), left, self.plan.given))
            answers.append(found)
        return answers

    def _choose(
        self, name: str, ways: tuple[Way, ...], asked: _Asked, answers: list[dict[Key, list[Value]]]
    ) -> Value | _Fault:
        """Return the one value that all that is said agrees on, or what is wrong."""
        base, saids = asked
        candidates: list[Value] | None = None
        for way, said, found in zip(ways, saids, answers, strict=True):
            if said is not None:
                here = found.get((*base, *said), [])
                if not here:
                    what = f"`{_cut(said[0])}`" if way.is_key else f"with {_words(way, said)}"
                    return _Fault("unknown", f"the registry knows no {name} {what}{_of(name, base)}")
                candidates = here if candidates is None else [one for one in candidates if one in here]
        if candidates is None:
            return _Fault("missing", "")
        if len(candidates) == 1:
            return candidates[0]
        words = " and ".join(_words(way, said) for way, said in zip(ways, saids, strict=True) if said is not None)
        if not candidates:
            return _Fault("contradiction", f"{words} are not the same {name}")
        return _Fault("ambiguous", f"{words} may be any of the {name}s {_some(candidates)}")

    def _nothing(self, ways: tuple[Way, ...], index: int) -> str:
        name, row = ways[0].dimension, self.listed.rows[index]
        columns = list(dict.fromkeys(column for way in ways for column in way.columns))
        said = [f"`{column}` is `{_cut(row[column])}`" for column in columns if row.get(column) not in (None, "")]
        if said:
            return f"nothing names the {name}: {', '.join(said)}"
        return f"nothing names the {name}: no value in {', '.join(f'`{column}`' for column in columns)}"

    def compare_implied(self) -> None:
        """Hold what a list says of its exposures against what the registry says: a wrong filter is a wrong exposure."""
        for name in self.plan.ways:
            required = [self.values[other] for other in (*DIMENSIONS[name].required, name)]
            for column in self.plan.given:
                reader = text if DIMENSIONS[column].type is str else number
                for index, own in enumerate(zip(*required, strict=True)):
                    known = self.lookup.implied.get((name, own), {}).get(column)
                    said = self.listed.rows[index].get(column)
                    if known is None or said is None or said == "" or reader(said) == known:
                        continue
                    message = f"`{column}` is `{_cut(said)}`, and of {name} {own[-1]} the registry has `{known}`"
                    self.faults.setdefault(index, _Fault("contradiction", message))

    def result(self, visit_system: int | str | None) -> Resolved:
        """Return the rows, after conversion to the target."""
        related = self._related(visit_system)
        fixed = [self.values.get(name) for name in self.plan.dimensions]
        turned = self.plan.dimensions.index(self.plan.target) if related is not None and self.plan.target else -1
        rows: list[Row] = []
        origins: list[int] = []
        if related is None:
            columns = [column for column in fixed if column is not None]
            rows = list(zip(*columns, strict=True))
            origins = list(range(len(rows)))
            if self.faults:
                origins = [index for index in origins if index not in self.faults]
                rows = [rows[index] for index in origins]
        else:
            for index, ends in enumerate(related):
                if index not in self.faults:
                    row = [None if column is None else column[index] for column in fixed]
                    for end in ends:
                        rows.append((*row[:turned], end, *row[turned + 1 :]))  # type: ignore[arg-type]
                        origins.append(index)
        return Resolved(
            self.plan.dimensions,
            rows,
            origins,
            tuple(self._unresolved(index, self.faults[index]) for index in sorted(self.faults)),
            self.ways,
            self.plan.attributes,
            len(self.listed.rows),
        )

    def _related(self, visit_system: int | str | None) -> list[Sequence[Value]] | None:
        """Return for each row its visits, or its exposures, and note where that is not what is wanted."""
        source, target = self.plan.source, self.plan.target
        if source is None or target is None:
            return None
        asked = list(zip(self.values["instrument"], self.values[source], strict=True))
        by_instrument: dict[str, set[Value]] = {}
        for index, (instrument, value) in enumerate(asked):
            if index not in self.faults:
                by_instrument.setdefault(instrument, set()).add(value)
        ends: dict[tuple[str, Value], Sequence[Value]] = {}
        systems: dict[str, str] = {}
        for instrument, values in by_instrument.items():
            found: Mapping[Value, Sequence[Value]] = self.lookup.related(source, target, instrument, values)
            if target == "visit" and (visit_system is not None or any(len(one) > 1 for one in found.values())):
                found, systems[instrument] = self._in_system(instrument, found, visit_system)
            ends.update({(instrument, value): sorted(found.get(value, ())) for value in values})
        given = self.values.get(target)
        result: list[Sequence[Value]] = []
        for index, key in enumerate(asked):
            mine = ends.get(key, ())
            if index not in self.faults:
                mine = self._judge(index, source, target, key[1], mine, given, systems.get(key[0], ""))
            result.append(mine)
            if index not in self.faults and given is None:
                self.ways[f"{target} by {source}"] += 1
        return result

    def _judge(
        self,
        index: int,
        source: str,
        target: str,
        value: Value,
        ends: Sequence[Value],
        given: list[Any] | None,
        systems: str,
    ) -> Sequence[Value]:
        """Return what a row becomes; note a fault where that is nothing, or not one thing."""
        fault: _Fault | None = None
        if given is not None:
            if given[index] in ends:
                return (given[index],)
            fault = _Fault("contradiction", f"{source} {value} and {target} {given[index]} do not belong together")
        elif not ends:
            fault = _Fault("unknown", f"the registry has no {target} of {source} {value}{systems and ' in ' + systems}")
        elif target == "visit" and len(ends) > 1:
            message = (
                f"exposure {value} is in the visits {_some(ends)}: choose a visit system{systems and ' of ' + systems}"
            )
            fault = _Fault("ambiguous", message)
        if fault:
            self.faults.setdefault(index, fault)
        return ends

    def _in_system(
        self, instrument: str, found: Mapping[Value, Sequence[Value]], visit_system: int | str | None
    ) -> tuple[Mapping[Value, Sequence[Value]], str]:
        """Return the visits of one visit system, or all, and a word on the systems that there are."""
        known = self.lookup.every("visit_system", "name", instrument=instrument)
        named = ", ".join(f"{key} ({name})" for key, name in sorted(known.items()))
        if visit_system is None:
            return found, named
        system = next((key for key, name in known.items() if str(visit_system) in {str(key), name}), None)
        if system is None:
            raise UsageError(f"{instrument} has no visit system `{visit_system}`: it has {named or 'none'}")
        members = self.lookup.related(
            "visit", "visit_system", instrument, {one for all_ in found.values() for one in all_}
        )
        kept = {key: [one for one in visits if system in members.get(one, ())] for key, visits in found.items()}
        return kept, f"visit system {known[system]}"

    def _unresolved(self, index: int, fault: _Fault) -> Unresolved:
        row = self.listed.rows[index]
        entry = {column: row[column] for column in self.plan.keys if row.get(column) not in (None, "")}
        if self.instrument is not None and "instrument" not in entry:
            entry = {"instrument": self.instrument, **entry}
        shown = {**{name: row[name] for name in NAMES if name in row}, **entry}
        words = ", ".join(f"{column}={_cut(value, 1000)}" for column, value in shown.items())
        return Unresolved(index, self.listed.lines[index], fault.kind, words, fault.message, entry)


def _words(way: Way, said: Key) -> str:
    return " and ".join(f"{column} `{_cut(value)}`" for column, value in zip(way.columns, said, strict=True))


def _of(name: str, base: Key) -> str:
    pairs = [f"{other} {value}" for other, value in zip(DIMENSIONS[name].required, base, strict=True)]
    return f" of {', '.join(pairs)}" if pairs else ""


def _some(values: Sequence[Value]) -> str:
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return ", ".join(str(value) for value in sorted(values)[:SHOWN]) + more


def _cut(value: object, longest: int = 80) -> str:
    """Return a value as it stands in a message: on one line, and not endless."""
    words = "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(value))
    return words if len(words) <= longest else f"{words[: longest - 3]}..."
