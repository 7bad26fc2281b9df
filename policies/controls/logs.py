"""CloudWatch log groups."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle, unverified
from policies.controls.resource_documents import deputies, each_document, strangers
from policies.controls.settings import at_least, each
from policies.graph.keys import KeyUse, key_use
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource

_KEY = "kmsKeyId"


def _encrypted(graph: Graph) -> Iterator[Judgement]:
    for group in graph.of(Kind.LOG_GROUP):
        yield from settle(group, _problems(graph, group))


def _problems(graph: Graph, group: Resource) -> Iterator[Judgement]:
    use = key_use(graph, group, _KEY, group.at(_KEY), arn_only=True)
    if use is KeyUse.UNKNOWN:
        yield unverified(group, "kmsKeyId is not known yet and leads to no key of the stack")
    elif use is KeyUse.ABSENT:
        yield fails(group, "is not encrypted with a key of yours: kmsKeyId is not set")
    elif use is not KeyUse.CUSTOMER:
        yield fails(group, f"kmsKeyId '{group.at(_KEY)}' is not the ARN of a customer key")


_KINDS = frozenset({Kind.LOG_GROUP})

CONTROLS = (
    Control(
        id="DL-LOG-01",
        name="log-group-kms",
        title="Log groups are encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="Logs quote data; the key's policy decides who may read them, beside IAM.",
        fix="Set kmsKeyId to the ARN of a key whose policy admits logs.<region>.amazonaws.com.",
        judge=_encrypted,
        kinds=_KINDS,
        alone=_KINDS,
        anchors=("CKV_AWS_158", "CloudWatchLogGroupEncrypted"),
    ),
    Control(
        id="DL-LOG-02",
        name="log-group-retention",
        title="Log groups end their logs some day, and not at once",
        severity=Severity.LOW,
        category=Category.AUDIT,
        why="Without retention logs are kept, and billed, for ever; a week is over before a breach is "
        "noticed.",
        fix="Set retentionInDays, to 90 or more in lasting stacks.",
        judge=each(
            at_least(90, "kept for ever, or gone too soon", "retentionInDays", in_temporary=1), Kind.LOG_GROUP
        ),
        kinds=_KINDS,
        alone=_KINDS,
        anchors=("CKV_AWS_66", "CloudWatch.16"),
    ),
    Control(
        id="DL-LOG-03",
        name="log-policy-scoped",
        title="Policies of CloudWatch Logs grant nothing to anyone",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever may write logs may also drown what matters.",
        fix="Name the service, with aws:SourceAccount.",
        judge=each_document(strangers, Kind.LOG_RESOURCE_POLICY),
        kinds=frozenset({Kind.LOG_RESOURCE_POLICY}),
        alone=frozenset({Kind.LOG_RESOURCE_POLICY}),
    ),
    Control(
        id="DL-LOG-04",
        name="log-policy-confused-deputy",
        title="Policies of CloudWatch Logs admit services only on this account's behalf",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A service writes for all its customers: unpinned, any of them writes here.",
        fix="Add aws:SourceAccount, and aws:SourceArn where known.",
        judge=each_document(deputies, Kind.LOG_RESOURCE_POLICY),
        kinds=frozenset({Kind.LOG_RESOURCE_POLICY}),
        alone=frozenset({Kind.LOG_RESOURCE_POLICY}),
    ),
)
