"""One unit on Spark: its engine's part of what etl.workload puts through counts, thresholds and publish."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from pyspark import StorageLevel
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from etl.content import csv_sql, hash_sql
from etl.contract import Contract, Severity, rule_index, rule_version
from etl.discover import Delivery
from etl.engine import ParquetFile, model
from etl.evidence import Quarantined
from etl.lock import Lock
from etl.market import Market
from etl.parts import Intake
from etl.spark.answers import answer, answers
from etl.spark.dialect import Dialect
from etl.spark.merge import Merge
from etl.spark.place import Place
from etl.spark.stage import Stage
from etl.store import Store
from etl.unit import Judged
from etl.workload import PENDING_LIMIT, Result, Workload


class SparkWorkload(Workload):
    """Judges and publishes the units of one dataset in a Spark session.

    `connection` is DuckDB's and holds nothing but the outcomes of rules, one row a rule.
    """

    def __init__(
        self,
        spark: SparkSession,
        store: Store,
        market: Market,
        contract: Contract,
        *,
        lock: Lock,
        folder: Path,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        super().__init__(store, market, contract, lock=lock, folder=folder, connection=connection)
        self.spark = spark
        self.dialect = Dialect(market)
        self.standings: Counter[str] = Counter()

    @contextmanager
    def _room(self, delivery: Delivery) -> Iterator[Path]:
        with super()._room(delivery) as folder:
            self.place = Place(self.spark, self.store, f"{self.area.staging}spark/{delivery.load_date}/")
            self.stage = Stage(self.spark, self.dialect, self.judgement, self.store, self.place)
            try:
                yield folder
            finally:
                self.spark.catalog.clearCache()
                self.place.clear()

    def _judge(self, delivery: Delivery, folder: Path) -> tuple[Intake, Judged]:
        self.intake = self.stage.take_in(delivery.entries, self.references, delivery.load_date)
        self.judged = self.stage.judged()
        return self.intake, self.judged

    def _one(self, sql: str) -> tuple[Any, ...]:
        return answer(self.spark.sql(self.dialect.sql(sql)))

    def _settle(self, delivery: Delivery, index: Mapping[str, Any], result: Result, folder: Path) -> None:
        if self.contract.name != "transactions":
            self._settle_dimension(delivery, result, folder)
            return
        merge = Merge(self.spark, self.dialect, self.contract, self.store, self.place)
        runs = self._runs(delivery, index, result)
        version = rule_version(self.contract.name)
        merged = merge.run(index["partitions"], delivery.load_date, runs, version)
        self._take_over(merged, delivery, index, result)

    def _settle_dimension(self, delivery: Delivery, result: Result, folder: Path) -> None:
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
        result.standings.update(dict(answers(settled.groupBy("standing").count())))
        self.standings = result.standings
        current = settled.where("standing = 'current'").drop("standing")
        file = None
        if result.standings["current"]:
            ordered = current.repartition(1).sortWithinPartitions(key)
            file = self.place.single(ordered, "silver", result.standings["current"])
        self._record_dimension(delivery, result, file)

    def _quarantine(self, delivery: Delivery, run_id: str, folder: Path) -> Quarantined:
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
        rows, reasons = self._counted()
        if not rows:
            return Quarantined(ParquetFile("", 0, 0, ""), {})
        frame = rejected.withColumns(
            {"rule_version": F.lit(rule_version(self.contract.name)), "run_id": F.lit(run_id)}
        )
        ordered = frame.repartition(1).sortWithinPartitions("source_object", "source_line")
        return Quarantined(self.place.single(ordered, "quarantine", rows), reasons)

    def _counted(self) -> tuple[int, dict[str, int]]:
        """Rows of the unit's own quarantine, and records by reason, from what was counted before."""
        intake, standings = self.intake, self.standings
        reasons = Counter({r.id: self.judged.failed[r.id] for r in self.judgement.rejections})
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
