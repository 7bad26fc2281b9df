"""Glue job catalog-backup: writes the catalog and its grants to the replica region, and measures their age.

Arguments: --databases a,b, --source_bucket, --replica_bucket, --replica_region, --backup_bucket,
--backup_prefix, --cluster (Redshift), --metric_namespace, --stack; optional --taken_at (ISO 8601). Any other
argument is Glue's own and is ignored. Exit codes: 0 ok, 2 bad arguments, 1 anything else.
"""

import argparse
import datetime
import json
import sys
from collections.abc import Sequence

import boto3

from etl.catalog_backup import Scope, export, newest_snapshot_age, write
from etl.errors import DataLakeError


def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Back up once and publish CatalogBackups (count) and WarehouseSnapshotAge (hours)."""
    moment = arguments.taken_at or datetime.datetime.now(datetime.UTC)
    scope = Scope(tuple(arguments.databases.split(",")), arguments.source_bucket, arguments.replica_bucket)
    documents = export(boto3.client("glue"), boto3.client("lakeformation"), scope)
    away = {"region_name": arguments.replica_region}
    manifest = write(
        boto3.client("s3", **away), arguments.backup_bucket, arguments.backup_prefix, documents, moment
    )
    age = newest_snapshot_age(
        boto3.client("redshift"), boto3.client("redshift", **away), arguments.cluster, moment
    )
    hours = None if age is None else age.total_seconds() / 3600
    metrics = [{"MetricName": "CatalogBackups", "Value": 1.0, "Unit": "Count"}]
    if hours is not None:
        metrics.append({"MetricName": "WarehouseSnapshotAge", "Value": hours, "Unit": "None"})
    dimensions = [{"Name": "Stack", "Value": arguments.stack}]
    boto3.client("cloudwatch").put_metric_data(
        Namespace=arguments.metric_namespace,
        MetricData=[{**metric, "Dimensions": dimensions, "Timestamp": moment} for metric in metrics],
    )
    return {
        "manifest": f"s3://{arguments.backup_bucket}/{manifest}",
        "entries": {name: len(rows) for name, rows in documents.items()},
        "snapshot_age_hours": hours,
    }


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read our own arguments; argparse exits with 2 where one is missing."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in (
        "databases",
        "source_bucket",
        "replica_bucket",
        "replica_region",
        "backup_bucket",
        "backup_prefix",
        "cluster",
        "metric_namespace",
        "stack",
    ):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--taken_at", type=datetime.datetime.fromisoformat)
    return parser.parse_known_args(argv)[0]


def main(argv: Sequence[str]) -> int:
    """Run the job in this process."""
    try:
        summary = run(parse(argv))
    except DataLakeError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"run": summary}, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    # A script that simply ends has succeeded, whatever Glue makes of SystemExit.
    if code := main(sys.argv[1:]):
        sys.exit(code)
