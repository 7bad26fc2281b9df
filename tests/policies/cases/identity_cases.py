from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, Forms, fails, passes, unverified
from tests.policies.estate_support import put
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import (
    ACCOUNT,
    BUCKET,
    ETL_STATEMENTS,
    KEY_ARN,
    KEY_STATEMENTS,
    allow,
    lake,
    replaced,
    text,
)

_NAMES = ("key", "data", "data-sse", "job", "etl", "etl-policy")
_ALIAS = Res(
    "aws:kms/alias:Alias", "alias", {"name": "alias/lake", "targetKeyId": UNKNOWN}, {"targetKeyId": ["key"]}
)
_BASE = [*(r for r in lake() if r.name in _NAMES), _ALIAS]
_SCRIPT = f"arn:aws:s3:::{BUCKET}/jobs/*"
_HIDDEN = unverified(put(_BASE, "etl-policy", "policy", UNKNOWN), "etl")
_ROLES = f"arn:aws:iam::{ACCOUNT}:role/etl"


def _etl(*more: dict[str, Any]) -> list[Res]:
    return put(_BASE, "etl-policy", "policy", text(*ETL_STATEMENTS, *more))


def _only(*statements: dict[str, Any]) -> list[Res]:
    return put(_BASE, "etl-policy", "policy", text(*statements))


def _inline(*more: dict[str, Any]) -> list[Res]:
    """The same rights, and more, as an inline policy of the role."""
    stack = replaced(_BASE, "etl-policy")
    return put(stack, "etl", "inlinePolicies", [{"name": "own", "policy": text(*ETL_STATEMENTS, *more)}])


def _second(*statements: dict[str, Any]) -> list[Res]:
    policy = Res("aws:iam/rolePolicy:RolePolicy", "second", {"role": "etl", "policy": text(*statements)})
    return [*_BASE, policy]


def _v2(stack: list[Res]) -> list[Res]:
    token = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
    old = next(r for r in stack if r.name == "data-sse")
    return replaced(stack, "data-sse", Res(token, old.name, old.props, old.deps))


_READ = allow("s3:GetObject", [f"arn:aws:s3:::{BUCKET}/raw/*", _SCRIPT])
_START = allow(["glue:CreateJob", "glue:StartJobRun"], f"arn:aws:glue:eu-west-1:{ACCOUNT}:job/*")
_PASS = allow("iam:PassRole", _ROLES, {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}})
_ANY_BUCKET = allow("s3:PutObject", "arn:aws:s3:::*/*")
_POLICIES = allow("iam:PutRolePolicy", _ROLES)
_RUN = allow("redshift-data:BatchExecuteStatement", f"arn:aws:redshift:eu-west-1:{ACCOUNT}:cluster:lake")
_GRANTS = {"Bool": {"kms:GrantIsForAWSResource": "true"}}

_ADMINISTER, _USE, _ = KEY_STATEMENTS
_BY_GLUE = {"StringEquals": {"kms:ViaService": "glue.eu-west-1.amazonaws.com"}}

_INTERFACE = allow("ec2:CreateNetworkInterface", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/*")

CASES: dict[str, Forms] = {
    "DL-IAM-09": {
        "pass": [
            passes(_BASE),
            passes(_etl(_START)),
            passes(_etl(allow("kms:CreateGrant", KEY_ARN, _GRANTS))),
            passes(_etl(allow("s3:PutBucketPolicy", f"arn:aws:s3:::{BUCKET}/raw/*"))),
        ],
        "fail": [
            fails(_etl(_POLICIES), "etl", "PutRolePolicy"),
            # Named role and service condition: a path all the same, over two policies of one role.
            fails(
                put(_second(_PASS), "etl-policy", "policy", text(_READ, _START)),
                "etl",
                "Glue job with a role",
            ),
            fails(_etl(allow("lakeformation:PutDataLakeSettings", "*")), "etl", "administration of the lake"),
            fails(_etl(allow("kms:CreateGrant", KEY_ARN)), "etl", "key grants"),
            fails(_etl(allow("iam:*", "*")), "etl"),
        ],
        "unknown": [_HIDDEN],
        "legacy": NO_LEGACY,
        "sidecar": [passes(_inline()), fails(_inline(_POLICIES), "etl")],
    },
    "DL-IAM-10": {
        "pass": [
            passes(_BASE),
            passes(
                _etl(allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:w-a"))
            ),
        ],
        "fail": [
            fails(_etl(allow("secretsmanager:GetSecretValue", "*")), "etl-policy", "GetSecretValue"),
            fails(
                _etl(allow("ssm:Get*", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/*")), "etl-policy", "ssm"
            ),
            fails(
                _etl(allow("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/*")), "etl-policy", "AssumeRole"
            ),
        ],
        "unknown": [_HIDDEN],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(allow("secretsmanager:GetSecretValue", "*")), "etl")],
    },
    "DL-IAM-11": {
        "pass": [
            passes(_BASE),
            passes(_etl(allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/processed/*"))),
            passes(
                _etl(
                    allow(
                        "s3:PutObject", "arn:aws:s3:::*/*", {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
                    )
                )
            ),
        ],
        "fail": [
            fails(_etl(_ANY_BUCKET), "etl-policy", "carry data out"),
            fails(_etl(allow("sns:Publish", "*")), "etl-policy", "sns:Publish"),
            fails(_second(_ANY_BUCKET), "second", "any account"),
        ],
        "unknown": [_HIDDEN],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(_ANY_BUCKET), "etl")],
    },
    "DL-IAM-12": {
        "pass": [passes(_BASE), passes(_etl(allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/raw/*")))],
        "fail": [
            fails(_etl(allow("s3:PutObject", _SCRIPT)), "etl-policy", "the code of job"),
            fails(_etl(allow("s3:Put*", f"arn:aws:s3:::{BUCKET}/*")), "etl-policy"),
        ],
        "unknown": [_HIDDEN],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(allow("s3:PutObject", _SCRIPT)), "etl")],
    },
    "DL-IAM-13": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(_etl(allow("s3:GetObject", "arn:aws:s3:::lake-dve/raw/*")), "etl-policy", "no such bucket"),
            fails(
                _etl(allow("glue:StartJobRun", f"arn:aws:glue:eu-west-1:{ACCOUNT}:job/jbo")),
                "etl-policy",
                "no such job",
            ),
            fails(
                _etl(allow("sns:Publish", "arn:aws:sns:eu-west-1:210987654321:alarms")),
                "etl-policy",
                "210987654321",
            ),
        ],
        "unknown": [_HIDDEN],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(allow("s3:GetObject", "arn:aws:s3:::lake-dve/raw/*")), "etl")],
    },
    "DL-IAM-14": {
        "pass": [
            passes(_BASE),
            passes(_only(_READ, allow("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/*"))),
            passes(put(_only(_READ, allow("kms:Decrypt", KEY_ARN)), "key", "arn", KEY_ARN)),
            passes(put(_BASE, "key", "policy", UNKNOWN)),
            passes(put(_BASE, "key", "policy", text(_ADMINISTER, {**_USE, "Principal": {"AWS": _ROLES}}))),
        ],
        "fail": [
            fails(_only(_READ), "etl-policy", "every read is refused"),
            fails(
                put(_only(_READ, allow("kms:Decrypt", f"{KEY_ARN}-other")), "key", "arn", KEY_ARN),
                "etl-policy",
            ),
            fails(put(_BASE, "alias", "name", "alias/other"), "etl-policy", "key"),
            fails(put(_BASE, "key", "policy", text(_ADMINISTER)), "etl-policy", "the policy of key"),
            fails(
                put(_BASE, "key", "policy", text(_ADMINISTER, {**_USE, "Condition": _BY_GLUE})),
                "etl-policy",
                "through S3",
            ),
        ],
        "unknown": [_HIDDEN],
        "legacy": [fails(_v2(_only(_READ)), "etl-policy")],
        "sidecar": [passes(_inline())],
    },
    "DL-IAM-15": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(_only(allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/raw/*")), "job", "cannot start"),
            fails(
                put(_BASE, "job", "command", {"scriptLocation": "s3://lake-dev/code/job.py"}),
                "job",
                "code/job.py",
            ),
        ],
        "unknown": [passes(put(_BASE, "job", "roleArn", UNKNOWN, ["etl"]))],
        "legacy": NO_LEGACY,
        "sidecar": [passes(_inline())],
    },
    "DL-IAM-16": {
        "pass": [
            passes(_BASE),
            passes(_etl(_RUN, allow("kms:CreateGrant", KEY_ARN, _GRANTS))),
            passes(put(_etl(_INTERFACE), "job", "connections", ["warehouse"])),
        ],
        "fail": [
            fails(_etl(_RUN, allow("kms:CreateGrant", KEY_ARN)), "etl-policy", "kms:CreateGrant"),
            fails(_etl(allow("kms:CreateGrant", KEY_ARN, _GRANTS)), "etl-policy", "kms:CreateGrant"),
            fails(_etl(allow("dynamodb:PutItem", "*")), "etl-policy", "dynamodb:PutItem"),
            fails(_etl(allow("glue:DeleteDatabase", "*")), "etl-policy", "job could glue:DeleteDatabase"),
            fails(_etl(_INTERFACE), "etl-policy", "ec2:CreateNetworkInterface"),
            fails(_etl(allow(["s3:PutObject", "s3:DeleteBucket"], "*")), "etl-policy", "s3:DeleteBucket"),
        ],
        "unknown": [passes(put(_BASE, "job", "roleArn", UNKNOWN, ["etl"]))],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(allow("dynamodb:PutItem", "*")), "etl")],
    },
}
