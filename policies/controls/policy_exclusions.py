"""Policies of resources that grant by exclusion: whatever is not named is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle, unverified
from policies.controls.resource_documents import joined
from policies.graph.buckets import find_buckets
from policies.graph.documents import Document, State, parse
from policies.graph.keys import key_policies
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.resource_policies import places, resource_policies

_ABOUTS = (
    Kind.TOPIC,
    Kind.QUEUE,
    Kind.EVENT_BUS,
    Kind.SECRET,
    Kind.VPC_ENDPOINT,
    Kind.GLUE_RESOURCE_POLICY,
    Kind.LOG_RESOURCE_POLICY,
)


def _documents(graph: Graph) -> Iterator[tuple[Resource, Document]]:
    for bucket in graph.derived(find_buckets):
        for declaration, document in bucket.policies:
            yield declaration.holder, document
    for policy in graph.derived(key_policies):
        yield policy.holder, policy.document
    for about in _ABOUTS:
        for found in resource_policies(graph, about):
            yield found.holder, found.document
    for role in graph.of(Kind.ROLE):
        yield role, parse(role.props.get("assumeRolePolicy"))


def _exclusions(graph: Graph) -> Iterator[Judgement]:
    for holder, document in _documents(graph):
        # What cannot be read at all is a finding of the controls of its own kind.
        if document.state is State.UNKNOWN:
            yield unverified(holder, "its policy is not known yet")
        elif document.state is State.KNOWN:
            yield from settle(holder, _problems(holder, document))


def _problems(holder: Resource, document: Document) -> Iterator[Judgement]:
    for statement in (s for s in document.statements if s.allows):
        who = joined(statement.principals)
        if statement.not_actions:
            kept = joined(statement.not_actions)
            text = f"{statement.label} allows {who} every action but {kept} (NotAction)"
            yield fails(holder, text, f"List in {statement.label} the actions that are meant, in Action.")
        if statement.not_resources:
            kept = joined(statement.not_resources)
            text = f"{statement.label} allows {who} everything but {kept} (NotResource)"
            yield fails(holder, text, f"Name in {statement.label} what is meant, in Resource.")


_KINDS = frozenset({Kind.BUCKET, Kind.BUCKET_POLICY, Kind.KMS_KEY, Kind.KMS_KEY_POLICY, Kind.ROLE}).union(
    *(places(about) for about in _ABOUTS)
)

CONTROLS = (
    Control(
        id="DL-POL-03",
        name="policy-no-allow-by-exclusion",
        title="Policies of resources do not allow by exclusion",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Allow with NotAction grants every action that nobody thought of: of a key, also its deletion.",
        fix="Write Action and Resource; keep NotAction and NotResource to Deny statements.",
        judge=_exclusions,
        kinds=_KINDS,
        alone=_KINDS,
    ),
)
