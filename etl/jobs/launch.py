"""Around a job: arguments, partitions of what it published, one JSON line at the end, exit codes."""

import json
import sys
from collections.abc import Callable, Sequence

from etl.arguments import ArgumentFault, Arguments, parse
from etl.catalog import Zone, tables
from etl.errors import DataLakeError
from etl.partitions import register
from etl.store import open_store
from etl.summary import EXIT_ARGUMENTS, EXIT_FAILED, RunSummary


def launch(run: Callable[[Arguments], RunSummary], zone: Zone, argv: Sequence[str]) -> int:
    """Run a job that publishes a zone; 0 ok, 2 bad arguments, 3 a threshold was breached, 1 anything else."""
    try:
        arguments = parse(argv)
        summary = run(arguments)
        if arguments.catalog_database:
            register(open_store(arguments.lake_uri), arguments.catalog_database, tables(zone))
    except ArgumentFault as error:
        print(error, file=sys.stderr)
        return EXIT_ARGUMENTS
    except DataLakeError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    for unit in summary.units:
        for breach in unit.breaches:
            print(
                f"{unit.dataset} {unit.unit}: {breach.failed} of {breach.evaluated} broke {breach.rule_id} "
                f"(allowed ratio {breach.threshold}); nothing was published, evidence in {breach.evidence}",
                file=sys.stderr,
            )
    print(json.dumps({"run": summary.to_dict()}, ensure_ascii=False, default=str), flush=True)
    return summary.exit_code
