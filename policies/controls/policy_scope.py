"""What resource policies speak of, and what services get through them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle, unverified
from policies.controls.resource_documents import joined
from policies.graph.arns import has_wildcard, parse_arn
from policies.graph.buckets import find_buckets
from policies.graph.conditions import DEPUTY_KEYS, Narrows, narrowed_by
from policies.graph.documents import Document, State, Statement
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.resource_policies import resource_policies
from policies.graph.values import Unknown, Value

_ABOUTS = {Kind.TOPIC: "sns", Kind.QUEUE: "sqs"}
# What services deliver by, where they are let into a bucket. Sources: each service's page on its delivery.
_DELIVERIES: dict[str, frozenset[str]] = {
    "logging.s3.amazonaws.com": frozenset({"s3:putobject"}),
    "s3.amazonaws.com": frozenset({"s3:putobject"}),
    "cloudtrail.amazonaws.com": frozenset({"s3:putobject", "s3:getbucketacl"}),
    "config.amazonaws.com": frozenset({"s3:putobject", "s3:getbucketacl", "s3:listbucket"}),
    "delivery.logs.amazonaws.com": frozenset({"s3:putobject", "s3:getbucketacl", "s3:listbucket"}),
    "redshift.amazonaws.com": frozenset({"s3:putobject", "s3:getbucketacl"}),
    "billingreports.amazonaws.com": frozenset({"s3:putobject", "s3:getbucketacl", "s3:getbucketpolicy"}),
}
_AUDIENCE = ("aws:principal", "aws:userid", "aws:sourcevpc", "aws:vpcesource", "s3:dataaccesspoint")


class _Policy(NamedTuple):
    """A resource policy: where it is written, what it says, and what its owner is called."""

    holder: Resource
    document: Document
    service: str
    name: Value


def _policies(graph: Graph) -> Iterator[_Policy]:
    for bucket in graph.derived(find_buckets):
        for declaration, document in bucket.policies:
            yield _Policy(declaration.holder, document, "s3", bucket.name)
    for about, service in _ABOUTS.items():
        for policy in resource_policies(graph, about):
            owner = policy.owner
            yield _Policy(
                policy.holder, policy.document, service, owner.at("name") if owner is not None else None
            )


def _own_only(graph: Graph) -> Iterator[Judgement]:
    for policy in _policies(graph):
        if policy.document.state is State.KNOWN:
            yield from settle(policy.holder, _strays(policy))
        elif policy.document.state is State.UNKNOWN:
            yield unverified(policy.holder, "its policy is not known yet")


def _strays(policy: _Policy) -> Iterator[Judgement]:
    for statement in policy.document.statements:
        if statement.not_resources:
            yield fails(policy.holder, f"{statement.label} speaks of everything but some (NotResource)")
        for resource in statement.resources:
            if isinstance(resource, Unknown) or not isinstance(policy.name, str):
                continue
            if not _is_own(resource, policy.service, policy.name):
                text = f"{statement.label} speaks of {resource}, not of {policy.name}, whose policy it is"
                yield fails(policy.holder, text, f"Name the ARN of {policy.name} in {statement.label}.")


def _is_own(resource: str, service: str, name: str) -> bool:
    arn = parse_arn(resource)
    if arn is None or arn.service != service:
        return False
    return arn.resource == name or (service == "s3" and arn.resource.startswith(f"{name}/"))


def _deliveries(graph: Graph) -> Iterator[Judgement]:
    for policy in _policies(graph):
        if policy.document.state is State.UNKNOWN:
            yield unverified(policy.holder, "its policy is not known yet")
        elif policy.document.state is State.KNOWN:
            allows = (s for s in policy.document.statements if s.allows)
            yield from settle(policy.holder, (j for s in allows for j in _delivery(policy, s)))


def _delivery(policy: _Policy, statement: Statement) -> Iterator[Judgement]:
    if any(p.is_anyone for p in statement.principals) and _for_services(statement):
        text = f"{statement.label} lets whatever service calls on this account's behalf do"
        yield fails(
            policy.holder,
            f"{text} {joined(statement.actions)}: its principal is everyone",
            f"Name the service as the principal of {statement.label}.",
        )
    services = [str(p.value) for p in statement.principals if p.type == "Service"]
    for action in statement.known(statement.actions):
        for service in services:
            known = _DELIVERIES.get(service.lower()) if policy.service == "s3" else None
            if (known is not None and action.lower() not in known) or has_wildcard(action):
                wanted = ", ".join(sorted(known)) if known else "the actions that it delivers by"
                yield fails(
                    policy.holder,
                    f"{statement.label} lets {service} do {action}, more than delivering takes",
                    f"Allow {service} {wanted}.",
                )


def _for_services(statement: Statement) -> bool:
    """Whether the conditions that shut strangers out are those that only services send."""
    keys = {c.key for c in statement.conditions}
    return narrowed_by(statement, DEPUTY_KEYS) is Narrows.YES and not any(
        key.startswith(_AUDIENCE) for key in keys
    )


_KINDS = frozenset(
    {Kind.BUCKET, Kind.BUCKET_POLICY, Kind.TOPIC, Kind.TOPIC_POLICY, Kind.QUEUE, Kind.QUEUE_POLICY}
)

CONTROLS = (
    Control(
        id="DL-POL-01",
        name="policy-own-resource",
        title="Policies of buckets, topics and queues speak of their own resource",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A Deny for another bucket refuses nothing here; S3 refuses such a policy once the bucket is "
        "made.",
        fix="Write the resource's own ARN, for buckets also with /*.",
        judge=_own_only,
        kinds=_KINDS,
    ),
    Control(
        id="DL-POL-02",
        name="policy-delivery-exact",
        title="Services get into buckets, topics and queues by name, and only to deliver",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="aws:SourceAccount on everyone lets in every service of the account; s3:* lets a log service "
        "delete.",
        fix="Name the service as principal, and the actions that its delivery takes.",
        judge=_deliveries,
        kinds=_KINDS,
    ),
)
