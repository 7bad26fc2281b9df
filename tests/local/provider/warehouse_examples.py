"""Examples of the warehouse: its cluster, groups, schedules and limits."""

from __future__ import annotations

from tests.local.provider.example_support import ACCOUNT, Example, Inputs
from tests.local.provider.network_examples import GROUP, SUBNETS

_ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
_GROUPS = {
    **SUBNETS,
    **GROUP,
    "subnets": (
        "aws:redshift/subnetGroup:SubnetGroup",
        {"name": "lake", "description": "private", "subnetIds": ["${one.id}"]},
    ),
    "parameters": (
        "aws:redshift/parameterGroup:ParameterGroup",
        {"name": "lake", "family": "redshift-1.0"},
    ),
}


def _cluster(name: str, **more: object) -> tuple[str, Inputs]:
    inputs = {
        "clusterIdentifier": name,
        "nodeType": "ra3.large",
        "masterUsername": "administrator",
        "manageMasterPassword": True,
        "skipFinalSnapshot": True,
        **more,
    }
    return ("aws:redshift/cluster:Cluster", inputs)


_CLUSTER = {"cluster": _cluster("lake-example")}
_SCHEDULE = {
    "schedule": (
        "aws:redshift/snapshotSchedule:SnapshotSchedule",
        {"identifier": "lake-example", "definitions": ["rate(8 hours)"]},
    )
}


def _parameters(**values: str) -> list[Inputs]:
    return [{"name": name, "value": value} for name, value in values.items()]


def _pause(schedule: str) -> Inputs:
    return {
        "description": "pauses the warehouse",
        "schedule": schedule,
        "iamRole": _ROLE + "pause",
        "targetAction": {"pauseCluster": {"clusterIdentifier": "lake-example"}},
    }


EXAMPLES: dict[str, list[Example]] = {
    "aws:redshift/subnetGroup:SubnetGroup": [
        Example(
            {
                "name": "lake-private",
                "description": "private subnets",
                "subnetIds": ["${one.id}"],
                "tags": {"component": "warehouse"},
            },
            {"description": "subnets", "subnetIds": ["${two.id}", "${one.id}"], "tags": {"owner": "data"}},
            SUBNETS,
        )
    ],
    "aws:redshift/parameterGroup:ParameterGroup": [
        Example(
            {
                "name": "lake-parameters",
                "description": "TLS only",
                "family": "redshift-1.0",
                "parameters": _parameters(require_ssl="true", enable_user_activity_logging="true"),
                "tags": {"component": "warehouse"},
            },
            {"parameters": _parameters(require_ssl="true", statement_timeout="60000"), "tags": {}},
        )
    ],
    "aws:redshift/cluster:Cluster": [
        Example(
            {
                "clusterIdentifier": "lake-warehouse",
                "clusterType": "multi-node",
                "nodeType": "ra3.large",
                "numberOfNodes": 2,
                "multiAz": True,
                "databaseName": "lake",
                "masterUsername": "administrator",
                "manageMasterPassword": True,
                "masterPasswordSecretKmsKeyId": _KEY,
                "kmsKeyId": _KEY,
                "enhancedVpcRouting": True,
                "clusterSubnetGroupName": "${subnets.name}",
                "clusterParameterGroupName": "${parameters.name}",
                "vpcSecurityGroupIds": ["${group.id}"],
                "iamRoles": [_ROLE + "copy"],
                "defaultIamRoleArn": _ROLE + "copy",
                "automatedSnapshotRetentionPeriod": 7,
                "preferredMaintenanceWindow": "sun:03:00-sun:04:00",
                "skipFinalSnapshot": True,
                "tags": {"component": "warehouse"},
            },
            {
                "nodeType": "ra3.xlplus",
                "numberOfNodes": 3,
                "multiAz": False,
                "vpcSecurityGroupIds": ["${peer.id}"],
                "iamRoles": [_ROLE + "copy", _ROLE + "unload"],
                "defaultIamRoleArn": _ROLE + "unload",
                "automatedSnapshotRetentionPeriod": 14,
                "enhancedVpcRouting": False,
                "tags": {"owner": "data"},
            },
            _GROUPS,
        ),
        Example(
            {
                **_cluster("lake-small")[1],
                "clusterType": "single-node",
                "availabilityZoneRelocationEnabled": True,
                "region": "eu-central-1",
            },
            {"availabilityZoneRelocationEnabled": False, "manualSnapshotRetentionPeriod": 30},
        ),
    ],
    "aws:redshift/clusterIamRoles:ClusterIamRoles": [
        Example(
            {"clusterIdentifier": "${cluster.clusterIdentifier}", "iamRoleArns": [_ROLE + "copy"]},
            {"iamRoleArns": [_ROLE + "unload"], "defaultIamRoleArn": _ROLE + "unload"},
            _CLUSTER,
            remains=True,
        )
    ],
    "aws:redshift/logging:Logging": [
        Example(
            {
                "clusterIdentifier": "${cluster.clusterIdentifier}",
                "logDestinationType": "cloudwatch",
                "logExports": ["userlog", "connectionlog"],
            },
            {"logExports": ["connectionlog", "userlog", "useractivitylog"]},
            _CLUSTER,
        )
    ],
    "aws:redshift/snapshotCopyGrant:SnapshotCopyGrant": [
        Example(
            {
                "snapshotCopyGrantName": "lake-replica",
                "kmsKeyId": _KEY.replace("eu-west-1", "eu-central-1"),
                "region": "eu-central-1",
                "tags": {"component": "replica"},
            },
            {"tags": {"owner": "data"}},
        )
    ],
    "aws:redshift/snapshotCopy:SnapshotCopy": [
        Example(
            {
                "clusterIdentifier": "${cluster.clusterIdentifier}",
                "destinationRegion": "eu-central-1",
                "snapshotCopyGrantName": "${grant.snapshotCopyGrantName}",
                "retentionPeriod": 7,
            },
            {"retentionPeriod": 14, "manualSnapshotRetentionPeriod": 30},
            {
                **_CLUSTER,
                "grant": (
                    "aws:redshift/snapshotCopyGrant:SnapshotCopyGrant",
                    {"snapshotCopyGrantName": "lake-copy", "region": "eu-central-1"},
                ),
            },
        )
    ],
    "aws:redshift/snapshotSchedule:SnapshotSchedule": [
        Example(
            {
                "identifier": "lake-every-eight-hours",
                "description": "every eight hours",
                "definitions": ["rate(8 hours)"],
                "forceDestroy": True,
                "tags": {"component": "warehouse"},
            },
            {"definitions": ["rate(12 hours)", "cron(30 12 *)"], "tags": {"owner": "data"}},
        )
    ],
    "aws:redshift/snapshotScheduleAssociation:SnapshotScheduleAssociation": [
        Example(
            {
                "clusterIdentifier": "${cluster.clusterIdentifier}",
                "scheduleIdentifier": "${schedule.identifier}",
            },
            needs={**_CLUSTER, **_SCHEDULE},
        )
    ],
    "aws:redshift/usageLimit:UsageLimit": [
        Example(
            {
                "clusterIdentifier": "${cluster.clusterIdentifier}",
                "featureType": "concurrency-scaling",
                "limitType": "time",
                "amount": 60,
                "period": "daily",
                "breachAction": "disable",
                "tags": {"component": "warehouse"},
            },
            {"amount": 120, "breachAction": "emit-metric", "tags": {"owner": "data"}},
            _CLUSTER,
        )
    ],
    "aws:redshift/scheduledAction:ScheduledAction": [
        Example(
            {"name": "lake-pause", **_pause("cron(0 20 ? * MON-FRI *)")},
            {
                **_pause("cron(0 21 ? * MON-FRI *)"),
                "description": "pauses it",
                "iamRole": _ROLE + "scheduler",
                "enable": False,
                "targetAction": {"resumeCluster": {"clusterIdentifier": "lake-example"}},
            },
        )
    ],
    "aws:redshiftdata/statement:Statement": [
        Example(
            {
                "clusterIdentifier": "${cluster.clusterIdentifier}",
                "database": "lake",
                "secretArn": "${cluster.masterPasswordSecretArn}",
                "sql": "CREATE SCHEMA IF NOT EXISTS analytics",
                "statementName": "create-analytics",
            },
            needs=_CLUSTER,
            remains=True,
        )
    ],
}
