"""The embedded engine: DuckDB with bounded memory, writing byte-for-byte repeatable Parquet."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb

from etl.checks import identifier
from etl.contract import Contract
from etl.market import Market

# A day's rows are sorted by client: min and max of such a group leave most of a day unread.
ROW_GROUP_ROWS = 16_384
MEMORY_LIMIT = "1200MB"

_SQL_TYPES = {"string": "VARCHAR", "int": "INTEGER", "array<string>": "VARCHAR[]"}


# A long IN list would become a join, and a join does not keep the order of the delivered rows.
_WITHOUT = "in_clause"


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A written Parquet file: local path or key inside the lake, number of rows, bytes and SHA-256."""

    path: Path | str
    rows: int
    size: int
    sha256: str


@contextmanager
def connect(
    market: Market, folder: Path, *, on_disk: bool = False, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB session that spills to `folder`; `on_disk` keeps its tables in a file there as well.

    It uses all cores, or as many as `threads`.
    """
    database = str(folder / "work.duckdb") if on_disk else ":memory:"
    connection = duckdb.connect(database)
    try:
        connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
        connection.execute(f"SET memory_limit = '{os.environ.get('LAKE_MEMORY_LIMIT', MEMORY_LIMIT)}'")
        connection.execute("SET preserve_insertion_order = true")
        if threads is not None:
            connection.execute(f"SET threads = {threads}")
        # Standard output belongs to the job's summary.
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET disabled_optimizers = '{_WITHOUT}'")
        for statement in market.macros():
            connection.execute(statement)
        connection.execute(_EXACT_RATIO)
        yield connection
    finally:
        connection.close()


# Σ and ratios are published as decimals, so they are divided exactly and rounded half away from zero, which a
# division in floating point would not do on ties. Both arguments have six decimals.
_EXACT_RATIO = """
CREATE OR REPLACE MACRO exact_ratio(a, b) AS CASE WHEN b = 0 THEN NULL ELSE
  CAST(CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END * (
    (2000000 * CAST(abs(CAST(a AS DECIMAL(30,6))) * 1000000 AS HUGEINT)
      + CAST(abs(CAST(b AS DECIMAL(30,6))) * 1000000 AS HUGEINT))
    // (2 * CAST(abs(CAST(b AS DECIMAL(30,6))) * 1000000 AS HUGEINT))
  ) AS DECIMAL(30,0)) * CAST(0.000001 AS DECIMAL(6,6)) END
"""


@contextmanager
def schema(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[None]:
    """Work in a schema, made when there is none: what is made goes there and is looked for there first."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(name)}")
    connection.execute(f"SET search_path = '{identifier(name)},main'")
    try:
        yield
    finally:
        connection.execute("SET search_path = 'main'")


def sql_type(hive: str) -> str:
    """DuckDB's type for a type in Hive's notation."""
    return _SQL_TYPES.get(hive, hive.upper())


def model(name: str) -> str:
    """Text of the shipped SQL model `name`."""
    return resources.files("etl.models").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def typed_columns(contract: Contract, *, alias: str = "") -> str:
    """Select list of a contract's stored columns, cast to their types."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(
        f"CAST({prefix}{identifier(f.name)} AS {sql_type(f.type)}) AS {identifier(f.name)}"
        for f in contract.stored_fields
    )


def write_parquet(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> ParquetFile:
    """Write an ordered SELECT as Snappy Parquet; the same rows always give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # What is known of the columns on the way, such as which might hold a NULL, would be noted in the file.
    connection.execute(f"SET disabled_optimizers = '{_WITHOUT},statistics_propagation'")
    try:
        written = connection.execute(
            f"COPY ({select}) TO '{quoted(path)}' "
            f"(FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
        ).fetchone()
    finally:
        connection.execute(f"SET disabled_optimizers = '{_WITHOUT}'")
    assert written is not None
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ParquetFile(path, int(written[0]), path.stat().st_size, digest)


def read_parquet(paths: list[Path]) -> str:
    """SQL of a relation over Parquet files with equal columns."""
    listed = ", ".join(f"'{quoted(p)}'" for p in paths)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def quoted(path: Path) -> str:
    """Return a path for use inside an SQL text literal."""
    return str(path).replace("'", "''")
