"""KMS keys: how wide their policies and grants are, and whether they stay usable."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, unverified
from policies.controls.kms import each_key_policy
from policies.controls.settings import at_least, each, off, on, settings
from policies.graph.arns import covers, parse_arn
from policies.graph.conditions import Narrows, narrowed_by
from policies.graph.documents import Principal, Statement
from policies.graph.keys import KeyPolicy
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown

_USE = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom")
_ADMINISTRATION = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant")
_FOR_A_RESOURCE = frozenset({"kms:grantisforawsresource"})
_LONGEST = 30


def allows_action(statement: Statement, action: str) -> bool:
    """Whether a statement grants an action."""
    return statement.allows and any(
        covers(pattern, action, ignore_case=True) for pattern in statement.known(statement.actions)
    )


def is_root(principal: Principal) -> bool:
    """Whether a principal is a whole account, that is whoever IAM lets in there."""
    if not isinstance(principal.value, str):
        return False
    arn = parse_arn(principal.value)
    return principal.value.isdigit() or (arn is not None and arn.service == "iam" and arn.resource == "root")


def _breadth(policy: KeyPolicy) -> Iterator[Judgement]:
    for statement in (s for s in policy.document.statements if s.allows):
        for principal in (p for p in statement.principals if not is_root(p)):
            if isinstance(principal.value, Unknown):
                continue
            if any(str(a).lower() in ("*", "kms:*") for a in statement.actions):
                yield fails(
                    policy.holder, f"{statement.label} allows kms:* to {principal}: use and administration"
                )
        yield from _grants(policy, statement)
    yield from _both_hands(policy)


def _grants(policy: KeyPolicy, statement: Statement) -> Iterator[Judgement]:
    # kms:* of the root delegates to IAM, where the identity policies are judged.
    others = [p for p in statement.principals if not is_root(p)]
    if not others or not allows_action(statement, "kms:CreateGrant"):
        return
    answer = narrowed_by(statement, _FOR_A_RESOURCE)
    if answer is Narrows.UNKNOWN:
        yield unverified(policy.holder, f"the conditions of {statement.label} are not known yet")
    elif answer is Narrows.NO:
        text = f"{statement.label} lets {others[0]} grant the key to anyone (kms:CreateGrant)"
        yield fails(policy.holder, text, 'Add "Bool": {"kms:GrantIsForAWSResource": "true"} to it.')


def _both_hands(policy: KeyPolicy) -> Iterator[Judgement]:
    """Say which principal both administers and uses the key, by whichever statements."""
    held: dict[str, set[str]] = {}
    for statement in policy.document.statements:
        for principal in (p for p in statement.principals if isinstance(p.value, str) and not is_root(p)):
            if "*" in str(principal.value) or principal.type == "Service":
                continue
            for side, actions in (("uses", _USE[:1]), ("administers", _ADMINISTRATION[:2])):
                if any(allows_action(statement, action) for action in actions):
                    held.setdefault(str(principal.value), set()).add(side)
    for name in (name for name, sides in held.items() if len(sides) > 1):
        text = f"{name} both administers the key and decrypts with it: nobody has to ask for its use"
        yield fails(policy.holder, text, "Split it: key administrators get no kms:Decrypt.")


def _grant_scope(graph: Graph, grant: Resource) -> Iterator[Judgement]:
    del graph
    operations = settings(grant, "operations")
    if any(isinstance(operation, Unknown) for operation in operations):
        yield unverified(grant, "the operations of the grant are not known yet")
    for operation in ("CreateGrant", "RetireGrant"):
        if operation in operations:
            yield fails(grant, f"its grantee may hand the key on: operations include {operation}")


_KEY = frozenset({Kind.KMS_KEY})
_POLICY = frozenset({Kind.KMS_KEY, Kind.KMS_KEY_POLICY})
_GRANT = frozenset({Kind.KMS_GRANT})

CONTROLS = (
    Control(
        id="DL-KMS-05",
        name="kms-policy-breadth",
        title="Key policies keep administering a key and using it apart",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever may both change the policy and decrypt needs nobody's consent to read the lake.",
        fix="Give administrators no cryptographic action, and users no other.",
        judge=lambda graph: each_key_policy(graph, _breadth),
        kinds=_POLICY,
        alone=_POLICY,
    ),
    Control(
        id="DL-KMS-06",
        name="kms-deletion-window",
        title="Keys of lasting stacks wait 30 days before they are deleted",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="With its key the data is gone; the waiting time is the only way back.",
        fix="Set deletionWindowInDays to 30, or leave it out, which means the same.",
        judge=each(
            at_least(
                _LONGEST, "less time to notice", "deletionWindowInDays", default=_LONGEST, in_temporary=7
            ),
            Kind.KMS_KEY,
        ),
        kinds=_KEY,
        alone=_KEY,
    ),
    Control(
        id="DL-KMS-07",
        name="kms-key-enabled",
        title="Keys are enabled",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="Under a disabled key nothing can be read or written.",
        fix="Set isEnabled to true or leave it out.",
        judge=each(on("nothing under it can be read", "isEnabled", default=True), Kind.KMS_KEY),
        kinds=_KEY,
        alone=_KEY,
        anchors=("CKV_AWS_227",),
    ),
    Control(
        id="DL-KMS-08",
        name="kms-grant-scope",
        title="Grants of keys cannot be handed on",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A grantee with CreateGrant passes the key to whomever it likes, out of this program's sight.",
        fix="Take CreateGrant and RetireGrant out of operations.",
        judge=each(_grant_scope, Kind.KMS_GRANT),
        kinds=_GRANT,
        alone=_GRANT,
    ),
    Control(
        id="DL-KMS-09",
        name="kms-lockout-check",
        title="The check against locking oneself out of a key stays on",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A key whose policy nobody may change can only be rescued by AWS support.",
        fix="Leave bypassPolicyLockoutSafetyCheck out.",
        judge=each(off("nobody may mend the policy", "bypassPolicyLockoutSafetyCheck"), Kind.KMS_KEY),
        kinds=_KEY,
        alone=_KEY,
    ),
)
