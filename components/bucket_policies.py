"""Bucket policies by kind of bucket, as pure functions of names."""

from collections.abc import Sequence
from typing import Any

from components.iam import Document, Statement, document
from components.names import Names, Store


def bucket_policy(
    names: Names, store: Store, logged: Sequence[Store] = (), listed: Sequence[Store] = ()
) -> Document:
    """Build a bucket's policy; the LOGS one takes the access logs of `logged`, inventories of `listed`."""
    deliveries = [_take_access_logs(names, source) for source in logged]
    deliveries += [_take_inventories(names, source) for source in listed]
    if store is Store.AUDIT:
        deliveries += _take_trail(names)
    denials = [_deny_plain_http(names, store), _deny_old_tls(names, store)]
    if store is not Store.LOGS:
        denials += [
            _deny_other_encryption(names, store),
            _deny_foreign_keys(names, store),
            _deny_customer_keys(names, store),
        ]
    return document(*deliveries, *denials)


def _take_access_logs(names: Names, source: Store) -> Statement:
    """Let S3's log delivery write, for one of our buckets into that bucket's prefix.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    return {
        "Sid": f"TakesAccessLogsOf{source.title()}",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": names.objects_arn(Store.LOGS, names.access_log_prefix(source)),
        "Condition": {
            "ArnEquals": {"aws:SourceArn": names.bucket_arn(source)},
            "StringEquals": {"aws:SourceAccount": names.account},
        },
    }


def _take_trail(names: Names) -> list[Statement]:
    """Let CloudTrail write the platform's trail, and nothing else, into its prefix.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    trail, service = {"aws:SourceArn": names.trail_arn}, {"Service": "cloudtrail.amazonaws.com"}
    return [
        {
            "Sid": "FindsBucketForTrail",
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:GetBucketAcl"],
            "Resource": names.bucket_arn(Store.AUDIT),
            "Condition": {"StringEquals": trail},
        },
        {
            "Sid": "TakesTrail",
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:PutObject"],
            "Resource": names.objects_arn(Store.AUDIT, f"{names.trail_prefix}AWSLogs/{names.account}/"),
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **trail}},
        },
    ]


def _take_inventories(names: Names, source: Store) -> Statement:
    """Let S3 deliver the inventories of one of our buckets.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html
    """
    return {
        "Sid": f"TakesInventoriesOf{source.title()}",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": names.objects_arn(Store.LOGS, names.inventory_prefix),
        "Condition": {
            "ArnEquals": {"aws:SourceArn": names.bucket_arn(source)},
            "StringEquals": {"aws:SourceAccount": names.account},
        },
    }


def _deny(sid: str, action: str, resources: list[str], conditions: dict[str, dict[str, Any]]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": [action],
        "Resource": resources,
        "Condition": conditions,
    }


def _everything(names: Names, store: Store) -> list[str]:
    return [names.bucket_arn(store), names.objects_arn(store)]


def _deny_plain_http(names: Names, store: Store) -> Statement:
    return _deny(
        "DenyPlainHttp", "s3:*", _everything(names, store), {"Bool": {"aws:SecureTransport": "false"}}
    )


def _deny_old_tls(names: Names, store: Store) -> Statement:
    return _deny(
        "DenyTlsBelow12", "s3:*", _everything(names, store), {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
    )


def _deny_other_encryption(names: Names, store: Store) -> Statement:
    """Refuse a named algorithm other than KMS; without the header the bucket's default applies later."""
    header = "s3:x-amz-server-side-encryption"
    return _deny(
        "DenyOtherEncryption",
        "s3:PutObject",
        [names.objects_arn(store)],
        {"StringNotEquals": {header: "aws:kms"}, "Null": {header: "false"}},
    )


def _deny_foreign_keys(names: Names, store: Store) -> Statement:
    """Refuse a named key of another account or region; roles name which of ours they may use."""
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    return _deny(
        "DenyForeignKeys",
        "s3:PutObject",
        [names.objects_arn(store)],
        {"ArnNotLike": {header: names.arn("kms", "key/*")}, "Null": {header: "false"}},
    )


def _deny_customer_keys(names: Names, store: Store) -> Statement:
    """Refuse keys that the client brings (SSE-C): nobody else could read the object."""
    header = "s3:x-amz-server-side-encryption-customer-algorithm"
    return _deny("DenyClientKeys", "s3:PutObject", [names.objects_arn(store)], {"Null": {header: "false"}})
