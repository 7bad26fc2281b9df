"""Glue job processed-to-redshift: loads what changed in Silver and Gold into the warehouse.

Arguments: --lake_uri s3://BUCKET/, --warehouse_model s3://BUCKET/KEY (the document of tables and views),
--warehouse_cluster, --warehouse_database, --copy_role (the ARN that COPY reads the lake with); optional
--metric_namespace (CloudWatch's, for the run's metrics). Any other argument is Glue's own and is ignored. A
paused cluster is left alone: the next run loads what this one did not. Exit codes: 0 ok, 2 bad arguments,
1 anything else.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

import boto3

from etl.errors import DataLakeError
from etl.progress import say
from etl.run_metrics import DatasetRun, publish
from etl.store import Store, open_store
from etl.summary import EXIT_FAILED, EXIT_OK, RunSummary
from etl.warehouse import load
from etl.warehouse.data_api import Warehouse, find_login
from etl.warehouse.document import WarehouseModel


def run(arguments: argparse.Namespace, summary: RunSummary) -> None:
    """Load once and fill the summary."""
    login = find_login(boto3.client("redshift"), arguments.warehouse_cluster, arguments.warehouse_database)
    if login is None:
        say("the warehouse is paused: nothing was loaded", cluster=arguments.warehouse_cluster)
        return
    warehouse = Warehouse(boto3.client("redshift-data"), login)
    lake = open_store(arguments.lake_uri)
    model = _model(arguments.warehouse_model, lake)
    load.Load(lake, warehouse, arguments.copy_role, summary).run(model)


def _model(uri: str, lake: Store) -> WarehouseModel:
    parts = urlsplit(uri)
    body = open_store(f"{parts.scheme}://{parts.netloc}/", beside=lake).get(parts.path.lstrip("/"))
    if body is None:
        raise DataLakeError(
            "The document of the warehouse's tables is not there.", where=uri, fix="Deploy the stack."
        )
    return WarehouseModel.from_json(body)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read our own arguments; argparse exits with 2 where one is missing."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("lake_uri", "warehouse_model", "warehouse_cluster", "warehouse_database", "copy_role"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--metric_namespace")
    return parser.parse_known_args(argv)[0]


def main(argv: Sequence[str]) -> int:
    """Run the job in this process."""
    arguments = parse(argv)
    summary = RunSummary(load.JOB)
    succeeded = False
    try:
        run(arguments, summary)
        succeeded = True
    except DataLakeError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    finally:
        if arguments.metric_namespace:
            publish(arguments.metric_namespace, [DatasetRun(load.DATASET, succeeded, summary.units)])
    print(json.dumps({"run": summary.to_dict()}, ensure_ascii=False, default=str), flush=True)
    return EXIT_OK


if __name__ == "__main__":
    # A script that simply ends has succeeded, whatever Glue makes of SystemExit.
    if code := main(sys.argv[1:]):
        sys.exit(code)
