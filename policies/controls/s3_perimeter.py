"""The perimeter of buckets: other accounts, wrong keys, lock-outs, access points, log buckets."""

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
from policies.controls.resource_documents import foreign_principals
from policies.controls.s3_policies import each_policy
from policies.controls.settings import both, each, given, on, setting
from policies.graph.buckets import LOG_DELIVERY, Bucket, find_buckets
from policies.graph.documents import Condition, Document, State, Statement
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown, at

_ALGORITHM = "s3:x-amz-server-side-encryption"
_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_CLIENT_KEY = "s3:x-amz-server-side-encryption-customer-algorithm"
_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _other_keys(bucket: Bucket, holder: Resource, document: Document) -> Iterator[Judgement]:
    if bucket.is_log_target:
        return
    denials = [s for s in document.statements if s.denies and _puts(s) and _everyone(s)]
    missing = [
        text
        for key, text in ((_ALGORITHM, "another algorithm"), (_KEY, "another key"))
        if not any(_refuses_other(s, key) for s in denials)
    ]
    if missing and document.has_unknown:
        yield unverified(holder, "whether it refuses other keys hangs on parts that are not known yet")
    elif missing:
        text = f"an upload to bucket '{bucket.label}' may name {' or '.join(missing)} and is taken"
        yield fails(holder, text)
    for statement in denials:
        unguarded = next((c for c in statement.conditions if _catches_defaults(c, statement)), None)
        if unguarded is not None:
            text = (
                f"{statement.label} also refuses uploads without the header {unguarded.key[3:]}, "
                "that is those"
            )
            yield fails(holder, f"{text} that rely on the bucket's default encryption")


def _puts(statement: Statement) -> bool:
    return any(str(a).lower() in ("*", "s3:*", "s3:put*", "s3:putobject") for a in statement.actions)


def _everyone(statement: Statement) -> bool:
    return any(p.value == "*" and p.type in ("*", "AWS") for p in statement.principals)


def _refuses_other(statement: Statement, key: str) -> bool:
    keys = {c.key for c in statement.conditions}
    return keys == {key} and any(_is_negative(c) for c in statement.conditions)


def _is_negative(condition: Condition) -> bool:
    return "not" in condition.operator


def _catches_defaults(condition: Condition, statement: Statement) -> bool:
    """Whether a negative condition also holds for a request that does not send the header."""
    if condition.key not in (_ALGORITHM, _KEY) or not _is_negative(condition) or condition.if_exists:
        return False
    return not any(c.operator == "null" and c.key == condition.key for c in statement.conditions)


def _lock_out(bucket: Bucket, holder: Resource, document: Document) -> Iterator[Judgement]:
    for statement in (s for s in document.statements if s.denies):
        actions = {str(action).lower() for action in statement.actions}
        changes_policy = actions & {"*", "s3:*", "s3:putbucketpolicy", "s3:deletebucketpolicy", "s3:put*"}
        if _everyone(statement) and not statement.conditions and changes_policy:
            text = (
                f"{statement.label} denies everyone {sorted(changes_policy)[0]}: only the account's root can"
            )
            yield fails(holder, f"{text} ever change the policy of bucket '{bucket.label}' again")


def _other_accounts(graph: Graph) -> Iterator[Judgement]:
    def judge(bucket: Bucket, holder: Resource, document: Document) -> Iterator[Judgement]:
        del bucket
        yield from foreign_principals(graph, holder, document)

    yield from each_policy(graph, judge)


def _point_blocks(graph: Graph, point: Resource) -> Iterator[Judgement]:
    del graph
    block = setting(point, "publicAccessBlockConfiguration")
    off = [flag for flag in _FLAGS if at(block, flag) is False]
    if not off and any(isinstance(at(block, flag), Unknown) for flag in _FLAGS):
        yield unverified(point, "whether the access point blocks public access is not known yet")
    if off:
        yield fails(point, f"the access point leaves {', '.join(off)} off")


def _log_buckets(graph: Graph) -> Iterator[Judgement]:
    for bucket in graph.derived(find_buckets):
        if not bucket.is_log_target:
            yield not_applicable(bucket.anchor, f"bucket '{bucket.label}' receives no access logs")
        elif bucket.resource is not None:
            yield from settle(bucket.resource, _log_bucket_problems(bucket))


def _log_bucket_problems(bucket: Bucket) -> Iterator[Judgement]:
    for lock in bucket.declarations(Kind.BUCKET_OBJECT_LOCK):
        if at(lock.block, "rule") not in (None, {}, []):
            text = f"log bucket '{bucket.label}' has a default retention: S3 delivers no access logs into it"
            yield fails(lock.holder, text)
    documents = [document for _, document in bucket.policies]
    if any(document.state is State.UNKNOWN or document.has_unknown for document in documents):
        yield unverified(bucket.anchor, f"the policy of log bucket '{bucket.label}' is not known yet")
    elif not any(_admits_delivery(s) for document in documents for s in document.statements):
        yield fails(bucket.anchor, f"the policy of log bucket '{bucket.label}' does not admit {LOG_DELIVERY}")


def _admits_delivery(statement: Statement) -> bool:
    return (
        statement.allows and _puts(statement) and any(p.value == LOG_DELIVERY for p in statement.principals)
    )


def _account_blocked(graph: Graph) -> Iterator[Judgement]:
    blocks = graph.of(Kind.ACCOUNT_PUBLIC_ACCESS_BLOCK)
    for block in blocks:
        problems = both(*(on("one bucket's mistake is public", flag) for flag in _FLAGS))
        yield from settle(block, problems(graph, block))


def _inside(graph: Graph) -> Iterator[Judgement]:
    """Judge whether access points are bound to a VPC."""
    for point in graph.of(Kind.ACCESS_POINT):
        vpc = setting(point, "vpcConfiguration", "vpcId")
        if isinstance(vpc, Unknown) or vpc:
            yield passes(point)
        else:
            yield from given("the access point answers from the internet", "vpcConfiguration")(graph, point)


_POLICY = frozenset({Kind.BUCKET, Kind.BUCKET_POLICY})
_POINT = frozenset({Kind.ACCESS_POINT})
_ACCOUNT = frozenset({Kind.ACCOUNT_PUBLIC_ACCESS_BLOCK})

CONTROLS = (
    Control(
        id="DL-S3-20",
        name="s3-deny-wrong-key",
        title="Bucket policies refuse uploads under another algorithm or key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="The default applies to uploads that name nothing; one that names a key of its own is kept "
        "under it.",
        fix="Add a Deny of s3:PutObject with ArnNotLike (or StringNotEquals) on the header and Null "
        "false on the "
        "same header, so that uploads relying on the default still pass.",
        judge=lambda graph: each_policy(graph, _other_keys),
        kinds=_POLICY,
    ),
    Control(
        id="DL-S3-21",
        name="s3-policy-no-lockout",
        title="Bucket policies lock nobody out for good",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A Deny to everyone of changing the policy can only be lifted by the account's root user.",
        fix="Add a condition to the Deny, or leave s3:PutBucketPolicy out of it.",
        judge=lambda graph: each_policy(graph, _lock_out),
        kinds=_POLICY,
        alone=frozenset({Kind.BUCKET_POLICY}),
        anchors=("CKV_AWS_93",),
    ),
    Control(
        id="DL-S3-22",
        name="s3-policy-cross-account",
        title="Bucket policies admit no other account",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever governs the other account decides from then on who reads the bucket.",
        fix="Grant through Lake Formation, or pin aws:PrincipalOrgID or aws:PrincipalArn.",
        judge=_other_accounts,
        kinds=_POLICY,
        anchors=("S3.6",),
    ),
    Control(
        id="DL-S3-23",
        name="s3-access-point-blocks-public",
        title="Access points block public access",
        severity=Severity.HIGH,
        category=Category.NETWORK,
        why="An access point has its own policy, beside that of the bucket.",
        fix="Leave publicAccessBlockConfiguration out (all on) or set its four flags to true.",
        judge=each(_point_blocks, Kind.ACCESS_POINT),
        kinds=_POINT,
        alone=_POINT,
        anchors=("CKV_AWS_392", "S3.19"),
    ),
    Control(
        id="DL-S3-24",
        name="s3-access-point-vpc",
        title="Access points answer inside a VPC only",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="One with an internet origin can be called from anywhere with credentials that leaked.",
        fix="Set vpcConfiguration.vpcId.",
        judge=_inside,
        kinds=_POINT,
        alone=_POINT,
    ),
    Control(
        id="DL-S3-25",
        name="s3-log-bucket-receives",
        title="Log buckets can receive what is sent to them",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="S3 drops access logs silently that a bucket's policy or default retention refuses.",
        fix="Admit logging.s3.amazonaws.com to s3:PutObject, and set no default retention on the bucket.",
        judge=_log_buckets,
        kinds=_POLICY | {Kind.BUCKET_LOGGING, Kind.BUCKET_OBJECT_LOCK},
    ),
    Control(
        id="DL-S3-26",
        name="s3-account-public-access-block",
        title="The account blocks public access in all four ways",
        severity=Severity.HIGH,
        category=Category.NETWORK,
        why="The account's block holds for buckets that nobody thought of, too.",
        fix="Set the four flags of AccountPublicAccessBlock to true.",
        judge=_account_blocked,
        kinds=_ACCOUNT,
        alone=_ACCOUNT,
        anchors=("S3.1",),
    ),
)
