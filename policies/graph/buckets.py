"""Buckets with everything that configures them, inline or beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from policies.graph.documents import Document, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.values import UNKNOWN, Unknown, Value, at, items, single

LOG_DELIVERY = "logging.s3.amazonaws.com"

# Inline spellings: provider majors before and after the sub-resources were split off, and BucketV2's lists.
_INLINE: dict[Kind, tuple[str, ...]] = {
    Kind.BUCKET_ENCRYPTION: ("serverSideEncryptionConfiguration", "serverSideEncryptionConfigurations"),
    Kind.BUCKET_VERSIONING: ("versioning", "versionings"),
    Kind.BUCKET_LOGGING: ("logging", "loggings"),
    Kind.BUCKET_POLICY: ("policy",),
    Kind.BUCKET_LIFECYCLE: ("lifecycleRules",),
    Kind.BUCKET_REPLICATION: ("replicationConfiguration", "replicationConfigurations"),
    Kind.BUCKET_WEBSITE: ("website", "websites"),
    Kind.BUCKET_ACL: ("acl", "grants"),
    Kind.BUCKET_OBJECT_LOCK: ("objectLockConfiguration",),
}
# Rules stay a list: one rule is not the whole of them.
_LISTS = (Kind.BUCKET_LIFECYCLE, Kind.BUCKET_ACL)
_SIDECARS = (
    *_INLINE,
    Kind.BUCKET_PUBLIC_ACCESS_BLOCK,
    Kind.BUCKET_OWNERSHIP,
    Kind.BUCKET_NOTIFICATION,
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One place that sets a property of a bucket: the resource to repair, the property, its block."""

    holder: Resource
    prop: str
    block: Value


@dataclass(frozen=True)
class Bucket:
    """A bucket of the stack (or one that only its sub-resources name) and what is declared for it."""

    resource: Resource | None
    sidecars: Mapping[Kind, tuple[Resource, ...]]
    is_log_target: bool = False

    @property
    def anchor(self) -> Resource:
        """The resource that findings about something missing are filed under."""
        if self.resource is not None:
            return self.resource
        return next(members[0] for members in self.sidecars.values() if members)

    @property
    def name(self) -> Value:
        """The bucket's own name: a string, `Unknown` when AWS or the engine has yet to choose it."""
        if self.resource is None:
            return self.anchor.at("bucket")
        name = self.resource.at("bucket")
        return UNKNOWN if name is None else name

    @property
    def label(self) -> str:
        """How messages call the bucket."""
        return self.name if isinstance(self.name, str) else self.anchor.name

    def declarations(self, kind: Kind) -> tuple[Declaration, ...]:
        """Every place that sets a property of the bucket; each must be right, for the last writer wins.

        A value that the provider computed into the bucket is no declaration: it may show the state
        from before the sub-resource was applied.
        """
        found = [Declaration(holder, *_main_block(kind, holder)) for holder in self.sidecars.get(kind, ())]
        if self.resource is not None:
            for prop in _INLINE.get(kind, ()):
                value = self.resource.props.get(prop)
                counts = self.resource.authored(prop) if found else self.resource.declares(prop)
                if _is_set(value) and counts:
                    found.append(Declaration(self.resource, prop, _inline_block(kind, value)))
        return tuple(found)

    @cached_property
    def policies(self) -> tuple[tuple[Declaration, Document], ...]:
        """The bucket policies declared, parsed."""
        return tuple((d, parse(d.block)) for d in self.declarations(Kind.BUCKET_POLICY))


def _is_set(value: Value) -> bool:
    return value is not None and value not in ([], {}, "")


def _main_block(kind: Kind, holder: Resource) -> tuple[str, Value]:
    prop = {
        Kind.BUCKET_ENCRYPTION: "rules",
        Kind.BUCKET_VERSIONING: "versioningConfiguration",
        Kind.BUCKET_OWNERSHIP: "rule",
        Kind.BUCKET_POLICY: "policy",
        Kind.BUCKET_LIFECYCLE: "rules",
    }.get(kind)
    return (prop, holder.props.get(prop)) if prop is not None else ("", dict(holder.props))


def _inline_block(kind: Kind, value: Value) -> Value:
    if isinstance(value, Unknown):
        return value
    if kind is Kind.BUCKET_ENCRYPTION:
        rule = at(value, "rule")
        return rule if rule is not None else at(value, "rules")
    if kind in _LISTS:
        return value
    if kind is Kind.BUCKET_VERSIONING:
        enabled = at(value, "enabled")
        if isinstance(enabled, Unknown):
            return {"status": enabled}
        return {"status": "Enabled" if enabled is True else "Suspended"}
    return single(value)


def find_buckets(graph: Graph) -> tuple[Bucket, ...]:
    """Return the stack's buckets with their sub-resources, then those known by sub-resources only."""
    members: dict[str, defaultdict[Kind, list[Resource]]] = {
        bucket.urn: defaultdict(list) for bucket in graph.of(Kind.BUCKET)
    }
    strangers: dict[str, defaultdict[Kind, list[Resource]]] = {}
    for kind in _SIDECARS:
        for sidecar in graph.of(kind):
            reference = graph.follow(sidecar, "bucket", Kind.BUCKET)
            if reference.target is not None:
                members[reference.target.urn][kind].append(sidecar)
            else:
                literal = sidecar.at("bucket")
                key = literal if isinstance(literal, str) else sidecar.urn
                strangers.setdefault(key, defaultdict(list))[kind].append(sidecar)
    targets = _log_targets(graph)
    own = (
        _bucket(graph.by_urn[urn], found, graph.by_urn[urn].urn in targets) for urn, found in members.items()
    )
    return (*own, *(_bucket(None, found, key in targets) for key, found in strangers.items()))


def has_loose(buckets: tuple[Bucket, ...], kind: Kind) -> bool:
    """Whether a sub-resource of a kind belongs to a bucket that cannot be told yet."""
    return any(b.resource is None and isinstance(b.name, Unknown) and kind in b.sidecars for b in buckets)


def _bucket(resource: Resource | None, sidecars: Mapping[Kind, list[Resource]], is_target: bool) -> Bucket:
    bucket = Bucket(resource, {kind: tuple(found) for kind, found in sidecars.items()}, is_target)
    if is_target or not any(_admits_log_delivery(document) for _, document in bucket.policies):
        return bucket
    return Bucket(bucket.resource, bucket.sidecars, is_log_target=True)


def _admits_log_delivery(document: Document) -> bool:
    return any(
        statement.allows and any(principal.value == LOG_DELIVERY for principal in statement.principals)
        for statement in document.statements
    )


def _log_targets(graph: Graph) -> frozenset[str]:
    """URNs of the stack's buckets (names, for others) that receive server access logs."""
    found: set[str] = set()
    for source in graph.of(Kind.BUCKET, Kind.BUCKET_LOGGING):
        inline = source.kind is Kind.BUCKET
        for prop in _INLINE[Kind.BUCKET_LOGGING] if inline else ("targetBucket",):
            for block in items(source.props.get(prop)):
                target = at(block, "targetBucket") if inline else block
                reference = graph.follow(source, prop, Kind.BUCKET, value=target)
                if reference.join is Join.FOUND and reference.target is not None:
                    found.add(reference.target.urn)
                elif isinstance(target, str):
                    found.add(target)
    return frozenset(found)


def lake_buckets(graph: Graph) -> list[Bucket]:
    """Return the stack's buckets that a registered location or a database lies in."""
    uris = [str(r.at("arn")).rpartition(":::")[2] for r in graph.of(Kind.LF_LOCATION)]
    uris += [str(r.at("locationUri")).partition("://")[2] for r in graph.of(Kind.GLUE_DATABASE)]
    names = {uri.partition("/")[0] for uri in uris}
    found = (b for b in graph.derived(find_buckets) if b.resource is not None)
    return [b for b in found if isinstance(b.name, str) and b.name in names]
