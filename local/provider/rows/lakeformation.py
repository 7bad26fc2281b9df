"""Settings, registered locations and grants (AWS Lake Formation)."""

import json
from typing import Any

from local.provider.errors import ProviderError
from local.provider.paths import pick
from local.provider.row import ALL, Call, Row
from local.provider.scope import Scope

_NO_SETTINGS: dict[str, Any] = {
    "DataLakeAdmins": [],
    "ReadOnlyAdmins": [],
    "CreateDatabaseDefaultPermissions": [],
    "CreateTableDefaultPermissions": [],
    "TrustedResourceOwners": [],
}
_NOTHING_HELD = ("No permissions revoked", "not found", "does not exist")
_GRANT = Call(
    "GrantPermissions",
    rename={
        "catalogResource": "Resource.Catalog",
        "dataCellsFilter": "Resource.DataCellsFilter",
        "dataLocation": "Resource.DataLocation",
        "dataLocation.arn": "ResourceArn",
        "database": "Resource.Database",
        "lfTag": "Resource.LFTag",
        "lfTag.key": "TagKey",
        "lfTag.values": "TagValues",
        "lfTagPolicy": "Resource.LFTagPolicy",
        "lfTagPolicy.expressions": "Expression",
        "lfTagPolicy.expressions.key": "TagKey",
        "lfTagPolicy.expressions.values": "TagValues",
        "table": "Resource.Table",
        "table.wildcard": "TableWildcard",
        "tableWithColumns": "Resource.TableWithColumns",
        "tableWithColumns.wildcard": "ColumnWildcard",
        "tableWithColumns.excludedColumnNames": "ColumnWildcard.ExcludedColumnNames",
    },
)
_RESOURCES = (
    "catalogResource",
    "dataCellsFilter",
    "dataLocation",
    "database",
    "lfTag",
    "lfTagPolicy",
    "table",
    "tableWithColumns",
)


def _request(scope: Scope) -> dict[str, Any]:
    """Return the request that grants or revokes what the scope's resource holds."""
    held = {**scope.state, **scope.inputs}
    names = ("principal", "permissions", "permissionsWithGrantOptions", *_RESOURCES)
    # Outputs name every kind of resource; the empty ones are not the grant's.
    return scope.request(
        _GRANT, {name: held[name] for name in names if held.get(name) not in (None, {}, [], False)}
    )


def _revoke(scope: Scope) -> None:
    try:
        scope.send("RevokePermissions", **_request(scope))
    except ProviderError as error:
        # AWS refuses to take what is not held, or what is on a thing that is gone; both are the aim.
        if scope.code(error) != "InvalidInputException" or not any(
            text in str(error) for text in _NOTHING_HELD
        ):
            raise


def _find_grant(scope: Scope) -> dict[str, Any] | None:
    """Read a grant back: AWS lists permissions by resource, and may tell one grant in several entries."""
    request = _request(scope)
    resource = request["Resource"]
    asked = resource
    if "TableWithColumns" in resource:
        # Grants on columns are listed under their table.
        table = {
            k: v
            for k, v in resource["TableWithColumns"].items()
            if k in ("CatalogId", "DatabaseName", "Name")
        }
        asked = {"Table": table}
    where = {"CatalogId": request["CatalogId"]} if "CatalogId" in request else {}
    listing = scope.pages("ListPermissions", Principal=request["Principal"], Resource=asked, **where)
    entries = [
        entry
        for entry in listing.get("PrincipalResourcePermissions", [])
        if entry["Principal"] == request["Principal"] and _is_same_resource(entry["Resource"], resource)
    ]
    if not entries:
        return None
    grantable = {p for entry in entries for p in entry.get("PermissionsWithGrantOption", [])}
    granted = {p for entry in entries for p in entry.get("Permissions", [])}
    found = {name: scope.inputs.get(name, scope.state.get(name)) for name in ("principal", *_RESOURCES)}
    return {**found, "permissions": sorted(granted), "permissionsWithGrantOptions": sorted(grantable)}


def _is_same_resource(listed: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Tell whether a listed resource is the one of a grant, whoever's catalog it names."""
    if _resource_key(listed) == _resource_key(wanted):
        return True
    # SELECT on a whole table is told as a grant on all its columns.
    table, columns = wanted.get("Table"), listed.get("TableWithColumns")
    whole = (
        columns is not None
        and not columns.get("ColumnNames")
        and not pick(columns, "ColumnWildcard.ExcludedColumnNames")
    )
    return bool(table and whole and _place(table) == _place(columns or {}))


def _place(table: dict[str, Any]) -> tuple[Any, Any]:
    return table.get("DatabaseName"), table.get("Name")


def _resource_key(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _resource_key(item)
            for key, item in value.items()
            if key not in ("CatalogId", "TableCatalogId") and item not in (None, [])
        }
    if isinstance(value, list):
        # Lists of AWS are sets here, at every depth.
        return sorted(
            (_resource_key(item) for item in value), key=lambda key: json.dumps(key, sort_keys=True)
        )
    return value


ROWS = (
    Row(
        token="aws:lakeformation/dataLakeSettings:DataLakeSettings",
        service="lakeformation",
        id="{catalogId}",
        keys={"CatalogId": "{catalogId}"},
        create=Call("PutDataLakeSettings", body="DataLakeSettings"),
        read=Call("GetDataLakeSettings", at="DataLakeSettings"),
        update=Call("PutDataLakeSettings", body="DataLakeSettings"),
        # A singleton of account and region: what is left are settings that name nobody.
        delete=Call("PutDataLakeSettings", {"DataLakeSettings": _NO_SETTINGS}),
        replace=("catalogId",),
        rename={"admins": "DataLakeAdmins"},
        unordered=(
            "admins",
            "readOnlyAdmins",
            "trustedResourceOwners",
            "createDatabaseDefaultPermissions.permissions",
            "createTableDefaultPermissions.permissions",
        ),
        outputs={"catalogId": "{account}"},
    ),
    Row(
        token="aws:lakeformation/resource:Resource",
        service="lakeformation",
        id="{arn}",
        keys={"ResourceArn": "{arn}"},
        create=Call("RegisterResource"),
        read=Call("DescribeResource", at="ResourceInfo"),
        delete=Call("DeregisterResource"),
        replace=(ALL,),
        kept=("useServiceLinkedRole",),
    ),
    Row(
        token="aws:lakeformation/permissions:Permissions",
        service="lakeformation",
        id="{principal}"
        "|{catalogResource|}|{database.name|}|{table.databaseName|}|{table.name|}|{table.wildcard|}"
        "|{tableWithColumns.databaseName|}|{tableWithColumns.name|}|{tableWithColumns.columnNames|}"
        "|{dataLocation.arn|}|{dataCellsFilter.tableName|}|{dataCellsFilter.name|}"
        "|{lfTag.key|}|{lfTagPolicy.resourceType|}|{lfTagPolicy.expressions|}",
        keys={"CatalogId": "{catalogId}"},
        create=_GRANT,
        read=_find_grant,
        delete=_revoke,
        replace=(ALL,),
        unordered=(
            "permissions",
            "permissionsWithGrantOptions",
            "tableWithColumns.columnNames",
            "tableWithColumns.excludedColumnNames",
            "lfTag.values",
            "lfTagPolicy.expressions",
            "lfTagPolicy.expressions.values",
        ),
    ),
)
