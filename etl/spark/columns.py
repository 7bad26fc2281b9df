"""Spark's types of a contract's columns, and of what the parser hands on."""

from etl.contract import Contract

ROW, BROKEN, FILE = 0, 1, 2
"""Kinds of parsed rows: a record to judge, one that nobody can split, and what is known of a whole file."""

_TYPES = {"timestamp": "timestamp_ntz"}


def spark_type(hive: str) -> str:
    """Return Spark's type for a type in Hive's notation; times are UTC without a zone, as in the files."""
    return _TYPES.get(hive, hive)


def stored_schema(contract: Contract, *more: str) -> str:
    """Schema of a contract's Parquet files, with further columns."""
    columns = [f"`{f.name}` {spark_type(f.type)}" for f in contract.stored_fields]
    return ", ".join((*columns, *more))


def parsed_schema(contract: Contract) -> str:
    """Schema of parsed records.

    `raw` is the record as delivered (of kind FILE: a JSON object of what is known of the file), `head` the
    delimiter and the column names of its file, `fields` the record by name as JSON where `head` is null,
    x_<column> its texts.
    """
    texts = (f"`x_{f.name}` string" for f in contract.source_fields)
    return ", ".join(
        ("kind int", "file int", "source_line bigint", "load_date date", "raw string", "head string",
         "fields string",
         "reasons array<string>", *texts)
    )  # fmt: skip
