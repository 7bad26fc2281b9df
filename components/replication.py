"""Replication to the other region as data and documents: which prefixes, under which role."""

from dataclasses import dataclass

from components.iam import Document, allow, assumed_by, document
from components.names import KeyPurpose, Names, Store

REPLICATION_ROLE = "replication"


@dataclass(frozen=True)
class ReplicationRule:
    """One rule of a bucket: what starts with `prefix` is copied; its metrics carry the id."""

    id: str
    store: Store
    prefix: str


RULES = (
    ReplicationRule("data", Store.DATA, ""),
    ReplicationRule("jobs", Store.ARTIFACTS, "jobs/"),
    ReplicationRule("packages", Store.ARTIFACTS, "packages/"),
)
"""Everything but what jobs leave behind for a while; lifecycle rules run in each region by themselves."""


def replication_trust(names: Names) -> Document:
    """Trust S3, on behalf of the replicated buckets only."""
    buckets = sorted({names.bucket_arn(rule.store) for rule in RULES})
    return document(
        assumed_by(
            "s3",
            {
                "StringEquals": {"aws:SourceAccount": names.account},
                "ArnEquals": {"aws:SourceArn": buckets},
            },
        )
    )


def replication_policy(names: Names, *, deletions: bool) -> Document:
    """Read versions here, write them there, decrypt with the one key and encrypt with the other.

    With bucket keys the encryption context is the bucket.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """
    stores = sorted({rule.store for rule in RULES})
    away = names.replica
    replicate = ["s3:ReplicateObject", "s3:ReplicateTags"] + (["s3:ReplicateDelete"] if deletions else [])
    return document(
        allow(
            "ReadConfiguration",
            ["s3:GetReplicationConfiguration", "s3:ListBucket"],
            [names.bucket_arn(store) for store in stores],
        ),
        allow(
            "ReadVersions",
            ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"],
            [names.objects_arn(rule.store, rule.prefix) for rule in RULES],
        ),
        allow("WriteReplicas", replicate, [away.objects_arn(rule.store, rule.prefix) for rule in RULES]),
        allow(
            "DecryptSource",
            ["kms:Decrypt"],
            [names.arn("kms", "key/*")],
            {
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": [names.key_alias(KeyPurpose.DATA)]},
                "StringEquals": {"kms:ViaService": names.via("s3")},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": _contexts(names)},
            },
        ),
        allow(
            "EncryptReplicas",
            ["kms:Encrypt"],
            [away.arn("kms", "key/*")],
            {
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": [names.key_alias(KeyPurpose.REPLICA)]},
                "StringEquals": {"kms:ViaService": away.via("s3")},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": _contexts(away)},
            },
        ),
    )


def _contexts(names: Names) -> list[str]:
    """Return the buckets, and their objects for what was written without a bucket key."""
    stores = sorted({rule.store for rule in RULES})
    return [arn for store in stores for arn in (names.bucket_arn(store), names.objects_arn(store))]
