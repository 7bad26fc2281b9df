"""Users, federated and foreign callers, sessions, and documents that say less than they seem to."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    passes,
    settle,
    unverified,
)
from policies.controls.iam_permissions import each_grant
from policies.controls.resource_documents import account_of
from policies.graph.accounts import home_account
from policies.graph.arns import has_wildcard
from policies.graph.conditions import Narrows, narrowed_by, why_not
from policies.graph.documents import Condition, State, Statement, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.principals import Grant, Identities
from policies.graph.rights import applies
from policies.graph.values import Unknown, items
from policies.iam.facts import expand, services

_LONGEST_SESSION = 4 * 3600
# Every request about a key carries these; the reference lists them with some.
_OF_EVERY_KEY = ("kms:calleraccount", "kms:requestalias", "kms:resourcealiases", "kms:viaservice")
# Operators that a request without the key meets.
_MET_WITHOUT = (
    "null",
    "arnnotequals",
    "arnnotlike",
    "stringnotequals",
    "stringnotequalsignorecase",
    "stringnotlike",
)
# What gives rights to a user, and the property that names it.
_USERS_POLICIES = (
    (Kind.USER_POLICY, "user"),
    (Kind.USER_POLICY_ATTACHMENT, "user"),
    (Kind.POLICY_ATTACHMENT, "users"),
)
_FOREIGN = frozenset({"sts:externalid", "aws:principalorgid", "aws:principalorgpaths"})


def _no_users(graph: Graph) -> Iterator[Judgement]:
    for user in graph.of(Kind.USER, Kind.ACCESS_KEY):
        what = "an access key" if user.kind is Kind.ACCESS_KEY else "a user"
        yield fails(user, f"is {what}: a credential that works until somebody revokes it")
    for kind, prop in _USERS_POLICIES:
        for source in graph.of(kind):
            # A user of the stack is a finding already; what gives rights to another one shows here only.
            values = items(source.at(prop)) if source.declares(prop) else []
            if any(graph.follow(source, prop, Kind.USER, value=value).target is None for value in values):
                text = f"gives rights to user {', '.join(str(value) for value in values)}"
                yield fails(source, f"{text}, who holds them by credentials that last")
    for role in graph.of(Kind.ROLE):
        yield passes(role)


def _short_sessions(graph: Graph) -> Iterator[Judgement]:
    for role in graph.of(Kind.ROLE):
        longest = role.at("maxSessionDuration")
        if isinstance(longest, Unknown) and role.authored("maxSessionDuration"):
            yield unverified(role, "maxSessionDuration is not known yet")
        elif isinstance(longest, int | float) and longest > _LONGEST_SESSION:
            yield fails(role, f"lends its rights for {longest} seconds, more than {_LONGEST_SESSION}")
        else:
            yield passes(role)


def _callers(graph: Graph) -> Iterator[Judgement]:
    for role in graph.of(Kind.ROLE):
        trust = parse(role.props.get("assumeRolePolicy"))
        if trust.state is State.UNKNOWN:
            yield unverified(role, "assumeRolePolicy is not known yet")
        else:
            yield from settle(
                role, (j for s in trust.statements if s.allows for j in _caller(graph, role, s))
            )


def _caller(graph: Graph, role: Resource, statement: Statement) -> Iterator[Judgement]:
    home = graph.derived(home_account)
    for principal in statement.principals:
        account = account_of(principal)
        if account is not None and home is not None and account != home:
            answer = narrowed_by(statement, _FOREIGN)
            if answer is Narrows.UNKNOWN:
                yield unverified(role, f"the conditions of {statement.label} are not known yet")
            elif answer is Narrows.NO:
                text = (
                    f"{statement.label} lets account {account} in without sts:ExternalId or "
                    "aws:PrincipalOrgID"
                )
                yield fails(role, text)
        elif principal.type == "Federated" and isinstance(principal.value, str):
            yield from _federated(role, statement, principal.value)


def _federated(role: Resource, statement: Statement, provider: str) -> Iterator[Judgement]:
    """Say which tokens of a provider get in beside those that are meant."""
    if "saml-provider/" in provider:
        return
    # Google, Facebook, Amazon and Cognito name their users by opaque ids: there the audience is the scope.
    for claims in (("aud", "app_id"), ("sub",)) if "oidc-provider/" in provider else (("aud", "app_id"),):
        keys = {c.key for c in statement.conditions if c.key.rpartition(":")[2] in claims}
        answer = narrowed_by(statement, keys)
        wide = next((v for c in statement.conditions if c.key in keys for v in c.values if _is_wide(v)), None)
        if claims == ("sub",) and wide is not None:
            yield fails(role, f"{statement.label} lets every repository in that sub '{wide}' takes in")
        elif answer is Narrows.UNKNOWN:
            yield unverified(role, f"the claim {claims[0]} of {statement.label} is not known yet")
        elif answer is Narrows.NO:
            reason = why_not(statement, keys) or f"no condition on {claims[0]}"
            yield fails(role, f"{statement.label} lets any token of {provider} in: {reason}")


def _is_wide(subject: str | Unknown) -> bool:
    """Whether a subject (`repo:org/name:ref:…`) leaves open whose it is, not only which of its runs."""
    parts = subject.split(":") if isinstance(subject, str) else []
    return has_wildcard(":".join(parts[:2]))


def _real_actions(found: Identities, grant: Grant) -> Iterator[Judgement]:
    del found
    for statement in grant.document.statements:
        for action in statement.known((*statement.actions, *statement.not_actions)):
            service, _, name = action.partition(":")
            if action == "*" or has_wildcard(service):
                continue
            if service.lower() not in services():
                yield fails(grant.holder, f"{statement.label} names {action}: AWS has no service '{service}'")
            elif not name or not expand(action):
                yield fails(
                    grant.holder, f"{statement.label} names {action}, an action that AWS does not know"
                )


def _meets_something(found: Identities, grant: Grant) -> Iterator[Judgement]:
    """Say which actions a grant can never allow: no resource of it is for them, or no request has its key."""
    del found
    for statement in (s for s in grant.document.statements if s.allows and not s.is_unknown):
        for action in (a for a in statement.known(statement.actions) if not has_wildcard(a)):
            resources = statement.known(statement.resources)
            if resources and not any(applies(action, resource) for resource in resources):
                shown = ", ".join(resources[:2])
                text = f"{statement.label} allows {action} on {shown}: it is for none of these"
                yield fails(grant.holder, text, f"Name in {statement.label} what {action} is for.")
            for condition in statement.conditions:
                if _never_sent(action, condition):
                    text = f"{statement.label} allows {action} by {condition.key}, which no such request has"
                    yield fails(grant.holder, text, f"Drop the condition for {action}, or the action.")


def _never_sent(action: str, condition: Condition) -> bool:
    """Whether a condition that needs its key is on one that requests for an action do not carry."""
    if condition.key.startswith("aws:") or condition.if_exists or condition.operator in _MET_WITHOUT:
        return False
    facts = expand(action)
    if action.lower().startswith("kms:") and condition.key in _OF_EVERY_KEY:
        return False
    return bool(facts) and not any(
        condition.key == key or (key.endswith(("/", ":")) and condition.key.startswith(key))
        for fact in facts
        for key in fact.condition_keys
    )


def _set_operators(found: Identities, grant: Grant) -> Iterator[Judgement]:
    del found
    for statement in (s for s in grant.document.statements if s.allows):
        guarded = {c.key for c in statement.conditions if c.operator == "null"}
        for condition in statement.conditions:
            if condition.quantifier == "forallvalues" and condition.key not in guarded:
                text = (
                    f"{statement.label} has ForAllValues on {condition.key}: it also holds when the "
                    "key is missing"
                )
                yield fails(grant.holder, text)


_ROLE = frozenset({Kind.ROLE})
_USERS = frozenset({Kind.USER, Kind.ACCESS_KEY, *(kind for kind, _ in _USERS_POLICIES)})
_DOCUMENTS = frozenset(
    {Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY, Kind.USER_POLICY, Kind.GROUP_POLICY}
)

CONTROLS = (
    Control(
        id="DL-IAM-17",
        name="iam-no-users",
        title="There are no IAM users and no access keys, and no policy is for one",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Long-lived keys leak; roles are lent for hours.",
        fix="Use a role, assumed through the identity provider.",
        judge=_no_users,
        kinds=_USERS | {Kind.ROLE},
        alone=_USERS,
        anchors=("CKV_AWS_273", "CKV_AWS_40"),
    ),
    Control(
        id="DL-IAM-18",
        name="iam-session-duration",
        title="Roles are lent for four hours at most",
        severity=Severity.LOW,
        category=Category.LEAST_PRIVILEGE,
        why="A stolen session works until it ends.",
        fix="Set maxSessionDuration to 14400 (seconds) or less, or leave it out.",
        judge=_short_sessions,
        kinds=_ROLE,
        alone=_ROLE,
    ),
    Control(
        id="DL-IAM-19",
        name="iam-trust-callers-pinned",
        title="Roles tell foreign accounts and federated tokens apart",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Without an external id or a subject, whoever the other side serves may come in as it.",
        fix="Add sts:ExternalId or aws:PrincipalOrgID for accounts; pin aud and sub for OIDC providers.",
        judge=_callers,
        kinds=_ROLE,
        anchors=("CKV_AWS_358",),
    ),
    Control(
        id="DL-IAM-20",
        name="iam-invalid-action",
        title="Policies name actions that AWS has",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A misspelt action grants nothing, and a misspelt one in a Deny refuses nothing.",
        fix="Correct the name of the action.",
        judge=lambda graph: each_grant(graph, _real_actions),
        kinds=_DOCUMENTS,
        alone=_DOCUMENTS,
    ),
    Control(
        id="DL-IAM-25",
        name="iam-statement-meets-something",
        title="Every action of a grant meets its resources and conditions",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="s3:ListBucket on objects, or a condition on a key that is never sent, grants nothing: what was "
        "meant is missing, and is then given more widely.",
        fix="Name the resources that the action is for, and conditions on keys that its requests carry.",
        judge=lambda graph: each_grant(graph, _meets_something),
        kinds=_DOCUMENTS,
        alone=_DOCUMENTS,
    ),
    Control(
        id="DL-IAM-21",
        name="iam-set-operator-misuse",
        title="No grant hangs on a condition that a missing key meets",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="ForAllValues is true of an empty set: leave the key out of the request and the condition holds.",
        fix="Use ForAnyValue, or add Null false on the same key.",
        judge=lambda graph: each_grant(graph, _set_operators),
        kinds=_DOCUMENTS,
        alone=_DOCUMENTS,
    ),
)
