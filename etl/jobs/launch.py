"""Around a job: arguments, partitions of what it published, metrics, one JSON line at the end, exit codes."""

import json
import sys
from collections.abc import Callable, Sequence

from etl.arguments import ArgumentFault, Arguments, parse
from etl.catalog import Zone, tables
from etl.contract import GOLD_TABLES, RAW_DATASETS
from etl.errors import DataLakeError
from etl.partitions import register
from etl.run_metrics import by_dataset, publish
from etl.store import Store, open_store
from etl.summary import EXIT_ARGUMENTS, EXIT_FAILED, RunSummary

_DATASETS = {Zone.PROCESSED: RAW_DATASETS, Zone.CURATED: GOLD_TABLES}


def launch(
    run: Callable[[Arguments, Store, RunSummary], object], job: str, zone: Zone, argv: Sequence[str]
) -> int:
    """Run a job that publishes a zone and fills a summary.

    Returns 0 when all is well, 2 for bad arguments, 3 when a threshold was breached, 1 for anything else.
    """
    try:
        arguments = parse(argv)
    except ArgumentFault as error:
        print(error, file=sys.stderr)
        return EXIT_ARGUMENTS
    summary = RunSummary(job)
    try:
        store = open_store(arguments.lake_uri)
        run(arguments, store, summary)
        if arguments.catalog_database:
            _register(arguments.catalog_database, store, zone, summary)
    except DataLakeError as error:
        _measure(arguments, zone, summary, failed=True)
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except Exception:
        _measure(arguments, zone, summary, failed=True)
        raise
    _measure(arguments, zone, summary, failed=False)
    for unit in summary.units:
        for breach in unit.breaches:
            print(
                f"{unit.dataset} {unit.unit}: {breach.failed} of {breach.evaluated} broke {breach.rule_id} "
                f"(allowed ratio {breach.threshold}); nothing was published, evidence in {breach.evidence}",
                file=sys.stderr,
            )
    print(json.dumps({"run": summary.to_dict()}, ensure_ascii=False, default=str), flush=True)
    return summary.exit_code


def _register(database: str, store: Store, zone: Zone, summary: RunSummary) -> None:
    """Bring the catalog in step; readers do not see what it does not show, so nothing is finished before."""
    finished, summary.finished = summary.finished, []
    register(store, database, tables(zone))
    summary.finished = finished


def _measure(arguments: Arguments, zone: Zone, summary: RunSummary, *, failed: bool) -> None:
    if arguments.metric_namespace:
        datasets = [d for d in _DATASETS[zone] if arguments.datasets is None or d in arguments.datasets]
        publish(arguments.metric_namespace, by_dataset(summary, datasets, failed=failed))
