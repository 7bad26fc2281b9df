"""CloudWatch log groups."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle, unverified
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
)
