"""A bucket of the lake with everything a bucket needs to be private, encrypted, logged and finite."""

import json
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import s3

from components.bucket_policies import bucket_policy
from components.iam import Document
from components.lifecycle import lifecycle_rules
from components.names import Names, Store
from components.settings import Settings
from components.tagging import tags

LOGGED = (Store.DATA, Store.RESULTS, Store.ARTIFACTS, Store.AUDIT)
"""The buckets whose access logs the log bucket takes; not its own, which would log itself for ever."""
REPLICATED = (Store.DATA, Store.ARTIFACTS)
"""The buckets that the replica region has too; results of queries can be had again."""
INVENTORY_FIELDS = (
    "Size",
    "LastModifiedDate",
    "StorageClass",
    "ETag",
    "IsMultipartUploaded",
    "ReplicationStatus",
    "EncryptionStatus",
    "BucketKeyStatus",
    "ChecksumAlgorithm",
)


@dataclass(frozen=True)
class DataLakeBucketArgs:
    """What a bucket is: its kind, its key (none for LOGS: delivery takes SSE-S3 only), where its logs go.

    The names say the region; `component` is whose costs the bucket counts to.
    """

    settings: Settings
    names: Names
    store: Store
    key_arn: Input[str] | None = None
    log_bucket: "DataLakeBucket | None" = None
    component: str = "storage"


class DataLakeBucket(ComponentResource):
    """A versioned, encrypted, private bucket with TLS 1.2 or newer, a lifecycle and access logs.

    The data bucket is also listed every day, and at home measures its requests and sends its object events
    to EventBridge.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """

    def __init__(self, name: str, args: DataLakeBucketArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:storage:DataLakeBucket", name, None, opts)
        settings, names, store = args.settings, args.names, args.store
        self.bucket_name, region = names.bucket(store), names.region_argument
        self.bucket = s3.Bucket(
            f"{name}-bucket",
            bucket=self.bucket_name,
            force_destroy=settings.force_destroy,
            tags=tags(settings, args.component),
            region=region,
            opts=ResourceOptions(parent=self, protect=settings.protect),
        )
        child = ResourceOptions(parent=self, depends_on=[self.bucket])
        versioning = s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.bucket_name,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            region=region,
            opts=child,
        )
        access_block = s3.BucketPublicAccessBlock(
            f"{name}-public-access-block",
            bucket=self.bucket_name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            region=region,
            opts=child,
        )
        ownership = s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=self.bucket_name,
            rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            region=region,
            opts=child,
        )
        encryption = s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=self.bucket_name,
            rules=[_encryption(args.key_arn)],
            region=region,
            opts=child,
        )
        # S3 refuses two changes of a bucket's access settings at once, hence the order.
        policy = s3.BucketPolicy(
            f"{name}-policy",
            bucket=self.bucket_name,
            policy=json.dumps(_policy(names, store)),
            region=region,
            opts=ResourceOptions(parent=self, depends_on=[access_block, ownership]),
        )
        lifecycle = s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.bucket_name,
            rules=lifecycle_rules(settings, names, store),
            region=region,
            opts=ResourceOptions(parent=self, depends_on=[versioning]),
        )
        parts: list[pulumi.Resource] = [versioning, encryption, policy, lifecycle]
        if args.log_bucket is not None:
            parts.append(self._log_access(name, args, args.log_bucket))
            if store is Store.DATA:
                self._list_objects(name, args, args.log_bucket)
        if store is Store.DATA and names.at_home:
            notification = s3.BucketNotification(
                f"{name}-notification", bucket=self.bucket_name, eventbridge=True, opts=child
            )
            parts.append(notification)
            s3.BucketMetric(f"{name}-requests", bucket=self.bucket_name, name="EntireBucket", opts=child)
        self.ready = parts
        self.register_outputs({"bucket_name": self.bucket_name})

    def _log_access(self, name: str, args: DataLakeBucketArgs, target: "DataLakeBucket") -> s3.BucketLogging:
        return s3.BucketLogging(
            f"{name}-logging",
            bucket=self.bucket_name,
            target_bucket=target.bucket_name,
            target_prefix=args.names.access_log_prefix(args.store),
            region=args.names.region_argument,
            opts=ResourceOptions(parent=self, depends_on=[self.bucket, *target.ready]),
        )

    def _list_objects(self, name: str, args: DataLakeBucketArgs, target: "DataLakeBucket") -> None:
        """List every object once a day, with what proves its encryption and replication."""
        names = args.names
        s3.Inventory(
            f"{name}-inventory",
            bucket=self.bucket_name,
            name="all-objects",
            included_object_versions="Current",
            schedule=s3.InventoryScheduleArgs(frequency="Daily"),
            optional_fields=list(INVENTORY_FIELDS),
            destination=s3.InventoryDestinationArgs(
                bucket=s3.InventoryDestinationBucketArgs(
                    bucket_arn=names.bucket_arn(Store.LOGS),
                    account_id=names.account,
                    prefix=names.inventory_prefix.rstrip("/"),
                    format="Parquet",
                )
            ),
            region=names.region_argument,
            opts=ResourceOptions(parent=self, depends_on=[self.bucket, *target.ready]),
        )


def _policy(names: Names, store: Store) -> Document:
    if store is not Store.LOGS:
        return bucket_policy(names, store)
    return bucket_policy(names, store, LOGGED if names.at_home else REPLICATED, (Store.DATA,))


def _encryption(key_arn: Input[str] | None) -> s3.BucketServerSideEncryptionConfigurationRuleArgs:
    default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs
    if key_arn is None:
        return s3.BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=default(sse_algorithm="AES256")
        )
    return s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=default(sse_algorithm="aws:kms", kms_master_key_id=key_arn),
        bucket_key_enabled=True,
    )
