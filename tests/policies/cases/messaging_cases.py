from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Forms, fails, passes, unverified
from tests.policies.estate_support import (
    QUEUE_ARN,
    TOPIC_ARN,
    admit,
    put,
    queue_policy,
    setting_forms,
    topic_key,
    topic_policy,
    watching,
)
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import ACCOUNT, KEY_ARN, KEY_STATEMENTS, replaced, text

_BASE = watching()
_STRANGER = "210987654321"


def _topic(*more: dict[str, Any]) -> list[Res]:
    return put(_BASE, "topic-policy", "policy", topic_policy(*more))


def _queue(*more: dict[str, Any]) -> list[Res]:
    return put(_BASE, "queue-policy", "policy", queue_policy(*more))


def _inline(owner: str, policy: str, document: str) -> list[Res]:
    return put(replaced(_BASE, policy), owner, "policy", document)


def _open(action: str, principal: Any = "*", condition: Any = None) -> dict[str, Any]:
    statement = {"Sid": "Open", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return {**statement, "Condition": condition} if condition else statement


def _deputy(service: str, action: str) -> dict[str, Any]:
    return {**admit(service, action, "*", None), "Sid": "Deputy"}


def _public(owner: str, holder: str, with_more: Any, inline: Any, action: str) -> Forms:
    return {
        "pass": [
            passes(_BASE),
            passes(with_more(_open(action, condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}))),
        ],
        "fail": [
            fails(with_more(_open(action)), holder, "to anyone"),
            fails(with_more(_open(action, {"AWS": "*"})), holder),
            fails(with_more({**_open(action), "Principal": None, "NotPrincipal": {"AWS": "x"}}), holder),
        ],
        "unknown": [
            unverified(put(_BASE, holder, "policy", UNKNOWN), holder),
            unverified(with_more(_open(action, {"AWS": UNKNOWN})), holder),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [fails(inline(_open(action)), owner), passes(inline(_open(action, {"AWS": ACCOUNT})))],
    }


def _deputies(owner: str, with_more: Any, inline: Any, service: str, action: str) -> Forms:
    holder = f"{owner}-policy"
    return {
        "pass": [passes(_BASE)],
        "fail": [fails(with_more(_deputy(service, action)), holder, "whichever customer")],
        "unknown": [unverified(put(_BASE, holder, "policy", UNKNOWN), holder)],
        "legacy": NO_LEGACY,
        "sidecar": [fails(inline(_deputy(service, action)), owner)],
    }


def _inline_topic(*more: dict[str, Any]) -> list[Res]:
    return _inline("topic", "topic-policy", topic_policy(*more))


def _inline_queue(*more: dict[str, Any]) -> list[Res]:
    return _inline("queue", "queue-policy", queue_policy(*more))


# The queue takes the dead letters of nothing.
_ALONE = put(replaced(_BASE, "failures-target"), "subscription", "redrivePolicy", None)

CASES: dict[str, Forms] = {
    "DL-SNS-01": setting_forms(_BASE, "topic", "kmsMasterKeyId", bad=[None, "alias/aws/sns"], good=[KEY_ARN]),
    "DL-SNS-02": _public("topic", "topic-policy", _topic, _inline_topic, "sns:Subscribe"),
    "DL-SNS-03": {
        "pass": [passes(_topic(_open("sns:Publish", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/etl"})))],
        "fail": [
            fails(
                _topic(_open("sns:Subscribe", {"AWS": f"arn:aws:iam::{_STRANGER}:root"})),
                "topic-policy",
                _STRANGER,
            ),
            fails(_topic(_open("sns:Subscribe", {"AWS": _STRANGER})), "topic-policy", _STRANGER),
        ],
        "unknown": [unverified(put(_BASE, "topic-policy", "policy", UNKNOWN), "topic-policy")],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline_topic(_open("sns:Subscribe", {"AWS": _STRANGER})), "topic")],
    },
    "DL-SNS-04": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                put(
                    _BASE,
                    "topic-policy",
                    "policy",
                    text(admit("cloudwatch.amazonaws.com", "sns:Publish", TOPIC_ARN)),
                ),
                "topic-policy",
                "plain HTTP",
            ),
            fails(replaced(_BASE, "topic-policy"), "topic", "no policy"),
        ],
        "unknown": [
            unverified(put(_BASE, "topic-policy", "policy", UNKNOWN), "topic-policy"),
            unverified(put(_BASE, "topic-policy", "arn", UNKNOWN), "topic"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [passes(_inline_topic())],
    },
    "DL-SNS-05": setting_forms(
        _BASE, "subscription", "protocol", bad=["http"], good=["sqs"], says="plain HTTP"
    ),
    "DL-SNS-08": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                put(_BASE, "subscription", "redrivePolicy", None), "subscription", "https endpoint refuses"
            ),
            fails(
                put(put(_BASE, "subscription", "redrivePolicy", None), "subscription", "protocol", "lambda"),
                "subscription",
                "lambda",
            ),
        ],
        "unknown": [
            unverified(put(_BASE, "subscription", "protocol", UNKNOWN, ["key"]), "subscription"),
            passes(put(_BASE, "subscription", "redrivePolicy", UNKNOWN, ["queue"])),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-SNS-06": _deputies("topic", _topic, _inline_topic, "cloudwatch.amazonaws.com", "sns:Publish"),
    "DL-SNS-07": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(replaced(_BASE, "topic-key", topic_key("events.amazonaws.com")), "topic", "cloudwatch"),
            fails(replaced(_BASE, "topic-key", topic_key("cloudwatch.amazonaws.com")), "topic", "events"),
        ],
        "unknown": [unverified(put(_BASE, "topic-key", "policy", UNKNOWN, ["key"]), "topic")],
        "legacy": NO_LEGACY,
        "sidecar": [
            passes(
                [
                    *put(_BASE, "topic-key", "policy", None),
                    Res(
                        "aws:kms/keyPolicy:KeyPolicy",
                        "beside",
                        {"keyId": UNKNOWN, "policy": topic_key().props["policy"]},
                        {"keyId": ["topic-key"]},
                    ),
                ]
            ),
            fails(
                [
                    *put(_BASE, "topic-key", "policy", None),
                    Res(
                        "aws:kms/keyPolicy:KeyPolicy",
                        "beside",
                        {"keyId": UNKNOWN, "policy": text(*KEY_STATEMENTS)},
                        {"keyId": ["topic-key"]},
                    ),
                ],
                "topic",
            ),
        ],
    },
    "DL-SQS-01": {
        **setting_forms(_BASE, "queue", "kmsMasterKeyId", bad=[None, "alias/aws/sqs"], good=[KEY_ARN]),
        "sidecar": [
            fails(
                put(put(_BASE, "queue", "kmsMasterKeyId", None), "queue", "sqsManagedSseEnabled", True),
                "queue",
            )
        ],
    },
    "DL-SQS-02": _public("queue", "queue-policy", _queue, _inline_queue, "sqs:ReceiveMessage"),
    "DL-SQS-03": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(_queue(_open("sqs:*", {"AWS": ACCOUNT})), "queue-policy", "sqs:*"),
            fails(_topic(_open("sns:*", {"AWS": ACCOUNT})), "topic-policy", "sns:*"),
        ],
        "unknown": [unverified(put(_BASE, "queue-policy", "policy", UNKNOWN), "queue-policy")],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline_queue(_open("sqs:*", {"AWS": ACCOUNT})), "queue")],
    },
    "DL-SQS-04": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                put(
                    _BASE,
                    "queue-policy",
                    "policy",
                    text(admit("events.amazonaws.com", "sqs:SendMessage", QUEUE_ARN)),
                ),
                "queue-policy",
                "plain HTTP",
            ),
            fails(replaced(_BASE, "queue-policy"), "queue", "no policy"),
        ],
        "unknown": [
            unverified(put(_BASE, "queue-policy", "policy", UNKNOWN), "queue-policy"),
            unverified(put(_BASE, "queue-policy", "queueUrl", UNKNOWN), "queue"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [passes(_inline_queue())],
    },
    "DL-SQS-05": {
        "pass": [
            passes(_BASE),
            passes(put(_ALONE, "queue", "redrivePolicy", '{"maxReceiveCount": 3}')),
        ],
        "fail": [fails(_ALONE, "queue", "redrivePolicy")],
        "unknown": [
            unverified(
                [
                    *_ALONE,
                    Res("aws:sqs/redrivePolicy:RedrivePolicy", "redrive", {"queueUrl": UNKNOWN}),
                ],
                "queue",
            )
        ],
        "legacy": NO_LEGACY,
        "sidecar": [
            passes(
                [
                    *_ALONE,
                    Res(
                        "aws:sqs/redrivePolicy:RedrivePolicy",
                        "redrive",
                        {"queueUrl": UNKNOWN, "redrivePolicy": '{"maxReceiveCount": 3}'},
                        {"queueUrl": ["queue"]},
                    ),
                ]
            )
        ],
    },
    "DL-SQS-06": _deputies("queue", _queue, _inline_queue, "events.amazonaws.com", "sqs:SendMessage"),
}
