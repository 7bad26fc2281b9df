"""S3 buckets: encryption, public access, ownership, versioning."""

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
from policies.graph.buckets import Bucket, Declaration, find_buckets, has_loose
from policies.graph.keys import KeyUse, key_use
from policies.graph.kinds import Kind
from policies.graph.model import Graph
from policies.graph.values import Unknown, Value, at, is_true, items

_KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")
_BLOCK_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

DeclarationJudge = Callable[[Graph, Bucket, Declaration], Iterator[Judgement]]


def each_declaration(
    graph: Graph, kind: Kind, missing: str | None, judge: DeclarationJudge, logs: bool | None = None
) -> Iterator[Judgement]:
    """Judge every place that sets a property of a bucket, and buckets that have no such place.

    Args:
        graph: The stack.
        kind: The sub-resource that sets the property.
        missing: What to say of a bucket without any; `None` where another control already says it.
        judge: Problems of one such place.
        logs: Whether to look at buckets that receive access logs only, or at others only.

    """
    buckets = graph.derived(find_buckets)
    loose = has_loose(buckets, kind)
    for bucket in buckets:
        if logs is not None and bucket.is_log_target != logs:
            role = "receives access logs" if bucket.is_log_target else "receives no access logs"
            yield not_applicable(bucket.anchor, f"bucket '{bucket.label}' {role}")
            continue
        declarations = bucket.declarations(kind)
        if not declarations and missing is None:
            yield not_applicable(bucket.anchor, "nothing declared")
        elif not declarations and bucket.resource is not None:
            text = f"bucket '{bucket.label}' {missing}"
            yield (
                unverified(
                    bucket.resource, f"{text}, unless a declaration whose bucket is not known yet is its"
                )
                if loose
                else fails(bucket.resource, text)
            )
        for declaration in declarations:
            if isinstance(declaration.block, Unknown):
                yield unverified(declaration.holder, f"{declaration.prop} is not known yet")
            else:
                yield from settle(declaration.holder, judge(graph, bucket, declaration))


def _rules(declaration: Declaration) -> Iterator[tuple[Value, Value, Value]]:
    """Algorithm, key and bucket-key flag of each default-encryption rule."""
    for rule in items(declaration.block):
        default = at(rule, "applyServerSideEncryptionByDefault")
        if default is None:
            default = at(rule, "applyServerSideEncryptionByDefaults")
        if isinstance(default, Unknown):
            yield default, default, at(rule, "bucketKeyEnabled")
        else:
            yield at(default, "sseAlgorithm"), at(default, "kmsMasterKeyId"), at(rule, "bucketKeyEnabled")


def _sse_kms(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    if not items(declaration.block):
        yield fails(declaration.holder, f"bucket '{bucket.label}' declares no default-encryption rule")
    for algorithm, key, _ in _rules(declaration):
        if isinstance(algorithm, Unknown):
            yield unverified(declaration.holder, "sseAlgorithm is not known yet")
            continue
        if algorithm not in _KMS_ALGORITHMS:
            text = f"bucket '{bucket.label}' encrypts new objects with {algorithm or 'nothing'}, not aws:kms"
            yield fails(declaration.holder, text)
            continue
        use = key_use(graph, declaration.holder, declaration.prop, key)
        if use is KeyUse.UNKNOWN:
            text = "kmsMasterKeyId is not known yet and leads to no key of the stack"
            yield unverified(declaration.holder, text)
        elif use is not KeyUse.CUSTOMER:
            named = (
                "no key, which means AWS's own aws/s3"
                if use is KeyUse.ABSENT
                else f"'{key}', no customer key"
            )
            yield fails(declaration.holder, f"bucket '{bucket.label}' uses aws:kms with {named}")


def _bucket_key(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    del graph
    for algorithm, _, bucket_key in _rules(declaration):
        if algorithm not in _KMS_ALGORITHMS and not isinstance(algorithm, Unknown):
            yield not_applicable(declaration.holder, "no SSE-KMS, so no bucket key")
        elif isinstance(bucket_key, Unknown):
            yield unverified(declaration.holder, "bucketKeyEnabled is not known yet")
        elif not is_true(bucket_key):
            text = f"bucket '{bucket.label}' calls KMS for every object: bucketKeyEnabled is not true"
            yield fails(declaration.holder, text)


def _sse_s3(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    del graph
    for algorithm, _, _ in _rules(declaration):
        if isinstance(algorithm, Unknown):
            yield unverified(declaration.holder, "sseAlgorithm is not known yet")
        elif algorithm != "AES256":
            text = f"log bucket '{bucket.label}' uses {algorithm}: access logs never reach it"
            yield fails(declaration.holder, text)


def _blocks_public(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    del graph
    flags = {name: at(declaration.block, name) for name in _BLOCK_FLAGS}
    off = [name for name, value in flags.items() if not is_true(value) and not isinstance(value, Unknown)]
    if off:
        yield fails(declaration.holder, f"bucket '{bucket.label}' leaves {', '.join(off)} off")
    for name in (name for name, value in flags.items() if isinstance(value, Unknown)):
        yield unverified(declaration.holder, f"{name} is not known yet")


def _owner_enforced(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    del graph
    ownership = at(declaration.block, "objectOwnership")
    if isinstance(ownership, Unknown):
        yield unverified(declaration.holder, "objectOwnership is not known yet")
    elif ownership != "BucketOwnerEnforced":
        text = f"bucket '{bucket.label}' has object ownership {ownership}: ACLs grant beside its policy"
        yield fails(declaration.holder, text)


def _versioned(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    del graph
    status = at(declaration.block, "status")
    if isinstance(status, Unknown):
        yield unverified(declaration.holder, "the versioning status is not known yet")
    elif status != "Enabled":
        yield fails(declaration.holder, f"bucket '{bucket.label}' has versioning {status or 'unset'}")


_ENCRYPTION = frozenset({Kind.BUCKET, Kind.BUCKET_ENCRYPTION})

CONTROLS = (
    Control(
        id="DL-S3-01",
        name="s3-sse-kms-cmk",
        title="Buckets encrypt by default with SSE-KMS under a customer key",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="A customer key has its own policy and trail; SSE-S3 and aws/s3 decrypt for whoever may read.",
        fix="Declare BucketServerSideEncryptionConfiguration with sseAlgorithm aws:kms and kmsMasterKeyId "
        "set to the ARN of a key of yours.",
        judge=lambda graph: each_declaration(
            graph, Kind.BUCKET_ENCRYPTION, "declares no default encryption", _sse_kms, logs=False
        ),
        kinds=_ENCRYPTION,
        anchors=("CKV_AWS_145", "CKV_AWS_19", "S3DefaultEncryptionKMS"),
    ),
    Control(
        id="DL-S3-02",
        name="s3-bucket-key",
        title="Buckets with SSE-KMS use an S3 bucket key",
        severity=Severity.LOW,
        category=Category.COST,
        why="Without it every object read and written is a KMS request, billed and throttled.",
        fix="Set bucketKeyEnabled to true in the bucket's encryption rule.",
        judge=lambda graph: each_declaration(graph, Kind.BUCKET_ENCRYPTION, None, _bucket_key, logs=False),
        kinds=_ENCRYPTION,
    ),
    Control(
        id="DL-S3-03",
        name="s3-log-bucket-sse-s3",
        title="Buckets that receive server access logs encrypt with SSE-S3",
        severity=Severity.HIGH,
        category=Category.AUDIT,
        why="S3 cannot deliver access logs to a bucket with SSE-KMS: the logs just never arrive.",
        fix="Set sseAlgorithm to AES256 on the log bucket; protect it by its policy instead of by a key.",
        judge=lambda graph: each_declaration(
            graph, Kind.BUCKET_ENCRYPTION, "declares no default encryption", _sse_s3, logs=True
        ),
        kinds=_ENCRYPTION | {Kind.BUCKET_LOGGING},
    ),
    Control(
        id="DL-S3-04",
        name="s3-public-access-block",
        title="Buckets block public access in all four ways",
        severity=Severity.CRITICAL,
        category=Category.NETWORK,
        why="One public ACL or policy publishes the lake; the block refuses both whatever else is granted.",
        fix="Declare BucketPublicAccessBlock with " + ", ".join(_BLOCK_FLAGS) + " all true.",
        judge=lambda graph: each_declaration(
            graph, Kind.BUCKET_PUBLIC_ACCESS_BLOCK, "has no public access block", _blocks_public
        ),
        kinds=frozenset({Kind.BUCKET, Kind.BUCKET_PUBLIC_ACCESS_BLOCK}),
        alone=frozenset({Kind.BUCKET_PUBLIC_ACCESS_BLOCK}),
        anchors=(
            "CKV2_AWS_6",
            "CKV_AWS_53",
            "CKV_AWS_54",
            "CKV_AWS_55",
            "CKV_AWS_56",
            "AwsSolutions-S2",
            "S3.8",
        ),
    ),
    Control(
        id="DL-S3-05",
        name="s3-owner-enforced",
        title="Buckets have ACLs switched off (BucketOwnerEnforced)",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="With ACLs, whoever uploads an object owns it and may share it past the bucket's policy.",
        fix="Declare BucketOwnershipControls with objectOwnership BucketOwnerEnforced.",
        judge=lambda graph: each_declaration(
            graph, Kind.BUCKET_OWNERSHIP, "has no ownership controls", _owner_enforced
        ),
        kinds=frozenset({Kind.BUCKET, Kind.BUCKET_OWNERSHIP}),
        alone=frozenset({Kind.BUCKET_OWNERSHIP}),
        anchors=("CKV2_AWS_65", "S3.12"),
    ),
    Control(
        id="DL-S3-06",
        name="s3-versioning",
        title="Buckets keep versions",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="Without versions an overwrite or a delete is final, and nothing can be replicated.",
        fix="Declare BucketVersioning with status Enabled.",
        judge=lambda graph: each_declaration(
            graph, Kind.BUCKET_VERSIONING, "does not declare versioning", _versioned
        ),
        kinds=frozenset({Kind.BUCKET, Kind.BUCKET_VERSIONING}),
        alone=frozenset({Kind.BUCKET_VERSIONING}),
        anchors=("CKV_AWS_21", "S3BucketVersioningEnabled"),
    ),
)
