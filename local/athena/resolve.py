"""Names of a query resolved against the catalog: tables become scans, columns get owners and types."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from local.athena.access import Access, restrict
from local.athena.catalog import Catalog, Table
from local.athena.dialect import AthenaQuery
from local.athena.errors import QueryError, at
from local.athena.operators import check_operators
from local.athena.statement import Query, position
from local.athena.typed import annotate

CATALOG_NAME = "awsdatacatalog"
Schema = Mapping[str, Mapping[str, str]]
_UNNAMED = "_unnamed_"


@dataclass(frozen=True)
class Resolved:
    """A query over scans: every column has its source and type, every `*` is expanded."""

    tree: exp.Query
    scans: Mapping[str, Table]
    columns: tuple[str, ...]


def resolve(query: Query, catalog: Catalog, database: str | None, access: Access) -> Resolved:
    """Resolve tables and columns as Athena's analyzer does.

    Args:
        query: The parsed query.
        catalog: The Glue catalog.
        database: The database of unqualified table names, or None.
        access: What the reader may see.

    Raises:
        QueryError: `SCHEMA_NOT_FOUND`, `TABLE_NOT_FOUND`, `COLUMN_NOT_FOUND`, `AMBIGUOUS_NAME` and the
            like, with line and column.

    """
    tree, scans = _scan(query, catalog, database)
    tree = restrict(tree, scans, access)
    _name_outputs(tree)
    schema: Schema = {
        name: {column.name: column.trino_type for column in table.all_columns}
        for name, table in scans.items()
    }
    try:
        qualified = qualify(
            tree,
            schema=dict(schema),
            dialect=AthenaQuery,
            quote_identifiers=True,
            identify=True,
            validate_qualify_columns=False,
            expand_alias_refs=False,
        )
    except OptimizeError as error:
        raise _unresolved(str(error), tree, schema, query.sql) from error
    _check_columns(qualified, schema, query.sql)
    annotated = annotate(qualified, schema)
    check_operators(annotated, query.sql)
    columns = tuple(
        f"_col{index}" if name.startswith(_UNNAMED) else name
        for index, name in enumerate(annotated.named_selects)
    )
    return Resolved(annotated, scans, columns)


def _name_outputs(tree: exp.Expr) -> None:
    """Name what Trino leaves unnamed, so that no output borrows a name from inside its expression."""
    for select in tree.find_all(exp.Select):
        for index, projection in enumerate(select.expressions):
            if not isinstance(projection, (exp.Alias, exp.Column, exp.Dot, exp.Star)):
                projection.replace(exp.alias_(projection.copy(), f"{_UNNAMED}{index}", quoted=True))


def _scan(query: Query, catalog: Catalog, database: str | None) -> tuple[exp.Query, dict[str, Table]]:
    """Replace base tables by scans `scan_<n>`, one for each mention: each is pruned on its own."""
    tree = query.tree.copy()
    common = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    scans: dict[str, Table] = {}
    for node in list(tree.find_all(exp.Table)):
        if not node.args.get("db") and node.name.lower() in common:
            continue
        table = _lookup(node, query.sql, catalog, database)
        name = f"scan_{len(scans)}"
        scans[name] = table
        alias = node.alias or node.name
        replacement = exp.Table(
            this=exp.to_identifier(name), alias=exp.TableAlias(this=exp.to_identifier(alias))
        )
        for key in ("joins", "sample", "pivots"):
            if node.args.get(key):
                replacement.set(key, node.args[key])
        columns = node.args["alias"].args.get("columns") if node.args.get("alias") else None
        if columns:
            replacement.args["alias"].set("columns", columns)
        node.replace(replacement)
    return tree, scans


def _lookup(node: exp.Table, sql: str, catalog: Catalog, database: str | None) -> Table:
    name = node.name.lower()
    schema = (node.db or database or "").lower()
    where = position(node)
    if node.catalog and node.catalog.lower() != CATALOG_NAME:
        raise QueryError(
            "CATALOG_NOT_FOUND",
            at(sql, where, f"Catalog '{node.catalog}' does not exist"),
            fix=f"use {CATALOG_NAME}, or leave the catalog out",
        )
    if not schema:
        raise QueryError(
            "MISSING_SCHEMA_NAME",
            at(sql, where, "Schema must be specified when session schema is not set"),
            fix=f"write DATABASE.{name}; databases: {', '.join(catalog.databases) or 'none'}",
        )
    table = catalog.table(schema, name)
    if table is not None:
        return table
    if schema not in catalog.databases:
        raise QueryError(
            "SCHEMA_NOT_FOUND",
            at(sql, where, f"Schema '{schema}' does not exist"),
            fix=f"databases: {', '.join(catalog.databases) or 'none'}",
        )
    raise QueryError(
        "TABLE_NOT_FOUND",
        at(sql, where, f"Table '{CATALOG_NAME}.{schema}.{name}' does not exist"),
        fix=f"tables of {schema}: {', '.join(catalog.table_names(schema)) or 'none'}",
    )


def _check_columns(tree: exp.Expr, schema: Schema, sql: str) -> None:
    """Raise for every column that has no table yet: only ORDER BY may name an output column."""
    for scope in traverse_scope(tree):
        known = {name: _columns(source, schema) for name, source in scope.sources.items()}
        for column in scope.find_all(exp.Column):
            if isinstance(column.this, exp.Star) or _names_output(column):
                continue
            if not column.table:
                raise _missing(column, column.name, known, sql)
            columns = known.get(column.table)
            if columns is not None and column.name not in columns:
                raise _missing(column, f"{column.table}.{column.name}", {column.table: columns}, sql)


def _names_output(column: exp.Column) -> bool:
    if column.table:
        return False
    order = column.find_ancestor(exp.Order, exp.Query)
    query = order.find_ancestor(exp.Query) if isinstance(order, exp.Order) else None
    return isinstance(query, exp.Query) and column.name in query.named_selects


def _columns(source: exp.Expr | Scope, schema: Schema) -> frozenset[str] | None:
    if isinstance(source, exp.Table) and source.name in schema:
        renamed = source.alias_column_names
        return frozenset(renamed or schema[source.name])
    if isinstance(source, Scope) and isinstance(source.expression, exp.Query):
        return frozenset(source.expression.named_selects)
    return None


def _missing(
    column: exp.Column, name: str, known: Mapping[str, frozenset[str] | None], sql: str
) -> QueryError:
    owners = [owner for owner, columns in known.items() if columns and name in columns]
    if len(owners) > 1:
        return QueryError(
            "AMBIGUOUS_NAME",
            at(sql, position(column), f"Column '{name}' is ambiguous"),
            fix=f"qualify it: {' or '.join(f'{owner}.{name}' for owner in owners)}",
        )
    have = sorted({each for columns in known.values() if columns for each in columns})
    return QueryError(
        "COLUMN_NOT_FOUND",
        at(sql, position(column), f"Column '{name}' cannot be resolved"),
        fix=f"columns here: {', '.join(have)}" if have else None,
    )


def _unresolved(message: str, tree: exp.Expr, schema: Schema, sql: str) -> QueryError:
    """Give sqlglot's complaint about a column its place in the statement."""
    name = message.split("\n", maxsplit=1)[0].rstrip(".").rsplit(" ", 1)[-1].strip("\"'").lower()
    column = next((found for found in tree.find_all(exp.Column) if found.name.lower() == name), None)
    if column is None:
        return QueryError("COLUMN_NOT_FOUND", message.split("\n", maxsplit=1)[0])
    known = {table: frozenset(columns) for table, columns in schema.items()}
    return _missing(column, name, known, sql)
