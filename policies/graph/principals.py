"""What each role, user and group may do: every document it holds, minus what it is denied or bounded to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from policies.graph.arns import covers, has_wildcard, parse_arn
from policies.graph.documents import Document, Statement, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Reference, Resource
from policies.graph.values import Unknown, Value, at, items

# Resource that holds the document → property that names the principal, kind of the principal.
_OWNED: dict[Kind, tuple[str, Kind]] = {
    Kind.ROLE_POLICY: ("role", Kind.ROLE),
    Kind.USER_POLICY: ("user", Kind.USER),
    Kind.GROUP_POLICY: ("group", Kind.GROUP),
}
_ATTACHMENTS: dict[Kind, tuple[tuple[str, Kind], ...]] = {
    Kind.ROLE_POLICY_ATTACHMENT: (("role", Kind.ROLE),),
    Kind.USER_POLICY_ATTACHMENT: (("user", Kind.USER),),
    Kind.GROUP_POLICY_ATTACHMENT: (("group", Kind.GROUP),),
    Kind.POLICY_ATTACHMENT: (("roles", Kind.ROLE), ("users", Kind.USER), ("groups", Kind.GROUP)),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One identity policy: the resource and property it is written in, its text, who holds it."""

    holder: Resource
    label: str
    document: Document
    holders: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A managed policy put on principals by ARN: its reference, and the property that holds it."""

    source: Resource
    prop: str
    value: Value
    reference: Reference
    principals: tuple[Resource, ...]


@dataclass
class EffectivePolicy:
    """Everything one principal holds."""

    principal: Resource
    grants: list[Grant] = field(default_factory=list)
    boundary: Document | None = None

    @cached_property
    def allowing(self) -> tuple[tuple[Grant, Statement], ...]:
        """Every statement that grants, with the document it is of."""
        return tuple((grant, s) for grant in self.grants for s in grant.document.statements if s.allows)

    @cached_property
    def _by_action(self) -> tuple[dict[str, list[int]], list[tuple[str, int]]]:
        named: defaultdict[str, list[int]] = defaultdict(list)
        globs: list[tuple[str, int]] = []
        for place, (_, statement) in enumerate(self.allowing):
            for action in statement.known(statement.actions):
                if has_wildcard(action):
                    globs.append((action, place))
                else:
                    named[action.lower()].append(place)
        return named, globs

    def speaking_of(self, action: str) -> Iterator[tuple[Grant, Statement]]:
        """Return the statements that grant an action, in the order they are written."""
        named, globs = self._by_action
        places = {*named.get(action.lower(), ())}
        places |= {place for glob, place in globs if covers(glob, action, ignore_case=True)}
        return (self.allowing[place] for place in sorted(places))

    @cached_property
    def _denials(self) -> tuple[Statement, ...]:
        return tuple(
            statement
            for grant in self.grants
            for statement in grant.document.statements
            if statement.denies and not statement.conditions and statement.actions and statement.resources
        )

    def permits(self, action: str, resource: str) -> bool:
        """Whether an allowed action pattern on a resource pattern survives denials and the boundary."""
        if any(_speaks_of(denial, action, resource) for denial in self._denials):
            return False
        if self.boundary is None or self.boundary.has_unknown or not self.boundary.statements:
            return True
        return any(_speaks_of(s, action, resource) for s in self.boundary.statements if s.allows)


def _speaks_of(statement: Statement, action: str, resource: str) -> bool:
    return any(
        covers(pattern, action, ignore_case=True) for pattern in statement.known(statement.actions)
    ) and any(covers(pattern, resource) for pattern in statement.known(statement.resources))


@dataclass(frozen=True)
class Identities:
    """The stack's identity policies, attachments, and effective policies."""

    grants: tuple[Grant, ...]
    attachments: tuple[Attachment, ...]
    effective: dict[str, EffectivePolicy]

    def survivor(self, grant: Grant, action: str, resource: str) -> Resource | None:
        """Return a principal for whom an allowed action of a grant is really in force.

        The grant's own holder stands for principals outside the stack (an unattached policy);
        `None` when every principal that holds it is denied it or bounded away from it.
        """
        if not grant.holders:
            return grant.holder
        return next(
            (p for p in grant.holders if self.effective[p.urn].permits(action, resource)),
            None,
        )


def is_aws_policy(arn: str) -> bool:
    """Whether an ARN names a managed policy that AWS owns."""
    parsed = parse_arn(arn)
    return parsed is not None and parsed.service == "iam" and parsed.account == "aws"


def identities(graph: Graph) -> Identities:
    """All identity policies of a stack, joined to the principals that hold them."""
    attachments = tuple(_attachments(graph))
    holders: defaultdict[str, list[Resource]] = defaultdict(list)
    for attachment in attachments:
        if attachment.reference.target is not None:
            holders[attachment.reference.target.urn].extend(attachment.principals)
    grants = (*_owned(graph), *_inline(graph), *_managed(graph, holders))
    effective = {
        principal.urn: EffectivePolicy(principal, boundary=_boundary(graph, principal))
        for principal in graph.of(Kind.ROLE, Kind.USER, Kind.GROUP)
    }
    for grant in grants:
        for principal in grant.holders:
            effective[principal.urn].grants.append(grant)
    return Identities(grants, attachments, effective)


def _owned(graph: Graph) -> Iterator[Grant]:
    for kind, (prop, principal_kind) in _OWNED.items():
        for holder in graph.of(kind):
            principal = graph.follow(holder, prop, principal_kind).target
            yield Grant(
                holder,
                "its policy",
                parse(holder.props.get("policy")),
                (principal,) if principal is not None else (),
            )


def _inline(graph: Graph) -> Iterator[Grant]:
    for role in graph.of(Kind.ROLE):
        if not role.declares("inlinePolicies"):
            continue
        for index, block in enumerate(items(role.props.get("inlinePolicies"))):
            value = at(block, "policy") if isinstance(block, dict) else block
            if value is None or value == "":
                continue
            name = at(block, "name")
            label = f"inline policy '{name}'" if isinstance(name, str) else f"inline policy {index}"
            yield Grant(role, label, parse(value), (role,))


def _managed(graph: Graph, holders: defaultdict[str, list[Resource]]) -> Iterator[Grant]:
    for policy in graph.of(Kind.MANAGED_POLICY):
        unique = {principal.urn: principal for principal in holders[policy.urn]}
        yield Grant(policy, "its policy", parse(policy.props.get("policy")), tuple(unique.values()))


def _attachments(graph: Graph) -> Iterator[Attachment]:
    for role in graph.of(Kind.ROLE):
        if role.declares("managedPolicyArns"):
            yield from _each(graph, role, "managedPolicyArns", (role,))
    for exclusive in graph.of(Kind.ATTACHMENTS_EXCLUSIVE):
        named = graph.follow(exclusive, "roleName", Kind.ROLE).target
        yield from _each(graph, exclusive, "policyArns", (named,) if named is not None else ())
    for kind, sides in _ATTACHMENTS.items():
        for source in graph.of(kind):
            principals = tuple(_principals(graph, source, sides))
            yield from _each(graph, source, "policyArn", principals)


def _each(
    graph: Graph, source: Resource, prop: str, principals: tuple[Resource, ...]
) -> Iterator[Attachment]:
    for value in items(source.props.get(prop)):
        if isinstance(value, Unknown):
            targets = graph.dependencies_of(source, prop, Kind.MANAGED_POLICY)
            if targets:
                for target in targets:
                    yield Attachment(source, prop, value, Reference(Join.FOUND, target), principals)
                continue
        if isinstance(value, str) and is_aws_policy(value):
            reference = Reference(Join.EXTERNAL)
        else:
            reference = graph.follow(source, prop, Kind.MANAGED_POLICY, value=value)
        yield Attachment(source, prop, value, reference, principals)


def _principals(graph: Graph, source: Resource, sides: Iterable[tuple[str, Kind]]) -> Iterator[Resource]:
    for prop, kind in sides:
        for value in items(source.props.get(prop)):
            if isinstance(value, Unknown):
                yield from graph.dependencies_of(source, prop, kind)
            else:
                target = graph.follow(source, prop, kind, value=value).target
                if target is not None:
                    yield target


def _boundary(graph: Graph, principal: Resource) -> Document | None:
    policy = graph.follow(principal, "permissionsBoundary", Kind.MANAGED_POLICY).target
    return parse(policy.props.get("policy")) if policy is not None else None
