"""What would publish objects, write them in clear, or silence their events."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    passes,
    settle,
    unverified,
)
from policies.controls.settings import each, setting
from policies.graph.buckets import Bucket, find_buckets
from policies.graph.keys import KeyUse, key_use
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown, Value, at

_PUBLIC_ACLS = ("public-read", "public-read-write", "website", "authenticated-read")
_EVERYBODY = ("AllUsers", "AuthenticatedUsers")
_BUCKET = frozenset({Kind.BUCKET})


def _no_website(graph: Graph) -> Iterator[Judgement]:
    for bucket in graph.derived(find_buckets):
        sites = [d for d in bucket.declarations(Kind.BUCKET_WEBSITE) if d.block not in (None, {}, [])]
        for site in sites:
            yield fails(site.holder, f"bucket '{bucket.label}' is served as a web site, over plain HTTP")
        if not sites:
            yield passes(bucket.anchor)


def _acls(graph: Graph) -> Iterator[Judgement]:
    for bucket in graph.derived(find_buckets):
        yield from settle(bucket.anchor, _acl_problems(bucket))


def _acl_problems(bucket: Bucket) -> Iterator[Judgement]:
    for declaration in bucket.declarations(Kind.BUCKET_ACL):
        block = declaration.block
        canned = at(block, "acl") if isinstance(block, dict) else block
        if isinstance(canned, Unknown):
            yield unverified(declaration.holder, "the ACL is not known yet")
        elif isinstance(canned, str) and canned in _PUBLIC_ACLS:
            yield fails(declaration.holder, f"bucket '{bucket.label}' has the ACL {canned}")
        uris = list(_grantees(block))
        if any(isinstance(uri, Unknown) for uri in uris):
            yield unverified(declaration.holder, "a grantee of the ACL is not known yet")
        for uri in (uri for uri in uris if isinstance(uri, str) and uri.rpartition("/")[2] in _EVERYBODY):
            group = uri.rpartition("/")[2]
            yield fails(declaration.holder, f"bucket '{bucket.label}' grants the group {group} by ACL")


def _grantees(value: Value) -> Iterator[Value]:
    if isinstance(value, list):
        for item in value:
            yield from _grantees(item)
    elif isinstance(value, dict):
        if "uri" in value:
            yield value["uri"]
        for inner in value.values():
            yield from _grantees(inner)


def _one_notification(graph: Graph) -> Iterator[Judgement]:
    for bucket in graph.derived(find_buckets):
        found = sorted(bucket.sidecars.get(Kind.BUCKET_NOTIFICATION, ()), key=lambda r: r.urn)
        for extra in found[1:]:
            text = (
                f"bucket '{bucket.label}' has {len(found)} BucketNotifications: the last to run erases others"
            )
            yield fails(extra, text)
        for first in found[:1]:
            yield passes(first)


def _object_encrypted(graph: Graph, item: Resource) -> Iterator[Judgement]:
    algorithm, key = setting(item, "serverSideEncryption"), setting(item, "kmsKeyId")
    if isinstance(algorithm, Unknown):
        yield unverified(item, "serverSideEncryption is not known yet")
    elif algorithm not in (None, "aws:kms", "aws:kms:dsse"):
        yield fails(item, f"is written with {algorithm}, past the bucket's own default of SSE-KMS")
    elif key is not None and key_use(graph, item, "kmsKeyId", key) in (KeyUse.AWS_MANAGED, KeyUse.NOT_A_KEY):
        yield fails(item, f"kmsKeyId '{key}' is no customer key")


CONTROLS = (
    Control(
        id="DL-S3-16",
        name="s3-no-website",
        title="No bucket is a web site",
        severity=Severity.HIGH,
        category=Category.NETWORK,
        why="The web site endpoint of S3 knows neither TLS nor identities.",
        fix="Remove the web site configuration.",
        judge=_no_website,
        kinds=_BUCKET | {Kind.BUCKET_WEBSITE},
        alone=_BUCKET | {Kind.BUCKET_WEBSITE},
        anchors=("AwsSolutions-S5",),
    ),
    Control(
        id="DL-S3-17",
        name="s3-no-public-acl",
        title="No ACL grants everybody",
        severity=Severity.CRITICAL,
        category=Category.NETWORK,
        why="An ACL for AllUsers or AuthenticatedUsers is a public bucket the day its access block "
        "is lifted.",
        fix="Remove the ACL and grant by the bucket's policy.",
        judge=_acls,
        kinds=_BUCKET | {Kind.BUCKET_ACL},
        alone=_BUCKET | {Kind.BUCKET_ACL},
        anchors=("CKV_AWS_20", "CKV_AWS_57", "CKV2_AWS_43", "S3.2", "S3.3"),
    ),
    Control(
        id="DL-S3-18",
        name="s3-one-notification",
        title="A bucket's notifications are declared in one place",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="S3 keeps one notification document a bucket: a second one erases the first, and events stop.",
        fix="Merge them into one BucketNotification.",
        judge=_one_notification,
        kinds=frozenset({Kind.BUCKET_NOTIFICATION}),
    ),
    Control(
        id="DL-S3-19",
        name="s3-object-encryption",
        title="Objects that the program uploads do not undercut the bucket's encryption",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="An algorithm given with the object wins over the bucket's default.",
        fix="Leave serverSideEncryption out, or set it to aws:kms with kmsKeyId.",
        judge=each(_object_encrypted, Kind.BUCKET_OBJECT),
        kinds=frozenset({Kind.BUCKET_OBJECT}),
        alone=frozenset({Kind.BUCKET_OBJECT}),
    ),
)
