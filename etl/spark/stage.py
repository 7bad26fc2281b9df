"""A unit's records, parsed and judged in one pass and kept as one table that everything after reads."""

from collections import Counter
from collections.abc import Sequence

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from etl.contract import load
from etl.dimensions import DIMENSIONS, Dimensions
from etl.engine import model
from etl.judge import Judgement
from etl.parts import Intake
from etl.reference import candidates_sql, dimension_sql
from etl.referral import referred_sql
from etl.spark.answers import answer, answers
from etl.spark.columns import BROKEN, FILE, ROW, parsed_schema, spark_type, stored_schema
from etl.spark.dialect import Dialect
from etl.spark.parse import Parser, gather, tasks
from etl.spark.place import Place, read_published
from etl.store import Entry, Store
from etl.unit import Judged

MOST_FILES = 1_000_000
_FEW_BYTES = 64 << 20


class Stage:
    """The judged records of one unit.

    Creates the views `judged` (rows that could be split, with their masks), `rejected` (what is quarantined
    for itself: source_object, source_line, raw, fields, reasons), `files` (those that count) and `accepted`.
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
        self.rejected = 0

    def take_in(self, entries: Sequence[Entry], dimensions: Dimensions | None, load_date: str) -> Intake:
        """Parse and judge the unit's files, each read once; return what is known of them."""
        if dimensions:
            self._prepare(dimensions, load_date)
        parallelism = self.spark.sparkContext.defaultParallelism
        work = tasks(entries, parallelism)
        schema = parsed_schema(self.contract)
        parsed = self.spark.range(0, len(work), 1, max(1, len(work))).mapInArrow(
            Parser(self.store.uri, self.contract, work), schema
        )
        if len(work) < parallelism and sum(e.size for e in entries) > _FEW_BYTES:
            parsed = parsed.repartition(4 * parallelism, "file", "source_line")
        parsed.createOrReplaceTempView("parsed")
        self.place.write(self.spark.sql(self._judged_sql()), "judged")
        staged = self.place.read("judged", self._schema())
        staged.createOrReplaceTempView("staged")
        known = answers(staged.where(F.col("kind") == FILE).select("file", "raw"), at_most=MOST_FILES)
        intake = gather(known, entries)
        self._create_views(intake, load_date)
        return intake

    def judged(self) -> Judged:
        """Count what was judged."""
        rules = (*self.judgement.rejections, *self.judgement.warning)
        counts = self.dialect.sql(self.judgement.counts_sql("judged"))
        mixed = """SELECT count(*) FROM (
          SELECT file FROM judged GROUP BY file HAVING bit_or(styles) IN (3, 5, 6, 7))"""
        rejected = "SELECT count(*) FROM judged WHERE reasons IS NOT NULL"
        rows, *sums, files, self.rejected = answer(
            self.spark.sql(f"SELECT *, ({mixed}), ({rejected}) FROM ({counts})")
        )
        failed = Counter({rule.id: int(n) for rule, n in zip(rules, sums, strict=True)})
        return Judged(int(rows), failed, int(files))

    def _prepare(self, dimensions: Dimensions, load_date: str) -> None:
        """Create the views known_… and valid_… of the dimensions for a load date."""
        for name, key in DIMENSIONS.items():
            silver = read_published(self.spark, self.store, dimensions.keys(name), stored_schema(load(name)))
            silver.createOrReplaceTempView(f"silver_{name}")
            self._view(f"dimension_{name}", self.dialect.sql(dimension_sql(name, f"silver_{name}")))
            self._view(f"candidates_{name}", self.dialect.sql(candidates_sql(name, load_date)))
            valid = self.dialect.sql(model("valid_days").replace("candidates", f"candidates_{name}"))
            self._view(f"known_{name}", f"SELECT DISTINCT id AS {key} FROM candidates_{name}")
            self._view(
                f"valid_{name}",
                f"SELECT id AS {key}, first_day, end_day, contracted_power_kw FROM ({valid})",
            )

    def _view(self, name: str, sql: str) -> None:
        self.spark.sql(sql).createOrReplaceTempView(name)

    def _judged_sql(self) -> str:
        """SELECT that judges `parsed`; rows of other kinds pass through, their masks mean nothing."""
        judgement, dialect = self.judgement, self.dialect
        text = ("kind", "raw", "head", "fields", "reasons")
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
            sql = _around(
                dialect.sql(referred_sql(judgement.referring, judgement.market, "marked", kept)), sql
            )
            columns += judgement.reference_masks
        rejected = f"(kind <> {ROW} OR {dialect.condition(judgement.rejected_sql)})"
        reasons = dialect.condition(judgement.reasons_sql)
        return f"""SELECT kind, {", ".join(columns)},
          CASE WHEN {rejected} THEN raw END AS raw,
          CASE WHEN {rejected} THEN {_FIELDS} END AS fields,
          CASE WHEN kind = {ROW} AND {rejected} THEN {reasons} ELSE reasons END AS reasons
        FROM ({sql})"""

    def _schema(self) -> str:
        judgement = self.judgement
        types = {f.name: spark_type(f.type) for f in self.contract.fields}
        masks = (*judgement.reject_masks, *judgement.warn_masks, *judgement.reference_masks)
        return ", ".join(
            ("kind int", *(f"`{c}` {types[c]}" for c in judgement.columns), "styles tinyint", "file int",
             "source_line bigint", *(f"{m} bigint" for m in masks), "raw string", "fields string",
             "reasons array<string>")
        )  # fmt: skip

    def _create_views(self, intake: Intake, load_date: str) -> None:
        counting = [(f.index, f.key) for f in intake.files if not f.duplicate_of]
        files = self.spark.createDataFrame(counting, "file int, source_object string")
        files.createOrReplaceTempView("files")
        self._view(
            "judged",
            f"""SELECT /*+ BROADCAST(files) */ staged.*, source_object FROM staged JOIN files USING (file)
            WHERE kind = {ROW}""",
        )
        self._view(
            "rejected",
            f"""SELECT /*+ BROADCAST(files) */ source_object, source_line, raw, fields, reasons
            FROM staged JOIN files USING (file) WHERE reasons IS NOT NULL AND kind IN ({ROW}, {BROKEN})""",
        )
        columns = ", ".join(
            f"DATE '{load_date}' AS load_date" if f.name == "load_date" else f"`{f.name}`"
            for f in self.contract.stored_fields
        )
        self._view("accepted", f"SELECT {columns} FROM judged WHERE reasons IS NULL")


# The record by column name, of the delimiter and the names that its file's header has.
_FIELDS = """coalesce(fields, to_json(map_from_arrays(
  split(substr(head, 2), '\\u001f'), split(raw, concat('\\\\Q', left(head, 1), '\\\\E'), -1))))"""


def _around(outer: str, inner: str) -> str:
    """Name a SELECT `marked` for another one."""
    return f"WITH marked AS ({inner}) {outer}"
