import json
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import expressions as exp

from components.access_matrix import FILE, PERSONAS, AccessMatrix, AccessMatrixError, load
from components.lake_defaults import close, open_doors
from components.named_queries import named_queries
from components.names import Names
from components.settings import parse
from etl.catalog import Zone, tables
from tests.unit.recorder import stack_config

TABLES = {zone: tables(zone) for zone in Zone}
MATRIX = load(TABLES)
PII = {
    (zone, table.name, column.name)
    for zone in Zone
    for table in TABLES[zone]
    for column in table.columns
    if column.pii
}


def changed(edit: Any) -> str:
    raw = yaml.safe_load(FILE.read_text())
    edit(raw)
    return yaml.safe_dump(raw, sort_keys=False)


def problems_of(edit: Any) -> dict[str, str]:
    with pytest.raises(AccessMatrixError) as caught:
        load(TABLES, changed(edit))
    return {problem.key: problem.allowed for problem in caught.value.problems}


def test_every_persona_is_there_and_only_one_sees_personal_data() -> None:
    assert [persona.name for persona in MATRIX.personas] == list(PERSONAS)
    seen = {
        (view.persona, (view.zone, view.table, column))
        for view in MATRIX.views(TABLES)
        for column in view.columns
    }
    assert {persona for persona, column in seen if column in PII} == {"data-engineers"}
    assert {column for persona, column in seen if persona == "data-engineers"} >= PII


def test_reports_hold_whole_days_of_gold_only() -> None:
    views = [view for view in MATRIX.views(TABLES) if view.persona == "reporting"]
    assert {view.zone for view in views} == {Zone.CURATED}
    assert {view.table: view.rows for view in views}["daily_energy_consumption"] == "completeness >= 1"


BAD = [
    (
        lambda m: m["personas"].update(analyst=m["personas"].pop("analysts")),
        "personas.analyst",
        "mean analysts?",
    ),
    (lambda m: m["personas"].pop("reporting"), "personas.reporting", "every persona"),
    (
        lambda m: m["personas"]["analysts"]["reads"].update(gold={}),
        "personas.analysts.reads.gold",
        "raw, processed",
    ),
    (
        lambda m: m["personas"]["analysts"]["reads"]["curated"].update(client_analytic={}),
        "personas.analysts.reads.curated.client_analytic",
        "mean client_analytics?",
    ),
    (
        lambda m: m["personas"]["analysts"]["reads"]["processed"].update(
            clients={"columns": ["client_id", "email"]}
        ),
        "personas.analysts.reads.processed.clients.columns",
        "no personal data",
    ),
    (
        lambda m: m["personas"]["analysts"]["reads"]["processed"].update(clients={"columns": ["clientid"]}),
        "personas.analysts.reads.processed.clients.columns.clientid",
        "mean client_id?",
    ),
    (
        lambda m: m["personas"]["reporting"]["reads"]["curated"].update(client_analytics={"rows": "kwh > 1"}),
        "personas.reporting.reads.curated.client_analytics.rows.kwh",
        "one of",
    ),
    (
        lambda m: m["personas"]["reporting"]["reads"]["curated"].update(
            client_analytics={"rows": "client_id IN (SELECT 1)"}
        ),
        "personas.reporting.reads.curated.client_analytics.rows",
        "Lake Formation cannot test it",
    ),
    (
        lambda m: m["personas"]["reporting"].update(tags={"zone": ["curated"], "sensitivity": ["internal"]}),
        "personas.reporting",
        "either tags or reads",
    ),
    (
        lambda m: m["personas"].update(
            reporting={"description": "x", "pii": False, "tags": {"zone": ["raw"], "sensitivity": ["pii"]}}
        ),
        "personas.reporting.tags.sensitivity",
        "internal, while pii is false",
    ),
    (lambda m: m["personas"]["analysts"].pop("pii"), "personas.analysts.pii", "true or false"),
    (lambda m: m["domains"]["trading"].append("prices"), "domains.trading.prices", "one of"),
    (lambda m: m["domains"].pop("operations"), "domains", "a domain for the dataset"),
    (lambda m: m["domains"]["trading"].append("clients"), "domains.trading", "one domain"),
]


@pytest.mark.parametrize(("edit", "key", "allowed"), BAD, ids=[key for _, key, _ in BAD])
def test_a_wrong_entry_is_named_with_what_is_allowed(edit: Any, key: str, allowed: str) -> None:
    found = problems_of(edit)
    assert key in found, found
    assert allowed in found[key]


def test_all_wrong_entries_come_at_once() -> None:
    def spoil(raw: Any) -> None:
        raw["personas"]["auditors"] = {}
        raw["personas"]["analysts"]["reads"]["curated"]["margins"] = {}
        raw["domains"]["trading"].append("prices")

    assert {"personas.auditors", "personas.analysts.reads.curated.margins", "domains.trading.prices"} <= set(
        problems_of(spoil)
    )


def test_a_column_that_a_contract_adds_stays_hidden_behind_a_filter() -> None:
    """Views name columns one by one, so that the filters made of them show nothing new by themselves."""
    view = next(v for v in MATRIX.views(TABLES) if (v.persona, v.table) == ("data-science", "clients"))
    assert not view.whole
    assert "*" not in view.columns
    assert {"client_id", "province", "year"} <= set(view.columns)


@pytest.mark.parametrize(
    "query", named_queries(Names.of(parse("dev", stack_config("dev")))), ids=lambda q: q.name
)
def test_a_named_query_reads_only_what_its_workgroups_persona_sees(query: Any) -> None:
    seen = {
        f"{view.zone}.{view.table}": set(view.columns)
        for view in MATRIX.views(TABLES)
        if view.persona == query.workgroup
    }
    tree = sqlglot.parse_one(query.sql, read="athena")
    read = {f"{t.db.removeprefix('energy_').removesuffix('_dev')}.{t.name}" for t in tree.find_all(exp.Table)}
    assert read <= set(seen)
    made = {alias.alias for alias in tree.find_all(exp.Alias)}
    columns = {column.name for column in tree.find_all(exp.Column)}
    assert columns - made <= set().union(*(seen[table] for table in read))


def test_the_matrix_is_the_same_read_twice() -> None:
    assert isinstance(MATRIX, AccessMatrix)
    assert load(TABLES) == MATRIX


def test_open_defaults_are_found_and_closed() -> None:
    lake, glue = _Lake(), _Glue()
    assert open_doors(lake, glue, "1", ["energy_raw_dev"]) == [
        "the account's CreateTableDefaultPermissions still open everything new to IAM_ALLOWED_PRINCIPALS",
        "new tables of energy_raw_dev are open to IAM_ALLOWED_PRINCIPALS",
        "IAM_ALLOWED_PRINCIPALS holds ALL on Table energy_raw_dev clients",
    ]
    close(lake, "1")
    assert lake.settings == {
        "DataLakeAdmins": ["me"],
        "CreateDatabaseDefaultPermissions": [],
        "CreateTableDefaultPermissions": [],
    }
    glue.defaults, lake.grants = [], []
    assert open_doors(lake, glue, "1", ["energy_raw_dev"]) == []


_ANYBODY = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}


class _Lake:
    """Lake Formation's answers where the defaults were never cleared, over two pages."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {
            "DataLakeAdmins": ["me"],
            "CreateDatabaseDefaultPermissions": [],
            "CreateTableDefaultPermissions": [{"Principal": _ANYBODY, "Permissions": ["ALL"]}],
        }
        table = {"DatabaseName": "energy_raw_dev", "Name": "clients"}
        self.grants = [{"Principal": _ANYBODY, "Resource": {"Table": table}, "Permissions": ["ALL"]}]

    def get_data_lake_settings(self, CatalogId: str) -> dict[str, Any]:
        return {"DataLakeSettings": json.loads(json.dumps(self.settings))}

    def put_data_lake_settings(self, CatalogId: str, DataLakeSettings: dict[str, Any]) -> None:
        self.settings = DataLakeSettings

    def list_permissions(self, CatalogId: str, NextToken: str | None = None) -> dict[str, Any]:
        if NextToken is None:
            return {"PrincipalResourcePermissions": [], "NextToken": "more"}
        return {"PrincipalResourcePermissions": self.grants}


class _Glue:
    def __init__(self) -> None:
        self.defaults = [{"Principal": _ANYBODY, "Permissions": ["ALL"]}]

    def get_database(self, CatalogId: str, Name: str) -> dict[str, Any]:
        return {"Database": {"Name": Name, "CreateTableDefaultPermissions": self.defaults}}
