"""AWS Lake Formation: registered locations, settings, and grants on every kind of resource.

moto keeps grants in a set of objects that it changes in place, and can list only four kinds. Here a grant
is one entry a principal and resource; resources are compared with the account's catalog id filled in
wherever it may be left out.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from moto.core.utils import utcnow
from moto.lakeformation import urls
from moto.lakeformation.exceptions import InvalidInput
from moto.lakeformation.models import LakeFormationBackend, Resource
from moto.lakeformation.responses import LakeFormationResponse

from local.emulator.gaps.extend import add, replace

_WITH_CATALOG_ID = (
    "Database",
    "Table",
    "TableWithColumns",
    "DataLocation",
    "LFTag",
    "LFTagPolicy",
    "LFTagExpression",
)
# ResourceType of ListPermissions: the resource kinds it takes in.
_TYPES = {
    "CATALOG": ("Catalog",),
    "DATABASE": ("Database",),
    "TABLE": ("Table", "TableWithColumns"),
    "DATA_LOCATION": ("DataLocation",),
    "LF_TAG": ("LFTag",),
    "LF_TAG_POLICY": ("LFTagPolicy",),
    "LF_TAG_POLICY_DATABASE": ("LFTagPolicy",),
    "LF_TAG_POLICY_TABLE": ("LFTagPolicy",),
    "LF_NAMED_TAG_EXPRESSION": ("LFTagExpression",),
    "DATA_CELLS_FILTER": ("DataCellsFilter",),
}
Grant = dict[str, Any]


def grants(backend: LakeFormationBackend, catalog_id: str) -> list[Grant]:
    """Returns the grants of a catalog: Principal, Resource, Permissions, PermissionsWithGrantOption."""
    stores: dict[str, list[Grant]] = backend.__dict__.setdefault("grants_by_catalog", {})
    return stores.setdefault(catalog_id, [])


def grant(backend: Any, catalog_id: str, entry: dict[str, Any]) -> None:
    """Adds permissions to those that the principal has on the resource."""
    resource = normalised(entry["Resource"], catalog_id)
    existing = _find(backend, catalog_id, entry["Principal"], resource)
    if existing is None:
        existing = {
            "Principal": entry["Principal"],
            "Resource": resource,
            "Permissions": [],
            "PermissionsWithGrantOption": [],
            "LastUpdatedBy": f"arn:{backend.partition}:iam::{backend.account_id}:root",
        }
        grants(backend, catalog_id).append(existing)
    with_option = entry.get("PermissionsWithGrantOption") or []
    for permission in [*(entry.get("Permissions") or []), *with_option]:
        if permission not in existing["Permissions"]:
            existing["Permissions"].append(permission)
    existing["PermissionsWithGrantOption"] += [
        permission for permission in with_option if permission not in existing["PermissionsWithGrantOption"]
    ]
    existing["LastUpdated"] = utcnow().timestamp()


def revoke(backend: Any, catalog_id: str, entry: dict[str, Any]) -> None:
    """Takes permissions away; what was not granted cannot be revoked."""
    resource = normalised(entry["Resource"], catalog_id)
    existing = _find(backend, catalog_id, entry["Principal"], resource)
    if existing is None:
        raise InvalidInput("No permissions revoked. Grantee does not have: " + str(entry.get("Permissions")))
    gone = entry.get("Permissions") or []
    option_gone = [*gone, *(entry.get("PermissionsWithGrantOption") or [])]
    existing["Permissions"] = [each for each in existing["Permissions"] if each not in gone]
    existing["PermissionsWithGrantOption"] = [
        each for each in existing["PermissionsWithGrantOption"] if each not in option_gone
    ]
    if not existing["Permissions"]:
        grants(backend, catalog_id).remove(existing)


def normalised(resource: dict[str, Any], catalog_id: str) -> dict[str, Any]:
    """Returns a resource with catalog id filled in and lists in order, so that equal ones compare equal."""
    resource = copy.deepcopy(resource)
    for kind in _WITH_CATALOG_ID:
        if kind in resource:
            resource[kind].setdefault("CatalogId", catalog_id)
    if "DataCellsFilter" in resource:
        resource["DataCellsFilter"].setdefault("TableCatalogId", catalog_id)
    if "TableWithColumns" in resource and "ColumnNames" in resource["TableWithColumns"]:
        resource["TableWithColumns"]["ColumnNames"].sort()
    if "LFTag" in resource:
        resource["LFTag"]["TagValues"].sort()
    for tag in resource.get("LFTagPolicy", {}).get("Expression", []):
        tag["TagValues"].sort()
    return resource


def _find(backend: Any, catalog_id: str, principal: dict[str, str], resource: dict[str, Any]) -> Grant | None:
    return next(
        (
            each
            for each in grants(backend, catalog_id)
            if (each["Principal"], each["Resource"]) == (principal, resource)
        ),
        None,
    )


def _covers(asked: dict[str, Any], held: dict[str, Any]) -> bool:
    """Tells whether a grant's resource is what was asked for; a table also stands for its columns."""
    if asked == held:
        return True
    table = asked.get("Table")
    columns = held.get("TableWithColumns")
    if table and columns:
        same = all(table.get(name) == columns.get(name) for name in ("CatalogId", "DatabaseName"))
        return same and (table.get("Name") == columns.get("Name") or "TableWildcard" in table)
    return False


def grant_permissions(self: Any) -> str:
    """Grants."""
    grant(self.lakeformation_backend, _catalog(self), _body(self))
    return "{}"


def revoke_permissions(self: Any) -> str:
    """Revokes."""
    revoke(self.lakeformation_backend, _catalog(self), _body(self))
    return "{}"


def batch_grant_permissions(self: Any) -> str:
    """Grants several entries."""
    return _batch(self, grant)


def batch_revoke_permissions(self: Any) -> str:
    """Revokes several entries; those that cannot be revoked are reported."""
    return _batch(self, revoke)


def _batch(self: Any, act: Any) -> str:
    failures = []
    for entry in self._get_param("Entries"):
        try:
            act(self.lakeformation_backend, _catalog(self), entry)
        except InvalidInput as refusal:
            error = {"ErrorCode": "InvalidInputException", "ErrorMessage": str(refusal.message)}
            failures.append({"RequestEntry": entry, "Error": error})
    return json.dumps({"Failures": failures})


def list_permissions(self: Any) -> str:
    """Lists grants by principal, resource and resource type, of every kind."""
    principal, resource = self._get_param("Principal"), self._get_param("Resource")
    kinds = _TYPES.get(self._get_param("ResourceType") or "")
    if principal is not None and resource is None and kinds is None:
        raise InvalidInput("Resource is mandatory if Principal is set in the input.")
    found = grants(self.lakeformation_backend, _catalog(self))
    if principal is not None:
        found = [each for each in found if each["Principal"] == principal]
    if kinds is not None:
        found = [each for each in found if any(kind in each["Resource"] for kind in kinds)]
    if resource is not None:
        asked = normalised(resource, _catalog(self))
        found = [each for each in found if _covers(asked, each["Resource"])]
    begin = int(self._get_param("NextToken") or 0)
    end = begin + (self._get_param("MaxResults") or 1000)
    answer: dict[str, Any] = {"PrincipalResourcePermissions": found[begin:end]}
    if end < len(found):
        answer["NextToken"] = str(end)
    return json.dumps(answer)


def update_resource(self: Any) -> str:
    """Changes role and modes of a registered location."""
    resource: Any = self.lakeformation_backend.describe_resource(self._get_param("ResourceArn"))
    resource.role_arn = self._get_param("RoleArn")
    _set_modes(self, resource)
    return "{}"


def _set_modes(self: Any, resource: Any) -> None:
    for field in (
        "WithFederation",
        "HybridAccessEnabled",
        "WithPrivilegedAccess",
        "ExpectedResourceOwnerAccount",
    ):
        value = self._get_param(field)
        if value is not None:
            resource.__dict__.setdefault("modes", {})[field] = value
    resource.last_modified = utcnow().timestamp()


def _catalog(self: Any) -> str:
    return str(self._get_param("CatalogId") or self.current_account)


def _body(self: Any) -> dict[str, Any]:
    return dict(json.loads(self.body))


def install() -> None:
    """Extends moto's Lake Formation."""

    def register_resource(self: Any) -> str:
        answer: str = register(self)
        arn = self._get_param("ResourceArn")
        resource: Any = self.lakeformation_backend.resources[arn]
        if self._get_param("UseServiceLinkedRole"):
            place = (
                "role/aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess"
            )
            resource.role_arn = f"arn:{self.partition}:iam::{self.current_account}:{place}"
        _set_modes(self, resource)
        return answer

    def resource_to_dict(self: Any) -> dict[str, Any]:
        modes = getattr(self, "modes", {})
        return {**to_dict(self), **modes, "LastModified": self.last_modified}

    def get_data_lake_settings(self: Any, catalog_id: str) -> dict[str, Any]:
        return {"Parameters": {"CROSS_ACCOUNT_VERSION": "1"}, **settings(self, catalog_id)}

    add(LakeFormationResponse, update_resource)
    register = replace(LakeFormationResponse, "register_resource", register_resource)
    to_dict = replace(Resource, "to_dict", resource_to_dict)
    settings = replace(LakeFormationBackend, "get_data_lake_settings", get_data_lake_settings)
    handlers = (grant_permissions, revoke_permissions, batch_grant_permissions, batch_revoke_permissions)
    for handler in (*handlers, list_permissions):
        replace(LakeFormationResponse, handler.__name__, handler)
    urls.url_paths["{0}/UpdateResource$"] = LakeFormationResponse.dispatch
