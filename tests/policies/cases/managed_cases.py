from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import BUS_ARN, admit, functions, put, queue_policy, watching
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import (
    ACCOUNT,
    BUCKET,
    ROOT,
    allow,
    denials,
    key,
    lake,
    replaced,
    text,
    trust,
)

_BASE = [r for r in lake() if r.name.startswith(("etl", "starter")) or r.name == "key"]
_AWS = "arn:aws:iam::aws:policy/"
_BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
_WRITES = allow("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/team-*")
_DENIES = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}


def _attached(arn: Any, deps: list[str] | None = None) -> list[Res]:
    return put(_BASE, "starter-attachment", "policyArn", arn, deps or ["key"])


def _may(*statements: dict[str, Any]) -> list[Res]:
    return put(_BASE, "etl-policy", "policy", text(*statements))


def _inline(*statements: dict[str, Any]) -> list[Res]:
    own = [{"name": "own", "policy": text(*statements)}]
    return put(replaced(_BASE, "etl-policy"), "etl", "inlinePolicies", own)


# Policies of resources: the lake's own, a bus, a queue.
_WHOLE = [*lake(), *(r for r in (*functions(), *watching()) if r.name in ("bus", "bus-policy", "queue"))]
_ROLE = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/etl"}


def _but(what: str, value: str, **more: Any) -> dict[str, Any]:
    made = {"Sid": "But", "Effect": "Allow", "Principal": _ROLE, "Action": "s3:*", "Resource": "*", **more}
    return {k: v for k, v in {**made, what: value}.items() if k != what.removeprefix("Not")}


_ALL_BUT_DELETION = _but("NotAction", "kms:ScheduleKeyDeletion")
_ALL_BUT_READ = _but("NotAction", "s3:GetObject", Resource=f"arn:aws:s3:::{BUCKET}/*")


def _bucket(*more: dict[str, Any]) -> list[Res]:
    return put(_WHOLE, "data-policy", "policy", text(*denials(BUCKET), *more))


def _in_bucket(*more: dict[str, Any]) -> list[Res]:
    stack = replaced(_WHOLE, "data-policy")
    return put(stack, "data", "policy", text(*denials(BUCKET), *more))


_OLD = Res("aws:s3/bucketV2:BucketV2", "old", {"bucket": "old", "policy": text(_ALL_BUT_READ)})

_ALWAYS_BESIDE = Absent("the policy of a bus is always a resource of its own")

CASES: dict[str, Forms] = {
    "DL-IAM-26": {
        "pass": [passes(_BASE), passes(_attached(f"{_AWS}service-role/AWSQuickSightListIAM"))],
        "fail": [
            fails(_attached(f"{_AWS}AmazonS3ReadOnlyAccess"), "starter-attachment", "AmazonS3ReadOnlyAccess"),
            fails(_attached(f"{_AWS}job-function/ViewOnlyAccess"), "starter-attachment", "starter"),
            fails(
                _attached(f"arn:aws:iam::{ACCOUNT}:policy/from-elsewhere"),
                "starter-attachment",
                "not in the stack",
            ),
        ],
        "unknown": [
            passes(_attached(UNKNOWN, ["starter-policy"])),
            unverified(_attached(UNKNOWN), "starter-attachment"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [fails(put(_BASE, "etl", "managedPolicyArns", [f"{_AWS}SecurityAudit"]), "etl", "etl")],
    },
    "DL-IAM-27": {
        "pass": [
            passes(_BASE),
            passes(_may(allow(["iam:GetRole", "iam:PassRole"], "*"))),
            passes(_may(_WRITES, _DENIES)),
            passes(put(_may(_WRITES), "etl", "permissionsBoundary", _BOUNDARY)),
        ],
        "fail": [
            fails(_may(_WRITES), "etl", "iam:PutRolePolicy"),
            fails(_may(allow("iam:*", "*")), "etl", "no permissionsBoundary"),
            fails(_may(allow("*", "*")), "etl"),
            fails(_may(_WRITES, {**_DENIES, "Resource": f"arn:aws:iam::{ACCOUNT}:role/x"}), "etl"),
        ],
        "unknown": [
            passes(put(_may(_WRITES), "etl", "permissionsBoundary", UNKNOWN, ["key"])),
            unverified(put(_BASE, "etl-policy", "policy", UNKNOWN), "etl"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline(_WRITES), "etl")],
    },
    "DL-POL-03": {
        "pass": [passes(_WHOLE), passes(_bucket({**_ALL_BUT_READ, "Effect": "Deny"}))],
        "fail": [
            fails(
                [key(policy=text({**_ALL_BUT_DELETION, "Principal": ROOT}))], "key", "kms:ScheduleKeyDeletion"
            ),
            fails(_bucket(_ALL_BUT_READ), "data-policy", "NotAction"),
            fails(_bucket(_but("NotResource", "arn:aws:s3:::x")), "data-policy", "NotResource"),
            fails(
                put(_WHOLE, "bus-policy", "policy", text(_but("NotAction", "events:PutRule"))), "bus-policy"
            ),
            fails(
                put(_WHOLE, "queue", "policy", queue_policy(_but("NotAction", "sqs:DeleteQueue"))), "queue"
            ),
            fails(
                put(_WHOLE, "etl", "assumeRolePolicy", text(_but("NotAction", "sts:TagSession", **trust()))),
                "etl",
            ),
        ],
        "unknown": [unverified(put(_WHOLE, "data-policy", "policy", UNKNOWN, ["key"]), "data-policy")],
        "legacy": [fails([*_WHOLE, _OLD], "old")],
        "sidecar": [fails(_in_bucket(_ALL_BUT_READ), "data")],
    },
    "DL-EVT-08": {
        "pass": [passes(_WHOLE)],
        "fail": [
            fails(
                put(
                    _WHOLE, "bus-policy", "policy", text(_but("Sid", "X", Principal={"AWS": "210987654321"}))
                ),
                "bus-policy",
                "210987654321",
            )
        ],
        "unknown": [unverified(put(_WHOLE, "bus-policy", "policy", UNKNOWN, ["key"]), "bus-policy")],
        "legacy": NO_LEGACY,
        "sidecar": _ALWAYS_BESIDE,
    },
    "DL-EVT-09": {
        "pass": [
            passes(_WHOLE),
            passes(
                put(
                    _WHOLE,
                    "bus-policy",
                    "policy",
                    text(admit("s3.amazonaws.com", "events:PutEvents", BUS_ARN)),
                )
            ),
        ],
        "fail": [
            fails(
                put(
                    _WHOLE,
                    "bus-policy",
                    "policy",
                    text(admit("s3.amazonaws.com", "events:PutEvents", BUS_ARN, None)),
                ),
                "bus-policy",
                "whichever customer",
            )
        ],
        "unknown": [unverified(put(_WHOLE, "bus-policy", "policy", UNKNOWN, ["key"]), "bus-policy")],
        "legacy": NO_LEGACY,
        "sidecar": _ALWAYS_BESIDE,
    },
}
