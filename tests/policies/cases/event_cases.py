from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import BUS_ARN, QUEUE_ARN, admit, functions, put, setting_forms, watching
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, allow, replaced, role, text

_BASE = functions()
_WATCH = watching()
_WORKFLOW = f"arn:aws:glue:eu-west-1:{ACCOUNT}:workflow/flow"
_OPEN = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def _target(*statements: dict[str, Any], **props: Any) -> list[Res]:
    return [
        role("starter", "events.amazonaws.com"),
        Res(
            "aws:iam/rolePolicy:RolePolicy",
            "starter-policy",
            {"role": "starter", "policy": text(*statements)},
        ),
        Res(
            "aws:cloudwatch/eventTarget:EventTarget",
            "target",
            {"rule": "r", "arn": _WORKFLOW, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/starter", **props},
        ),
    ]


_NOTIFY = allow("glue:NotifyEvent", _WORKFLOW)


def _not_public(holder: str, prop: str) -> Forms:
    return {
        "pass": [passes(_BASE)],
        "fail": [fails(put(_BASE, holder, prop, text(_OPEN)), holder, "to anyone")],
        "unknown": [unverified(put(_BASE, holder, prop, UNKNOWN, ["key"]), holder)],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    }


CASES: dict[str, Forms] = {
    "DL-EVT-01": _not_public("bus-policy", "policy"),
    "DL-EVT-10": {
        "pass": [passes(_WATCH), passes(put(_WATCH, "failures", "state", "ENABLED"))],
        "fail": [fails(put(_WATCH, "failures", "state", "DISABLED"), "failures", "state is DISABLED")],
        "unknown": [unverified(put(_WATCH, "failures", "state", UNKNOWN, ["key"]), "failures")],
        "legacy": [fails(put(_WATCH, "failures", "isEnabled", False), "failures", "isEnabled is false")],
        "sidecar": NO_SIDECAR,
    },
    "DL-EVT-02": setting_forms(_BASE, "bus", "kmsKeyIdentifier", bad=[None]),
    "DL-EVT-03": {
        "pass": [
            passes(_WATCH),
            passes(put(_WATCH, "failures-target", "deadLetterConfig", {"arn": UNKNOWN})),
        ],
        "fail": [fails(put(_WATCH, "failures-target", "deadLetterConfig", None), "failures-target", "lost")],
        "unknown": [passes(put(_WATCH, "failures-target", "deadLetterConfig", UNKNOWN, ["queue"]))],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-EVT-04": {
        "pass": [passes(_target(_NOTIFY)), passes(_WATCH)],
        "fail": [fails(_target(_NOTIFY, allow("sqs:SendMessage", QUEUE_ARN)), "target", QUEUE_ARN)],
        "unknown": [unverified(_target(_NOTIFY, roleArn=UNKNOWN), "target")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-EVT-05": setting_forms(_BASE, "schedule", "kmsKeyArn", bad=[None]),
    "DL-SEC-01": setting_forms(_BASE, "secret", "kmsKeyId", bad=[None, "alias/aws/secretsmanager"]),
    "DL-SEC-02": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(replaced(_BASE, "rotation"), "secret", "never changed"),
            fails(put(_BASE, "rotation", "rotationRules.automaticallyAfterDays", 365), "rotation", "365"),
            fails(put(_BASE, "rotation", "rotationEnabled", False), "rotation"),
        ],
        "unknown": [
            passes(put(_BASE, "rotation", "secretId", UNKNOWN, ["secret"])),
            unverified(put(_BASE, "rotation", "secretId", UNKNOWN, ["key"]), "secret"),
            unverified(
                put(_BASE, "rotation", "rotationRules", {"automaticallyAfterDays": UNKNOWN}), "rotation"
            ),
        ],
        "legacy": NO_LEGACY,
        "sidecar": Absent("a rotation is always a resource of its own"),
    },
    "DL-SEC-03": {
        **_not_public("secret-policy", "policy"),
        "sidecar": [fails(put(replaced(_BASE, "secret-policy"), "secret", "policy", text(_OPEN)), "secret")],
    },
    "DL-FN-01": setting_forms(_BASE, "function", "kmsKeyArn", bad=[None, "alias/aws/lambda"]),
    "DL-FN-02": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                put(_BASE, "function", "environment.variables.DB_PASSWORD", "hunter2"),
                "function",
                "DB_PASSWORD",
            ),
            fails(
                put(_BASE, "function", "environment.variables.X", "AKIAABCDEFGHIJKLMNOP"), "function", ": X"
            ),
        ],
        "unknown": [
            unverified(put(_BASE, "function", "environment", {"variables": UNKNOWN}, ["key"]), "function")
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-FN-03": {
        **setting_forms(_BASE, "permission", "principal", bad=["*"], says="anyone"),
        "fail": [
            fails(put(_BASE, "permission", "principal", "*"), "permission", "anyone"),
            fails(put(_BASE, "permission", "sourceArn", None), "permission", "whichever customer"),
        ],
    },
    "DL-FN-04": {
        **setting_forms(_BASE, "url", "authorizationType", bad=["NONE", None]),
        "sidecar": [fails(put(_BASE, "url", "cors", {"allowOrigins": ["*"]}), "url", "any web page")],
    },
    "DL-FN-05": setting_forms(
        _BASE, "function", "runtime", bad=["python3.8"], good=["python3.12"], says="python3.8"
    ),
    "DL-FN-06": setting_forms(
        _BASE, "function", "deadLetterConfig.targetArn", bad=[None], says="lost", unknown=False
    ),
    "DL-LOG-03": _not_public("log-policy", "policyDocument"),
    "DL-LOG-04": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                put(
                    _BASE,
                    "log-policy",
                    "policyDocument",
                    text(admit("events.amazonaws.com", "logs:PutLogEvents", BUS_ARN, None)),
                ),
                "log-policy",
                "whichever customer",
            )
        ],
        "unknown": [unverified(put(_BASE, "log-policy", "policyDocument", UNKNOWN, ["key"]), "log-policy")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
}
