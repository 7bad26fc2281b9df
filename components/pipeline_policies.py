"""What the pipeline's crawlers and jobs may do: a policy for each role, pure functions of names."""

from collections.abc import Sequence

from components.iam import (
    Document,
    Statement,
    allow,
    document,
    list_bucket,
    put_metrics,
    read_objects,
    tell_absence,
    use_catalog_key,
    use_key,
    write_logs,
    write_objects,
)
from components.names import KeyPurpose, Names, Store
from components.pipeline_plan import CrawlerPlan, JobPlan

READ_CATALOG = (
    "glue:GetDatabase",
    "glue:GetTable",
    "glue:GetTables",
    "glue:GetPartition",
    "glue:GetPartitions",
)
ADD_PARTITIONS = (
    "glue:BatchGetPartition",
    "glue:BatchCreatePartition",
    "glue:BatchUpdatePartition",
    "glue:CreatePartition",
    "glue:UpdatePartition",
)
REMOVE_PARTITIONS = ("glue:BatchDeletePartition", "glue:DeletePartition")


def job_policy(names: Names, job: JobPlan, zone: str, tables: Sequence[str]) -> Document:
    """Read the job's inputs, write its outputs, register their partitions, log and measure.

    `zone` is the one the job writes, `tables` are its tables.
    """
    reads, writes = [f"{one}/" for one in job.reads], [f"{zone}/"]
    temporary = [names.temporary_prefix(job.name)]
    database = names.database(zone)
    return document(
        *list_bucket(names, Store.DATA, [*reads, *writes]),
        tell_absence(names, Store.DATA),
        read_objects(names, Store.DATA, [*reads, *writes]),
        write_objects(names, Store.DATA, writes),
        *list_bucket(names, Store.ARTIFACTS, ["jobs/", "packages/", *temporary]),
        read_objects(names, Store.ARTIFACTS, ["jobs/", "packages/", *temporary]),
        write_objects(names, Store.ARTIFACTS, temporary),
        use_key(names, KeyPurpose.DATA, ["s3"], write=True),
        allow(
            "RegisterPartitions",
            [*READ_CATALOG, *ADD_PARTITIONS, *REMOVE_PARTITIONS],
            names.catalog_arns(database, tuple(tables)),
        ),
        *_common(names, names.job_log_groups(job.name)),
        put_metrics(names),
    )


def crawler_policy(names: Names, crawler: CrawlerPlan) -> Document:
    """Compare one declared table with its objects, which Lake Formation lends: no right on S3 or its key.

    The drift is logged; the table's definition stays as it is declared, whatever the crawler finds.
    https://docs.aws.amazon.com/glue/latest/dg/error-crawler-config-lf.html
    """
    return document(
        allow(
            "CompareTable",
            [*READ_CATALOG, *ADD_PARTITIONS, "glue:UpdateTable"],
            names.catalog_arns(names.database(crawler.zone), (crawler.table,)),
        ),
        *_common(names, [names.crawler_log_group(crawler.name)]),
    )


def _common(names: Names, log_groups: Sequence[str]) -> list[Statement]:
    """Allow what Glue needs of every role of ours; the last two actions know no resources."""
    return [
        use_catalog_key(names),
        *write_logs(names, log_groups),
        allow("ReadEncryptionSettings", ["glue:GetSecurityConfiguration"], ["*"]),
        allow("BorrowGovernedAccess", ["lakeformation:GetDataAccess"], ["*"]),
    ]
