"""What S3 reports and copies of a bucket: inventories, request metrics, replication (Amazon S3)."""

from typing import Any

from local.provider.errors import ProviderError
from local.provider.row import Call, Name, Row
from local.provider.scope import Scope

_CONFIGURATION = {"Bucket": "{bucket}", "Id": "{name}"}


def _filter(properties: dict[str, Any]) -> dict[str, Any]:
    """Write a filter of one condition bare, of several as their conjunction."""
    given = properties.get("filter")
    if not given:
        return properties
    parts = {name: value for name, value in given.items() if value}
    tags = parts.get("tags") or {}
    if len(parts) == 1 and len(tags) == 1:
        key, value = next(iter(tags.items()))
        return {**properties, "filter": {"tag": {"key": key, "value": value}}}
    return {**properties, "filter": {"and": parts} if tags or len(parts) > 1 else parts}


_METRIC = Call("GetBucketMetricsConfiguration", at="MetricsConfiguration")


def _read_metric(scope: Scope) -> dict[str, Any] | None:
    """Read a metric, whose filter AWS gives back as a condition or as a conjunction."""
    try:
        answer = scope.run(_METRIC)
    except ProviderError as error:
        if scope.is_gone(error):
            return None
        raise
    scope.held = answer["MetricsConfiguration"]
    wanted = scope.held.get("Filter", {})
    parts = wanted.get("And", wanted)
    tags = parts.get("Tags") or ([parts["Tag"]] if "Tag" in parts else [])
    told = {
        "prefix": parts.get("Prefix"),
        "accessPoint": parts.get("AccessPointArn"),
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
    }
    return {
        "bucket": scope.lookup("bucket"),
        "name": scope.held["Id"],
        "filter": {name: value for name, value in told.items() if value},
    }


ROWS = (
    Row(
        token="aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        service="s3",
        id="{bucket}",
        keys={"Bucket": "{bucket}"},
        create=Call("PutBucketReplication", body="ReplicationConfiguration"),
        read=Call("GetBucketReplication", at="ReplicationConfiguration"),
        update=Call("PutBucketReplication", body="ReplicationConfiguration"),
        delete=Call("DeleteBucketReplication"),
        replace=("bucket",),
        kept=("bucket", "token"),
    ),
    Row(
        token="aws:s3/inventory:Inventory",
        service="s3",
        id="{bucket}:{name}",
        keys=_CONFIGURATION,
        name=Name(limit=64),
        create=Call(
            "PutBucketInventoryConfiguration",
            {"InventoryConfiguration.Id": "{name}"},
            body="InventoryConfiguration",
        ),
        read=Call("GetBucketInventoryConfiguration", at="InventoryConfiguration"),
        update=Call(
            "PutBucketInventoryConfiguration",
            {"InventoryConfiguration.Id": "{name}"},
            body="InventoryConfiguration",
        ),
        delete=Call("DeleteBucketInventoryConfiguration"),
        replace=("bucket", "name"),
        kept=("bucket",),
        rename={
            "enabled": "IsEnabled",
            "destination.bucket": "S3BucketDestination",
            "destination.bucket.bucketArn": "Bucket",
        },
        defaults={"enabled": True},
        unordered=("optionalFields",),
    ),
    Row(
        token="aws:s3/bucketMetric:BucketMetric",
        service="s3",
        id="{bucket}:{name}",
        keys=_CONFIGURATION,
        name=Name(limit=64),
        create=Call(
            "PutBucketMetricsConfiguration",
            {"MetricsConfiguration.Id": "{name}"},
            body="MetricsConfiguration",
        ),
        read=_read_metric,
        update=Call(
            "PutBucketMetricsConfiguration",
            {"MetricsConfiguration.Id": "{name}"},
            body="MetricsConfiguration",
        ),
        delete=Call("DeleteBucketMetricsConfiguration"),
        replace=("bucket", "name"),
        kept=("bucket",),
        encode=_filter,
        rename={"filter.accessPoint": "AccessPointArn"},
    ),
    Row(
        token="aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        service="s3control",
        id="{accountId}",
        keys={"AccountId": "{accountId}"},
        create=Call("PutPublicAccessBlock", body="PublicAccessBlockConfiguration"),
        read=Call("GetPublicAccessBlock", at="PublicAccessBlockConfiguration"),
        update=Call("PutPublicAccessBlock", body="PublicAccessBlockConfiguration"),
        delete=Call("DeletePublicAccessBlock"),
        replace=("accountId",),
        outputs={"accountId": "{account}"},
    ),
)
