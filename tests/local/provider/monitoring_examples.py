"""Examples of alarms, dashboards, log filters, trails, topics and queues."""

from __future__ import annotations

import json

from tests.local.provider.example_support import ACCOUNT, Example, Inputs

_LOGS = {"logs": ("aws:cloudwatch/logGroup:LogGroup", {"name": "/lake/trail"})}
_TOPIC_ARN = f"arn:aws:sns:eu-west-1:{ACCOUNT}:lake-alerts"
TOPIC = {"topic": ("aws:sns/topic:Topic", {"name": "lake-alerts"})}
_QUEUE = {"queue": ("aws:sqs/queue:Queue", {"name": "lake-failed"})}
_AUDIT = {"audit": ("aws:s3/bucket:Bucket", {"bucket": "lake-audit", "forceDestroy": True})}
_ALARM: Inputs = {
    "name": "lake-late",
    "alarmDescription": "no run succeeded",
    "comparisonOperator": "LessThanThreshold",
    "namespace": "Lake",
    "metricName": "RunsSucceeded",
    "statistic": "Sum",
    "period": 3600,
    "evaluationPeriods": 26,
    "datapointsToAlarm": 26,
    "threshold": 1,
    "treatMissingData": "breaching",
    "dimensions": {"Dataset": "transactions"},
    "alarmActions": [_TOPIC_ARN],
    "okActions": [_TOPIC_ARN],
    "tags": {"component": "observability"},
}


def _of(identifier: str, metric: str) -> Inputs:
    return {
        "id": identifier,
        "returnData": False,
        "metric": {
            "namespace": "Lake",
            "metricName": metric,
            "period": 86400,
            "stat": "Sum",
            "dimensions": {"Dataset": "clients"},
        },
    }


def _rate(expression: str) -> Inputs:
    return {"id": "rate", "expression": expression, "label": "rate", "returnData": True}


def _dashboard(title: str) -> str:
    properties = {"title": title, "metrics": [["Lake", "RowsIn"]], "region": "eu-west-1", "period": 300}
    widget = {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": properties}
    return json.dumps({"widgets": [widget]})


def _policy(service: str, action: str, resource: str) -> str:
    statement = {
        "Sid": "Write",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _selector(name: str, kind: str, arn: str) -> Inputs:
    return {
        "name": name,
        "fieldSelectors": [
            {"field": "eventCategory", "equals": ["Data"]},
            {"field": "resources.type", "equals": [kind]},
            {"field": "resources.ARN", "startsWiths": [arn]},
        ],
    }


EXAMPLES: dict[str, list[Example]] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": [
        Example(
            _ALARM,
            {
                "alarmDescription": "no run succeeded for a day",
                "evaluationPeriods": 24,
                "datapointsToAlarm": 24,
                "treatMissingData": "notBreaching",
                "okActions": None,
                "tags": {"component": "alarms"},
            },
        ),
        Example(
            {
                "name": "lake-error-rate",
                "comparisonOperator": "GreaterThanThreshold",
                "evaluationPeriods": 1,
                "threshold": 0.25,
                "metricQueries": [
                    _of("failed", "RunsFailed"),
                    _of("succeeded", "RunsSucceeded"),
                    _rate("failed / (failed + succeeded)"),
                ],
                "region": "eu-central-1",
            },
            {"threshold": 0.5, "metricQueries": [_of("failed", "RunsFailed"), _rate("failed / 10")]},
        ),
        Example(
            {
                "name": "lake-volume",
                "comparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
                "evaluationPeriods": 1,
                "thresholdMetricId": "band",
                "metricQueries": [
                    {**_of("rows", "RowsIn"), "returnData": True},
                    {
                        "id": "band",
                        "expression": "ANOMALY_DETECTION_BAND(rows, 3)",
                        "label": "usual",
                        "returnData": True,
                    },
                ],
            },
            {"evaluationPeriods": 2},
        ),
    ],
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": [
        Example(
            {
                "alarmName": "lake-unwell",
                "alarmDescription": "something is wrong",
                "alarmRule": 'ALARM("lake-late")',
                "alarmActions": [_TOPIC_ARN],
                "tags": {"component": "observability"},
            },
            {
                "alarmRule": 'ALARM("lake-late") OR INSUFFICIENT_DATA("lake-late")',
                "alarmDescription": "something may be wrong",
                "alarmActions": [],
                "tags": {},
            },
            {"late": ("aws:cloudwatch/metricAlarm:MetricAlarm", _ALARM)},
        )
    ],
    "aws:cloudwatch/dashboard:Dashboard": [
        Example(
            {"dashboardName": "lake-pipeline", "dashboardBody": _dashboard("Rows")},
            {"dashboardBody": _dashboard("Rows in")},
        )
    ],
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": [
        Example(
            {
                "name": "denied",
                "logGroupName": "${logs.name}",
                "pattern": '{ $.errorCode = "AccessDenied*" }',
                "metricTransformation": {
                    "name": "DeniedCalls",
                    "namespace": "Lake",
                    "value": "1",
                    "defaultValue": "0",
                    "unit": "Count",
                },
            },
            {
                "pattern": '{ $.errorCode = "*Denied*" }',
                "metricTransformation": {
                    "name": "Denied",
                    "namespace": "Lake",
                    "value": "1",
                    "unit": "Count",
                },
            },
            _LOGS,
        )
    ],
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": [
        Example(
            {
                "policyName": "events",
                "policyDocument": _policy("events.amazonaws.com", "logs:PutLogEvents", "*"),
            },
            {"policyDocument": _policy("events.amazonaws.com", "logs:CreateLogStream", "*")},
        )
    ],
    "aws:cloudwatch/queryDefinition:QueryDefinition": [
        Example(
            {
                "name": "lake/denied",
                "queryString": "fields @timestamp | filter errorCode like /Denied/",
                "logGroupNames": ["/lake/trail"],
            },
            {
                "name": "lake/denied calls",
                "queryString": "fields @timestamp",
                "logGroupNames": ["/lake/jobs"],
            },
        )
    ],
    "aws:cloudtrail/trail:Trail": [
        Example(
            {
                "name": "lake-audit",
                "s3BucketName": "${audit.bucket}",
                "s3KeyPrefix": "trail",
                "isMultiRegionTrail": True,
                "enableLogFileValidation": True,
                "kmsKeyId": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
                "advancedEventSelectors": [
                    _selector("objects", "AWS::S3::Object", "arn:aws:s3:::lake-data/"),
                    {
                        "name": "calls",
                        "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}],
                    },
                ],
                "insightSelectors": [{"insightType": "ApiCallRateInsight"}],
                "tags": {"component": "audit"},
            },
            {
                "s3KeyPrefix": "audit",
                "enableLogging": False,
                "advancedEventSelectors": [
                    _selector("objects", "AWS::S3::Object", "arn:aws:s3:::lake-curated/")
                ],
                "insightSelectors": [{"insightType": "ApiErrorRateInsight"}],
                "tags": {"component": "trail", "owner": "audit"},
            },
            _AUDIT,
        )
    ],
    "aws:sns/topic:Topic": [
        Example(
            {
                "name": "lake-alerts",
                "displayName": "Energy data lake",
                "kmsMasterKeyId": "alias/lake-alerts",
                "tags": {"component": "observability"},
            },
            {"displayName": "Data lake", "kmsMasterKeyId": "alias/lake", "tags": {"owner": "data"}},
        ),
        Example({"name": "lake-replica", "region": "eu-central-1"}, {"displayName": "Replica"}),
    ],
    "aws:sns/topicPolicy:TopicPolicy": [
        Example(
            {
                "arn": "${topic.arn}",
                "policy": _policy("cloudwatch.amazonaws.com", "SNS:Publish", _TOPIC_ARN),
            },
            {"policy": _policy("events.amazonaws.com", "SNS:Publish", _TOPIC_ARN)},
            TOPIC,
            remains=True,
        )
    ],
    "aws:sns/topicSubscription:TopicSubscription": [
        Example(
            {"topic": "${topic.arn}", "protocol": "email", "endpoint": "data@example.com"},
            {"filterPolicy": '{"kind": ["alarm"]}'},
            TOPIC,
        ),
        Example(
            {
                "topic": "${topic.arn}",
                "protocol": "sqs",
                "endpoint": "${queue.arn}",
                "rawMessageDelivery": True,
                "filterPolicy": '{"kind": ["alarm"]}',
            },
            {"rawMessageDelivery": False, "filterPolicy": '{"kind": ["budget"]}'},
            {**TOPIC, **_QUEUE},
        ),
    ],
    "aws:sqs/queue:Queue": [
        Example(
            {
                "name": "lake-dead-letters",
                "messageRetentionSeconds": 1209600,
                "kmsMasterKeyId": "alias/lake",
                "kmsDataKeyReusePeriodSeconds": 3600,
                "tags": {"component": "pipeline"},
            },
            {
                "messageRetentionSeconds": 604800,
                "visibilityTimeoutSeconds": 60,
                "kmsDataKeyReusePeriodSeconds": 600,
                "tags": {},
            },
        )
    ],
    "aws:sqs/queuePolicy:QueuePolicy": [
        Example(
            {"queueUrl": "${queue.url}", "policy": _policy("events.amazonaws.com", "sqs:SendMessage", "*")},
            {"policy": _policy("sns.amazonaws.com", "sqs:SendMessage", "*")},
            _QUEUE,
        )
    ],
}
