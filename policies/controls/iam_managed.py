"""Managed policies whose text is not the stack's, and the boundary of whoever may change IAM."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    not_applicable,
    passes,
    settle,
    unverified,
)
from policies.controls.iam_roles import is_powerful
from policies.graph.arns import local_name, parse_arn
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join
from policies.graph.principals import EffectivePolicy, identities, is_aws_policy
from policies.graph.values import Unknown
from policies.iam.facts import Action, expand

# What AWS writes for its own services' roles, and what their documentation tells everybody to attach.
_FOR_SERVICES = ("policy/service-role/", "policy/aws-service-role/")
# They hand roles on or make AWS's own: other controls ask to whom, and no boundary changes the answer.
_NO_CHANGE = frozenset({"iam:passrole", "iam:createservicelinkedrole"})
_CHANGES = ("Write", "Permissions management")


def _own_text(graph: Graph) -> Iterator[Judgement]:
    """Judge whether every managed policy is one whose text is judged here."""
    for attachment in graph.derived(identities).attachments:
        source, value, join = attachment.source, attachment.value, attachment.reference.join
        whom = ", ".join(p.name for p in attachment.principals) or "its principal"
        if join is Join.UNKNOWN:
            yield unverified(
                source, f"{attachment.prop} is not known yet and leads to no policy of the stack"
            )
        elif join is not Join.EXTERNAL or not isinstance(value, str):
            yield passes(source)
        elif not is_aws_policy(value):
            text = f"gives {whom} policy {value}, which is not in the stack, so nobody can vouch for it"
            yield fails(source, text, "Declare the policy in the stack, with what is needed.")
        elif is_powerful(local_name(value)):
            yield not_applicable(source, f"{local_name(value)} is a finding of iam-no-powerful-managed")
        elif _is_for_services(value):
            yield passes(source)
        else:
            text = f"gives {whom} the AWS policy {local_name(value)}: nearly all of it is on every resource"
            yield fails(source, f"{text}, and AWS changes it without asking")


def _is_for_services(value: str) -> bool:
    arn = parse_arn(value)
    return arn is not None and arn.resource.startswith(_FOR_SERVICES)


def _bounded(graph: Graph) -> Iterator[Judgement]:
    """Judge whether whoever may change IAM is held within a permissions boundary."""
    found = graph.derived(identities)
    # A group has no boundary of its own: its members have.
    for principal in graph.of(Kind.ROLE, Kind.USER):
        effective = found.effective[principal.urn]
        boundary = principal.at("permissionsBoundary")
        given = isinstance(boundary, str) or (
            isinstance(boundary, Unknown) and principal.declares("permissionsBoundary")
        )
        yield from settle(principal, () if given else _unbounded(effective))


def _unbounded(effective: EffectivePolicy) -> Iterator[Judgement]:
    for grant, statement in effective.allowing:
        for pattern in statement.known(statement.actions):
            changing = (a for a in _changing_iam(pattern) if _in_force(effective, a.name, pattern))
            action = min(changing, key=lambda a: a.level != "Permissions management", default=None)
            if action is None:
                continue
            text = (
                f"may {action.name} by {statement.label} of {grant.holder.name}, and no permissionsBoundary "
                "limits what it makes of itself or of others"
            )
            yield fails(effective.principal, text)
            return
    if any(grant.document.has_unknown for grant in effective.grants):
        yield unverified(effective.principal, "whether it may change IAM hangs on a policy not known yet")


def _in_force(effective: EffectivePolicy, action: str, pattern: str) -> bool:
    # A denial of all of the pattern, or of the action alone, takes it away; on fewer resources it does not.
    return effective.permits(pattern, "*") and effective.permits(action, "*")


@lru_cache(maxsize=1024)
def _changing_iam(pattern: str) -> tuple[Action, ...]:
    """Return the actions of a pattern that change who may do what in IAM."""
    service, _, name = pattern.partition(":")
    if pattern == "*":
        service, name = "iam", "*"
    if service.lower() not in ("iam", "*"):
        return ()
    return tuple(
        action
        for action in expand(f"iam:{name}")
        if action.level in _CHANGES and action.name.lower() not in _NO_CHANGE
    )


_HOLDERS = frozenset(
    {
        Kind.ROLE,
        Kind.ROLE_POLICY_ATTACHMENT,
        Kind.USER_POLICY_ATTACHMENT,
        Kind.GROUP_POLICY_ATTACHMENT,
        Kind.POLICY_ATTACHMENT,
        Kind.ATTACHMENTS_EXCLUSIVE,
    }
)

CONTROLS = (
    Control(
        id="DL-IAM-26",
        name="iam-no-aws-managed",
        title="Principals hold policies of the stack, not of AWS or of others",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="AmazonS3ReadOnlyAccess reads every bucket; and what is not in the stack is judged by nobody.",
        fix="Replace it by a policy of the stack with the actions and resources that are needed.",
        judge=_own_text,
        kinds=_HOLDERS,
        anchors=("AwsSolutions-IAM4",),
    ),
    Control(
        id="DL-IAM-27",
        name="iam-permission-boundary",
        title="Whoever may change IAM is held within a permissions boundary",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A principal that writes policies can give itself, or a role it makes, everything.",
        fix="Set permissionsBoundary, the same for the roles that it makes; or drop the action.",
        judge=_bounded,
        kinds=frozenset({Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY, Kind.USER, Kind.USER_POLICY}),
    ),
)
