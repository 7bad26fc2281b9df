"""The warehouse's tables and views in Redshift's SQL, made from the data contracts."""

from importlib import resources

from etl.contract import GOLD_TABLES, RAW_DATASETS, Contract, load
from etl.dimensions import processed_area
from etl.errors import DataLakeError
from etl.slices import curated_area
from etl.warehouse.columns import column_type, encoding
from etl.warehouse.document import LEDGER, WarehouseModel, WarehouseTable, WarehouseView

RAW_DATA, ANALYTICS, REPORTING = "raw_data", "analytics", "reporting"
SCHEMAS = {
    RAW_DATA: "Replica of the processed datasets, row by row",
    ANALYTICS: "Aggregated tables",
    REPORTING: "Views for BI tools",
}

VIEWS = ("energy_by_client", "provider_scorecard", "client_ranking", "zone_position", "load_status")
"""Views of the schema reporting, each a file; none shows personal data."""

_DISTRIBUTED_BY = ("client_id", "provider_id")
_SORT_COLUMNS = 3


def model() -> WarehouseModel:
    """Make the model from the shipped contracts and views."""
    raw = [_table(RAW_DATA, load(name), processed_area(name).index) for name in RAW_DATASETS]
    gold = [_table(ANALYTICS, load(name), curated_area(name).index) for name in GOLD_TABLES]
    return WarehouseModel(_LEDGER_TABLE, (*raw, *gold), tuple(_view(name) for name in VIEWS))


def _table(schema: str, contract: Contract, index: str) -> WarehouseTable:
    if contract.partition_date is None:
        raise DataLakeError(
            f"{contract.name} has no partition date, so it cannot be loaded in units.",
            where=f"etl/contracts/{contract.name}.yaml",
            fix="Declare partitionDate in its customProperties.",
        )
    name = f"{schema}.{contract.name}"
    return WarehouseTable(name, contract.partition_date, index, _create(name, contract))


def _create(name: str, contract: Contract) -> str:
    """Return CREATE TABLE with the columns in the order of the Parquet files, by which COPY assigns them.

    https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
    """
    sort = _sort_key(contract)
    lines = []
    for field in contract.stored_fields:
        kind = column_type(field)
        required = " NOT NULL" if field.required else ""
        lines.append(
            f"{field.name} {kind}{required} ENCODE {encoding(kind, leads_sort=field.name == sort[0])}"
        )
    unit = str(contract.partition_date)
    # Redshift does not enforce keys but plans by them: they hold at any moment, also between two loads.
    key = (unit, *(column for column in contract.key if column != unit))
    lines.append(f"PRIMARY KEY ({', '.join(key)})")
    body = ",\n  ".join(lines)
    return (
        f"CREATE TABLE {name} (\n  {body}\n)\n{_distribution(contract)}\nCOMPOUND SORTKEY ({', '.join(sort)})"
    )


def _sort_key(contract: Contract) -> tuple[str, ...]:
    """Return the unit first, since queries are about days, then the order within the lake's files."""
    rest = (column for column in contract.sorted_by if column != contract.partition_date)
    return (str(contract.partition_date), *rest)[:_SORT_COLUMNS]


def _distribution(contract: Contract) -> str:
    """Keep small dimensions whole on every node; spread the rest by whom it is joined to them.

    https://docs.aws.amazon.com/redshift/latest/dg/c_best-practices-best-dist-key.html
    """
    if contract.partition_date == "load_date":
        return "DISTSTYLE ALL"
    columns = {field.name for field in contract.stored_fields}
    by = next(column for column in _DISTRIBUTED_BY if column in columns)
    return f"DISTSTYLE KEY DISTKEY ({by})"


def _view(name: str) -> WarehouseView:
    """Return a view that does not hinder the making anew of the tables it reads.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html
    """
    text = resources.files("etl.warehouse.views").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()
    place = f"{REPORTING}.{name}"
    return WarehouseView(place, f"CREATE VIEW {place} AS\n{body}\nWITH NO SCHEMA BINDING")


_LEDGER_TABLE = f"""CREATE TABLE IF NOT EXISTS {LEDGER} (
  relation VARCHAR(127) NOT NULL ENCODE ZSTD,
  unit VARCHAR(10) NOT NULL ENCODE ZSTD,
  content VARCHAR(64) NOT NULL ENCODE ZSTD,
  row_count BIGINT NOT NULL ENCODE AZ64,
  loaded_at TIMESTAMP NOT NULL ENCODE AZ64,
  PRIMARY KEY (relation, unit)
)
DISTSTYLE ALL"""
