"""Deploy the energy-trading data lake: read the settings, compose the components, export what people need."""

from pathlib import Path

import pulumi

from components import inputs
from components.alert_topic import AlertTopic, AlertTopicArgs
from components.audit_trail import AuditTrail, AuditTrailArgs
from components.business_intelligence import BusinessIntelligence, BusinessIntelligenceArgs
from components.catalog_backup import CatalogBackup, CatalogBackupArgs
from components.cost_guard import CostGuard, CostGuardArgs
from components.data_lake_bucket import DataLakeBucket, DataLakeBucketArgs
from components.dr_replica import DRReplica, DRReplicaArgs
from components.encryption_keys import EncryptionKeys, EncryptionKeysArgs
from components.glue_pipeline import GluePipeline, GluePipelineArgs
from components.governed_database import GovernedDatabase, GovernedDatabaseArgs
from components.names import KeyPurpose, Names, Store
from components.observability import Observability, ObservabilityArgs
from components.pipeline_plan import CRAWLERS, JOBS
from components.private_network import PrivateNetwork, PrivateNetworkArgs
from components.query_workgroups import QueryWorkgroups, QueryWorkgroupsArgs
from components.recovery_policies import BACKUP
from components.redshift_warehouse import RedshiftWarehouse, RedshiftWarehouseArgs
from components.redshift_warehouse import log_groups as warehouse_log_groups
from components.warehouse_policies import LOADER_CALLS
from etl.catalog import Zone, tables
from etl.warehouse.load import DATASET

ROOT = Path(__file__).resolve().parent

contracts = {zone: tables(zone) for zone in Zone}
settings, matrix = inputs.read(contracts)
names = Names.of(settings)

log_groups = [group for job in JOBS for group in names.job_log_groups(job.name)]
log_groups += [names.crawler_log_group(crawler.name) for crawler in CRAWLERS]
log_groups += [names.flow_log_group, *warehouse_log_groups(names), *names.job_log_groups(BACKUP)]
log_groups.append(names.trail_log_group)
keys = EncryptionKeys("keys", EncryptionKeysArgs(settings, names, log_groups))

logs = DataLakeBucket("logs", DataLakeBucketArgs(settings, names, Store.LOGS))
data = DataLakeBucket(
    "data", DataLakeBucketArgs(settings, names, Store.DATA, keys.arn(KeyPurpose.DATA), log_bucket=logs)
)
results = DataLakeBucket(
    "results",
    DataLakeBucketArgs(settings, names, Store.RESULTS, keys.arn(KeyPurpose.RESULTS), log_bucket=logs),
)
artifacts = DataLakeBucket(
    "artifacts",
    DataLakeBucketArgs(settings, names, Store.ARTIFACTS, keys.arn(KeyPurpose.DATA), log_bucket=logs),
)

audit = DataLakeBucket(
    "audit", DataLakeBucketArgs(settings, names, Store.AUDIT, keys.arn(KeyPurpose.AUDIT), log_bucket=logs)
)

network = PrivateNetwork(
    "network", PrivateNetworkArgs(settings, names, LOADER_CALLS, keys.arn(KeyPurpose.LOGS))
)
warehouse = RedshiftWarehouse(
    "warehouse",
    RedshiftWarehouseArgs(
        settings, names, network, keys.arn(KeyPurpose.WAREHOUSE), keys.arn(KeyPurpose.LOGS)
    ),
)
replica = DRReplica(
    "replica",
    DRReplicaArgs(settings, names, {Store.DATA: data, Store.ARTIFACTS: artifacts}, warehouse.cluster),
)

catalog = GovernedDatabase(
    "catalog",
    GovernedDatabaseArgs(
        settings=settings,
        names=names,
        tables=contracts,
        matrix=matrix,
        bucket=data.ready,
        catalog_key_arn=keys.arn(KeyPurpose.CATALOG) if settings.owns_account_settings else None,
        readers={names.role_arn(BACKUP): replica.backup_role},
    ),
)
pipeline = GluePipeline(
    "pipeline",
    GluePipelineArgs(
        settings=settings,
        names=names,
        root=ROOT,
        tables=contracts,
        catalog=catalog,
        warehouse=warehouse,
        artifacts=[*artifacts.ready, *replica.ready],
        data_key_arn=keys.arn(KeyPurpose.DATA),
        logs_key_arn=keys.arn(KeyPurpose.LOGS),
    ),
)
CatalogBackup(
    "replica-catalog",
    CatalogBackupArgs(
        settings=settings,
        names=names,
        root=ROOT,
        data_key_arn=keys.arn(KeyPurpose.DATA),
        logs_key_arn=keys.arn(KeyPurpose.LOGS),
        after=[*replica.backup_role, *replica.ready, *pipeline.shared],
    ),
    pulumi.ResourceOptions(parent=replica),
)
queries = QueryWorkgroups(
    "query",
    QueryWorkgroupsArgs(
        settings=settings,
        names=names,
        bucket=results.ready,
        databases=catalog.databases,
        results_key_arn=keys.arn(KeyPurpose.RESULTS),
    ),
)

alerts = AlertTopic("alerts", AlertTopicArgs(settings, names, keys.arn(KeyPurpose.ALERTS)))
trail = AuditTrail(
    "trail",
    AuditTrailArgs(settings, names, audit.ready, keys.arn(KeyPurpose.AUDIT), keys.arn(KeyPurpose.LOGS)),
)
observability = Observability(
    "watch",
    ObservabilityArgs(
        settings=settings,
        names=names,
        topic=alerts,
        datasets=[*(table.name for zone in (Zone.RAW, Zone.CURATED) for table in contracts[zone]), DATASET],
        watched=trail.metrics,
        log_groups=pipeline.log_groups,
    ),
)
CostGuard("costs", CostGuardArgs(settings, names, alerts))
if settings.business_intelligence.enabled:
    BusinessIntelligence(
        "bi",
        BusinessIntelligenceArgs(
            settings=settings,
            names=names,
            tables=contracts,
            matrix=matrix,
            catalog=catalog,
            workgroups=queries.groups,
            vpc_id=network.vpc_id,
            subnet_ids=network.subnet_ids,
            warehouse_group_id=warehouse.access.warehouse_group_id,
            warehouse_port=warehouse.access.port,
            cluster=warehouse.cluster,
        ),
    )

pulumi.export("lake_uri", names.uri(Store.DATA))
pulumi.export("results_uri", names.uri(Store.RESULTS))
pulumi.export("databases", {zone.value: names.database(zone) for zone in Zone})
pulumi.export("workflow", names.workflow)
pulumi.export("workgroups", queries.workgroups)
pulumi.export("key_arns", {purpose.value: keys.arn(purpose) for purpose in keys.purposes})
pulumi.export("alert_topic", names.alert_topic_arn)
pulumi.export("dashboards", observability.dashboards)
pulumi.export("warehouse", {"cluster": names.cluster, "endpoint": warehouse.cluster.endpoint})
pulumi.export(
    "recovery",
    {
        "region": settings.replica_region,
        "lake_uri": names.replica.uri(Store.DATA),
        "catalog_backups_uri": names.replica.uri(Store.ARTIFACTS, names.catalog_backup_prefix),
        "rpo_hours": settings.disaster_recovery.rpo_hours,
        "rto_hours": settings.disaster_recovery.rto_hours,
    },
)
