"""What was judged of each delivered file, and of the unit they make, in numbers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from etl.judge import Judgement
from etl.masks import broken_any
from etl.plain import Z_STYLE, warnings_sql

_MIXED = (3, 5, 6, 7)
"""Styles of a file whose timestamps are written in more than one way, see compile_contract."""


@dataclass(slots=True)
class Judged:
    """Counts of judged rows, by rule id; `rows` leaves out the records nobody could split."""

    rows: int = 0
    rejected: int = 0
    mixed_offset_files: int = 0
    failed: Counter[str] = field(default_factory=Counter)


def create_counts(connection: duckdb.DuckDBPyConnection, judgement: Judgement, *, has_plain: bool) -> None:
    """Create the views `judged_files` (file, rows, rejected, styles), `broken_rules` (file, rule, rows)."""
    rejected = judgement.rejected_sql
    counts = f"""SELECT file, count(*) AS rows, count(*) FILTER ({rejected}) AS rejected,
      bit_or(styles) AS styles FROM judged GROUP BY file"""
    rules = [
        f"SELECT file, unnest({judgement.reasons_sql}) AS rule FROM judged WHERE {rejected}",
        f"""SELECT file, unnest({judgement.warnings_sql}) FROM judged
        WHERE {broken_any(judgement.warn_masks)}""",
    ]
    if has_plain:
        counts = f"""SELECT file, sum(rows) AS rows, sum(rejected) AS rejected, bit_or(styles) AS styles
          FROM ({counts} UNION ALL SELECT file, count(*), 0, {Z_STYLE} FROM plain GROUP BY file)
          GROUP BY file"""
        rules += warnings_sql(judgement.contract, judgement.market, "plain")
    connection.execute(f"CREATE OR REPLACE VIEW judged_files AS {counts}")
    connection.execute(
        "CREATE OR REPLACE VIEW broken_rules AS "
        f"SELECT file, rule, count(*) AS rows FROM ({' UNION ALL '.join(rules)}) GROUP BY file, rule"
    )


def judged_files(connection: duckdb.DuckDBPyConnection) -> dict[int, Judged]:
    """Count each file by itself; those without a judged row are left out."""
    found = {
        file: Judged(int(rows), int(rejected), int(styles in _MIXED))
        for file, rows, rejected, styles in connection.execute("FROM judged_files").fetchall()
    }
    for file, rule, rows in connection.execute("FROM broken_rules").fetchall():
        found[file].failed[rule] = int(rows)
    return found


def total(parts: Iterable[Judged]) -> Judged:
    """Add up the counts of files."""
    judged = Judged()
    for part in parts:
        judged.rows += part.rows
        judged.rejected += part.rejected
        judged.mixed_offset_files += part.mixed_offset_files
        judged.failed.update(part.failed)
    return judged
