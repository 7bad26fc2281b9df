"""How a declared table stands in the Glue Data Catalog: formats, columns and partitions."""

from typing import Any

from pulumi_aws import glue

from components.names import Names, Store
from components.settings import Settings
from etl.catalog import Column, Table

_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_CSV_SERDE = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
_PARQUET_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_PARQUET_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


def table_inputs(table: Table, names: Names, settings: Settings) -> dict[str, Any]:
    """Return the arguments of a `glue.CatalogTable`.

    Raw tables are CSV with a header, partitioned by projection on `load_date`: a new day needs no catalog
    change. Others are Snappy Parquet whose partitions the publishing job registers.
    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
    """
    location = names.uri(Store.DATA, table.prefix)
    is_csv = table.format == "csv"
    return {
        "name": table.name,
        "database_name": names.database(table.zone),
        "catalog_id": names.account,
        "description": table.description,
        "table_type": "EXTERNAL_TABLE",
        "parameters": _csv_parameters(table, location, settings) if is_csv else _parquet_parameters(),
        "partition_keys": [
            glue.CatalogTablePartitionKeyArgs(name=column.name, type=column.type, comment=column.comment)
            for column in table.partitions
        ],
        "storage_descriptor": glue.CatalogTableStorageDescriptorArgs(
            location=location,
            input_format=_TEXT_INPUT if is_csv else _PARQUET_INPUT,
            output_format=_TEXT_OUTPUT if is_csv else _PARQUET_OUTPUT,
            columns=[_column(column) for column in table.columns],
            ser_de_info=glue.CatalogTableStorageDescriptorSerDeInfoArgs(
                serialization_library=_CSV_SERDE if is_csv else _PARQUET_SERDE,
                parameters={"separatorChar": ",", "quoteChar": '"', "escapeChar": "\\"}
                if is_csv
                else {"serialization.format": "1"},
            ),
        ),
    }


def _csv_parameters(table: Table, location: str, settings: Settings) -> dict[str, str]:
    (day,) = table.partitions
    return {
        "EXTERNAL": "TRUE",
        "classification": "csv",
        "skip.header.line.count": "1",
        "projection.enabled": "true",
        f"projection.{day.name}.type": "date",
        f"projection.{day.name}.format": "yyyy-MM-dd",
        # Athena's NOW is UTC: a market east of it delivers tomorrow's file today.
        f"projection.{day.name}.range": f"{settings.market.first_load_date},NOW+1DAYS",
        f"projection.{day.name}.interval": "1",
        f"projection.{day.name}.interval.unit": "DAYS",
        "storage.location.template": f"{location}${{{day.name}}}/",
    }


def _parquet_parameters() -> dict[str, str]:
    return {"EXTERNAL": "TRUE", "classification": "parquet", "parquet.compression": "SNAPPY"}


def _column(column: Column) -> glue.CatalogTableStorageDescriptorColumnArgs:
    facts = {"pii": "true"} if column.pii else {}
    if column.unit:
        facts["unit"] = column.unit
    return glue.CatalogTableStorageDescriptorColumnArgs(
        name=column.name, type=column.type, comment=column.comment, parameters=facts or None
    )
