"""What roles are needed for against what they are granted, and what trusts and listings are for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

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
from policies.controls.iam_escalation import each_principal
from policies.graph.arns import covers, has_wildcard, parse_arn
from policies.graph.conditions import Narrows, narrowed_by
from policies.graph.documents import State, Statement, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.needs import RUNNERS, Need, may_change, needs, role_of
from policies.graph.principals import EffectivePolicy, identities
from policies.graph.rights import is_readable, rights
from policies.iam.facts import expand

_ASSUMING = frozenset({"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"})
_BESIDE = frozenset({"sts:tagsession", "sts:setsourceidentity"})
_LIST, _PREFIX = "s3:ListBucket", "s3:prefix"
_GRANT, _FOR_A_RESOURCE = "kms:creategrant", frozenset({"kms:grantisforawsresource"})
_RUN_STATEMENTS = ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement")


def _granted(graph: Graph) -> Iterator[Judgement]:
    found = graph.derived(identities)
    attached = {
        principal.urn for a in found.attachments if a.reference.target is None for principal in a.principals
    }
    by_source: defaultdict[str, list[Need]] = defaultdict(list)
    for need in graph.derived(needs):
        by_source[need.source.urn].append(need)
    for wanted in by_source.values():
        source, effective = wanted[0].source, found.effective[wanted[0].role.urn]
        if effective.principal.urn in attached:
            yield not_applicable(source, f"its role {effective.principal.name} holds policies of others")
        elif is_readable(effective):
            yield from settle(source, (j for need in wanted for j in _missing(effective, need)))
        else:
            yield unverified(source, f"a policy of its role {effective.principal.name} is not known yet")


def _missing(effective: EffectivePolicy, need: Need) -> Iterator[Judgement]:
    held = [right.resource for right in rights(effective, need.action)]
    if any(not need.resource or covers(resource, need.resource) for resource in held):
        return
    on = f" on {need.resource.replace('q7/object', '*').replace('q7', '*')}" if need.resource else ""
    text = f"its role {effective.principal.name} may not {need.action}{on}: it cannot {need.purpose}"
    yield fails(need.source, text, f"Allow {need.action}{on} to {effective.principal.name}.")


def _beyond(graph: Graph) -> Iterator[Judgement]:
    found = graph.derived(identities)
    runners: defaultdict[str, list[Resource]] = defaultdict(list)
    for runner in graph.of(*RUNNERS):
        role = role_of(graph, runner)
        if role is not None:
            runners[role.urn].append(runner)
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for need in graph.derived(needs):
        wanted[need.role.urn].add(need.action.lower())
    for urn, users in runners.items():
        allowed = {a.lower() for user in users for a in may_change(user)} | wanted[urn]
        role = graph.by_urn[urn]
        yield from settle(role, _extra(found.effective[urn], users[0], allowed))


def _extra(effective: EffectivePolicy, runner: Resource, allowed: set[str]) -> Iterator[Judgement]:
    for grant, statement in effective.allowing:
        # A wildcard that changes anything is a finding of its own.
        named = [a for a in statement.known(statement.actions) if not has_wildcard(a)]
        lent = {_GRANT} if _is_lent_to_data_api(effective, statement) else set()
        wide = [action for action in named if _changes_beyond(action, allowed | lent)]
        if not wide:
            continue
        on = next(iter(statement.known(statement.resources)), "*")
        text = (
            f"{statement.label} lets {effective.principal.name} do {', '.join(wide)}, which nothing that "
            f"runs under it needs: {runner.name} could {wide[0]} on {on}"
        )
        keep = [a for a in statement.known(statement.actions) if a not in wide]
        quoted = ", ".join(f'"{a}"' for a in keep)
        narrowed = (
            f'Narrow {statement.label} to "Action": [{quoted}].' if keep else f"Drop {statement.label}."
        )
        yield fails(grant.holder, text, narrowed)


def _is_lent_to_data_api(effective: EffectivePolicy, statement: Statement) -> bool:
    """Whether a statement lets a role that runs Redshift's Data API grant a key to AWS's own services.

    The Data API encrypts statements with the cluster's key, under a grant that is made in its caller's name.
    https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-kms.html
    """
    runs = any(True for action in _RUN_STATEMENTS for _ in rights(effective, action))
    return runs and narrowed_by(statement, _FOR_A_RESOURCE) is Narrows.YES


def _changes_beyond(action: str, allowed: set[str]) -> bool:
    return action.lower() not in allowed and any(fact.changes_things for fact in expand(action))


def _trusts(graph: Graph) -> Iterator[Judgement]:
    for role in graph.of(Kind.ROLE):
        trust = parse(role.props.get("assumeRolePolicy"))
        if trust.state is State.UNKNOWN:
            yield unverified(role, "assumeRolePolicy is not known yet")
        else:
            allows = (s for s in trust.statements if s.allows)
            yield from settle(role, (j for s in allows for j in _assumes(role, s)))


def _assumes(role: Resource, statement: Statement) -> Iterator[Judgement]:
    strange = [a for a in statement.known(statement.actions) if a.lower() not in _ASSUMING | _BESIDE]
    if strange:
        text = f"{statement.label} of its trust allows {', '.join(strange)}, which is not assuming the role"
        yield fails(role, text, f'Set "Action" of {statement.label} to "sts:AssumeRole".')


def _lists(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    """Say which buckets a principal may list as a whole, though it uses a part of their keys only."""
    used: defaultdict[str, set[str]] = defaultdict(set)
    for action in ("s3:GetObject", "s3:PutObject"):
        for right in rights(effective, action):
            arn = parse_arn(right.resource)
            if arn is not None:
                bucket, _, key = arn.resource.partition("/")
                used[bucket].add(key)
    for right in rights(effective, _LIST):
        arn = parse_arn(right.resource)
        keys = used.get(arn.resource, set()) if arn is not None else set()
        whole = not keys or any(key.strip("*") == "" for key in keys)
        if not whole and not any(c.key == _PREFIX for c in right.statement.conditions):
            shown = ", ".join(sorted(keys)[:2])
            text = f"{right.statement.label} lets {effective.principal.name} list all of {right.resource}"
            yield fails(
                right.grant.holder,
                f"{text}, of which it uses {shown} only",
                f'Add "StringLike": {{"s3:prefix": [...]}} with those prefixes to {right.statement.label}.',
            )
    del graph


_DOCUMENTS = frozenset({Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY})

CONTROLS = (
    Control(
        id="DL-IAM-22",
        name="iam-trust-actions",
        title="Trust policies allow assuming the role and nothing else",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="IAM refuses other actions in a trust, and a wildcard takes in every way to assume that comes.",
        fix='Set "Action" to "sts:AssumeRole" (or its SAML or web identity form).',
        judge=_trusts,
        kinds=frozenset({Kind.ROLE}),
        alone=frozenset({Kind.ROLE}),
    ),
    Control(
        id="DL-IAM-23",
        name="iam-list-own-prefixes",
        title="Whoever uses a part of a bucket lists that part only",
        severity=Severity.LOW,
        category=Category.LEAST_PRIVILEGE,
        why="Keys carry names of clients and dates; a listing of the bucket gives all of them away.",
        fix='Add "StringLike": {"s3:prefix": ["raw/*"]} to the statement of s3:ListBucket.',
        judge=lambda graph: each_principal(graph, _lists),
        kinds=_DOCUMENTS,
    ),
    Control(
        id="DL-IAM-24",
        name="iam-needs-granted",
        title="Roles may do what the resources that run under them are for",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A right that is missing is found at the first run, after the deployment said it was done.",
        fix="Allow the action that the message names.",
        judge=_granted,
        kinds=_DOCUMENTS | frozenset(RUNNERS),
    ),
    Control(
        id="DL-IAM-16",
        name="iam-role-beyond-need",
        title="Roles change nothing that the resources that run under them are not for",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="What the graph shows no need for is what a bug, or an intruder in the job, will use.",
        fix="Drop the actions.",
        judge=_beyond,
        kinds=_DOCUMENTS | frozenset(RUNNERS),
    ),
)
