"""Buckets and their settings, each of which the provider keeps as a resource of its own (Amazon S3)."""

from typing import Any

from local.provider.row import Call, Name, Row
from local.provider.scope import Scope
from local.provider.tagging import Tagging

_KEYS = {"Bucket": "{bucket}", "ExpectedBucketOwner": "{expectedBucketOwner}"}
_TAGS = Tagging(
    set=Call("PutBucketTagging"),
    member="Tagging.TagSet",
    read=Call("GetBucketTagging"),
    at="TagSet",
    inline="",
    clear=Call("DeleteBucketTagging"),
)
# What S3 removes with one request.
_BATCH = 1000


def _create_bucket(scope: Scope) -> Any:
    request: dict[str, Any] = {"Bucket": scope.inputs["bucket"]}
    if scope.region != "us-east-1":
        request["CreateBucketConfiguration"] = {"LocationConstraint": scope.region}
    if scope.inputs.get("objectLockEnabled"):
        request["ObjectLockEnabledForBucket"] = True
    return scope.send("CreateBucket", **request)


def _delete_bucket(scope: Scope) -> None:
    """Delete a bucket, with everything in it (every version and delete marker) when `forceDestroy` is set."""
    if scope.state.get("forceDestroy"):
        empty(scope, str(scope.id))
    scope.send("DeleteBucket", Bucket=scope.id)


def empty(scope: Scope, bucket: str, key: str | None = None) -> None:
    """Remove all versions and delete markers of a bucket, or of one object in it."""
    listing = scope.pages("ListObjectVersions", Bucket=bucket, Prefix=key or "")
    doomed = [
        {"Key": version["Key"], "VersionId": version["VersionId"]}
        for version in (*listing.get("Versions", []), *listing.get("DeleteMarkers", []))
        if key is None or version["Key"] == key
    ]
    for start in range(0, len(doomed), _BATCH):
        batch = {"Objects": doomed[start : start + _BATCH], "Quiet": True}
        scope.send("DeleteObjects", Bucket=bucket, Delete=batch)


_DESTINATIONS = {
    "queues": "queueConfigurations",
    "topics": "topicConfigurations",
    "lambdaFunctions": "lambdaFunctionConfigurations",
}


def _notification(properties: dict[str, Any]) -> dict[str, Any]:
    """Write prefix and suffix as the filter rules S3 wants, and the EventBridge flag as a structure."""
    request: dict[str, Any] = {name: properties[name] for name in ("bucket",) if name in properties}
    if properties.get("eventbridge"):
        request["eventBridgeConfiguration"] = {}
    for name, target in _DESTINATIONS.items():
        request[target] = [_destination(item) for item in properties.get(name) or []]
    return request


def _destination(item: dict[str, Any]) -> dict[str, Any]:
    filters = (("prefix", item.get("filterPrefix")), ("suffix", item.get("filterSuffix")))
    rules = [{"name": name, "value": value} for name, value in filters if value]
    plain = {k: v for k, v in item.items() if k not in ("filterPrefix", "filterSuffix")}
    return {**plain, "filter": {"key": {"filterRules": rules}}} if rules else plain


def _setting(token: str, operation: str, *, body: str, at: str | None = None, **more: Any) -> Row:
    """Return the row of one setting of a bucket: put, get and, unless told otherwise, delete."""
    put = Call(f"Put{operation}", body=body)
    row: dict[str, Any] = {
        "keys": _KEYS,
        "create": put,
        "update": put,
        "read": Call(f"Get{operation}", at=body if at is None else at),
        "delete": Call(f"Delete{operation}"),
        "replace": ("bucket", "expectedBucketOwner"),
        **more,
    }
    row["kept"] = ("bucket", "expectedBucketOwner", *row.get("kept", ()))
    return Row(token=f"aws:s3/{token[0].lower()}{token[1:]}:{token}", service="s3", id="{bucket}", **row)


_FILTER_RULES = "Filter.Key.FilterRules[Name={}].Value"

ROWS = (
    Row(
        token="aws:s3/bucket:Bucket",
        service="s3",
        id="{bucket}",
        keys={"Bucket": "{bucket}"},
        name=Name("bucket", limit=63, lower=True),
        create=_create_bucket,
        read=Call("HeadBucket", take={"bucketRegion": "BucketRegion"}),
        delete=_delete_bucket,
        tags=_TAGS,
        replace=("bucket", "objectLockEnabled"),
        custom=("objectLockEnabled",),
        kept=("bucket", "forceDestroy", "objectLockEnabled"),
        defaults={"forceDestroy": False},
        outputs={
            "arn": "arn:{partition}:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.{dnsSuffix}",
            "bucketRegion": "{region}",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.{dnsSuffix}",
        },
    ),
    _setting(
        "BucketVersioning",
        "BucketVersioning",
        body="",
        read=Call("GetBucketVersioning", take={"versioningConfiguration": ""}),
        # Versioning once on can only be suspended.
        delete=Call("PutBucketVersioning", {"VersioningConfiguration.Status": "Suspended"}),
        kept=("mfa",),
    ),
    _setting(
        "BucketServerSideEncryptionConfiguration",
        "BucketEncryption",
        body="ServerSideEncryptionConfiguration",
    ),
    _setting(
        "BucketPublicAccessBlock",
        "PublicAccessBlock",
        body="PublicAccessBlockConfiguration",
        kept=("skipDestroy",),
    ),
    _setting(
        "BucketOwnershipControls",
        "BucketOwnershipControls",
        body="OwnershipControls",
        rename={"rule": "Rules"},
    ),
    _setting("BucketPolicy", "BucketPolicy", body=""),
    _setting(
        "BucketLifecycleConfiguration",
        "BucketLifecycleConfiguration",
        body="LifecycleConfiguration",
        at="",
        delete=Call("DeleteBucketLifecycle"),
        unordered=("rules.transitions", "rules.noncurrentVersionTransitions"),
        kept=("timeouts",),
    ),
    _setting(
        "BucketLogging",
        "BucketLogging",
        body="BucketLoggingStatus.LoggingEnabled",
        at="LoggingEnabled",
        delete=Call("PutBucketLogging", {"BucketLoggingStatus": {}}),
    ),
    _setting(
        "BucketNotification",
        "BucketNotificationConfiguration",
        body="NotificationConfiguration",
        at="",
        delete=Call("PutBucketNotificationConfiguration", {"NotificationConfiguration": {}}),
        encode=_notification,
        custom=("eventbridge", *_DESTINATIONS),
        rename={
            "eventbridge": "EventBridgeConfiguration",
            "queues": "QueueConfigurations",
            "topics": "TopicConfigurations",
            "lambdaFunctions": "LambdaFunctionConfigurations",
            **{
                f"{name}.filter{kind.title()}": _FILTER_RULES.format(kind)
                for name in _DESTINATIONS
                for kind in ("prefix", "suffix")
            },
        },
    ),
)
