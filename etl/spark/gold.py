"""Gold on Spark: all due partitions of a table in one query over Silver."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from etl.contract import Contract, load
from etl.curated import Computed, calendar, client_entries
from etl.engine import ParquetFile, model
from etl.errors import DataLakeError
from etl.market import Market
from etl.slices import MONTHLY, Silver, Slice, curated_area
from etl.spark.answers import answers
from etl.spark.columns import spark_type, stored_types
from etl.spark.dialect import Dialect
from etl.spark.place import Place, read_published
from etl.spark.views import small, view
from etl.store import Store
from etl.workshop import Workshop, deliveries_sql

_FOLDER = "folder"


class Gold:
    """Computes due partitions; a function of the form that etl.curated asks for."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark

    @contextmanager
    def __call__(
        self, workshop: Workshop, silver: Silver, contract: Contract, due: list[Slice]
    ) -> Iterator[Computed]:
        """See etl.curated.Compute."""
        place = Place(self.spark, workshop.store, f"{curated_area(contract.name).staging}spark/")
        try:
            yield self._compute(place, workshop.session.market, silver, contract, due)
        finally:
            place.clear()

    def _compute(
        self, place: Place, market: Market, silver: Silver, contract: Contract, due: list[Slice]
    ) -> Computed:
        days = sorted({day for part in due for day in part.sources})
        rows_in = sum(silver.transactions[day]["rows"] for day in days)
        if not due:
            return {}, rows_in, set()
        dialect = Dialect(market)
        self._views(place.store, market, dialect, silver, days)
        grain = contract.key[0]
        columns = ", ".join(
            f"CAST({f.name} AS {spark_type(f.type)}) AS {f.name}" for f in contract.stored_fields
        )
        rows = dialect.sql(model(contract.name))
        frame = self.spark.sql(f"SELECT {columns}, CAST({grain} AS STRING) AS {_FOLDER} FROM ({rows})")
        placed = frame.repartition(_FOLDER).sortWithinPartitions(_FOLDER, *contract.sorted_by)
        place.write(placed, contract.name, by=_FOLDER)
        files = self._files(place, contract, due)
        powerless: set[str] = set()
        if contract.name == MONTHLY and files:
            written = place.read(contract.name, stored_types(contract, folder="string"))
            lacking = written.where("load_factor IS NULL").select(_FOLDER).distinct()
            powerless = {str(day) for (day,) in answers(lacking)}
        return files, rows_in, powerless

    def _views(self, store: Store, market: Market, dialect: Dialect, silver: Silver, days: list[str]) -> None:
        """Create deliveries, client_days, market_days, market_months and client_power."""
        spark = self.spark
        keys = [silver.transactions[day]["key"] for day in days]
        read_published(spark, store, keys, stored_types(load("transactions"))).createOrReplaceTempView(
            "silver"
        )
        spark.sql(dialect.sql(deliveries_sql("silver"))).createOrReplaceTempView("deliveries")
        view(spark, "client_days", dialect.sql(model("client_days")))
        periods, hours = calendar(market, days)
        of_days = {"delivery_date": "date", "periods_expected": "int"}
        small(spark, of_days, periods).createOrReplaceTempView("market_days")
        of_months = {"delivery_month": "date", "hours": "int"}
        small(spark, of_months, hours).createOrReplaceTempView("market_months")
        clients = read_published(
            spark, store, [p["key"] for p in client_entries(silver)], stored_types(load("clients"))
        )
        clients.createOrReplaceTempView("client_deliveries")
        spark.sql(dialect.sql(model("client_power"))).createOrReplaceTempView("client_power")

    def _files(self, place: Place, contract: Contract, due: list[Slice]) -> dict[str, ParquetFile]:
        keys = {part.day: part.key for part in due}
        files: dict[str, ParquetFile] = {}
        for written, file in place.files(place.keys(contract.name)).items():
            day = written.removeprefix(f"{place.prefix}{contract.name}/{_FOLDER}=").partition("/")[0]
            if day not in keys or keys[day] in files:
                raise DataLakeError(
                    f"Spark wrote a file too many for the day {day}.",
                    where=place.uri(written),
                    fix="This is a fault of the program, not of the data; nothing was published.",
                )
            files[keys[day]] = file
        return files
