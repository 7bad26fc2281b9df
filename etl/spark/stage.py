"""Delivered records, judged in one pass and kept as one table that everything after reads."""

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
from etl.masks import broken_any
from etl.parts import Intake, SourceFile
from etl.reference import candidates_sql, dimension_sql
from etl.referral import referred_sql
from etl.spark.answers import MANY, answers
from etl.spark.columns import BROKEN, FILE, ROW, judged_schema, stored_schema
from etl.spark.delivered import Delivered, gather, number, tasks
from etl.spark.dialect import Dialect
from etl.spark.judge import Judge
from etl.spark.place import Place, read_published
from etl.spark.views import held, view
from etl.store import Store
from etl.unit import Judged


@dataclass(frozen=True, slots=True)
class Tally:
    """What was judged of a load date, and how many of its rows were rejected."""

    judged: Judged
    rejected: int


NOTHING = Tally(Judged(0, Counter(), 0), 0)


class Stage:
    """The judged records of deliveries of one dataset, of all their load dates.

    Creates the views `judged` (rows that could be split, and what they break), `rejected` (what is quarantined
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
        """Judge the files of deliveries, each read once; return what is known, by load date."""
        if dimensions:
            self._prepare(dimensions, [d.load_date for d in deliveries])
        delivered = number(deliveries)
        work = tasks(delivered, self.spark.sparkContext.defaultParallelism)
        rows = self.spark.range(0, len(work), 1, max(1, len(work))).mapInArrow(
            Judge(self.store.uri, self.judgement, work), judged_schema(self.judgement)
        )
        rows.createOrReplaceTempView("delivered")
        self.place.write(self.spark.sql(self._settled_by_row()), "judged")
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
        found = answers(
            self.spark.sql(
                """SELECT load_date, NULL AS rule, sum(records), sum(rejects),
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
                  SELECT load_date, explode(warnings) FROM judged WHERE warnings IS NOT NULL)
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

    def _settled_by_row(self) -> str:
        """SELECT of the view `delivered` with the rules against the dimensions; texts stay of what is rejected."""
        judgement, dialect = self.judgement, self.dialect
        columns = ("kind", "file", "source_line", "load_date", *judgement.columns, "styles", "duration_us")
        text = ("raw", "fields", "reasons", "warnings")
        rejected, reasons, relation = f"kind <> {ROW} OR reasons IS NOT NULL", "reasons", "delivered"
        if judgement.referring:
            kept = ", ".join((*columns, *text))
            referred = referred_sql(judgement.referring, judgement.market, "delivered", kept, by_date=True)
            columns = (*columns, *judgement.reference_masks)
            broken = broken_any(judgement.reference_masks)
            found = dialect.condition(judgement.broken_ids_sql(judgement.referring))
            reasons = f"""CASE WHEN {broken}
              THEN concat(coalesce(reasons, CAST(array() AS ARRAY<STRING>)), {found}) ELSE reasons END"""
            rejected, relation = f"{rejected} OR {broken}", f"({dialect.sql(referred)})"
        return f"""SELECT {", ".join(columns)}, CASE WHEN {rejected} THEN raw END AS raw,
          CASE WHEN {rejected} THEN fields END AS fields, {reasons} AS reasons, warnings FROM {relation}"""

    def _schema(self) -> str:
        masks = self.judgement.reference_masks
        return judged_schema(self.judgement, *(f"{mask} bigint" for mask in masks))

    def _create_views(self, intakes: Iterable[Intake]) -> None:
        counting = [
            (f.index, f.key, _head(f)) for intake in intakes for f in intake.files if not f.duplicate_of
        ]
        files = self.spark.createDataFrame(counting, "file int, source_object string, head string")
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
            f"""SELECT /*+ BROADCAST(files) */ load_date, source_object, source_line, raw,
              CASE WHEN kind = {ROW} THEN {_FIELDS} END AS fields, reasons
            FROM staged JOIN files USING (file) WHERE reasons IS NOT NULL AND kind IN ({ROW}, {BROKEN})""",
        )
        columns = ", ".join(f"`{f.name}`" for f in self.contract.stored_fields)
        view(self.spark, "accepted", f"SELECT {columns} FROM judged WHERE reasons IS NULL")


# The record by column name, of the delimiter and the names that its file's header has.
_FIELDS = """coalesce(fields, to_json(map_from_arrays(
  split(substr(head, 2), '\\u001f'), split(raw, concat('\\\\Q', left(head, 1), '\\\\E'), -1))))"""
_NAMES_SEPARATOR = "\x1f"


def _head(file: SourceFile) -> str | None:
    """Return the delimiter of a file and the names of its columns."""
    return file.header and file.header.delimiter + _NAMES_SEPARATOR.join(file.header.names)
