"""The pipeline on Glue: encrypted crawlers and jobs, what they run and who they are, and their workflow."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi import ComponentResource, FileAsset, Input, ResourceOptions
from pulumi_aws import cloudwatch, glue, s3

from components.artifacts import Artifact, glue_modules, package, script, warehouse_model
from components.governed_database import GovernedDatabase
from components.job_arguments import job_arguments, load_arguments
from components.names import Names, Store
from components.pipeline_plan import CRAWLERS, JOBS, CrawlerPlan, JobPlan, StepPlan
from components.pipeline_policies import crawler_policy, job_policy
from components.pipeline_role import PipelineRole, PipelineRoleArgs
from components.pipeline_workflow import PipelineWorkflow, PipelineWorkflowArgs
from components.redshift_warehouse import RedshiftWarehouse
from components.settings import Settings
from components.tagging import tags
from components.warehouse_policies import loader_policy
from etl.catalog import Table, Zone

GLUE_VERSION = "5.1"
"""Spark 3.5.6 on Python 3.11; never left to Glue's default, which moves."""

CRAWLER_CONFIGURATION = {
    "Version": 1.0,
    "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}},
    "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"},
}


@dataclass(frozen=True)
class GluePipelineArgs:
    """What the pipeline works on.

    `root` holds the sources, `catalog` the databases of `tables`, `artifacts` the artifacts bucket's parts;
    `warehouse` is what the last job loads.
    """

    settings: Settings
    names: Names
    root: Path
    tables: Mapping[Zone, Sequence[Table]]
    catalog: GovernedDatabase
    warehouse: RedshiftWarehouse
    artifacts: Sequence[pulumi.Resource]
    data_key_arn: Input[str]
    logs_key_arn: Input[str]


class GluePipeline(ComponentResource):
    """Crawlers, jobs and their workflow, each step with its role, encrypted logs and a pinned engine."""

    def __init__(self, name: str, args: GluePipelineArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:pipeline:GluePipeline", name, None, opts)
        self._args, self._tags = args, tags(args.settings, "pipeline")
        self.log_groups: dict[str, pulumi.Resource] = {}
        self._security = self._security_configuration(name)
        self._package = package(args.root)
        self._shipped = self._upload(f"{name}-package", self._package, "application/zip")
        self.shared: list[pulumi.Resource] = [self._security, self._shipped]
        steps: list[pulumi.Resource] = [self._crawler(f"{name}-{plan.name}", plan) for plan in CRAWLERS]
        steps += [self._job(f"{name}-{plan.name}", plan) for plan in JOBS]
        PipelineWorkflow(
            f"{name}-flow",
            PipelineWorkflowArgs(args.settings, args.names, steps),
            ResourceOptions(parent=self),
        )
        self.register_outputs({"workflow": args.names.workflow})

    def _security_configuration(self, name: str) -> glue.SecurityConfiguration:
        data, logs = self._args.data_key_arn, self._args.logs_key_arn
        return glue.SecurityConfiguration(
            f"{name}-security-configuration",
            name=self._args.names.security_configuration,
            encryption_configuration=glue.SecurityConfigurationEncryptionConfigurationArgs(
                s3_encryption=glue.SecurityConfigurationEncryptionConfigurationS3EncryptionArgs(
                    s3_encryption_mode="SSE-KMS", kms_key_arn=data
                ),
                cloudwatch_encryption=glue.SecurityConfigurationEncryptionConfigurationCloudwatchEncryptionArgs(
                    cloudwatch_encryption_mode="SSE-KMS", kms_key_arn=logs
                ),
                job_bookmarks_encryption=glue.SecurityConfigurationEncryptionConfigurationJobBookmarksEncryptionArgs(
                    job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=data
                ),
            ),
            opts=ResourceOptions(parent=self),
        )

    def _upload(self, name: str, artifact: Artifact, content_type: str) -> s3.BucketObjectv2:
        return s3.BucketObjectv2(
            name,
            bucket=self._args.names.bucket(Store.ARTIFACTS),
            key=artifact.key,
            source=FileAsset(str(artifact.path)),
            content_type=content_type,
            server_side_encryption="aws:kms",
            kms_key_id=self._args.data_key_arn,
            bucket_key_enabled=True,
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=list(self._args.artifacts)),
        )

    def _log_group(self, name: str, group: str) -> cloudwatch.LogGroup:
        made = cloudwatch.LogGroup(
            name,
            name=group,
            kms_key_id=self._args.logs_key_arn,
            retention_in_days=self._args.settings.retention.job_log_days,
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        self.log_groups[group] = made
        return made

    def _role(self, name: str, plan: StepPlan, zone: Zone | None) -> PipelineRole:
        args = self._args
        crawled = plan.table if isinstance(plan, CrawlerPlan) else None
        if isinstance(plan, CrawlerPlan):
            policy = crawler_policy(args.names, plan)
        elif zone is None:
            policy = loader_policy(args.names, plan.name)
        else:
            policy = job_policy(args.names, plan, zone, [table.name for table in args.tables[zone]])
        return PipelineRole(
            name,
            PipelineRoleArgs(
                settings=args.settings,
                names=args.names,
                function=plan.name,
                description=plan.description,
                policy=policy,
                zone=zone,
                table=crawled,
                governed=[args.catalog.databases[zone], args.catalog.locations[zone]] if zone else [],
            ),
            ResourceOptions(parent=self),
        )

    def _crawler(self, name: str, plan: CrawlerPlan) -> glue.Crawler:
        """Make a crawler that compares a declared table with what Lake Formation lends of it."""
        args, names = self._args, self._args.names
        role = self._role(name, plan, plan.zone)
        log_group = self._log_group(f"{name}-log-group", names.crawler_log_group(plan.name))
        return glue.Crawler(
            name,
            name=names.shared(plan.name),
            description=plan.description,
            role=names.role_arn(plan.name),
            database_name=names.database(plan.zone),
            catalog_targets=[
                glue.CrawlerCatalogTargetArgs(database_name=names.database(plan.zone), tables=[plan.table])
            ],
            configuration=json.dumps(CRAWLER_CONFIGURATION),
            lake_formation_configuration=glue.CrawlerLakeFormationConfigurationArgs(
                use_lake_formation_credentials=True
            ),
            schema_change_policy=glue.CrawlerSchemaChangePolicyArgs(
                update_behavior="LOG", delete_behavior="LOG"
            ),
            recrawl_policy=glue.CrawlerRecrawlPolicyArgs(recrawl_behavior="CRAWL_EVERYTHING"),
            security_configuration=names.security_configuration,
            tags=self._tags,
            opts=ResourceOptions(
                parent=self,
                depends_on=[self._security, log_group, *role.ready, *args.catalog.tables[plan.zone]],
            ),
        )

    def _job(self, name: str, plan: JobPlan) -> glue.Job:
        args, names = self._args, self._args.names
        limits = args.settings.jobs.by_name()[plan.name]
        role = self._role(name, plan, Zone(plan.writes) if plan.writes else None)
        log_groups = [
            self._log_group(f"{name}-{group.rpartition('/')[2]}-log-group", group)
            for group in names.job_log_groups(plan.name)
        ]
        source = script(args.root, plan.script)
        shipped = self._upload(f"{name}-script", source, "text/x-python")
        arguments, connections, needs = self._work(name, plan)
        return glue.Job(
            f"{name}-job",
            name=names.shared(plan.name),
            description=plan.description,
            role_arn=names.role_arn(plan.name),
            glue_version=GLUE_VERSION,
            command=glue.JobCommandArgs(
                name="glueetl", python_version="3", script_location=names.uri(Store.ARTIFACTS, source.key)
            ),
            default_arguments=arguments,
            connections=connections,
            worker_type=limits.worker_type,
            number_of_workers=limits.workers,
            timeout=limits.timeout_minutes,
            max_retries=limits.retries,
            execution_class="STANDARD",
            execution_property=glue.JobExecutionPropertyArgs(max_concurrent_runs=limits.concurrency),
            notification_property=glue.JobNotificationPropertyArgs(
                notify_delay_after=limits.delay_alert_minutes
            ),
            security_configuration=names.security_configuration,
            tags=self._tags,
            opts=ResourceOptions(
                parent=self,
                depends_on=[self._security, self._shipped, shipped, *log_groups, *role.ready, *needs],
            ),
        )

    def _work(
        self, name: str, plan: JobPlan
    ) -> tuple[dict[str, str], list[str] | None, list[pulumi.Resource]]:
        """Return a job's arguments, the connections it works through, and what must be there before it."""
        args, names = self._args, self._args.names
        if plan.writes:
            modules = glue_modules(args.root)
            return job_arguments(names, args.settings, plan, self._package, modules), None, []
        model = warehouse_model(args.root)
        uploaded = self._upload(f"{name}-model", model, "application/json")
        arguments = load_arguments(names, args.settings, plan, self._package, model)
        needs = [uploaded, args.warehouse.connection, *args.warehouse.schemas]
        return arguments, [names.warehouse_connection], needs
