"""Delivered transactions, judged in one pass and kept as one table that everything after reads."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import SparkSession

from etl.counts import PeriodGroups
from etl.dimensions import DIMENSIONS, Dimensions
from etl.discover import Delivery
from etl.judge import Judgement
from etl.parallel import each
from etl.parts import Intake
from etl.spark.columns import ddl, judged_types
from etl.spark.delivered import Facts, by_load_date, gather, number, tasks
from etl.spark.judge import Judge, known_key
from etl.spark.place import Place
from etl.spark.views import small, view
from etl.store import Store
from etl.tally import Judged


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
        types = judged_types(self.judgement)
        rows = self.spark.range(0, len(work), 1, max(1, len(work))).mapInArrow(
            Judge(self.store.uri, self.place.prefix, self.judgement, dimensions, work), ddl(types)
        )
        self.place.write(rows, "judged")
        self.place.read("judged", types).createOrReplaceTempView("judged")
        known: dict[int, Facts] = {}
        said = each(self._said, range(len(work)))
        for task in said:
            known |= {int(index): facts for index, facts in task["files"].items()}
        dated = by_load_date(delivered)
        found = {d.load_date: JudgedDelivery(*gather(known, dated[d.load_date])) for d in deliveries}
        for task in said:
            for load_date, keys in task["pending"].items():
                for name in DIMENSIONS:
                    found[load_date].pending[name].update(keys[name])
            for load_date, groups in task["periods"].items():
                found[load_date].periods = PeriodGroups(**groups)
        self._create_views(delivery.intake for delivery in found.values())
        return found

    def _said(self, number: int) -> dict[str, Any]:
        body = self.store.get(known_key(self.place.prefix, number))
        assert body is not None, "a task that ended has said what it found"
        said: dict[str, Any] = json.loads(body)
        return said

    def _create_views(self, intakes: Iterable[Intake]) -> None:
        """Files with the content of another may have been judged, in another task, but do not count."""
        copies = [(f.key,) for intake in intakes for f in intake.files if f.duplicate_of]
        small(self.spark, {"source_object": "string"}, copies).createOrReplaceTempView("copies")
        columns = ", ".join(f"`{f.name}`" for f in self.judgement.contract.stored_fields)
        quarantined = "load_date, source_object, source_line, raw, fields, reasons"
        counting = "FROM judged LEFT ANTI JOIN copies USING (source_object)"
        view(self.spark, "accepted", f"SELECT {columns} {counting} WHERE reasons IS NULL")
        view(self.spark, "rejected", f"SELECT {quarantined} {counting} WHERE reasons IS NOT NULL")
