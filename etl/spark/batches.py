"""What Python tasks hand to Spark: Arrow batches that DuckDB makes.

pyarrow imports pandas as soon as it is given a list of Python's objects, which takes each worker a second.
"""

from collections.abc import Iterator, Mapping

import duckdb
import pyarrow as pa

from etl.engine import sql_type

BATCH_ROWS = 16_384


def of_query(
    connection: duckdb.DuckDBPyConnection, types: Mapping[str, str], relation: str
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a relation, with the columns and types that Spark was told of, in Hive's notation."""
    columns = ", ".join(f"CAST({name} AS {sql_type(kind)}) AS {name}" for name, kind in types.items())
    yield from connection.sql(f"SELECT {columns} FROM {relation}").to_arrow_reader(BATCH_ROWS)


def of_values(types: Mapping[str, str], values: Mapping[str, list[object]]) -> Iterator[pa.RecordBatch]:
    """Yield a few rows, given by column."""
    columns = ", ".join(
        f"unnest(CAST(${name} AS {sql_type(kind)}[])) AS {name}" for name, kind in types.items()
    )
    with duckdb.connect() as connection:
        yield from connection.sql(f"SELECT {columns}", params=values).to_arrow_reader(BATCH_ROWS)
