"""Spark as an engine of the jobs."""

from collections.abc import Callable
from functools import partial

from pyspark.sql import SparkSession

from etl.curated import Compute
from etl.spark.gold import Gold
from etl.spark.workload import SparkWorkload


class SparkEngine:
    """Judges and settles units in an open session."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.compute: Compute | None = Gold(spark)

    def workload(self) -> Callable[..., SparkWorkload]:
        """See etl.engines.Engine."""
        return partial(SparkWorkload, self.spark)
