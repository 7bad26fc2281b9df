"""Schedules and limits of the warehouse (Amazon Redshift)."""

from typing import Any

from local.provider.row import ALL, Call, Name, Row
from local.provider.rows.redshift import ARN, TAGS
from local.provider.scope import Scope


def _delete_schedule(scope: Scope) -> None:
    """Delete a schedule; with `forceDestroy`, after every cluster has ceased to follow it."""
    if scope.state.get("forceDestroy"):
        listed = scope.pages("DescribeSnapshotSchedules", ScheduleIdentifier=scope.id)["SnapshotSchedules"]
        for cluster in [each for schedule in listed for each in schedule.get("AssociatedClusters", [])]:
            scope.send(
                "ModifyClusterSnapshotSchedule",
                ClusterIdentifier=cluster["ClusterIdentifier"],
                DisassociateSchedule=True,
            )
    scope.send("DeleteSnapshotSchedule", ScheduleIdentifier=scope.id)


def _is_enabled(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "enable": found["enable"] == "ACTIVE"}


ROWS = (
    Row(
        token="aws:redshift/snapshotSchedule:SnapshotSchedule",
        service="redshift",
        id="{identifier}",
        keys={"ScheduleIdentifier": "{identifier}"},
        name=Name("identifier", lower=True),
        create=Call("CreateSnapshotSchedule"),
        read=Call("DescribeSnapshotSchedules", at="SnapshotSchedules[0]"),
        update=Call("ModifySnapshotSchedule"),
        delete=_delete_schedule,
        tags=TAGS,
        replace=("identifier", "description"),
        kept=("forceDestroy",),
        rename={
            "definitions": "ScheduleDefinitions",
            "description": "ScheduleDescription",
        },
        defaults={"description": "Managed by Pulumi", "forceDestroy": False},
        unordered=("definitions",),
        outputs={"arn": ARN + "snapshotschedule:{identifier}"},
        gone=("SnapshotScheduleNotFound",),
    ),
    Row(
        token="aws:redshift/snapshotScheduleAssociation:SnapshotScheduleAssociation",
        service="redshift",
        id="{clusterIdentifier}/{scheduleIdentifier}",
        keys={
            "ClusterIdentifier": "{clusterIdentifier}",
            "ScheduleIdentifier": "{scheduleIdentifier}",
        },
        create=Call("ModifyClusterSnapshotSchedule"),
        read=Call(
            "DescribeSnapshotSchedules",
            at="SnapshotSchedules[0].AssociatedClusters[ClusterIdentifier={clusterIdentifier}]",
        ),
        delete=Call("ModifyClusterSnapshotSchedule", {"DisassociateSchedule": True}),
        replace=(ALL,),
        gone=("ClusterNotFound",),
    ),
    Row(
        token="aws:redshift/usageLimit:UsageLimit",
        service="redshift",
        id="{usageLimitId}",
        keys={"UsageLimitId": "{id}"},
        create=Call("CreateUsageLimit"),
        created={"usageLimitId": "UsageLimitId"},
        read=Call("DescribeUsageLimits", at="UsageLimits[0]"),
        update=Call("ModifyUsageLimit"),
        delete=Call("DeleteUsageLimit"),
        tags=TAGS,
        replace=("clusterIdentifier", "featureType", "limitType", "period"),
        defaults={"breachAction": "log", "period": "monthly"},
        outputs={"arn": ARN + "usagelimit:{id}"},
        gone=("UsageLimitNotFound",),
    ),
    Row(
        token="aws:redshift/scheduledAction:ScheduledAction",
        service="redshift",
        id="{name}",
        keys={"ScheduledActionName": "{name}"},
        name=Name(limit=63),
        create=Call("CreateScheduledAction"),
        read=Call(
            "DescribeScheduledActions",
            at="ScheduledActions[0]",
            rename={"enable": "State"},
        ),
        update=Call("ModifyScheduledAction"),
        delete=Call("DeleteScheduledAction"),
        replace=("name",),
        rename={"description": "ScheduledActionDescription"},
        defaults={"enable": True},
        decode=_is_enabled,
    ),
)
