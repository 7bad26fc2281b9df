"""The copy in another region: its key and buckets, replication into them, copied snapshots, and alarms."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import kms, redshift, s3

from components.data_lake_bucket import REPLICATED, DataLakeBucket, DataLakeBucketArgs
from components.iam import glue_trust
from components.key_policies import key_policy
from components.names import KeyPurpose, Names, Store
from components.recovery_policies import BACKUP, backup_policy
from components.replication import (
    REPLICATION_ROLE,
    RULES,
    ReplicationRule,
    replication_policy,
    replication_trust,
)
from components.replication_alarms import ReplicationAlarms, ReplicationAlarmsArgs
from components.service_role import service_role
from components.settings import Settings
from components.tagging import tags
from etl.catalog import Zone

COMPONENT = "disaster-recovery"
RTC_MINUTES = 15
"""What replication time control promises; AWS takes no other number."""


@dataclass(frozen=True)
class DRReplicaArgs:
    """What is copied: the buckets by store with all their parts, and the warehouse's cluster."""

    settings: Settings
    names: Names
    sources: Mapping[Store, DataLakeBucket]
    cluster: redshift.Cluster


class DRReplica(ComponentResource):
    """Buckets in the replica region that follow the lake's, and the warehouse's snapshots beside them.

    The replica region has its own key, its own access logs and its own lifecycle: lifecycle actions are never
    replicated. https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
    """

    def __init__(self, name: str, args: DRReplicaArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:recovery:DRReplica", name, None, opts)
        self._args, self._tags = args, tags(args.settings, COMPONENT)
        self.key_arn: Output[str] = self._key(name).arn
        self.buckets = self._buckets(name)
        role = self._replication_role(name)
        self.ready: list[pulumi.Resource] = [self._replication(name, store, role) for store in REPLICATED]
        self._snapshots(name)
        self.backup_role = self._backup_role(name)
        self.alarms = ReplicationAlarms(
            f"{name}-alarms",
            ReplicationAlarmsArgs(args.settings, args.names, self.key_arn, self.ready),
            ResourceOptions(parent=self),
        )
        self.register_outputs({"key_arn": self.key_arn, "region": args.names.replica.region})

    def _key(self, name: str) -> kms.Key:
        """Make the region's own key; S3 treats even a multi-Region key as one of a single region."""
        settings, away = self._args.settings, self._args.names.replica
        key = kms.Key(
            f"{name}-key",
            description="Replica of the energy data lake and of its warehouse's snapshots",
            policy=json.dumps(key_policy(away, KeyPurpose.REPLICA)),
            key_usage="ENCRYPT_DECRYPT",
            is_enabled=True,
            enable_key_rotation=True,
            deletion_window_in_days=settings.key_deletion_days,
            tags=self._tags,
            region=away.region,
            opts=ResourceOptions(parent=self, protect=settings.protect),
        )
        kms.Alias(
            f"{name}-alias",
            name=away.key_alias(KeyPurpose.REPLICA),
            target_key_id=key.key_id,
            region=away.region,
            opts=ResourceOptions(parent=self),
        )
        return key

    def _buckets(self, name: str) -> dict[Store, DataLakeBucket]:
        settings, away = self._args.settings, self._args.names.replica
        logs = DataLakeBucket(
            f"{name}-logs",
            DataLakeBucketArgs(settings, away, Store.LOGS, component=COMPONENT),
            ResourceOptions(parent=self),
        )
        return {
            store: DataLakeBucket(
                f"{name}-{store}",
                DataLakeBucketArgs(settings, away, store, self.key_arn, log_bucket=logs, component=COMPONENT),
                ResourceOptions(parent=self),
            )
            for store in REPLICATED
        }

    def _replication_role(self, name: str) -> list[pulumi.Resource]:
        names, recovery = self._args.names, self._args.settings.disaster_recovery
        return service_role(
            f"{name}-replication",
            names,
            REPLICATION_ROLE,
            purpose="Lets S3 copy the lake to the replica region",
            trust=replication_trust(names),
            grant=REPLICATION_ROLE,
            policy=replication_policy(names, deletions=recovery.replicate_deletions),
            tags=self._tags,
            parent=self,
        )

    def _backup_role(self, name: str) -> list[pulumi.Resource]:
        """Make the role of the catalog's backup here: Lake Formation has to know it before the catalog is."""
        names = self._args.names
        databases = [names.database(zone) for zone in Zone]
        return service_role(
            f"{name}-backup",
            names,
            BACKUP,
            purpose="Reads the catalog and its grants and writes their backups in the replica region",
            trust=glue_trust(names),
            grant=BACKUP,
            policy=backup_policy(names, databases),
            tags=self._tags,
            parent=self,
        )

    def _replication(
        self, name: str, store: Store, role: Sequence[pulumi.Resource]
    ) -> s3.BucketReplicationConfig:
        """Replicate a bucket once both sides keep versions, which its parts say."""
        names = self._args.names
        rules = [rule for rule in RULES if rule.store is store]
        return s3.BucketReplicationConfig(
            f"{name}-{store}-replication",
            bucket=names.bucket(store),
            role=names.role_arn(REPLICATION_ROLE),
            rules=[self._rule(rule, priority) for priority, rule in enumerate(rules, start=1)],
            opts=ResourceOptions(
                parent=self,
                depends_on=[*role, *self._args.sources[store].ready, *self.buckets[store].ready],
            ),
        )

    def _rule(self, rule: ReplicationRule, priority: int) -> s3.BucketReplicationConfigRuleArgs:
        recovery, away = self._args.settings.disaster_recovery, self._args.names.replica
        on_time, destination = (
            recovery.replication_time_control,
            s3.BucketReplicationConfigRuleDestinationArgs,
        )
        kms_objects = s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs
        minutes = RTC_MINUTES
        return s3.BucketReplicationConfigRuleArgs(
            id=rule.id,
            priority=priority,
            status="Enabled",
            filter=s3.BucketReplicationConfigRuleFilterArgs(prefix=rule.prefix),
            delete_marker_replication=s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs(
                status="Enabled" if recovery.replicate_deletions else "Disabled"
            ),
            source_selection_criteria=s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(
                sse_kms_encrypted_objects=kms_objects(status="Enabled")
            ),
            destination=destination(
                bucket=away.bucket_arn(rule.store),
                storage_class="STANDARD",
                encryption_configuration=s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs(
                    replica_kms_key_id=self.key_arn
                ),
                metrics=s3.BucketReplicationConfigRuleDestinationMetricsArgs(
                    status="Enabled",
                    event_threshold=s3.BucketReplicationConfigRuleDestinationMetricsEventThresholdArgs(
                        minutes=minutes
                    )
                    if on_time
                    else None,
                ),
                replication_time=s3.BucketReplicationConfigRuleDestinationReplicationTimeArgs(
                    status="Enabled",
                    time=s3.BucketReplicationConfigRuleDestinationReplicationTimeTimeArgs(minutes=minutes),
                )
                if on_time
                else None,
            ),
        )

    def _snapshots(self, name: str) -> None:
        """Copy the warehouse's snapshots; the grant lives where the copies do, for a key of there.

        https://docs.aws.amazon.com/redshift/latest/mgmt/xregioncopy-kms-encrypted-snapshot.html
        """
        names, away = self._args.names, self._args.names.replica
        grant = redshift.SnapshotCopyGrant(
            f"{name}-snapshot-grant",
            snapshot_copy_grant_name=names.cluster,
            kms_key_id=self.key_arn,
            tags=self._tags,
            region=away.region,
            opts=ResourceOptions(parent=self),
        )
        redshift.SnapshotCopy(
            f"{name}-snapshot-copy",
            cluster_identifier=names.cluster,
            destination_region=away.region,
            snapshot_copy_grant_name=names.cluster,
            retention_period=self._args.settings.disaster_recovery.snapshot_copy_days,
            manual_snapshot_retention_period=self._args.settings.disaster_recovery.snapshot_copy_days,
            opts=ResourceOptions(parent=self, depends_on=[grant, self._args.cluster]),
        )
