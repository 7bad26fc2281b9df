"""QuickSight: what the dashboards show is in the contracts, and CloudFormation would take the template."""

import json
from typing import Any

import pytest

from components.bi_template import column_type
from components.bi_visuals import BOARDS
from components.names import Names
from components.settings import parse
from etl.catalog import Zone, tables
from tests.unit.graph_support import named, statements
from tests.unit.iam_lint_support import lint
from tests.unit.recorder import STACKS, UNKNOWN, Registration, recorded, stack_config

GOLD = {
    table.name: {column.name: column for column in (*table.columns, *table.partitions)}
    for table in tables(Zone.CURATED)
}
SHOWN = [stack for stack in STACKS if stack != "dev"]


@pytest.fixture(params=SHOWN)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def of_type(stack: str, kind: str) -> list[Registration]:
    return [one for one in recorded(stack) if one.type == f"aws:{kind}"]


def dashboards(stack: str) -> dict[str, Any]:
    (one,) = of_type(stack, "cloudformation/stack:Stack")
    return dict(json.loads(one.inputs["templateBody"]))


def walk(node: Any) -> Any:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(child)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_a_visual_shows_columns_that_its_contract_has_and_adds_up_numbers_only(board: Any) -> None:
    assert board.visuals
    for visual in board.visuals:
        columns = GOLD[visual.table]
        for measure in visual.measures:
            assert column_type(columns[measure.column]) in {"INTEGER", "DECIMAL"}, measure
        for name in (visual.by, visual.colour):
            assert name is None or name in columns
        assert (visual.by is None) == (visual.kind == "kpi")
        shares = {m.column for m in visual.measures if m.aggregation == "SUM"}
        assert not {c for c in shares if c.endswith(("_rate", "_share", "_factor", "_eur_mwh"))}, (
            "no sum of ratios"
        )


def test_every_gold_table_has_a_data_set_with_the_contracts_columns(stack: str) -> None:
    found = {}
    for one in of_type(stack, "quicksight/dataSet:DataSet"):
        (physical,) = one.inputs["physicalTableMaps"]
        table = physical["relationalTable"]
        found[table["name"]] = {column["name"]: column["type"] for column in table["inputColumns"]}
        assert table["schema"] == f"energy_curated_{stack}"
    assert found == {
        name: {column.name: column_type(column) for column in columns.values()}
        for name, columns in GOLD.items()
    }


def test_the_template_declares_what_it_uses_and_stays_below_cloudformations_limit(stack: str) -> None:
    body = dashboards(stack)
    assert len(json.dumps(body)) <= 51_200
    sets = {f"{one.inputs['dataSetId']}" for one in of_type(stack, "quicksight/dataSet:DataSet")}
    assert len(body["Resources"]) == len(BOARDS) == 3
    for resource in body["Resources"].values():
        definition = resource["Properties"]["Definition"]
        declared = {
            one["Identifier"]: one["DataSetArn"] for one in definition["DataSetIdentifierDeclarations"]
        }
        assert {arn.rpartition("/")[2] for arn in declared.values()} <= sets
        columns = [node for node in walk(definition) if isinstance(node, dict) and "ColumnName" in node]
        assert columns
        for column in columns:
            assert column["ColumnName"] in GOLD[column["DataSetIdentifier"]]
            assert column["DataSetIdentifier"] in declared
        fields = [
            node["FieldId"] for node in walk(definition) if isinstance(node, dict) and "FieldId" in node
        ]
        assert len(fields) == len(set(fields))


@pytest.mark.slow
def test_cloudformations_own_schema_accepts_the_template(stack: str) -> None:
    from cfnlint import ManualArgs, api

    body = json.dumps(dashboards(stack))
    home = ManualArgs(regions=["eu-west-1"])
    assert [
        str(match) for match in api.lint(body, config=home) if match.rule.severity != "informational"
    ] == []
    broken = body.replace("SimpleNumericalAggregation", "SimpleAggregation")
    assert any(match.rule.severity == "error" for match in api.lint(broken, config=home))


def test_groups_and_the_lakes_source_hold_grants_on_gold_only(stack: str) -> None:
    names = Names.of(parse(stack, stack_config(stack)))
    principals = {names.quicksight_group_arn(group) for group in ("analysts", "reporting")}
    principals.add(names.role_arn("quicksight-lake"))
    for principal in principals:
        given = [
            one.inputs
            for one in of_type(stack, "lakeformation/permissions:Permissions")
            if one.inputs["principal"] == principal
        ]
        places = {
            part["databaseName"]
            for one in given
            for key in ("table", "dataCellsFilter")
            if (part := one.get(key))
        }
        assert places == {names.database("curated")}


def test_sources_use_tls_the_workgroup_of_reports_and_the_private_network(stack: str) -> None:
    sources = {one.inputs["type"]: one.inputs for one in of_type(stack, "quicksight/dataSource:DataSource")}
    assert set(sources) == {"ATHENA", "REDSHIFT"}
    assert all(one["sslProperties"] == {"disableSsl": False} for one in sources.values())
    assert sources["ATHENA"]["parameters"]["athena"]["workGroup"] == "reporting"
    (connection,) = of_type(stack, "quicksight/vpcConnection:VpcConnection")
    used = sources["REDSHIFT"]["vpcConnectionProperties"]["vpcConnectionArn"]
    assert used.endswith(f"vpcConnection/{connection.inputs['vpcConnectionId']}")
    assert sources["REDSHIFT"]["parameters"]["redshift"] == {
        "host": UNKNOWN,
        "port": named(stack, "warehouse-cluster").inputs["port"],
        "database": named(stack, "warehouse-cluster").inputs["databaseName"],
    }, "an identifier would have to be looked up with the account's own QuickSight role"
    assert "credentialPair" not in sources["REDSHIFT"]["credentials"], "a password would lie in the state"


def test_owners_hold_a_set_of_actions_that_quicksight_knows(stack: str) -> None:
    """QuickSight refuses any other: "ResourcePermission list contains unsupported permission sets"."""
    owner = {
        "dataSource:DataSource": {
            f"quicksight:{verb}DataSource{rest}"
            for verb, rest in (
                *((verb, "") for verb in ("Delete", "Describe", "Pass", "Update")),
                *((verb, "Permissions") for verb in ("Describe", "Update")),
            )
        },
        "dataSet:DataSet": {
            *(f"quicksight:{verb}DataSet" for verb in ("Delete", "Describe", "Pass", "Update")),
            *(f"quicksight:{verb}DataSetPermissions" for verb in ("Describe", "Update")),
            *(f"quicksight:{verb}Ingestion" for verb in ("Cancel", "Create", "Describe")),
            "quicksight:ListIngestions",
        },
    }
    for kind, actions in owner.items():
        held = [
            set(given["actions"])
            for one in of_type(stack, f"quicksight/{kind}")
            for given in one.inputs["permissions"]
        ]
        assert held == [actions] * len(of_type(stack, f"quicksight/{kind}"))


def test_quicksight_places_interfaces_and_changes_their_groups(stack: str) -> None:
    found = {
        kind.rpartition(":")[2]: set(one["Action"])
        for one in statements(stack, "bi-warehouse-policy").values()
        for kind in one["Resource"]
    }
    place = {"ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"}
    assert found["security-group/*"] == found["subnet/*"] == place
    assert found["network-interface/*"] == place | {"ec2:DeleteNetworkInterface"}
    (trust,) = statements(stack, "bi-warehouse-role", "assumeRolePolicy").values()
    assert set(trust["Condition"]) == {"StringEquals"}, "no source ARN is documented for VPC connections"


def test_quicksights_roles_lint_clean(stack: str) -> None:
    policies = [one for one in of_type(stack, "iam/rolePolicy:RolePolicy") if one.name.startswith("bi-")]
    assert len(policies) == 2
    for one in policies:
        assert list(lint(json.loads(one.inputs["policy"]))) == []


def test_a_stack_whose_account_is_not_subscribed_gets_none_of_it() -> None:
    assert not [
        one for one in recorded("dev") if one.type.startswith(("aws:quicksight", "aws:cloudformation"))
    ]
