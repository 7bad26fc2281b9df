"""Contenders over one input, in turn: the hash gate first, then a warm-up and counted rounds."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import boto3
from moto.server import ThreadedMotoServer

from benchmarks.etl import inputs, verdict
from benchmarks.etl.process import Run, measure, output

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent / "contenders"
PIPELINE, FLOOR, AWSWRANGLER = "this pipeline", "bare DuckDB COPY", "awswrangler by hand"
BY_HAND = {
    "DuckDB by hand": "by_hand_duckdb.py",
    "Polars by hand": "by_hand_polars.py",
    AWSWRANGLER: "by_hand_awswrangler.py",
}
SECONDS = 3600.0
_KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-west-1"}


class GateError(Exception):
    """A contender's output is not what the oracle says; no time of it counts."""


@dataclass
class Contest:
    """Measured runs by contender, over an input of `rows` transactions and `size` bytes."""

    rows: int
    size: int
    gate: str
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def ratio(self, name: str, base: str, what: str) -> tuple[float, float, float]:
        """Return min, median and max of the ratios of `name` to `base`, round by round."""
        pairs = zip(self.runs[name], self.runs[base], strict=True)
        found = [getattr(a, what) / getattr(b, what) for a, b in pairs]
        return min(found), median(found), max(found)


def agreed(found: Mapping[str, verdict.Verdict | None], raw: Path, work: Path, reference: str | None) -> str:
    """Say whose output those of the contenders equal: that of `reference`, or the oracle's where it is None.

    GateError when one differs; None stands for a contender that is not judged.
    """
    if reference is None:
        expected, gate = verdict.of_oracle(raw, work), "equal to the oracle's"
    else:
        expected, gate = found[reference], "equal to each other (too large for the oracle)"
    for name, one in found.items():
        if one is not None and one != expected:
            raise GateError(f"{name}: {one}, expected {expected}")
    return gate


class Arena:
    """Where contenders run: `python` is that of the benchmarks' own environment."""

    def __init__(self, work: Path, python: Path) -> None:
        self.work = work
        self.python = python
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = ThreadedMotoServer(port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | _KEYS
        self.environment["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
        self.s3 = boto3.client(
            "s3", endpoint_url=self.environment["AWS_ENDPOINT_URL"], region_name="eu-west-1",
            aws_access_key_id="x", aws_secret_access_key="x",
        )  # fmt: skip
        self.s3.create_bucket(Bucket="silver", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def run(self, name: str, raw: Path, out: Path) -> Run:
        """Run a contender into a folder, emptied before; the pipeline goes on in it if it is a lake."""
        environment = self.environment
        if name == PIPELINE:
            command = [sys.executable, "-m", "benchmarks.etl.contenders.pipeline"]
            environment = {k: v for k, v in environment.items() if not k.startswith("AWS_")}
            environment["PYTHONPATH"] = str(ROOT)
        else:
            shutil.rmtree(out, ignore_errors=True)
            command = [str(self.python), str(HERE / (BY_HAND | {FLOOR: "bare_copy.py"})[name])]
        return measure([*command, str(raw), str(out)], cwd=ROOT, environment=environment, seconds=SECONDS)

    def profile(self, raw: Path) -> dict[str, tuple[float, float]]:
        """Return wall and CPU seconds of each step of the pipeline, in a run of its own."""
        out = self._out("profile")
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "-m", "benchmarks.etl.contenders.profiled", str(raw), str(out)]
        environment = {k: v for k, v in self.environment.items() if not k.startswith("AWS_")}
        environment["PYTHONPATH"] = str(ROOT)
        said = output(command, cwd=ROOT, environment=environment, seconds=SECONDS)
        spent: dict[str, tuple[float, float]] = json.loads(said[-1])
        return spent

    def contest(self, rows: int, names: list[str], *, rounds: int, oracle_rows: int) -> Iterator[Contest]:
        """Run all in turn, the first time for the gate; yields the contest as it stands after each round.

        GateError when an output differs.
        """
        raw = inputs.raw(self.work, rows)
        first = {name: self._checked(name, raw) for name in names}
        gate = agreed(first, raw, self.work, PIPELINE if rows > oracle_rows else None)
        contest = Contest(rows, inputs.size(raw / "transactions"), gate, {name: [] for name in names})
        for _ in range(rounds):
            for name in names:
                shutil.rmtree(self._out(name), ignore_errors=True)
                contest.runs[name].append(self.run(name, raw, self._out(name)))
            yield contest

    def _out(self, name: str) -> Path:
        return self.work / "out" / name.replace(" ", "-")

    def _checked(self, name: str, raw: Path) -> verdict.Verdict | None:
        out = self._out(name)
        shutil.rmtree(out, ignore_errors=True)
        self.run(name, raw, out)
        if name == FLOOR:
            return None
        if name == PIPELINE:
            silver, quarantine = "processed/transactions", "processed/quarantine/dataset=transactions"
            return verdict.of_files(f"{out}/{silver}/**/*.parquet", f"{out}/{quarantine}/**/*.parquet")
        if name == AWSWRANGLER:
            for item in self.s3.list_objects_v2(Bucket="silver").get("Contents", ()):
                target = out / "silver" / item["Key"]
                target.parent.mkdir(parents=True, exist_ok=True)
                self.s3.download_file("silver", item["Key"], str(target))
        return verdict.of_files(f"{out}/silver/**/*.parquet", f"{out}/quarantine.parquet")
