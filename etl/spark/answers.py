"""Small answers from Spark: the one place where anything comes to the driver, never more than is asked for.

Counts, days, keys of a dimension up to a limit and one row a delivered file are answers; records are not.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pyspark.sql import DataFrame, SparkSession

from etl.errors import DataLakeError

FEW = 50_000
MANY = 1_000_000
"""Where there may be an answer for each delivered file, or each pair of dates that belong together."""

T = TypeVar("T")
R = TypeVar("R")


def answers(frame: DataFrame, *, at_most: int = FEW) -> list[tuple[Any, ...]]:
    """Return the rows of a small result; DataLakeError when there are more than `at_most`."""
    rows = frame.limit(at_most + 1).collect()
    if len(rows) > at_most:
        raise DataLakeError(
            f"More than {at_most} rows would have come to the driver.",
            where=", ".join(frame.columns),
            fix="This is a fault of the program, not of the data; nothing was published.",
        )
    return [tuple(row) for row in rows]


def answer(frame: DataFrame) -> tuple[Any, ...]:
    """Return the one row of an aggregate."""
    (row,) = frame.collect()
    return tuple(row)


def reports(spark: SparkSession, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Have executors do a piece of work for each item, a task each; return what each reports of it, in order.

    `work` is called in another process, with a copy of the item; what it makes of it stays in the lake.
    """
    if not items:
        return []
    reported: list[R] = spark.sparkContext.parallelize(items, len(items)).map(work).collect()
    return reported
