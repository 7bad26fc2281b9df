"""Examples of keys, buckets and their settings, objects."""

from __future__ import annotations

import json

from local.provider.values import Asset
from tests.local.provider.example_support import (
    ACCOUNT,
    BUCKET,
    KEY,
    KEY_POLICY,
    Example,
    Inputs,
)


def _tls_only(bucket: str, version: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
                    "Condition": {"NumericLessThan": {"s3:TlsVersion": version}},
                }
            ],
        }
    )


VERSIONED = {
    **BUCKET,
    "versions": (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "${bucket.bucket}", "versioningConfiguration": {"status": "Enabled"}},
    ),
    "copy": (
        "aws:s3/bucket:Bucket",
        {"bucket": "lake-example-copy", "region": "eu-central-1", "forceDestroy": True},
    ),
    "copies": (
        "aws:s3/bucketVersioning:BucketVersioning",
        {
            "bucket": "${copy.bucket}",
            "region": "eu-central-1",
            "versioningConfiguration": {"status": "Enabled"},
        },
    ),
}


def _replication(zone: str, minutes: int | None) -> Inputs:
    destination: Inputs = {
        "bucket": "${copy.arn}",
        "storageClass": "STANDARD",
        "encryptionConfiguration": {
            "replicaKmsKeyId": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
        },
    }
    if minutes:
        limit = {"minutes": minutes}
        destination["metrics"] = {"status": "Enabled", "eventThreshold": limit}
        destination["replicationTime"] = {"status": "Enabled", "time": limit}
    return {
        "id": zone,
        "status": "Enabled",
        "priority": len(zone),
        "filter": {"prefix": f"{zone}/"},
        "deleteMarkerReplication": {"status": "Enabled"},
        "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
        "destination": destination,
    }


EXAMPLES: dict[str, list[Example]] = {
    "aws:kms/key:Key": [
        Example(
            {
                "description": "lake data",
                "enableKeyRotation": True,
                "rotationPeriodInDays": 180,
                "deletionWindowInDays": 7,
                "policy": KEY_POLICY,
                "tags": {"component": "keys"},
            },
            {
                "description": "lake",
                "rotationPeriodInDays": 365,
                "isEnabled": False,
                "tags": {"owner": "data"},
            },
        )
    ],
    "aws:kms/alias:Alias": [
        Example(
            {"name": "alias/lake-data", "targetKeyId": "${key.keyId}"},
            {"targetKeyId": "${other.arn}"},
            {**KEY, "other": ("aws:kms/key:Key", {"description": "another"})},
        )
    ],
    "aws:s3/bucket:Bucket": [
        Example(
            {"bucket": "lake-data", "forceDestroy": True, "tags": {"zone": "raw", "component": "storage"}},
            {"tags": {"zone": "processed"}, "forceDestroy": False},
        ),
        Example({"bucket": "lake-replica", "region": "eu-central-1", "tags": {"a": "b"}}, {"tags": {}}),
    ],
    "aws:s3/bucketVersioning:BucketVersioning": [
        Example(
            {"bucket": "${bucket.bucket}", "versioningConfiguration": {"status": "Enabled"}},
            {"versioningConfiguration": {"status": "Suspended"}},
            BUCKET,
            remains=True,
        )
    ],
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": [
        Example(
            {
                "bucket": "${bucket.bucket}",
                "rules": [
                    {
                        "applyServerSideEncryptionByDefault": {
                            "sseAlgorithm": "aws:kms",
                            "kmsMasterKeyId": "${key.arn}",
                        },
                        "bucketKeyEnabled": True,
                    }
                ],
            },
            {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
            {**BUCKET, **KEY},
            # Every bucket of AWS is encrypted: without a configuration with its own keys.
            remains=True,
        )
    ],
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": [
        Example(
            {
                "bucket": "${bucket.bucket}",
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
            {"ignorePublicAcls": False},
            BUCKET,
        )
    ],
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": [
        Example(
            {"bucket": "${bucket.bucket}", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
            {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
            BUCKET,
        )
    ],
    "aws:s3/bucketPolicy:BucketPolicy": [
        Example(
            {"bucket": "${bucket.bucket}", "policy": _tls_only("lake-example", "1.2")},
            {"policy": _tls_only("lake-example", "1.3")},
            BUCKET,
        )
    ],
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": [
        Example(
            {
                "bucket": "${bucket.bucket}",
                "transitionDefaultMinimumObjectSize": "all_storage_classes_128K",
                "rules": [
                    {
                        "id": "raw",
                        "status": "Enabled",
                        "filter": {"prefix": "raw/"},
                        "expiration": {"days": 90},
                        "noncurrentVersionExpiration": {"noncurrentDays": 1, "newerNoncurrentVersions": 3},
                        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1},
                    },
                    {
                        "id": "curated",
                        "status": "Enabled",
                        "filter": {"and": {"prefix": "curated/", "tags": {"tier": "cold"}}},
                        "transitions": [
                            {"days": 90, "storageClass": "STANDARD_IA"},
                            {"days": 180, "storageClass": "GLACIER"},
                        ],
                    },
                ],
            },
            {"rules": [{"id": "all", "status": "Disabled", "filter": {}, "expiration": {"days": 30}}]},
            BUCKET,
        )
    ],
    "aws:s3/bucketLogging:BucketLogging": [
        Example(
            {
                "bucket": "${bucket.bucket}",
                "targetBucket": "${logs.bucket}",
                "targetPrefix": "access/",
                "targetObjectKeyFormat": {"partitionedPrefix": {"partitionDateSource": "EventTime"}},
            },
            {"targetPrefix": "s3-access/"},
            {
                **BUCKET,
                "logs": ("aws:s3/bucket:Bucket", {"bucket": "lake-example-logs", "forceDestroy": True}),
                "delivery": (
                    "aws:s3/bucketPolicy:BucketPolicy",
                    {
                        "bucket": "${logs.bucket}",
                        "policy": json.dumps(
                            {
                                "Version": "2012-10-17",
                                "Statement": [
                                    {
                                        "Effect": "Allow",
                                        "Principal": {"Service": "logging.s3.amazonaws.com"},
                                        "Action": "s3:PutObject",
                                        "Resource": "arn:aws:s3:::lake-example-logs/*",
                                    }
                                ],
                            }
                        ),
                    },
                ),
            },
        )
    ],
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": [
        Example(
            {
                "bucket": "${bucket.bucket}",
                "role": f"arn:aws:iam::{ACCOUNT}:role/replication",
                "rules": [_replication("curated", 15), _replication("raw", None)],
            },
            {"rules": [_replication("processed", 15)]},
            VERSIONED,
        )
    ],
    "aws:s3/inventory:Inventory": [
        Example(
            {
                "bucket": "${bucket.bucket}",
                "name": "weekly",
                "includedObjectVersions": "All",
                "schedule": {"frequency": "Weekly"},
                "optionalFields": ["Size", "EncryptionStatus"],
                "destination": {
                    "bucket": {
                        "accountId": ACCOUNT,
                        "bucketArn": "arn:aws:s3:::lake-logs",
                        "format": "Parquet",
                        "prefix": "inventory",
                        "encryption": {"sseS3": {}},
                    }
                },
            },
            {"enabled": False, "schedule": {"frequency": "Daily"}, "filter": {"prefix": "raw/"}},
            BUCKET,
        )
    ],
    "aws:s3/bucketMetric:BucketMetric": [
        Example({"bucket": "${bucket.bucket}", "name": "whole"}, {"filter": {"prefix": "curated/"}}, BUCKET),
        Example(
            {
                "bucket": "${bucket.bucket}",
                "name": "cold",
                "filter": {"prefix": "curated/", "tags": {"tier": "cold", "zone": "gold"}},
            },
            {"filter": {"tags": {"tier": "cold"}}},
            BUCKET,
        ),
    ],
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": [
        Example(
            {
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
            {"ignorePublicAcls": False},
        )
    ],
    "aws:s3/bucketNotification:BucketNotification": [
        Example(
            {"bucket": "${bucket.bucket}", "eventbridge": True}, {"eventbridge": False}, BUCKET, remains=True
        )
    ],
    "aws:s3/bucketObjectv2:BucketObjectv2": [
        Example(
            {
                "bucket": "${bucket.bucket}",
                "key": "jobs/job.py",
                "source": Asset(text="print('a job')"),
                "contentType": "text/x-python",
                "metadata": {"version": "1"},
                "tags": {"kind": "script"},
            },
            {
                "source": Asset(text="print('a better job')"),
                "metadata": {"version": "2"},
                "tags": {"kind": "job"},
            },
            BUCKET,
        ),
        Example(
            {
                "bucket": "${bucket.bucket}",
                "key": "packages/readme.txt",
                "content": "text",
                "serverSideEncryption": "aws:kms",
                "kmsKeyId": "${key.arn}",
                "bucketKeyEnabled": True,
            },
            {"content": "other text"},
            {**BUCKET, **KEY},
        ),
    ],
}
