"""A small lake in a real embedded AWS: databases, tables, objects and workgroups as boto3 makes them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from local.athena import QueryResult, execute
from local.aws import Cloud
from local.emulator import process

DATA = "lake-data"
RESULTS = "lake-results"
PARQUET = {
    "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
}
OPEN_CSV = {"SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde", "Parameters": {}}
LAZY_CSV = {
    "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    "Parameters": {"field.delim": ","},
}


@contextmanager
def embedded_aws(root: Path, stack: str) -> Iterator[Cloud]:
    """A started emulator for a temporary clone, ended afterwards."""
    emulator, _ = process.ensure(root, stack)
    try:
        yield Cloud(emulator.endpoint)
    finally:
        process.stop(root, stack)


@dataclass
class Lake:
    """Handles for tests: put things into the lake, run queries over it."""

    cloud: Cloud
    work: Path

    def query(self, sql: str, workgroup: str = "analysts", **options: Any) -> QueryResult:
        return execute(self.cloud, workgroup, sql, work=self.work, **options)

    def rows(self, sql: str, **options: Any) -> list[tuple[Any, ...]]:
        return self.query(sql, **options).rows

    def value(self, sql: str) -> Any:
        ((only,),) = self.rows(sql)
        return only

    def put(self, key: str, body: bytes | str) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.cloud.client("s3").put_object(Bucket=DATA, Key=key, Body=content)

    def put_parquet(self, key: str, select: str, **options: Any) -> bytes:
        target = self.work / "made.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        extra = "".join(f", {name} {value}" for name, value in options.items())
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({select}) TO '{target}' (FORMAT parquet{extra})")
        content = target.read_bytes()
        self.put(key, content)
        return content

    def table(
        self,
        database: str,
        name: str,
        columns: Sequence[tuple[str, str]],
        *,
        location: str,
        serde: dict[str, Any] = PARQUET,
        partitions: Sequence[tuple[str, str]] = (),
        parameters: dict[str, str] | None = None,
    ) -> None:
        self.cloud.client("glue").create_table(
            DatabaseName=database,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": parameters or {},
                "PartitionKeys": [{"Name": each, "Type": kind} for each, kind in partitions],
                "StorageDescriptor": {
                    "Columns": [
                        {"Name": each, "Type": kind, "Comment": f"the {each}"} for each, kind in columns
                    ],
                    "Location": f"s3://{DATA}/{location}",
                    "SerdeInfo": serde,
                },
            },
        )

    def partition(self, database: str, table: str, values: Sequence[str], location: str) -> None:
        self.cloud.client("glue").create_partition(
            DatabaseName=database,
            TableName=table,
            PartitionInput={
                "Values": list(values),
                "StorageDescriptor": {"Location": f"s3://{DATA}/{location}", "SerdeInfo": PARQUET},
            },
        )

    def workgroup(self, name: str, **configuration: Any) -> None:
        results = {"OutputLocation": f"s3://{RESULTS}/{name}/"}
        self.cloud.client("athena").create_work_group(
            Name=name,
            Configuration={
                "ResultConfiguration": results,
                "EnforceWorkGroupConfiguration": True,
                **configuration,
            },
        )


def make_lake(cloud: Cloud, work: Path) -> Lake:
    """Buckets, the workgroup `analysts` and the database `energy`; no table yet."""
    s3 = cloud.client("s3")
    for bucket in (DATA, RESULTS):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    cloud.client("glue").create_database(DatabaseInput={"Name": "energy"})
    lake = Lake(cloud, work)
    lake.workgroup("analysts")
    return lake
