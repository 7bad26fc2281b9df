"""LF-tags, what carries them, and data cells filters (AWS Lake Formation)."""

from typing import Any

from local.provider.errors import ProviderError
from local.provider.row import ALL, Call, Row
from local.provider.scope import Scope

_RESOURCES = {"database": "Database", "table": "Table", "tableWithColumns": "TableWithColumns"}
_ADD = Call(
    "AddLFTagsToResource",
    rename={
        "database": "Resource.Database",
        "table": "Resource.Table",
        "table.wildcard": "TableWildcard",
        "tableWithColumns": "Resource.TableWithColumns",
        "tableWithColumns.wildcard": "ColumnWildcard",
        "tableWithColumns.excludedColumnNames": "ColumnWildcard.ExcludedColumnNames",
        "lfTag": "LFTags",
        "lfTag.key": "TagKey",
        "lfTag.value": "TagValues",
        "lfTags": "LFTags",
        "lfTags.key": "TagKey",
        "lfTags.value": "TagValues",
    },
)


def _update_tag(scope: Scope) -> None:
    """Change a tag's values by those it gains and loses."""
    held = set(scope.send("GetLFTag", TagKey=scope.inputs["key"])["TagValues"])
    wanted = set(scope.inputs["values"])
    request = {"TagValuesToAdd": sorted(wanted - held), "TagValuesToDelete": sorted(held - wanted)}
    given = {member: values for member, values in request.items() if values}
    scope.send("UpdateLFTag", TagKey=scope.inputs["key"], **given)


def _carrier(scope: Scope) -> dict[str, Any]:
    """Return the request that adds or removes what the scope's resource holds."""
    held = {**scope.state, **scope.inputs}
    names = ("lfTag", "lfTags", *_RESOURCES)
    return scope.request(_ADD, {name: held[name] for name in names if held.get(name)})


def _add_tags(scope: Scope) -> Any:
    answer = scope.send("AddLFTagsToResource", **_carrier(scope))
    _refuse(scope, "AddLFTagsToResource", answer)
    return answer


def _remove_tags(scope: Scope) -> None:
    scope.send("RemoveLFTagsFromResource", **_carrier(scope))


def _refuse(scope: Scope, operation: str, answer: dict[str, Any]) -> None:
    """Report the failures that AWS tells inside an answer which is otherwise well."""
    failures = [failure["Error"].get("ErrorMessage", "") for failure in answer.get("Failures") or []]
    if failures:
        raise ProviderError(f"lakeformation {operation} failed: {'; '.join(failures)}", where=scope.where)


def _read_tags(scope: Scope) -> dict[str, Any] | None:
    """Read which of the tags the resource carries itself; one inherited is not the resource's own."""
    request = _carrier(scope)
    resource = request["Resource"]
    try:
        answer = scope.send(
            "GetResourceLFTags",
            Resource=resource,
            ShowAssignedLFTags=True,
            **({"CatalogId": request["CatalogId"]} if "CatalogId" in request else {}),
        )
    except ProviderError as error:
        if scope.is_gone(error):
            return None
        raise
    held = {(tag["TagKey"], value) for tag in _assigned(resource, answer) for value in tag["TagValues"]}
    given = {**scope.state, **scope.inputs}
    names = ("lfTag", "lfTags", *_RESOURCES, "catalogId")
    found = {name: given[name] for name in names if given.get(name)}
    if "lfTag" in found:
        tag = found["lfTag"]
        return found if (tag["key"], tag["value"]) in held else None
    found["lfTags"] = [tag for tag in found["lfTags"] if (tag["key"], tag["value"]) in held]
    return found if found["lfTags"] else None


def _assigned(resource: dict[str, Any], answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tags told for the kind of resource that was asked for."""
    if "Database" in resource:
        return list(answer.get("LFTagOnDatabase", []))
    if "Table" in resource:
        return list(answer.get("LFTagsOnTable", []))
    columns = answer.get("LFTagsOnColumns", [])
    names = resource["TableWithColumns"].get("ColumnNames") or [column["Name"] for column in columns]
    tagged = [column["LFTags"] for column in columns if column["Name"] in names]
    # Every column of the resource must carry a tag for the resource to carry it.
    return [tag for tag in tagged[0] if all(tag in others for others in tagged)] if tagged else []


_FILTER = {
    "TableCatalogId": "{tableData.tableCatalogId}",
    "DatabaseName": "{tableData.databaseName}",
    "TableName": "{tableData.tableName}",
    "Name": "{tableData.name}",
}

ROWS = (
    Row(
        token="aws:lakeformation/lfTag:LfTag",
        service="lakeformation",
        id="{catalogId}:{key}",
        keys={"CatalogId": "{catalogId}", "TagKey": "{key}"},
        create=Call("CreateLFTag"),
        read=Call("GetLFTag"),
        update=_update_tag,
        delete=Call("DeleteLFTag"),
        replace=("catalogId", "key"),
        custom=("values",),
        rename={"values": "TagValues"},
        unordered=("values",),
        outputs={"catalogId": "{account}"},
    ),
    *(
        Row(
            token=f"aws:lakeformation/{name[0].lower()}{name[1:]}:{name}",
            service="lakeformation",
            id="{database.name|}{table.databaseName|}{tableWithColumns.databaseName|}"
            "|{table.name|}{tableWithColumns.name|}|{tableWithColumns.columnNames|}"
            f"|{{{tags}}}",
            keys={"CatalogId": "{catalogId}"},
            create=_add_tags,
            read=_read_tags,
            delete=_remove_tags,
            replace=(ALL,),
            custom=(tags, *_RESOURCES),
            kept=("timeouts",) if name == "ResourceLfTag" else (),
            rename={"tableWithColumns.columnWildcard": "ColumnWildcard"},
            unordered=("lfTags", "tableWithColumns.columnNames"),
            outputs={} if name == "ResourceLfTag" else {"catalogId": "{account}"},
        )
        for name, tags in (("ResourceLfTag", "lfTag"), ("ResourceLfTags", "lfTags"))
    ),
    Row(
        token="aws:lakeformation/dataCellsFilter:DataCellsFilter",
        service="lakeformation",
        id="{tableData.databaseName},{tableData.name},{tableData.tableCatalogId},{tableData.tableName}",
        create=Call("CreateDataCellsFilter"),
        read=Call("GetDataCellsFilter", _FILTER, rename={"tableData": "DataCellsFilter"}),
        update=Call("UpdateDataCellsFilter"),
        delete=Call("DeleteDataCellsFilter", _FILTER),
        replace=(
            "tableData.databaseName",
            "tableData.name",
            "tableData.tableCatalogId",
            "tableData.tableName",
        ),
        kept=("timeouts",),
        # A new version with every change, which the program does not speak of.
        rename={"tableData.versionId": ""},
        unordered=("tableData.columnNames", "tableData.columnWildcard.excludedColumnNames"),
    ),
)
