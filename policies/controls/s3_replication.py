"""Replication of buckets: versions on both sides, keys, and what the replica needs of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
from policies.graph.buckets import Bucket, Declaration, find_buckets, has_loose, lake_buckets
from policies.graph.keys import KeyUse, key_use
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join
from policies.graph.values import UNKNOWN, Unknown, Value, at, items

RuleJudge = Callable[[Graph, Bucket, Declaration, Value], Iterator[Judgement]]


def _each_rule(graph: Graph, judge: RuleJudge) -> Iterator[Judgement]:
    for bucket in graph.derived(find_buckets):
        for declaration in bucket.declarations(Kind.BUCKET_REPLICATION):
            yield from settle(declaration.holder, _of_rules(graph, bucket, declaration, judge))


def _of_rules(
    graph: Graph, bucket: Bucket, declaration: Declaration, judge: RuleJudge
) -> Iterator[Judgement]:
    rules = UNKNOWN if isinstance(declaration.block, Unknown) else at(declaration.block, "rules")
    if isinstance(rules, Unknown):
        yield unverified(declaration.holder, "the replication rules are not known yet")
        return
    for rule in items(rules):
        if isinstance(rule, Unknown):
            yield unverified(declaration.holder, "a replication rule is not known yet")
        elif at(rule, "status") != "Disabled":
            yield from judge(graph, bucket, declaration, rule)


def _destination(graph: Graph, declaration: Declaration, rule: Value) -> tuple[Join, Bucket | None]:
    prop = declaration.prop or "rules"
    reference = graph.follow(declaration.holder, prop, Kind.BUCKET, value=at(rule, "destination", "bucket"))
    if reference.target is None:
        return reference.join, None
    wanted = reference.target.urn
    found = (b for b in graph.derived(find_buckets) if b.resource is not None and b.resource.urn == wanted)
    return reference.join, next(found, None)


def _encrypted(graph: Graph, bucket: Bucket, declaration: Declaration, rule: Value) -> Iterator[Judgement]:
    holder = declaration.holder
    selected = at(rule, "sourceSelectionCriteria", "sseKmsEncryptedObjects", "status")
    if selected is None:
        # The old inline form has a flag instead of a status.
        enabled = at(rule, "sourceSelectionCriteria", "sseKmsEncryptedObjects", "enabled")
        selected = "Enabled" if enabled is True else enabled
    if isinstance(selected, Unknown):
        yield unverified(holder, "sseKmsEncryptedObjects is not known yet")
    elif selected != "Enabled":
        text = f"bucket '{bucket.label}' replicates no object under SSE-KMS: sseKmsEncryptedObjects is not"
        yield fails(holder, f"{text} Enabled")
    key = at(rule, "destination", "encryptionConfiguration", "replicaKmsKeyId")
    key = at(rule, "destination", "replicaKmsKeyId") if key is None else key
    use = key_use(graph, holder, declaration.prop or "rules", key)
    if use is KeyUse.UNKNOWN:
        yield unverified(holder, "replicaKmsKeyId is not known yet and leads to no key of the stack")
    elif use is not KeyUse.CUSTOMER:
        named = "is not set" if use is KeyUse.ABSENT else f"'{key}' is no customer key"
        yield fails(holder, f"the replica of bucket '{bucket.label}' has no key: replicaKmsKeyId {named}")


def _versioned(graph: Graph, bucket: Bucket, declaration: Declaration, rule: Value) -> Iterator[Judgement]:
    join, replica = _destination(graph, declaration, rule)
    if join is Join.UNKNOWN:
        yield unverified(
            declaration.holder, "the destination is not known yet and leads to no bucket of the stack"
        )
    for side in (bucket, replica):
        if side is None or side.resource is None:
            continue
        states = [at(d.block, "status") for d in side.declarations(Kind.BUCKET_VERSIONING)]
        if any(isinstance(state, Unknown) for state in states):
            yield unverified(declaration.holder, f"the versioning of bucket '{side.label}' is not known yet")
        elif "Enabled" not in states:
            text = f"bucket '{side.label}' keeps no versions, so S3 refuses to replicate '{bucket.label}'"
            yield fails(declaration.holder, text)


def _replica_lives(
    graph: Graph, bucket: Bucket, declaration: Declaration, rule: Value
) -> Iterator[Judgement]:
    del bucket
    join, replica = _destination(graph, declaration, rule)
    if join is Join.UNKNOWN:
        yield unverified(
            declaration.holder, "the destination is not known yet and leads to no bucket of the stack"
        )
    elif replica is not None and not replica.declarations(Kind.BUCKET_LIFECYCLE):
        text = f"replica '{replica.label}' has no lifecycle: expiries of the source are not replicated"
        yield fails(declaration.holder, text)


def _all_on(graph: Graph) -> Iterator[Judgement]:
    for bucket in graph.derived(find_buckets):
        for declaration in bucket.declarations(Kind.BUCKET_REPLICATION):
            yield from settle(declaration.holder, _off(bucket, declaration))


def _off(bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    rules = UNKNOWN if isinstance(declaration.block, Unknown) else at(declaration.block, "rules")
    if isinstance(rules, Unknown):
        yield unverified(declaration.holder, "the replication rules are not known yet")
        return
    if not items(rules):
        yield fails(declaration.holder, f"replicates nothing of bucket '{bucket.label}': it has no rule")
    for rule in items(rules):
        status = at(rule, "status")
        if not isinstance(status, Unknown) and status != "Enabled":
            text = f"a rule of bucket '{bucket.label}' is {status or 'not set'}, so it copies nothing"
            yield fails(declaration.holder, text)


def _watched(graph: Graph, bucket: Bucket, declaration: Declaration, rule: Value) -> Iterator[Judgement]:
    del graph
    status = at(rule, "destination", "metrics", "status")
    if isinstance(status, Unknown):
        yield unverified(declaration.holder, "the replication metrics are not known yet")
    elif status != "Enabled":
        text = f"nobody can tell how far the replica of bucket '{bucket.label}' lags: metrics are not Enabled"
        yield fails(declaration.holder, text)


def _lake_copied(graph: Graph) -> Iterator[Judgement]:
    """Judge whether the lake itself is among what a stack copies to another place."""
    buckets = graph.derived(find_buckets)
    copies = any(bucket.declarations(Kind.BUCKET_REPLICATION) for bucket in buckets)
    loose = has_loose(buckets, Kind.BUCKET_REPLICATION)
    for bucket in lake_buckets(graph):
        if bucket.declarations(Kind.BUCKET_REPLICATION):
            yield passes(bucket.anchor)
        elif loose:
            yield unverified(bucket.anchor, "is copied nowhere, unless a replication not known yet is its")
        elif copies:
            yield fails(bucket.anchor, "holds the lake and is copied nowhere, while another bucket is")
        else:
            yield not_applicable(bucket.anchor, "the stack replicates no bucket")


_KINDS = frozenset({Kind.BUCKET, Kind.BUCKET_REPLICATION})

CONTROLS = (
    Control(
        id="DL-DR-01",
        name="s3-replication-encrypted",
        title="Replication takes in objects under SSE-KMS and encrypts them under a key of the replica's",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="S3 skips encrypted objects unless told to take them, and an apply succeeds all the same.",
        fix="Set sourceSelectionCriteria.sseKmsEncryptedObjects to Enabled and "
        "destination.encryptionConfiguration.replicaKmsKeyId to a key in the replica's region.",
        judge=lambda graph: _each_rule(graph, _encrypted),
        kinds=_KINDS,
        alone=frozenset({Kind.BUCKET_REPLICATION}),
    ),
    Control(
        id="DL-DR-02",
        name="s3-replication-versioned",
        title="Both sides of a replication keep versions",
        severity=Severity.HIGH,
        category=Category.RESILIENCE,
        why="Replication copies versions: without them on either side nothing is copied.",
        fix="Declare BucketVersioning with status Enabled for the source and the replica.",
        judge=lambda graph: _each_rule(graph, _versioned),
        kinds=_KINDS | {Kind.BUCKET_VERSIONING},
    ),
    Control(
        id="DL-DR-03",
        name="s3-replica-lifecycle",
        title="Replicas have a lifecycle of their own",
        severity=Severity.MEDIUM,
        category=Category.COST,
        why="Lifecycle actions are not replicated: what expires at the source stays in the replica for ever.",
        fix="Declare BucketLifecycleConfiguration for the replica.",
        judge=lambda graph: _each_rule(graph, _replica_lives),
        kinds=_KINDS | {Kind.BUCKET_LIFECYCLE},
    ),
    Control(
        id="DL-DR-04",
        name="s3-replication-metrics",
        title="Replication measures its lag",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="Without metrics no alarm can say that the recovery point objective is missed.",
        fix="Set destination.metrics.status to Enabled.",
        judge=lambda graph: _each_rule(graph, _watched),
        kinds=_KINDS,
        alone=frozenset({Kind.BUCKET_REPLICATION}),
    ),
    Control(
        id="DL-DR-05",
        name="s3-replication-on",
        title="Every rule of a replication is on",
        severity=Severity.HIGH,
        category=Category.RESILIENCE,
        why="A rule that is off looks like a replica in the program and is none when it is needed.",
        fix="Set status to Enabled, or remove the rule.",
        judge=_all_on,
        kinds=_KINDS,
        alone=frozenset({Kind.BUCKET_REPLICATION}),
    ),
    Control(
        id="DL-DR-06",
        name="s3-lake-replicated",
        title="A stack that replicates any bucket replicates the lake",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A recovery without the lake's objects recovers names.",
        fix="Declare BucketReplicationConfig for the bucket.",
        judge=_lake_copied,
        kinds=_KINDS | {Kind.LF_LOCATION, Kind.GLUE_DATABASE},
        advisory=True,
        presence=True,
        anchors=("CKV_AWS_144", "S3.7"),
    ),
)
