"""What backing up the catalog takes: the documents of its job and of the clock that starts it."""

from collections.abc import Sequence

from components.iam import (
    Document,
    allow,
    assumed_by,
    document,
    list_bucket,
    put_metrics,
    read_objects,
    use_catalog_key,
    use_key,
    write_logs,
    write_objects,
)
from components.names import KeyPurpose, Names, Store

BACKUP = "catalog-backup"
BACKUP_CLOCK = "catalog-backup-clock"


def backup_policy(names: Names, databases: Sequence[str]) -> Document:
    """Read the catalog with its grants and the snapshots' ages; write backups in the replica region only."""
    away = names.replica
    temporary = [names.temporary_prefix(BACKUP)]
    catalog = [arn for database in databases for arn in names.catalog_arns(database, ("*",))]
    replica_key = use_key(away, KeyPurpose.REPLICA, ["s3"], write=True)
    return document(
        allow(
            "ReadCatalog",
            ["glue:GetDatabase", "glue:GetPartitions", "glue:GetTables"],
            sorted(set(catalog)),
        ),
        allow(
            "ReadGovernance",
            [
                "lakeformation:GetResourceLFTags",
                "lakeformation:ListDataCellsFilter",
                "lakeformation:ListLFTags",
                "lakeformation:ListPermissions",
                "lakeformation:ListResources",
            ],
            ["*"],
        ),
        use_catalog_key(names),
        write_objects(away, Store.ARTIFACTS, [names.catalog_backup_prefix]),
        replica_key,
        allow("SeeCluster", ["redshift:DescribeClusters"], [names.cluster_arn]),
        allow("SeeSnapshots", ["redshift:DescribeClusterSnapshots"], [away.cluster_arn]),
        *list_bucket(names, Store.ARTIFACTS, ["jobs/", "packages/", *temporary]),
        read_objects(names, Store.ARTIFACTS, ["jobs/", "packages/", *temporary]),
        write_objects(names, Store.ARTIFACTS, temporary),
        use_key(names, KeyPurpose.DATA, ["s3"], write=True),
        *write_logs(names, names.job_log_groups(BACKUP)),
        allow("ReadEncryptionSettings", ["glue:GetSecurityConfiguration"], ["*"]),
        put_metrics(names),
    )


def clock_trust(names: Names) -> Document:
    """Trust EventBridge Scheduler, for schedules of this account's default group.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    return document(
        assumed_by(
            "scheduler",
            {
                "StringEquals": {"aws:SourceAccount": names.account},
                "ArnEquals": {"aws:SourceArn": names.arn("scheduler", "schedule-group/default")},
            },
        )
    )


def clock_policy(names: Names) -> Document:
    """Start this one job; the clock decrypts what it starts it with.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html
    """
    return document(
        allow("StartBackup", ["glue:StartJobRun"], [names.arn("glue", f"job/{names.shared(BACKUP)}")]),
        use_key(names, KeyPurpose.DATA, ["scheduler"], write=False),
    )
