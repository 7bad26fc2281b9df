"""KMS keys: rotation and key policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
from policies.controls.deputies import deputy_problems
from policies.graph.conditions import AUDIENCE_KEYS, Narrows, narrowed_by, why_not
from policies.graph.documents import State
from policies.graph.keys import KeyPolicy, key_policies, unresolved_key_policies
from policies.graph.kinds import Kind
from policies.graph.model import Graph
from policies.graph.values import Unknown, is_true

# A key without the program's material, or a replica that follows its primary, has no rotation of its own.
_ROTATED_ELSEWHERE = {
    "aws:kms/replicaKey:ReplicaKey": "a replica rotates with its primary key",
    "aws:kms/externalKey:ExternalKey": "imported key material cannot be rotated by KMS",
    "aws:kms/replicaExternalKey:ReplicaExternalKey": "imported key material cannot be rotated by KMS",
}
_SYMMETRIC = (None, "SYMMETRIC_DEFAULT")
_YEAR = 365


def _rotation(graph: Graph) -> Iterator[Judgement]:
    for key in graph.of(Kind.KMS_KEY):
        spec, rotates = key.at("customerMasterKeySpec"), key.at("enableKeyRotation")
        period = key.at("rotationPeriodInDays") if key.declares("rotationPeriodInDays") else _YEAR
        if key.token in _ROTATED_ELSEWHERE:
            yield not_applicable(key, _ROTATED_ELSEWHERE[key.token])
        elif spec not in _SYMMETRIC and isinstance(spec, str):
            yield not_applicable(key, f"KMS does not rotate keys of spec {spec}")
        elif isinstance(rotates, Unknown) and key.declares("enableKeyRotation"):
            yield unverified(key, "enableKeyRotation is not known yet")
        elif not is_true(rotates):
            yield from settle(
                key, [fails(key, "enableKeyRotation is not true: its material is never renewed")]
            )
        elif isinstance(period, Unknown):
            yield unverified(key, "rotationPeriodInDays is not known yet")
        elif isinstance(period, int | float) and period > _YEAR:
            yield fails(
                key,
                f"rotationPeriodInDays is {period}: its material is renewed less than once a year",
                f"Set rotationPeriodInDays to {_YEAR} or less, or leave it out, which means the same.",
            )
        else:
            yield from settle(key, ())


def _defined(graph: Graph) -> Iterator[Judgement]:
    covered = {policy.key.urn for policy in graph.derived(key_policies) if policy.key is not None}
    loose = unresolved_key_policies(graph)
    for key in graph.of(Kind.KMS_KEY):
        if key.urn in covered:
            yield from settle(key, ())
        elif loose:
            yield unverified(key, "has no policy, unless a KeyPolicy whose key is not known yet is its")
        else:
            text = "has no key policy: the default one lets every IAM administrator hand out the key"
            yield fails(key, text)


PolicyJudge = Callable[[KeyPolicy], Iterator[Judgement]]


def each_key_policy(graph: Graph, judge: PolicyJudge) -> Iterator[Judgement]:
    """Judge every key policy of the stack that can be read."""
    for policy in graph.derived(key_policies):
        if policy.document.state in (State.UNKNOWN, State.ABSENT):
            yield unverified(policy.holder, "the key policy is not known yet")
        elif policy.document.state is State.INVALID:
            yield fails(policy.holder, f"its key policy {policy.document.problem}")
        else:
            yield from settle(policy.holder, judge(policy))


def _strangers(policy: KeyPolicy) -> Iterator[Judgement]:
    for statement in policy.document.statements:
        if not statement.allows:
            continue
        if statement.not_principals:
            text = f"{statement.label} allows everyone but some (NotPrincipal) to use the key"
            yield fails(policy.holder, text)
        elif any(p.is_anyone for p in statement.principals):
            answer = narrowed_by(statement, AUDIENCE_KEYS)
            if answer is Narrows.UNKNOWN:
                yield unverified(policy.holder, f"the conditions of {statement.label} are not known yet")
            elif answer is Narrows.NO:
                reason = why_not(statement, AUDIENCE_KEYS) or "without a condition that shuts strangers out"
                actions = ", ".join(str(action) for action in statement.actions)
                yield fails(policy.holder, f"{statement.label} allows {actions} to anyone: {reason}")
        elif any(isinstance(p.value, Unknown) for p in statement.principals):
            yield unverified(policy.holder, f"the principals of {statement.label} are not known yet")


def _deputies(policy: KeyPolicy) -> Iterator[Judgement]:
    for statement in policy.document.statements:
        # An encryption context, or the service that carries the call, ties it to one log group or topic.
        yield from deputy_problems(
            policy.holder,
            statement,
            assuming=False,
            also=frozenset({"kms:viaservice"}),
            prefixes=("kms:encryptioncontext:",),
        )


_KINDS = frozenset({Kind.KMS_KEY, Kind.KMS_KEY_POLICY})

CONTROLS = (
    Control(
        id="DL-KMS-01",
        name="kms-rotation",
        title="Customer keys rotate every year",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="Rotation bounds how much data one generation of key material can open.",
        fix="Set enableKeyRotation to true on the key.",
        judge=_rotation,
        kinds=frozenset({Kind.KMS_KEY}),
        alone=frozenset({Kind.KMS_KEY}),
        anchors=("CKV_AWS_7", "AwsSolutions-KMS5", "KMS.4"),
    ),
    Control(
        id="DL-KMS-02",
        name="kms-policy-defined",
        title="Customer keys have an explicit key policy",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="The default policy delegates the key to IAM as a whole: nobody then reads who may decrypt.",
        fix="Set policy on the key, or declare a KeyPolicy, naming administrators and users of the key.",
        judge=_defined,
        kinds=_KINDS,
        anchors=("CKV2_AWS_64",),
    ),
    Control(
        id="DL-KMS-03",
        name="kms-policy-no-wildcard-principal",
        title="Key policies grant nothing to anyone",
        severity=Severity.CRITICAL,
        category=Category.LEAST_PRIVILEGE,
        why="A key for everybody is no encryption at all.",
        fix="Name the principals, or add a condition such as kms:CallerAccount or aws:PrincipalOrgID.",
        judge=lambda graph: each_key_policy(graph, _strangers),
        kinds=_KINDS,
        alone=_KINDS,
        anchors=("CKV_AWS_33",),
    ),
    Control(
        id="DL-KMS-04",
        name="kms-policy-service-confused-deputy",
        title="Key policies admit services only on this account's behalf",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A service encrypts and decrypts for all its customers: unpinned, any of them borrows the key.",
        fix="Add aws:SourceAccount, aws:SourceArn or the service's kms:EncryptionContext to the statement.",
        judge=lambda graph: each_key_policy(graph, _deputies),
        kinds=_KINDS,
        alone=_KINDS,
    ),
)
