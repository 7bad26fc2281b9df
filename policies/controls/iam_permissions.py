"""Identity policies: no wildcard action, no wildcard resource, nothing granted by exclusion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    not_applicable,
    settle,
    unverified,
)
from policies.graph.arns import has_wildcard
from policies.graph.conditions import Narrows, narrowed_by
from policies.graph.documents import State, Statement
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.principals import Grant, Identities, identities
from policies.graph.service_made import left_to_service
from policies.iam.facts import Action, expand, is_effectively_star

# AWS documents these patterns as the way to grant one operation with all of its variants.
_VARIANTS = frozenset({"kms:generatedatakey*", "kms:reencrypt*"})
_SHOWN = 3

# Conditions that do what a narrower ARN would: prefixes of keys for any service, keys by service.
_SCOPING_PREFIXES = ("aws:resourcetag/", "kms:encryptioncontext:")
_SCOPING_KEYS: dict[str, frozenset[str]] = {
    "kms": frozenset({"kms:resourcealiases", "kms:requestalias"}),
    "cloudwatch": frozenset({"cloudwatch:namespace"}),
}

GrantJudge = Callable[[Identities, Grant], Iterator[Judgement]]


def each_grant(graph: Graph, judge: GrantJudge) -> Iterator[Judgement]:
    """Judge every identity policy of the stack that can be read."""
    found = graph.derived(identities)
    for grant in found.grants:
        state = grant.document.state
        if state is State.UNKNOWN:
            yield unverified(grant.holder, f"{grant.label} is not known yet")
        elif state is State.INVALID:
            yield fails(grant.holder, f"{grant.label} {grant.document.problem}")
        elif state is State.ABSENT:
            yield not_applicable(grant.holder, f"{grant.label} is empty")
        else:
            yield from settle(grant.holder, judge(found, grant))


def _holder_text(holder: Resource, principal: Resource) -> str:
    return "" if principal.urn == holder.urn else f" for {principal.name}"


def _wildcard_actions(found: Identities, grant: Grant) -> Iterator[Judgement]:
    for statement in (s for s in grant.document.statements if s.allows):
        if any(not isinstance(action, str) for action in statement.actions):
            yield unverified(grant.holder, f"actions of {statement.label} are not known yet")
        for action in statement.known(statement.actions):
            why = _too_wide(action)
            if not why:
                continue
            resources = statement.known(statement.resources) or ("*",)
            principal = _survivor(found, grant, action, resources)
            if principal is not None:
                whom = _holder_text(grant.holder, principal)
                text = f"{statement.label} allows {action}{whom} on {resources[0]}: {why}"
                yield fails(grant.holder, text)


def _survivor(found: Identities, grant: Grant, action: str, resources: tuple[str, ...]) -> Resource | None:
    survivors = (found.survivor(grant, action, resource) for resource in resources)
    return next((principal for principal in survivors if principal is not None), None)


@lru_cache(maxsize=1024)
def _too_wide(action: str) -> str:
    """Why an action pattern grants more than anybody can mean; empty when it does not."""
    service, _, name = action.partition(":")
    if not name or service.strip("*?") == "":
        return "every action of every service"
    if not has_wildcard(action):
        return ""
    if name.strip("*") == "":
        return f"every action of {service}, now and in future"
    matched = expand(action)
    if not matched:
        return "it matches no action that AWS knows"
    changing = [a for a in matched if a.changes_things]
    if not changing or action.lower() in _VARIANTS:
        return ""
    worst = max(changing, key=lambda a: a.level == "Permissions management")
    return f"it stands for {len(matched)} actions, among them {worst.name} ({worst.level})"


class _Star(NamedTuple):
    action: str
    resource: str
    arn_format: str


def _star_resources(found: Identities, grant: Grant) -> Iterator[Judgement]:
    for statement in (s for s in grant.document.statements if s.allows):
        if any(not isinstance(resource, str) for resource in statement.resources):
            yield unverified(grant.holder, f"resources of {statement.label} are not known yet")
        stars, principal, undecided = [], None, False
        for star in _stars(statement):
            scoped = _scoped(statement, star.action)
            if scoped is Narrows.NO and left_to_service(grant, statement, star.action, star.resource):
                continue
            undecided = undecided or scoped is Narrows.UNKNOWN
            survivor = found.survivor(grant, star.action, star.resource) if scoped is Narrows.NO else None
            if survivor is not None:
                principal = survivor
                stars.append(star)
        if stars and principal is not None:
            yield _star_finding(grant, statement, stars, principal)
        elif undecided:
            yield unverified(grant.holder, f"the conditions of {statement.label} are not known yet")


def _star_finding(grant: Grant, statement: Statement, stars: list[_Star], principal: Resource) -> Judgement:
    names = list(dict.fromkeys(star.action for star in stars))
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    whom = _holder_text(grant.holder, principal)
    text = f"{statement.label} allows {shown}{whom} on {stars[0].resource}, that is on every such resource"
    fix = f"Name the resources: {stars[0].action} takes {stars[0].arn_format}." if stars[0].arn_format else ""
    extra = {key for star in stars for key in _SCOPING_KEYS.get(star.action.partition(":")[0], ())}
    if fix and extra:
        fix += f" Where their names are not to be had, add a condition on {' or '.join(sorted(extra))}."
    return fails(grant.holder, text, fix)


def _stars(statement: Statement) -> Iterator[_Star]:
    for resource in statement.known(statement.resources):
        for action in statement.known(statement.actions):
            yield from _stars_of(action, resource)


@lru_cache(maxsize=8192)
def _stars_of(action: str, resource: str) -> tuple[_Star, ...]:
    service, _, name = action.partition(":")
    if not name or service.strip("*?") == "":
        return (_Star(action, resource, ""),) if resource.strip("*") == "" else ()
    return tuple(
        _Star(fact.name, resource, arn_format)
        for fact in expand(action)
        for arn_format in _widened(fact, resource)
    )


def _widened(fact: Action, resource: str) -> tuple[str, ...]:
    # What an action makes has no id yet; what it makes it in is asked for as well, and has one.
    formats = (f for f in fact.arn_formats if f != fact.makes and is_effectively_star(resource, f))
    return tuple(formats)[:1]


def _scoped(statement: Statement, action: str) -> Narrows:
    keys = _SCOPING_KEYS.get(action.partition(":")[0], frozenset())
    return narrowed_by(statement, keys, _SCOPING_PREFIXES)


def _exclusions(found: Identities, grant: Grant) -> Iterator[Judgement]:
    del found
    for statement in (s for s in grant.document.statements if s.allows):
        if statement.not_actions:
            kept = ", ".join(str(action) for action in statement.not_actions)
            yield fails(grant.holder, f"{statement.label} allows every action but {kept} (NotAction)")
        if statement.not_resources:
            kept = ", ".join(str(resource) for resource in statement.not_resources)
            yield fails(
                grant.holder, f"{statement.label} allows its actions everywhere but on {kept} (NotResource)"
            )


_DOCUMENTS = frozenset(
    {Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY, Kind.USER_POLICY, Kind.GROUP_POLICY}
)

CONTROLS = (
    Control(
        id="DL-IAM-01",
        name="iam-no-wildcard-action",
        title="Identity policies allow no wildcard of actions that changes anything",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A wildcard grants what AWS adds tomorrow; expanded, it nearly always deletes or grants.",
        fix="List the actions that the principal needs.",
        judge=lambda graph: each_grant(graph, _wildcard_actions),
        kinds=_DOCUMENTS,
        anchors=("CKV_AWS_62", "CKV_AWS_63", "AwsSolutions-IAM5", "IAM.1", "IAM.21"),
    ),
    Control(
        id="DL-IAM-02",
        name="iam-no-star-resource",
        title="Identity policies name the resources of every action that can be limited to some",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="An action on every resource reaches other teams' data too; so does key/*, or arn:aws:s3:::*/*.",
        fix="Name the resources.",
        judge=lambda graph: each_grant(graph, _star_resources),
        kinds=_DOCUMENTS,
        anchors=("CKV_AWS_355", "CKV_AWS_356", "AwsSolutions-IAM5"),
    ),
    Control(
        id="DL-IAM-03",
        name="iam-no-allow-by-exclusion",
        title="Identity policies do not allow by exclusion",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Allow with NotAction or NotResource grants everything that nobody thought of.",
        fix="Write Action and Resource; keep NotAction and NotResource to Deny statements.",
        judge=lambda graph: each_grant(graph, _exclusions),
        kinds=_DOCUMENTS,
        alone=_DOCUMENTS,
    ),
)
