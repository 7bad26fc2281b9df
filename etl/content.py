"""The canonical text of a row and its hash, equal on every engine."""

from etl.contract import Contract, Field

NULL = "\\N"
SEPARATOR = "\x1f"


def text_sql(field: Field) -> str:
    """SQL of a value's canonical text; timestamps are microseconds since 1970 UTC."""
    value = f"epoch_us({field.name})" if field.type == "timestamp" else field.name
    return f"coalesce(CAST({value} AS VARCHAR), '{NULL}')"


def row_sql(contract: Contract, *, without: tuple[str, ...] = ()) -> str:
    """SQL of a delivered row's canonical text: its CSV columns in contract order."""
    texts = (text_sql(f) for f in contract.source_fields if f.name not in without)
    return f"concat_ws(chr(31), {', '.join(texts)})"


def hash_sql(contract: Contract) -> str:
    """SQL of the SHA-256 of a row's content; when a version was written is no content of it."""
    return f"sha256({row_sql(contract, without=('updated_at',))})"


def csv_sql(contract: Contract) -> str:
    """SQL of a delivered row as a CSV line of its normalised values."""
    values = []
    for field in contract.source_fields:
        value = field.name
        if field.type == "timestamp":
            value = f"strftime({field.name}, '%Y-%m-%dT%H:%M:%S.%fZ')"
        values.append(f"coalesce(CAST({value} AS VARCHAR), '')")
    return f"concat_ws(',', {', '.join(values)})"
