"""The rest of a sound platform around the small lake: network, warehouse, watching, messages, functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Case, Forms, fails, passes, unverified
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import (
    ACCOUNT,
    KEY_STATEMENTS,
    REGION,
    TAGS,
    bucket_resources,
    key,
    replaced,
    role,
    text,
)

# What a property may lead to: another resource than these leaves it undecided.
_LED_TO = ("aws:kms/key:Key", "aws:kms/alias:Alias")
TRAIL_ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/lake"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead-letters"
BUS_ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/lake"
REDRIVE = f'{{"deadLetterTargetArn": "{QUEUE_ARN}"}}'
OWN_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def joined(token: str, name: str, props: dict[str, Any], **to: str) -> Res:
    """A resource whose properties in `to` are unknown and came from the resource named."""
    return Res(
        token, name, {**props, **dict.fromkeys(to, UNKNOWN)}, {prop: [name] for prop, name in to.items()}
    )


def endpoint_policy(**condition: Any) -> str:
    keys = {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject", "kms:Decrypt"],
        "Resource": "*",
        "Condition": condition or {"StringEquals": keys},
    }
    return text(statement)


def endpoint(service: str, **props: Any) -> Res:
    interface = service != "s3"
    made = {
        "tags": TAGS,
        "serviceName": f"com.amazonaws.{REGION}.{service}",
        "vpcEndpointType": "Interface" if interface else "Gateway",
        **({} if interface else {"routeTableIds": ["rtb-0123456789abcdef0"]}),
        "policy": endpoint_policy(),
        **({"privateDnsEnabled": True} if interface else {}),
    }
    links = {
        "vpcId": "vpc",
        **({"subnetIds": "subnet-a", "securityGroupIds": "endpoint-group"} if interface else {}),
    }
    base = joined("aws:ec2/vpcEndpoint:VpcEndpoint", f"endpoint-{service}", made, **links)
    listed = {k: [UNKNOWN] for k in ("subnetIds", "securityGroupIds") if k in base.props}
    return base.having(**listed, **props)


def network() -> list[Res]:
    """A closed VPC with two subnets, a group with two rules, flow logs and endpoints."""
    return [
        key(),
        Res("aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.0.0.0/16", "id": UNKNOWN, "tags": TAGS}),
        *(
            joined(
                "aws:ec2/subnet:Subnet",
                f"subnet-{zone}",
                {"availabilityZone": f"{REGION}{zone}", "id": UNKNOWN, "tags": TAGS},
                vpcId="vpc",
            )
            for zone in ("a", "b")
        ),
        joined("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "default-group", {}, vpcId="vpc"),
        joined(
            "aws:ec2/securityGroup:SecurityGroup",
            "group",
            {"description": "Warehouse", "id": UNKNOWN, "tags": TAGS},
            vpcId="vpc",
        ),
        joined(
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "ingress",
            {
                "ipProtocol": "tcp",
                "fromPort": 5432,
                "toPort": 5432,
                "cidrIpv4": "10.0.0.0/16",
                "description": "Clients",
            },
            securityGroupId="group",
        ),
        joined(
            "aws:ec2/securityGroup:SecurityGroup",
            "endpoint-group",
            {"description": "Endpoints", "id": UNKNOWN, "tags": TAGS},
            vpcId="vpc",
        ),
        joined(
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "endpoint-ingress",
            {
                "ipProtocol": "tcp",
                "fromPort": 443,
                "toPort": 443,
                "cidrIpv4": "10.0.0.0/16",
                "description": "Calls to AWS",
            },
            securityGroupId="endpoint-group",
        ),
        joined(
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            "egress",
            {
                "ipProtocol": "tcp",
                "fromPort": 443,
                "toPort": 443,
                "cidrIpv4": "10.0.0.0/16",
                "description": "Endpoints",
            },
            securityGroupId="group",
        ),
        joined(
            "aws:ec2/flowLog:FlowLog",
            "flow-log",
            {"trafficType": "ALL", "logDestinationType": "s3", "logDestination": "arn:aws:s3:::flows"},
            vpcId="vpc",
        ),
        joined("aws:ec2/routeTable:RouteTable", "routes", {"id": UNKNOWN}, vpcId="vpc"),
        joined(
            "aws:ec2/routeTableAssociation:RouteTableAssociation",
            "association",
            {},
            routeTableId="routes",
            subnetId="subnet-a",
        ),
        *(endpoint(service) for service in ("s3", "kms", "glue", "logs", "secretsmanager")),
    ]


def cluster(**props: Any) -> Res:
    made = joined(
        "aws:redshift/cluster:Cluster",
        "cluster",
        {
            "clusterIdentifier": "lake",
            "encrypted": True,
            "publiclyAccessible": False,
            "enhancedVpcRouting": True,
            "automatedSnapshotRetentionPeriod": 7,
            "preferredMaintenanceWindow": "sun:03:00-sun:04:00",
            "manageMasterPassword": True,
            "masterUsername": "steward",
            "databaseName": "energy",
            "skipFinalSnapshot": False,
            "finalSnapshotIdentifier": "lake-final",
            "availabilityZoneRelocationEnabled": True,
            "vpcSecurityGroupIds": [UNKNOWN],
            "clusterParameterGroupName": "strict",
            "clusterSubnetGroupName": "private",
            "iamRoles": [f"arn:aws:iam::{ACCOUNT}:role/copy"],
            "tags": TAGS,
        },
        kmsKeyId="key",
        masterPasswordSecretKmsKeyId="key",
    )
    deps = {**made.deps, "vpcSecurityGroupIds": ["group"]}
    return replace(made, deps=deps, protect=True).having(**props)


PARAMETERS = [
    {"name": "require_ssl", "value": "true"},
    {"name": "enable_user_activity_logging", "value": "true"},
]


def warehouse() -> list[Res]:
    """A cluster with everything around it, a connection, and a dashboard's source."""
    return [
        *network(),
        cluster(),
        Res(
            "aws:redshift/parameterGroup:ParameterGroup",
            "parameters",
            {"name": "strict", "family": "redshift-2.0", "parameters": PARAMETERS, "tags": TAGS},
        ),
        Res(
            "aws:redshift/subnetGroup:SubnetGroup",
            "subnet-group",
            {"name": "private", "subnetIds": [UNKNOWN, UNKNOWN], "tags": TAGS},
            {"subnetIds": ["subnet-a", "subnet-b"]},
        ),
        Res(
            "aws:redshift/logging:Logging",
            "audit-log",
            {
                "clusterIdentifier": "lake",
                "logDestinationType": "cloudwatch",
                "logExports": ["connectionlog", "userlog", "useractivitylog"],
            },
        ),
        joined(
            "aws:redshift/snapshotCopyGrant:SnapshotCopyGrant",
            "copy-grant",
            {"snapshotCopyGrantName": "copies", "region": "eu-central-1", "tags": TAGS},
            kmsKeyId="key",
        ),
        Res(
            "aws:redshift/snapshotCopy:SnapshotCopy",
            "snapshot-copy",
            {
                "clusterIdentifier": "lake",
                "destinationRegion": "eu-central-1",
                "retentionPeriod": 7,
                "snapshotCopyGrantName": "copies",
            },
        ),
        role("copy", "redshift.amazonaws.com"),
        Res(
            "aws:glue/connection:Connection",
            "connection",
            {
                "connectionType": "JDBC",
                "tags": TAGS,
                "connectionProperties": {
                    "JDBC_ENFORCE_SSL": "true",
                    "SECRET_ID": "warehouse",
                    "JDBC_CONNECTION_URL": "jdbc:redshift://lake:5439/energy",
                },
                "physicalConnectionRequirements": {"subnetId": UNKNOWN, "securityGroupIdLists": [UNKNOWN]},
            },
            {"physicalConnectionRequirements": ["subnet-b", "group"]},
        ),
        Res(
            "aws:quicksight/vpcConnection:VpcConnection",
            "quicksight-vpc",
            {
                "subnetIds": [UNKNOWN],
                "securityGroupIds": [UNKNOWN],
                "roleArn": f"arn:aws:iam::{ACCOUNT}:role/quicksight-vpc",
                "arn": UNKNOWN,
            },
            {"subnetIds": ["subnet-b"], "securityGroupIds": ["group"]},
        ),
        Res(
            "aws:quicksight/dataSource:DataSource",
            "source",
            {
                "dataSourceId": "warehouse",
                "tags": TAGS,
                "parameters": {"redshift": {"database": "energy", "clusterId": "lake"}},
                "credentials": {"secretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:warehouse"},
                "vpcConnectionProperties": {"vpcConnectionArn": UNKNOWN},
                "permissions": [
                    {
                        "principal": f"arn:aws:quicksight:{REGION}:{ACCOUNT}:group/default/analysts",
                        "actions": ["quicksight:DescribeDataSource"],
                    }
                ],
            },
            {"vpcConnectionProperties": ["quicksight-vpc"]},
        ),
        Res(
            "aws:quicksight/accountSubscription:AccountSubscription",
            "quicksight",
            {"authenticationMethod": "IAM_IDENTITY_CENTER", "notificationEmail": "lake@example.com"},
        ),
    ]


def deny_http(action: str, resource: str) -> dict[str, Any]:
    return {
        "Sid": "Tls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def admit(service: str, action: Any, resource: str, condition: Any = OWN_ACCOUNT) -> dict[str, Any]:
    statement = {
        "Sid": "Admit",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
    }
    return {**statement, "Condition": condition} if condition else statement


def topic_policy(*more: dict[str, Any]) -> str:
    return text(
        deny_http("sns:Publish", TOPIC_ARN),
        admit("cloudwatch.amazonaws.com", "sns:Publish", TOPIC_ARN),
        *more,
    )


def queue_policy(*more: dict[str, Any]) -> str:
    return text(
        deny_http("sqs:*", QUEUE_ARN), admit("events.amazonaws.com", "sqs:SendMessage", QUEUE_ARN), *more
    )


def topic_key(*services: str) -> Res:
    uses = [
        admit(service, ["kms:GenerateDataKey*", "kms:Decrypt"], "*")
        for service in services
        or ("cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com")
    ]
    return key("topic-key", policy=text(*KEY_STATEMENTS, *uses))


def trail_statement(**changes: Any) -> dict[str, Any]:
    pinned = {"StringEquals": {"aws:SourceArn": TRAIL_ARN}}
    made = admit("cloudtrail.amazonaws.com", "s3:PutObject", "arn:aws:s3:::lake-trail/*", pinned)
    return {**made, "Sid": "Trail", **changes}


DATA_EVENTS = [
    {
        "readWriteType": "All",
        "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3:::lake-dev/"]}],
    }
]


def watching() -> list[Res]:
    """A trail, an alarm with its topic, a failure rule, a queue, a budget, an anomaly monitor."""
    return [
        key(),
        topic_key(),
        *bucket_resources("trail-bucket", "lake-trail", trail_statement()),
        Res(
            "aws:s3/bucketLogging:BucketLogging",
            "trail-bucket-logging",
            {"bucket": "lake-trail", "targetBucket": "lake-other-logs", "targetPrefix": "trail/"},
        ),
        joined(
            "aws:cloudtrail/trail:Trail",
            "trail",
            {
                "name": "lake",
                "s3BucketName": "lake-trail",
                "isMultiRegionTrail": True,
                "enableLogFileValidation": True,
                "cloudWatchLogsGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail:*",
                "cloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/trail",
                "eventSelectors": DATA_EVENTS,
                "tags": TAGS,
            },
            kmsKeyId="key",
        ),
        joined("aws:cloudtrail/eventDataStore:EventDataStore", "store", {}, kmsKeyId="key"),
        joined(
            "aws:sns/topic:Topic",
            "topic",
            {"name": "alarms", "arn": TOPIC_ARN, "tags": TAGS},
            kmsMasterKeyId="topic-key",
        ),
        Res("aws:sns/topicPolicy:TopicPolicy", "topic-policy", {"arn": TOPIC_ARN, "policy": topic_policy()}),
        Res(
            "aws:sns/topicSubscription:TopicSubscription",
            "subscription",
            {
                "topic": TOPIC_ARN,
                "protocol": "https",
                "endpoint": "https://example.com/alarms",
                "redrivePolicy": REDRIVE,
            },
        ),
        Res(
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            "alarm",
            {"name": "stale", "alarmActions": [TOPIC_ARN], "actionsEnabled": True, "tags": TAGS},
        ),
        Res(
            "aws:cloudwatch/eventRule:EventRule",
            "failures",
            {
                "name": "failures",
                "tags": TAGS,
                "eventPattern": '{"source": ["aws.glue"], "detail": {"state": ["FAILED", "TIMEOUT"]}}',
            },
        ),
        Res(
            "aws:cloudwatch/eventTarget:EventTarget",
            "failures-target",
            {"rule": "failures", "arn": TOPIC_ARN, "deadLetterConfig": {"arn": QUEUE_ARN}},
        ),
        joined(
            "aws:sqs/queue:Queue",
            "queue",
            {"name": "dead-letters", "arn": QUEUE_ARN, "url": "https://sqs/dead-letters", "tags": TAGS},
            kmsMasterKeyId="key",
        ),
        Res(
            "aws:sqs/queuePolicy:QueuePolicy",
            "queue-policy",
            {"queueUrl": "https://sqs/dead-letters", "policy": queue_policy()},
        ),
        Res(
            "aws:budgets/budget:Budget",
            "budget",
            {
                "budgetType": "COST",
                "tags": TAGS,
                "limitAmount": "1000",
                "timeUnit": "MONTHLY",
                "notifications": [{"threshold": 80, "subscriberEmailAddresses": ["lake@example.com"]}],
            },
        ),
        Res("aws:costexplorer/anomalyMonitor:AnomalyMonitor", "monitor", {"name": "lake", "arn": UNKNOWN}),
        Res(
            "aws:costexplorer/anomalySubscription:AnomalySubscription",
            "anomalies",
            {
                "monitorArnLists": [UNKNOWN],
                "subscribers": [{"type": "EMAIL", "address": "lake@example.com"}],
            },
            {"monitorArnLists": ["monitor"]},
        ),
    ]


def functions() -> list[Res]:
    """A function with its permission and URL, a secret that is rotated, a schedule, a bus."""
    statement = {
        "Sid": "Own",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/etl"},
        "Action": "events:PutEvents",
        "Resource": BUS_ARN,
    }
    return [
        key(),
        role("backup", "lambda.amazonaws.com"),
        joined(
            "aws:lambda/function:Function",
            "function",
            {
                "name": "backup",
                "runtime": "python3.13",
                "role": f"arn:aws:iam::{ACCOUNT}:role/backup",
                "environment": {"variables": {"TABLE": "clients", "SECRET_ARN": f"arn:aws:s3:::{ACCOUNT}"}},
                "deadLetterConfig": {"targetArn": QUEUE_ARN},
                "tags": TAGS,
            },
            kmsKeyArn="key",
        ),
        Res(
            "aws:lambda/permission:Permission",
            "permission",
            {"function": "backup", "principal": "events.amazonaws.com", "sourceArn": BUS_ARN},
        ),
        Res("aws:lambda/functionUrl:FunctionUrl", "url", {"authorizationType": "AWS_IAM"}),
        joined(
            "aws:secretsmanager/secret:Secret", "secret", {"name": "warehouse", "tags": TAGS}, kmsKeyId="key"
        ),
        Res(
            "aws:secretsmanager/secretRotation:SecretRotation",
            "rotation",
            {"secretId": "warehouse", "rotationRules": {"automaticallyAfterDays": 30}},
        ),
        Res(
            "aws:secretsmanager/secretPolicy:SecretPolicy",
            "secret-policy",
            {
                "secretArn": "warehouse",
                "policy": text({**statement, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}),
            },
        ),
        joined(
            "aws:scheduler/schedule:Schedule",
            "schedule",
            {
                "name": "nightly",
                "scheduleExpression": "rate(1 day)",
                "target": {
                    "arn": "arn:aws:scheduler:::aws-sdk:glue:startJobRun",
                    "roleArn": f"arn:aws:iam::{ACCOUNT}:role/clock",
                    "input": '{"JobName": "job"}',
                },
            },
            kmsKeyArn="key",
        ),
        joined("aws:cloudwatch/eventBus:EventBus", "bus", {"name": "lake"}, kmsKeyIdentifier="key"),
        Res(
            "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
            "bus-policy",
            {"eventBusName": "lake", "policy": text(statement)},
        ),
        Res(
            "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
            "log-policy",
            {
                "policyDocument": text(
                    admit("events.amazonaws.com", "logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:*")
                )
            },
        ),
    ]


def put(
    stack: Sequence[Res], name: str, path: str, value: Any, deps: Sequence[str] | None = None
) -> list[Res]:
    """The stack with one property of one resource changed, at a dotted path; `None` removes it."""
    old = next(r for r in stack if r.name == name)
    top, *rest = path.split(".")
    new = _set(old.props.get(top), rest, value) if rest else value
    changed = old.having(**{top: new})
    return replaced(
        stack, name, replace(changed, deps={**old.deps, top: list(deps)}) if deps is not None else changed
    )


def _set(block: Any, path: Sequence[str], value: Any) -> dict[str, Any]:
    made = dict(block) if isinstance(block, dict) else {}
    head, *rest = path
    if rest:
        made[head] = _set(made.get(head), rest, value)
    elif value is None:
        made.pop(head, None)
    else:
        made[head] = value
    return made


def setting_forms(
    stack: Sequence[Res],
    name: str,
    path: str,
    *,
    good: Sequence[Any] = (),
    bad: Sequence[Any],
    says: str = "",
    unknown: bool = True,
    legacy: Sequence[Case] | Absent = NO_LEGACY,
    sidecar: Sequence[Case] | Absent = NO_SIDECAR,
) -> Forms:
    """The fixtures of a control that asks for one setting of one resource."""
    stranger = next(r.name for r in stack if r.name != name and r.token not in _LED_TO)
    hidden = put(stack, name, path, UNKNOWN, [stranger])
    return {
        "pass": [passes(stack), *(passes(put(stack, name, path, value)) for value in good)],
        "fail": [fails(put(stack, name, path, value), name, says or path) for value in bad],
        "unknown": [unverified(hidden, name) if unknown else passes(hidden)],
        "legacy": legacy,
        "sidecar": sidecar,
    }


def estate() -> list[Res]:
    """Everything but the lake, each resource once."""
    found: dict[str, Res] = {}
    for res in (*warehouse(), *watching(), *functions()):
        found.setdefault(res.name, res)
    return list(found.values())
