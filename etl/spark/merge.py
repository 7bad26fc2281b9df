"""Transactions across load dates on Spark: which version is current, for all touched dates at once."""

from collections.abc import Iterable, Mapping
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from etl.content import hash_sql
from etl.contract import Contract
from etl.engine import ParquetFile, model
from etl.errors import DataLakeError
from etl.merge import (
    HELD_REJECTS,
    Partition,
    by_load,
    conflict_columns,
    conflicts_key,
    describe,
    held_key,
    silver_key,
)
from etl.spark.answers import answer, answers
from etl.spark.columns import stored_schema
from etl.spark.dialect import Dialect
from etl.spark.place import Place, read_published
from etl.store import Store

_FOLDER = "folder"
_HELD_ORDER = ("transaction_id", "version", "load_date", "source_object", "source_line")


class Merge:
    """Merges the view `accepted` (one load date) into the committed partitions."""

    def __init__(
        self, spark: SparkSession, dialect: Dialect, contract: Contract, store: Store, place: Place
    ) -> None:
        self.spark = spark
        self.dialect = dialect
        self.contract = contract
        self.store = store
        self.place = place
        self.columns = ", ".join(f.name for f in contract.stored_fields)

    def run(
        self,
        partitions: Mapping[str, Mapping[str, Any]],
        load_date: str,
        runs: Mapping[str, str],
        rule_version: str,
    ) -> dict[str, Partition]:
        """Return every touched partition by delivery date; `runs` maps load dates to run ids."""
        touched = self._touch(partitions, load_date)
        merged = self._settled().persist(StorageLevel.DISK_ONLY)
        try:
            merged.createOrReplaceTempView("merged")
            tally = self._tally(load_date)
            files = self._write(tally, runs, rule_version)
        finally:
            merged.unpersist()
        return {day: self._partition(day, tally.get(day, []), files) for day in sorted(touched)}

    def _touch(self, partitions: Mapping[str, Mapping[str, Any]], load_date: str) -> set[str]:
        """Create the views `affected` and `prior` of what the delivery, or what it replaces, has a say in."""
        sql = self.spark.sql
        days = answers(sql("SELECT DISTINCT CAST(delivery_date AS STRING) FROM accepted"))
        replaced = {day for day, p in partitions.items() if load_date in p["loads"]}
        touched = {day for (day,) in days} | replaced
        known = touched & set(partitions)
        self._stored(known & replaced, partitions).createOrReplaceTempView("replaced")
        sql(
            f"""SELECT DISTINCT transaction_id FROM (
              SELECT transaction_id FROM accepted
              UNION ALL SELECT transaction_id FROM replaced WHERE load_date = DATE '{load_date}')"""
        ).createOrReplaceTempView("affected")
        further = self._elsewhere(set(partitions) - touched, partitions)
        before = self._stored(known | further, partitions).where(
            F.col("load_date") != F.lit(load_date).cast("date")
        )
        before.createOrReplaceTempView("prior")
        return touched | further

    def _stored(self, days: Iterable[str], partitions: Mapping[str, Mapping[str, Any]]) -> DataFrame:
        """Committed rows of delivery dates, with their standing."""
        entries = [partitions[day] for day in sorted(days)]
        current = [p["key"] for p in entries if p["rows"]]
        held = [p["held"]["key"] for p in entries if p["held"]]
        schema = stored_schema(self.contract)
        known = read_published(self.spark, self.store, current, schema)
        kept = read_published(self.spark, self.store, held, f"{schema}, standing string")
        return known.withColumn("standing", F.lit("current")).unionByName(kept)

    def _elsewhere(self, days: set[str], partitions: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Return other delivery dates that hold a version of an affected transaction."""
        if not days:
            return set()
        first, last = answer(self.spark.sql("SELECT min(transaction_id), max(transaction_id) FROM affected"))
        likely = {
            day
            for day in days
            if first is not None
            and partitions[day]["first_id"] <= last
            and first <= partitions[day]["last_id"]
        }
        if not likely:
            return set()
        self._stored(likely, partitions).createOrReplaceTempView("elsewhere")
        found = self.spark.sql(
            """SELECT DISTINCT CAST(delivery_date AS STRING)
            FROM elsewhere LEFT SEMI JOIN affected USING (transaction_id)"""
        )
        return {day for (day,) in answers(found)}

    def _settled(self) -> DataFrame:
        """Every row of the touched partitions with its standing: one shuffle by transaction."""
        columns = self.columns
        content = self.dialect.condition(hash_sql(self.contract))
        self.spark.sql(
            f"""SELECT {columns}, {content} AS content_hash FROM (
              SELECT {columns} FROM accepted
              UNION ALL
              SELECT {columns} FROM prior LEFT SEMI JOIN affected USING (transaction_id))"""
        ).createOrReplaceTempView("contested")
        status = self.dialect.sql(model("transaction_status"))
        return self.spark.sql(
            f"""SELECT {columns}, standing FROM ({status})
            UNION ALL
            SELECT {columns}, standing FROM prior LEFT ANTI JOIN affected USING (transaction_id)"""
        )

    def _tally(self, load_date: str) -> dict[str, list[tuple[str, str, int, str, str]]]:
        """Count the rows by delivery date, load date and standing; prove that none was lost or doubled."""
        counted = answers(
            self.spark.sql(
                """SELECT CAST(delivery_date AS STRING), CAST(load_date AS STRING), standing, count(*),
                  min(transaction_id), max(transaction_id)
                FROM merged GROUP BY delivery_date, load_date, standing"""
            )
        )
        (rows_in, doubled) = answer(
            self.spark.sql(
                """SELECT (SELECT count(*) FROM accepted) + (SELECT count(*) FROM prior),
                  (SELECT count(*) - count(DISTINCT transaction_id) FROM merged WHERE standing = 'current')"""
            )
        )
        rows_out = sum(row[3] for row in counted)
        if rows_in != rows_out or doubled:
            raise DataLakeError(
                f"Merging lost or doubled rows: {rows_in} in, {rows_out} out, {doubled} doubled.",
                where=f"transactions, load date {load_date}",
                fix="This is a fault of the program, not of the data; nothing was published.",
            )
        tally: dict[str, list[tuple[str, str, int, str, str]]] = {}
        for day, load, standing, rows, first, last in sorted(counted):
            tally.setdefault(day, []).append((load, standing, rows, first, last))
        return tally

    def _write(
        self,
        tally: Mapping[str, list[tuple[str, str, int, str, str]]],
        runs: Mapping[str, str],
        rule_version: str,
    ) -> dict[str, ParquetFile]:
        """Write current, held and conflicting rows, a file each, by the key they are published under."""
        standings = {standing for rows in tally.values() for _, standing, *_ in rows}
        wanted: dict[str, str] = {}
        if "current" in standings:
            self._copy("silver", self.columns, "standing = 'current'", self.contract.sorted_by)
            wanted |= {f"silver/{_FOLDER}={day}/": silver_key("transactions", day) for day in tally}
        if standings - {"current"}:
            self._copy("held", f"{self.columns}, standing", "standing <> 'current'", _HELD_ORDER)
            wanted |= {f"held/{_FOLDER}={day}/": held_key(day) for day in tally}
        if standings & set(HELD_REJECTS):
            cases = " ".join(f"WHEN DATE '{load}' THEN '{run}'" for load, run in sorted(runs.items()))
            columns = conflict_columns(self.contract, rule_version)
            select = f"SELECT {columns}, CASE load_date {cases} END AS run_id"
            self._copy(
                "conflicts",
                "source_object, source_line, raw, fields, reasons, rule_version, run_id",
                f"standing IN {tuple(HELD_REJECTS)}",
                ("source_object", "source_line"),
                relation=self.dialect.sql(f"{select}, delivery_date, load_date, standing FROM merged"),
                folder="concat(load_date, '.', delivery_date)",
            )
            wanted |= {
                f"conflicts/{_FOLDER}={load}.{day}/": conflicts_key(load, day)
                for day, rows in tally.items()
                for load in by_load(rows)
            }
        keys = [key for name in ("silver", "held", "conflicts") for key in self.place.keys(name)]
        measured = self.place.files(keys)
        files: dict[str, ParquetFile] = {}
        for key, file in measured.items():
            target = wanted[key.removeprefix(self.place.prefix).rpartition("/")[0] + "/"]
            if target in files:
                raise DataLakeError(
                    "Spark wrote two files for one partition.",
                    where=target,
                    fix="This is a fault of the program, not of the data; nothing was published.",
                )
            files[target] = file
        return files

    def _copy(
        self,
        name: str,
        columns: str,
        where: str,
        order: tuple[str, ...],
        *,
        relation: str = "SELECT * FROM merged",
        folder: str = "CAST(delivery_date AS STRING)",
    ) -> None:
        """Write rows so that each folder's are in one task, and so in one file, in order."""
        frame = self.spark.sql(f"SELECT {columns}, {folder} AS {_FOLDER} FROM ({relation}) WHERE {where}")
        placed = frame.repartition(_FOLDER).sortWithinPartitions(_FOLDER, *order)
        self.place.write(placed, name, by=_FOLDER)

    def _partition(
        self,
        day: str,
        tally: list[tuple[str, str, int, str, str]],
        files: Mapping[str, ParquetFile],
    ) -> Partition:
        loads = by_load(tally)
        keys = [silver_key("transactions", day), held_key(day), *(conflicts_key(load, day) for load in loads)]
        found = {key: files[key] for key in keys if key in files}
        current = sum(rows.get("current", 0) for rows in loads.values())
        held = sum(sum(rows.values()) for rows in loads.values()) - current
        for key, rows in zip(keys[:2], (current, held), strict=True):
            written = found[key].rows if key in found else 0
            if written != rows:
                raise DataLakeError(
                    f"Spark wrote {written} rows where {rows} were counted.",
                    where=key,
                    fix="Run again; nothing was published.",
                )
        return Partition(found, describe(day, found, tally) if tally else {})
