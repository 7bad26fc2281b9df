"""Where Spark writes before anything is published, and what it wrote there.

Spark writes below the area's staging prefix, which readers never look at; the publish protocol copies from
there object by object. So nothing depends on how Spark commits its files, and what a killed run left is
deleted by the next one.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

import duckdb
from pyspark.sql import DataFrame, SparkSession

from etl.engine import ParquetFile, quoted
from etl.scan import sha256
from etl.spark.answers import reports
from etl.spark.columns import ddl
from etl.spark.views import small
from etl.store import Store, open_store

ROW_GROUP_BYTES = 16 << 20


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
        shares = [keys[n::share] for n in range(share)]
        measured = reports(self.spark, Measure(self.store.uri), shares)
        return {str(file.path): file for files in measured for file in files}

    def clear(self) -> None:
        """Delete the folder and all that is in it."""
        self.store.delete([e.key for e in self.store.list(self.prefix)])


class Measure:
    """The work of a task: measures files of the lake."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def __call__(self, keys: Sequence[str]) -> list[ParquetFile]:
        """Measure the objects of some keys; DataLakeError when one is not there."""
        store = open_store(self.uri)
        with duckdb.connect() as connection:
            return [self._measure(store, connection, key) for key in keys]

    def _measure(self, store: Store, connection: duckdb.DuckDBPyConnection, key: str) -> ParquetFile:
        with tempfile.TemporaryDirectory(prefix="lake-") as folder:
            path = store.fetch(key, Path(folder))
            footer = f"SELECT num_rows FROM parquet_file_metadata('{quoted(path)}')"
            ((rows,),) = connection.execute(footer).fetchall()
            return ParquetFile(key, rows, path.stat().st_size, sha256(path))


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
