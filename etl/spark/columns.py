"""Types of a contract's columns in Spark and in Arrow, and of what the tasks that judge files hand on."""

import pyarrow as pa

from etl.contract import Contract
from etl.judge import Judgement

_SPARK = {"timestamp": "timestamp_ntz"}
_ARROW = {
    "string": pa.string(), "int": pa.int32(), "date": pa.date32(), "timestamp": pa.timestamp("us"),
    "decimal(18,6)": pa.decimal128(18, 6),
}  # fmt: skip


def spark_type(hive: str) -> str:
    """Return Spark's type for a type in Hive's notation; times are UTC without a zone, as in the files."""
    return _SPARK.get(hive, hive)


def stored_schema(contract: Contract, *more: str) -> str:
    """Schema of a contract's Parquet files, with further columns."""
    columns = [f"`{f.name}` {spark_type(f.type)}" for f in contract.stored_fields]
    return ", ".join((*columns, *more))


def judged_schema(judgement: Judgement) -> str:
    """Schema of judged records, which has the names and types of `arrow_schema`.

    `file` is the number of the file. A record that is rejected has `reasons`, the rules that it breaks, and
    `raw` and `fields` as in the quarantine, but no typed columns.
    """
    types = {f.name: spark_type(f.type) for f in judgement.contract.fields}
    columns = (f"`{name}` {types[name]}" for name in judgement.columns)
    return ", ".join(
        ("file int", "source_line bigint", "load_date date", *columns, "raw string", "fields string",
         "reasons array<string>")
    )  # fmt: skip


def arrow_schema(judgement: Judgement) -> pa.Schema:
    """Return `judged_schema` in Arrow."""
    types = {f.name: _ARROW[f.type] for f in judgement.contract.fields if f.name in judgement.columns}
    return pa.schema(
        [
            ("file", pa.int32()), ("source_line", pa.int64()), ("load_date", pa.date32()),
            *((name, types[name]) for name in judgement.columns), ("raw", pa.string()),
            ("fields", pa.string()), ("reasons", pa.list_(pa.string())),
        ]
    )  # fmt: skip
