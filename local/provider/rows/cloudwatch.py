"""Log groups (CloudWatch Logs) and event rules with their targets (EventBridge)."""

from local.provider.paths import Lookup, render
from local.provider.row import Call, Name, Row, Step
from local.provider.scope import Scope
from local.provider.tagging import by_arn


def _delete_log_group(scope: Scope) -> None:
    if not scope.state.get("skipDestroy"):
        scope.send("DeleteLogGroup", logGroupName=scope.id)


def _rule_arn(lookup: Lookup) -> object:
    """Return a rule's ARN, which names the bus only when it is not the default one."""
    bus = lookup("eventBusName")
    path = "{name}" if bus in (None, "default") else "{eventBusName}/{name}"
    return render(f"arn:{{partition}}:events:{{region}}:{{account}}:rule/{path}", lookup)


ROWS = (
    Row(
        token="aws:cloudwatch/logGroup:LogGroup",
        service="logs",
        id="{name}",
        keys={"logGroupName": "{name}"},
        name=Name(limit=512),
        create=Call("CreateLogGroup"),
        read=Call(
            "DescribeLogGroups",
            {"logGroupNamePrefix": "{name}"},
            at="logGroups[logGroupName={name}]",
            rename={"arn": "logGroupArn"},
        ),
        steps=(
            Step(("retentionInDays",), Call("PutRetentionPolicy"), clear=Call("DeleteRetentionPolicy")),
            Step(("kmsKeyId",), Call("AssociateKmsKey"), clear=Call("DisassociateKmsKey"), created=True),
            Step(
                ("deletionProtectionEnabled",),
                Call("PutLogGroupDeletionProtection", {"logGroupIdentifier": "{name}"}),
                created=True,
            ),
        ),
        delete=_delete_log_group,
        tags=by_arn("resourceArn", tags="tags", inline="tags", names="tagKeys"),
        replace=("name", "logGroupClass"),
        kept=("skipDestroy",),
        defaults={"skipDestroy": False},
        outputs={"arn": "arn:{partition}:logs:{region}:{account}:log-group:{name}"},
    ),
    Row(
        token="aws:cloudwatch/eventRule:EventRule",
        service="events",
        id="{name}",
        keys={"Name": "{name}", "EventBusName": "{eventBusName}"},
        name=Name(limit=64),
        create=Call("PutRule"),
        read=Call("DescribeRule"),
        update=Call("PutRule"),
        delete=Call("DeleteRule", {"Force": "{forceDestroy}"}),
        tags=by_arn(),
        replace=("name", "eventBusName"),
        kept=("forceDestroy",),
        rename={"isEnabled": ""},
        defaults={"eventBusName": "default", "forceDestroy": False, "state": "ENABLED"},
        outputs={"arn": _rule_arn},
    ),
    Row(
        token="aws:cloudwatch/eventTarget:EventTarget",
        service="events",
        id="{rule}-{targetId}",
        keys={"Rule": "{rule}", "EventBusName": "{eventBusName}"},
        name=Name("targetId", limit=64),
        create=Call("PutTargets", body="Targets[0]"),
        read=Call("ListTargetsByRule", at="Targets[Id={targetId}]"),
        update=Call("PutTargets", body="Targets[0]"),
        delete=Call("RemoveTargets", {"Ids": "{targetId}", "Force": "{forceDestroy}"}),
        replace=("rule", "eventBusName", "targetId"),
        kept=("forceDestroy", "rule", "eventBusName"),
        rename={
            "targetId": "Id",
            "inputTransformer.inputPaths": "InputPathsMap",
            "kinesisTarget": "KinesisParameters",
            "sqsTarget": "SqsParameters",
            "httpTarget": "HttpParameters",
            "batchTarget": "BatchParameters",
            "batchTarget.arraySize": "ArrayProperties.Size",
            "batchTarget.jobAttempts": "RetryStrategy.Attempts",
            "redshiftTarget": "RedshiftDataParameters",
            "redshiftTarget.secretsManagerArn": "SecretManagerArn",
            "runCommandTargets": "RunCommandParameters.RunCommandTargets",
            "sagemakerPipelineTarget": "SageMakerPipelineParameters",
            "appsyncTarget": "AppSyncParameters",
            "appsyncTarget.graphqlOperation": "GraphQLOperation",
        },
        defaults={"eventBusName": "default", "forceDestroy": False},
    ),
)
