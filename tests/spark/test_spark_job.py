"""The jobs on Spark as Glue starts them: script, built package, Glue's arguments; killed, and run again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from components.artifacts import package
from etl import faults
from etl.generate import generate
from tests.etl.lake_support import Lake
from tests.spark.spark_support import QUICK, ROOT, row_hash, spark_python

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ARGUMENTS = [
    "--JOB_NAME", "raw-to-processed", "--JOB_RUN_ID", "jr_1", "--enable-metrics", "true",
    "--job-language", "python", "--TempDir=s3://x/y", "--market_timezone", "Europe/Madrid",
    "--price_floor", "-500", "--price_cap", "4000", "--engine", "spark",
]  # fmt: skip


def start(
    folder: Path, job: str, lake: Lake, *more: str, python: Path | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Start a job's script outside the repository, with nothing but the built package on the path."""
    script = folder / f"{job}.py"
    script.write_text((ROOT / "etl" / "jobs" / f"{job}.py").read_text())
    where = {
        **os.environ,
        **QUICK,
        "PYTHONPATH": str(package(ROOT).path),
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    command = [str(python or spark_python()), str(script), *ARGUMENTS, "--lake_uri", lake.store.uri, *more]
    return subprocess.run(command, cwd=folder, env=where, capture_output=True, text=True, check=False)


def test_a_killed_job_is_finished_by_the_next_and_ends_where_the_other_engine_does(tmp_path: Path) -> None:
    lake, other = Lake(tmp_path / "lake"), Lake(tmp_path / "other")
    for each in (lake, other):
        generate(each.root / "raw", seed=2, rows=120, dates=("2026-03-29",), cases=False)
    dimensions = ("--datasets", "providers,clients")
    killed = start(tmp_path, "raw_to_processed", lake, *dimensions, LAKE_FAULT="copy-object:2")
    assert killed.returncode == faults.KILLED, killed.stderr
    assert lake.store.get("processed/_ops/journal/providers.json") is not None
    finished = start(tmp_path, "raw_to_processed", lake, *dimensions)
    assert finished.returncode == 0, finished.stderr
    run = json.loads(finished.stdout)["run"]
    assert run["repaired"] == ["providers"]
    assert run["totals"]["rows_in"] == sum(run["totals"][k] for k in ("good", "rejected", "duplicates"))
    # The engines take turns over one lake: transactions by DuckDB, over the dimensions that Spark published.
    turn = start(tmp_path, "raw_to_processed", lake, "--engine", "duckdb", python=Path(sys.executable))
    assert json.loads(turn.stdout)["run"]["unchanged"] == 2, turn.stderr
    gold = start(tmp_path, "processed_to_curated", lake)
    assert gold.returncode == 0, gold.stderr
    for job in ("raw_to_processed", "processed_to_curated"):
        done = start(tmp_path, job, other, "--engine", "duckdb", python=Path(sys.executable))
        assert done.returncode == 0, done.stderr
    assert set(lake.published()) == set(other.published())
    for prefix in sorted({key.split("/part-")[0] for key in other.published() if key.endswith(".parquet")}):
        assert row_hash(lake.table(prefix)) == row_hash(other.table(prefix)), prefix
    assert not list(lake.store.list("processed/_ops/staging/"))


def test_without_pyspark_the_job_says_what_is_missing(tmp_path: Path) -> None:
    done = start(tmp_path, "raw_to_processed", Lake(tmp_path / "lake"), python=Path(sys.executable))
    assert done.returncode == 1
    assert "needs the package pyspark" in done.stderr
    assert "requirements-spark.lock" in done.stderr
