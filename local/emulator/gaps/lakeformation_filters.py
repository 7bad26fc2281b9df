"""AWS Lake Formation: data cells filters."""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.lakeformation import urls
from moto.lakeformation.exceptions import AlreadyExists, EntityNotFound, InvalidInput
from moto.lakeformation.models import LakeFormationBackend
from moto.lakeformation.responses import LakeFormationResponse

from local.emulator.gaps.extend import add, replace

Key = tuple[str, str, str, str]
_KEY = ("TableCatalogId", "DatabaseName", "TableName", "Name")


def filters(backend: LakeFormationBackend) -> dict[Key, dict[str, Any]]:
    """Returns the data cells filters by catalog, database, table and name."""
    return backend.__dict__.setdefault("data_cells_filters", {})  # type: ignore[no-any-return]


def create_data_cells_filter(self: Any) -> str:
    """Makes a filter of rows and columns on a table."""
    content, store = self._get_param("TableData"), filters(self.lakeformation_backend)
    key = _key(self, content)
    if key in store:
        raise AlreadyExists(f"Filter {key[3]} already exists")
    store[key] = _checked(self, content)
    return "{}"


def get_data_cells_filter(self: Any) -> str:
    """Answers one filter."""
    return json.dumps({"DataCellsFilter": _found(self, json.loads(self.body))})


def update_data_cells_filter(self: Any) -> str:
    """Replaces a filter."""
    content = self._get_param("TableData")
    _found(self, content)
    filters(self.lakeformation_backend)[_key(self, content)] = _checked(self, content)
    return "{}"


def delete_data_cells_filter(self: Any) -> str:
    """Removes a filter."""
    content = json.loads(self.body)
    _found(self, content)
    del filters(self.lakeformation_backend)[_key(self, content)]
    return "{}"


def list_data_cells_filter(self: Any) -> str:
    """Lists the filters, of one table if it is named."""
    table = self._get_param("Table") or {}
    wanted = {"DatabaseName": table.get("DatabaseName"), "TableName": table.get("Name")}
    found = [
        each
        for each in filters(self.lakeformation_backend).values()
        if all(value is None or each[name] == value for name, value in wanted.items())
    ]
    return json.dumps({"DataCellsFilters": found})


def _checked(self: Any, content: dict[str, Any]) -> dict[str, Any]:
    if "RowFilter" not in content:
        raise InvalidInput("RowFilter is required")
    if ("ColumnNames" in content) == ("ColumnWildcard" in content):
        raise InvalidInput("Exactly one of ColumnNames and ColumnWildcard is required")
    return {**content, "TableCatalogId": _key(self, content)[0], "VersionId": str(uuid.uuid4())}


def _found(self: Any, content: dict[str, Any]) -> dict[str, Any]:
    found = filters(self.lakeformation_backend).get(_key(self, content))
    if found is None:
        raise EntityNotFound()
    return found


def _key(self: Any, content: dict[str, Any]) -> Key:
    catalog = content.get(_KEY[0]) or self.current_account
    return (catalog, content[_KEY[1]], content[_KEY[2]], content[_KEY[3]])


def install() -> None:
    """Extends moto's Lake Formation."""
    add(LakeFormationResponse, create_data_cells_filter, get_data_cells_filter)
    add(LakeFormationResponse, update_data_cells_filter, delete_data_cells_filter)
    replace(LakeFormationResponse, "list_data_cells_filter", list_data_cells_filter)
    for operation in ("Create", "Get", "Update", "Delete"):
        urls.url_paths[f"{{0}}/{operation}DataCellsFilter$"] = LakeFormationResponse.dispatch
