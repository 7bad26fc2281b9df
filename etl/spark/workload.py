"""The due units of a dataset on Spark: all in the same queries, as Spark takes long to plan each."""

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pyspark.sql import SparkSession

from etl.content import hash_sql
from etl.contract import Severity, rule_index
from etl.counts import PeriodGroups, period_groups_sql
from etl.dimensions import DIMENSIONS
from etl.discover import Delivery
from etl.engine import ParquetFile, model
from etl.evidence import Quarantined
from etl.merge import Partition, conflicts_key, describe, held_key, silver_key
from etl.parts import Intake
from etl.quality import Outcome
from etl.release import JudgedUnit
from etl.spark.answers import MANY, answers
from etl.spark.dialect import Dialect
from etl.spark.merge import Merge
from etl.spark.outputs import Outputs, Target
from etl.spark.place import Place
from etl.spark.stage import NOTHING, Stage, Tally
from etl.spark.views import held, view
from etl.summary import UnitResult
from etl.workload import PENDING_LIMIT, Taken, Workload

_NOTHING_SAID = hashlib.sha256(b"").hexdigest()


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
        stage = Stage(self.spark, self.dialect, self.judgement, self.store, place)
        intakes = stage.take_in(due, self.dimensions)
        units = [self._begin(delivery, intakes[delivery.load_date]) for delivery in due]
        outputs = Outputs(self.spark, self.dialect, self.contract, place)
        conclude = self._judge_transactions if self.dimensions else self._judge_dimension
        conclude(units, stage, outputs)
        return units

    def _judge_transactions(self, units: Sequence[JudgedUnit], stage: Stage, outputs: Outputs) -> None:
        merge = Merge(
            self.spark,
            self.dialect,
            self.contract,
            self.store,
            partitions=self.index["partitions"],
            due=[unit.delivery.load_date for unit in units],
        )
        merge.prepare()
        with ThreadPoolExecutor() as pool:
            counting, grouping, waiting = (
                pool.submit(stage.tallies),
                pool.submit(self._periods),
                pool.submit(self._pending),
            )
            versions = merge.settle(())
            tallies, periods, pending = counting.result(), grouping.result(), waiting.result()
        results: dict[str, tuple[Outcome, ...]] = {}
        breached: set[str] = set()
        for unit in units:
            load_date = unit.delivery.load_date
            settled = versions.settled[load_date]
            unit.standings, unit.days = settled.standings, set(settled.days)
            tally = tallies.get(load_date, NOTHING)
            found = PeriodGroups.of(periods.get(load_date, ()))
            results[load_date] = self._weigh(unit, tally.judged, tally.rejected, found)
            if unit.breached:
                # What comes after it must not see it.
                breached.add(load_date)
                versions = merge.settle(breached)
        outputs.add_partitions(versions.tally, self._runs(units))
        files = self._write(units, tallies, results, outputs)
        self.merged = {
            day: partition(day, versions.tally.get(day, ()), files) for day in sorted(versions.days)
        }
        for unit in units:
            if not unit.breached:
                self._describe(unit, pending=pending.get(unit.delivery.load_date, {}))

    def _judge_dimension(self, units: Sequence[JudgedUnit], stage: Stage, outputs: Outputs) -> None:
        columns = ", ".join(f.name for f in self.contract.stored_fields)
        content = self.dialect.condition(hash_sql(self.contract))
        view(self.spark, "contested", f"SELECT {columns}, {content} AS content_hash FROM accepted")
        status = self.dialect.sql(model("dimension_status").replace("{key}", self.contract.key[0]))
        held(self.spark.sql(f"SELECT {columns}, standing FROM ({status})"), "settled")
        with ThreadPoolExecutor() as pool:
            counting, settling, reading = (
                pool.submit(stage.tallies),
                pool.submit(self._standings),
                pool.submit(self._contents),
            )
            tallies, standings, contents = counting.result(), settling.result(), reading.result()
        results: dict[str, tuple[Outcome, ...]] = {}
        for unit in units:
            load_date = unit.delivery.load_date
            unit.standings = standings.get(load_date, Counter())
            tally = tallies.get(load_date, NOTHING)
            results[load_date] = self._weigh(unit, tally.judged, tally.rejected, PeriodGroups())
        good = [unit for unit in units if not unit.breached]
        outputs.add_dimension({unit.delivery.load_date: unit.standings["current"] for unit in good})
        files = self._write(units, tallies, results, outputs)
        for unit in units:
            load_date = unit.delivery.load_date
            self._record_dimension(unit, files.get(silver_key(self.contract.name, load_date)))
            if not unit.breached:
                self._describe(unit, content=contents.get(load_date, _NOTHING_SAID), pending={})

    def _write(
        self,
        units: Sequence[JudgedUnit],
        tallies: Mapping[str, Tally],
        results: Mapping[str, tuple[Outcome, ...]],
        outputs: Outputs,
    ) -> Mapping[str, ParquetFile]:
        """Write what was added and the quarantine; take what was wrong with the units into them."""
        keys = {unit.delivery.load_date: self._key("quarantine", unit.delivery, "records") for unit in units}
        targets, reasons = {}, {}
        for unit in units:
            load_date = unit.delivery.load_date
            rows, reasons[load_date] = self._counted(unit, tallies.get(load_date, NOTHING))
            targets[load_date] = Target(keys[load_date], rows)
        outputs.add_quarantine(targets, self._runs(units))
        files = outputs.write()
        for unit in units:
            load_date = unit.delivery.load_date
            file = files.get(keys[load_date], ParquetFile("", 0, 0, ""))
            self._conclude(unit, results[load_date], Quarantined(file, reasons[load_date]))
        return files

    def _counted(self, unit: JudgedUnit, tally: Tally) -> tuple[int, dict[str, int]]:
        """Rows of the unit's own quarantine, and records by reason, from what was counted before."""
        intake, failed = unit.intake, tally.judged.failed
        reasons = Counter({r.id: failed[r.id] for r in self.judgement.rejections})
        rejecting = {r.id for r in rule_index(self.contract.name).values() if r.severity != Severity.WARN}
        reasons.update({reason: n for reason, n in intake.record_counts.items() if reason in rejecting})
        conflicts = 0
        if self.contract.name != "transactions":
            conflicts = unit.standings["conflict"]
            reasons[self.contract.rule("key_conflict").id] += conflicts
        whole = sum(f.fault is not None for f in intake.files)
        rows = tally.rejected + intake.broken + whole + conflicts
        return rows, {reason: n for reason, n in sorted(reasons.items()) if n}

    def _by_date(self, sql: str, *, at_most: int = MANY) -> dict[str, list[tuple[Any, ...]]]:
        """Answers of a query by their first column, a load date."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for row in answers(self.spark.sql(sql), at_most=at_most):
            found.setdefault(str(row[0]), []).append(row)
        return found

    def _periods(self) -> Mapping[str, Sequence[tuple[Any, ...]]]:
        return self._by_date(self.dialect.sql(period_groups_sql(self.market)))

    def _standings(self) -> Mapping[str, Counter[str]]:
        found = self._by_date(
            "SELECT load_date, standing, count(*) FROM settled GROUP BY load_date, standing"
        )
        return {day: Counter({standing: n for _, standing, n in rows}) for day, rows in found.items()}

    def _contents(self) -> Mapping[str, str]:
        """Digests of what a dimension's load dates say, equal on every engine."""
        said = self.dialect.condition(self._said_sql())
        key = self.contract.key[0]
        found = self._by_date(
            f"""SELECT load_date, sha2(array_join(transform(array_sort(collect_list(
              named_struct('key', {key}, 'said', {said}))), row -> row.said), chr(10)), 256)
            FROM settled WHERE standing = 'current' GROUP BY load_date"""
        )
        return {day: str(digest) for day, ((_, digest),) in found.items()}

    def _pending(self) -> Mapping[str, Mapping[str, list[str]]]:
        """Keys by load date and dimension that rows were rejected for, one more than are listed at most."""
        waiting = " UNION ALL ".join(
            f"""SELECT DISTINCT load_date, '{name}' AS dimension, {key} AS key FROM judged
            WHERE {self.dialect.condition(self._waiting_sql(name))}"""
            for name, key in DIMENSIONS.items()
        )
        found = self._by_date(
            f"""SELECT load_date, dimension, key FROM (
              SELECT *, row_number() OVER (PARTITION BY load_date, dimension ORDER BY key) AS place
              FROM ({waiting})) WHERE place <= {PENDING_LIMIT + 1}"""
        )
        return {
            day: {name: [key for _, dimension, key in rows if dimension == name] for name in DIMENSIONS}
            for day, rows in found.items()
        }


def partition(
    day: str, tally: Sequence[tuple[str, str, int, str, str]], files: Mapping[str, ParquetFile]
) -> Partition:
    """Return a delivery date as written, of what was tallied of it."""
    keys = [silver_key("transactions", day), held_key(day), *(conflicts_key(row[0], day) for row in tally)]
    found = {key: files[key] for key in keys if key in files}
    return Partition(found, describe(day, found, tally) if tally else {})
