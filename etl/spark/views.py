"""Relations of a session: named ones, for the shipped SQL, and small ones of what the driver knows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from etl.spark.columns import spark_type


def view(spark: SparkSession, name: str, sql: str) -> None:
    """Name a SELECT; it is evaluated wherever it is read."""
    spark.sql(sql).createOrReplaceTempView(name)


def held(frame: DataFrame, name: str) -> None:
    """Name a frame that is evaluated once and read from the executors' disks until the cache is cleared."""
    frame.persist(StorageLevel.DISK_ONLY).createOrReplaceTempView(name)


def small(spark: SparkSession, types: Mapping[str, str], rows: Iterable[Sequence[object]] = ()) -> DataFrame:
    """Return a frame of a few rows, with its columns' types in Hive's notation.

    It is part of the plan, and the plan knows when it is empty. Spark would have a frame made of Python's
    objects read by Python in every query.
    """
    columns = ", ".join(f"CAST({name} AS {spark_type(kind)}) AS {name}" for name, kind in types.items())
    values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
    if not values:
        nothing = ", ".join(f"CAST(NULL AS {spark_type(kind)}) AS {name}" for name, kind in types.items())
        return spark.sql(f"SELECT {nothing} WHERE FALSE")
    return spark.sql(f"SELECT {columns} FROM VALUES {values} AS given({', '.join(types)})")


def _literal(value: object) -> str:
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"
