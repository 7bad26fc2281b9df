"""The trail of API calls (AWS CloudTrail)."""

from local.provider.row import Call, Name, Row, Step
from local.provider.tagging import Tagging

ROWS = (
    Row(
        token="aws:cloudtrail/trail:Trail",
        service="cloudtrail",
        id="{arn}",
        keys={"Name": "{name}", "TrailName": "{name}"},
        name=Name(limit=128),
        create=Call("CreateTrail"),
        read=(
            Call(
                "GetTrail",
                at="Trail",
                rename={"arn": "TrailARN", "enableLogFileValidation": "LogFileValidationEnabled"},
            ),
            Call("GetTrailStatus", take={"enableLogging": "IsLogging"}),
            Call(
                "GetEventSelectors",
                rename={"arn": "TrailARN"},
            ),
            Call("GetInsightSelectors", rename={"arn": "TrailARN"}),
        ),
        update=Call("UpdateTrail", blanks=True),
        steps=(
            Step(("enableLogging",), Call("StartLogging"), clear=Call("StopLogging")),
            Step(("eventSelectors",), Call("PutEventSelectors")),
            Step(("advancedEventSelectors",), Call("PutEventSelectors")),
            Step(("insightSelectors",), Call("PutInsightSelectors")),
        ),
        delete=Call("DeleteTrail"),
        tags=Tagging(
            set=Call("AddTags", {"ResourceId": "{arn}"}),
            member="TagsList",
            read=Call("ListTags", {"ResourceIdList": "{arn}"}),
            at="ResourceTagList[0].TagsList",
            inline="TagsList",
            unset=Call("RemoveTags", {"ResourceId": "{arn}"}),
            names="TagsList",
        ),
        replace=("name",),
        rename={"cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn"},
        defaults={
            "enableLogFileValidation": False,
            "enableLogging": True,
            "includeGlobalServiceEvents": True,
            "isMultiRegionTrail": False,
            "isOrganizationTrail": False,
        },
        outputs={
            "arn": "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}",
            "homeRegion": "{region}",
        },
        gone=("InsightNotEnabledException",),
    ),
)
