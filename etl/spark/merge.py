"""Transactions across load dates on Spark: which version is current, as of each due load date, at once."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from etl.content import hash_sql
from etl.contract import Contract
from etl.engine import model
from etl.errors import DataLakeError
from etl.merge import Settled
from etl.spark.answers import MANY, answer, answers
from etl.spark.columns import stored_types
from etl.spark.dialect import Dialect
from etl.spark.place import read_published
from etl.spark.views import held, view
from etl.store import Store


@dataclass(slots=True)
class Versions:
    """What the due load dates come to.

    `settled` is what each of them comes to by itself; `tally` has what is published of them together as (load
    date, standing, rows, first id, last id), by delivery date; `days` are those that are written anew.
    """

    settled: dict[str, Settled] = field(default_factory=dict)
    tally: dict[str, list[tuple[str, str, int, str, str]]] = field(default_factory=dict)
    days: set[str] = field(default_factory=set)


class Merge:
    """Merges the view `accepted`, of the due load dates, into the committed partitions.

    As of a load date, a transaction has the versions that came with it, those of due load dates before it
    that are not left out, and what is committed of all others: so a load date comes to the same whether it is
    settled alone or with others. What the last of them that has a say in a transaction finds is published.
    """

    def __init__(
        self,
        spark: SparkSession,
        dialect: Dialect,
        contract: Contract,
        store: Store,
        *,
        partitions: Mapping[str, Mapping[str, Any]],
        due: Sequence[str],
    ) -> None:
        self.spark = spark
        self.dialect = dialect
        self.contract = contract
        self.store = store
        self.partitions = partitions
        self.due = due
        self.columns = ", ".join(f.name for f in contract.stored_fields)
        self.known: set[str] = set()

    def prepare(self) -> None:
        """Create the views that do not depend on which load dates are left out."""
        self.known = self._touch()
        self._stored(self.known).createOrReplaceTempView("committed")
        view(
            self.spark,
            "affected",
            f"""SELECT DISTINCT load_date AS as_of, transaction_id FROM (
              SELECT load_date, transaction_id FROM accepted
              UNION ALL
              SELECT load_date, transaction_id FROM committed WHERE load_date IN ({dates(self.due)}))""",
        )
        contested = """SELECT transaction_id FROM accepted GROUP BY transaction_id
          HAVING count(*) > 1 OR bool_or(status = 'CANCELLED')"""
        if self.known:
            contested += """ UNION SELECT transaction_id
              FROM committed LEFT SEMI JOIN affected USING (transaction_id)"""
        held(self.spark.sql(contested), "contested_ids")
        view(
            self.spark, "alone", "SELECT * FROM accepted LEFT ANTI JOIN contested_ids USING (transaction_id)"
        )
        view(
            self.spark,
            "claimed",
            f"""SELECT {self.columns}, is_committed, as_ofs, explode(as_ofs) AS as_of FROM (
              SELECT *, collect_set(CASE WHEN NOT is_committed OR load_date IN ({dates(self.due)})
                THEN load_date END) OVER (PARTITION BY transaction_id) AS as_ofs
              FROM (
                SELECT {self.columns}, FALSE AS is_committed
                FROM accepted LEFT SEMI JOIN contested_ids USING (transaction_id)
                UNION ALL
                SELECT {self.columns}, TRUE
                FROM committed LEFT SEMI JOIN contested_ids USING (transaction_id)))""",
        )

    def settle(self, without: Collection[str]) -> Versions:
        """Settle all due load dates; those of `without` are settled, but no other one sees them.

        Creates the view `merged` of what is published together, each row with its standing.
        """
        left_out = f"({dates(without)})"
        before = f"load_date < as_of AND load_date NOT IN {left_out}"
        view(
            self.spark,
            "visible",
            f"""SELECT *, {self.dialect.condition(hash_sql(self.contract))} AS content_hash,
              as_of = array_max(filter(as_ofs, day -> day NOT IN {left_out})) AS is_last
            FROM claimed
            WHERE CASE WHEN is_committed
              THEN NOT (load_date = as_of OR ({before} AND load_date IN ({dates(self.due)})))
              ELSE load_date = as_of OR ({before}) END""",
        )
        status = self.dialect.sql(model("transaction_status").replace("contested", "visible"))
        columns = f"{self.columns}, as_of, coalesce(is_last, FALSE) AS is_last, standing"
        held(self.spark.sql(f"SELECT {columns} FROM ({status})"), "settled")
        versions = self._found(without)
        view(
            self.spark,
            "merged",
            f"""SELECT {self.columns}, 'current' AS standing FROM alone WHERE load_date NOT IN {left_out}
            UNION ALL
            SELECT {self.columns}, standing FROM settled WHERE is_last
            UNION ALL
            {self._prior(without, versions.days)}""",
        )
        return versions

    def _touch(self) -> set[str]:
        """Return the committed partitions that the deliveries, or what they replace, have a say in."""
        partitions = self.partitions
        if not partitions:
            return set()
        sql = self.spark.sql
        days = {day for (day,) in answers(sql("SELECT DISTINCT CAST(delivery_date AS STRING) FROM accepted"))}
        replaced = {day for day, p in partitions.items() if set(self.due) & set(p["loads"])}
        near = (days | replaced) & set(partitions)
        self._stored(replaced).createOrReplaceTempView("replaced")
        view(
            self.spark,
            "touched_ids",
            f"""SELECT transaction_id FROM accepted
            UNION ALL SELECT transaction_id FROM replaced WHERE load_date IN ({dates(self.due)})""",
        )
        return near | self._elsewhere(set(partitions) - near)

    def _stored(self, days: Iterable[str]) -> DataFrame:
        """Committed rows of delivery dates, with their standing."""
        entries = [self.partitions[day] for day in sorted(days)]
        current = [p["key"] for p in entries if p["rows"]]
        held = [p["held"]["key"] for p in entries if p["held"]]
        known = read_published(self.spark, self.store, current, stored_types(self.contract))
        kept = read_published(self.spark, self.store, held, stored_types(self.contract, standing="string"))
        return known.withColumn("standing", F.lit("current")).unionByName(kept)

    def _elsewhere(self, days: set[str]) -> set[str]:
        """Return other delivery dates that hold a version of a touched transaction."""
        if not days:
            return set()
        first, last = answer(
            self.spark.sql("SELECT min(transaction_id), max(transaction_id) FROM touched_ids")
        )
        likely = {
            day
            for day in days
            if first is not None
            and self.partitions[day]["first_id"] <= last
            and first <= self.partitions[day]["last_id"]
        }
        if not likely:
            return set()
        self._stored(likely).createOrReplaceTempView("elsewhere")
        found = self.spark.sql(
            """SELECT DISTINCT CAST(delivery_date AS STRING)
            FROM elsewhere LEFT SEMI JOIN touched_ids USING (transaction_id)"""
        )
        return {day for (day,) in answers(found)}

    def _prior(self, without: Collection[str], days: Iterable[str]) -> str:
        """SELECT the committed rows of partitions that are written anew, of transactions that stay."""
        kept = f"SELECT transaction_id FROM affected WHERE as_of NOT IN ({dates(without)})"
        return f"""SELECT {self.columns}, standing FROM committed
          LEFT ANTI JOIN ({kept}) USING (transaction_id) WHERE delivery_date IN ({dates(days)})"""

    def _found(self, without: Collection[str]) -> Versions:
        """Tally what was settled; prove that no row was lost or doubled."""
        versions = Versions()
        standings: dict[str, Counter[str]] = {day: Counter() for day in self.due}
        seen: dict[str, set[str]] = {day: set() for day in self.due}
        final: dict[tuple[str, str, str], list[tuple[int, str, str]]] = {}
        doubled = 0
        for as_of, day, load, standing, is_last, rows, first, last in self._counted():
            if as_of is None:
                doubled = rows
                continue
            seen[as_of].add(day)
            if standing and load == as_of:
                standings[as_of][standing] += rows
            if standing and is_last and as_of not in without:
                final.setdefault((day, load, standing), []).append((rows, first, last))
        for day, partition in self.partitions.items():
            for load in set(partition["loads"]) & set(self.due):
                seen[load].add(day)
        versions.settled = {day: Settled(standings[day], frozenset(seen[day])) for day in self.due}
        kept = [day for day in self.due if day not in without]
        versions.days = {day for load in kept for day in seen[load]}
        if self.known:
            prior = self.spark.sql(
                f"""SELECT CAST(delivery_date AS STRING), CAST(load_date AS STRING), standing, count(*),
                  min(transaction_id), max(transaction_id)
                FROM ({self._prior(without, versions.days)}) GROUP BY delivery_date, load_date, standing"""
            )
            for day, load, standing, *counted in answers(prior, at_most=MANY):
                final.setdefault((day, load, standing), []).append(tuple(counted))
        for (day, load, standing), parts in sorted(final.items()):
            counts, firsts, lasts = zip(*parts, strict=True)
            versions.tally.setdefault(day, []).append((load, standing, sum(counts), min(firsts), max(lasts)))
        self._prove(versions, kept, standings, doubled)
        return versions

    def _counted(self) -> list[tuple[Any, ...]]:
        """Rows by the load date as of which they were settled, delivery date, load date and standing.

        Committed rows that a load date replaces have no standing, and tell but where they lay. The row of no
        load date tells how many transactions have more than one current version.
        """
        counts = "count(*), min(transaction_id), max(transaction_id)"
        sql = f"""SELECT CAST(load_date AS STRING), CAST(delivery_date AS STRING), CAST(load_date AS STRING),
            'current', TRUE, {counts}
          FROM alone GROUP BY load_date, delivery_date
          UNION ALL
          SELECT CAST(as_of AS STRING), CAST(delivery_date AS STRING), CAST(load_date AS STRING), standing,
            is_last, {counts}
          FROM settled GROUP BY as_of, delivery_date, load_date, standing, is_last
          UNION ALL
          SELECT NULL, NULL, NULL, NULL, NULL, count(*) - count(DISTINCT transaction_id), NULL, NULL
          FROM settled WHERE is_last AND standing = 'current'"""
        if self.known:
            sql += """ UNION ALL
              SELECT CAST(as_of AS STRING), CAST(delivery_date AS STRING), NULL, NULL, FALSE, count(*),
                NULL, NULL
              FROM claimed WHERE is_committed GROUP BY as_of, delivery_date"""
        return answers(self.spark.sql(sql), at_most=MANY)

    def _prove(
        self, versions: Versions, kept: Sequence[str], standings: Mapping[str, Counter[str]], doubled: int
    ) -> None:
        rows_out = sum(row[2] for tally in versions.tally.values() for row in tally)
        rows_in = sum(standings[day].total() for day in kept)
        for day in versions.days & set(self.partitions):
            for load, counts in self.partitions[day]["loads"].items():
                rows_in += 0 if load in kept else sum(counts.values())
        if rows_in != rows_out or doubled:
            raise DataLakeError(
                f"Merging lost or doubled rows: {rows_in} in, {rows_out} out, {doubled} doubled.",
                where=f"transactions, load dates {', '.join(kept)}",
                fix="This is a fault of the program, not of the data; nothing was published.",
            )


def dates(days: Iterable[str]) -> str:
    """SQL of a list of dates; SQL has no empty list, so a day of no delivery stands for none."""
    return ", ".join(f"DATE '{day}'" for day in sorted(days)) or "DATE '0001-01-01'"
