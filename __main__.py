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
from components.log_groups import encrypted_log_groups
from components.names import KeyPurpose, Names, Store
from components.observability import Observability, ObservabilityArgs
from components.outputs import outputs
from components.private_network import PrivateNetwork, PrivateNetworkArgs
from components.query_workgroups import QueryWorkgroups, QueryWorkgroupsArgs
from components.recovery_policies import BACKUP
from components.redshift_warehouse import RedshiftWarehouse, RedshiftWarehouseArgs
from components.warehouse_policies import LOADER_CALLS
from etl.catalog import Zone, tables
from etl.warehouse.load import DATASET

ROOT = Path(__file__).resolve().parent

contracts = {zone: tables(zone) for zone in Zone}
settings, matrix = inputs.read(contracts)
names = Names.of(settings)

keys = EncryptionKeys("keys", EncryptionKeysArgs(settings, names, encrypted_log_groups(names)))
arn = {purpose: keys.arn(purpose) for purpose in keys.purposes}

logs = DataLakeBucket("logs", DataLakeBucketArgs(settings, names, Store.LOGS))
data, results, artifacts, audit = (
    DataLakeBucket(store.value, DataLakeBucketArgs(settings, names, store, arn[purpose], log_bucket=logs))
    for store, purpose in (
        (Store.DATA, KeyPurpose.DATA),
        (Store.RESULTS, KeyPurpose.RESULTS),
        (Store.ARTIFACTS, KeyPurpose.DATA),
        (Store.AUDIT, KeyPurpose.AUDIT),
    )
)

network = PrivateNetwork("network", PrivateNetworkArgs(settings, names, LOADER_CALLS, arn[KeyPurpose.LOGS]))
warehouse = RedshiftWarehouse(
    "warehouse",
    RedshiftWarehouseArgs(settings, names, network, arn[KeyPurpose.WAREHOUSE], arn[KeyPurpose.LOGS]),
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
        catalog_key_arn=arn.get(KeyPurpose.CATALOG),
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
        data_key_arn=arn[KeyPurpose.DATA],
        logs_key_arn=arn[KeyPurpose.LOGS],
    ),
)
CatalogBackup(
    "replica-catalog",
    CatalogBackupArgs(
        settings=settings,
        names=names,
        root=ROOT,
        data_key_arn=arn[KeyPurpose.DATA],
        logs_key_arn=arn[KeyPurpose.LOGS],
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
        results_key_arn=arn[KeyPurpose.RESULTS],
    ),
)

alerts = AlertTopic("alerts", AlertTopicArgs(settings, names, arn[KeyPurpose.ALERTS]))
trail = AuditTrail(
    "trail",
    AuditTrailArgs(settings, names, audit.ready, arn[KeyPurpose.AUDIT], arn[KeyPurpose.LOGS]),
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

told = outputs(settings, names, keys=keys, queries=queries, observability=observability, warehouse=warehouse)
for name, value in told.items():
    pulumi.export(name, value)
