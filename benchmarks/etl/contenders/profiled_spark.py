"""The pipeline on Spark with its steps timed, twice in one session.

Usage: python profiled_spark.py RAW OUT. Prints a JSON object of wall seconds by step for each run.
"""

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pipeline_spark
import timing

from etl import publish
from etl.spark import outputs, stage, workload
from etl.spark.session import open_session

REST = "session, listing, bookkeeping"
STEPS: tuple[tuple[str, Any, str], ...] = (
    ("judging and writing dimensions", workload.SparkWorkload, "_judge_dimension"),
    ("judging transactions where they are read", stage.Stage, "take_in"),
    ("settling transactions", workload.SparkWorkload, "_judge_transactions"),
    ("sorting, writing and measuring files", outputs.Outputs, "files"),
    ("publishing", publish, "publish"),
)


def main(raw: Path, out: Path) -> None:
    """Run the pipeline twice and print what its steps took; the first run counts the start of the session."""
    timing.watch(STEPS)
    started = time.monotonic()
    with open_session() as spark:
        for _ in range(2):
            shutil.rmtree(out, ignore_errors=True)
            pipeline_spark.run(spark, raw, out)
            took = {step: wall for step, (wall, _) in timing.spent.items()}
            took[REST] = time.monotonic() - started - sum(took.values())
            print(json.dumps(took), flush=True)
            timing.spent.clear()
            started = time.monotonic()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
