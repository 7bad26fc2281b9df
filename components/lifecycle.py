"""How long objects live and when they move to cheaper storage: one lifecycle a bucket, a rule a prefix.

Expiring an object of a versioned bucket only hides it, so each rule also ends the hidden versions, the
markers that hide them, and unfinished uploads.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html
"""

from pulumi_aws import s3

from components.names import Names, Store
from components.setting_groups import Retention, Tier
from components.settings import Settings

Rule = s3.BucketLifecycleConfigurationRuleArgs


def lifecycle_rules(settings: Settings, names: Names, store: Store) -> list[Rule]:
    """Build the rules of a bucket."""
    keep = settings.retention
    if store is Store.DATA:
        tiers = settings.tiering
        return [
            *_expire("raw", "raw/", keep, keep.raw_days, keep.raw_noncurrent_days),
            *_keep("processed", "processed/", keep, tiers.processed),
            *_keep("curated", "curated/", keep, tiers.curated),
        ]
    if store is Store.RESULTS:
        return [
            rule
            for group in settings.workgroups.by_name()
            for rule in _expire(group, names.result_prefix(group), keep, keep.query_results_days, 1)
        ]
    if store is Store.AUDIT:
        return _expire("trail", names.trail_prefix, keep, settings.audit.trail_days, keep.noncurrent_days)
    if store is Store.LOGS:
        return [
            *_expire("access-logs", names.access_log_root, keep, keep.access_log_days, 1),
            *_expire("inventories", names.inventory_prefix, keep, keep.inventory_days, 1),
        ]
    backups = settings.disaster_recovery.catalog_backup_days
    kept = [] if names.at_home else _expire("catalog-backups", names.catalog_backup_prefix, keep, backups, 1)
    return [
        *kept,
        *_expire("temporary", "temporary/", keep, 7, 1),
        *_keep("jobs", "jobs/", keep, Tier(infrequent_access_days=0, glacier_instant_days=0)),
        *_keep("packages", "packages/", keep, Tier(infrequent_access_days=0, glacier_instant_days=0)),
    ]


def _expire(name: str, prefix: str, keep: Retention, days: int, noncurrent_days: int) -> list[Rule]:
    expiration = s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days)
    return [
        _rule(name, prefix, keep, noncurrent_days, expiration=expiration),
        _drop_markers(name, prefix),
    ]


def _keep(name: str, prefix: str, keep: Retention, tier: Tier) -> list[Rule]:
    steps = {"STANDARD_IA": tier.infrequent_access_days, "GLACIER_IR": tier.glacier_instant_days}
    transitions = [
        s3.BucketLifecycleConfigurationRuleTransitionArgs(days=days, storage_class=storage_class)
        for storage_class, days in steps.items()
        if days
    ]
    return [
        _rule(name, prefix, keep, keep.noncurrent_days, transitions=transitions or None),
        _drop_markers(name, prefix),
    ]


def _rule(
    name: str,
    prefix: str,
    keep: Retention,
    noncurrent_days: int,
    *,
    expiration: s3.BucketLifecycleConfigurationRuleExpirationArgs | None = None,
    transitions: list[s3.BucketLifecycleConfigurationRuleTransitionArgs] | None = None,
) -> Rule:
    return Rule(
        id=name,
        status="Enabled",
        filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        expiration=expiration,
        transitions=transitions,
        noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=noncurrent_days
        ),
        abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=keep.incomplete_upload_days
        ),
    )


def _drop_markers(name: str, prefix: str) -> Rule:
    """Drop delete markers that hide nothing any more; S3 takes this in a rule of its own only."""
    return Rule(
        id=f"{name}-markers",
        status="Enabled",
        filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
    )
