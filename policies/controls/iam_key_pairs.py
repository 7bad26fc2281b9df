"""Reading an encrypted bucket takes two halves: the principal may decrypt, and the key's policy lets it."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails
from policies.controls.iam_escalation import each_principal
from policies.controls.kms_breadth import allows_action, is_root
from policies.graph.arns import covers, local_name, parse_arn
from policies.graph.buckets import Bucket, find_buckets
from policies.graph.documents import Condition, Statement
from policies.graph.keys import KeyPolicy, key_policies
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.principals import EffectivePolicy
from policies.graph.rights import Right, is_readable, rights
from policies.graph.values import Unknown, at, items

_READ, _DECRYPT = "s3:GetObject", "kms:Decrypt"
_BY_ALIAS = ("kms:resourcealiases", "kms:requestalias")
_VIA, _AGENT = "kms:viaservice", "s3."


def _pairs(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    if not is_readable(effective):
        return
    decrypts = list(rights(effective, _DECRYPT))
    reads = _first_reads(effective)
    for bucket, reading in (
        (bucket, reading)
        for name, reading in reads.items()
        for bucket in graph.derived(_buckets_by_name).get(name, ())
    ):
        keys = graph.derived(_keys_of_buckets).get(bucket.anchor.urn, ())
        if not keys:
            continue
        opened = [key for key in keys if any(_opens(graph, r, key) for r in decrypts)]
        names = " or ".join(sorted(key.name for key in keys))
        who = f"{reading.statement.label} lets {effective.principal.name} read bucket '{bucket.label}', but"
        if not opened:
            text = f"{who} nothing lets it decrypt with {names}: every read is refused"
            fix = f"Allow kms:Decrypt on key {names}, with kms:ViaService s3.<region>.amazonaws.com."
            yield fails(reading.grant.holder, text, fix)
        elif not any(_lets_in(graph, key, effective.principal) for key in opened):
            text = (
                f"{who} the policy of key {names} does not let it decrypt through S3: every read is refused"
            )
            fix = f"Allow the account's root kms:Decrypt in the policy of {names}, by kms:ViaService of s3."
            yield fails(reading.grant.holder, text, fix)


def _first_reads(effective: EffectivePolicy) -> dict[str, Right]:
    """Return the first right to read objects of each bucket that is named."""
    found: dict[str, Right] = {}
    for right in rights(effective, _READ):
        arn = parse_arn(right.resource)
        if arn is not None and arn.service == "s3":
            found.setdefault(arn.resource.partition("/")[0], right)
    return found


def _buckets_by_name(graph: Graph) -> dict[str, list[Bucket]]:
    found: dict[str, list[Bucket]] = {}
    for bucket in graph.derived(find_buckets):
        if isinstance(bucket.name, str):
            found.setdefault(bucket.name, []).append(bucket)
    return found


def _keys_of_buckets(graph: Graph) -> dict[str, tuple[Resource, ...]]:
    """Return the keys of the stack that buckets encrypt by default with, by the bucket's URN."""
    return {bucket.anchor.urn: _keys_of(graph, bucket) for bucket in graph.derived(find_buckets)}


def _keys_of(graph: Graph, bucket: Bucket) -> tuple[Resource, ...]:
    found: dict[str, Resource] = {}
    for declaration in bucket.declarations(Kind.BUCKET_ENCRYPTION):
        for rule in items(declaration.block):
            key = at(rule, "applyServerSideEncryptionByDefault", "kmsMasterKeyId")
            target = graph.follow(declaration.holder, declaration.prop, Kind.KMS_KEY, value=key).target
            if target is not None:
                found[target.urn] = target
    return tuple(found.values())


def _opens(graph: Graph, right: Right, key: Resource) -> bool:
    """Whether a right to decrypt reaches a key: by ARN, or by its alias as a condition."""
    arn = key.at("arn")
    if isinstance(arn, str) and not covers(right.resource, arn):
        return False
    if not isinstance(arn, str) and not right.resource.endswith(("*", "key/*")):
        return True
    wanted = [v for c in right.statement.conditions if c.key in _BY_ALIAS for v in c.values]
    names = [alias.at("name") for alias in graph.derived(_aliases).get(key.urn, ())]
    if not wanted or not names or any(isinstance(name, Unknown) for name in names):
        return True
    return any(isinstance(w, Unknown) or covers(str(w), str(n)) for w in wanted for n in names)


def _aliases(graph: Graph) -> dict[str, list[Resource]]:
    """Return the aliases of the stack's keys, by the key's URN."""
    found: dict[str, list[Resource]] = {}
    for alias in graph.of(Kind.KMS_ALIAS):
        key = graph.follow(alias, "targetKeyId", Kind.KMS_KEY).target
        if key is not None:
            found.setdefault(key.urn, []).append(alias)
    return found


def _policies_of(graph: Graph) -> dict[str, list[KeyPolicy]]:
    found: dict[str, list[KeyPolicy]] = {}
    for policy in graph.derived(key_policies):
        if policy.key is not None:
            found.setdefault(policy.key.urn, []).append(policy)
    return found


def _lets_in(graph: Graph, key: Resource, principal: Resource) -> bool:
    """Whether a key's policies let a principal decrypt through S3; one that is not known may."""
    policies = graph.derived(_policies_of).get(key.urn, [])
    # Without a policy of its own a key has AWS's default, which leaves the decision to IAM.
    return not policies or any(
        policy.document.has_unknown
        or not policy.document.statements
        or any(_admits(statement, principal) for statement in policy.document.statements)
        for policy in policies
    )


def _admits(statement: Statement, principal: Resource) -> bool:
    name = principal.at("name")
    return (
        allows_action(statement, _DECRYPT)
        and all(_is_met(condition) for condition in statement.conditions)
        and any(is_root(p) or p.is_anyone or local_name(str(p.value)) == name for p in statement.principals)
    )


def _is_met(condition: Condition) -> bool:
    """Whether a read through S3 can meet a condition; those that are not about the way in may be."""
    if condition.key == _VIA and condition.operator in ("stringequals", "stringlike"):
        return any(isinstance(v, Unknown) or str(v).startswith((_AGENT, "*")) for v in condition.values)
    return True


_DOCUMENTS = frozenset({Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY})

CONTROLS = (
    Control(
        id="DL-IAM-14",
        name="iam-decrypt-pairs-key",
        title="Whoever may read an encrypted bucket may decrypt with its key, and the key agrees",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A read without the key is refused at run time; a key without the read is a right left over.",
        fix="Allow kms:Decrypt on the bucket's key, by kms:ViaService, to the role and in the key's policy.",
        judge=lambda graph: each_principal(graph, _pairs),
        kinds=_DOCUMENTS
        | {Kind.BUCKET, Kind.BUCKET_ENCRYPTION, Kind.KMS_KEY, Kind.KMS_KEY_POLICY, Kind.KMS_ALIAS},
    ),
)
