"""The warehouse: clusters, their groups and what is set on them (Amazon Redshift)."""

import time
from typing import Any

from local.provider.errors import ProviderError
from local.provider.row import Call, Name, Row, Step
from local.provider.scope import Scope
from local.provider.tagging import Tagging

ARN = "arn:{partition}:redshift:{region}:{account}:"
TAGS = Tagging(
    set=Call("CreateTags", {"ResourceName": "{arn}"}),
    member="Tags",
    unset=Call("DeleteTags", {"ResourceName": "{arn}"}),
)
_FLAGS = {"multiAz": "MultiAZ", "availabilityZoneRelocationEnabled": "AvailabilityZoneRelocationStatus"}


def _set_parameters(scope: Scope) -> None:
    """Set the program's parameters and give those it names no longer their default again."""
    name = scope.id
    listed = scope.pages("DescribeClusterParameters", ParameterGroupName=name, Source="user")["Parameters"]
    wanted = {item["name"]: item["value"] for item in scope.inputs.get("parameters") or []}
    surplus = [item["ParameterName"] for item in listed if item["ParameterName"] not in wanted]
    if surplus:
        scope.send(
            "ResetClusterParameterGroup",
            ParameterGroupName=name,
            Parameters=[{"ParameterName": item} for item in surplus],
        )
    if wanted:
        pairs = [{"ParameterName": key, "ParameterValue": value} for key, value in wanted.items()]
        scope.send("ModifyClusterParameterGroup", ParameterGroupName=name, Parameters=pairs)


def _cluster(found: dict[str, Any]) -> dict[str, Any]:
    """Tell switches as flags, and what AWS leaves to be derived."""
    for name in _FLAGS:
        if isinstance(found.get(name), str):
            found[name] = found[name].lower() == "enabled"
    if found.get("dnsName"):
        found["endpoint"] = f"{found['dnsName']}:{found['port']}"
    found["clusterType"] = "multi-node" if found.get("numberOfNodes", 1) > 1 else "single-node"
    return found


def _set_roles(scope: Scope) -> None:
    """Change a cluster's roles by those it gains and loses."""
    answer = scope.send("DescribeClusters", ClusterIdentifier=scope.id)["Clusters"][0]
    held = {role["IamRoleArn"] for role in answer.get("IamRoles", [])}
    wanted = set(scope.inputs.get("iamRoles") or scope.inputs.get("iamRoleArns") or [])
    scope.send(
        "ModifyClusterIamRoles",
        ClusterIdentifier=scope.id,
        AddIamRoles=sorted(wanted - held),
        RemoveIamRoles=sorted(held - wanted),
        DefaultIamRoleArn=scope.inputs.get("defaultIamRoleArn") or "",
    )


def _take_roles(scope: Scope) -> Any:
    scope.id = scope.inputs["clusterIdentifier"]
    _set_roles(scope)
    return {}


def _drop_roles(scope: Scope) -> None:
    scope.send(
        "ModifyClusterIamRoles",
        ClusterIdentifier=scope.id,
        RemoveIamRoles=scope.state.get("iamRoleArns") or [],
        DefaultIamRoleArn="",
    )


def _delete_cluster(scope: Scope) -> None:
    """Delete a cluster, with a last snapshot unless the program does without."""
    last: dict[str, Any] = {"SkipFinalClusterSnapshot": bool(scope.state.get("skipFinalSnapshot"))}
    if not last["SkipFinalClusterSnapshot"]:
        last["FinalClusterSnapshotIdentifier"] = scope.state.get("finalSnapshotIdentifier") or ""
    scope.send("DeleteCluster", ClusterIdentifier=scope.id, **last)


_STATEMENT = (
    "clusterIdentifier",
    "database",
    "dbUser",
    "parameters",
    "secretArn",
    "sql",
    "statementName",
    "withEvent",
    "workgroupName",
)
_EXECUTE = Call("ExecuteStatement")
_POLL_SECONDS = 0.05


def _execute(scope: Scope) -> Any:
    """Run a statement to its end, as the official provider does; one that fails is an error."""
    request = scope.request(_EXECUTE, {name: scope.inputs.get(name) for name in _STATEMENT})
    started = scope.send("ExecuteStatement", **request)
    while True:
        described = scope.send("DescribeStatement", Id=started["Id"])
        if described["Status"] == "FINISHED":
            return started
        if described["Status"] in ("FAILED", "ABORTED"):
            raise ProviderError(f"the statement failed: {described.get('Error')}", where=scope.where)
        time.sleep(_POLL_SECONDS)


_COPY = "Clusters[0].ClusterSnapshotCopyStatus"

ROWS = (
    Row(
        token="aws:redshift/subnetGroup:SubnetGroup",
        service="redshift",
        id="{name}",
        keys={"ClusterSubnetGroupName": "{name}"},
        name=Name(lower=True),
        create=Call("CreateClusterSubnetGroup"),
        read=Call(
            "DescribeClusterSubnetGroups",
            at="ClusterSubnetGroups[0]",
            rename={"subnetIds": "Subnets[*].SubnetIdentifier"},
        ),
        update=Call("ModifyClusterSubnetGroup"),
        delete=Call("DeleteClusterSubnetGroup"),
        tags=TAGS,
        replace=("name",),
        defaults={"description": "Managed by Pulumi"},
        unordered=("subnetIds",),
        outputs={"arn": ARN + "subnetgroup:{name}"},
    ),
    Row(
        token="aws:redshift/parameterGroup:ParameterGroup",
        service="redshift",
        id="{name}",
        keys={"ParameterGroupName": "{name}"},
        name=Name(lower=True),
        create=Call("CreateClusterParameterGroup"),
        read=(
            Call("DescribeClusterParameterGroups", at="ParameterGroups[0]"),
            Call("DescribeClusterParameters", {"Source": "user"}),
        ),
        steps=(Step(("parameters",), _set_parameters),),
        delete=Call("DeleteClusterParameterGroup"),
        tags=TAGS,
        replace=("name", "family", "description"),
        custom=("parameters",),
        rename={
            "family": "ParameterGroupFamily",
            "parameters.name": "ParameterName",
            "parameters.value": "ParameterValue",
        },
        defaults={"description": "Managed by Pulumi"},
        unordered=("parameters",),
        outputs={"arn": ARN + "parametergroup:{name}"},
    ),
    Row(
        token="aws:redshift/cluster:Cluster",
        service="redshift",
        id="{clusterIdentifier}",
        keys={"ClusterIdentifier": "{clusterIdentifier}"},
        create=Call("CreateCluster", {"ManageMasterPassword": "{manageMasterPassword}"}),
        read=Call(
            "DescribeClusters",
            at="Clusters[0]",
            rename={
                "iamRoles": "IamRoles[*].IamRoleArn",
                "vpcSecurityGroupIds": "VpcSecurityGroups[*].VpcSecurityGroupId",
                "clusterParameterGroupName": "ClusterParameterGroups[0].ParameterGroupName",
                "availabilityZoneRelocationEnabled": _FLAGS["availabilityZoneRelocationEnabled"],
                "dnsName": "Endpoint.Address",
                "port": "Endpoint.Port",
                "endpoint": "",
            },
        ),
        update=Call("ModifyCluster"),
        steps=(
            Step(
                ("manageMasterPassword",),
                Call("ModifyCluster", {"ManageMasterPassword": "{manageMasterPassword|false}"}),
                created=True,
            ),
            Step(("iamRoles", "defaultIamRoleArn"), _set_roles, created=True),
        ),
        delete=_delete_cluster,
        tags=TAGS,
        replace=("clusterIdentifier", "databaseName", "masterUsername", "clusterSubnetGroupName", "port"),
        kept=("applyImmediately", "finalSnapshotIdentifier", "skipFinalSnapshot", "manageMasterPassword"),
        rename={
            "databaseName": "DBName",
            "masterPassword": "MasterUserPassword",
            "multiAz": "MultiAZ",
            "availabilityZoneRelocationEnabled": "AvailabilityZoneRelocation",
            "aquaConfigurationStatus": "",
            "masterPasswordWo": "",
            "masterPasswordWoVersion": "",
            "ownerAccount": "",
            "snapshotArn": "",
            "snapshotClusterIdentifier": "",
            "snapshotIdentifier": "",
        },
        defaults={
            "allowVersionUpgrade": True,
            "applyImmediately": False,
            "automatedSnapshotRetentionPeriod": 1,
            "clusterVersion": "1.0",
            "encrypted": "true",
            "maintenanceTrackName": "current",
            "manualSnapshotRetentionPeriod": -1,
            "numberOfNodes": 1,
            "port": 5439,
            "publiclyAccessible": False,
            "skipFinalSnapshot": False,
        },
        volatile=("clusterType", "masterPasswordSecretArn"),
        unordered=("iamRoles", "vpcSecurityGroupIds"),
        decode=_cluster,
        outputs={"arn": ARN + "cluster:{clusterIdentifier}"},
        gone=("ClusterNotFound",),
    ),
    Row(
        token="aws:redshift/clusterIamRoles:ClusterIamRoles",
        service="redshift",
        id="{clusterIdentifier}",
        keys={"ClusterIdentifier": "{clusterIdentifier}"},
        create=_take_roles,
        read=Call("DescribeClusters", at="Clusters[0]", rename={"iamRoleArns": "IamRoles[*].IamRoleArn"}),
        update=_set_roles,
        delete=_drop_roles,
        replace=("clusterIdentifier",),
        custom=("iamRoleArns", "defaultIamRoleArn"),
        unordered=("iamRoleArns",),
        gone=("ClusterNotFound",),
    ),
    Row(
        token="aws:redshift/logging:Logging",
        service="redshift",
        id="{clusterIdentifier}",
        keys={"ClusterIdentifier": "{clusterIdentifier}"},
        create=Call("EnableLogging"),
        read=Call("DescribeLoggingStatus"),
        update=Call("EnableLogging"),
        delete=Call("DisableLogging"),
        gone_when={"LoggingEnabled": False},
        replace=("clusterIdentifier",),
        unordered=("logExports",),
        gone=("ClusterNotFound",),
    ),
    Row(
        token="aws:redshift/snapshotCopyGrant:SnapshotCopyGrant",
        service="redshift",
        id="{snapshotCopyGrantName}",
        keys={"SnapshotCopyGrantName": "{snapshotCopyGrantName}"},
        create=Call("CreateSnapshotCopyGrant"),
        read=Call("DescribeSnapshotCopyGrants", at="SnapshotCopyGrants[0]"),
        delete=Call("DeleteSnapshotCopyGrant"),
        tags=TAGS,
        replace=("snapshotCopyGrantName", "kmsKeyId"),
        outputs={"arn": ARN + "snapshotcopygrant:{snapshotCopyGrantName}"},
    ),
    Row(
        token="aws:redshift/snapshotCopy:SnapshotCopy",
        service="redshift",
        id="{clusterIdentifier}",
        keys={"ClusterIdentifier": "{clusterIdentifier}"},
        create=Call("EnableSnapshotCopy"),
        read=Call("DescribeClusters", at=_COPY),
        steps=(
            Step(
                ("retentionPeriod",),
                Call("ModifySnapshotCopyRetentionPeriod", {"RetentionPeriod": "{retentionPeriod|7}"}),
                created=True,
            ),
            Step(
                ("manualSnapshotRetentionPeriod",),
                Call(
                    "ModifySnapshotCopyRetentionPeriod",
                    {"RetentionPeriod": "{manualSnapshotRetentionPeriod|-1}", "Manual": True},
                ),
                created=True,
            ),
        ),
        delete=Call("DisableSnapshotCopy"),
        replace=("clusterIdentifier", "destinationRegion", "snapshotCopyGrantName"),
        gone=("ClusterNotFound", "SnapshotCopyAlreadyDisabledFault"),
    ),
    Row(
        token="aws:redshiftdata/statement:Statement",
        service="redshift-data",
        id="{statementId}",
        keys={"Id": "{id}"},
        create=_execute,
        created={"statementId": "Id"},
        read=Call("DescribeStatement", rename={"sql": "QueryString"}),
        # A statement that has run cannot be taken back.
        delete=None,
        replace=_STATEMENT,
        custom=_STATEMENT,
        kept=_STATEMENT,
        defaults={"withEvent": False},
    ),
)
