"""The pipeline itself on Spark, raw to processed.

Usage: python pipeline_spark.py RAW OUT, or RAW - to be asked for runs (see spark_session). OUT becomes a lake with RAW
as its raw zone.
"""

import os
import shutil
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from spark_session import serve

from etl import processed
from etl.market import Market
from etl.spark.engine import SparkEngine
from etl.store import FolderStore


def run(spark: SparkSession, raw: Path, out: Path) -> None:
    """Judge and publish everything."""
    shutil.copytree(raw, out / "raw", copy_function=os.link)
    summary = processed.run(FolderStore(out), Market(), engine=SparkEngine(spark))
    if summary.exit_code:
        raise SystemExit(summary.exit_code)


if __name__ == "__main__":
    serve(run, sys.argv[1:])
