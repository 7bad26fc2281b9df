"""Where Spark writes before anything is published, and what it wrote there.

Spark writes below the area's staging prefix, which readers never look at; the publish protocol copies from
there object by object. So nothing depends on how Spark commits its files, and what a killed run left is
deleted by the next one.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet
from pyspark.sql import DataFrame, SparkSession

from etl.engine import ParquetFile
from etl.errors import DataLakeError
from etl.scan import sha256
from etl.spark import batches
from etl.spark.answers import answers
from etl.spark.columns import ddl
from etl.spark.views import small
from etl.store import Store, open_store

ROW_GROUP_BYTES = 16 << 20
_MEASURED = {"key": "string", "rows": "bigint", "size": "bigint", "sha256": "string"}


class Place:
    """A folder of the lake for one unit's work; empty when it is opened."""

    def __init__(self, spark: SparkSession, store: Store, prefix: str) -> None:
        self.spark = spark
        self.store = store
        self.prefix = prefix
        self.clear()

    def uri(self, key: str) -> str:
        """Address of an object for Spark."""
        return address(self.store, key)

    def write(self, frame: DataFrame, name: str, *, by: str | None = None) -> None:
        """Write a frame as Parquet into the folder `name`: one file a task, or one folder a value of `by`."""
        # The folder holds no object, but an empty directory may be left of a run that was killed.
        writer = frame.write.mode("overwrite").option("partitionOverwriteMode", "static")
        writer = writer.option("parquet.block.size", ROW_GROUP_BYTES)
        if by:
            writer = writer.partitionBy(by)
        writer.parquet(self.uri(f"{self.prefix}{name}"))

    def read(self, name: str, types: Mapping[str, str]) -> DataFrame:
        """Read what was written as `name`."""
        return self.spark.read.schema(ddl(types)).parquet(self.uri(f"{self.prefix}{name}"))

    def keys(self, name: str) -> list[str]:
        """Keys of the Parquet files written as `name`."""
        found = (e.key for e in self.store.list(f"{self.prefix}{name}/"))
        return [key for key in found if key.endswith(".parquet")]

    def files(self, keys: Sequence[str]) -> dict[str, ParquetFile]:
        """Measure written files on the executors: rows by their footers, bytes, SHA-256."""
        share = min(len(keys), self.spark.sparkContext.defaultParallelism)
        tasks = [list(keys[n::share]) for n in range(share)]
        if not tasks:
            return {}
        numbers = self.spark.range(0, len(tasks), 1, len(tasks))
        measured = numbers.mapInArrow(_Measure(self.store.uri, tasks), ddl(_MEASURED))
        found = {key: ParquetFile(key, rows, size, digest) for key, rows, size, digest in answers(measured)}
        if set(found) != set(keys):
            raise DataLakeError(
                "Files that Spark wrote are not there.",
                where=self.uri(self.prefix),
                fix="Run again; nothing was published.",
            )
        return found

    def clear(self) -> None:
        """Delete the folder and all that is in it."""
        self.store.delete([e.key for e in self.store.list(self.prefix)])


class _Measure:
    def __init__(self, uri: str, tasks: list[list[str]]) -> None:
        self.uri = uri
        self.tasks = tasks

    def __call__(self, numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        store = open_store(self.uri)
        facts: dict[str, list[object]] = {name: [] for name in _MEASURED}
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                for key in self.tasks[number]:
                    with tempfile.TemporaryDirectory(prefix="lake-") as folder:
                        path = store.fetch(key, Path(folder))
                        rows = pyarrow.parquet.read_metadata(path).num_rows
                        found = (key, rows, path.stat().st_size, sha256(path))
                    for name, fact in zip(facts, found, strict=True):
                        facts[name].append(fact)
        yield from batches.of_values(_MEASURED, facts)


def address(store: Store, key: str) -> str:
    """Address of an object of a store for Spark, whose paths are not percent-encoded."""
    return unquote(store.uri) + key


def read_published(
    spark: SparkSession, store: Store, keys: Sequence[str], types: Mapping[str, str]
) -> DataFrame:
    """Read published objects, no rows when there are none."""
    if not keys:
        return small(spark, types)
    return spark.read.schema(ddl(types)).parquet(*(address(store, key) for key in keys))
