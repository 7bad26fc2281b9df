"""The pipeline on Spark with its steps timed, twice in one session.

Usage: python profiled_spark.py RAW OUT. Prints a JSON object of wall seconds by step for each run.
"""

import functools
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pipeline_spark

from etl import publish
from etl.spark import outputs, stage, workload
from etl.spark.session import open_session

REST = "session, listing, bookkeeping"
STEPS: tuple[tuple[str, Any, str], ...] = (
    ("dimensions as of each load date", stage.Stage, "_prepare"),
    ("parsing and judging every row, in one query a dataset", stage.Stage, "take_in"),
    ("counting and settling dimensions", workload.SparkWorkload, "_judge_dimension"),
    ("counting and settling transactions", workload.SparkWorkload, "_judge_transactions"),
    ("sorting, writing and measuring files", outputs.Outputs, "write"),
    ("publishing", publish, "publish"),
)
_spent: dict[str, float] = {}
_open: list[float] = []


def _timed(step: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Count what `work` takes without what the steps inside it take."""

    @functools.wraps(work)
    def timed(*given: Any, **named: Any) -> Any:
        _open.append(0.0)
        before = time.monotonic()
        try:
            return work(*given, **named)
        finally:
            took = time.monotonic() - before
            _spent[step] = _spent.get(step, 0.0) + took - _open.pop()
            if _open:
                _open[-1] += took

    return timed


def main(raw: Path, out: Path) -> None:
    """Run the pipeline twice and print what its steps took; the first run counts the start of the session."""
    for step, owner, name in STEPS:
        setattr(owner, name, _timed(step, getattr(owner, name)))
    started = time.monotonic()
    with open_session() as spark:
        for _ in range(2):
            shutil.rmtree(out, ignore_errors=True)
            pipeline_spark.run(spark, raw, out)
            _spent[REST] = time.monotonic() - started - sum(_spent.values())
            print(json.dumps(_spent), flush=True)
            _spent.clear()
            started = time.monotonic()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
