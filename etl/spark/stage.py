"""Delivered records, parsed and judged in one pass and kept as one table that everything after reads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from etl.contract import load
from etl.dimensions import DIMENSIONS, Dimensions
from etl.discover import Delivery
from etl.engine import model
from etl.judge import Judgement
from etl.parts import Intake
from etl.reference import candidates_sql, dimension_sql
from etl.referral import referred_sql
from etl.spark.answers import MANY, answers
from etl.spark.columns import BROKEN, FILE, ROW, parsed_schema, spark_type, stored_schema
from etl.spark.dialect import Dialect
from etl.spark.parse import Delivered, Parser, gather, number, tasks
from etl.spark.place import Place, read_published
from etl.spark.views import held, view
from etl.store import Store
from etl.unit import Judged

_FEW_BYTES = 8 << 20
_EVEN = 4
"""With as many tasks a core, none waits long for another to end; files may be too few or too unequal."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was judged of a load date, and how many of its rows were rejected."""

    judged: Judged
    rejected: int


NOTHING = Tally(Judged(0, Counter(), 0), 0)


class Stage:
    """The judged records of deliveries of one dataset, of all their load dates.

    Creates the views `judged` (rows that could be split, with their masks), `rejected` (what is quarantined
    for itself: load_date, source_object, source_line, raw, fields, reasons), `files` (those that count) and
    `accepted`.
    """

    def __init__(
        self, spark: SparkSession, dialect: Dialect, judgement: Judgement, store: Store, place: Place
    ) -> None:
        self.spark = spark
        self.dialect = dialect
        self.judgement = judgement
        self.contract = judgement.contract
        self.store = store
        self.place = place

    def take_in(self, deliveries: Sequence[Delivery], dimensions: Dimensions | None) -> dict[str, Intake]:
        """Parse and judge the files of deliveries, each read once; return what is known, by load date."""
        if dimensions:
            self._prepare(dimensions, [d.load_date for d in deliveries])
        parallelism = self.spark.sparkContext.defaultParallelism
        delivered = number(deliveries)
        work = tasks(delivered, parallelism)
        parsed = self.spark.range(0, len(work), 1, max(1, len(work))).mapInArrow(
            Parser(self.store.uri, self.contract, work), parsed_schema(self.contract)
        )
        if len(work) < _EVEN * parallelism and sum(f.entry.size for f in delivered) > _FEW_BYTES:
            parsed = parsed.repartition(_EVEN * parallelism, "file", "source_line")
        parsed.createOrReplaceTempView("parsed")
        self.place.write(self.spark.sql(self._judged_sql()), "judged")
        staged = self.place.read("judged", self._schema())
        staged.createOrReplaceTempView("staged")
        facts = staged.where(F.col("kind") == FILE).select("file", "raw")
        known = {int(file): str(said) for file, said in answers(facts, at_most=MANY)}
        by_date: dict[str, list[Delivered]] = {d.load_date: [] for d in deliveries}
        for file in delivered:
            by_date[file.load_date.isoformat()].append(file)
        intakes = {day: gather(known, files) for day, files in by_date.items()}
        self._create_views(intakes.values())
        return intakes

    def tallies(self) -> Mapping[str, Tally]:
        """Count what was judged, by load date."""
        judgement = self.judgement
        warned = " OR ".join(f"{mask} <> 0" for mask in judgement.warn_masks)
        found = answers(
            self.spark.sql(
                f"""SELECT load_date, NULL AS rule, sum(records), sum(rejects),
                  count_if(styles IN (3, 5, 6, 7))
                FROM (
                  SELECT load_date, file, count(*) AS records, count_if(reasons IS NOT NULL) AS rejects,
                    bit_or(styles) AS styles
                  FROM judged GROUP BY load_date, file)
                GROUP BY load_date
                UNION ALL
                SELECT load_date, rule, count(*), NULL, NULL FROM (
                  SELECT load_date, explode(reasons) AS rule FROM judged WHERE reasons IS NOT NULL
                  UNION ALL
                  SELECT load_date, explode({self.dialect.condition(judgement.warnings_sql)}) FROM judged
                  WHERE {warned})
                GROUP BY load_date, rule"""
            )
        )
        failed: dict[str, Counter[str]] = {}
        for load_date, rule, rows, *_ in found:
            if rule:
                failed.setdefault(str(load_date), Counter())[rule] = int(rows)
        return {
            str(load_date): Tally(
                Judged(int(rows), failed.get(str(load_date), Counter()), int(mixed)), int(rejected)
            )
            for load_date, rule, rows, rejected, mixed in found
            if rule is None
        }

    def _prepare(self, dimensions: Dimensions, load_dates: Sequence[str]) -> None:
        """Create the views known_… and valid_… of the dimensions as of each load date.

        They are worked out first: of what is there Spark knows the size, and sends what is small to where the
        wide rows are, instead of sorting those. Whoever is known is valid on some day.
        """
        dates = self.spark.createDataFrame([(day,) for day in load_dates], "day string")
        dates.selectExpr("CAST(day AS DATE) AS as_of").createOrReplaceTempView("due_dates")
        for name, key in DIMENSIONS.items():
            silver = read_published(self.spark, self.store, dimensions.keys(name), stored_schema(load(name)))
            silver.createOrReplaceTempView(f"silver_{name}")
            view(self.spark, f"dimension_{name}", self.dialect.sql(dimension_sql(name, f"silver_{name}")))
            view(self.spark, f"candidates_{name}", self.dialect.sql(candidates_sql(name, "due_dates")))
            valid = self.dialect.sql(model("valid_days").replace("candidates", f"candidates_{name}"))
            days = f"SELECT as_of, id AS {key}, first_day, end_day, contracted_power_kw FROM ({valid})"
            held(self.spark.sql(days), f"valid_{name}")
            view(self.spark, f"known_{name}", f"SELECT DISTINCT as_of, {key} FROM valid_{name}")
        answers(self.spark.sql(" UNION ALL ".join(f"SELECT count(*) FROM valid_{n}" for n in DIMENSIONS)))

    def _judged_sql(self) -> str:
        """SELECT that judges `parsed`; rows of other kinds pass through, their masks mean nothing."""
        judgement, dialect = self.judgement, self.dialect
        text = ("kind", "load_date", "raw", "head", "fields", "reasons")
        further = (*text, "duration_us") if judgement.referring else text
        sql = dialect.sql(judgement.sql("SELECT * FROM parsed"), *further)
        columns = [
            *judgement.columns,
            "styles",
            "file",
            "source_line",
            *judgement.reject_masks,
            *judgement.warn_masks,
        ]
        if judgement.referring:
            kept = ", ".join((*columns, *text))
            referred = referred_sql(judgement.referring, judgement.market, "marked", kept, by_date=True)
            sql = _around(dialect.sql(referred), sql)
            columns += judgement.reference_masks
        rejected = f"(kind <> {ROW} OR {dialect.condition(judgement.rejected_sql)})"
        reasons = dialect.condition(judgement.reasons_sql)
        return f"""SELECT kind, load_date, {", ".join(columns)},
          CASE WHEN {rejected} THEN raw END AS raw,
          CASE WHEN {rejected} THEN {_FIELDS} END AS fields,
          CASE WHEN kind = {ROW} AND {rejected} THEN {reasons} ELSE reasons END AS reasons
        FROM ({sql})"""

    def _schema(self) -> str:
        judgement = self.judgement
        types = {f.name: spark_type(f.type) for f in self.contract.fields}
        masks = (*judgement.reject_masks, *judgement.warn_masks, *judgement.reference_masks)
        return ", ".join(
            ("kind int", "load_date date", *(f"`{c}` {types[c]}" for c in judgement.columns),
             "styles tinyint", "file int", "source_line bigint", *(f"{m} bigint" for m in masks),
             "raw string", "fields string", "reasons array<string>")
        )  # fmt: skip

    def _create_views(self, intakes: Iterable[Intake]) -> None:
        counting = [(f.index, f.key) for intake in intakes for f in intake.files if not f.duplicate_of]
        files = self.spark.createDataFrame(counting, "file int, source_object string")
        files.createOrReplaceTempView("files")
        view(
            self.spark,
            "judged",
            f"""SELECT /*+ BROADCAST(files) */ staged.*, source_object FROM staged JOIN files USING (file)
            WHERE kind = {ROW}""",
        )
        view(
            self.spark,
            "rejected",
            f"""SELECT /*+ BROADCAST(files) */ load_date, source_object, source_line, raw, fields, reasons
            FROM staged JOIN files USING (file) WHERE reasons IS NOT NULL AND kind IN ({ROW}, {BROKEN})""",
        )
        columns = ", ".join(f"`{f.name}`" for f in self.contract.stored_fields)
        view(self.spark, "accepted", f"SELECT {columns} FROM judged WHERE reasons IS NULL")


# The record by column name, of the delimiter and the names that its file's header has.
_FIELDS = """coalesce(fields, to_json(map_from_arrays(
  split(substr(head, 2), '\\u001f'), split(raw, concat('\\\\Q', left(head, 1), '\\\\E'), -1))))"""


def _around(outer: str, inner: str) -> str:
    """Name a SELECT `marked` for another one."""
    return f"WITH marked AS ({inner}) {outer}"
