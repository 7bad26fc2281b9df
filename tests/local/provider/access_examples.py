"""Examples of policies, secrets, LF-tags, cells filters, connections and schedules."""

from __future__ import annotations

import json

from tests.local.provider.example_support import (
    ACCOUNT,
    COLUMNS,
    DATABASE,
    ROLE,
    Example,
    Inputs,
    reading,
    storage,
)

_TABLE = {
    **DATABASE,
    "table": (
        "aws:glue/catalogTable:CatalogTable",
        {"name": "clients", "databaseName": "${database.name}", "storageDescriptor": storage(COLUMNS)},
    ),
}
_ZONE = {"tag": ("aws:lakeformation/lfTag:LfTag", {"key": "zone", "values": ["raw", "curated"]})}
_SECRET = {
    "secret": ("aws:secretsmanager/secret:Secret", {"name": "lake/warehouse", "recoveryWindowInDays": 0})
}
_GROUP = {"group": ("aws:scheduler/scheduleGroup:ScheduleGroup", {"name": "lake"})}


def _policy_of_secret(action: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/jobs"},
        "Action": action,
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _filter(**more: object) -> Inputs:
    place = {
        "tableCatalogId": ACCOUNT,
        "databaseName": "${database.name}",
        "tableName": "${table.name}",
        "name": "no-pii",
    }
    return {"tableData": {**place, **more}}


def _target(message: str, retries: int) -> Inputs:
    return {
        "arn": "arn:aws:scheduler:::aws-sdk:redshift:pauseCluster",
        "roleArn": "${role.arn}",
        "input": json.dumps({"ClusterIdentifier": message}),
        "retryPolicy": {"maximumEventAgeInSeconds": 3600, "maximumRetryAttempts": retries},
    }


EXAMPLES: dict[str, list[Example]] = {
    "aws:iam/policy:Policy": [
        Example(
            {
                "name": "read-lake",
                "description": "reads the lake",
                "path": "/lake/",
                "policy": reading("arn:aws:s3:::lake-data/*"),
                "tags": {"component": "governance"},
            },
            {"policy": reading("arn:aws:s3:::lake-data/raw/*"), "tags": {"owner": "data"}},
        )
    ],
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": [
        Example(
            {"role": "${role.name}", "policyArn": "${policy.arn}"},
            needs={
                **ROLE,
                "policy": (
                    "aws:iam/policy:Policy",
                    {"name": "read", "policy": reading("arn:aws:s3:::lake/*")},
                ),
            },
        )
    ],
    "aws:secretsmanager/secret:Secret": [
        Example(
            {
                "name": "lake/etl-user",
                "description": "the loader's login",
                "kmsKeyId": "alias/lake",
                "recoveryWindowInDays": 7,
                "tags": {"component": "warehouse"},
            },
            {"description": "login of the loader", "tags": {"owner": "data"}},
        ),
        Example(
            {"name": "lake/replica", "recoveryWindowInDays": 0, "region": "eu-central-1"},
            {"description": "for the replica"},
        ),
    ],
    "aws:secretsmanager/secretPolicy:SecretPolicy": [
        Example(
            {"secretArn": "${secret.arn}", "policy": _policy_of_secret("secretsmanager:GetSecretValue")},
            {"policy": _policy_of_secret("secretsmanager:DescribeSecret")},
            _SECRET,
        )
    ],
    "aws:secretsmanager/secretVersion:SecretVersion": [
        Example(
            {"secretId": "${secret.arn}", "secretString": '{"username": "loader"}'},
            needs=_SECRET,
            remains=True,
        )
    ],
    "aws:glue/connection:Connection": [
        Example(
            {
                "name": "warehouse",
                "description": "the warehouse",
                "connectionType": "JDBC",
                "connectionProperties": {
                    "JDBC_CONNECTION_URL": "jdbc:redshift://lake.example.internal:5439/lake",
                    "SECRET_ID": "lake/warehouse",
                    "JDBC_ENFORCE_SSL": "true",
                },
                "physicalConnectionRequirements": {
                    "availabilityZone": "eu-west-1a",
                    "securityGroupIdLists": ["sg-1"],
                    "subnetId": "subnet-1",
                },
                "tags": {"component": "warehouse"},
            },
            {
                "description": "the warehouse of the lake",
                "connectionType": "NETWORK",
                "connectionProperties": {"JDBC_ENFORCE_SSL": "false"},
                "tags": {"component": "network"},
            },
        ),
        Example(
            {
                "name": "beside-the-warehouse",
                "connectionType": "NETWORK",
                "physicalConnectionRequirements": {
                    "availabilityZone": "eu-west-1a",
                    "securityGroupIdLists": ["sg-1"],
                    "subnetId": "subnet-1",
                },
            },
            {"description": "a place in the network"},
        ),
    ],
    "aws:lakeformation/lfTag:LfTag": [
        Example(
            {"key": "sensitivity", "values": ["public", "internal", "pii"]},
            {"values": ["public", "pii", "secret"]},
        ),
        Example({"key": "zone", "values": ["raw"], "region": "eu-central-1"}, {"values": ["curated"]}),
    ],
    "aws:lakeformation/resourceLfTag:ResourceLfTag": [
        Example(
            {"database": {"name": "${database.name}"}, "lfTag": {"key": "${tag.key}", "value": "curated"}},
            needs={**DATABASE, **_ZONE},
        ),
        Example(
            {
                "table": {"databaseName": "${database.name}", "name": "${table.name}"},
                "lfTag": {"key": "${tag.key}", "value": "raw"},
            },
            needs={**_TABLE, **_ZONE},
        ),
        Example(
            {
                "tableWithColumns": {
                    "databaseName": "${database.name}",
                    "name": "${table.name}",
                    "columnNames": ["price", "id"],
                },
                "lfTag": {"key": "${tag.key}", "value": "raw"},
            },
            needs={**_TABLE, **_ZONE},
        ),
    ],
    "aws:lakeformation/resourceLfTags:ResourceLfTags": [
        Example(
            {
                "table": {"databaseName": "${database.name}", "name": "${table.name}"},
                "lfTags": [{"key": "${tag.key}", "value": "raw"}, {"key": "${other.key}", "value": "power"}],
            },
            needs={
                **_TABLE,
                **_ZONE,
                "other": ("aws:lakeformation/lfTag:LfTag", {"key": "domain", "values": ["power"]}),
            },
        ),
    ],
    "aws:lakeformation/dataCellsFilter:DataCellsFilter": [
        Example(
            _filter(columnNames=["id"], rowFilter={"allRowsWildcard": {}}),
            _filter(
                columnNames=None,
                columnWildcard={"excludedColumnNames": ["price"]},
                rowFilter={"filterExpression": "id <> ''"},
            ),
            _TABLE,
        )
    ],
    "aws:scheduler/scheduleGroup:ScheduleGroup": [
        Example({"name": "lake-nightly", "tags": {"component": "warehouse"}}, {"tags": {"owner": "data"}})
    ],
    "aws:scheduler/schedule:Schedule": [
        Example(
            {
                "name": "pause-warehouse",
                "groupName": "${group.name}",
                "description": "pauses the warehouse",
                "scheduleExpression": "cron(0 20 * * ? *)",
                "scheduleExpressionTimezone": "Europe/Madrid",
                "flexibleTimeWindow": {"mode": "OFF"},
                "target": _target("lake", 3),
            },
            {
                "description": "pauses it",
                "scheduleExpression": "cron(0 21 * * ? *)",
                "state": "DISABLED",
                "flexibleTimeWindow": {"mode": "FLEXIBLE", "maximumWindowInMinutes": 15},
                "target": _target("lake-dev", 5),
            },
            {**_GROUP, **ROLE},
        )
    ],
}
