"""Groups, sources, data sets, refreshes and the way into the network (Amazon QuickSight)."""

from typing import Any

from local.provider.errors import ProviderError
from local.provider.row import Call, Name, Row, Step
from local.provider.scope import Scope
from local.provider.tagging import by_arn

_ARN = "arn:{partition}:quicksight:{region}:{awsAccountId}:"
_TAGS = by_arn("ResourceArn")
_MAPS = {"physicalTableMaps": "PhysicalTableMap", "logicalTableMaps": "LogicalTableMap"}


def _by_id(properties: dict[str, Any]) -> dict[str, Any]:
    """Write lists of tables, each with its identifier, as the maps AWS wants."""
    request = dict(properties)
    for name in _MAPS.keys() & request.keys():
        identifier = f"{name.removesuffix('s')}Id"
        request[name] = {
            item[identifier]: {key: value for key, value in item.items() if key != identifier}
            for item in request[name]
        }
    return request


def _read(scope: Scope, kind: str) -> dict[str, Any] | None:
    """Read a data source or data set with its permissions."""
    call = Call(f"Describe{kind}", at=kind)
    try:
        answer = scope.run(call)
        granted = scope.run(Call(f"Describe{kind}Permissions"))
    except ProviderError as error:
        if scope.is_gone(error):
            return None
        raise
    held = answer[kind]
    for name, member in _MAPS.items():
        identifier = f"{name[0].upper()}{name.removesuffix('s')[1:]}Id"
        tables = held.get(member, {})
        if tables:
            held[member] = [{identifier: key, **table} for key, table in tables.items()]
    scope.held = held
    found = scope.codec.properties(answer, call, scope.lookup) or {}
    permissions = scope.codec.decode(
        granted.get("Permissions", []), scope.codec.type.type_of("permissions"), "permissions"
    )
    return {**found, "permissions": permissions}


def _read_source(scope: Scope) -> dict[str, Any] | None:
    found = _read(scope, "DataSource")
    if found is None:
        return None
    secret = scope.held.get("SecretArn")
    # AWS tells the secret of a source, but no password.
    credentials = {"secretArn": secret} if secret else scope.inputs.get("credentials")
    return {**found, "credentials": credentials} if credentials else found


def _read_set(scope: Scope) -> dict[str, Any] | None:
    return _read(scope, "DataSet")


def _set_permissions(scope: Scope) -> None:
    """Give and take permissions until a resource has just the program's."""
    kind = "DataSource" if scope.row.token.endswith("DataSource") else "DataSet"
    listed = scope.run(Call(f"Describe{kind}Permissions")).get("Permissions", [])
    held = {each["Principal"]: set(each["Actions"]) for each in listed}
    given = scope.inputs.get("permissions") or []
    wanted = {each["principal"]: set(each["actions"]) for each in given}
    change = {
        "GrantPermissions": _surplus(wanted, held),
        "RevokePermissions": _surplus(held, wanted),
    }
    filled = {member: items for member, items in change.items() if items}
    if filled:
        scope.run(Call(f"Update{kind}Permissions", filled))


def _surplus(one: dict[str, set[str]], other: dict[str, set[str]]) -> list[dict[str, Any]]:
    """Return what one gives beyond the other, by principal."""
    more = {principal: actions - other.get(principal, set()) for principal, actions in one.items()}
    return [
        {"Principal": principal, "Actions": sorted(actions)} for principal, actions in more.items() if actions
    ]


_PARAMETERS = {
    f"parameters.{kind}": f"{kind[0].upper()}{kind[1:]}Parameters" for kind in ("athena", "redshift")
}
_PERMISSIONS = Step(("permissions",), _set_permissions, created=True)

ROWS = (
    Row(
        token="aws:quicksight/group:Group",
        service="quicksight",
        id="{awsAccountId}/{namespace}/{groupName}",
        keys={"AwsAccountId": "{awsAccountId}", "Namespace": "{namespace}", "GroupName": "{groupName}"},
        create=Call("CreateGroup"),
        read=Call("DescribeGroup", at="Group"),
        update=Call("UpdateGroup", {"Description": "{description|}"}),
        delete=Call("DeleteGroup"),
        replace=("awsAccountId", "namespace", "groupName"),
        defaults={"namespace": "default"},
        outputs={"awsAccountId": "{account}", "arn": _ARN + "group/{namespace}/{groupName}"},
    ),
    Row(
        token="aws:quicksight/dataSource:DataSource",
        service="quicksight",
        id="{awsAccountId}/{dataSourceId}",
        keys={"AwsAccountId": "{awsAccountId}", "DataSourceId": "{dataSourceId}"},
        name=Name(limit=128),
        create=Call("CreateDataSource"),
        read=_read_source,
        update=Call("UpdateDataSource"),
        steps=(_PERMISSIONS,),
        delete=Call("DeleteDataSource"),
        tags=_TAGS,
        replace=("awsAccountId", "dataSourceId", "type"),
        rename={"parameters": "DataSourceParameters", **_PARAMETERS},
        unordered=("permissions", "permissions.actions"),
        outputs={"awsAccountId": "{account}", "arn": _ARN + "datasource/{dataSourceId}"},
    ),
    Row(
        token="aws:quicksight/dataSet:DataSet",
        service="quicksight",
        id="{awsAccountId},{dataSetId}",
        keys={"AwsAccountId": "{awsAccountId}", "DataSetId": "{dataSetId}"},
        name=Name(limit=128),
        create=Call("CreateDataSet"),
        read=_read_set,
        update=Call("UpdateDataSet"),
        steps=(_PERMISSIONS,),
        delete=Call("DeleteDataSet"),
        tags=_TAGS,
        replace=("awsAccountId", "dataSetId", "useAs"),
        rename={**_MAPS, "fieldFolders": "", "refreshProperties": ""},
        volatile=("outputColumns",),
        unordered=("permissions", "permissions.actions", "physicalTableMaps", "logicalTableMaps"),
        encode=_by_id,
        outputs={"awsAccountId": "{account}", "arn": _ARN + "dataset/{dataSetId}"},
    ),
    Row(
        token="aws:quicksight/refreshSchedule:RefreshSchedule",
        service="quicksight",
        id="{awsAccountId},{dataSetId},{scheduleId}",
        keys={"AwsAccountId": "{awsAccountId}", "DataSetId": "{dataSetId}", "ScheduleId": "{scheduleId}"},
        create=Call("CreateRefreshSchedule", {"Schedule.ScheduleId": "{scheduleId}"}),
        read=Call("DescribeRefreshSchedule", rename={"schedule": "RefreshSchedule"}),
        update=Call("UpdateRefreshSchedule", {"Schedule.ScheduleId": "{scheduleId}"}),
        delete=Call("DeleteRefreshSchedule"),
        replace=("awsAccountId", "dataSetId", "scheduleId"),
        outputs={
            "awsAccountId": "{account}",
            "arn": _ARN + "dataset/{dataSetId}/refresh-schedule/{scheduleId}",
        },
    ),
    Row(
        token="aws:quicksight/vpcConnection:VpcConnection",
        service="quicksight",
        id="{awsAccountId},{vpcConnectionId}",
        keys={"AwsAccountId": "{awsAccountId}", "VPCConnectionId": "{vpcConnectionId}"},
        name=Name(limit=128),
        create=Call("CreateVPCConnection"),
        read=Call(
            "DescribeVPCConnection",
            at="VPCConnection",
            rename={"subnetIds": "NetworkInterfaces[*].SubnetId"},
        ),
        update=Call("UpdateVPCConnection"),
        delete=Call("DeleteVPCConnection"),
        tags=_TAGS,
        replace=("awsAccountId", "vpcConnectionId"),
        kept=("timeouts",),
        unordered=("securityGroupIds", "subnetIds", "dnsResolvers"),
        outputs={
            "awsAccountId": "{account}",
            "arn": _ARN + "vpcConnection/{vpcConnectionId}",
        },
    ),
)
