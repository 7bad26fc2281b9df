"""The canonical hash of what came out of a pipeline: every Silver row and every rejected row with its reasons.

Rows are hashed one by one and combined with XOR, so their order and files do not matter; a row is told apart by
its source object and line, so none cancels another.
"""

from __future__ import annotations

import csv
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.content import text_sql
from etl.contract import load
from etl.engine import sql_type
from tests.etl import oracle


@dataclass(frozen=True)
class Verdict:
    """Number and combined hash of Silver rows and of rejected rows."""

    silver: int
    rejected: int
    digest: str


def of_files(silver: str, quarantine: str) -> Verdict:
    """Hash Parquet files, given as globs."""
    with duckdb.connect() as db:
        return _hash(
            db,
            f"read_parquet('{silver}', hive_partitioning = false)",
            f"read_parquet('{quarantine}', hive_partitioning = false)",
        )


def of_oracle(raw: Path, cache: Path) -> Verdict:
    """Hash what the plain-Python oracle says, kept in `cache` by the content of the input."""
    digest = hashlib.sha256()
    for path in sorted(raw.rglob("*.csv")):
        digest.update(path.relative_to(raw).as_posix().encode() + path.read_bytes())
    kept = cache / f"oracle-{digest.hexdigest()[:16]}.csv"
    if kept.exists():
        silver, rejected, found = kept.read_text().split(",")
        return Verdict(int(silver), int(rejected), found)
    verdicts = oracle.evaluate(raw)
    fields = load("transactions").stored_fields
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as db:
        rows, broken = Path(folder) / "silver.csv", Path(folder) / "rejected.csv"
        with rows.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerows([row[f.name] for f in fields] for row in verdicts.silver("transactions"))
        with broken.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerows(
                [key, line, "|".join(sorted(reasons))]
                for (key, line), reasons in verdicts.rejected().items()
                if key.startswith("raw/transactions/")
            )
        typed = ", ".join(f"'{f.name}': '{sql_type(f.type)}'" for f in fields)
        result = _hash(
            db,
            f"read_csv('{rows}', header = false, columns = {{{typed}}})",
            f"(SELECT source_object, source_line, string_split(reasons, '|') AS reasons FROM read_csv('{broken}', "
            "header = false, columns = {'source_object': 'VARCHAR', 'source_line': 'BIGINT', 'reasons': 'VARCHAR'}))",
        )
    kept.write_text(f"{result.silver},{result.rejected},{result.digest}")
    return result


def _hash(db: duckdb.DuckDBPyConnection, silver: str, quarantine: str) -> Verdict:
    db.execute("SET TimeZone = 'UTC'")
    fields = load("transactions").stored_fields
    columns = ", ".join(f"CAST({f.name} AS {sql_type(f.type)}) AS {f.name}" for f in fields)
    row = f"concat_ws(chr(31), {', '.join(text_sql(f) for f in fields)})"
    found = db.execute(
        f"SELECT count(*), coalesce(bit_xor(md5_number({row})), 0) FROM (SELECT {columns} FROM {silver})"
    ).fetchall()[0]
    reasons = "concat_ws(chr(31), source_object, source_line, list_sort(reasons))"
    rejected = db.execute(
        f"SELECT count(*), coalesce(bit_xor(md5_number(CAST({reasons} AS VARCHAR))), 0) FROM {quarantine} "
        "WHERE source_line > 0"
    ).fetchall()[0]
    return Verdict(int(found[0]), int(rejected[0]), f"{found[1]:032x}{rejected[1]:032x}")
