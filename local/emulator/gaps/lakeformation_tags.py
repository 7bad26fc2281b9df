"""AWS Lake Formation: LF-tags on resources, with what they inherit, and tag expressions."""

from __future__ import annotations

import json
from typing import Any

from moto.lakeformation import urls
from moto.lakeformation.exceptions import AlreadyExists, EntityNotFound, InvalidInput
from moto.lakeformation.models import LakeFormationBackend
from moto.lakeformation.responses import LakeFormationResponse

from local.emulator.gaps.extend import add, replace

Tag = dict[str, Any]
_OPERATIONS = ("Create", "Get", "Update", "Delete")


def add_lf_tags_to_resource(
    self: Any, catalog_id: str, resource: dict[str, Any], tags: list[Tag]
) -> list[Any]:
    """Puts tags on a database, table or columns beside those there; one key has one value."""
    known = self.list_lf_tags(catalog_id)
    failures = []
    for tag in tags:
        if not set(tag["TagValues"]) <= set(known.get(tag["TagKey"], [])):
            error = {
                "ErrorCode": "EntityNotFoundException",
                "ErrorMessage": "Tag or tag value does not exist.",
            }
            failures.append({"LFTag": tag, "Error": error})
    if failures:
        return failures
    for store, key in _places(self, resource):
        kept = [each for each in store.get(key, []) if each["TagKey"] not in {tag["TagKey"] for tag in tags}]
        store[key] = kept + [{"CatalogId": catalog_id, **tag} for tag in tags]
    return []


def remove_lf_tags_from_resource(
    self: Any, catalog_id: str, resource: dict[str, Any], tags: list[Tag]
) -> None:
    """Takes tags off a resource."""
    keys = {tag["TagKey"] for tag in tags}
    for store, key in _places(self, resource):
        store[key] = [each for each in store.get(key, []) if each["TagKey"] not in keys]
        if not store[key]:
            del store[key]


def get_resource_lf_tags(
    self: Any, catalog_id: str, resource: dict[str, Any]
) -> tuple[list[Tag], list[Tag], list[dict[str, Any]]]:
    """Returns the tags of a database, of a table and of columns, each with what it inherits."""
    kind, named = next(
        (kind, resource[kind]) for kind in ("Database", "Table", "TableWithColumns") if kind in resource
    )
    catalog = named.get("CatalogId", catalog_id)
    database_name = named["Name"] if kind == "Database" else named["DatabaseName"]
    database: list[Tag] = self.lf_database_tags.get((catalog, database_name), [])
    if kind == "Database":
        return database, [], []
    table = _over(database, self.lf_table_tags.get((catalog, database_name, named["Name"]), []))
    if kind == "Table":
        return database, table, []
    columns = [
        {"Name": column, "LFTags": _over(table, own)}
        for column in named.get("ColumnNames", [])
        if (own := self.lf_columns_tags.get((catalog, database_name, named["Name"], column), [])) or table
    ]
    return database, table, columns


def create_lf_tag(self: Any, catalog_id: str, key: str, values: list[str]) -> None:
    """Makes a tag; one that exists is refused."""
    if key in self.list_lf_tags(catalog_id):
        raise AlreadyExists(f"Tag key {key} already exists")
    self.tagger.tag_resource(
        arn=f"arn:lakeformation:{catalog_id}", tags=[{"Key": key, "Value": list(values)}]
    )


def get_lf_tag(self: Any, catalog_id: str, key: str) -> list[str]:
    """Returns a tag's values, in order."""
    tags = self.list_lf_tags(catalog_id)
    if key not in tags:
        raise EntityNotFound()
    return sorted(tags[key])


def create_lf_tag_expression(self: Any) -> str:
    """Names a combination of tags."""
    store, name = _expressions(self), self._get_param("Name")
    if name in store:
        raise AlreadyExists(f"LFTagExpression {name} already exists")
    _check(self, self._get_param("Expression"))
    store[name] = {
        "Name": name,
        "Description": self._get_param("Description"),
        "Expression": self._get_param("Expression"),
    }
    return "{}"


def get_lf_tag_expression(self: Any) -> str:
    """Answers one named expression."""
    return json.dumps({"CatalogId": _catalog(self), **_expression(self)})


def update_lf_tag_expression(self: Any) -> str:
    """Replaces a named expression."""
    _check(self, self._get_param("Expression"))
    _expression(self).update(
        Description=self._get_param("Description"), Expression=self._get_param("Expression")
    )
    return "{}"


def delete_lf_tag_expression(self: Any) -> str:
    """Removes a named expression."""
    del _expressions(self)[_expression(self)["Name"]]
    return "{}"


def list_lf_tag_expressions(self: Any) -> str:
    """Lists the named expressions."""
    found = [{"CatalogId": _catalog(self), **each} for each in _expressions(self).values()]
    return json.dumps({"LFTagExpressions": found})


def _places(self: Any, resource: dict[str, Any]) -> list[tuple[dict[Any, list[Tag]], tuple[str, ...]]]:
    if "Database" in resource:
        named = resource["Database"]
        return [(self.lf_database_tags, (named.get("CatalogId", self.account_id), named["Name"]))]
    kind = "Table" if "Table" in resource else "TableWithColumns"
    named = resource[kind]
    key = (named.get("CatalogId", self.account_id), named["DatabaseName"], named["Name"])
    if kind == "Table":
        return [(self.lf_table_tags, key)]
    return [(self.lf_columns_tags, (*key, column)) for column in named.get("ColumnNames", [])]


def _over(inherited: list[Tag], own: list[Tag]) -> list[Tag]:
    keys = {tag["TagKey"] for tag in own}
    return [tag for tag in inherited if tag["TagKey"] not in keys] + own


def _check(self: Any, expression: list[Tag]) -> None:
    known = self.lakeformation_backend.list_lf_tags(_catalog(self))
    for tag in expression:
        if not set(tag["TagValues"]) <= set(known.get(tag["TagKey"], [])):
            raise InvalidInput(f"Tag or tag value does not exist: {tag['TagKey']}")


def _expressions(self: Any) -> dict[str, dict[str, Any]]:
    stores: dict[str, Any] = self.lakeformation_backend.__dict__.setdefault("tag_expressions", {})
    return stores.setdefault(_catalog(self), {})  # type: ignore[no-any-return]


def _expression(self: Any) -> dict[str, Any]:
    store, name = _expressions(self), self._get_param("Name")
    if name not in store:
        raise EntityNotFound()
    return store[name]


def _catalog(self: Any) -> str:
    return str(self._get_param("CatalogId") or self.current_account)


def install() -> None:
    """Extends moto's Lake Formation."""
    for handler in (add_lf_tags_to_resource, remove_lf_tags_from_resource, get_resource_lf_tags):
        replace(LakeFormationBackend, handler.__name__, handler)
    replace(LakeFormationBackend, "create_lf_tag", create_lf_tag)
    replace(LakeFormationBackend, "get_lf_tag", get_lf_tag)
    add(LakeFormationResponse, create_lf_tag_expression, get_lf_tag_expression, update_lf_tag_expression)
    add(LakeFormationResponse, delete_lf_tag_expression, list_lf_tag_expressions)
    for operation in _OPERATIONS:
        urls.url_paths[f"{{0}}/{operation}LFTagExpression$"] = LakeFormationResponse.dispatch
    urls.url_paths["{0}/ListLFTagExpressions$"] = LakeFormationResponse.dispatch
