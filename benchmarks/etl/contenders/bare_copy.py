"""The floor: DuckDB types the transactions and writes them by delivery date, with no rule, dedupe or quarantine.

Usage: python bare_copy.py RAW OUT. What cannot be typed is NULL, ragged rows are skipped.
"""

import sys
from pathlib import Path

import duckdb

COLUMNS = {
    "transaction_id": "VARCHAR", "version": "INTEGER", "client_id": "VARCHAR", "provider_id": "VARCHAR",
    "side": "VARCHAR", "market": "VARCHAR", "bidding_zone": "VARCHAR", "delivery_start": "TIMESTAMP",
    "delivery_end": "TIMESTAMP", "quantity_mwh": "DECIMAL(18,6)", "price_eur_mwh": "DECIMAL(18,6)",
    "currency": "VARCHAR", "status": "VARCHAR", "executed_at": "TIMESTAMP", "updated_at": "TIMESTAMP",
}  # fmt: skip


def main(raw: Path, out: Path) -> None:
    """Copy everything in one statement; casting text is faster than letting the reader cast."""
    out.mkdir(parents=True, exist_ok=True)
    texts = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    typed = ", ".join(f"try_cast({name} AS {kind}) AS {name}" for name, kind in COLUMNS.items())
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'; SET memory_limit = '1200MB'")
        db.execute(f"SET temp_directory = '{out / 'spill'}'")
        db.execute(
            f"""COPY (
              SELECT * EXCLUDE (day), year(day) AS year, month(day) AS month, day(day) AS day FROM (
                SELECT *, CAST(timezone('Europe/Madrid', delivery_start AT TIME ZONE 'UTC') AS DATE) AS day FROM (
                  SELECT {typed} FROM read_csv('{raw / "transactions" / "*" / "*.csv"}', header = true,
                    auto_detect = false, delim = ',', columns = {{{texts}}}, ignore_errors = true)))
            ) TO '{out / "silver"}' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (year, month, day))"""
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
