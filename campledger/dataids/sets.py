"""A set of data IDs as a value: its members, its digest, and the algebra of sets."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from itertools import chain, islice
from operator import itemgetter, lt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campledger.dataids.dimensions import DIMENSIONS, keys_of
from campledger.errors import UsageError

if TYPE_CHECKING:
    from astropy.table import Table

Row = tuple[int | str, ...]
"""The values of one data ID, in the order of the set's dimensions."""

Attributes = Mapping[str, Any]
"""Annotations of a member: reason, comment, severity, expires, and dimensions that its key implies."""

REMARKS = ("reason", "severity", "expires", "comment")
"""The attributes that are no dimensions, in the order in which they are written."""

DIGEST_HEADER = "campledger-dataids-1"
"""First line of the canonical form; another form would be another version."""

SEQUENCE_NUMBERS = 100_000
"""Rubin's cameras number exposures and visits day_obs * 100,000 + sequence number (since 2017: LSE-400)."""


_SHOWN = 10
"""How many members a notebook shows."""


@dataclass(frozen=True)
class DataIdSet:
    """Data IDs of one dimension group, each once, in order.

    Members are tuples in the alphabetical order of ``dimensions``, which are the group's required dimensions; the
    rows are sorted. Build one with :meth:`of` or :meth:`read`: nothing is checked here.
    """

    dimensions: tuple[str, ...]
    members: tuple[Row, ...]
    attributes: Mapping[Row, Attributes] = field(default_factory=dict)
    """Annotations by member, of those that have any."""
    pending: tuple[Mapping[str, Any], ...] = ()
    """Alternate keys that no registry knows yet; they are no members and not part of the digest."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """Name, purpose and origin; see schemas/dataids.schema.json."""

    @classmethod
    def of(
        cls,
        dimensions: Sequence[str],
        rows: Iterable[Row],
        attributes: Mapping[Row, Attributes] | None = None,
        pending: Iterable[Mapping[str, Any]] = (),
        about: Mapping[str, Any] | None = None,
    ) -> DataIdSet:
        """Return the set of rows given in any order, their values in the order of ``dimensions``.

        Raise UsageError for dimensions that do not key a data ID by themselves, and for values of another type.

        Parameters
        ----------
        dimensions : sequence of str
            The dimensions that key the members.
        rows : iterable of tuples
            The members; one that comes twice is there once.
        attributes : mapping, optional
            What is said of a member, by its row.
        pending : iterable of mappings
            What is to be a member once a registry knows it.
        about : mapping, optional
            What is said of the whole set: name, purpose, origin.
        """
        ordered = tuple(sorted(dimensions))
        require_keys(ordered)
        pick = _picker(dimensions, ordered)
        picked = list(rows) if pick is None else list(map(pick, rows))
        _require_types(ordered, picked)
        said = attributes or {}
        if pick is not None:
            said = {pick(row): value for row, value in said.items()}
        return cls(ordered, in_order(picked), said, tuple(pending), about or {})

    @classmethod
    def from_data_ids(cls, data_ids: Iterable[Mapping[str, int | str]], **kwargs: Any) -> DataIdSet:
        """Return the set of mappings such as ``{"instrument": "HSC", "visit": 1228}``, all of the same keys."""
        entries = list(data_ids)
        if not entries:
            raise UsageError("an empty list says nothing of its dimensions: use DataIdSet.of(dimensions, [])")
        names = tuple(entries[0])
        if any(entry.keys() != entries[0].keys() for entry in entries):
            raise UsageError("data IDs of different dimensions make no set")
        return cls.of(names, [tuple(entry[name] for name in names) for entry in entries], **kwargs)

    @classmethod
    def read(cls, path: Path | str) -> DataIdSet:
        """Read a JSON, CSV or ECSV file. Raise DataError with all that is wrong with it, by line and column."""
        from campledger.dataids.files import read_file

        return read_file(Path(path))

    def write(self, path: Path | str) -> None:
        """Write the set in the format that the file's ending names, in its canonical order, atomically."""
        from campledger.dataids.files import write_file

        write_file(self, Path(path))

    def __repr__(self) -> str:
        return f"<{len(self.members):,} data IDs of {', '.join(self.dimensions)}>"

    def _repr_html_(self) -> str:
        """Return the set as notebooks show it: its first members, and how many there are."""
        head = "".join(f"<th>{name}</th>" for name in self.dimensions)
        rows = (f"<tr>{''.join(f'<td>{escape(str(one))}</td>' for one in row)}</tr>" for row in self.members[:_SHOWN])
        told = f"<caption>{len(self.members):,} data IDs; the first {min(_SHOWN, len(self.members))}</caption>"
        return f"<table>{told}<tr>{head}</tr>{''.join(rows)}</table>"

    def __hash__(self) -> int:
        return hash((self.dimensions, self.members))

    def __len__(self) -> int:
        return len(self.members)

    def __contains__(self, data_id: object) -> bool:
        if isinstance(data_id, Mapping):
            data_id = tuple(data_id.get(name) for name in self.dimensions)
        return data_id in self._index

    @cached_property
    def _index(self) -> frozenset[Row]:
        return frozenset(self.members)

    @cached_property
    def digest(self) -> str:
        """``sha256:`` and the SHA-256 of the canonical form, in hexadecimal. See :meth:`canonical`."""
        digest = hashlib.sha256()
        for part in self.canonical():
            digest.update(part)
        return f"sha256:{digest.hexdigest()}"

    def canonical(self, chunk: int = 1_000) -> Iterator[bytes]:
        """Yield the canonical form, in pieces: UTF-8 lines, each ended by a newline.

        The header, the dimensions in alphabetical order as a JSON array, then each member once as a JSON array,
        without spaces, in ascending order: numbers by value, texts by code point. In texts ``"`` and ``\\`` are
        escaped and nothing else; a text with control characters is in no set.
        """
        yield f"{DIGEST_HEADER}\n{json.dumps(list(self.dimensions), separators=(',', ':'))}\n".encode()
        *first, last = ['"%s"' if DIMENSIONS[name].type is str else "%d" for name in self.dimensions]
        begin, end = "".join(("[", *(f"{form}," for form in first))), f"{last}]\n"
        quotes = 2 * (begin + end).count("%s")
        rows = iter(self.members)
        while part := list(islice(rows, chunk)):
            # One formatting of many rows takes half the time of many formattings. Where the first and the last begin
            # alike, so do all between, since they are sorted; then one value of each is left to format.
            head = part[0][:-1]
            if part[-1][:-1] == head:
                text = ((begin % head).replace("%", "%%") + end) * len(part) % tuple(map(itemgetter(-1), part))
            else:
                text = (begin + end) * len(part) % tuple(chain.from_iterable(part))
            if text.count('"') != quotes * len(part) or "\\" in text:
                text = "".join(map(_write_escaped, part))
            yield text.encode()

    def column(self, index: int) -> list[Any]:
        """Return the members' values of one dimension, by its place among ``dimensions``."""
        return list(map(itemgetter(index), self.members))

    def data_ids(self) -> Iterator[dict[str, int | str]]:
        """Yield the members as mappings from dimension to value."""
        for row in self.members:
            yield dict(zip(self.dimensions, row, strict=True))

    def to_table(self) -> Table:
        """Return the members as an astropy table with a column for each dimension, as Butler's queries join them.

        Raise ImportError without astropy, which the extra `tables` brings.
        """
        from astropy.table import Table

        columns = list(zip(*self.members, strict=True)) or [()] * len(self.dimensions)
        return Table(
            [list(column) for column in columns],
            names=self.dimensions,
            dtype=[int if DIMENSIONS[name].type is int else str for name in self.dimensions],
        )

    def union(self, *others: DataIdSet) -> DataIdSet:
        """Return the union; of differing annotations the first counts. Dimensions must agree."""
        rows: list[Row] = list(self.members)
        said: dict[Row, Attributes] = dict(self.attributes)
        for other in others:
            if other.dimensions != self.dimensions:
                raise UsageError(
                    f"no union of {', '.join(self.dimensions)} with {', '.join(other.dimensions)}: dimensions differ"
                )
            rows += other.members
            for row, value in other.attributes.items():
                said[row] = {**value, **said.get(row, {})}
        pending = [entry for one in (self, *others) for entry in one.pending]
        once = [entry for number, entry in enumerate(pending) if entry not in pending[:number]]
        return DataIdSet(self.dimensions, in_order(rows), said, tuple(once))

    def minus(self, *others: DataIdSet) -> DataIdSet:
        """Return the difference. A set of fewer dimensions removes all members that it covers."""
        result = self
        for other in others:
            result = result._where(other, present=False)
        return replace(result, pending=self.pending, about={})

    def intersect(self, *others: DataIdSet) -> DataIdSet:
        """Return the members that all others have, or cover with fewer dimensions."""
        result = self
        for other in others:
            result = result._where(other, present=True)
        return replace(result, pending=(), about={})

    def _where(self, other: DataIdSet, *, present: bool) -> DataIdSet:
        if not set(other.dimensions) <= set(self.dimensions):
            missing = ", ".join(sorted(set(other.dimensions) - set(self.dimensions)))
            raise UsageError(f"a set of {', '.join(self.dimensions)} knows no {missing}, which the other set asks for")
        pick, index = _picker(self.dimensions, other.dimensions), other._index
        if pick is None:
            return self._keeping(row for row in self.members if (row in index) is present)
        return self._keeping(row for row in self.members if (pick(row) in index) is present)

    def _keeping(self, rows: Iterable[Row]) -> DataIdSet:
        kept = tuple(rows)
        if len(kept) == len(self.members):
            return self
        said = {row: self.attributes[row] for row in kept if row in self.attributes} if self.attributes else {}
        return replace(self, members=kept, attributes=said)

    __or__ = union
    __sub__ = minus
    __and__ = intersect

    def filter(
        self,
        *,
        reason: Collection[str] | None = None,
        severity: Collection[str] | None = None,
        day_obs: tuple[int | None, int | None] | None = None,
        band: Collection[str] | None = None,
        unexpired: str | None = None,
    ) -> DataIdSet:
        """Return the members that satisfy all that is asked.

        A member of which the day or band is not known is left out.

        Parameters
        ----------
        reason : collection of str, optional
            Codes of reasons, any of which is right.
        severity : collection of str, optional
            The same of severities.
        day_obs : pair of int, optional
            First and last day, both included, as YYYYMMDD; None leaves an end open.
        band : collection of str, optional
            Names of bands, any of which is right.
        unexpired : str, optional
            An ISO date: entries whose expiry is later, or that have none.
        """

        def keeps(row: Row) -> bool:
            said = self.attributes.get(row, {})
            if reason is not None and said.get("reason") not in reason:
                return False
            if severity is not None and said.get("severity") not in severity:
                return False
            if band is not None and self.value(row, "band") not in band:
                return False
            if unexpired is not None and "expires" in said and said["expires"] <= unexpired:
                return False
            return day_obs is None or _is_between(self.value(row, "day_obs"), *day_obs)

        return replace(self._keeping(filter(keeps, self.members)), about={}, pending=())

    def value(self, row: Row, name: str) -> Any:
        """Return a member's value of a dimension or attribute, or None where nothing is known of it.

        The day of an exposure or visit of a Rubin camera stands in its number.
        """
        if name in self.dimensions:
            return row[self.dimensions.index(name)]
        known = self.attributes.get(row, {}).get(name)
        if known is None and name == "day_obs":
            return self._day(row)
        return known

    def _day(self, row: Row) -> int | None:
        for name in ("exposure", "visit"):
            if name in self.dimensions:
                number = row[self.dimensions.index(name)]
                day = int(number) // SEQUENCE_NUMBERS
                return day if is_day(day) else None
        return None

    def _days(self) -> Counter[Any]:
        """Return how many members are of each day, as the numbers of exposures or visits say."""
        for name in ("exposure", "visit"):
            if name in self.dimensions:
                days = Counter(number // SEQUENCE_NUMBERS for number in self.column(self.dimensions.index(name)))
                known: Counter[Any] = Counter({day: count for day, count in days.items() if is_day(day)})
                known[None] = len(self.members) - known.total()
                return +known
        return Counter({None: len(self.members)})

    def breakdown(self, name: str) -> dict[Any, int]:
        """Return how many members have each value of a dimension or attribute; None for those without.

        Raise UsageError for what is neither.
        """
        if name not in {*DIMENSIONS, *REMARKS}:
            raise UsageError(f"`{name}` is no dimension, nor any of {', '.join(REMARKS)}")
        if name in self.dimensions:
            counts: Counter[Any] = Counter(map(itemgetter(self.dimensions.index(name)), self.members))
        elif any(name in said for said in self.attributes.values()):
            counts = Counter(self.value(row, name) for row in self.members)
        else:
            counts = self._days() if name == "day_obs" else Counter({None: len(self.members)})
        known = {key: counts[key] for key in sorted(key for key in counts if key is not None)}
        return {**known, **({None: counts[None]} if None in counts else {})}

    def tally(self, name: str) -> dict[Any, int]:
        """Return the breakdown if it says something: not where nothing is known, nor where all counts would be one.

        Days say something by themselves: how they are spread.
        """
        counts = self.breakdown(name)
        identifies = name in self.dimensions and name != "day_obs" and len(counts) == len(self) > 1
        return counts if any(key is not None for key in counts) and not identifies else {}


def in_order(rows: list[Row]) -> tuple[Row, ...]:
    """Return rows sorted, each once."""
    if not ascend(rows):
        rows.sort()  # mostly sorted already, where sorting is quicker than a set
    return tuple(rows if ascend(rows) else dict.fromkeys(rows))


def ascend(rows: Sequence[Row]) -> bool:
    """Whether rows are sorted, each once."""
    return all(map(lt, rows, islice(rows, 1, None)))


def require_keys(dimensions: Sequence[str]) -> None:
    """Raise UsageError unless the dimensions, in alphabetical order, are those that key a data ID."""
    unknown = [name for name in dimensions if name not in DIMENSIONS]
    if unknown:
        raise UsageError(f"`{unknown[0]}` is no dimension")
    keys = keys_of(dimensions)
    if not dimensions or keys != tuple(dimensions):
        wanted = f": they are keyed by {', '.join(keys)}" if keys else ""
        raise UsageError(f"no data ID has exactly the dimensions {', '.join(dimensions) or '(none)'}{wanted}")


def _require_types(dimensions: Sequence[str], rows: Sequence[Row]) -> None:
    lengths = set(map(len, rows))
    if lengths - {len(dimensions)}:
        raise UsageError(f"a row holds one value for each of {', '.join(dimensions)}")
    for index, name in enumerate(dimensions):
        kinds = set(map(type, map(itemgetter(index), rows)))
        wrong = kinds - {DIMENSIONS[name].type}
        if wrong:
            word = "a whole number" if DIMENSIONS[name].type is int else "text"
            raise UsageError(f"`{name}` is {word}, not {', '.join(sorted(kind.__name__ for kind in wrong))}")


def _picker(given: Sequence[str], wanted: Sequence[str]) -> Callable[[Row], Row] | None:
    """Return a function that takes the wanted values out of a row, or None where a row is as wanted."""
    if tuple(given) == tuple(wanted):
        return None
    indexes = [tuple(given).index(name) for name in wanted]
    if len(indexes) == 1:
        only = indexes[0]
        return lambda row: (row[only],)
    return itemgetter(*indexes)


def _write_escaped(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def is_day(number: int) -> bool:
    """Whether a number is an observing day of Rubin's era, YYYYMMDD."""
    year, rest = divmod(number, 10_000)
    month, day = divmod(rest, 100)
    return 2000 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31


def _is_between(value: Any, first: int | None, last: int | None) -> bool:
    return value is not None and (first is None or value >= first) and (last is None or value <= last)
