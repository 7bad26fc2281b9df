"""Schedules and their groups (Amazon EventBridge Scheduler)."""

from local.provider.row import Call, Name, Row
from local.provider.tagging import by_arn

_ARN = "arn:{partition}:scheduler:{region}:{account}:"

ROWS = (
    Row(
        token="aws:scheduler/schedule:Schedule",
        service="scheduler",
        id="{groupName}/{name}",
        keys={"Name": "{name}", "GroupName": "{groupName}"},
        name=Name(limit=64),
        create=Call("CreateSchedule"),
        read=Call("GetSchedule"),
        update=Call("UpdateSchedule"),
        delete=Call("DeleteSchedule"),
        replace=("name", "groupName"),
        rename={
            "target.eventbridgeParameters": "EventBridgeParameters",
            "target.sagemakerPipelineParameters.pipelineParameters": "PipelineParameterList",
        },
        defaults={"groupName": "default", "scheduleExpressionTimezone": "UTC", "state": "ENABLED"},
        outputs={"arn": _ARN + "schedule/{groupName}/{name}"},
    ),
    Row(
        token="aws:scheduler/scheduleGroup:ScheduleGroup",
        service="scheduler",
        id="{name}",
        keys={"Name": "{name}"},
        name=Name(limit=64),
        create=Call("CreateScheduleGroup"),
        read=Call("GetScheduleGroup"),
        delete=Call("DeleteScheduleGroup"),
        tags=by_arn("ResourceArn"),
        replace=("name",),
        outputs={"arn": _ARN + "schedule-group/{name}"},
    ),
)
