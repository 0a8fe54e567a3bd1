"""Butler queries joined with our own tables: the only module that reaches into Butler's query system.

Butler's public queries join what the caller uploads with each query, and have no way to ask that a data ID be in no
list. A table of members that is in the registry already (or in a temporary table of ours, filled in bulk) can be
joined as it stands, and left out by NOT EXISTS, which databases plan well at any size and for any type: a NOT IN over
a list longer than PostgreSQL's ``work_mem`` is read anew for each row. :func:`capable` says whether this Butler's
queries are made as we know them; :mod:`campledger.butler.join_public_api` does without.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy

from campledger.butler.rows import analyze, write_rows
from campledger.butler.tables import Tables
from campledger.dataids.sets import DataIdSet
from campledger.errors import UsageError

if TYPE_CHECKING:
    from lsst.daf.butler.queries import Query

ANALYZED = 100
"""From how many members on the database counts what its planner goes by."""


@dataclass(frozen=True)
class Members:
    """A set's members as rows of a table."""

    table: sqlalchemy.Table
    set_id: int
    dimensions: tuple[str, ...]


def capable(query: Query) -> bool:
    """Whether the query is made as this module knows it."""
    driver, tree = getattr(query, "_driver", None), getattr(query, "_tree", None)
    return (
        all(hasattr(driver, name) for name in ("_upload_tables", "_exit_stack", "db", "managers"))
        and hasattr(tree, "join_data_coordinate_upload")
        and _leaf_class() is not None
    )


def temporary(query: Query, connection: sqlalchemy.Connection, value: DataIdSet) -> Members:
    """Write a set's members into a temporary table, which lasts as long as the query."""
    pattern = Tables(None).members(value.dimensions)
    table = sqlalchemy.Table(
        f"campledger_{uuid.uuid4().hex}",
        sqlalchemy.MetaData(),
        *(column._copy() for column in pattern.columns),
        prefixes=["TEMPORARY"],
        sqlite_with_rowid=False,
        postgresql_on_commit="DROP",
    )
    table.create(connection)
    if connection.dialect.name == "sqlite":
        # After the cursors of the query are closed, before its transaction ends.
        _driver(query)._exit_stack.callback(table.drop, connection)
    write_rows(connection, table, 0, value.members, lambda done, total: None)
    if len(value) >= ANALYZED:
        analyze(connection, table)
    return Members(table, 0, value.dimensions)


def joined(query: Query, members: Members) -> Query:
    """Return the query, restricted to the members."""
    driver = _driver(query)
    key = uuid.uuid4()
    table = members.table
    columns = [table.c[name] for name in members.dimensions]
    driver._upload_tables[key] = sqlalchemy.select(*columns).where(table.c.set_id == members.set_id).subquery()
    tree = query._tree.join_data_coordinate_upload(key, driver.universe.conform(members.dimensions))
    return type(query)(driver, tree)


def without(query: Query, members: Members, other: Mapping[str, str], unexpected: Collection[str] = ()) -> Query:
    """Return the query, without the members.

    ``other`` names the dimension by which the query knows one that it does not have: ``{"visit": "exposure"}`` leaves
    out the exposures that a visit definition ascribes to a visit of the set. Reading the query raises UsageError if it
    has come to have one of the ``unexpected`` dimensions, for which the exclusion was not made.
    """
    from lsst.daf.butler.queries.tree import Predicate

    names = tuple(other.get(name, name) for name in members.dimensions)
    leaf: Any = _leaf_class()
    predicate = Predicate.model_construct(
        operands=(
            (
                leaf.model_construct(
                    dimensions=_driver(query).universe.conform(names),
                    said=f"NOT IN {members.table.name}",
                    condition=lambda driver, columns: _absent(
                        driver, _expected(columns, members, unexpected), members, other
                    ),
                ),
            ),
        )
    )
    return query.where(predicate)


def _expected(columns: Mapping[str, Any], members: Members, unexpected: Collection[str]) -> Mapping[str, Any]:
    for name in unexpected:
        if name in columns:
            raise UsageError(
                f"this query was not made for {name}, and may leave out the wrong ones: name the dimensions that are "
                f"asked for together with the exclusion of {', '.join(members.dimensions)}, as in "
                "query(..., dimensions=butler.get_dataset_type(NAME).dimensions)"
            )
    return columns


def _absent(
    driver: Any, columns: Mapping[str, Any], members: Members, other: Mapping[str, str]
) -> sqlalchemy.ColumnElement[bool]:
    table = members.table.alias()
    terms = [table.c.set_id == members.set_id]
    relation = _visit_definition(driver) if other else {}
    for name in members.dimensions:
        if name in relation:
            terms.append(table.c[name] == relation[name])
        if name in other:
            terms.append(relation[other[name]] == columns[other[name]])
        else:
            terms.append(table.c[name] == columns[name])
    return ~sqlalchemy.exists(sqlalchemy.select(sqlalchemy.literal(1)).where(*terms))


def _visit_definition(driver: Any) -> Mapping[str, Any]:
    """Return the columns, by dimension, of Butler's table of which exposures make up which visits."""
    builder = driver.managers.dimensions.make_joins_builder(driver.universe["visit_definition"], frozenset())
    table = builder.from_clause.alias()
    return {name: table.c[name] for name in ("instrument", "exposure", "visit")}


def _driver(query: Query) -> Any:
    return query._driver


@cache
def _leaf_class() -> type | None:
    """Return the class of a condition that writes its own SQL, or None where Butler has no place for one.

    Visitors that look for something else in a query's conditions take None for "nothing here".
    """
    try:
        from lsst.daf.butler import DimensionGroup
        from lsst.daf.butler.direct_query_driver._sql_column_visitor import SqlColumnVisitor
        from lsst.daf.butler.queries.tree._predicate import PredicateLeafBase
    except ImportError:
        return None

    class AbsentLeaf(PredicateLeafBase):
        dimensions: DimensionGroup
        said: str
        condition: Callable[[Any, Mapping[str, Any]], Any]

        def gather_required_columns(self, columns: Any) -> None:
            columns.update_dimensions(self.dimensions)

        def gather_governors(self, governors: set[str]) -> None:
            # Members name their instruments and skymaps: the query need not.
            pass

        def visit(self, visitor: Any, flags: Any) -> Any:
            if not isinstance(visitor, SqlColumnVisitor):
                return None
            keys = visitor._columns.dimension_keys
            return self.condition(visitor._driver, {name: keys[name][0] for name in keys})

        def __str__(self) -> str:
            return self.said

    return AbsentLeaf
