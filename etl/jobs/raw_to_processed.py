"""Glue job raw-to-processed: judges delivered CSV files and publishes Silver, quarantine and dq_results.

Arguments: --lake_uri s3://BUCKET/ or file:///FOLDER/, --catalog_database (whose partitions follow what is
published), --metric_namespace (CloudWatch's, for the run's metrics), --market_timezone, --price_floor,
--price_cap (EUR/MWh); optional --datasets a,b, --load_dates d1,d2, --force true and
--engine duckdb|spark.
Any other argument is Glue's own and is ignored.
"""

import sys

from etl import processed
from etl.arguments import Arguments
from etl.catalog import Zone
from etl.engines import open_engine
from etl.jobs.launch import launch
from etl.store import Store
from etl.summary import RunSummary


def run(arguments: Arguments, store: Store, summary: RunSummary) -> None:
    """Run the job over a lake in this process and fill its summary."""
    scope = processed.Scope(arguments.datasets, arguments.load_dates, arguments.force)
    with open_engine(arguments.engine) as engine:
        processed.run(store, arguments.market, scope, summary=summary, engine=engine)


if __name__ == "__main__":
    # A script that simply ends has succeeded, whatever Glue makes of SystemExit.
    if code := launch(run, processed.JOB, Zone.PROCESSED, sys.argv[1:]):
        sys.exit(code)
