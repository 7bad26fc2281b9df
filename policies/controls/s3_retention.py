"""What becomes of objects: lifecycle, access logs, and destroys."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    unverified,
)
from policies.controls.s3 import each_declaration
from policies.controls.settings import each, setting
from policies.graph.buckets import Bucket, Declaration
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown, Value, at, is_true, items


def is_enabled(rule: Value) -> bool:
    """Whether a lifecycle rule is on."""
    status = at(rule, "status")
    return is_true(at(rule, "enabled")) if status is None else status == "Enabled"


def is_whole_bucket(rule: Value) -> bool:
    """Whether a rule speaks of every object: no prefix, no tag, no size."""
    narrow = at(rule, "filter")
    if isinstance(narrow, dict):
        return all(value in (None, "", {}) for value in narrow.values())
    return narrow is None and not at(rule, "prefix") and not at(rule, "tags")


def _prefix(rule: Value) -> str:
    prefix = at(rule, "filter", "prefix")
    prefix = at(rule, "filter", "and", "prefix") if prefix is None else prefix
    prefix = at(rule, "prefix") if prefix is None else prefix
    return prefix if isinstance(prefix, str) else ""


def _has_rules(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    del graph
    rules = items(declaration.block)
    if not any(isinstance(rule, Unknown) or is_enabled(rule) for rule in rules):
        yield fails(declaration.holder, f"the lifecycle of bucket '{bucket.label}' has no enabled rule")


def _aborts(rule: Value) -> Value:
    days = at(rule, "abortIncompleteMultipartUpload", "daysAfterInitiation")
    return at(rule, "abortIncompleteMultipartUploadDays") if days is None else days


def _ends_versions(rule: Value) -> Value:
    for block, name in (
        ("noncurrentVersionExpiration", "noncurrentDays"),
        ("noncurrentVersionExpiration", "days"),
        ("noncurrentVersionTransitions", "noncurrentDays"),
    ):
        days = at(rule, block, name)
        if days is not None:
            return days
    return None


def _each_prefix(graph: Graph, bucket: Bucket, declaration: Declaration, part: str) -> Iterator[Judgement]:
    """Want a part in a rule of the whole bucket, or in one of each prefix that any rule speaks of."""
    del graph
    rules = items(declaration.block)
    if any(isinstance(rule, Unknown) for rule in rules):
        yield unverified(declaration.holder, "a lifecycle rule is not known yet")
        return
    days = _aborts if part == "abort" else _ends_versions
    enabled = [rule for rule in rules if is_enabled(rule)]
    if any(is_whole_bucket(rule) and _positive(days(rule)) for rule in enabled):
        return
    prefixes = {_prefix(rule) for rule in enabled}
    done = {_prefix(rule) for rule in enabled if _positive(days(rule))}
    bare = sorted(p for p in prefixes if not any(p.startswith(d) for d in done))
    wish = "aborts unfinished uploads" if part == "abort" else "ends noncurrent versions"
    if bare or not enabled:
        where = ", ".join(f"'{prefix}'" for prefix in bare) or "any prefix"
        yield fails(declaration.holder, f"no enabled rule of bucket '{bucket.label}' {wish} under {where}")


def _positive(days: Value) -> bool:
    return isinstance(days, Unknown) or (isinstance(days, int | float) and days > 0)


def _aborts_uploads(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    yield from _each_prefix(graph, bucket, declaration, "abort")


def _ends_noncurrent(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    yield from _each_prefix(graph, bucket, declaration, "versions")


def _logged(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    target = at(declaration.block, "targetBucket")
    if isinstance(target, Unknown):
        prop = declaration.prop or "targetBucket"
        if not graph.dependencies_of(declaration.holder, prop, Kind.BUCKET):
            yield unverified(
                declaration.holder, "targetBucket is not known yet and leads to no bucket of the stack"
            )
    elif not target:
        yield fails(declaration.holder, f"the logging of bucket '{bucket.label}' names no targetBucket")
    elif target == bucket.name:
        text = f"bucket '{bucket.label}' logs into itself: each log delivered makes another"
        yield fails(declaration.holder, text)


def _kept(graph: Graph, bucket: Resource) -> Iterator[Judgement]:
    value = setting(bucket, "forceDestroy")
    if graph.is_temporary:
        return
    if isinstance(value, Unknown):
        yield unverified(bucket, "forceDestroy is not known yet")
    elif is_true(value):
        text = f"forceDestroy is true in stack '{graph.stack}': one destroy deletes every object and version"
        yield fails(bucket, text)


_LIFECYCLE = frozenset({Kind.BUCKET, Kind.BUCKET_LIFECYCLE})
_BUCKET = frozenset({Kind.BUCKET})


CONTROLS = (
    Control(
        id="DL-S3-11",
        name="s3-access-logging",
        title="Buckets log access into another bucket",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="Without access logs nobody can say who read which object.",
        fix="Declare BucketLogging with targetBucket set to the log bucket.",
        judge=lambda graph: each_declaration(
            graph, Kind.BUCKET_LOGGING, "logs no access", _logged, logs=False
        ),
        kinds=_BUCKET | {Kind.BUCKET_LOGGING},
        anchors=("CKV_AWS_18", "AwsSolutions-S1", "S3.9"),
    ),
    Control(
        id="DL-S3-12",
        name="s3-lifecycle",
        title="Buckets have a lifecycle",
        severity=Severity.LOW,
        category=Category.COST,
        why="Without one, data is kept for ever, past what it is needed and what the law lets it be kept.",
        fix="Declare BucketLifecycleConfiguration with an enabled rule.",
        judge=lambda graph: each_declaration(graph, Kind.BUCKET_LIFECYCLE, "has no lifecycle", _has_rules),
        kinds=_LIFECYCLE,
        alone=frozenset({Kind.BUCKET_LIFECYCLE}),
        anchors=("CKV2_AWS_61", "S3.13"),
    ),
    Control(
        id="DL-S3-13",
        name="s3-abort-multipart",
        title="Lifecycles end unfinished uploads",
        severity=Severity.LOW,
        category=Category.COST,
        why="Parts of uploads that failed are billed, invisible, until somebody aborts them.",
        fix="Set abortIncompleteMultipartUpload.daysAfterInitiation in a rule of each prefix.",
        judge=lambda graph: each_declaration(graph, Kind.BUCKET_LIFECYCLE, None, _aborts_uploads),
        kinds=_LIFECYCLE,
        alone=frozenset({Kind.BUCKET_LIFECYCLE}),
        anchors=("CKV_AWS_300",),
    ),
    Control(
        id="DL-S3-14",
        name="s3-noncurrent-expiry",
        title="Lifecycles end noncurrent versions",
        severity=Severity.LOW,
        category=Category.COST,
        why="In a versioned bucket an expiry only hides the object: its versions stay, and are billed.",
        fix="Set noncurrentVersionExpiration.noncurrentDays in a rule of each prefix.",
        judge=lambda graph: each_declaration(graph, Kind.BUCKET_LIFECYCLE, None, _ends_noncurrent),
        kinds=_LIFECYCLE,
        alone=frozenset({Kind.BUCKET_LIFECYCLE}),
    ),
    Control(
        id="DL-S3-15",
        name="s3-no-force-destroy",
        title="Buckets of lasting stacks are not emptied by a destroy",
        severity=Severity.HIGH,
        category=Category.RESILIENCE,
        why="forceDestroy turns one mistaken destroy into the loss of every object and every version.",
        fix="Set forceDestroy to false outside the stacks dev, local, test and sandbox.",
        judge=each(_kept, Kind.BUCKET),
        kinds=_BUCKET,
        alone=_BUCKET,
    ),
)
