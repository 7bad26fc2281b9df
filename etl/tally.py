"""What was judged of each delivered file, and of the unit they make, in numbers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from etl.judge import Judgement
from etl.masks import broken_any
from etl.plain import Z_STYLE, warned_sql

_MIXED = (3, 5, 6, 7)
"""Styles of a file whose timestamps are written in more than one way, see compile_contract."""


@dataclass(slots=True)
class Judged:
    """Counts of judged rows, by rule id; `rows` leaves out the records nobody could split."""

    rows: int = 0
    rejected: int = 0
    mixed_offset_files: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Judged") -> None:
        """Count what another one counts as well."""
        self.rows += other.rows
        self.rejected += other.rejected
        self.mixed_offset_files += other.mixed_offset_files
        self.failed.update(other.failed)


def create_counts(connection: duckdb.DuckDBPyConnection, judgement: Judgement, *, has_plain: bool) -> None:
    """Create the views `judged_files` (file, rows, rejected, styles), `broken_rules` (file, rule, rows)."""
    rejected = judgement.rejected_sql
    counts = f"""SELECT file, count(*) AS rows, count(*) FILTER ({rejected}) AS rejected,
      bit_or(styles) AS styles FROM judged GROUP BY file"""
    rules = f"""SELECT file, unnest({judgement.reasons_sql}) AS rule FROM judged WHERE {rejected}
      UNION ALL
      SELECT file, unnest({judgement.broken_ids_sql(judgement.warning)}) FROM judged
      WHERE {broken_any(judgement.warn_masks)}"""
    if has_plain:
        counts = f"""SELECT file, sum(rows) AS rows, sum(rejected) AS rejected, bit_or(styles) AS styles
          FROM ({counts} UNION ALL SELECT file, count(*), 0, {Z_STYLE} FROM plain GROUP BY file)
          GROUP BY file"""
        warned = warned_sql(judgement.contract, judgement.market)
        if warned:
            rules += f" UNION ALL SELECT file, unnest({warned}) FROM plain"
    connection.execute(f"CREATE OR REPLACE VIEW judged_files AS {counts}")
    connection.execute(
        "CREATE OR REPLACE VIEW broken_rules AS "
        f"SELECT file, rule, count(*) AS rows FROM ({rules}) GROUP BY file, rule"
    )


def judged_unit(connection: duckdb.DuckDBPyConnection) -> Judged:
    """Count all files together."""
    ((rows, rejected, mixed),) = connection.execute(
        f"""SELECT coalesce(sum(rows), 0), coalesce(sum(rejected), 0), count(*) FILTER (styles IN {_MIXED})
        FROM judged_files"""
    ).fetchall()
    failed = connection.execute("SELECT rule, sum(rows) FROM broken_rules GROUP BY rule").fetchall()
    return Judged(int(rows), int(rejected), int(mixed), Counter({rule: int(n) for rule, n in failed}))


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
        judged.add(part)
    return judged
