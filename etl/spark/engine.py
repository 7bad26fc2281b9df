"""Spark as an engine of the jobs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from pyspark.sql import SparkSession

from etl.contract import Contract
from etl.curated import Compute
from etl.lock import Lock
from etl.market import Market
from etl.spark.gold import Gold
from etl.spark.workload import SparkWorkload
from etl.store import Store


class SparkEngine:
    """Judges and settles units in an open session."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.compute: Compute | None = Gold(spark)

    @contextmanager
    def workload(
        self, store: Store, market: Market, contract: Contract, lock: Lock, *, large: bool
    ) -> Iterator[SparkWorkload]:
        """See etl.engines.Engine."""
        with tempfile.TemporaryDirectory(prefix="lake-") as name, duckdb.connect() as connection:
            yield SparkWorkload(
                self.spark, store, market, contract, lock=lock, folder=Path(name), connection=connection
            )
