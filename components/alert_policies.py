"""The policy of the topic of alerts: which services publish on whose behalf, over TLS only."""

from typing import Any

from components.iam import Document, Statement, document
from components.names import Names


def topic_policy(names: Names) -> Document:
    """Let alarms, event rules, budgets and cost anomalies of this account publish; refuse plain HTTP.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    own = {"StringEquals": {"aws:SourceAccount": names.account}}
    budgets = f"arn:{names.partition}:budgets::{names.account}:*"
    return document(
        _publish(
            names,
            "cloudwatch",
            own | {"ArnLike": {"aws:SourceArn": names.arn("cloudwatch", f"alarm:{names.prefix}-*")}},
        ),
        _publish(names, "events", {"ArnLike": {"aws:SourceArn": names.rule_arn(f"{names.prefix}-*")}}),
        _publish(names, "budgets", own | {"ArnLike": {"aws:SourceArn": budgets}}),
        _publish(names, "costalerts", own),
        {
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ["sns:Publish"],
            "Resource": names.alert_topic_arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def _publish(names: Names, service: str, conditions: dict[str, Any]) -> Statement:
    return {
        "Sid": f"PublishedBy{service.title()}",
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": names.alert_topic_arn,
        "Condition": conditions,
    }
