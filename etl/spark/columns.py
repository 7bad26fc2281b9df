"""Types of a contract's columns in Spark, and of what the tasks that judge files hand on."""

from collections.abc import Mapping

from etl.contract import Contract
from etl.judge import Judgement

_SPARK = {"timestamp": "timestamp_ntz"}
_PLACE = ("load_date", "source_object", "source_line")


def spark_type(hive: str) -> str:
    """Return Spark's type for a type in Hive's notation; times are UTC without a zone, as in the files."""
    return _SPARK.get(hive, hive)


def stored_types(contract: Contract, **more: str) -> dict[str, str]:
    """Types by name, in Hive's notation, of the columns of a contract's Parquet files and further ones."""
    return {f.name: f.type for f in contract.stored_fields} | more


def judged_types(judgement: Judgement) -> dict[str, str]:
    """Types by name, in Hive's notation, of judged records.

    A record that is rejected has `reasons`, the rules that it breaks, and `raw` and `fields` as in the
    quarantine, but no other columns of the contract.
    """
    types = {f.name: f.type for f in judgement.contract.fields}
    return {
        **{name: types[name] for name in (*judgement.columns, *_PLACE)},
        "raw": "string", "fields": "string", "reasons": "array<string>",
    }  # fmt: skip


def ddl(types: Mapping[str, str]) -> str:
    """Return a schema in the notation that Spark reads."""
    return ", ".join(f"`{name}` {spark_type(kind)}" for name, kind in types.items())
