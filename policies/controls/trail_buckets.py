"""Buckets of trails: closed, and written to by that trail only."""

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
from policies.graph.buckets import Bucket, find_buckets
from policies.graph.documents import Statement
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.values import at

_SERVICE = "cloudtrail.amazonaws.com"
_TRAIL = frozenset({Kind.TRAIL})
_TRAIL_BUCKET = _TRAIL | {Kind.BUCKET, Kind.BUCKET_POLICY, Kind.BUCKET_PUBLIC_ACCESS_BLOCK}


def _trail_bucket(graph: Graph, trail: Resource) -> tuple[Join, Bucket | None]:
    reference = graph.follow(trail, "s3BucketName", Kind.BUCKET)
    if reference.target is None:
        return reference.join, None
    urn = reference.target.urn
    found = (b for b in graph.derived(find_buckets) if b.resource is not None and b.resource.urn == urn)
    return reference.join, next(found, None)


def _bucket_private(graph: Graph) -> Iterator[Judgement]:
    for trail in graph.of(Kind.TRAIL):
        join, bucket = _trail_bucket(graph, trail)
        if join is Join.UNKNOWN:
            yield unverified(trail, "s3BucketName is not known yet and leads to no bucket of the stack")
        elif bucket is None:
            yield not_applicable(trail, "its bucket is not in this stack")
        else:
            blocks = bucket.declarations(Kind.BUCKET_PUBLIC_ACCESS_BLOCK)
            flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
            if not blocks:
                yield fails(trail, f"writes into bucket '{bucket.label}', which has no public access block")
            elif any(
                at(b.block, flag) is False or at(b.block, flag) is None for b in blocks for flag in flags
            ):
                yield fails(trail, f"writes into bucket '{bucket.label}', which can be made public")
            else:
                yield passes(trail)


def _bucket_pinned(graph: Graph) -> Iterator[Judgement]:
    for trail in graph.of(Kind.TRAIL):
        join, bucket = _trail_bucket(graph, trail)
        if join is Join.UNKNOWN:
            yield unverified(trail, "s3BucketName is not known yet and leads to no bucket of the stack")
        elif bucket is None:
            yield not_applicable(trail, "its bucket is not in this stack")
        else:
            yield from settle(trail, _pin_problems(trail, bucket))


def _pin_problems(trail: Resource, bucket: Bucket) -> Iterator[Judgement]:
    documents = [document for _, document in bucket.policies]
    own = [s for d in documents for s in d.statements if s.allows and _admits_trail(s)]
    if any(d.has_unknown for d in documents):
        yield unverified(trail, f"the policy of bucket '{bucket.label}' is not known yet")
    elif not own:
        text = f"cannot write: the policy of bucket '{bucket.label}' does not admit {_SERVICE}"
        yield fails(trail, text)
    name = trail.at("name")
    for statement in own:
        pins = [v for c in statement.conditions if c.key == "aws:sourcearn" for v in c.values]
        if not pins:
            text = f"{statement.label} of bucket '{bucket.label}' lets any trail write: no aws:SourceArn"
            yield fails(trail, text)
        elif isinstance(name, str) and not any(str(v).endswith((f":trail/{name}", ":trail/*")) for v in pins):
            yield fails(
                trail, f"{statement.label} of bucket '{bucket.label}' admits another trail than {name}"
            )


def _admits_trail(statement: Statement) -> bool:
    return any(p.value == _SERVICE for p in statement.principals)


CONTROLS = (
    Control(
        id="DL-TRAIL-07",
        name="trail-bucket-private",
        title="Buckets of trails block public access",
        severity=Severity.CRITICAL,
        category=Category.AUDIT,
        why="A public trail tells everybody how the account is built and who works when.",
        fix="Declare BucketPublicAccessBlock with all four flags true for the trail's bucket.",
        judge=_bucket_private,
        kinds=_TRAIL_BUCKET,
        anchors=("CloudTrail.6",),
    ),
    Control(
        id="DL-TRAIL-08",
        name="trail-bucket-confused-deputy",
        title="Buckets of trails take files of that trail only",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="CloudTrail writes for all its customers: a stranger's trail could write false records here.",
        fix='Add "StringEquals": {"aws:SourceArn": "<arn of the trail>"} to both statements of cloudtrail.',
        judge=_bucket_pinned,
        kinds=_TRAIL_BUCKET,
    ),
)
