"""Subscriptions of topics: how messages travel, and what becomes of those that nobody takes."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    not_applicable,
    passes,
    unverified,
)
from policies.controls.settings import each, setting
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown

# Mail and texts are tried and dropped: SNS keeps only what a machine was to take.
_KEPT_FOR = ("http", "https", "sqs", "lambda", "firehose", "application")


def _https(graph: Graph, subscription: Resource) -> Iterator[Judgement]:
    del graph
    protocol, endpoint = setting(subscription, "protocol"), setting(subscription, "endpoint")
    if isinstance(protocol, Unknown):
        yield unverified(subscription, "protocol is not known yet")
    elif protocol == "http" or (isinstance(endpoint, str) and endpoint.startswith("http://")):
        yield fails(subscription, "delivers messages over plain HTTP")


def _keeps(graph: Graph) -> Iterator[Judgement]:
    for subscription in graph.of(Kind.TOPIC_SUBSCRIPTION):
        protocol = setting(subscription, "protocol")
        if isinstance(protocol, Unknown):
            yield unverified(subscription, "protocol is not known yet")
        elif protocol not in _KEPT_FOR:
            yield not_applicable(subscription, f"what {protocol} does not take is not kept by SNS")
        elif setting(subscription, "redrivePolicy") is None:
            yield fails(
                subscription, f"a message that its {protocol} endpoint refuses is lost: no redrivePolicy"
            )
        else:
            yield passes(subscription)


_SUBSCRIPTION = frozenset({Kind.TOPIC_SUBSCRIPTION})

CONTROLS = (
    Control(
        id="DL-SNS-05",
        name="sns-subscription-https",
        title="Subscriptions do not deliver over plain HTTP",
        severity=Severity.HIGH,
        category=Category.TLS,
        why="The message, and the right to unsubscribe, cross the internet in clear.",
        fix="Set protocol to https, sqs, lambda or email.",
        judge=each(_https, Kind.TOPIC_SUBSCRIPTION),
        kinds=_SUBSCRIPTION,
        alone=_SUBSCRIPTION,
    ),
    Control(
        id="DL-SNS-08",
        name="sns-subscription-dlq",
        title="Subscriptions keep what their endpoints refuse",
        severity=Severity.LOW,
        category=Category.RESILIENCE,
        why="SNS gives up after a day of refusals, or at once on a 4xx: the alarm is then gone.",
        fix='Set redrivePolicy to {"deadLetterTargetArn": "<arn of a queue>"}.',
        judge=_keeps,
        kinds=_SUBSCRIPTION,
        advisory=True,
        presence=True,
    ),
)
