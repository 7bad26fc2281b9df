"""Topics and queues: encryption, TLS, strangers, other accounts, deputies, dead letters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, passes, unverified
from policies.controls.resource_documents import deputies, each_document, other_accounts, strangers, wants_tls
from policies.controls.settings import customer_key, each, setting
from policies.graph.documents import Statement
from policies.graph.keys import key_policies
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.resource_policies import ResourcePolicy, places
from policies.graph.values import is_true

_QUEUE_ARN = re.compile(r"arn:[a-z-]+:sqs:[a-z0-9-]*:\d*:([A-Za-z0-9_.-]+)")
_PUBLISHERS = {
    Kind.METRIC_ALARM: ("alarmActions", "cloudwatch.amazonaws.com"),
    Kind.EVENT_TARGET: ("arn", "events.amazonaws.com"),
    Kind.BUDGET: ("notifications", "budgets.amazonaws.com"),
}


def _publishers_reach(graph: Graph) -> Iterator[Judgement]:
    """Judge whether the key of a topic admits the services that publish to it."""
    for topic in graph.of(Kind.TOPIC):
        key = graph.follow(topic, "kmsMasterKeyId", Kind.KMS_KEY).target
        if key is None:
            continue
        own = [p for p in graph.derived(key_policies) if p.key is not None and p.key.urn == key.urn]
        problems = 0
        for service in sorted(graph.derived(_publishers)[topic.urn]):
            if any(p.document.has_unknown for p in own):
                problems += 1
                yield unverified(topic, f"whether key {key.name} admits {service} is not known yet")
            elif not any(_lets_publish(s, service) for p in own for s in p.document.statements):
                problems += 1
                text = f"{service} publishes to it but may not use its key {key.name}: messages vanish"
                yield fails(topic, text, f"Allow {service} kms:GenerateDataKey* and kms:Decrypt on the key.")
        if not problems:
            yield passes(topic)


def _publishers(graph: Graph) -> dict[str, set[str]]:
    """Return the services that publish to each topic of the stack, by the topic's URN."""
    topics = graph.of(Kind.TOPIC)
    found: dict[str, set[str]] = {topic.urn: set() for topic in topics}
    by_arn = {arn: topic.urn for topic in topics if isinstance(arn := topic.at("arn"), str)}
    for kind, (prop, service) in _PUBLISHERS.items():
        for source in graph.of(kind):
            said = json.dumps(source.props.get(prop), default=str) if by_arn else ""
            targets = {urn for arn, urn in by_arn.items() if arn in said}
            targets |= {topic.urn for topic in graph.dependencies_of(source, prop, Kind.TOPIC)}
            for urn in targets & found.keys():
                found[urn].add(service)
    return found


def _lets_publish(statement: Statement, service: str) -> bool:
    actions = {str(a).lower() for a in statement.actions}
    return (
        statement.allows
        and any(p.type == "Service" and p.value == service for p in statement.principals)
        and bool(actions & {"kms:*", "*", "kms:generatedatakey", "kms:generatedatakey*"})
    )


def _queue_encrypted(graph: Graph, queue: Resource) -> Iterator[Judgement]:
    if is_true(setting(queue, "sqsManagedSseEnabled")) and setting(queue, "kmsMasterKeyId") is None:
        yield fails(queue, "is encrypted under a key of SQS, not of yours: kmsMasterKeyId is not set")
        return
    yield from customer_key("messages are", "kmsMasterKeyId")(graph, queue)


def _no_star_action(graph: Graph, policy: ResourcePolicy) -> Iterator[Judgement]:
    del graph
    for statement in (s for s in policy.document.statements if s.allows):
        wide = [str(a) for a in statement.actions if str(a).lower() in ("*", "sqs:*", "sns:*")]
        if wide:
            who = ", ".join(str(p) for p in statement.principals)
            yield fails(policy.holder, f"{statement.label} allows {wide[0]} to {who}, deleting included")


def _dead_letters(graph: Graph) -> Iterator[Judgement]:
    queues = graph.of(Kind.QUEUE)
    takers = _dead_letter_queues(graph)
    for queue in queues:
        inline = setting(queue, "redrivePolicy")
        beside = [graph.follow(r, "queueUrl", Kind.QUEUE) for r in graph.of(Kind.QUEUE_REDRIVE)]
        if (
            queue.urn in takers
            or inline is not None
            or any(ref.target is not None and ref.target.urn == queue.urn for ref in beside)
        ):
            yield passes(queue)
        elif any(ref.join is Join.UNKNOWN for ref in beside):
            yield unverified(queue, "has no dead-letter queue, unless a redrive policy not known yet is its")
        else:
            yield fails(
                queue, "a message that nobody can handle comes back for ever: it has no redrivePolicy"
            )


def _dead_letter_queues(graph: Graph) -> set[str]:
    """Return the queues that take the dead letters of something else in the stack."""
    found: set[str] = set()
    for kind, prop in (
        (Kind.QUEUE, "redrivePolicy"),
        (Kind.QUEUE_REDRIVE, "redrivePolicy"),
        (Kind.EVENT_TARGET, "deadLetterConfig"),
        (Kind.TOPIC_SUBSCRIPTION, "redrivePolicy"),
        (Kind.SCHEDULE, "target"),
        (Kind.FUNCTION, "deadLetterConfig"),
    ):
        for source in graph.of(kind):
            found |= {q.urn for q in graph.dependencies_of(source, prop, Kind.QUEUE)}
            text = json.dumps(source.props.get(prop), default=str)
            names = {str(q.at("name")): q.urn for q in graph.of(Kind.QUEUE)}
            found |= {names[name] for name in _QUEUE_ARN.findall(text) if name in names}
    return found


_TOPIC, _QUEUE = frozenset({Kind.TOPIC}), frozenset({Kind.QUEUE})
_TOPIC_POLICY, _QUEUE_POLICY = places(Kind.TOPIC), places(Kind.QUEUE)

CONTROLS = (
    Control(
        id="DL-SNS-01",
        name="sns-cmk",
        title="Topics are encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="alias/aws/sns admits neither alarms nor EventBridge: their messages vanish without an error.",
        fix="Set kmsMasterKeyId to a key whose policy admits the services that publish.",
        judge=each(customer_key("messages are", "kmsMasterKeyId"), Kind.TOPIC),
        kinds=_TOPIC,
        alone=_TOPIC,
        anchors=("CKV_AWS_26", "SNS.1"),
    ),
    Control(
        id="DL-SNS-02",
        name="sns-policy-not-public",
        title="Topic policies grant nothing to anyone",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Everybody could subscribe and read along, or publish and cry wolf.",
        fix="Name the principals, or add a condition such as aws:SourceAccount.",
        judge=each_document(strangers, Kind.TOPIC),
        kinds=_TOPIC_POLICY,
        alone=_TOPIC_POLICY,
        anchors=("CKV_AWS_169", "SNS.4"),
    ),
    Control(
        id="DL-SNS-03",
        name="sns-cross-account",
        title="Topic policies admit no other account",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="Messages about failures tell a stranger what runs and where it hurts.",
        fix="Drop the principal, or pin aws:PrincipalOrgID.",
        judge=each_document(other_accounts, Kind.TOPIC),
        kinds=_TOPIC_POLICY,
        anchors=("CKV_AWS_385",),
    ),
    Control(
        id="DL-SNS-04",
        name="sns-tls",
        title="Topics refuse to be published to over plain HTTP",
        severity=Severity.MEDIUM,
        category=Category.TLS,
        why="SNS answers plain HTTP unless its policy refuses.",
        fix='Add a Deny of sns:Publish for Principal "*" with only the condition Bool '
        'aws:SecureTransport "false".',
        judge=wants_tls(Kind.TOPIC, "topic", "sns:Publish"),
        kinds=_TOPIC_POLICY,
        anchors=("AwsSolutions-SNS3",),
    ),
    Control(
        id="DL-SNS-06",
        name="sns-confused-deputy",
        title="Topic policies admit services only on this account's behalf",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="CloudWatch and EventBridge publish for all their customers: any of them could cry wolf here.",
        fix="Add aws:SourceAccount, and aws:SourceArn where known, to statements with a Service principal.",
        judge=each_document(deputies, Kind.TOPIC),
        kinds=_TOPIC_POLICY,
        alone=_TOPIC_POLICY,
    ),
    Control(
        id="DL-SNS-07",
        name="sns-publishers-may-encrypt",
        title="The key of a topic admits the services that publish to it",
        severity=Severity.HIGH,
        category=Category.AUDIT,
        why="An alarm that may not encrypt is dropped silently: it looks like peace.",
        fix="Allow the service kms:GenerateDataKey* and kms:Decrypt in the key's policy.",
        judge=_publishers_reach,
        kinds=_TOPIC | {Kind.METRIC_ALARM, Kind.EVENT_TARGET, Kind.BUDGET, Kind.KMS_KEY, Kind.KMS_KEY_POLICY},
    ),
    Control(
        id="DL-SQS-01",
        name="sqs-cmk",
        title="Queues are encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="Messages quote object keys and errors; alias/aws/sqs admits no other service.",
        fix="Set kmsMasterKeyId to a key of yours.",
        judge=each(_queue_encrypted, Kind.QUEUE),
        kinds=_QUEUE,
        alone=_QUEUE,
        anchors=("CKV_AWS_27", "CKV2_AWS_73", "AwsSolutions-SQS2"),
    ),
    Control(
        id="DL-SQS-02",
        name="sqs-policy-not-public",
        title="Queue policies grant nothing to anyone",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Everybody could read, drain or flood the queue.",
        fix="Name the principals, or add a condition such as aws:SourceArn.",
        judge=each_document(strangers, Kind.QUEUE),
        kinds=_QUEUE_POLICY,
        alone=_QUEUE_POLICY,
        anchors=("CKV_AWS_168", "CKV_AWS_387", "SQS.3"),
    ),
    Control(
        id="DL-SQS-03",
        name="sqs-policy-not-star-action",
        title="Policies of queues and topics list their actions",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="sqs:* lets whoever should only send also purge and delete.",
        fix="List the actions: sqs:SendMessage for senders, sns:Publish for publishers.",
        judge=each_document(_no_star_action, Kind.QUEUE, Kind.TOPIC),
        kinds=_QUEUE_POLICY | _TOPIC_POLICY,
        alone=_QUEUE_POLICY | _TOPIC_POLICY,
        anchors=("CKV_AWS_72",),
    ),
    Control(
        id="DL-SQS-04",
        name="sqs-tls",
        title="Queues refuse plain HTTP",
        severity=Severity.MEDIUM,
        category=Category.TLS,
        why="SQS answers plain HTTP unless its policy refuses.",
        fix='Add a Deny of sqs:* for Principal "*" with only the condition Bool aws:SecureTransport "false".',
        judge=wants_tls(Kind.QUEUE, "queue", "sqs:SendMessage", "sqs:ReceiveMessage"),
        kinds=_QUEUE_POLICY,
        anchors=("AwsSolutions-SQS4",),
    ),
    Control(
        id="DL-SQS-05",
        name="sqs-dlq",
        title="Queues pass on what nobody can handle",
        severity=Severity.LOW,
        category=Category.RESILIENCE,
        why="A message that fails for ever blocks and bills for ever, and is lost when it expires.",
        fix="Set redrivePolicy to a dead-letter queue.",
        judge=_dead_letters,
        kinds=_QUEUE | {Kind.QUEUE_REDRIVE, Kind.EVENT_TARGET, Kind.SCHEDULE, Kind.TOPIC_SUBSCRIPTION},
        anchors=("AwsSolutions-SQS3",),
    ),
    Control(
        id="DL-SQS-06",
        name="sqs-confused-deputy",
        title="Queue policies admit services only on this account's behalf",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="S3, SNS and EventBridge send for all their customers.",
        fix="Add aws:SourceAccount, and aws:SourceArn where known, to statements with a Service principal.",
        judge=each_document(deputies, Kind.QUEUE),
        kinds=_QUEUE_POLICY,
        alone=_QUEUE_POLICY,
    ),
)
