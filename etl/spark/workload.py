"""The due units of a dataset on Spark: all in the same queries, as Spark takes long to plan each."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pyspark.sql import SparkSession

from etl.contract import Severity, rule_index
from etl.counts import PeriodGroups, period_groups_sql
from etl.dimensions import Dimensions
from etl.discover import Delivery
from etl.engine import ParquetFile
from etl.evidence import Quarantined
from etl.merge import Partition, conflicts_key, describe, held_key, silver_key
from etl.parts import Intake
from etl.quality import Outcome
from etl.release import JudgedUnit
from etl.spark.answers import MANY, answers, reports
from etl.spark.delivered import Delivered, by_load_date, gather, number
from etl.spark.dialect import Dialect
from etl.spark.dimension import DimensionReport, JudgeDimension
from etl.spark.merge import Merge, Versions, dates
from etl.spark.outputs import Outputs, Target
from etl.spark.place import Place
from etl.spark.stage import JudgedDelivery, Stage
from etl.summary import UnitResult
from etl.workload import Taken, Workload


class SparkWorkload(Workload):
    """Judges and publishes the due units of one dataset together in a Spark session.

    `connection` is DuckDB's and holds nothing but the outcomes of rules, one row a rule.
    """

    width = 64

    def __init__(self, spark: SparkSession, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.spark = spark
        self.dialect = Dialect(self.market)
        self.due: list[Delivery] = []
        self.merged: dict[str, Partition] = {}

    @property
    def bytes_judged(self) -> int:
        """See Workload.bytes_judged; here, of those that will be judged together."""
        return sum(entry.size for delivery in self.due for entry in delivery.entries)

    def take_in(self, delivery: Delivery) -> Taken:
        """Fetch nothing: executors read the files when the delivery is judged."""
        folder = self.folder / delivery.load_date
        return Taken(folder, Intake([], folder, folder), 0.0)

    def judge(self, delivery: Delivery, taken: Taken) -> None:
        """Put a delivery among those that are judged together when they are published."""
        self.due.append(delivery)

    def publish(self) -> Iterator[UnitResult]:
        """See Workload.publish; where deliveries cannot be judged together, each is by itself, in turn."""
        due, self.due = self.due, []
        try:
            together = iter([self._judge_together(due)] if due else [])
        except Exception:
            if len(due) < 2:
                raise
            together = (self._judge_together([delivery]) for delivery in due)
        for place in together:
            try:
                yield from super().publish()
            finally:
                place.clear()

    def _merged(self, units: Sequence[JudgedUnit]) -> Mapping[str, Partition]:
        return self.merged

    def _judge_together(self, due: Sequence[Delivery]) -> Place:
        """Judge deliveries; return where their files lie until they are published."""
        started = time.monotonic()
        place = Place(self.spark, self.store, f"{self.area.staging}spark/{due[0].load_date}/")
        try:
            units = self._judge_all(due, place)
        except Exception:
            place.clear()
            for delivery in due:
                shutil.rmtree(self.folder / self._folder(delivery), ignore_errors=True)
            raise
        finally:
            self.spark.catalog.clearCache()
        for unit in units:
            unit.seconds = (time.monotonic() - started) / len(units)
        self.judged += units
        return place

    def _judge_all(self, due: Sequence[Delivery], place: Place) -> list[JudgedUnit]:
        if self.dimensions is None:
            return self._judge_dimension(due, place)
        return self._judge_transactions(due, place, self.dimensions)

    def _judge_transactions(
        self, due: Sequence[Delivery], place: Place, dimensions: Dimensions
    ) -> list[JudgedUnit]:
        found = Stage(self.spark, self.judgement, self.store, place).take_in(due, dimensions)
        units = [self._begin(delivery, found[delivery.load_date].intake) for delivery in due]
        quarantines = {unit.delivery.load_date: self._quarantine(unit, found) for unit in units}
        with Outputs(self.spark, self.dialect, self.contract, place, self._runs(units)) as outputs:
            # What rows are rejected for by themselves is known, and is written while others are settled.
            outputs.add_quarantine({day: target for day, (target, _) in quarantines.items()})
            versions, results = self._settle(units, found)
            outputs.add_partitions(versions.tally)
            files = outputs.files()
        self.merged = {
            day: partition(day, versions.tally.get(day, ()), files) for day in sorted(versions.days)
        }
        for unit in units:
            load_date = unit.delivery.load_date
            target, reasons = quarantines[load_date]
            file = files.get(target.key, ParquetFile("", 0, 0, ""))
            self._conclude(unit, results[load_date], Quarantined(file, reasons))
            if not unit.breached:
                self._describe(unit, pending=found[load_date].pending)
        return units

    def _settle(
        self, units: Sequence[JudgedUnit], found: Mapping[str, JudgedDelivery]
    ) -> tuple[Versions, dict[str, tuple[Outcome, ...]]]:
        """Settle units, each as of its load date, and weigh them; return what is left and their outcomes."""
        merge = Merge(
            self.spark,
            self.dialect,
            self.contract,
            self.store,
            partitions=self.index["partitions"],
            due=[unit.delivery.load_date for unit in units],
        )
        with ThreadPoolExecutor() as pool:
            grouping = pool.submit(self._periods, found)
            merge.prepare()
            versions = merge.settle(())
            periods = grouping.result()
        results: dict[str, tuple[Outcome, ...]] = {}
        breached: set[str] = set()
        for unit in units:
            load_date = unit.delivery.load_date
            settled = versions.settled[load_date]
            unit.standings, unit.days = settled.standings, set(settled.days)
            results[load_date] = self._weigh(unit, found[load_date].judged, periods[load_date])
            if unit.breached:
                # What comes after it must not see it.
                breached.add(load_date)
                versions = merge.settle(breached)
        return versions, results

    def _judge_dimension(self, due: Sequence[Delivery], place: Place) -> list[JudgedUnit]:
        dated = by_load_date(number(due))
        judge = JudgeDimension(self.store.uri, place.prefix, self.judgement)
        said = dict(zip(dated, reports(self.spark, judge, list(dated.values())), strict=True))
        return [self._dimension_unit(delivery, dated, said[delivery.load_date]) for delivery in due]

    def _dimension_unit(
        self, delivery: Delivery, dated: Mapping[str, Sequence[Delivered]], said: DimensionReport
    ) -> JudgedUnit:
        """Weigh what a task found of a load date."""
        intake, judged = gather(said.files, dated[delivery.load_date])
        unit = self._begin(delivery, intake)
        unit.standings = Counter(said.standings)
        self._record_dimension(unit, said.silver)
        results = self._weigh(unit, judged, PeriodGroups())
        self._conclude(unit, results, said.quarantined)
        if not unit.breached:
            self._describe(unit, content=said.content)
        return unit

    def _quarantine(
        self, unit: JudgedUnit, found: Mapping[str, JudgedDelivery]
    ) -> tuple[Target, dict[str, int]]:
        """Return where a unit's own quarantine goes, and records by reason, from what was counted before."""
        delivery = unit.delivery
        intake, judged = unit.intake, found[delivery.load_date].judged
        reasons = Counter({r.id: judged.failed[r.id] for r in self.judgement.rejections})
        rejecting = {r.id for r in rule_index(self.contract.name).values() if r.severity != Severity.WARN}
        reasons.update({reason: n for reason, n in intake.record_counts.items() if reason in rejecting})
        whole = sum(f.fault is not None for f in intake.files)
        rows = judged.rejected + intake.broken + whole
        target = Target(self._key("quarantine", delivery, "records"), rows)
        return target, {reason: n for reason, n in sorted(reasons.items()) if n}

    def _periods(self, found: Mapping[str, JudgedDelivery]) -> dict[str, PeriodGroups]:
        """Return the period groups by load date; those that no task knew by itself are found here."""
        known = {day: delivery.periods for day, delivery in found.items() if delivery.periods is not None}
        spread = found.keys() - known.keys()
        rows: dict[str, list[tuple[Any, ...]]] = {day: [] for day in spread}
        if spread:
            spread_over_tasks = f"(SELECT * FROM accepted WHERE load_date IN ({dates(spread)}))"
            sql = period_groups_sql(self.market, spread_over_tasks)
            for row in answers(self.spark.sql(self.dialect.sql(sql)), at_most=MANY):
                rows[str(row[0])].append(row)
        return known | {day: PeriodGroups.of(groups) for day, groups in rows.items()}


def partition(
    day: str, tally: Sequence[tuple[str, str, int, str, str]], files: Mapping[str, ParquetFile]
) -> Partition:
    """Return a delivery date as written, of what was tallied of it."""
    keys = [silver_key("transactions", day), held_key(day), *(conflicts_key(row[0], day) for row in tally)]
    found = {key: files[key] for key in keys if key in files}
    return Partition(found, describe(day, found, tally) if tally else {})
