"""Delivered transactions, judged in one pass and kept as one table that everything after reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from etl.counts import PeriodGroups
from etl.dimensions import DIMENSIONS, Dimensions
from etl.discover import Delivery
from etl.judge import Judgement
from etl.parts import Intake
from etl.spark.answers import reports
from etl.spark.columns import judged_types
from etl.spark.delivered import by_load_date, gather, number, tasks
from etl.spark.judge import Judge
from etl.spark.place import Place
from etl.spark.views import small, view
from etl.store import Store
from etl.tally import Judged

JUDGED = "judged"


@dataclass(slots=True)
class JudgedDelivery:
    """What was judged of a load date, and which keys of dimensions its rows wait for.

    Its period groups are None if its files are of several tasks: it takes all accepted rows to find them.
    """

    intake: Intake
    judged: Judged
    pending: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in DIMENSIONS})
    periods: PeriodGroups | None = None


class Stage:
    """The judged records of deliveries of transactions, of all their load dates.

    Creates the views `accepted` and `rejected` (what is quarantined for itself: load_date, source_object,
    source_line, raw, fields, reasons).
    """

    def __init__(self, spark: SparkSession, judgement: Judgement, store: Store, place: Place) -> None:
        self.spark = spark
        self.judgement = judgement
        self.store = store
        self.place = place

    def take_in(self, deliveries: Sequence[Delivery], dimensions: Dimensions) -> dict[str, JudgedDelivery]:
        """Judge the files of deliveries, each read once; return what is known, by load date."""
        delivered = number(deliveries)
        work = tasks(delivered, self.spark.sparkContext.defaultParallelism)
        judge = Judge(self.store.uri, f"{self.place.prefix}{JUDGED}/", self.judgement, dimensions, work)
        said = reports(self.spark, judge, work)
        self.place.read(JUDGED, judged_types(self.judgement)).createOrReplaceTempView("judged")
        known = {index: file for report in said for index, file in report.files.items()}
        dated = by_load_date(delivered)
        found = {d.load_date: JudgedDelivery(*gather(known, dated[d.load_date])) for d in deliveries}
        for report in said:
            for load_date, keys in report.pending.items():
                for name in DIMENSIONS:
                    found[load_date].pending[name].update(keys[name])
            for load_date, groups in report.periods.items():
                found[load_date].periods = groups
        self._create_views(delivery.intake for delivery in found.values())
        return found

    def _create_views(self, intakes: Iterable[Intake]) -> None:
        """Files with the content of another may have been judged, in another task, but do not count."""
        copies = [(f.key,) for intake in intakes for f in intake.files if f.duplicate_of]
        small(self.spark, {"source_object": "string"}, copies).createOrReplaceTempView("copies")
        columns = ", ".join(f"`{f.name}`" for f in self.judgement.contract.stored_fields)
        quarantined = "load_date, source_object, source_line, raw, fields, reasons"
        counting = "FROM judged LEFT ANTI JOIN copies USING (source_object)"
        view(self.spark, "accepted", f"SELECT {columns} {counting} WHERE reasons IS NULL")
        view(self.spark, "rejected", f"SELECT {quarantined} {counting} WHERE reasons IS NOT NULL")
