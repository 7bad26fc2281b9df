"""Statements in a session of the embedded warehouse: one transaction, one result for each."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from local.warehouse import parquet
from local.warehouse.databases import Connection
from local.warehouse.dialect import Copy, StatementError, as_copy, to_postgres

Objects = Callable[[Copy], Iterable[tuple[str, bytes]]]
"""Gives the objects that a COPY asks for, with their addresses, or refuses it."""

_TYPES = {16: "bool", 20: "int8", 21: "int2", 23: "int4", 25: "text", 700: "float4", 701: "float8"}
_TYPES |= {1042: "bpchar", 1043: "varchar", 1082: "date", 1114: "timestamp", 1184: "timestamptz"}
_TYPES |= {1700: "numeric"}


@dataclass
class Result:
    """What a statement came to: columns (name, Redshift's type) and rows where it has any, else a count."""

    count: int = -1
    columns: list[tuple[str, str]] | None = None
    rows: list[tuple[Any, ...]] = field(default_factory=list)


def execute(connection: Connection, statement: str, objects: Objects) -> Result:
    """Run one statement in the session's transaction. Raises StatementError with Redshift's kind of text."""
    try:
        if wanted := as_copy(statement):
            return Result(parquet.copy(connection, wanted.table, objects(wanted)))
        cursor = connection.execute(to_postgres(statement))
        if cursor.description is None:
            return Result(cursor.rowcount)
        columns = [(one.name, _TYPES.get(one.type_code, "varchar")) for one in cursor.description]
        return Result(cursor.rowcount, columns, cursor.fetchall())
    except psycopg.errors.DivisionByZero as error:
        raise StatementError("ERROR: Divide by zero") from error
    except psycopg.Error as error:
        said = error.diag.message_primary or str(error).strip()
        detail = f"\n  Detail: {error.diag.message_detail}" if error.diag.message_detail else ""
        raise StatementError(f"ERROR: {said}{detail}") from error


def cell(value: Any) -> dict[str, Any]:
    """Return a value as a field of the Data API."""
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, datetime.datetime):
        return {"stringValue": value.isoformat(sep=" ")}
    return {"stringValue": str(value)}
