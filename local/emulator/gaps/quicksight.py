"""Amazon QuickSight: data sources, data sets, VPC connections, their permissions, and refresh schedules.

moto keeps a part of a data source and next to nothing of a data set, so all four are kept here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import camelcase_to_underscores
from moto.ec2.models import ec2_backends
from moto.quicksight import urls
from moto.quicksight.exceptions import InvalidParameterValueException, ResourceNotFoundException
from moto.quicksight.models import QuickSightBackend
from moto.quicksight.responses import QuickSightResponse

from local.emulator.gaps.extend import add, replace

Content = dict[str, Any]
_APART = ("AwsAccountId", "Permissions", "Tags", "Credentials", "SubnetIds")


class ResourceExists(JsonRESTError):
    """QuickSight's refusal of a second resource with the same identifier."""

    code = 409

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__("ResourceExistsException", f"{kind} {identifier} already exists")


@dataclass(frozen=True)
class Kind:
    """One kind of resource: its name in operations, its place in paths and ARNs."""

    name: str
    path: str
    arn: str
    key: str
    permissions: bool = True


KINDS = (
    Kind("DataSource", "data-sources", "datasource", "DataSourceId"),
    Kind("DataSet", "data-sets", "dataset", "DataSetId"),
    Kind("VPCConnection", "vpc-connections", "vpcConnection", "VPCConnectionId", permissions=False),
)


def assets(backend: QuickSightBackend, kind: str) -> dict[str, Content]:
    """Returns the resources of a kind by their identifiers."""
    return backend.__dict__.setdefault("assets", {}).setdefault(kind, {})  # type: ignore[no-any-return]


def refresh_schedules(backend: QuickSightBackend) -> dict[tuple[str, str], Content]:
    """Returns the refresh schedules by data set and identifier."""
    return backend.__dict__.setdefault("refresh_schedules", {})  # type: ignore[no-any-return]


def permissions(backend: QuickSightBackend, arn: str) -> dict[str, list[str]]:
    """Returns the actions by principal on a resource."""
    return backend.__dict__.setdefault("permissions", {}).setdefault(arn, {})  # type: ignore[no-any-return]


def _answer(**content: Any) -> str:
    return json.dumps({**content, "RequestId": "request_id", "Status": 200})


def _found(self: Any, kind: Kind, identifier: str | None = None) -> Content:
    identifier = identifier or self._get_param(kind.key)
    found = assets(self.quicksight_backend, kind.name).get(identifier)
    if found is None:
        raise ResourceNotFoundException(f"{kind.name} {identifier} is not found")
    return found


def _described(self: Any, kind: Kind, body: Content) -> Content:
    """Returns what is told of a resource that a request makes or replaces."""
    content = {member: value for member, value in body.items() if member not in _APART}
    match kind.name:
        case "DataSource":
            secret = (body.get("Credentials") or {}).get("SecretArn")
            return {**content, "SecretArn": secret} if secret else content
        case "DataSet":
            return {**content, "OutputColumns": _columns(self, body)}
    return content | _interfaces(self, body["SubnetIds"])


def _columns(self: Any, body: Content) -> list[Content]:
    """Returns the columns of a data set's tables, whose data sources must exist."""
    columns = []
    for table in body.get("PhysicalTableMap", {}).values():
        for source in table.values():
            _found(self, KINDS[0], source["DataSourceArn"].rsplit("/", 1)[-1])
            for column in source.get("InputColumns") or source.get("Columns") or []:
                columns.append({"Name": column["Name"], "Type": column["Type"]})
    return columns


def _interfaces(self: Any, subnet_ids: list[str]) -> Content:
    """Returns the network interfaces of a connection, one in each of its subnets."""
    network = ec2_backends[self.current_account][self.region]
    subnets = [network.get_subnet(each) for each in subnet_ids]
    if len({subnet.vpc_id for subnet in subnets}) != 1:
        raise InvalidParameterValueException("The subnets must be in one VPC")
    interfaces = [
        {"SubnetId": subnet.id, "AvailabilityZone": subnet.availability_zone, "Status": "AVAILABLE"}
        for subnet in subnets
    ]
    return {"VPCId": subnets[0].vpc_id, "NetworkInterfaces": interfaces, "AvailabilityStatus": "AVAILABLE"}


def _handlers(kind: Kind) -> list[Callable[[Any], str]]:
    """Returns the handlers of the operations on a kind, named as moto looks for them."""

    def create(self: Any) -> str:
        body, store = json.loads(self.body), assets(self.quicksight_backend, kind.name)
        identifier, account = body[kind.key], self._get_param("AwsAccountId")
        if identifier in store:
            raise ResourceExists(kind.name, identifier)
        arn = f"arn:{self.partition}:quicksight:{self.region}:{account}:{kind.arn}/{identifier}"
        now = time.time()
        times = {"CreatedTime": now, "LastUpdatedTime": now}
        store[identifier] = {
            **_described(self, kind, body),
            "Arn": arn,
            "Status": "CREATION_SUCCESSFUL",
            **times,
        }
        if body.get("Tags"):
            self.quicksight_backend.tagger.tag_resource(arn, body["Tags"])
        granted = permissions(self.quicksight_backend, arn)
        granted.update({each["Principal"]: each["Actions"] for each in body.get("Permissions", [])})
        return _answer(**{"Arn": arn, kind.key: identifier, "CreationStatus": "CREATION_SUCCESSFUL"})

    def describe(self: Any) -> str:
        return _answer(**{kind.name: _found(self, kind)})

    def update(self: Any) -> str:
        held = _found(self, kind)
        kept = {member: held[member] for member in (kind.key, "Arn", "CreatedTime", "Type") if member in held}
        changed = _described(self, kind, json.loads(self.body))
        held.clear()
        held |= {**changed, **kept, "Status": "UPDATE_SUCCESSFUL", "LastUpdatedTime": time.time()}
        return _answer(**{"Arn": held["Arn"], kind.key: held[kind.key], "UpdateStatus": "UPDATE_SUCCESSFUL"})

    def delete(self: Any) -> str:
        held = _found(self, kind)
        backend = self.quicksight_backend
        del assets(backend, kind.name)[held[kind.key]]
        backend.tagger.delete_all_tags_for_resource(held["Arn"])
        backend.__dict__.get("permissions", {}).pop(held["Arn"], None)
        for key in [
            key for key in refresh_schedules(backend) if kind.name == "DataSet" and key[0] == held[kind.key]
        ]:
            del refresh_schedules(backend)[key]
        return _answer(**{"Arn": held["Arn"], kind.key: held[kind.key]})

    def describe_permissions(self: Any) -> str:
        arn = _found(self, kind)["Arn"]
        granted = permissions(self.quicksight_backend, arn)
        listed = [{"Principal": principal, "Actions": actions} for principal, actions in granted.items()]
        return _answer(**{f"{kind.name}Arn": arn, "Permissions": listed})

    def update_permissions(self: Any) -> str:
        arn, body = _found(self, kind)["Arn"], json.loads(self.body)
        granted = permissions(self.quicksight_backend, arn)
        for each in body.get("GrantPermissions") or []:
            granted[each["Principal"]] = sorted({*granted.get(each["Principal"], []), *each["Actions"]})
        for each in body.get("RevokePermissions") or []:
            left = [one for one in granted.get(each["Principal"], []) if one not in each["Actions"]]
            if left:
                granted[each["Principal"]] = left
            else:
                granted.pop(each["Principal"], None)
        return _answer(**{f"{kind.name}Arn": arn, kind.key: self._get_param(kind.key)})

    named = {
        f"Create{kind.name}": create,
        f"Describe{kind.name}": describe,
        f"Update{kind.name}": update,
        f"Delete{kind.name}": delete,
    }
    if kind.permissions:
        named |= {
            f"Describe{kind.name}Permissions": describe_permissions,
            f"Update{kind.name}Permissions": update_permissions,
        }
    for operation, handler in named.items():
        handler.__name__ = camelcase_to_underscores(operation)
    return list(named.values())


def _put_schedule(self: Any, *, new: bool) -> str:
    data_set = self._get_param("DataSetId")
    arn = _found(self, KINDS[1], data_set)["Arn"]
    schedule = json.loads(self.body)["Schedule"]
    store, key = refresh_schedules(self.quicksight_backend), (data_set, schedule["ScheduleId"])
    if new and key in store:
        raise ResourceExists("RefreshSchedule", key[1])
    if not new:
        _schedule(self, key)
    store[key] = {**schedule, "Arn": f"{arn}/refresh-schedule/{key[1]}"}
    return _answer(ScheduleId=key[1], Arn=store[key]["Arn"])


def _schedule(self: Any, key: tuple[str, str]) -> Content:
    found = refresh_schedules(self.quicksight_backend).get(key)
    if found is None:
        raise ResourceNotFoundException(f"Refresh schedule {key[1]} of {key[0]} is not found")
    return found


def create_refresh_schedule(self: Any) -> str:
    """Schedules the refresh of a data set."""
    return _put_schedule(self, new=True)


def update_refresh_schedule(self: Any) -> str:
    """Replaces a refresh schedule."""
    return _put_schedule(self, new=False)


def describe_refresh_schedule(self: Any) -> str:
    """Answers one refresh schedule."""
    found = _schedule(self, (self._get_param("DataSetId"), self._get_param("ScheduleId")))
    return _answer(RefreshSchedule=found, Arn=found["Arn"])


def delete_refresh_schedule(self: Any) -> str:
    """Removes a refresh schedule."""
    key = (self._get_param("DataSetId"), self._get_param("ScheduleId"))
    found = _schedule(self, key)
    del refresh_schedules(self.quicksight_backend)[key]
    return _answer(ScheduleId=key[1], Arn=found["Arn"])


def delete_dashboard(self: Any) -> str:
    """Removes a dashboard."""
    backend, identifier = self.quicksight_backend, self._get_param("DashboardId")
    found = backend.describe_dashboard(self._get_param("AwsAccountId"), identifier, 0, "")
    del backend.dashboards[identifier]
    backend.tagger.delete_all_tags_for_resource(found.arn)
    return _answer(Arn=found.arn, DashboardId=identifier)


def describe_dashboard_definition(self: Any) -> str:
    """Answers what a dashboard shows, as it was declared."""
    found = self.quicksight_backend.describe_dashboard(
        self._get_param("AwsAccountId"), self._get_param("DashboardId"), 0, ""
    )
    return _answer(
        DashboardId=found.dashboard_id,
        Name=found.name,
        ResourceStatus=found.status,
        ThemeArn=found.theme_arn,
        Definition=found.definition,
        DashboardPublishOptions=found.dashboard_publish_options,
    )


def install() -> None:
    """Extends moto's QuickSight."""
    place = r"{0}/accounts/(?P<account_id>[\d]+)/"
    for kind in KINDS:
        for handler in _handlers(kind):
            if hasattr(QuickSightResponse, handler.__name__):
                replace(QuickSightResponse, handler.__name__, handler)
            else:
                add(QuickSightResponse, handler)
        one = rf"{place}{kind.path}/(?P<{kind.arn}>[^/]+)"
        for pattern in (rf"{place}{kind.path}$", rf"{one}$", rf"{one}/permissions$"):
            urls.url_paths[pattern] = QuickSightResponse.dispatch
    add(QuickSightResponse, create_refresh_schedule, update_refresh_schedule)
    add(QuickSightResponse, describe_refresh_schedule, delete_refresh_schedule, delete_dashboard)
    add(QuickSightResponse, describe_dashboard_definition)
    definition = rf"{place}dashboards/(?P<dashboard>[^/]+)/definition$"
    urls.url_paths[definition] = QuickSightResponse.dispatch
    schedules = rf"{place}data-sets/(?P<dataset>[^/]+)/refresh-schedules"
    for pattern in (rf"{schedules}$", rf"{schedules}/(?P<schedule>[^/]+)$"):
        urls.url_paths[pattern] = QuickSightResponse.dispatch
