"""Policies of topics, queues, buses, secrets, endpoints, catalogs: one form for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from policies.graph.documents import Document, State, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource

# What the policy is about → (kind that holds it, property of the policy, property that names the owner).
_PLACES: dict[Kind, tuple[tuple[Kind, str, str], ...]] = {
    Kind.TOPIC: ((Kind.TOPIC, "policy", ""), (Kind.TOPIC_POLICY, "policy", "arn")),
    Kind.QUEUE: ((Kind.QUEUE, "policy", ""), (Kind.QUEUE_POLICY, "policy", "queueUrl")),
    Kind.EVENT_BUS: ((Kind.EVENT_BUS_POLICY, "policy", "eventBusName"),),
    Kind.SECRET: ((Kind.SECRET, "policy", ""), (Kind.SECRET_POLICY, "policy", "secretArn")),
    Kind.VPC_ENDPOINT: (
        (Kind.VPC_ENDPOINT, "policy", ""),
        (Kind.VPC_ENDPOINT_POLICY, "policy", "vpcEndpointId"),
    ),
    Kind.GLUE_RESOURCE_POLICY: ((Kind.GLUE_RESOURCE_POLICY, "policy", ""),),
    Kind.LOG_RESOURCE_POLICY: ((Kind.LOG_RESOURCE_POLICY, "policyDocument", ""),),
}


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """One policy: where it is written, whose it is (if the stack has it), and what it says."""

    holder: Resource
    owner: Resource | None
    document: Document


def resource_policies(graph: Graph, about: Kind) -> tuple[ResourcePolicy, ...]:
    """Return every policy of the resources of a kind, written in them or beside them."""
    found = []
    for kind, prop, owner_prop in _PLACES[about]:
        for holder in graph.of(kind):
            # A policy that the provider computed into the resource is no declaration.
            if not owner_prop and not holder.declares(prop):
                continue
            owner = graph.follow(holder, owner_prop, about).target if owner_prop else holder
            document = parse(holder.props.get(prop))
            if document.state is not State.ABSENT:
                found.append(ResourcePolicy(holder, owner, document))
    beside = {p.owner.urn for p in found if p.owner is not None and p.owner.urn != p.holder.urn}
    # What the provider read into the owner from the policy beside it is judged there.
    return tuple(
        p
        for p in found
        if p.owner is None
        or p.owner.urn != p.holder.urn
        or p.owner.urn not in beside
        or p.holder.authored("policy")
    )


def places(about: Kind) -> frozenset[Kind]:
    """Return the kinds of resources that hold policies of the resources of a kind."""
    return frozenset(kind for kind, _, _ in _PLACES[about]) | {about}
