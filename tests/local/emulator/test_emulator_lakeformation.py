"""AWS Lake Formation in the embedded AWS, where moto differs from AWS."""

from typing import Any

import pytest

from local.aws import Cloud
from tests.local.emulator.emulator_support import ACCOUNT, refused

ANALYST = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/analysts"}
OTHER = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/reporting"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lake"
DATABASE = {"Database": {"Name": "curated"}}
TABLE = {"DatabaseName": "curated", "Name": "daily"}
COLUMNS = {"TableWithColumns": {**TABLE, "ColumnNames": ["mwh", "day"]}}
TAGS = [{"TagKey": "zone", "TagValues": ["curated"]}]

RESOURCES: dict[str, dict[str, Any]] = {
    "catalog": {"Catalog": {}},
    "database": DATABASE,
    "table": {"Table": TABLE},
    "all-tables": {"Table": {"DatabaseName": "curated", "TableWildcard": {}}},
    "columns": COLUMNS,
    "all-but-columns": {"TableWithColumns": {**TABLE, "ColumnWildcard": {"ExcludedColumnNames": ["name"]}}},
    "location": {"DataLocation": {"ResourceArn": "arn:aws:s3:::lake/curated"}},
    "tag": {"LFTag": {"TagKey": "zone", "TagValues": ["curated"]}},
    "tag-policy": {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": TAGS}},
    "tag-expression": {"LFTagPolicy": {"ResourceType": "DATABASE", "ExpressionName": "gold"}},
    "filter": {
        "DataCellsFilter": {
            "TableCatalogId": ACCOUNT,
            "DatabaseName": "curated",
            "TableName": "daily",
            "Name": "no-names",
        }
    },
}
TYPES = {
    "catalog": "CATALOG",
    "database": "DATABASE",
    "table": "TABLE",
    "columns": "TABLE",
    "location": "DATA_LOCATION",
    "tag": "LF_TAG",
    "tag-policy": "LF_TAG_POLICY",
    "filter": "DATA_CELLS_FILTER",
}


def listed(cloud: Cloud, **asked: Any) -> list[dict[str, Any]]:
    return list(cloud.client("lakeformation").list_permissions(**asked)["PrincipalResourcePermissions"])


@pytest.mark.parametrize("kind", RESOURCES)
def test_a_grant_on_any_resource_is_listed_alone_and_revoked(cloud: Cloud, kind: str) -> None:
    lake, resource = cloud.client("lakeformation"), RESOURCES[kind]
    asked = {"Principal": ANALYST, "Resource": resource}
    assert listed(cloud, **asked) == []
    lake.grant_permissions(
        **asked, Permissions=["DESCRIBE", "ALTER"], PermissionsWithGrantOption=["DESCRIBE"]
    )
    lake.grant_permissions(**{**asked, "Principal": OTHER}, Permissions=["DESCRIBE"])
    (found,) = listed(cloud, **asked)
    assert found["Principal"] == ANALYST
    assert (found["Permissions"], found["PermissionsWithGrantOption"]) == (
        ["DESCRIBE", "ALTER"],
        ["DESCRIBE"],
    )
    if kind in TYPES:
        assert found in listed(cloud, ResourceType=TYPES[kind], Principal=ANALYST)
    lake.revoke_permissions(**asked, Permissions=["DESCRIBE"])
    (found,) = listed(cloud, **asked)
    assert (found["Permissions"], found["PermissionsWithGrantOption"]) == (["ALTER"], [])
    lake.revoke_permissions(**asked, Permissions=["ALTER"])
    assert listed(cloud, **asked) == []
    assert len(listed(cloud, Resource=resource)) == 1
    lake.revoke_permissions(**{**asked, "Principal": OTHER}, Permissions=["DESCRIBE"])
    with refused("InvalidInputException"):
        lake.revoke_permissions(**asked, Permissions=["ALTER"])


def test_grants_are_one_whatever_the_order_of_columns_and_the_catalog_id(cloud: Cloud) -> None:
    lake = cloud.client("lakeformation")
    lake.grant_permissions(Principal=ANALYST, Resource=COLUMNS, Permissions=["SELECT"])
    again = {"TableWithColumns": {**TABLE, "CatalogId": ACCOUNT, "ColumnNames": ["day", "mwh"]}}
    lake.grant_permissions(Principal=ANALYST, Resource=again, Permissions=["SELECT"])
    assert len(listed(cloud, Principal=ANALYST, Resource=again)) == 1
    (by_table,) = listed(cloud, Principal=ANALYST, Resource={"Table": TABLE})
    assert by_table["Resource"]["TableWithColumns"]["ColumnNames"] == ["day", "mwh"]
    lake.revoke_permissions(Principal=ANALYST, Resource=COLUMNS, Permissions=["SELECT"])
    assert listed(cloud, Principal=ANALYST, Resource={"Table": TABLE}) == []


def test_batches_report_what_could_not_be_revoked(cloud: Cloud) -> None:
    lake = cloud.client("lakeformation")
    entry = {"Id": "1", "Principal": ANALYST, "Resource": DATABASE, "Permissions": ["DESCRIBE"]}
    assert lake.batch_grant_permissions(Entries=[entry])["Failures"] == []
    answer = lake.batch_revoke_permissions(Entries=[entry, {**entry, "Id": "2"}])
    assert [failure["RequestEntry"]["Id"] for failure in answer["Failures"]] == ["2"]
    assert listed(cloud, Resource=DATABASE) == []


def test_a_location_keeps_its_modes_and_can_be_updated(cloud: Cloud) -> None:
    lake, arn = cloud.client("lakeformation"), "arn:aws:s3:::lake/processed"
    lake.register_resource(ResourceArn=arn, RoleArn=ROLE, HybridAccessEnabled=True, WithFederation=False)
    info = lake.describe_resource(ResourceArn=arn)["ResourceInfo"]
    assert (info["RoleArn"], info["HybridAccessEnabled"], info["WithFederation"]) == (ROLE, True, False)
    lake.update_resource(ResourceArn=arn, RoleArn=ROLE + "2", HybridAccessEnabled=False)
    info = lake.describe_resource(ResourceArn=arn)["ResourceInfo"]
    assert (info["RoleArn"], info["HybridAccessEnabled"]) == (ROLE + "2", False)
    assert info in lake.list_resources()["ResourceInfoList"]
    lake.deregister_resource(ResourceArn=arn)
    for missing in (lake.describe_resource, lake.deregister_resource):
        with refused("EntityNotFoundException"):
            missing(ResourceArn=arn)
    lake.register_resource(ResourceArn=arn, UseServiceLinkedRole=True)
    assert (
        "AWSServiceRoleForLakeFormation" in lake.describe_resource(ResourceArn=arn)["ResourceInfo"]["RoleArn"]
    )


def test_settings_are_kept_with_the_cross_account_version(cloud: Cloud) -> None:
    lake = cloud.client("lakeformation")
    wanted = {
        "DataLakeAdmins": [ANALYST],
        "CreateDatabaseDefaultPermissions": [],
        "CreateTableDefaultPermissions": [],
        "Parameters": {"CROSS_ACCOUNT_VERSION": "4"},
    }
    lake.put_data_lake_settings(DataLakeSettings=wanted)
    assert lake.get_data_lake_settings()["DataLakeSettings"] == wanted
    del wanted["Parameters"]
    lake.put_data_lake_settings(DataLakeSettings=wanted)
    assert lake.get_data_lake_settings()["DataLakeSettings"]["Parameters"] == {"CROSS_ACCOUNT_VERSION": "1"}


def test_tags_add_up_are_inherited_and_come_off(cloud: Cloud) -> None:
    lake = cloud.client("lakeformation")
    for key, values in (("layer", ["gold", "silver"]), ("pii", ["yes", "no"])):
        lake.create_lf_tag(TagKey=key, TagValues=values)
    with refused("AlreadyExistsException"):
        lake.create_lf_tag(TagKey="layer", TagValues=["gold"])
    table, column = {"Table": TABLE}, {"TableWithColumns": {**TABLE, "ColumnNames": ["name"]}}
    assert "LFTagOnDatabase" not in lake.get_resource_lf_tags(Resource=DATABASE)
    lake.add_lf_tags_to_resource(Resource=DATABASE, LFTags=[{"TagKey": "layer", "TagValues": ["gold"]}])
    lake.add_lf_tags_to_resource(Resource=DATABASE, LFTags=[{"TagKey": "pii", "TagValues": ["no"]}])
    lake.add_lf_tags_to_resource(Resource=column, LFTags=[{"TagKey": "pii", "TagValues": ["yes"]}])

    def tags(found: list[dict[str, Any]]) -> dict[str, list[str]]:
        return {tag["TagKey"]: tag["TagValues"] for tag in found}

    assert tags(lake.get_resource_lf_tags(Resource=DATABASE)["LFTagOnDatabase"]) == {
        "layer": ["gold"],
        "pii": ["no"],
    }
    assert tags(lake.get_resource_lf_tags(Resource=table)["LFTagsOnTable"]) == {
        "layer": ["gold"],
        "pii": ["no"],
    }
    (of_column,) = lake.get_resource_lf_tags(Resource=column)["LFTagsOnColumns"]
    assert tags(of_column["LFTags"]) == {"layer": ["gold"], "pii": ["yes"]}
    unknown = lake.add_lf_tags_to_resource(
        Resource=DATABASE, LFTags=[{"TagKey": "pii", "TagValues": ["maybe"]}]
    )
    assert len(unknown["Failures"]) == 1
    lake.remove_lf_tags_from_resource(Resource=DATABASE, LFTags=[{"TagKey": "layer", "TagValues": ["gold"]}])
    assert tags(lake.get_resource_lf_tags(Resource=DATABASE)["LFTagOnDatabase"]) == {"pii": ["no"]}
    lake.update_lf_tag(TagKey="layer", TagValuesToAdd=["bronze"], TagValuesToDelete=["silver"])
    assert lake.get_lf_tag(TagKey="layer")["TagValues"] == ["bronze", "gold"]
    lake.delete_lf_tag(TagKey="layer")
    with refused("EntityNotFoundException"):
        lake.get_lf_tag(TagKey="layer")


def test_tag_expressions_are_created_changed_and_deleted(cloud: Cloud) -> None:
    lake = cloud.client("lakeformation")
    lake.create_lf_tag(TagKey="domain", TagValues=["energy", "trading"])
    expression = [{"TagKey": "domain", "TagValues": ["energy"]}]
    lake.create_lf_tag_expression(Name="energy", Description="d", Expression=expression)
    found = lake.get_lf_tag_expression(Name="energy")
    assert (found["Description"], found["Expression"], found["CatalogId"]) == ("d", expression, ACCOUNT)
    changed = [{"TagKey": "domain", "TagValues": ["trading"]}]
    lake.update_lf_tag_expression(Name="energy", Description="e", Expression=changed)
    assert lake.list_lf_tag_expressions()["LFTagExpressions"][0]["Expression"] == changed
    with refused("AlreadyExistsException"):
        lake.create_lf_tag_expression(Name="energy", Expression=expression)
    with refused("InvalidInputException"):
        lake.create_lf_tag_expression(Name="x", Expression=[{"TagKey": "domain", "TagValues": ["no"]}])
    lake.delete_lf_tag_expression(Name="energy")
    with refused("EntityNotFoundException"):
        lake.get_lf_tag_expression(Name="energy")


def test_data_cells_filters_are_created_changed_and_deleted(cloud: Cloud) -> None:
    lake = cloud.client("lakeformation")
    key = {"TableCatalogId": ACCOUNT, "DatabaseName": "curated", "TableName": "clients", "Name": "no-pii"}
    content: dict[str, Any] = {
        **key,
        "RowFilter": {"FilterExpression": "country = 'ES'"},
        "ColumnWildcard": {"ExcludedColumnNames": ["name"]},
    }
    lake.create_data_cells_filter(TableData=content)
    found = lake.get_data_cells_filter(**key)["DataCellsFilter"]
    assert {name: found[name] for name in content} == content
    changed = {**key, "RowFilter": {"AllRowsWildcard": {}}, "ColumnNames": ["client_id"]}
    lake.update_data_cells_filter(TableData=changed)
    after = lake.get_data_cells_filter(**key)["DataCellsFilter"]
    assert after["VersionId"] != found["VersionId"]
    assert after["ColumnNames"] == ["client_id"]
    of_table = {"CatalogId": ACCOUNT, "DatabaseName": "curated", "Name": "clients"}
    assert len(lake.list_data_cells_filter(Table=of_table)["DataCellsFilters"]) == 1
    assert lake.list_data_cells_filter(Table={**of_table, "Name": "x"})["DataCellsFilters"] == []
    with refused("AlreadyExistsException"):
        lake.create_data_cells_filter(TableData=content)
    with refused("InvalidInputException"):
        lake.create_data_cells_filter(TableData={**key, "Name": "x", "RowFilter": {}})
    lake.delete_data_cells_filter(**key)
    for missing in (lake.get_data_cells_filter, lake.delete_data_cells_filter):
        with refused("EntityNotFoundException"):
            missing(**key)
