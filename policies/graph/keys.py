"""KMS keys: which one a property means, whose it is, and the policies it has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from policies.graph.arns import parse_arn
from policies.graph.documents import Document, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.values import Unknown, Value


class KeyUse(Enum):
    """What a property that should name an encryption key names."""

    CUSTOMER = auto()
    ABSENT = auto()
    AWS_MANAGED = auto()
    NOT_A_KEY = auto()
    UNKNOWN = auto()


def key_use(graph: Graph, source: Resource, prop: str, value: Value, *, arn_only: bool = False) -> KeyUse:
    """Whose key a value names.

    Args:
        graph: The stack.
        source: The resource that encrypts.
        prop: The top-level property that `value` was found under.
        value: Key id, ARN or alias; not known at a first preview when the stack creates the key.
        arn_only: Whether the service takes nothing but the ARN of a key.

    """
    if isinstance(value, Unknown):
        known = graph.dependencies_of(source, prop, Kind.KMS_KEY, Kind.KMS_ALIAS)
        return KeyUse.CUSTOMER if known else KeyUse.UNKNOWN
    if not isinstance(value, str) or not value:
        return KeyUse.ABSENT
    arn = parse_arn(value)
    path = value if arn is None else arn.resource
    if path.startswith("alias/aws/"):
        return KeyUse.AWS_MANAGED
    if arn is None:
        return KeyUse.NOT_A_KEY if arn_only else KeyUse.CUSTOMER
    if arn.service != "kms" or not path.startswith("key/" if arn_only else ("key/", "alias/")):
        return KeyUse.NOT_A_KEY
    return KeyUse.CUSTOMER


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """One policy of a key: where it is written, and what it says."""

    holder: Resource
    key: Resource | None
    document: Document


def key_policies(graph: Graph) -> tuple[KeyPolicy, ...]:
    """Every key policy of the stack, inline or beside the key; a key without any has none here."""
    inline = tuple(
        KeyPolicy(key, key, parse(key.props.get("policy")))
        for key in graph.of(Kind.KMS_KEY)
        if key.declares("policy")
    )
    beside = tuple(
        KeyPolicy(
            policy,
            graph.follow(policy, "keyId", Kind.KMS_KEY).target,
            parse(policy.props.get("policy")),
        )
        for policy in graph.of(Kind.KMS_KEY_POLICY)
    )
    # A policy beside the key replaces what the provider read into the key before.
    replaced = {policy.key.urn for policy in beside if policy.key is not None}
    kept = tuple(p for p in inline if p.holder.urn not in replaced or p.holder.authored("policy"))
    return (*kept, *beside)


def unresolved_key_policies(graph: Graph) -> bool:
    """Whether some key policy of the stack belongs to a key that cannot be told yet."""
    return any(
        graph.follow(policy, "keyId", Kind.KMS_KEY).join is Join.UNKNOWN
        for policy in graph.of(Kind.KMS_KEY_POLICY)
    )
