from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import put, setting_forms
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import KEY_ARN, bucket_resources, key, lifecycle_rule, replaced

BUCKET, LOGS = "lake-dev", "lake-dev-logs"
_LOGGING = Res("aws:s3/bucketLogging:BucketLogging", "data-logging", {"bucket": BUCKET, "targetBucket": LOGS})
_BASE = [key(), *bucket_resources("data", BUCKET), _LOGGING]
_LOG_BUCKET = Res("aws:s3/bucket:Bucket", "logs", {"bucket": LOGS})
_V2 = "aws:s3/bucketV2:BucketV2"


def _rules(*rules: Any) -> list[Res]:
    return put(_BASE, "data-lifecycle", "rules", list(rules))


def _inline(sidecar: str, token: str = "aws:s3/bucket:Bucket", **props: Any) -> list[Res]:
    old = next(r for r in _BASE if r.name == "data")
    return replaced(replaced(_BASE, sidecar), "data", Res(token, "data", {**old.props, **props}))


def _legacy(name: str, token: str, stack: list[Res] | None = None) -> list[Res]:
    base = _BASE if stack is None else stack
    old = next(r for r in base if r.name == name)
    return replaced(base, name, Res(token, name, old.props, old.deps))


_LIFECYCLE_V2 = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
_OLD_RULE = {
    "enabled": True,
    "prefix": "raw/",
    "noncurrentVersionExpiration": {"days": 30},
    "abortIncompleteMultipartUploadDays": 3,
}
_BY_PREFIX = [lifecycle_rule(id=p, filter={"prefix": p}) for p in ("raw/", "processed/")]
_OBJECT = Res(
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "script",
    {"bucket": BUCKET, "key": "jobs/job.py", "serverSideEncryption": "aws:kms", "kmsKeyId": KEY_ARN},
)
_WITH_OBJECT = [*_BASE, _OBJECT]
_NOTIFY = Res(
    "aws:s3/bucketNotification:BucketNotification", "events", {"bucket": BUCKET, "eventbridge": True}
)


def _part(name: str, old: str) -> Forms:
    bare = lifecycle_rule()
    del bare[name]
    old_bare = {k: v for k, v in _OLD_RULE.items() if k != old}
    return {
        "pass": [
            passes(_BASE),
            passes(_rules(*_BY_PREFIX)),
            passes(_rules({**bare, "filter": {"prefix": "raw/markers/"}}, _BY_PREFIX[0])),
        ],
        "fail": [
            fails(_rules(bare), "data-lifecycle", "no enabled rule"),
            fails(_rules(lifecycle_rule(status="Disabled")), "data-lifecycle"),
            fails(
                _rules(_BY_PREFIX[0], {**bare, "filter": {"prefix": "curated/"}}),
                "data-lifecycle",
                "curated/",
            ),
        ],
        "unknown": [
            unverified(put(_BASE, "data-lifecycle", "rules", UNKNOWN), "data-lifecycle"),
            unverified(_rules(UNKNOWN), "data-lifecycle"),
        ],
        "legacy": [
            passes(_legacy("data-lifecycle", _LIFECYCLE_V2)),
            fails(_legacy("data-lifecycle", _LIFECYCLE_V2, _rules(bare)), "data-lifecycle"),
        ],
        "sidecar": [
            passes(_inline("data-lifecycle", lifecycleRules=[_OLD_RULE])),
            fails(_inline("data-lifecycle", lifecycleRules=[old_bare]), "data", "raw/"),
        ],
    }


CASES: dict[str, Forms] = {
    "DL-S3-11": {
        "pass": [
            passes(_BASE),
            passes(put([*_BASE, _LOG_BUCKET], "data-logging", "targetBucket", UNKNOWN, ["logs"])),
        ],
        "fail": [
            fails(replaced(_BASE, "data-logging"), "data", "logs no access"),
            fails(put(_BASE, "data-logging", "targetBucket", None), "data-logging", "no targetBucket"),
        ],
        "unknown": [
            unverified(put(_BASE, "data-logging", "targetBucket", UNKNOWN), "data-logging"),
            unverified(put(_BASE, "data-logging", "bucket", UNKNOWN), "data"),
        ],
        "legacy": [
            passes(_legacy("data-logging", "aws:s3/bucketLoggingV2:BucketLoggingV2")),
            passes(_inline("data-logging", _V2, loggings=[{"targetBucket": LOGS}])),
        ],
        "sidecar": [
            passes(_inline("data-logging", logging={"targetBucket": LOGS})),
            fails(_inline("data-logging", logging={"targetPrefix": "x/"}), "data"),
        ],
    },
    "DL-S3-12": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(replaced(_BASE, "data-lifecycle"), "data", "no lifecycle"),
            fails(_rules(lifecycle_rule(status="Disabled")), "data-lifecycle", "no enabled rule"),
        ],
        "unknown": [
            unverified(put(_BASE, "data-lifecycle", "rules", UNKNOWN), "data-lifecycle"),
            unverified(put(_BASE, "data-lifecycle", "bucket", UNKNOWN), "data"),
        ],
        "legacy": [
            passes(_legacy("data-lifecycle", _LIFECYCLE_V2)),
            fails(
                _legacy("data-lifecycle", _LIFECYCLE_V2, _rules(lifecycle_rule(status="Disabled"))),
                "data-lifecycle",
            ),
        ],
        "sidecar": [
            passes(_inline("data-lifecycle", lifecycleRules=[_OLD_RULE])),
            fails(_inline("data-lifecycle", lifecycleRules=[{**_OLD_RULE, "enabled": False}]), "data"),
        ],
    },
    "DL-S3-13": _part("abortIncompleteMultipartUpload", "abortIncompleteMultipartUploadDays"),
    "DL-S3-14": _part("noncurrentVersionExpiration", "noncurrentVersionExpiration"),
    "DL-S3-15": {
        "pass": [passes(_BASE, "prod"), passes(put(_BASE, "data", "forceDestroy", True), "dev")],
        "fail": [fails(put(_BASE, "data", "forceDestroy", True), "data", "every object", "prod")],
        "unknown": [unverified(put(_BASE, "data", "forceDestroy", UNKNOWN, ["key"]), "data", within="prod")],
        "legacy": [
            fails(_legacy("data", _V2, put(_BASE, "data", "forceDestroy", True)), "data", within="prod")
        ],
        "sidecar": NO_SIDECAR,
    },
    "DL-S3-18": {
        "pass": [passes([*_BASE, _NOTIFY])],
        "fail": [
            fails([*_BASE, _NOTIFY, Res(_NOTIFY.token, "more", {"bucket": BUCKET})], "more", "erases"),
        ],
        "unknown": Absent("a notification whose bucket is not known yet is a bucket of its own until it is"),
        "legacy": NO_LEGACY,
        "sidecar": Absent("a notification is always a resource of its own"),
    },
    "DL-S3-19": {
        **setting_forms(
            _WITH_OBJECT,
            "script",
            "serverSideEncryption",
            bad=["AES256"],
            good=[None, "aws:kms:dsse"],
            says="AES256",
        ),
        "legacy": [
            fails(
                [*_BASE, Res("aws:s3/bucketObject:BucketObject", "old", {"serverSideEncryption": "AES256"})],
                "old",
            )
        ],
    },
}
