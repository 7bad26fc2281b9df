from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import put
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import (
    ACCOUNT,
    bucket_resources,
    denials,
    deny_other_algorithm,
    deny_other_key,
    key,
    lake,
    replaced,
    take_logs,
    text,
)

BUCKET, LOGS, REPLICA = "lake-dev", "lake-dev-logs", "lake-dev-replica"
_BASE = [key(), *bucket_resources("data", BUCKET), *(r for r in lake() if r.name == "etl-policy")]
_WITH_LOGS = [
    *_BASE,
    *bucket_resources("logs", LOGS, take_logs(LOGS), logs=True),
    Res("aws:s3/bucketLogging:BucketLogging", "data-logging", {"bucket": BUCKET, "targetBucket": LOGS}),
]
_STRANGER = "210987654321"
_V2 = "aws:s3/bucketV2:BucketV2"
_GROUP = "http://acs.amazonaws.com/groups/global/AllUsers"


def _policy(*statements: dict[str, Any]) -> list[Res]:
    return put(_BASE, "data-policy", "policy", text(*statements))


def _inline_policy(*statements: dict[str, Any]) -> list[Res]:
    return put(replaced(_BASE, "data-policy"), "data", "policy", text(*statements))


def _old_bucket(**props: Any) -> list[Res]:
    base = replaced(_BASE, "data-policy")
    old = next(r for r in base if r.name == "data")
    return replaced(base, "data", Res(_V2, "data", {**old.props, **props}))


def _beside(token: str, **props: Any) -> list[Res]:
    return [*_BASE, Res(token, "beside", {"bucket": BUCKET, **props})]


_ACL = "aws:s3/bucketAcl:BucketAcl"
_WEBSITE = "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration"
_LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
_FLAGS = dict.fromkeys(
    ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
)
_ACCOUNT_BLOCK = Res("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "block", _FLAGS)
_POINT = Res(
    "aws:s3/accessPoint:AccessPoint", "point", {"bucket": BUCKET, "vpcConfiguration": {"vpcId": "vpc-1"}}
)
_WITH_POINT = [*_BASE, _POINT]

RULE: dict[str, Any] = {
    "status": "Enabled",
    "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
    "destination": {
        "bucket": f"arn:aws:s3:::{REPLICA}",
        "encryptionConfiguration": {"replicaKmsKeyId": UNKNOWN},
        "metrics": {"status": "Enabled"},
    },
}


def _replicated(**changes: Any) -> list[Res]:
    config = Res(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        "replication",
        {"bucket": BUCKET, "rules": [{**RULE, **changes}]},
        {"rules": ["key"]},
    )
    return [*_BASE, *bucket_resources("replica", REPLICA), config]


def _to(**changes: Any) -> list[Res]:
    return _replicated(destination={**RULE["destination"], **changes})


_DR = _replicated()
_UNKNOWN_RULES = unverified(put(_DR, "replication", "rules", UNKNOWN), "replication")
_INLINE_RULE = {
    **RULE,
    "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"enabled": True}},
    "destination": {
        **RULE["destination"],
        "replicaKmsKeyId": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1",
        "encryptionConfiguration": None,
    },
}


def _inline_rule(**changes: Any) -> list[Res]:
    stack = replaced(_DR, "replication")
    old = next(r for r in stack if r.name == "data")
    rule = {"rules": [{**_INLINE_RULE, **changes}]}
    return replaced(stack, "data", Res(_V2, "data", {**old.props, "replicationConfigurations": [rule]}))


def _of_lake(bucket: str) -> Res:
    """A registered location, which makes the bucket the lake's."""
    return Res("aws:lakeformation/resource:Resource", "location", {"arn": f"arn:aws:s3:::{bucket}/raw"})


_DR_OF_LAKE = [*_DR, _of_lake(BUCKET)]
_OTHER_COPIED = [*_DR]
_DENY_ALL = {"Sid": "Out", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
_FOREIGN = {
    "Sid": "Foreign",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{_STRANGER}:root"},
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
}
_TRAP = deny_other_algorithm(BUCKET)
_TRAP = {**_TRAP, "Condition": {"StringNotEquals": _TRAP["Condition"]["StringNotEquals"]}}

CASES: dict[str, Forms] = {
    "DL-S3-16": {
        "pass": [passes(_BASE)],
        "fail": [fails(_beside(_WEBSITE, indexDocument={"suffix": "index.html"}), "beside", "web site")],
        "unknown": Absent("whatever is in it, a web site configuration makes a web site"),
        "legacy": [
            fails(
                _beside("aws:s3/bucketWebsiteConfigurationV2:BucketWebsiteConfigurationV2", indexDocument={}),
                "beside",
            ),
            fails(_old_bucket(websites=[{"indexDocument": "index.html"}]), "data"),
        ],
        "sidecar": [fails(put(_BASE, "data", "website", {"indexDocument": "index.html"}), "data")],
    },
    "DL-S3-17": {
        "pass": [passes(_BASE), passes(_beside(_ACL, acl="private"))],
        "fail": [
            fails(_beside(_ACL, acl="public-read"), "beside", "public-read"),
            fails(_beside(_ACL, acl="authenticated-read"), "beside"),
            fails(
                _beside(
                    _ACL, accessControlPolicy={"grants": [{"grantee": {"type": "Group", "uri": _GROUP}}]}
                ),
                "beside",
                "AllUsers",
            ),
        ],
        "unknown": [unverified(_beside(_ACL, acl=UNKNOWN), "beside")],
        "legacy": [
            fails(_beside("aws:s3/bucketAclV2:BucketAclV2", acl="public-read-write"), "beside"),
            fails(_old_bucket(grants=[{"type": "Group", "uri": _GROUP, "permissions": ["READ"]}]), "data"),
        ],
        "sidecar": [fails(put(_BASE, "data", "acl", "public-read"), "data")],
    },
    "DL-DR-06": {
        "pass": [passes(_DR_OF_LAKE)],
        "fail": [fails(put(_DR_OF_LAKE, "replication", "bucket", "lake-other"), "data", "copied nowhere")],
        "unknown": [
            unverified(put(_DR_OF_LAKE, "replication", "bucket", UNKNOWN), "data"),
            passes(put(_DR_OF_LAKE, "replication", "bucket", UNKNOWN, ["data"])),
        ],
        "legacy": [
            fails(
                [*_OTHER_COPIED, Res(_V2, "old", {"bucket": "old"}), _of_lake("old")], "old", "copied nowhere"
            )
        ],
        "sidecar": [
            passes(
                put(
                    replaced(_DR_OF_LAKE, "replication"),
                    "data",
                    "replicationConfiguration",
                    {"rules": [_INLINE_RULE]},
                )
            )
        ],
    },
    "DL-S3-20": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(_policy(*denials(BUCKET, logs=True)), "data-policy", "another algorithm or another key"),
            fails(_policy(deny_other_algorithm(BUCKET)), "data-policy", "another key"),
            fails(_policy(_TRAP, deny_other_key(BUCKET)), "data-policy", "default encryption"),
        ],
        "unknown": [unverified(put(_BASE, "data-policy", "policy", UNKNOWN), "data-policy")],
        "legacy": [fails(_old_bucket(policy=text(deny_other_key(BUCKET))), "data", "another algorithm")],
        "sidecar": [
            passes(_inline_policy(*denials(BUCKET))),
            fails(_inline_policy(*denials(BUCKET, logs=True)), "data"),
        ],
    },
    "DL-S3-21": {
        "pass": [passes(_BASE)],
        "fail": [fails(_policy(_DENY_ALL), "data-policy", "ever change")],
        "unknown": [unverified(put(_BASE, "data-policy", "policy", UNKNOWN), "data-policy")],
        "legacy": [fails(_old_bucket(policy=text(_DENY_ALL)), "data")],
        "sidecar": [fails(_inline_policy(_DENY_ALL), "data")],
    },
    "DL-S3-22": {
        "pass": [
            passes(_BASE),
            passes(_policy({**_FOREIGN, "Principal": {"AWS": ACCOUNT}})),
            passes(_policy({**_FOREIGN, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}})),
        ],
        "fail": [fails(_policy(_FOREIGN), "data-policy", _STRANGER)],
        "unknown": [unverified(put(_BASE, "data-policy", "policy", UNKNOWN), "data-policy")],
        "legacy": [fails(_old_bucket(policy=text(_FOREIGN)), "data")],
        "sidecar": [fails(_inline_policy(_FOREIGN), "data")],
    },
    "DL-S3-23": {
        "pass": [passes(_WITH_POINT)],
        "fail": [
            fails(
                put(
                    _WITH_POINT,
                    "point",
                    "publicAccessBlockConfiguration",
                    {**_FLAGS, "blockPublicAcls": False},
                ),
                "point",
                "blockPublicAcls",
            )
        ],
        "unknown": [
            unverified(
                put(
                    _WITH_POINT,
                    "point",
                    "publicAccessBlockConfiguration",
                    {**_FLAGS, "blockPublicAcls": UNKNOWN},
                ),
                "point",
            )
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-S3-24": {
        "pass": [
            passes(_WITH_POINT),
            passes(put(_WITH_POINT, "point", "vpcConfiguration", {"vpcId": UNKNOWN})),
        ],
        "fail": [fails(put(_WITH_POINT, "point", "vpcConfiguration", None), "point", "internet")],
        "unknown": [passes(put(_WITH_POINT, "point", "vpcConfiguration", UNKNOWN, ["data"]))],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-S3-25": {
        "pass": [passes(_WITH_LOGS)],
        "fail": [
            fails(
                put(_WITH_LOGS, "logs-policy", "policy", text(*denials(LOGS, logs=True))), "logs", "not admit"
            ),
            fails(
                [
                    *_WITH_LOGS,
                    Res(_LOCK, "lock", {"bucket": LOGS, "rule": {"defaultRetention": {"days": 1}}}),
                ],
                "lock",
                "default retention",
            ),
        ],
        "unknown": [unverified(put(_WITH_LOGS, "logs-policy", "policy", UNKNOWN), "logs")],
        "legacy": [
            fails(
                [
                    *_WITH_LOGS,
                    Res(
                        f"{_LOCK.replace(':BucketObject', 'V2:BucketObject')}V2",
                        "lock",
                        {"bucket": LOGS, "rule": {"a": 1}},
                    ),
                ],
                "lock",
            )
        ],
        "sidecar": [fails(put(_WITH_LOGS, "logs", "objectLockConfiguration", {"rule": {"a": 1}}), "logs")],
    },
    "DL-S3-26": {
        "pass": [passes([*_BASE, _ACCOUNT_BLOCK])],
        "fail": [
            fails([*_BASE, _ACCOUNT_BLOCK.having(blockPublicPolicy=False)], "block", "blockPublicPolicy")
        ],
        "unknown": [
            unverified(put([*_BASE, _ACCOUNT_BLOCK], "block", "ignorePublicAcls", UNKNOWN, ["data"]), "block")
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-DR-01": {
        "pass": [passes(_DR)],
        "fail": [
            fails(_replicated(sourceSelectionCriteria=None), "replication", "no object under SSE-KMS"),
            fails(_to(encryptionConfiguration=None), "replication", "replicaKmsKeyId is not set"),
            fails(
                _to(encryptionConfiguration={"replicaKmsKeyId": "alias/aws/s3"}),
                "replication",
                "no customer key",
            ),
        ],
        "unknown": [
            _UNKNOWN_RULES,
            unverified(put(_DR, "replication", "rules", [RULE], ["data"]), "replication"),
        ],
        "legacy": [
            passes(_inline_rule()),
            fails(_inline_rule(sourceSelectionCriteria=None), "data"),
        ],
        "sidecar": [
            fails(
                put(
                    replaced(_DR, "replication"),
                    "data",
                    "replicationConfiguration",
                    {"rules": [{**_INLINE_RULE, "sourceSelectionCriteria": None}]},
                ),
                "data",
            )
        ],
    },
    "DL-DR-02": {
        "pass": [passes(_DR)],
        "fail": [
            fails(replaced(_DR, "data-versioning"), "replication", BUCKET),
            fails(replaced(_DR, "replica-versioning"), "replication", REPLICA),
            fails(
                put(_DR, "replica-versioning", "versioningConfiguration", {"status": "Suspended"}),
                "replication",
            ),
        ],
        "unknown": [
            _UNKNOWN_RULES,
            unverified(_to(bucket=UNKNOWN), "replication"),
            unverified(
                put(_DR, "replica-versioning", "versioningConfiguration", {"status": UNKNOWN}), "replication"
            ),
        ],
        "legacy": [passes(_inline_rule())],
        "sidecar": [
            passes(put(replaced(_DR, "replica-versioning"), "replica", "versioning", {"enabled": True})),
            fails(
                put(replaced(_DR, "replica-versioning"), "replica", "versioning", {"enabled": False}),
                "replication",
            ),
        ],
    },
    "DL-DR-03": {
        "pass": [passes(_DR), passes(replaced(replaced(_DR, "replica-lifecycle"), "replica"))],
        "fail": [fails(replaced(_DR, "replica-lifecycle"), "replication", "no lifecycle")],
        "unknown": [_UNKNOWN_RULES, unverified(_to(bucket=UNKNOWN), "replication")],
        "legacy": [passes(_inline_rule())],
        "sidecar": [
            passes(put(replaced(_DR, "replica-lifecycle"), "replica", "lifecycleRules", [{"enabled": True}]))
        ],
    },
    "DL-DR-04": {
        "pass": [passes(_DR)],
        "fail": [
            fails(_to(metrics=None), "replication", "lags"),
            fails(_to(metrics={"status": "Disabled"}), "replication"),
        ],
        "unknown": [_UNKNOWN_RULES, unverified(_to(metrics={"status": UNKNOWN}), "replication")],
        "legacy": [passes(_inline_rule())],
        "sidecar": NO_SIDECAR,
    },
}
