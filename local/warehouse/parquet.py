"""COPY of Parquet objects: read with DuckDB, streamed to PostgreSQL, and refused as Redshift would refuse."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
from psycopg import sql

from local.warehouse.databases import Connection
from local.warehouse.dialect import StatementError

_KINDS = {
    "VARCHAR": "character varying",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "BOOLEAN": "boolean",
    "DOUBLE": "double precision",
}
_BLOCK = 1 << 20
_NULL = r"\N"


def copy(connection: Connection, table: str, objects: Iterable[tuple[str, bytes]]) -> int:
    """Append Parquet objects (address, content) to a table, column by column in order; returns the rows.

    Redshift takes files with the table's number of columns, of the same types, and nothing else:
    https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
    """
    columns = _columns(connection, table)
    target = sql.SQL(".").join(sql.Identifier(part) for part in table.replace('"', "").split("."))
    into = sql.SQL("COPY {} FROM STDIN (FORMAT csv, NULL '\\N')").format(target)
    rows = 0
    with tempfile.TemporaryDirectory(prefix="copy-") as folder, duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        for address, content in objects:
            file, text = Path(folder) / "object.parquet", Path(folder) / "rows.csv"
            file.write_bytes(content)
            _compare(address, columns, _schema(engine, file))
            written = engine.execute(
                f"COPY (SELECT * FROM read_parquet('{file}')) TO '{text}' "
                f"(FORMAT csv, HEADER false, NULLSTR '{_NULL}', FORCE_QUOTE *)"
            ).fetchone()
            rows += int(written[0]) if written else 0
            with text.open("rb") as source, connection.cursor().copy(into) as target_copy:
                while block := source.read(_BLOCK):
                    target_copy.write(block)
    return rows


def _columns(connection: Connection, table: str) -> list[tuple[str, str]]:
    found: list[Any] = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [table],
    ).fetchall()
    if not found:
        raise StatementError(f"ERROR: Cannot COPY into nonexistent table {table}")
    return [(str(name), str(kind)) for name, kind in found]


def _schema(engine: duckdb.DuckDBPyConnection, file: Path) -> list[tuple[str, str]]:
    try:
        described = engine.execute(f"DESCRIBE SELECT * FROM read_parquet('{file}')").fetchall()
    except duckdb.Error as error:
        raise StatementError(f"ERROR: Spectrum Scan Error: the file is not Parquet: {error}") from error
    return [(str(name), str(kind)) for name, kind, *_ in described]


def _compare(address: str, columns: list[tuple[str, str]], found: list[tuple[str, str]]) -> None:
    if len(columns) != len(found):
        raise StatementError(
            f"ERROR: Spectrum Scan Error: Unmatched number of columns between table and file. Table columns: "
            f"{len(columns)}, Data columns: {len(found)}, File name: {address}"
        )
    for (name, kind), (_, stored) in zip(columns, found, strict=True):
        expected = _KINDS.get(stored) or re.sub(r"DECIMAL\((\d+),(\d+)\)", r"numeric(\1,\2)", stored)
        if not kind.startswith(expected):
            raise StatementError(
                f"ERROR: Spectrum Scan Error: File '{address}' has an incompatible Parquet schema for column "
                f"'{name}'. Column type: {kind}, Parquet type: {stored}"
            )
