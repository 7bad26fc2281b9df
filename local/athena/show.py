"""The catalog commands: SHOW and DESCRIBE, answered from the Glue catalog as far as the reader may see it."""

import re
from datetime import UTC, datetime

from local.athena.access import Access, everything
from local.athena.catalog import Catalog, Column, Table
from local.athena.errors import QueryError
from local.athena.partition import registered
from local.athena.projection import project
from local.athena.statement import Command
from local.aws import Cloud

Answer = tuple[tuple[str, ...], list[tuple[str, ...]]]


def answer(cloud: Cloud, catalog: Catalog, command: Command, database: str | None, access: Access) -> Answer:
    """(column names, rows) of a catalog command; tables and columns that `access` closes are left out.

    Raises:
        QueryError: The database or table does not exist, is closed, or none was given.

    """
    if command.kind == "databases":
        open_ones = tuple(
            name for name in catalog.databases if access is everything or _tables(catalog, name, access)
        )
        return ("database_name",), _matching(open_ones, command.arguments[0])
    if command.kind == "tables":
        schema = _schema(catalog, command.arguments[0] or database)
        return ("tab_name",), _matching(_tables(catalog, schema, access), command.arguments[1])
    table = _table(catalog, command.arguments[0] or database, command.arguments[1] or "")
    columns = _columns(table, access)
    if command.kind == "columns":
        return ("field",), [(column.name,) for column in columns]
    if command.kind == "partitions":
        return ("partition",), _partitions(cloud, table)
    described: list[tuple[str, ...]] = [(column.name, column.hive_type, column.comment) for column in columns]
    return ("col_name", "data_type", "comment"), described


def _tables(catalog: Catalog, database: str, access: Access) -> tuple[str, ...]:
    """Name the tables of a database of which the reader may see something."""
    return tuple(
        name
        for name in catalog.table_names(database)
        if access is everything or ((table := catalog.table(database, name)) and _sees(access, table))
    )


def _sees(access: Access, table: Table) -> bool:
    try:
        access(table)
    except QueryError:
        return False
    return True


def _columns(table: Table, access: Access) -> list[Column]:
    visible = access(table).columns
    return [column for column in table.all_columns if visible is None or column.name in visible]


def _matching(names: tuple[str, ...], pattern: str | None) -> list[tuple[str, ...]]:
    """Names by a Hive pattern: `*` for anything, `|` between alternatives."""
    if pattern is None:
        return [(name,) for name in names]
    expression = "|".join(re.escape(part).replace(r"\*", ".*") for part in pattern.split("|"))
    return [(name,) for name in names if re.fullmatch(expression, name, re.I)]


def _schema(catalog: Catalog, database: str | None) -> str:
    if database is None:
        raise QueryError(
            "MISSING_SCHEMA_NAME",
            "no database given",
            fix=f"name one: {', '.join(catalog.databases) or 'there is none'}",
        )
    if database.lower() not in catalog.databases:
        raise QueryError(
            "SCHEMA_NOT_FOUND",
            f"Schema '{database}' does not exist",
            fix=f"databases: {', '.join(catalog.databases) or 'none'}",
        )
    return database.lower()


def _table(catalog: Catalog, database: str | None, name: str) -> Table:
    schema = _schema(catalog, database)
    table = catalog.table(schema, name.lower())
    if table is None:
        raise QueryError(
            "TABLE_NOT_FOUND",
            f"Table '{schema}.{name}' does not exist",
            fix=f"tables: {', '.join(catalog.table_names(schema)) or 'none'}",
        )
    return table


def _partitions(cloud: Cloud, table: Table) -> list[tuple[str, ...]]:
    if not table.partitions:
        raise QueryError("NOT_SUPPORTED", f"Table {table} is not a partitioned table")
    found = project(table, {}, datetime.now(UTC)) if table.projected else registered(cloud, table)
    names = [column.name for column in table.partitions]
    return [
        ("/".join(f"{name}={value}" for name, value in zip(names, each.values, strict=True)),)
        for each in found
    ]
