from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.policies.cases.case import NO_LEGACY, Forms, fails, passes, unverified
from tests.policies.estate_support import (
    TOPIC_ARN,
    admit,
    endpoint_policy,
    put,
    topic_policy,
    trail_statement,
    warehouse,
    watching,
)
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import (
    ACCOUNT,
    BUCKET,
    KEY_STATEMENTS,
    LOGS,
    ROOT,
    VIA,
    denials,
    deny_client_keys,
    key,
    lake,
    lifecycle_rule,
    replaced,
    take_logs,
    text,
)

_LAKE, _WATCH, _HOUSE = lake(), watching(), warehouse()
_STRANGER = {"AWS": "arn:aws:iam::210987654321:root"}
_ADMINISTER, _USE, _LOG_GROUPS = KEY_STATEMENTS


def _bucket_policy(*more: dict[str, Any], bucket: str = BUCKET) -> list[Res]:
    return put(_LAKE, "data-policy", "policy", text(*denials(bucket), *more))


def _inline(*statements: dict[str, Any]) -> list[Res]:
    """The policy of the data bucket inside the bucket, as old providers had it."""
    old = next(r for r in _LAKE if r.name == "data")
    return replaced(replaced(_LAKE, "data-policy"), "data", old.having(policy=text(*statements)))


def _logs_policy(**changes: Any) -> list[Res]:
    return put(_LAKE, "logs-policy", "policy", text(*denials(LOGS, logs=True), take_logs(LOGS, **changes)))


def _topic(*more: dict[str, Any]) -> list[Res]:
    return put(_WATCH, "topic-policy", "policy", topic_policy(*more))


def _key(*statements: dict[str, Any]) -> list[Res]:
    return [key(policy=text(*statements))]


def _beside(*statements: dict[str, Any]) -> list[Res]:
    """The statements in a KeyPolicy beside the key."""
    made = {"keyId": UNKNOWN, "policy": text(*statements)}
    return [key(policy=None), Res("aws:kms/keyPolicy:KeyPolicy", "key-policy", made, {"keyId": ["key"]})]


def _replica_key(*statements: dict[str, Any]) -> list[Res]:
    return [replace(_key(*statements)[0], token="aws:kms/replicaKey:ReplicaKey")]


def _endpoint(**changes: Any) -> list[Res]:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        **changes,
    }
    made = {name: value for name, value in statement.items() if value is not None}
    return [*put(_HOUSE, "endpoint-s3", "policy", text(made)), *(r for r in _LAKE if r.name == "data")]


_OURS = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}}
_ELSEWHERE = {
    "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::lake-dve/*",
}  # fmt: skip
_FOREIGN_USE = {**_USE, "Principal": _STRANGER}
_WITH_GRANTS = {
    "Sid": "Lent", "Effect": "Allow", "Principal": ROOT, "Action": "kms:CreateGrant", "Resource": "*",
    "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
}  # fmt: skip
_EVERYONE_OF_US = {
    **_USE, "Principal": "*",
    "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT, **VIA["StringEquals"]}},
}  # fmt: skip
_HIDDEN_KEY = unverified(put(_LAKE, "key", "policy", UNKNOWN, ["etl"]), "key")
_REPLICATED = [
    *_LAKE,
    Res(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        "replication",
        {
            "bucket": BUCKET,
            "role": f"arn:aws:iam::{ACCOUNT}:role/copier",
            "rules": [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::lake-replica"}}],
        },
    ),
]


def _rules(*rules: dict[str, Any]) -> list[Res]:
    return put(_LAKE, "data-lifecycle", "rules", list(rules))


_RAW = {"id": "raw", "filter": {"prefix": "raw/"}, "expiration": {"days": 90}}

CASES: dict[str, Forms] = {
    "DL-POL-01": {
        "pass": [passes(_LAKE), passes(_WATCH)],
        "fail": [
            fails(_bucket_policy(_ELSEWHERE), "data-policy", "lake-dve"),
            fails(_bucket_policy({**_ELSEWHERE, "Resource": "*"}), "data-policy", "speaks of *"),
            fails(
                _topic(admit("events.amazonaws.com", "sns:Publish", f"{TOPIC_ARN}2")),
                "topic-policy",
                "alarms2",
            ),
            fails(
                _bucket_policy({**_ELSEWHERE, "Resource": None, "NotResource": f"arn:aws:s3:::{BUCKET}"}),
                "data-policy",
                "NotResource",
            ),
        ],
        "unknown": [unverified(put(_LAKE, "data-policy", "policy", UNKNOWN, ["key"]), "data-policy")],
        "legacy": [fails(_inline(_ELSEWHERE), "data", "lake-dve")],
        "sidecar": [
            fails(
                put(replaced(_WATCH, "topic-policy"), "topic", "policy", topic_policy(_ELSEWHERE)),
                "topic",
                "lake-dve",
            ),
        ],
    },
    "DL-POL-02": {
        "pass": [
            passes(_LAKE),
            passes(_WATCH),
            passes(
                _bucket_policy({**take_logs(BUCKET), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})
            ),
        ],
        "fail": [
            fails(_logs_policy(Action="s3:*"), "logs-policy", "s3:*"),
            fails(_logs_policy(Action=["s3:PutObject", "s3:DeleteObject"]), "logs-policy", "s3:DeleteObject"),
            fails(_logs_policy(Principal="*"), "logs-policy", "everyone"),
            fails(
                put(_WATCH, "trail-bucket-policy", "policy", text(trail_statement(Action="s3:GetObject"))),
                "trail-bucket-policy",
                "s3:GetObject",
            ),
            fails(
                _topic({**admit("x", "sns:Publish", TOPIC_ARN), "Principal": "*"}), "topic-policy", "everyone"
            ),
            fails(_topic(admit("events.amazonaws.com", "sns:*", TOPIC_ARN)), "topic-policy", "sns:*"),
        ],
        "unknown": [unverified(put(_LAKE, "data-policy", "policy", UNKNOWN, ["key"]), "data-policy")],
        "legacy": [fails(_inline(take_logs(BUCKET, Action="s3:*")), "data", "s3:*")],
        "sidecar": [
            fails(
                put(
                    replaced(_WATCH, "topic-policy"),
                    "topic",
                    "policy",
                    topic_policy(admit("events.amazonaws.com", "sns:*", TOPIC_ARN)),
                ),
                "topic",
                "sns:*",
            )
        ],
    },
    "DL-KMS-10": {
        "pass": [passes(_LAKE), passes(_key(_ADMINISTER, _USE))],
        "fail": [
            fails([*_LAKE[1:], *_key(_ADMINISTER, _FOREIGN_USE)], "key", "210987654321"),
        ],
        "unknown": [_HIDDEN_KEY],
        "legacy": [fails([*_LAKE[1:], *_replica_key(_FOREIGN_USE)], "key", "210987654321")],
        "sidecar": [fails([*_LAKE[1:], *_beside(_FOREIGN_USE)], "key-policy", "210987654321")],
    },
    "DL-KMS-11": {
        "pass": [passes(_LAKE), passes(_key(_ADMINISTER, _USE, _LOG_GROUPS))],
        "fail": [fails(_key(_ADMINISTER, _EVERYONE_OF_US), "key", "everyone")],
        "unknown": [_HIDDEN_KEY],
        "legacy": [fails(_replica_key(_EVERYONE_OF_US), "key", "everyone")],
        "sidecar": [fails(_beside(_EVERYONE_OF_US), "key-policy", "everyone")],
    },
    "DL-KMS-12": {
        "pass": [passes(_LAKE), passes(_key(_ADMINISTER, _USE, _WITH_GRANTS))],
        "fail": [
            fails(_key({**_USE, "Condition": {"StringLike": {"kms:ViaService": "*"}}}), "key", "kms:Decrypt"),
            fails(_key({**_USE, "Action": "kms:De*", "Condition": {}}), "key", "kms:Decrypt"),
            fails(_key(_ADMINISTER, {**_USE, "Action": "kms:*"}), "key", "kms:CreateGrant"),
            fails(_key({**_WITH_GRANTS, "Condition": VIA}), "key", "kms:CreateGrant"),
        ],
        "unknown": [
            _HIDDEN_KEY,
            unverified(_key({**_USE, "Condition": {"StringEquals": {"kms:ViaService": UNKNOWN}}}), "key"),
        ],
        "legacy": [fails(_replica_key({**_USE, "Condition": {}}), "key")],
        "sidecar": [fails(_beside({**_USE, "Condition": {}}), "key-policy")],
    },
    "DL-KMS-13": {
        "pass": [passes(_LAKE), passes(_key(_ADMINISTER, {**_USE, "Action": "kms:*"}))],
        "fail": [
            fails(_key({**_ADMINISTER, "Action": "kms:*"}), "key", "as the policy that AWS gives"),
            fails(_key({**_USE, "Action": "KMS:*", "Condition": {}}), "key"),
        ],
        "unknown": [_HIDDEN_KEY],
        "legacy": [fails(_replica_key({**_ADMINISTER, "Action": "kms:*"}), "key")],
        "sidecar": [fails(_beside({**_ADMINISTER, "Action": "kms:*"}), "key-policy")],
    },
    "DL-NET-15": {
        "pass": [
            passes(_HOUSE),
            passes(_endpoint()),
            passes(_endpoint(Resource="arn:aws:s3:::aws-glue-*/*", Condition=None)),
            passes(_endpoint(Resource="*", Condition=_OURS)),
        ],
        "fail": [
            fails(_endpoint(Action="s3:*"), "endpoint-s3", "s3:*"),
            fails(_endpoint(Resource="*"), "endpoint-s3", "every resource"),
            fails(_endpoint(Condition=None), "endpoint-s3", "credentials of any account"),
            fails(_endpoint(Resource="arn:aws:s3:::lake-*/*", Condition=None), "endpoint-s3", "credentials"),
            fails(_endpoint(Principal=_STRANGER, Condition=None), "endpoint-s3", "210987654321"),
        ],
        "unknown": [
            unverified(put(_HOUSE, "endpoint-s3", "policy", UNKNOWN, ["key"]), "endpoint-s3"),
            unverified(
                _endpoint(Condition={"StringEquals": {"aws:PrincipalAccount": UNKNOWN}}), "endpoint-s3"
            ),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [
            fails(
                [
                    *put(_HOUSE, "endpoint-s3", "policy", None),
                    Res(
                        "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy",
                        "endpoint-policy",
                        {
                            "vpcEndpointId": UNKNOWN,
                            "policy": endpoint_policy(StringEquals={"aws:ResourceAccount": ACCOUNT}),
                        },
                        {"vpcEndpointId": ["endpoint-s3"]},
                    ),
                ],
                "endpoint-policy",
                "credentials",
            )
        ],
    },
    "DL-S3-27": {
        "pass": [passes(_LAKE)],
        "fail": [
            fails(put(_LAKE, "data-policy", "policy", text(*denials(BUCKET)[:-1])), "data-policy", "SSE-C"),
            *(
                fails(
                    put(
                        _LAKE,
                        "data-policy",
                        "policy",
                        text(*denials(BUCKET)[:-1], deny_client_keys(BUCKET, **change)),
                    ),
                    "data-policy",
                    "SSE-C",
                )
                for change in (
                    {"Action": "s3:ListBucket"},
                    {"Principal": _STRANGER},
                    {"Condition": {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "true"}}},
                )
            ),
        ],
        "unknown": [unverified(put(_LAKE, "data-policy", "policy", UNKNOWN, ["key"]), "data-policy")],
        "legacy": [fails(_inline(*denials(BUCKET)[:-1]), "data", "SSE-C")],
        "sidecar": [passes(_inline(*denials(BUCKET)))],
    },
    "DL-S3-28": {
        "pass": [
            passes(_LAKE),
            passes(_rules({**_RAW, "status": "Enabled"}, lifecycle_rule())),
            passes(_rules({"status": "Enabled", "expiration": {"days": 9}})),
        ],
        "fail": [
            fails(_rules(lifecycle_rule(), {**_RAW, "status": "Disabled"}), "data-lifecycle", "'raw'"),
            fails(
                _rules({**_RAW, "status": "Enabled"}, lifecycle_rule(expiration={"days": 9})),
                "data-lifecycle",
                "whole bucket",
            ),
        ],
        "unknown": [unverified(put(_LAKE, "data-lifecycle", "rules", UNKNOWN, ["key"]), "data-lifecycle")],
        "legacy": [
            fails(
                replaced(
                    _LAKE,
                    "data-lifecycle",
                    Res(
                        "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
                        "data-lifecycle",
                        {"bucket": BUCKET, "rules": [lifecycle_rule(status="Disabled")]},
                    ),
                ),
                "data-lifecycle",
                "'all'",
            )
        ],
        "sidecar": [
            fails(
                put(
                    replaced(_LAKE, "data-lifecycle"),
                    "data",
                    "lifecycleRules",
                    [{"id": "old", "enabled": False}],
                ),
                "data",
                "'old'",
            )
        ],
    },
    "DL-S3-29": {
        "pass": [passes(_LAKE)],
        "fail": [
            fails(put(_LAKE, "data-logging", "targetPrefix", None), "data-logging", "no targetPrefix"),
            fails(
                [
                    *_LAKE,
                    Res(
                        "aws:s3/bucketLogging:BucketLogging",
                        "second",
                        {"bucket": "other", "targetBucket": LOGS, "targetPrefix": "data/"},
                    ),
                ],
                "data-logging",
                "another bucket",
            ),
        ],
        "unknown": [passes(put(_LAKE, "data-logging", "targetPrefix", UNKNOWN, ["key"]))],
        "legacy": [
            fails(
                replaced(
                    _LAKE,
                    "data-logging",
                    Res(
                        "aws:s3/bucketLoggingV2:BucketLoggingV2",
                        "data-logging",
                        {"bucket": BUCKET, "targetBucket": LOGS},
                    ),
                ),
                "data-logging",
            )
        ],
        "sidecar": [
            fails(
                put(replaced(_LAKE, "data-logging"), "data", "logging", {"targetBucket": LOGS}),
                "data",
                "targetPrefix",
            )
        ],
    },
    "DL-DR-05": {
        "pass": [passes(_REPLICATED)],
        "fail": [
            fails(
                put(_REPLICATED, "replication", "rules", [{"status": "Disabled"}]), "replication", "Disabled"
            ),
            fails(put(_REPLICATED, "replication", "rules", [{"id": "x"}]), "replication", "not set"),
            fails(put(_REPLICATED, "replication", "rules", None), "replication", "no rule"),
        ],
        "unknown": [unverified(put(_REPLICATED, "replication", "rules", UNKNOWN, ["key"]), "replication")],
        "legacy": NO_LEGACY,
        "sidecar": [
            fails(
                put(_LAKE, "data", "replicationConfiguration", {"rules": [{"status": "Disabled"}]}),
                "data",
                "Disabled",
            )
        ],
    },
}
