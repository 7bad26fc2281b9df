"""Deploy the energy-trading data lake: read the settings, compose the components, export what people need."""

from pathlib import Path

import pulumi

from components.data_lake_bucket import DataLakeBucket, DataLakeBucketArgs
from components.encryption_keys import EncryptionKeys, EncryptionKeysArgs
from components.glue_pipeline import GluePipeline, GluePipelineArgs
from components.governed_database import GovernedDatabase, GovernedDatabaseArgs
from components.names import KeyPurpose, Names, Store
from components.pipeline_plan import CRAWLERS, JOBS
from components.query_workgroups import QueryWorkgroups, QueryWorkgroupsArgs
from components.settings import load
from etl.catalog import Zone, tables

ROOT = Path(__file__).resolve().parent

settings = load()
names = Names.of(settings)
contracts = {zone: tables(zone) for zone in Zone}

log_groups = [group for job in JOBS for group in names.job_log_groups(job.name)]
log_groups += [names.crawler_log_group(crawler.name) for crawler in CRAWLERS]
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

catalog = GovernedDatabase(
    "catalog",
    GovernedDatabaseArgs(
        settings=settings,
        names=names,
        tables=contracts,
        bucket=data.ready,
        catalog_key_arn=keys.arn(KeyPurpose.CATALOG) if settings.owns_account_settings else None,
    ),
)
GluePipeline(
    "pipeline",
    GluePipelineArgs(
        settings=settings,
        names=names,
        root=ROOT,
        tables=contracts,
        catalog=catalog,
        artifacts=artifacts.ready,
        data_key_arn=keys.arn(KeyPurpose.DATA),
        logs_key_arn=keys.arn(KeyPurpose.LOGS),
    ),
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

pulumi.export("lake_uri", names.uri(Store.DATA))
pulumi.export("results_uri", names.uri(Store.RESULTS))
pulumi.export("databases", {zone.value: names.database(zone) for zone in Zone})
pulumi.export("workflow", names.workflow)
pulumi.export("workgroups", queries.workgroups)
pulumi.export("key_arns", {purpose.value: keys.arn(purpose) for purpose in keys.purposes})
