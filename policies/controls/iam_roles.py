"""Roles: managed policies, who may assume them, and who may pass them."""

from __future__ import annotations

from collections.abc import Iterator

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
from policies.controls.deputies import deputy_problems
from policies.graph.arns import local_name, parse_arn
from policies.graph.conditions import Narrows, narrowed_by, why_not
from policies.graph.documents import Document, Principal, State, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.principals import identities, is_aws_policy
from policies.graph.values import Unknown

# Policies of AWS that grant a whole service or account; AWSGlueServiceRole too is glue:* on *.
_POWERFUL = frozenset(
    {
        "AWSGlueServiceRole",
        "AWSLakeFormationDataAdmin",
        "DataScientist",
        "DatabaseAdministrator",
        "NetworkAdministrator",
        "PowerUserAccess",
        "SecretsManagerReadWrite",
        "SystemAdministrator",
    }
)
_POWERFUL_PARTS = ("FullAccess", "AdministratorAccess", "GlueConsole")

# Conditions under which a whole account may be trusted: they single out who in it.
_WHO = frozenset(
    {
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:multifactorauthpresent",
        "aws:userid",
        "aws:username",
        "sts:externalid",
        "sts:sourceidentity",
    }
)
_WHO_PREFIXES = ("aws:principaltag/",)


def _powerful_managed(graph: Graph) -> Iterator[Judgement]:
    for attachment in graph.derived(identities).attachments:
        source, value = attachment.source, attachment.value
        if attachment.reference.join is Join.UNKNOWN:
            yield unverified(
                source, f"{attachment.prop} is not known yet and leads to no policy of the stack"
            )
        elif not isinstance(value, str) or not is_aws_policy(value):
            yield passes(source)
        elif is_powerful(local_name(value)):
            whom = ", ".join(p.name for p in attachment.principals) or "its principal"
            yield fails(source, f"gives {whom} the AWS policy {local_name(value)}, a whole service or more")
        else:
            yield passes(source)


def is_powerful(name: str) -> bool:
    """Whether a managed policy of AWS grants a whole service or account."""
    return name in _POWERFUL or any(part in name for part in _POWERFUL_PARTS)


def _trusts(graph: Graph) -> Iterator[tuple[Resource, Document]]:
    for role in graph.of(Kind.ROLE):
        yield role, parse(role.props.get("assumeRolePolicy"))


def _unreadable(role: Resource, document: Document) -> Iterator[Judgement]:
    if document.state is State.UNKNOWN:
        yield unverified(role, "assumeRolePolicy is not known yet")
    elif document.state is State.INVALID:
        yield fails(role, f"assumeRolePolicy {document.problem}")
    elif document.state is State.ABSENT:
        yield not_applicable(role, "assumeRolePolicy is missing: AWS refuses the role")


def _trust_public(graph: Graph) -> Iterator[Judgement]:
    for role, document in _trusts(graph):
        if document.state is not State.KNOWN:
            yield from _unreadable(role, document)
        else:
            yield from settle(role, _public(role, document))


def _public(role: Resource, document: Document) -> Iterator[Judgement]:
    for statement in (s for s in document.statements if s.allows):
        anyone = next((p for p in statement.principals if p.is_anyone), None)
        if anyone is not None:
            yield fails(role, f"{statement.label} lets {anyone} assume the role; AWS reads that as everybody")
        if statement.not_principals:
            yield fails(role, f"{statement.label} lets everyone but some (NotPrincipal) assume the role")
        if any(isinstance(p.value, Unknown) for p in statement.principals):
            yield unverified(role, f"the principals of {statement.label} are not known yet")


def _trust_deputies(graph: Graph) -> Iterator[Judgement]:
    for role, document in _trusts(graph):
        if document.state is not State.KNOWN:
            yield from _unreadable(role, document)
        elif not any(p.type == "Service" for s in document.statements for p in s.principals):
            yield not_applicable(role, "no service assumes the role")
        else:
            yield from settle(
                role, (j for s in document.statements for j in deputy_problems(role, s, assuming=True))
            )


def _trust_accounts(graph: Graph) -> Iterator[Judgement]:
    for role, document in _trusts(graph):
        if document.state is not State.KNOWN:
            yield from _unreadable(role, document)
        else:
            yield from settle(role, _whole_accounts(role, document))


def _whole_accounts(role: Resource, document: Document) -> Iterator[Judgement]:
    for statement in (s for s in document.statements if s.allows):
        account = next((p for p in statement.principals if _is_account(p)), None)
        if account is None:
            continue
        answer = narrowed_by(statement, _WHO, _WHO_PREFIXES)
        if answer is Narrows.UNKNOWN:
            yield unverified(role, f"the conditions of {statement.label} are not known yet")
        elif answer is Narrows.NO:
            reason = why_not(statement, _WHO) or "no condition says who in it"
            yield fails(
                role, f"{statement.label} lets the whole account {account.value} assume the role: {reason}"
            )


def _is_account(principal: Principal) -> bool:
    if principal.type != "AWS" or not isinstance(principal.value, str):
        return False
    arn = parse_arn(principal.value)
    return principal.value.isdigit() or (arn is not None and arn.service == "iam" and arn.resource == "root")


_DOCUMENT_ATTACHMENTS = frozenset(
    {
        Kind.ROLE_POLICY_ATTACHMENT,
        Kind.USER_POLICY_ATTACHMENT,
        Kind.GROUP_POLICY_ATTACHMENT,
        Kind.POLICY_ATTACHMENT,
        Kind.ATTACHMENTS_EXCLUSIVE,
    }
)
_ROLE = frozenset({Kind.ROLE})

CONTROLS = (
    Control(
        id="DL-IAM-04",
        name="iam-no-powerful-managed",
        title="No principal holds an AWS managed policy for a whole service or account",
        severity=Severity.CRITICAL,
        category=Category.LEAST_PRIVILEGE,
        why="AdministratorAccess and the FullAccess policies grant * on *, and AWS widens them over time.",
        fix="Replace the AWS policy by one of your own with the actions and resources that are needed.",
        judge=_powerful_managed,
        kinds=_ROLE | _DOCUMENT_ATTACHMENTS,
        alone=_ROLE | _DOCUMENT_ATTACHMENTS,
        anchors=("CKV_AWS_274", "CKV_AWS_275", "CKV2_AWS_56", "AwsSolutions-IAM4"),
    ),
    Control(
        id="DL-IAM-06",
        name="iam-trust-not-public",
        title="Roles name who may assume them",
        severity=Severity.CRITICAL,
        category=Category.LEAST_PRIVILEGE,
        why="A role that everybody may assume gives its permissions to everybody.",
        fix="Name services, roles or federated identities as principals of assumeRolePolicy.",
        judge=_trust_public,
        kinds=_ROLE,
        alone=_ROLE,
        anchors=("CKV_AWS_60",),
    ),
    Control(
        id="DL-IAM-07",
        name="iam-trust-confused-deputy",
        title="Roles trust services only on this account's behalf",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A service assumes roles for all its customers: unpinned, a stranger's job may use this one.",
        fix="Add aws:SourceAccount, and aws:SourceArn where known, to statements with a Service principal.",
        judge=_trust_deputies,
        kinds=_ROLE,
        alone=_ROLE,
    ),
    Control(
        id="DL-IAM-08",
        name="iam-trust-not-account-root",
        title="Roles trust nobody's whole account",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Trust in an account lets every principal that it ever gives sts:AssumeRole to use the role.",
        fix="Name roles as principals, or add a condition such as aws:PrincipalArn, aws:PrincipalTag or "
        "sts:ExternalId.",
        judge=_trust_accounts,
        kinds=_ROLE,
        alone=_ROLE,
        anchors=("CKV_AWS_61",),
    ),
)
