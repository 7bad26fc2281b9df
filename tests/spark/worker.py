"""Runs jobs on Spark in one session, asked on standard input by JSON lines, so that a suite starts one JVM.

A request names a lake's address, ANSI mode, whether Gold is computed too and how many bytes a task has at
least; the answer holds the totals and the exit code, or what went wrong.
"""

import json
import os
import sys
import traceback
from pathlib import Path

from etl import curated, processed
from etl.market import Market
from etl.spark import delivered
from etl.spark.engine import SparkEngine
from etl.spark.gold import Gold
from etl.spark.session import open_session
from etl.store import open_store


def main() -> None:
    # Libraries that print must not speak on the line of the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with open_session() as spark:
        for line in sys.stdin:
            request = json.loads(line)
            spark.conf.set("spark.sql.ansi.enabled", str(request["ansi"]).lower())
            try:
                answer = run(spark, request)
            except Exception:
                answer = {"fault": traceback.format_exc()}
            print(json.dumps(answer, default=str), file=answers, flush=True)


def run(spark: object, request: dict[str, object]) -> dict[str, object]:
    store, market = open_store(str(request["lake"])), Market()
    delivered.LEAST_SHARE = int(str(request["share"]))
    summary = processed.run(store, market, engine=SparkEngine(spark))
    answer: dict[str, object] = {"processed": summary.to_dict()}
    if request["curate"]:
        answer["curated"] = curated.run(store, market, compute=Gold(spark)).to_dict()
    return answer


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
