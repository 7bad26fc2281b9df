"""One unit on Spark: its engine's part of what etl.workload puts through counts, thresholds and publish."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from etl.content import csv_sql, hash_sql
from etl.contract import Severity, rule_index, rule_version
from etl.discover import Delivery
from etl.engine import ParquetFile, model
from etl.evidence import Quarantined
from etl.merge import Partition
from etl.parts import Intake
from etl.release import JudgedUnit
from etl.spark.answers import answer, answers
from etl.spark.dialect import Dialect
from etl.spark.merge import Merge
from etl.spark.place import Place
from etl.spark.stage import Stage
from etl.summary import UnitResult
from etl.unit import Judged
from etl.workload import PENDING_LIMIT, Taken, Workload


class SparkWorkload(Workload):
    """Judges the units of one dataset in a Spark session, and publishes each before the next is judged.

    `connection` is DuckDB's and holds nothing but the outcomes of rules, one row a rule.
    """

    together = False

    def __init__(self, spark: SparkSession, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.spark = spark
        self.dialect = Dialect(self.market)
        self.place: Place | None = None
        self.merged: Mapping[str, Partition] = {}

    def take_in(self, delivery: Delivery) -> Taken:
        """Fetch nothing: executors read the files when the delivery is judged."""
        folder = self.folder / delivery.load_date
        folder.mkdir()
        return Taken(folder, Intake([], folder, folder), 0.0)

    def publish(self) -> list[UnitResult]:
        """See Workload.publish; what Spark wrote is deleted afterwards."""
        try:
            return super().publish()
        finally:
            if self.place:
                self.place.clear()
                self.place = None

    @contextmanager
    def _room(self, delivery: Delivery, taken: Taken) -> Iterator[None]:
        with super()._room(delivery, taken):
            self.place = Place(self.spark, self.store, f"{self.area.staging}spark/{delivery.load_date}/")
            self.stage = Stage(self.spark, self.dialect, self.judgement, self.store, self.place)
            try:
                yield
            finally:
                self.spark.catalog.clearCache()

    def _judge(self, delivery: Delivery, taken: Taken) -> tuple[Intake, Judged]:
        dimensions = self.references.dimensions if self.references else None
        intake = self.stage.take_in(delivery.entries, dimensions, delivery.load_date)
        self.verdict = self.stage.judged()
        return intake, self.verdict

    def _one(self, sql: str) -> tuple[Any, ...]:
        return answer(self.spark.sql(self.dialect.sql(sql)))

    def _settle(self, unit: JudgedUnit, folder: Path) -> None:
        if self.references is None:
            self._settle_dimension(unit, folder)
            return
        load_date = unit.delivery.load_date
        merge = Merge(self.spark, self.dialect, self.contract, self.store, self.stage.place)
        runs = {day: entry["run_id"] for day, entry in self.index["units"].items()}
        runs[load_date] = unit.run_id
        self.merged = merge.run(self.index["partitions"], load_date, runs, rule_version(self.contract.name))
        unit.days = set(self.merged)
        for partition in self.merged.values():
            unit.standings.update(partition.entry.get("loads", {}).get(load_date, {}))

    def _merged(self, units: Sequence[JudgedUnit]) -> Mapping[str, Partition]:
        return self.merged

    def _settle_dimension(self, unit: JudgedUnit, folder: Path) -> None:
        columns = ", ".join(f.name for f in self.contract.stored_fields)
        key = self.contract.key[0]
        content = self.dialect.condition(hash_sql(self.contract))
        self.spark.sql(f"SELECT {columns}, {content} AS content_hash FROM accepted").createOrReplaceTempView(
            "contested"
        )
        status = self.dialect.sql(model("dimension_status").replace("{key}", key))
        settled = self.spark.sql(f"SELECT {columns}, standing FROM ({status})").persist(
            StorageLevel.DISK_ONLY
        )
        settled.createOrReplaceTempView("settled")
        unit.standings.update(dict(answers(settled.groupBy("standing").count())))
        current = settled.where("standing = 'current'").drop("standing")
        file = None
        if unit.standings["current"]:
            ordered = current.repartition(1).sortWithinPartitions(key)
            file = self.stage.place.single(ordered, "silver", unit.standings["current"])
        self._record_dimension(unit, file)

    def _quarantine(self, unit: JudgedUnit, folder: Path) -> Quarantined:
        rejected = self.spark.table("rejected")
        if self.contract.name != "transactions":
            conflict = self.contract.rule("key_conflict").id
            raw = self.dialect.condition(csv_sql(self.contract))
            rejected = rejected.unionByName(
                self.spark.sql(
                    f"""SELECT source_object, source_line, {raw} AS raw, CAST(NULL AS STRING) AS fields,
                      array('{conflict}') AS reasons
                    FROM settled WHERE standing = 'conflict'"""
                )
            )
        rows, reasons = self._counted(unit)
        if not rows:
            return Quarantined(ParquetFile("", 0, 0, ""), {})
        frame = rejected.withColumns(
            {"rule_version": F.lit(rule_version(self.contract.name)), "run_id": F.lit(unit.run_id)}
        )
        ordered = frame.repartition(1).sortWithinPartitions("source_object", "source_line")
        return Quarantined(self.stage.place.single(ordered, "quarantine", rows), reasons)

    def _counted(self, unit: JudgedUnit) -> tuple[int, dict[str, int]]:
        """Rows of the unit's own quarantine, and records by reason, from what was counted before."""
        intake, standings = unit.intake, unit.standings
        reasons = Counter({r.id: self.verdict.failed[r.id] for r in self.judgement.rejections})
        rejecting = {r.id for r in rule_index(self.contract.name).values() if r.severity != Severity.WARN}
        reasons.update({reason: n for reason, n in intake.record_counts.items() if reason in rejecting})
        conflicts = 0
        if self.contract.name != "transactions":
            conflicts = standings["conflict"]
            reasons[self.contract.rule("key_conflict").id] += conflicts
        whole = sum(f.fault is not None for f in intake.files)
        rows = self.stage.rejected + intake.broken + whole + conflicts
        return rows, {reason: n for reason, n in sorted(reasons.items()) if n}

    def _rejected(self) -> int:
        return self.stage.rejected

    def _content(self) -> str:
        said = self.dialect.condition(self._said_sql())
        key = self.contract.key[0]
        found = self.spark.sql(
            f"""SELECT sha2(array_join(transform(array_sort(collect_list(
              named_struct('key', {key}, 'said', {said}))), row -> row.said), chr(10)), 256)
            FROM settled WHERE standing = 'current'"""
        )
        return str(answer(found)[0])

    def _pending(self, name: str, key: str) -> list[str]:
        rows = answers(
            self.spark.sql(self.dialect.sql(self._pending_sql(name, key))), at_most=PENDING_LIMIT + 1
        )
        return ["*"] if len(rows) > PENDING_LIMIT else [r[0] for r in rows]
