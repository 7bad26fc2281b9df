from __future__ import annotations

import json
from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, KEY_ARN, changed, lake, replaced, workgroup


def _workgroup(**configuration: Any) -> list[Res]:
    return replaced(lake(), "analysts", workgroup("analysts", **configuration))


def _results(**settings: Any) -> list[Res]:
    return _workgroup(resultConfiguration={"outputLocation": "s3://lake-dev/results/analysts/", **settings})


def _encrypted(option: Any = "SSE_KMS", key: Any = KEY_ARN) -> list[Res]:
    settings = {"encryptionOption": option, "kmsKeyArn": key}
    return _results(encryptionConfiguration={k: v for k, v in settings.items() if v is not None})


def _unjoined() -> list[Res]:
    made = workgroup("analysts")
    return replaced(lake(), "analysts", Res(made.token, made.name, made.props))


def _log_group(value: Any, deps: dict[str, list[str]] | None = None) -> list[Res]:
    token = "aws:cloudwatch/logGroup:LogGroup"
    props = {"name": "/g", **({"kmsKeyId": value} if value is not None else {})}
    return replaced(lake(), "log-group", Res(token, "log-group", props, deps or {}))


_TEMPLATE = "aws:cloudformation/stack:Stack"


def _template(*types: str) -> Res:
    made = {f"R{number}": {"Type": kind, "Properties": {}} for number, kind in enumerate(types)}
    return Res(_TEMPLATE, "template", {"templateBody": json.dumps({"Resources": made})})


CASES: dict[str, Forms] = {
    "DL-ATH-01": {
        "pass": [passes(lake()), passes(_workgroup(enforceWorkgroupConfiguration="true"))],
        "fail": [
            fails(_workgroup(enforceWorkgroupConfiguration=False), "analysts", "override"),
            fails(changed("analysts", configuration=None), "analysts"),
        ],
        "unknown": [
            unverified(_workgroup(enforceWorkgroupConfiguration=UNKNOWN), "analysts"),
            unverified(changed("analysts", configuration=UNKNOWN), "analysts"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-ATH-02": {
        "pass": [passes(lake()), passes(_encrypted()), passes(_encrypted("CSE_KMS"))],
        "fail": [
            fails(_results(), "analysts", "nothing"),
            fails(_encrypted("SSE_S3", None), "analysts", "SSE_S3"),
            fails(_encrypted("SSE_KMS", None), "analysts", "no key"),
            fails(_encrypted("SSE_KMS", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/aws/s3"), "analysts"),
        ],
        "unknown": [
            passes(_encrypted("SSE_KMS", UNKNOWN)),
            unverified(_unjoined(), "analysts"),
            unverified(_encrypted(UNKNOWN), "analysts"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-ATH-03": {
        "pass": [passes(lake())],
        "fail": [
            fails(_workgroup(resultConfiguration={}), "analysts", "no result location"),
            fails(
                replaced(lake(), "analysts", workgroup("analysts", "s3://lake-dev/results/reporting/a")),
                "analysts",
            ),
            fails(
                replaced(lake(), "analysts", workgroup("analysts", "lake-dev-results/analysts")), "analysts"
            ),
        ],
        "unknown": [
            unverified(_workgroup(resultConfiguration={"outputLocation": UNKNOWN}), "analysts"),
            unverified(_workgroup(resultConfiguration={"outputLocation": f"s3://{UNKNOWN}/a/"}), "analysts"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-LOG-01": {
        "pass": [passes(lake()), passes(_log_group(KEY_ARN))],
        "fail": [
            fails(_log_group(None), "log-group", "not set"),
            fails(_log_group(f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/lake"), "log-group", "not the ARN"),
        ],
        "unknown": [
            passes(_log_group(UNKNOWN, {"kmsKeyId": ["key"]})),
            unverified(_log_group(UNKNOWN), "log-group"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-COV-02": {
        "pass": [passes([_template("AWS::QuickSight::Dashboard", "AWS::CloudWatch::Dashboard")])],
        "fail": [
            fails(
                [_template("AWS::QuickSight::Dashboard", "AWS::S3::Bucket")],
                "template",
                "makes AWS::S3::Bucket",
            ),
            fails([_template("Custom::Anything")], "template", "Custom::Anything"),
        ],
        "unknown": [
            unverified([Res(_TEMPLATE, "template", {"templateUrl": "https://x"})], "template", "elsewhere"),
            unverified(
                [Res(_TEMPLATE, "template", {"templateBody": "Resources:\n  A: {}"})], "template", "JSON"
            ),
            unverified(
                [*lake(), Res(_TEMPLATE, "template", {"templateBody": UNKNOWN}, {"templateBody": ["key"]})],
                "template",
                "not known yet",
            ),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-COV-01": {
        "pass": [passes(lake())],
        "fail": Absent("what the pack cannot judge is UNVERIFIED, never FAIL"),
        "unknown": [
            unverified([*lake(), Res("aws:kinesis/stream:Stream", "f")], "f", "aws:kinesis/stream:Stream"),
            unverified([*lake(), Res("aws-native:s3:Bucket", "native")], "native", "the aws provider only"),
            unverified(
                [*lake(), Res("gcp:storage/bucket:Bucket", "there")], "there", "the aws provider only"
            ),
        ],
        "legacy": Absent("a token is known or it is not"),
        "sidecar": Absent("a token is known or it is not"),
    },
}
