"""The tables that say what was wrong with a unit: quarantine and dq_results."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.content import csv_sql
from etl.contract import Contract, rule_version
from etl.engine import ParquetFile, write_parquet
from etl.judge import Judgement
from etl.merge import HELD_REJECTS
from etl.quality import Outcome


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A unit's own quarantine: its file, and how many records broke each rule."""

    file: ParquetFile
    reasons: dict[str, int]


def rejected_sql(judgement: Judgement) -> str:
    """SELECT (source_object, source_line, raw, fields, reasons) of what a judged unit itself rejects."""
    return f"""SELECT source_object, source_line, raw, fields, {judgement.reasons_sql} AS reasons
        FROM judged JOIN texts USING (file, source_line) JOIN files USING (file)
        WHERE {judgement.rejected_sql}
      UNION ALL
      SELECT source_object, source_line, raw, fields, reasons FROM broken JOIN files USING (file)"""


def write_quarantine(
    connection: duckdb.DuckDBPyConnection, judgement: Judgement, run_id: str, folder: Path
) -> Quarantined:
    """Write the records that a unit itself rejects, with their raw text and reasons."""
    contract = judgement.contract
    selects = [rejected_sql(judgement)]
    if contract.name != "transactions":
        selects.append(
            f"""SELECT source_object, source_line, {csv_sql(contract)}, CAST(NULL AS VARCHAR),
              ['{contract.rule("key_conflict").id}']
            FROM settled WHERE standing = 'conflict'"""
        )
    connection.execute(f"CREATE OR REPLACE TABLE quarantined AS {' UNION ALL '.join(selects)}")
    file = write_parquet(
        connection,
        f"""SELECT source_object, source_line, raw, fields, reasons,
          '{rule_version(contract.name)}' AS rule_version, '{run_id}' AS run_id
        FROM quarantined ORDER BY source_object, source_line""",
        folder / "quarantine.parquet",
    )
    counted = connection.execute(
        """SELECT reason, count(*)
        FROM (SELECT unnest(reasons) AS reason FROM quarantined WHERE source_line > 0)
        GROUP BY reason ORDER BY reason"""
    ).fetchall()
    return Quarantined(file, dict(counted))


def conflict_reasons(contract: Contract, standings: Mapping[str, int]) -> dict[str, int]:
    """Return how many transactions were rejected against other deliveries, by rule."""
    if contract.name != "transactions":
        return {}
    counted = {
        contract.rule(check).id: standings.get(standing, 0) for standing, check in HELD_REJECTS.items()
    }
    return {rule: rows for rule, rows in counted.items() if rows}


def write_dq_results(
    connection: duckdb.DuckDBPyConnection, results: tuple[Outcome, ...], run_id: str, folder: Path
) -> ParquetFile:
    """Write the outcome of every rule, in the order of the contracts."""
    columns = {
        "rule_id VARCHAR": [o.rule.id for o in results],
        "severity VARCHAR": [str(o.rule.severity) for o in results],
        "evaluated BIGINT": [o.evaluated for o in results],
        "failed BIGINT": [o.failed for o in results],
        "ratio DECIMAL(9,6)": [o.ratio for o in results],
        "threshold DECIMAL(9,6)": [
            None if o.rule.threshold is None else str(o.rule.threshold) for o in results
        ],
        "outcome VARCHAR": [o.result for o in results],
    }
    unnested = ", ".join(
        f"unnest(CAST(? AS {kind}[])) AS {name}" for name, _, kind in (c.partition(" ") for c in columns)
    )
    connection.execute(
        f"""CREATE OR REPLACE TABLE dq AS SELECT row_number() OVER () AS place, '{run_id}' AS run_id, *
        FROM (SELECT {unnested})""",
        list(columns.values()),
    )
    return write_parquet(connection, "SELECT * EXCLUDE (place) FROM dq ORDER BY place", folder / "dq.parquet")
