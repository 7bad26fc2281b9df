"""Lake Formation as deployed: tags, filters, grants and personas are the access matrix and nothing else."""

import json
from typing import Any

import pytest

from components.access_matrix import load
from components.names import Names
from components.settings import parse
from etl.catalog import Zone, tables
from tests.unit.iam_lint_support import as_list
from tests.unit.recorder import PROJECT, STACKS, Registration, record, recorded, stack_config

TABLES = {zone: tables(zone) for zone in Zone}
MATRIX = load(TABLES)
VIEWS = MATRIX.views(TABLES)


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def of_type(stack: str, kind: str) -> list[Registration]:
    return [one for one in recorded(stack) if one.short_type == kind]


def names_of(stack: str) -> Names:
    return Names.of(parse(stack, stack_config(stack)))


def grants_of(stack: str, principal: str) -> list[dict[str, Any]]:
    return [dict(one.inputs) for one in of_type(stack, "Permissions") if one.inputs["principal"] == principal]


def test_tags_hold_every_value_once_and_each_assignment_stands_alone(stack: str) -> None:
    declared = {one.inputs["key"]: set(one.inputs["values"]) for one in of_type(stack, "LfTag")}
    assert declared == {
        "zone": {"raw", "processed", "curated"},
        "domain": {"counterparties", "operations", "performance", "trading"},
        "sensitivity": {"internal", "pii"},
    }
    assert not of_type(stack, "ResourceLfTags"), "it would take away what others tag"
    for one in of_type(stack, "ResourceLfTag"):
        assert one.inputs["lfTag"]["value"] in declared[one.inputs["lfTag"]["key"]]
        assert len({"database", "table", "tableWithColumns"} & set(one.inputs)) == 1


def test_exactly_the_contracts_personal_columns_are_tagged_so(stack: str) -> None:
    names = names_of(stack)
    tagged = {
        (one.inputs["tableWithColumns"]["databaseName"], one.inputs["tableWithColumns"]["name"], column)
        for one in of_type(stack, "ResourceLfTag")
        if one.inputs["lfTag"]["value"] == "pii"
        for column in one.inputs["tableWithColumns"]["columnNames"]
    }
    assert tagged == {
        (names.database(zone), table.name, column.name)
        for zone in Zone
        for table in TABLES[zone]
        for column in table.columns
        if column.pii
    }
    assert (names.database("processed"), "clients", "email") in tagged


def test_every_table_has_a_domain_and_every_database_a_zone(stack: str) -> None:
    names = names_of(stack)
    assignments = [one.inputs for one in of_type(stack, "ResourceLfTag")]
    domains = {(one["table"]["databaseName"], one["table"]["name"]) for one in assignments if "table" in one}
    assert domains == {(names.database(zone), table.name) for zone in Zone for table in TABLES[zone]}
    zones = {
        one["database"]["name"]: one["lfTag"]["value"]
        for one in assignments
        if "database" in one and one["lfTag"]["key"] == "zone"
    }
    assert zones == {names.database(zone): zone.value for zone in Zone}


def test_a_filter_names_columns_and_never_a_wildcard_of_them(stack: str) -> None:
    names = names_of(stack)
    restricted = {
        (names.database(view.zone), view.table, view.persona): view
        for view in VIEWS
        if not view.whole and view.persona != "data-engineers"
    }
    filters = {}
    for one in of_type(stack, "DataCellsFilter"):
        data = one.inputs["tableData"]
        filters[data["databaseName"], data["tableName"], data["name"]] = data
    assert set(filters) == set(restricted)
    for key, data in filters.items():
        view = restricted[key]
        assert tuple(data["columnNames"]) == view.columns
        assert "columnWildcard" not in data
        expected = {"allRowsWildcard": {}} if view.rows is None else {"filterExpression": view.rows}
        assert data["rowFilter"] == expected


@pytest.mark.parametrize("persona", [persona.name for persona in MATRIX.personas])
def test_a_persona_is_granted_its_views_and_nothing_else(stack: str, persona: str) -> None:
    names = names_of(stack)
    given = grants_of(stack, names.role_arn(persona))
    views = [view for view in VIEWS if view.persona == persona]
    if persona == "data-engineers":
        policies = [(one["lfTagPolicy"]["resourceType"], one["permissions"]) for one in given]
        assert policies == [("DATABASE", ["DESCRIBE"]), ("TABLE", ["DESCRIBE", "SELECT"])]
        for one in given:
            expression = {e["key"]: e["values"] for e in one["lfTagPolicy"]["expressions"]}
            assert expression == {"sensitivity": ["internal", "pii"], "zone": ["raw", "processed", "curated"]}
        return
    whole = {(one["table"]["databaseName"], one["table"]["name"]) for one in given if "table" in one}
    assert whole == {(names.database(view.zone), view.table) for view in views if view.whole}
    filtered = {
        (one["dataCellsFilter"]["databaseName"], one["dataCellsFilter"]["tableName"])
        for one in given
        if "dataCellsFilter" in one
    }
    assert filtered == {(names.database(view.zone), view.table) for view in views if not view.whole}
    assert not whole & filtered, "two grants add up: the filter would hide nothing"
    assert not any("lfTagPolicy" in one or one.get("table", {}).get("wildcard") for one in given)
    rights = {one["permissions"][-1] for one in given if "database" not in one}
    assert rights == {"SELECT"}


def test_a_persona_reads_the_lake_through_lake_formation_alone(stack: str) -> None:
    names = names_of(stack)
    for persona in (persona.name for persona in MATRIX.personas):
        (policy,) = (one for one in of_type(stack, "RolePolicy") if one.inputs["role"] == names.role(persona))
        statements = json.loads(policy.inputs["policy"])["Statement"]
        allowed = {
            (a, arn) for s in statements for a in as_list(s["Action"]) for arn in as_list(s["Resource"])
        }
        assert ("lakeformation:GetDataAccess", "*") in allowed
        objects = {arn for action, arn in allowed if action.startswith("s3:")}
        assert objects == {
            f"arn:aws:s3:::{names.prefix}-results",
            f"arn:aws:s3:::{names.prefix}-results/{persona}/*",
        }
        groups = {arn for action, arn in allowed if action == "athena:StartQueryExecution"}
        assert groups == {names.workgroup_arn(persona)}
        aliases = {
            alias
            for s in statements
            for alias in s.get("Condition", {})
            .get("ForAnyValue:StringEquals", {})
            .get("kms:ResourceAliases", [])
        }
        assert f"alias/{names.prefix}/data" not in aliases
        assert not {a for a, _ in allowed if a.startswith(("iam:", "lakeformation:Grant", "s3:Delete"))}


def test_only_members_that_the_identity_provider_tags_become_a_persona(stack: str) -> None:
    names = names_of(stack)
    for persona in (persona.name for persona in MATRIX.personas):
        (role,) = (one for one in of_type(stack, "Role") if one.inputs["name"] == names.role(persona))
        (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert statement["Principal"] == {"AWS": f"arn:aws:iam::{names.account}:root"}
        key = f"aws:PrincipalTag/energy-trading-datalake-{stack}:{persona}"
        assert statement["Condition"] == {"StringEquals": {key: "true"}}


def test_grants_follow_the_tags_filters_and_tables_they_are_about(stack: str) -> None:
    graph = {one.urn: one for one in recorded(stack)}
    for one in of_type(stack, "Permissions"):
        before = {graph[urn].short_type for urn in one.dependencies if urn in graph}
        if "lfTagPolicy" in one.inputs:
            assert {"LfTag", "ResourceLfTag", "Role"} <= before or {"LfTag", "Group"} <= before
        if "dataCellsFilter" in one.inputs:
            assert "DataCellsFilter" in before
            wanted = one.inputs["dataCellsFilter"]
            assert any(
                graph[urn].inputs.get("tableData", {}).get("tableName") == wanted["tableName"]
                for urn in one.dependencies
                if urn in graph
            )


def test_a_guest_stack_has_tags_of_its_own_names() -> None:
    guest = record("dev", stack_config("dev") | {f"{PROJECT}:owns_account_settings": False})
    keys = {one.inputs["key"] for one in guest if one.short_type == "LfTag"}
    assert keys == {"zone-dev", "domain-dev", "sensitivity-dev"}
    used = {one.inputs["lfTag"]["key"] for one in guest if one.short_type == "ResourceLfTag"}
    assert used == keys
