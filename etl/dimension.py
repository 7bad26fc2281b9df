"""A judged unit of a dimension: which of its rows are Silver, what it says to transactions."""

from collections import Counter
from pathlib import Path

import duckdb

from etl.content import hash_sql
from etl.contract import Contract
from etl.engine import ParquetFile, model, write_parquet


def settle(
    connection: duckdb.DuckDBPyConnection, contract: Contract, path: Path
) -> tuple[Counter[str], ParquetFile | None]:
    """Decide the standing of every accepted row in the table `settled` and write those that are current.

    Returns the number of rows by standing, and the file if it has rows. A dimension's load date stands apart
    from all others.
    """
    columns = ", ".join(f.name for f in contract.stored_fields)
    key = contract.key[0]
    connection.execute(
        "CREATE OR REPLACE VIEW contested AS "
        f"SELECT {columns}, {hash_sql(contract)} AS content_hash FROM accepted"
    )
    connection.execute(
        f"CREATE OR REPLACE TABLE settled AS SELECT {columns}, standing "
        f"FROM ({model('dimension_status').replace('{key}', key)})"
    )
    counted = connection.execute("SELECT standing, count(*) FROM settled GROUP BY 1").fetchall()
    standings = Counter(dict(counted))
    if not standings["current"]:
        return standings, None
    select = f"SELECT {columns} FROM settled WHERE standing = 'current' ORDER BY {key}"
    return standings, write_parquet(connection, select, path)


def content(connection: duckdb.DuckDBPyConnection, contract: Contract) -> str:
    """Return the digest of what a settled load date says to transactions."""
    key = contract.key[0]
    power = "CAST(contracted_power_kw AS VARCHAR)" if contract.name == "clients" else "NULL"
    first, end = "CAST(valid_from AS VARCHAR)", "coalesce(CAST(valid_to AS VARCHAR), '9999-12-31')"
    said = f"concat_ws(chr(31), {key}, {first}, {end}, {power})"
    ((digest,),) = connection.execute(
        f"SELECT sha256(coalesce(string_agg({said}, chr(10) ORDER BY {key}), '')) "
        "FROM settled WHERE standing = 'current'"
    ).fetchall()
    return str(digest)
