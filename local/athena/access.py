"""What a reader may see of a table, applied to a query: columns that are gone, rows that are filtered.

The one place where governance meets a query: a pure function from tree to tree, before names are resolved, so
a column that a reader may not see does not exist for that reader (`SELECT *` leaves it out, naming it fails).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from local.athena.catalog import Table
from local.athena.dialect import AthenaQuery
from local.athena.errors import QueryError


@dataclass(frozen=True)
class View:
    """A reader's view of a table: visible columns and a row filter in Athena's SQL, None for all."""

    columns: frozenset[str] | None = None
    row_filter: str | None = None


Access = Callable[[Table], View]
"""What a reader may see of each table; raises `QueryError("ACCESS_DENIED", …)` for a closed one."""


OnAccess = Callable[[Table, QueryError | None], None]
"""Told a table that a query reads, or that it was refused and why."""


def everything(table: Table) -> View:
    """Let a reader see all of a table."""
    del table
    return View()


def ignore(table: Table, denied: QueryError | None) -> None:
    """Let a reader read unnoticed."""
    del table, denied


def told(access: Access, on_access: OnAccess) -> Access:
    """Return the same access, which tells of every use."""

    def use(table: Table) -> View:
        try:
            view = access(table)
        except QueryError as denied:
            on_access(table, denied)
            raise
        on_access(table, None)
        return view

    return use


def restrict(tree: exp.Query, scans: Mapping[str, Table], access: Access) -> exp.Query:
    """Return the query with every scan narrowed to what its reader may see.

    Args:
        tree: A query whose base tables are already the scans' names.
        scans: Scan name → table.
        access: What the reader may see.

    """
    views = {name: access(table) for name, table in scans.items()}
    restricted = tree.copy()
    for node in list(restricted.find_all(exp.Table)):
        view = views.get(node.name)
        if view is None or view == View():
            continue
        visible = [
            column.name
            for column in scans[node.name].all_columns
            if view.columns is None or column.name in view.columns
        ]
        inner = exp.select(*(exp.column(name, quoted=True) for name in visible)).from_(
            exp.to_table(node.name), dialect=AthenaQuery
        )
        if view.row_filter:
            inner = inner.where(view.row_filter, dialect=AthenaQuery)
        subquery = inner.subquery()
        subquery.set("alias", node.args["alias"].copy())
        node.replace(subquery)
    return restricted
