"""Shipped contracts are sound, the catalog follows them, a broken one lists all its faults."""

from importlib import resources

import pytest
import sqlglot
import yaml

from etl import contract, judge, masks
from etl.catalog import Zone, table, tables
from etl.checks import CHECKS, Level
from etl.errors import DataLakeError
from etl.market import Market
from tests.etl.lake_support import HEADERS

PERSONAL = {"name", "tax_id", "cups", "email"}


@pytest.mark.parametrize("name", contract.names())
def test_each_shipped_contract_loads(name: str) -> None:
    assert contract.load(name).name == name


@pytest.mark.parametrize("dataset", contract.RAW_DATASETS)
def test_the_csv_header_is_the_contracts_source_columns(dataset: str) -> None:
    assert ",".join(f.name for f in contract.load(dataset).source_fields) == HEADERS[dataset]


def test_personal_data_of_clients_is_classified_in_every_zone() -> None:
    for zone in (Zone.RAW, Zone.PROCESSED):
        assert {c.name for c in table(zone, "clients").columns if c.pii} == PERSONAL
    assert not any(c.pii for t in tables(Zone.CURATED) for c in t.columns)
    assert {c.name for c in table(Zone.PROCESSED, "quarantine").columns if c.pii} == {"raw", "fields"}


def test_tables_of_each_zone_have_the_agreed_names_prefixes_and_partitions() -> None:
    assert [t.name for t in tables(Zone.PROCESSED)] == [
        "providers",
        "clients",
        "transactions",
        "quarantine",
        "dq_results",
    ]
    assert {c.type for t in tables(Zone.RAW) for c in t.columns} == {"string"}
    assert [p.name for p in table(Zone.RAW, "clients").partitions] == ["load_date"]
    assert [p.name for p in table(Zone.PROCESSED, "transactions").partitions] == ["year", "month", "day"]
    assert [p.name for p in table(Zone.PROCESSED, "quarantine").partitions] == ["dataset", "load_date"]
    assert [p.name for p in table(Zone.CURATED, "client_analytics").partitions] == ["year", "month"]
    assert table(Zone.CURATED, "provider_performance").prefix == "curated/provider_performance/"


def test_every_dirty_case_is_declared_in_some_rule() -> None:
    declared = {r.case for name in contract.names() for r in contract.load(name).all_rules}
    assert declared >= set(range(1, 26))


def test_every_check_is_used_by_a_rule_and_every_rule_says_what_to_do() -> None:
    rules = [r for name in contract.names() for r in contract.load(name).all_rules]
    assert {r.check for r in rules} == set(CHECKS)
    assert all(r.fix and r.description for r in rules)


def test_each_row_rule_has_a_bit_of_its_own_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks, "MASK_BITS", 7)
    judgement = judge.compile_contract(contract.load("transactions"), Market())
    levels = {Level.ROW, Level.REFERENCE}
    rules = [r for r in contract.load("transactions").all_rules if CHECKS[r.check].level in levels]
    assert len(rules) > 80
    assert len({judgement.broken_sql(r) for r in rules}) == len(rules)
    assert len(judgement.reject_masks) == -(-len(judgement.rejecting) // 7)


def test_faults_of_a_contract_are_reported_all_at_once() -> None:
    text = resources.files("etl.contracts").joinpath("providers.yaml").read_text()
    document = yaml.safe_load(text)
    column = document["schema"][0]["properties"][0]
    column["physicalType"] = "varchar(3)"
    column["quality"][0]["implementation"] = {"check": "no_such_check"}
    column["quality"][1]["severity"] = "shrug"
    del column["quality"][2]["customProperties"]
    document["schema"][0]["customProperties"][0]["value"] = ["bronze"]
    with pytest.raises(DataLakeError) as raised:
        contract.parse(yaml.safe_dump(document), "here.yaml")
    for fault in ("unknown physicalType", "no_such_check", "'shrug'", "no fix", "unknown zone 'bronze'"):
        assert fault in raised.value.what
    assert raised.value.where == "here.yaml"


def test_a_rule_change_changes_the_rule_version() -> None:
    text = resources.files("etl.contracts").joinpath("providers.yaml").read_text()
    assert contract.parse(text.replace("0.25", "0.35"), "x").digest != contract.load("providers").digest


MODELS = (
    "transaction_status",
    "valid_days",
    "client_power",
    "client_days",
    "daily_energy_consumption",
    "provider_performance",
    "client_analytics",
)


@pytest.mark.parametrize("name", MODELS)
def test_models_are_carried_over_to_spark_sql_without_a_loss(name: str) -> None:
    text = resources.files("etl.models").joinpath(f"{name}.sql").read_text()
    (translated,) = sqlglot.transpile(
        text, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    assert sqlglot.parse_one(translated, read="spark") is not None
