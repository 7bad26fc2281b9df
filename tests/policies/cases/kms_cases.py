from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Forms, fails, passes, unverified
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, KEY_STATEMENTS, REGION, changed, lake, replaced, text

_KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
_ROOT, _USE, _LOGS = KEY_STATEMENTS
_ANYONE = {"Sid": "Any", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}


def _policy(*statements: dict[str, Any]) -> list[Res]:
    return changed("key", policy=text(*statements))


def _beside(
    *statements: dict[str, Any], inline: Any = None, joined: bool = True, policy: Any = None
) -> list[Res]:
    """The key's policy as a resource of its own."""
    holder = Res(
        _KEY_POLICY,
        "key-policy",
        {"keyId": UNKNOWN, "policy": text(*statements) if policy is None else policy},
        {"keyId": ["key"]} if joined else {},
    )
    return [*changed("key", policy=inline), holder]


def _read_from_aws(stack: list[Res]) -> list[Res]:
    """The key's inline policy is what the provider found, not what the program gave."""
    key = next(r for r in stack if r.name == "key")
    return replaced(stack, "key", replace(key, computed=frozenset({"policy"})))


def _other(token: str, **props: Any) -> list[Res]:
    """A key of another type beside a sound one."""
    key = next(r for r in lake() if r.name == "key")
    return [*lake(), Res(token, "other", key.props).having(**props)]


CASES: dict[str, Forms] = {
    "DL-KMS-01": {
        "pass": [
            passes(lake()),
            passes(_other("aws:kms/replicaKey:ReplicaKey", enableKeyRotation=None)),
            passes(changed("key", rotationPeriodInDays=90)),
            passes(_other("aws:kms/externalKey:ExternalKey", enableKeyRotation=None)),
            passes(_other("aws:kms/key:Key", enableKeyRotation=None, customerMasterKeySpec="RSA_4096")),
        ],
        "fail": [
            fails(changed("key", enableKeyRotation=False), "key", "enableKeyRotation"),
            fails(changed("key", enableKeyRotation=None), "key"),
            fails(changed("key", rotationPeriodInDays=2560), "key", "less than once a year"),
            fails(changed("key", enableKeyRotation=None, customerMasterKeySpec="SYMMETRIC_DEFAULT"), "key"),
        ],
        "unknown": [
            unverified(
                replaced(
                    lake(),
                    "key",
                    Res(
                        "aws:kms/key:Key",
                        "key",
                        {"enableKeyRotation": UNKNOWN},
                        {"enableKeyRotation": ["etl"]},
                    ),
                ),
                "key",
            ),
            # Unknown because the provider will compute it, not because the program gave it.
            fails(changed("key", enableKeyRotation=UNKNOWN), "key"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-KMS-02": {
        "pass": [passes(lake())],
        "fail": [
            fails(changed("key", policy=None), "key", "no key policy"),
            fails(changed("key", policy=UNKNOWN), "key"),
        ],
        "unknown": [unverified(_beside(_ROOT, joined=False), "key")],
        "legacy": NO_LEGACY,
        "sidecar": [passes(_beside(_ROOT))],
    },
    "DL-KMS-03": {
        "pass": [
            passes(lake()),
            passes(
                _policy(
                    {
                        **_ANYONE,
                        "Principal": {"AWS": "*"},
                        "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
                    }
                )
            ),
        ],
        "fail": [
            fails(_policy(_ROOT, _ANYONE), "key", "kms:Decrypt"),
            fails(_policy(_ROOT, {**_ANYONE, "Principal": {"AWS": "*"}}), "key"),
            fails(_policy(_ROOT, {**_ANYONE, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}}), "key"),
            fails(
                _policy(_ROOT, {**_ANYONE, "Condition": {"StringLike": {"kms:ViaService": "s3.*"}}}), "key"
            ),
            fails(
                _policy(
                    _ROOT, {**_ANYONE, "Condition": {"ForAllValues:StringEquals": {"aws:PrincipalArn": "a"}}}
                ),
                "key",
                "ForAllValues",
            ),
            fails(changed("key", policy="not json"), "key", "not JSON"),
        ],
        "unknown": [
            unverified(
                replaced(
                    lake(), "key", Res("aws:kms/key:Key", "key", {"policy": UNKNOWN}, {"policy": ["etl"]})
                ),
                "key",
            ),
            unverified(_policy(_ROOT, {**_ANYONE, "Principal": {"AWS": UNKNOWN}}), "key"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [
            passes(_beside(_ROOT)),
            fails(_beside(_ROOT, _ANYONE), "key-policy"),
            # The policy that the provider read from AWS before its replacement was applied is none.
            passes(_read_from_aws(_beside(_ROOT, inline=text(_ROOT, _ANYONE)))),
        ],
    },
    "DL-KMS-04": {
        "pass": [
            passes(lake()),
            passes(_policy({**_LOGS, "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}})),
            passes(_policy({**_LOGS, "Principal": {"Service": "unlisted.amazonaws.com"}, "Condition": {}})),
        ],
        "fail": [
            fails(_policy({**_LOGS, "Condition": {}}), "key", f"logs.{REGION}.amazonaws.com"),
            fails(
                _policy({**_LOGS, "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "*"}}}),
                "key",
            ),
            fails(
                _policy(
                    {
                        **_LOGS,
                        "Principal": {"Service": "cloudtrail.amazonaws.com"},
                        "Condition": {"StringLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:*:trail/*"}},
                    }
                ),
                "key",
            ),
        ],
        "unknown": [
            unverified(
                _policy({**_LOGS, "Condition": {"StringEquals": {"aws:SourceAccount": UNKNOWN}}}), "key"
            )
        ],
        "legacy": NO_LEGACY,
        "sidecar": [
            passes(_beside(*KEY_STATEMENTS)),
            fails(_beside({**_LOGS, "Condition": {}}), "key-policy"),
        ],
    },
}
