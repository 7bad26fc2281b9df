"""Passing roles: which roles, to which services, and whether those services can take them."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, unverified
from policies.controls.iam_permissions import each_grant
from policies.graph.arns import covers, has_wildcard, parse_arn
from policies.graph.documents import Condition, State, Statement, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.principals import Grant, Identities
from policies.graph.values import Unknown

_ACTION = "iam:PassRole"
_KEY = "iam:passedtoservice"
_KINDS = frozenset({Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY, Kind.USER_POLICY, Kind.GROUP_POLICY})


def _scoped(graph: Graph) -> Iterator[Judgement]:
    def judge(found: Identities, grant: Grant) -> Iterator[Judgement]:
        for statement in grant.document.statements:
            if statement.allows and _passes_roles(statement):
                yield from _problems(graph, found, grant, statement)

    yield from each_grant(graph, judge)


def _passes_roles(statement: Statement) -> bool:
    return any(covers(action, _ACTION, ignore_case=True) for action in statement.known(statement.actions))


def _problems(graph: Graph, found: Identities, grant: Grant, statement: Statement) -> Iterator[Judgement]:
    services = _passed_to(statement)
    in_force = [r for r in statement.resources if _in_force(found, grant, r)]
    for resource in in_force:
        if isinstance(resource, Unknown):
            yield unverified(grant.holder, f"the roles that {statement.label} lets pass are not known yet")
            continue
        arn = parse_arn(resource)
        if arn is None or has_wildcard(resource) or not arn.resource.startswith("role/"):
            text = (
                f"{statement.label} lets {resource} be passed: whoever has it borrows any role that matches"
            )
            yield fails(grant.holder, text, "Name the ARN of each role that may be passed.")
            continue
        role = graph.named(Kind.ROLE, resource)
        if role is not None and services:
            yield from _mismatch(grant, statement, role, services)
    if not in_force or services:
        return
    if any(c.key == _KEY and c.is_unknown for c in statement.conditions):
        yield unverified(grant.holder, f"the services of {statement.label} are not known yet")
        return
    text = f"{statement.label} lets roles be passed to any service: no StringEquals on iam:PassedToService"
    yield fails(grant.holder, text)


def _in_force(found: Identities, grant: Grant, resource: str | Unknown) -> bool:
    return isinstance(resource, Unknown) or found.survivor(grant, _ACTION, resource) is not None


def _passed_to(statement: Statement) -> tuple[str, ...]:
    """Return the services that a statement lets roles be passed to; none when it does not limit them."""
    limit = next((c for c in statement.conditions if _limits(c)), None)
    return tuple(str(value) for value in limit.values) if limit is not None else ()


def _limits(condition: Condition) -> bool:
    return (
        condition.key == _KEY
        and condition.operator in ("stringequals", "stringlike", "stringequalsignorecase")
        and not condition.if_exists
        and condition.quantifier != "forallvalues"
        and all(isinstance(value, str) and not has_wildcard(value) for value in condition.values)
    )


def _mismatch(
    grant: Grant, statement: Statement, role: Resource, services: tuple[str, ...]
) -> Iterator[Judgement]:
    trust = parse(role.props.get("assumeRolePolicy"))
    if trust.state is not State.KNOWN:
        return
    trusted = {
        str(p.value).lower()
        for s in trust.statements
        if s.allows
        for p in s.principals
        if p.type == "Service"
    }
    wrong = [service for service in services if service.lower() not in trusted]
    if wrong:
        takes = ", ".join(sorted(trusted)) or "no service"
        to = ", ".join(wrong)
        text = f"{statement.label} lets role {role.name} be passed to {to}, which it does not trust"
        yield fails(grant.holder, text, f"Set iam:PassedToService to what the role trusts: {takes}.")


CONTROLS = (
    Control(
        id="DL-IAM-05",
        name="iam-passrole-scoped",
        title="Roles are passed by name, and only to services that they trust",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever may pass a stronger role to a service that runs code has that role.",
        fix='Add "Condition": {"StringEquals": {"iam:PassedToService": "<service>.amazonaws.com"}}.',
        judge=_scoped,
        kinds=_KINDS,
        anchors=("CKV_AWS_290",),
    ),
)
