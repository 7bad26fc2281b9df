"""A small data lake that breaks no control, resource by resource, to break on purpose in tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.policies.protocol_support import UNKNOWN, Res

ACCOUNT = "123456789012"
REGION = "eu-west-1"
BUCKET = "lake-dev"
LOGS = "lake-dev-logs"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b1c"
TAGS = {
    "owner": "data-platform",
    "environment": "dev",
    "cost-center": "energy",
    "data-classification": "confidential",
}


def allow(actions: Any, resources: Any, condition: Any = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources, **more}
    return {**statement, "Condition": condition} if condition else statement


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def text(*statements: dict[str, Any]) -> str:
    return json.dumps(document(*statements))


def deny_plain_http(bucket: str, **changes: Any) -> dict[str, Any]:
    return {
        "Sid": "Tls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        **changes,
    }


def deny_old_tls(bucket: str, **changes: Any) -> dict[str, Any]:
    return deny_plain_http(
        bucket, **{"Sid": "Tls12", "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}, **changes}
    )


def _deny_put(bucket: str, sid: str, operator: str, header: str, value: str) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {operator: {header: value}, "Null": {header: "false"}},
    }


def deny_other_algorithm(bucket: str) -> dict[str, Any]:
    return _deny_put(bucket, "Algorithm", "StringNotEquals", "s3:x-amz-server-side-encryption", "aws:kms")


def deny_other_key(bucket: str) -> dict[str, Any]:
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    return _deny_put(bucket, "Key", "ArnNotLike", header, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*")


def deny_client_keys(bucket: str, **changes: Any) -> dict[str, Any]:
    return {
        "Sid": "ClientKeys",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}},
        **changes,
    }


def take_logs(bucket: str, **changes: Any) -> dict[str, Any]:
    return {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        **changes,
    }


def trust(service: str = "glue.amazonaws.com", condition: Any = None) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}} if condition is None else condition,
    }


ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
VIA = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
KEY_STATEMENTS = (
    {
        "Sid": "Root",
        "Effect": "Allow",
        "Principal": ROOT,
        "Action": ["kms:DescribeKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource"],
        "Resource": "*",
    },
    {
        "Sid": "Use",
        "Effect": "Allow",
        "Principal": ROOT,
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": VIA,
    },
    {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": ["kms:Encrypt", "kms:Decrypt"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"}
        },
    },
)


def key(name: str = "key", **props: Any) -> Res:
    computed = {"arn": UNKNOWN, "keyId": UNKNOWN, "id": UNKNOWN}
    return Res(
        "aws:kms/key:Key",
        name,
        {"enableKeyRotation": True, "policy": text(*KEY_STATEMENTS), "tags": TAGS, **computed, **props},
        protect=True,
    )


def sse(
    name: str, bucket: str, algorithm: str = "aws:kms", key_arn: str | None = UNKNOWN, **rule: Any
) -> Res:
    default: dict[str, Any] = {"sseAlgorithm": algorithm}
    if key_arn is not None and algorithm != "AES256":
        default["kmsMasterKeyId"] = key_arn
    block = {"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": algorithm != "AES256", **rule}
    return Res(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        name,
        {"bucket": bucket, "rules": [block]},
        {"rules": ["key"]} if default.get("kmsMasterKeyId") == UNKNOWN else {},
    )


def bucket_resources(name: str, bucket: str, *statements: dict[str, Any], logs: bool = False) -> list[Res]:
    """A bucket with everything beside it; resources are named `<name>-<part>`."""
    return [
        Res(
            "aws:s3/bucket:Bucket",
            name,
            {"bucket": bucket, "arn": f"arn:aws:s3:::{bucket}", "tags": TAGS},
            protect=True,
        ),
        sse(f"{name}-sse", bucket, "AES256" if logs else "aws:kms"),
        Res(
            "aws:s3/bucketVersioning:BucketVersioning",
            f"{name}-versioning",
            {"bucket": bucket, "versioningConfiguration": {"status": "Enabled"}},
        ),
        Res(
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            f"{name}-pab",
            {
                "bucket": bucket,
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
        ),
        Res(
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            f"{name}-ownership",
            {"bucket": bucket, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        ),
        Res(
            "aws:s3/bucketPolicy:BucketPolicy",
            f"{name}-policy",
            {"bucket": bucket, "policy": text(*denials(bucket, logs=logs), *statements)},
        ),
        Res(
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            f"{name}-lifecycle",
            {"bucket": bucket, "rules": [lifecycle_rule()]},
        ),
    ]


def denials(bucket: str, *, logs: bool = False) -> list[dict[str, Any]]:
    """What the policy of a sound bucket refuses."""
    tls = [deny_plain_http(bucket), deny_old_tls(bucket)]
    return (
        tls
        if logs
        else [*tls, deny_other_algorithm(bucket), deny_other_key(bucket), deny_client_keys(bucket)]
    )


def lifecycle_rule(**changes: Any) -> dict[str, Any]:
    return {
        "id": "all",
        "status": "Enabled",
        "noncurrentVersionExpiration": {"noncurrentDays": 30},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 3},
        **changes,
    }


LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws-glue/jobs"
ETL_STATEMENTS = (
    allow("s3:GetObject", [f"arn:aws:s3:::{BUCKET}/raw/*", f"arn:aws:s3:::{BUCKET}/jobs/*"]),
    allow(
        ["kms:Decrypt", "kms:GenerateDataKey"],
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*",
        {"ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/lake"]}},
    ),
    allow("cloudwatch:PutMetricData", "*", {"StringEquals": {"cloudwatch:namespace": "lake"}}),
    allow("lakeformation:GetDataAccess", "*"),
    allow("glue:GetSecurityConfiguration", "*"),
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{LOG_GROUP}:log-stream:*"),
)
CRAWL_STATEMENTS = (
    allow(["lakeformation:GetDataAccess", "glue:GetSecurityConfiguration"], "*"),
    allow("glue:GetDatabase", f"arn:aws:glue:{REGION}:{ACCOUNT}:catalog"),
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{LOG_GROUP}:log-stream:*"),
)

ETL_ROLE = f"arn:aws:iam::{ACCOUNT}:role/etl"
STARTER_STATEMENTS = (
    allow("iam:PassRole", ETL_ROLE, {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}),
)


def security_configuration(name: str = "sc", **blocks: Any) -> Res:
    return Res(
        "aws:glue/securityConfiguration:SecurityConfiguration",
        name,
        {
            "name": "lake",
            "encryptionConfiguration": {
                "s3Encryption": {"s3EncryptionMode": "SSE-KMS", "kmsKeyArn": UNKNOWN},
                "cloudwatchEncryption": {"cloudwatchEncryptionMode": "SSE-KMS", "kmsKeyArn": UNKNOWN},
                "jobBookmarksEncryption": {"jobBookmarksEncryptionMode": "CSE-KMS", "kmsKeyArn": UNKNOWN},
                **blocks,
            },
        },
        {"encryptionConfiguration": ["key"]},
    )


def workgroup(name: str, location: str | None = None, **configuration: Any) -> Res:
    return Res(
        "aws:athena/workgroup:Workgroup",
        name,
        {
            "name": name,
            "description": f"Queries of {name}",
            "tags": TAGS,
            "configuration": {
                "enforceWorkgroupConfiguration": True,
                "publishCloudwatchMetricsEnabled": True,
                "bytesScannedCutoffPerQuery": 10_000_000_000,
                "resultConfiguration": {
                    "outputLocation": location or f"s3://{BUCKET}/results/{name}/",
                    "expectedBucketOwner": ACCOUNT,
                    "encryptionConfiguration": {"encryptionOption": "SSE_KMS", "kmsKeyArn": UNKNOWN},
                },
                **configuration,
            },
        },
        {"configuration": ["key"]},
    )


def role(name: str, service: str = "glue.amazonaws.com", **props: Any) -> Res:
    made = {"name": name, "assumeRolePolicy": text(trust(service)), "arn": UNKNOWN, "tags": TAGS}
    return Res("aws:iam/role:Role", name, {**made, **props})


def job(name: str = "job", **props: Any) -> Res:
    return Res(
        "aws:glue/job:Job",
        name,
        {
            "name": name,
            "securityConfiguration": "lake",
            "roleArn": ETL_ROLE,
            "glueVersion": "5.0",
            "timeout": 60,
            "workerType": "G.1X",
            "numberOfWorkers": 2,
            "executionProperty": {"maxConcurrentRuns": 1},
            "command": {"name": "glueetl", "scriptLocation": "s3://lake-dev/jobs/job.py"},
            "defaultArguments": {
                "--enable-continuous-cloudwatch-log": "true",
                "--enable-metrics": "true",
            },
            "tags": TAGS,
            **props,
        },
    )


def governance() -> list[Res]:
    """Lake Formation and the catalog's encryption."""
    return [
        Res(
            "aws:lakeformation/dataLakeSettings:DataLakeSettings",
            "settings",
            {
                "admins": [f"arn:aws:iam::{ACCOUNT}:role/deployer"],
                "createDatabaseDefaultPermissions": [],
                "createTableDefaultPermissions": [],
            },
        ),
        Res(
            "aws:lakeformation/resource:Resource",
            "location",
            {"arn": f"arn:aws:s3:::{BUCKET}/raw", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/location"},
        ),
        Res(
            "aws:lakeformation/permissions:Permissions",
            "grant",
            {"principal": ETL_ROLE, "permissions": ["DESCRIBE"], "database": {"name": "energy_raw_dev"}},
        ),
        Res(
            "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings",
            "catalog",
            {
                "dataCatalogEncryptionSettings": {
                    "encryptionAtRest": {"catalogEncryptionMode": "SSE-KMS", "sseAwsKmsKeyId": UNKNOWN},
                    "connectionPasswordEncryption": {
                        "returnConnectionPasswordEncrypted": True,
                        "awsKmsKeyId": UNKNOWN,
                    },
                }
            },
            {"dataCatalogEncryptionSettings": ["key"]},
        ),
    ]


def lake() -> list[Res]:
    """The whole lake: data and log bucket, key, Glue, Athena, a log group, two roles."""
    return [
        key(),
        *bucket_resources("data", BUCKET),
        *bucket_resources("logs", LOGS, take_logs(LOGS), logs=True),
        Res(
            "aws:s3/bucketLogging:BucketLogging",
            "data-logging",
            {"bucket": BUCKET, "targetBucket": LOGS, "targetPrefix": "data/"},
        ),
        security_configuration(),
        job(),
        Res(
            "aws:glue/crawler:Crawler",
            "crawler",
            {
                "name": "c",
                "securityConfiguration": "lake",
                "role": "crawl",
                "s3Targets": [{"path": f"s3://{BUCKET}/raw/"}],
                "lakeFormationConfiguration": {"useLakeFormationCredentials": True},
                "schemaChangePolicy": {"updateBehavior": "LOG", "deleteBehavior": "LOG"},
                "tags": TAGS,
            },
        ),
        *governance(),
        workgroup("analysts"),
        workgroup("reporting"),
        Res(
            "aws:cloudwatch/logGroup:LogGroup",
            "log-group",
            {"name": "/aws-glue/jobs", "kmsKeyId": UNKNOWN, "retentionInDays": 90, "tags": TAGS},
            {"kmsKeyId": ["key"]},
        ),
        role("etl"),
        Res("aws:iam/rolePolicy:RolePolicy", "etl-policy", {"role": "etl", "policy": text(*ETL_STATEMENTS)}),
        role("crawl"),
        Res(
            "aws:iam/rolePolicy:RolePolicy",
            "crawl-policy",
            {"role": "crawl", "policy": text(*CRAWL_STATEMENTS)},
        ),
        role("starter", "events.amazonaws.com"),
        Res(
            "aws:iam/policy:Policy",
            "starter-policy",
            {"name": "starter", "policy": text(*STARTER_STATEMENTS), "arn": UNKNOWN},
        ),
        Res(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "starter-attachment",
            {"role": "starter", "policyArn": UNKNOWN},
            {"policyArn": ["starter-policy"]},
        ),
    ]


def replaced(stack: Sequence[Res], name: str, *new: Res) -> list[Res]:
    """The stack with one resource replaced by others, or taken out."""
    assert any(resource.name == name for resource in stack), name
    result: list[Res] = []
    for resource in stack:
        result.extend(new if resource.name == name else [resource])
    return result


def changed(name: str, **props: Any) -> list[Res]:
    """The lake with some properties of one resource changed; `None` removes a property."""
    stack = lake()
    return replaced(stack, name, next(r for r in stack if r.name == name).having(**props))


def without(*names: str) -> list[Res]:
    """The lake without some resources."""
    stack = lake()
    for name in names:
        stack = replaced(stack, name)
    return stack
