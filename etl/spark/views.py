"""Relations of a session by name, as the shipped SQL refers to them."""

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession


def view(spark: SparkSession, name: str, sql: str) -> None:
    """Name a SELECT; it is evaluated wherever it is read."""
    spark.sql(sql).createOrReplaceTempView(name)


def held(frame: DataFrame, name: str) -> None:
    """Name a frame that is evaluated once and read from the executors' disks until the cache is cleared."""
    frame.persist(StorageLevel.DISK_ONLY).createOrReplaceTempView(name)
