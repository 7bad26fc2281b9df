"""The scheduled backup of the catalog to the replica region, and alarms on how old recovery points are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi import ComponentResource, FileAsset, Input, ResourceOptions
from pulumi_aws import cloudwatch, glue, s3, scheduler

from components.artifacts import package, script
from components.glue_pipeline import GLUE_VERSION
from components.names import Names, Store
from components.recovery_policies import BACKUP, BACKUP_CLOCK, clock_policy, clock_trust
from components.service_role import service_role
from components.settings import Settings
from components.tagging import tags
from etl.catalog import Zone

TIMEOUT_MINUTES, LATE_MINUTES = 60, 30
RUNS_IN_AN_RPO = 4
_HOUR = 3600


@dataclass(frozen=True)
class CatalogBackupArgs:
    """What the job needs first: its role, the pipeline's package and security configuration, the catalog."""

    settings: Settings
    names: Names
    root: Path
    data_key_arn: Input[str]
    logs_key_arn: Input[str]
    after: Sequence[pulumi.Resource]


class CatalogBackup(ComponentResource):
    """A Glue job that exports databases, tables, partitions, grants and tags, four times in an RPO.

    Locations are rewritten to the replica's bucket, so that a restored catalog reads the replica.
    """

    def __init__(self, name: str, args: CatalogBackupArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:recovery:CatalogBackup", name, None, opts)
        self._args, self._tags = args, tags(args.settings, "disaster-recovery")
        job = self._job(name)
        self._clock(name, job)
        self._alarms(name)
        self.register_outputs({"job": args.names.shared(BACKUP)})

    def _job(self, name: str) -> glue.Job:
        args, names = self._args, self._args.names
        groups = [
            cloudwatch.LogGroup(
                f"{name}-{group.rpartition('/')[2]}-log-group",
                name=group,
                kms_key_id=args.logs_key_arn,
                retention_in_days=args.settings.retention.job_log_days,
                tags=self._tags,
                opts=ResourceOptions(parent=self),
            )
            for group in names.job_log_groups(BACKUP)
        ]
        source = script(args.root, "catalog_backup.py")
        shipped = s3.BucketObjectv2(
            f"{name}-script",
            bucket=names.bucket(Store.ARTIFACTS),
            key=source.key,
            source=FileAsset(str(source.path)),
            content_type="text/x-python",
            server_side_encryption="aws:kms",
            kms_key_id=args.data_key_arn,
            bucket_key_enabled=True,
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        return glue.Job(
            f"{name}-job",
            name=names.shared(BACKUP),
            description="Backs the catalog up to the replica region",
            role_arn=names.role_arn(BACKUP),
            glue_version=GLUE_VERSION,
            command=glue.JobCommandArgs(
                name="glueetl", python_version="3", script_location=names.uri(Store.ARTIFACTS, source.key)
            ),
            default_arguments=self._arguments(),
            worker_type="G.1X",
            number_of_workers=2,
            timeout=TIMEOUT_MINUTES,
            max_retries=1,
            execution_class="STANDARD",
            execution_property=glue.JobExecutionPropertyArgs(max_concurrent_runs=1),
            notification_property=glue.JobNotificationPropertyArgs(notify_delay_after=LATE_MINUTES),
            security_configuration=names.security_configuration,
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[shipped, *groups, *args.after]),
        )

    def _arguments(self) -> dict[str, str]:
        args, names = self._args, self._args.names
        return {
            "--databases": ",".join(names.database(zone) for zone in Zone),
            "--source_bucket": names.bucket(Store.DATA),
            "--replica_bucket": names.replica.bucket(Store.DATA),
            "--replica_region": names.replica.region,
            "--backup_bucket": names.replica.bucket(Store.ARTIFACTS),
            "--backup_prefix": names.catalog_backup_prefix,
            "--cluster": names.cluster,
            "--metric_namespace": names.run_metric_namespace,
            "--stack": names.stack,
            "--job-language": "python",
            "--extra-py-files": names.uri(Store.ARTIFACTS, package(args.root).key),
            "--TempDir": names.uri(Store.ARTIFACTS, names.temporary_prefix(BACKUP)),
            "--job-bookmark-option": "job-bookmark-disable",
            "--enable-metrics": "true",
            "--enable-continuous-cloudwatch-log": "true",
        }

    def _clock(self, name: str, job: glue.Job) -> None:
        names, hours = self._args.names, self._args.settings.disaster_recovery.rpo_hours
        role = service_role(
            f"{name}-clock",
            names,
            BACKUP_CLOCK,
            purpose="Lets the clock start the catalog's backup",
            trust=clock_trust(names),
            grant="start-backup",
            policy=clock_policy(names),
            tags=self._tags,
            parent=self,
        )
        minutes = hours * 60 // RUNS_IN_AN_RPO
        scheduler.Schedule(
            f"{name}-schedule",
            name=f"{names.prefix}-{BACKUP}",
            description=f"Backs the catalog up {RUNS_IN_AN_RPO} times in the RPO of {hours} hours",
            schedule_expression=f"rate({minutes} minutes)",
            kms_key_arn=self._args.data_key_arn,
            flexible_time_window=scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            target=scheduler.ScheduleTargetArgs(
                arn=f"arn:{names.partition}:scheduler:::aws-sdk:glue:startJobRun",
                role_arn=names.role_arn(BACKUP_CLOCK),
                input=json.dumps({"JobName": names.shared(BACKUP)}),
                retry_policy=scheduler.ScheduleTargetRetryPolicyArgs(
                    maximum_event_age_in_seconds=_HOUR, maximum_retry_attempts=3
                ),
            ),
            state="ENABLED",
            opts=ResourceOptions(parent=self, depends_on=[job, *role]),
        )

    def _alarms(self, name: str) -> None:
        """Warn when the RPO passed without a backup, or with a copied snapshot older than that."""
        hours = self._args.settings.disaster_recovery.rpo_hours
        self._alarm(
            f"{name}-age-alarm",
            "catalog-backup-missing",
            f"No backup of the catalog for {hours} hours, the RPO",
            metric_name="CatalogBackups",
            statistic="Sum",
            comparison_operator="LessThanThreshold",
            threshold=1,
            period=_HOUR,
            evaluation_periods=hours,
            datapoints_to_alarm=hours,
        )
        self._alarm(
            f"{name}-snapshot-alarm",
            "warehouse-snapshot-old",
            f"The replica region has no snapshot of the warehouse younger than {hours} hours, the RPO",
            metric_name="WarehouseSnapshotAge",
            statistic="Minimum",
            comparison_operator="GreaterThanThreshold",
            threshold=hours,
            # Long enough for two runs of the job that measures; CloudWatch takes no more than a day.
            period=min(86_400, 2 * _HOUR * hours // RUNS_IN_AN_RPO),
            evaluation_periods=1,
        )

    def _alarm(self, name: str, subject: str, description: str, **what: Any) -> None:
        """Alarm on a metric of the job; where it published nothing, that is the trouble."""
        names = self._args.names
        cloudwatch.MetricAlarm(
            name,
            name=names.alarm(subject),
            alarm_description=description,
            namespace=names.run_metric_namespace,
            dimensions={"Stack": names.stack},
            treat_missing_data="breaching",
            alarm_actions=[names.alert_topic_arn],
            ok_actions=[names.alert_topic_arn],
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=list(self._args.after)),
            **what,
        )
