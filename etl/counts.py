"""What a judged unit comes to in numbers, and the proof that no record was lost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.contract import Contract
from etl.errors import DataLakeError
from etl.market import Market
from etl.merge import HELD_REJECTS
from etl.parts import Intake
from etl.quality import Sizes
from etl.tally import Judged


@dataclass(frozen=True, slots=True)
class Counts:
    """Records of a unit: rows_in = good + rejected + duplicates.

    The `_alone` counts leave out what was settled against other records, which partitions count themselves.
    """

    rows_in: int
    good: int
    rejected_alone: int
    rejected: int
    duplicates_alone: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class PeriodGroups:
    """Client, zone and day groups, those that miss a market period, and periods traded twice."""

    groups: int = 0
    missing: int = 0
    repeated: int = 0

    @classmethod
    def of(cls, found: Sequence[tuple[Any, ...]]) -> "PeriodGroups":
        """Add up rows of `period_groups_sql` that are of one load date."""
        return cls(*(sum(int(row[n]) for row in found) for n in (1, 2, 3)))


def count(rejected: int, intake: Intake, standings: Mapping[str, int]) -> Counts:
    """Count a unit, of whose judged rows `rejected` are; DataLakeError when a record is lost or doubled."""
    copies = sum(f.records for f in intake.files if f.duplicate_of)
    alone = rejected + intake.broken
    counts = Counts(
        rows_in=sum(f.records for f in intake.files),
        good=standings.get("current", 0),
        rejected_alone=alone,
        rejected=alone + sum(standings.get(s, 0) for s in HELD_REJECTS),
        duplicates_alone=copies,
        duplicates=copies + standings.get("duplicate", 0) + standings.get("superseded", 0),
    )
    if counts.rows_in != counts.good + counts.rejected + counts.duplicates:
        raise DataLakeError(
            f"Rows were lost: {counts.rows_in} came in, but {counts.good} are good, "
            f"{counts.rejected} rejected and {counts.duplicates} duplicates.",
            where=intake.files[0].key.rpartition("/")[0],
            fix="This is a fault of the program, not of the data; nothing was published.",
        )
    return counts


def failures(
    contract: Contract,
    *,
    intake: Intake,
    judged: Judged,
    counts: Counts,
    standings: Mapping[str, int],
    periods: PeriodGroups,
) -> Counter[str]:
    """How many records, files or groups broke each rule, by rule id."""
    failed: Counter[str] = Counter(judged.failed)
    failed.update(intake.record_counts)
    for file in intake.files:
        failed.update(file.warnings)
    for fault in {f.fault for f in intake.files if f.fault}:
        failed[fault] = sum(f.fault == fault for f in intake.files)
    if judged.mixed_offset_files:
        failed["file.mixed_offsets"] = judged.mixed_offset_files
    by_check = {
        "exact_duplicate": standings.get("duplicate", 0),
        "superseded": standings.get("superseded", 0),
        "version_conflict": standings.get("conflict", 0),
        "key_conflict": standings.get("conflict", 0),
        "unknown_cancellation": standings.get("unknown_cancellation", 0),
        "missing_periods": periods.missing,
        "duplicate_periods": periods.repeated,
        "reject_ratio": counts.rejected - _whole(intake),
    }
    for rule in contract.all_rules:
        if by_check.get(rule.check):
            failed[rule.id] = by_check[rule.check]
    return failed


def sizes(
    intake: Intake, judged: Judged, counts: Counts, standings: Mapping[str, int], periods: PeriodGroups
) -> Sizes:
    """What each level of rules was evaluated over; whole rejected files stay out of ratios."""
    judgeable = counts.rows_in - _whole(intake) - counts.duplicates_alone
    accepted = sum(standings.values())
    return Sizes(len(intake.files), counts.rows_in, judged.rows, accepted, judgeable, periods.groups)


def period_groups_sql(market: Market, accepted: str = "accepted") -> str:
    """SQL of the PeriodGroups of a relation: compares what was delivered with the market's periods.

    Each row is a load date and numbers of groups, missing and repeated; a load date's are to be added up.
    """
    minutes = market.period_minutes_sql("delivery_date")
    day_end = "CAST(delivery_date + 1 AS TIMESTAMP)"
    day_start = "CAST(delivery_date AS TIMESTAMP)"
    return f"""WITH periods AS (
          SELECT load_date, client_id, bidding_zone, delivery_date, delivery_start, count(*) AS trades
          FROM {accepted} WHERE status <> 'CANCELLED' GROUP BY ALL
        ), days AS (
          SELECT load_date, delivery_date, client_id, bidding_zone, count(*) AS present
          FROM periods GROUP BY ALL
        ), repeated AS (
          SELECT load_date FROM {accepted} SEMI JOIN (SELECT * FROM periods WHERE trades > 1)
            USING (load_date, client_id, bidding_zone, delivery_date, delivery_start)
          WHERE status <> 'CANCELLED'
          GROUP BY load_date, client_id, bidding_zone, delivery_date, delivery_start, provider_id, side,
            market
          HAVING min(transaction_id) <> max(transaction_id)
        )
        SELECT load_date, count(*), sum(CASE WHEN present * {minutes}
          < 1440 - (market_offset({day_end}) - market_offset({day_start})) THEN 1 ELSE 0 END), 0
        FROM days GROUP BY load_date
        UNION ALL
        SELECT load_date, 0, 0, count(*) FROM repeated GROUP BY load_date"""


def _whole(intake: Intake) -> int:
    return sum(f.records for f in intake.files if f.fault)
