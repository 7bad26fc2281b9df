import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from components.artifacts import Artifact
from components.job_arguments import job_arguments
from components.named_queries import NamedQuery, named_queries
from components.names import Names
from components.pipeline_plan import PROCESSED_TO_CURATED, RAW_TO_PROCESSED
from components.settings import parse
from etl.catalog import Zone, tables
from tests.unit.recorder import PROJECT, ROOT, recorded, stack_config

SETTINGS = parse("prod", stack_config("prod"))
NAMES = Names.of(SETTINGS)


def registered(zone: Zone) -> dict[str, dict]:
    return {
        one.inputs["name"]: one.inputs
        for one in recorded("prod")
        if one.short_type == "CatalogTable" and one.inputs["databaseName"] == f"energy_{zone}_prod"
    }


@pytest.mark.parametrize("zone", list(Zone))
def test_the_catalog_holds_exactly_the_tables_of_the_contracts(zone: Zone) -> None:
    found = registered(zone)
    assert set(found) == {table.name for table in tables(zone)}
    for table in tables(zone):
        columns = found[table.name]["storageDescriptor"]["columns"]
        assert [(one["name"], one["type"]) for one in columns] == [(c.name, c.type) for c in table.columns]
        keys = found[table.name]["partitionKeys"]
        assert [(one["name"], one["type"]) for one in keys] == [(c.name, c.type) for c in table.partitions]
        location = found[table.name]["storageDescriptor"]["location"]
        assert location == f"s3://energy-trading-datalake-prod/{table.prefix}"


def test_personal_data_and_units_are_said_in_the_catalog() -> None:
    columns = registered(Zone.PROCESSED)["clients"]["storageDescriptor"]["columns"]
    personal = {one["name"] for one in columns if one.get("parameters", {}).get("pii") == "true"}
    assert personal == {"name", "tax_id", "cups", "email"}
    columns = registered(Zone.PROCESSED)["transactions"]["storageDescriptor"]["columns"]
    units = {one["name"]: one.get("parameters", {}).get("unit") for one in columns}
    assert units["quantity_mwh"] == "MWh"


def test_raw_tables_are_text_with_a_header_and_need_no_partition_to_be_added() -> None:
    for name, inputs in registered(Zone.RAW).items():
        parameters = inputs["parameters"]
        assert parameters["skip.header.line.count"] == "1"
        assert parameters["projection.enabled"] == "true"
        assert parameters["projection.load_date.range"] == "2020-01-01,NOW+1DAYS"
        template = f"s3://energy-trading-datalake-prod/raw/{name}/${{load_date}}/"
        assert parameters["storage.location.template"] == template
        assert {one["type"] for one in inputs["storageDescriptor"]["columns"]} == {"string"}
        assert inputs["storageDescriptor"]["serDeInfo"]["serializationLibrary"].endswith("OpenCSVSerde")


def test_parquet_tables_are_snappy_and_partitioned() -> None:
    for zone in (Zone.PROCESSED, Zone.CURATED):
        for inputs in registered(zone).values():
            assert inputs["parameters"]["parquet.compression"] == "SNAPPY"
            assert inputs["parameters"]["classification"] == "parquet"
            assert inputs["partitionKeys"]


@pytest.mark.parametrize("query", named_queries(NAMES), ids=lambda query: query.name)
def test_a_named_query_reads_columns_that_the_contracts_have(query: NamedQuery) -> None:
    schema = {
        NAMES.database(zone): {
            table.name: {column.name: column.type for column in (*table.columns, *table.partitions)}
            for table in tables(zone)
        }
        for zone in Zone
    }
    (tree,) = sqlglot.parse(query.sql, read="athena")
    assert isinstance(tree, exp.Select)
    qualify(tree, schema=schema, dialect="athena", validate_qualify_columns=True)
    assert {table.db for table in tree.find_all(exp.Table)} == {NAMES.database(query.zone)}
    assert query.workgroup in {"analysts", "reporting", "data-science"}


def test_every_workgroup_has_named_queries() -> None:
    assert {query.workgroup for query in named_queries(NAMES)} == {"analysts", "reporting", "data-science"}


def test_a_job_carries_every_argument_its_script_reads() -> None:
    package = Artifact(ROOT / "x.zip", "packages/etl-0123.zip")
    arguments = job_arguments(NAMES, SETTINGS, RAW_TO_PROCESSED, package, "duckdb==2.0.0")
    assert arguments["--lake_uri"] == "s3://energy-trading-datalake-prod/"
    assert arguments["--catalog_database"] == "energy_processed_prod"
    assert arguments["--metric_namespace"] == NAMES.run_metric_namespace
    assert arguments["--market_timezone"] == "Europe/Madrid"
    assert (arguments["--price_floor"], arguments["--price_cap"]) == ("-500", "4000")
    assert (
        arguments["--extra-py-files"] == "s3://energy-trading-datalake-prod-artifacts/packages/etl-0123.zip"
    )
    assert arguments["--TempDir"].startswith("s3://energy-trading-datalake-prod-artifacts/temporary/")
    other = job_arguments(NAMES, SETTINGS, PROCESSED_TO_CURATED, package, "")
    assert other["--catalog_database"] == "energy_curated_prod"


@pytest.mark.parametrize(("cap", "text"), [(12345.67, "12345.67"), (3000000, "3000000"), (0.5, "0.5")])
def test_prices_reach_the_job_without_loss(cap: float, text: str) -> None:
    settings = parse("prod", stack_config("prod") | {f"{PROJECT}:market": {"price_cap": cap}})
    package = Artifact(ROOT / "x.zip", "packages/x.zip")
    assert job_arguments(NAMES, settings, RAW_TO_PROCESSED, package, "")["--price_cap"] == text
