from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import admit, put, setting_forms
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, KEY_ARN, KEY_STATEMENTS, lake, text

_NAMES = ("key", "analysts", "etl-policy", "etl", "log-group", "data")
_BASE = [r for r in lake() if r.name in _NAMES]
_STRANGER = "210987654321"
_RESULTS = "configuration.resultConfiguration"
_ADMIN = f"arn:aws:iam::{ACCOUNT}:role/key-admin"

_ATHENA_DB = Res(
    "aws:athena/database:Database",
    "database",
    {"name": "db", "encryptionConfiguration": {"encryptionOption": "SSE_KMS", "kmsKey": KEY_ARN}},
)
_WITH_DB = [*_BASE, _ATHENA_DB]
_GRANT = Res("aws:kms/grant:Grant", "grant", {"operations": ["Decrypt"], "granteePrincipal": _ADMIN})
_WITH_GRANT = [*_BASE, _GRANT]


def _allow(actions: Any, principal: Any = None, **more: Any) -> dict[str, Any]:
    who = principal or {"AWS": _ADMIN}
    return {"Sid": "More", "Effect": "Allow", "Principal": who, "Action": actions, "Resource": "*", **more}


def _key(*more: dict[str, Any]) -> list[Res]:
    return put(_BASE, "key", "policy", text(*KEY_STATEMENTS, *more))


def _beside(*more: dict[str, Any]) -> list[Res]:
    policy = {"keyId": UNKNOWN, "policy": text(*KEY_STATEMENTS, *more)}
    return [
        *put(_BASE, "key", "policy", None),
        Res("aws:kms/keyPolicy:KeyPolicy", "beside", policy, {"keyId": ["key"]}),
    ]


def _catalog(statement: dict[str, Any]) -> list[Res]:
    policy = Res("aws:glue/resourcePolicy:ResourcePolicy", "catalog-policy", {"policy": text(statement)})
    return [*_BASE, policy]


_OWN = {
    "Sid": "Own",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/etl"},
    "Action": "glue:GetTable",
    "Resource": "*",
}
_UNKNOWN_CATALOG = unverified(
    put(_catalog(_OWN), "catalog-policy", "policy", UNKNOWN, ["key"]), "catalog-policy"
)
_REPLICA = "aws:kms/replicaKey:ReplicaKey"


def _no_tags(name: str) -> list[Res]:
    return put(_BASE, name, "tags", {"owner": "me"})


_COMPONENT = Res("energylake:storage:DataLakeBucket", "component", {})

_PROVIDER = "pulumi:providers:aws"

CASES: dict[str, Forms] = {
    "DL-ATH-08": setting_forms(
        lake(), "analysts", "description", bad=[None, ""], says="whom it is for", unknown=False
    ),
    "DL-ATH-04": setting_forms(
        _BASE, "analysts", "configuration.publishCloudwatchMetricsEnabled", bad=[False], good=[None]
    ),
    "DL-ATH-05": setting_forms(
        _BASE, "analysts", "configuration.bytesScannedCutoffPerQuery", bad=[None, 1000], good=[10_000_000]
    ),
    "DL-ATH-06": {
        **setting_forms(
            _BASE, "analysts", f"{_RESULTS}.expectedBucketOwner", bad=[None], says="no expectedBucketOwner"
        ),
        "fail": [
            fails(
                put(_BASE, "analysts", f"{_RESULTS}.expectedBucketOwner", None),
                "analysts",
                "stranger's bucket",
            ),
            fails(
                put(_BASE, "analysts", f"{_RESULTS}.expectedBucketOwner", _STRANGER), "analysts", _STRANGER
            ),
            fails(put(_BASE, "analysts", "configuration.requesterPaysEnabled", True), "analysts", "pay"),
        ],
    },
    "DL-ATH-07": {
        "pass": [passes(_WITH_DB)],
        "fail": [
            fails(put(_WITH_DB, "database", "encryptionConfiguration", None), "database", "no encryption"),
            fails(
                put(_WITH_DB, "database", "encryptionConfiguration.kmsKey", "alias/aws/s3"),
                "database",
                "customer",
            ),
        ],
        "unknown": [
            unverified(put(_WITH_DB, "database", "encryptionConfiguration", UNKNOWN, ["etl"]), "database"),
            unverified(put(_WITH_DB, "database", "encryptionConfiguration.kmsKey", UNKNOWN), "database"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-KMS-05": {
        "pass": [
            passes(_BASE),
            passes(_key(_allow(["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]))),
            passes(
                _key(_allow("kms:CreateGrant", Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}))
            ),
        ],
        "fail": [
            fails(_key(_allow("kms:*")), "key", "kms:*"),
            fails(_key(_allow(["kms:PutKeyPolicy", "kms:Decrypt"])), "key", "both administers"),
            fails(_key(_allow("kms:CreateGrant")), "key", "grant the key to anyone"),
        ],
        "unknown": [
            unverified(put(_BASE, "key", "policy", UNKNOWN, ["etl"]), "key"),
            unverified(
                _key(_allow("kms:CreateGrant", Condition={"Bool": {"kms:GrantIsForAWSResource": UNKNOWN}})),
                "key",
            ),
        ],
        "legacy": [
            fails(
                [*_BASE, Res(_REPLICA, "replica", {"policy": text(*KEY_STATEMENTS, _allow("kms:*"))})],
                "replica",
            )
        ],
        "sidecar": [passes(_beside()), fails(_beside(_allow("kms:*")), "beside")],
    },
    "DL-KMS-06": {
        "pass": [
            passes(_BASE, "prod"),
            passes(put(_BASE, "key", "deletionWindowInDays", 30), "prod"),
            passes(put(_BASE, "key", "deletionWindowInDays", 7), "dev"),
        ],
        "fail": [fails(put(_BASE, "key", "deletionWindowInDays", 7), "key", "below 30", "prod")],
        "unknown": [unverified(put(_BASE, "key", "deletionWindowInDays", UNKNOWN, ["etl"]), "key")],
        "legacy": [
            fails([*_BASE, Res(_REPLICA, "replica", {"deletionWindowInDays": 7})], "replica", within="prod")
        ],
        "sidecar": NO_SIDECAR,
    },
    "DL-KMS-07": {
        **setting_forms(_BASE, "key", "isEnabled", bad=[False], good=[True]),
        "legacy": [fails([*_BASE, Res(_REPLICA, "replica", {"isEnabled": False})], "replica")],
        "sidecar": NO_SIDECAR,
    },
    "DL-KMS-08": {
        "pass": [passes(_WITH_GRANT)],
        "fail": [
            fails(
                put(_WITH_GRANT, "grant", "operations", ["Decrypt", "CreateGrant"]), "grant", "CreateGrant"
            ),
            fails(put(_WITH_GRANT, "grant", "operations", ["RetireGrant"]), "grant", "RetireGrant"),
        ],
        "unknown": [unverified(put(_WITH_GRANT, "grant", "operations", UNKNOWN, ["etl"]), "grant")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-KMS-09": setting_forms(_BASE, "key", "bypassPolicyLockoutSafetyCheck", bad=[True], good=[False]),
    "DL-LOG-02": {
        "pass": [passes(_BASE, "prod"), passes(put(_BASE, "log-group", "retentionInDays", 14), "dev")],
        "fail": [
            fails(put(_BASE, "log-group", "retentionInDays", None), "log-group", "for ever"),
            fails(put(_BASE, "log-group", "retentionInDays", 14), "log-group", "below 90", "prod"),
        ],
        "unknown": [unverified(put(_BASE, "log-group", "retentionInDays", UNKNOWN, ["etl"]), "log-group")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-20": {
        "pass": [passes(_catalog(_OWN))],
        "fail": [fails(_catalog({**_OWN, "Principal": "*"}), "catalog-policy", "to anyone")],
        "unknown": [_UNKNOWN_CATALOG],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-21": {
        "pass": [passes(_catalog(_OWN))],
        "fail": [fails(_catalog({**_OWN, "Principal": {"AWS": _STRANGER}}), "catalog-policy", _STRANGER)],
        "unknown": [_UNKNOWN_CATALOG],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-22": {
        "pass": [passes(_catalog(_OWN))],
        "fail": [
            fails(
                _catalog(admit("glue.amazonaws.com", "glue:GetTable", "*", None)),
                "catalog-policy",
                "whichever",
            )
        ],
        "unknown": [_UNKNOWN_CATALOG],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GOV-01": {
        "pass": [
            passes(_BASE),
            passes(put(put(_BASE, "data", "tags", None), "data", "tagsAll", _BASE[0].props["tags"])),
        ],
        "fail": [
            fails(_no_tags("data"), "data", "cost-center"),
            fails(put(_BASE, "etl", "tags", None), "etl", "owner"),
        ],
        "unknown": [unverified(put(_BASE, "data", "tags", UNKNOWN, ["key"]), "data")],
        "legacy": [
            fails([*_BASE, Res("aws:s3/bucketV2:BucketV2", "old", {"bucket": "old"})], "old"),
        ],
        "sidecar": NO_SIDECAR,
    },
    "DL-GOV-02": {
        "pass": [passes(_BASE, "prod")],
        "fail": [fails([*_BASE, Res("aws:s3/bucket:Bucket", "bare", {})], "bare", "slip", "prod")],
        "unknown": Absent("protection is an option of the engine, and always known"),
        "legacy": [fails([Res("aws:s3/bucketV2:BucketV2", "old", {})], "old", within="prod")],
        "sidecar": NO_SIDECAR,
    },
    "DL-GOV-03": {
        "pass": [
            passes(put(_BASE, "data", "region", "eu-central-1")),
            passes([Res(_PROVIDER, "default", {"region": "eu-west-1"})]),
        ],
        "fail": [
            fails(put(_BASE, "data", "region", "us-east-1"), "data", "us-east-1"),
            # Where the provider is elsewhere, so is all that names no region.
            fails([*_BASE, Res(_PROVIDER, "default", {"region": "us-east-1"})], "default", "puts resources"),
        ],
        "unknown": [unverified(put(_BASE, "data", "region", UNKNOWN, ["key"]), "data")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GOV-04": {
        "pass": [passes([_COMPONENT, *(r.under("component") for r in _BASE)])],
        "fail": [fails([_COMPONENT, *_BASE], "data", "by itself")],
        "unknown": Absent("who made a resource is always known"),
        "legacy": [fails([_COMPONENT, Res("aws:s3/bucketV2:BucketV2", "old", {})], "old")],
        "sidecar": NO_SIDECAR,
    },
    "DL-GOV-05": {
        "pass": [passes(_BASE), passes(put(_BASE, "data", "note", "AKIA is a prefix"))],
        "fail": [
            fails(put(_BASE, "data", "note", "key AKIAABCDEFGHIJKLMNOP"), "data", "note"),
            fails(put(_BASE, "data", "tags", {"url": "postgres://u:hunter2@db/x"}), "data", "tags.url"),
            fails(put(_BASE, "data", "list", ["-----BEGIN RSA PRIVATE KEY-----"]), "data", "list[0]"),
        ],
        "unknown": [passes(put(_BASE, "data", "note", UNKNOWN))],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
}
