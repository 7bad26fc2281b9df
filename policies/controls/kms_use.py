"""KMS key policies: whose key it is, who is named, and through which services it is used."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, unverified
from policies.controls.kms import each_key_policy
from policies.controls.kms_breadth import allows_action, is_root
from policies.controls.resource_documents import foreign_principals, joined
from policies.graph.conditions import AUDIENCE_KEYS, Narrows, narrowed_by
from policies.graph.documents import Statement
from policies.graph.keys import KeyPolicy
from policies.graph.kinds import Kind
from policies.graph.model import Graph

_OPENING = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey")
_THROUGH = frozenset({"kms:viaservice"})
_CONTEXT = ("kms:encryptioncontext:",)
_FOR_A_RESOURCE = frozenset({"kms:grantisforawsresource"})


def _own_account(graph: Graph) -> Iterator[Judgement]:
    def judge(policy: KeyPolicy) -> Iterator[Judgement]:
        yield from foreign_principals(graph, policy.holder, policy.document)

    yield from each_key_policy(graph, judge)


def _named(policy: KeyPolicy) -> Iterator[Judgement]:
    for statement in (s for s in policy.document.statements if s.allows):
        # Without such conditions everybody may: another control says so.
        if any(p.is_anyone for p in statement.principals) and _is_narrowed(statement):
            text = (
                f"{statement.label} allows {joined(statement.actions)} to everyone whom its conditions let in"
            )
            yield fails(
                policy.holder,
                f"{text}, without any policy of theirs having to say so",
                f"Name the account's root (or roles, or the service) as the principal of {statement.label}.",
            )


def _is_narrowed(statement: Statement) -> bool:
    return narrowed_by(statement, AUDIENCE_KEYS) is Narrows.YES


def _through_services(policy: KeyPolicy) -> Iterator[Judgement]:
    for statement in (s for s in policy.document.statements if s.allows):
        # kms:* leaves the key to IAM as AWS's own default policy does: another control speaks of that.
        if not any(is_root(p) for p in statement.principals) or _leaves_to_iam(statement):
            continue
        opening = next((a for a in _OPENING if allows_action(statement, a)), None)
        if opening is not None:
            yield from _wants(policy, statement, opening)
        if allows_action(statement, "kms:CreateGrant"):
            yield from _wants_grants_for_services(policy, statement)


def _leaves_to_iam(statement: Statement) -> bool:
    """Whether a statement hands a key to its account as a whole, as AWS's own default policy does."""
    everything = any(action.lower() in ("*", "kms:*") for action in statement.known(statement.actions))
    return everything and not statement.conditions


def _delegates(policy: KeyPolicy) -> Iterator[Judgement]:
    for statement in (s for s in policy.document.statements if s.allows and _leaves_to_iam(s)):
        if any(is_root(p) for p in statement.principals):
            text = (
                f"{statement.label} leaves the whole key to IAM, as the policy that AWS gives by itself does"
            )
            yield fails(policy.holder, text)


def _wants(policy: KeyPolicy, statement: Statement, opening: str) -> Iterator[Judgement]:
    answer = narrowed_by(statement, _THROUGH | _FOR_A_RESOURCE, _CONTEXT)
    if answer is Narrows.UNKNOWN:
        yield unverified(policy.holder, f"the conditions of {statement.label} are not known yet")
    elif answer is Narrows.NO:
        text = (
            f"{statement.label} lets whoever IAM allows {opening} do it directly, not through a service only"
        )
        yield fails(
            policy.holder,
            text,
            'Add "StringEquals": {"kms:ViaService": "<service>.<region>.amazonaws.com"} to it.',
        )


def _wants_grants_for_services(policy: KeyPolicy, statement: Statement) -> Iterator[Judgement]:
    answer = narrowed_by(statement, _FOR_A_RESOURCE)
    if answer is Narrows.UNKNOWN:
        yield unverified(policy.holder, f"the conditions of {statement.label} are not known yet")
    elif answer is Narrows.NO:
        text = f"{statement.label} lets whoever IAM allows grant the key to anyone (kms:CreateGrant)"
        yield fails(policy.holder, text, 'Add "Bool": {"kms:GrantIsForAWSResource": "true"} to it.')


_KINDS = frozenset({Kind.KMS_KEY, Kind.KMS_KEY_POLICY})

CONTROLS = (
    Control(
        id="DL-KMS-10",
        name="kms-policy-cross-account",
        title="Key policies admit no other account",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever governs the other account decides from then on who decrypts.",
        fix="Drop the principal, or pin aws:PrincipalOrgID or aws:PrincipalArn.",
        judge=_own_account,
        kinds=_KINDS,
    ),
    Control(
        id="DL-KMS-11",
        name="kms-policy-names-principals",
        title="Key policies name their principals, whatever conditions stand beside them",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Everyone under a condition includes principals whom no policy of their own lets use the key.",
        fix="Name the account's root, roles or services.",
        judge=lambda graph: each_key_policy(graph, _named),
        kinds=_KINDS,
        alone=_KINDS,
    ),
    Control(
        id="DL-KMS-12",
        name="kms-use-through-services",
        title="The account uses keys through services, and grants them to services only",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="kms:Decrypt handed to IAM as a whole opens copied ciphertext to every administrator, past S3, "
        "Glue and their logs.",
        fix="Split administration from use: give use a kms:ViaService, grants kms:GrantIsForAWSResource.",
        judge=lambda graph: each_key_policy(graph, _through_services),
        kinds=_KINDS,
        alone=_KINDS,
    ),
    Control(
        id="DL-KMS-13",
        name="kms-default-delegation",
        title="Key policies do not leave keys to IAM as a whole",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="kms:* for the account's root is AWS's own default: who administers IAM then opens whatever the "
        "key closes.",
        fix="Give the root the administration of the key, and use through services by kms:ViaService.",
        judge=lambda graph: each_key_policy(graph, _delegates),
        kinds=_KINDS,
        advisory=True,
    ),
)
