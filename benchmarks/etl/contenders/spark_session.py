"""The session both contenders of E3 run in, and how they are asked for runs.

Given RAW and an output folder they run once and end: a cold run. Given RAW and `-` they start their session, print
`ready`, and for each output folder on standard input run once and print `done`: warm runs.
"""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pyspark.sql import SparkSession

from etl.spark.session import open_session


def serve(run: Callable[[SparkSession, Path, Path], None], arguments: Sequence[str]) -> None:
    """Run as often as asked; one session, with the settings of the pipeline's own on one machine."""
    raw = Path(arguments[0]).resolve()
    with open_session() as spark:
        if arguments[1] != "-":
            run(spark, raw, Path(arguments[1]).resolve())
            return
        print("ready", flush=True)
        for line in sys.stdin:
            out = Path(line.strip()).resolve()
            shutil.rmtree(out, ignore_errors=True)
            run(spark, raw, out)
            print("done", flush=True)
