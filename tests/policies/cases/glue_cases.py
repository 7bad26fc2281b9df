from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import (
    ACCOUNT,
    KEY_ARN,
    changed,
    lake,
    replaced,
    security_configuration,
    without,
)


def _configuration(**blocks: Any) -> list[Res]:
    return replaced(lake(), "sc", security_configuration(**blocks))


def _unjoined(**blocks: Any) -> list[Res]:
    made = security_configuration(**blocks)
    return replaced(lake(), "sc", Res(made.token, made.name, made.props))


def _by_output(*, joined: bool = True) -> list[Res]:
    """The job takes the configuration's name from an output."""
    stack = replaced(lake(), "sc", security_configuration().having(name=UNKNOWN))
    stack = replaced(stack, "crawler")
    job = next(r for r in stack if r.name == "job").having(securityConfiguration=UNKNOWN)
    deps = {"securityConfiguration": ["sc"]} if joined else {}
    return replaced(stack, "job", Res(job.token, job.name, job.props, deps))


def _part(block: str, mode_name: str, mode: str) -> Forms:
    def sc(value: Any, key: Any = KEY_ARN) -> list[Res]:
        settings = {mode_name: value, "kmsKeyArn": key}
        return _configuration(**{block: {k: v for k, v in settings.items() if v is not None}})

    return {
        "pass": [
            passes(lake()),
            passes(sc(mode)),
            passes(_configuration(**{block: [{mode_name: mode, "kmsKeyArn": KEY_ARN}]})),
        ],
        "fail": [
            fails(sc("DISABLED", None), "sc", "DISABLED"),
            fails(sc(None), "sc", "missing"),
            fails(sc(mode, None), "sc", "no kmsKeyArn"),
            fails(sc(mode, f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/aws/glue"), "sc", "alias/aws/glue"),
            fails(sc(mode, "0b1c"), "sc", "not the ARN"),
            fails(changed("sc", encryptionConfiguration=None), "sc"),
        ],
        "unknown": [
            passes(sc(mode, UNKNOWN)),
            unverified(_unjoined(**{block: {mode_name: mode, "kmsKeyArn": UNKNOWN}}), "sc"),
            unverified(sc(UNKNOWN), "sc"),
            unverified(changed("sc", encryptionConfiguration=UNKNOWN), "sc"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    }


CASES: dict[str, Forms] = {
    "DL-GLUE-01": {
        "pass": [passes(lake())],
        "fail": [
            fails(changed("job", securityConfiguration=None), "job"),
            fails(changed("crawler", securityConfiguration=""), "crawler"),
            fails([*lake(), Res("aws:glue/devEndpoint:DevEndpoint", "endpoint", {"name": "e"})], "endpoint"),
        ],
        "unknown": [passes(_by_output()), passes(_by_output(joined=False))],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-02": {
        "pass": [passes(lake())],
        "fail": [
            fails(changed("job", securityConfiguration="other"), "job", "'other'"),
            fails(without("sc"), "crawler"),
        ],
        "unknown": [passes(_by_output()), unverified(_by_output(joined=False), "job")],
        "legacy": NO_LEGACY,
        "sidecar": Absent("the security configuration is always a resource of its own"),
    },
    "DL-GLUE-03": _part("s3Encryption", "s3EncryptionMode", "SSE-KMS"),
    "DL-GLUE-04": _part("cloudwatchEncryption", "cloudwatchEncryptionMode", "SSE-KMS"),
    "DL-GLUE-05": _part("jobBookmarksEncryption", "jobBookmarksEncryptionMode", "CSE-KMS"),
}
