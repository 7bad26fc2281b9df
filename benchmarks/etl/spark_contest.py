"""E3: the pipeline on Spark against the same checks written by hand on PySpark, cold and warm, round by round.

Cold is a process from its start to its end, the session's start within; warm is a further run in a session that has run
once. Both contenders have one session each, with equal settings. A run with its steps timed says where the time goes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.etl import inputs, verdict
from benchmarks.etl.contest import HERE, ROOT, Arena, agreed
from benchmarks.etl.process import Run, RunFailedError, measure, output
from benchmarks.etl.report import three
from tests.spark.spark_support import spark_python

PIPELINE, BY_HAND = "this pipeline on Spark", "PySpark by hand"
SCRIPTS = {PIPELINE: "pipeline_spark.py", BY_HAND: "by_hand_pyspark.py"}
AIM = 1.2
SECONDS = 3600.0


@dataclass
class SparkContest:
    """Runs by contender over `rows` transactions: measured ones from cold, seconds of wall time of warm ones."""

    rows: int
    gate: str
    cold: dict[str, list[Run]] = field(default_factory=lambda: {name: [] for name in SCRIPTS})
    warm: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SCRIPTS})
    steps: dict[str, tuple[float, float]] = field(default_factory=dict)


def contest(arena: Arena, rows: int, *, rounds: int, oracle_rows: int) -> SparkContest:
    """Run both in turn, the hash gate first; GateError when an output differs."""
    raw = inputs.raw(arena.work, rows)
    python = spark_python()
    out = {name: arena.work / "out" / name.replace(" ", "-") for name in SCRIPTS}
    found = {}
    for name in SCRIPTS:
        _cold(python, name, raw, out[name])
        found[name] = _verdict(name, out[name])
    gate = agreed(found, raw, arena.work, PIPELINE if rows > oracle_rows else None)
    result = SparkContest(rows, gate)
    result.steps = _steps(python, raw, out[PIPELINE])
    for _ in range(rounds):
        for name in SCRIPTS:
            result.cold[name].append(_cold(python, name, raw, out[name]))
    sessions = {name: _Session(python, name, raw) for name in SCRIPTS}
    try:
        for session in sessions.values():
            session.run(arena.work / "out" / "warm")
        for _ in range(rounds):
            for name, session in sessions.items():
                result.warm[name].append(session.run(arena.work / "out" / "warm"))
    finally:
        for session in sessions.values():
            session.end()
    return result


def table(result: SparkContest) -> list[str]:
    """E3 as a table and its two ratios."""
    lines = [
        f"### E3: on Spark 3.5.6, local[2], {result.rows:,} transactions, {len(result.cold[PIPELINE])} rounds; hashes {result.gate}",
        "",
        "| contender | cold: wall s, min · median · max | cold: CPU s | cold: peak MB | warm: wall s |",
        "|---|---|---|---|---|",
    ]
    for name in SCRIPTS:
        cold, warm = result.cold[name], result.warm[name]
        peak = max(run.peak for run in cold) / 1e6
        lines.append(
            f"| {name} | {three([r.wall for r in cold])} | {three([r.cpu for r in cold])} | {peak:.0f} | {three(warm)} |"
        )
    cold_pairs = zip(result.cold[BY_HAND], result.cold[PIPELINE], strict=True)
    cold_ratio = median(hand.wall / ours.wall for hand, ours in cold_pairs)
    warm_pairs = zip(result.warm[BY_HAND], result.warm[PIPELINE], strict=True)
    warm_ratio = median(hand / ours for hand, ours in warm_pairs)
    return [
        *lines,
        "",
        f"- E3: {cold_ratio:.2f} × faster cold, {warm_ratio:.2f} × warm; to reach: at least {AIM}.",
        "",
        f"Where the pipeline's time goes on Spark, {result.rows:,} transactions:",
        "",
        "| step | first run in a session, wall s | second run, wall s |",
        "|---|---|---|",
        *(
            f"| {step} | {one:.2f} | {two:.2f} |"
            for step, (one, two) in sorted(result.steps.items(), key=lambda item: -item[1][0])
        ),
        "",
    ]


def _steps(python: Path, raw: Path, out: Path) -> dict[str, tuple[float, float]]:
    """Return wall seconds by step of the first and the second run of the pipeline in one session."""
    command = [str(python), str(HERE / "profiled_spark.py"), str(raw), str(out)]
    said = output(command, cwd=ROOT, environment=_environment(), seconds=SECONDS)
    first, second = (json.loads(line) for line in said[-2:])
    return {step: (first[step], second[step]) for step in first}


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SPARK_"))}
    return kept | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE)))}


def _cold(python: Path, name: str, raw: Path, out: Path) -> Run:
    shutil.rmtree(out, ignore_errors=True)
    command = [str(python), str(HERE / SCRIPTS[name]), str(raw), str(out)]
    return measure(command, cwd=ROOT, environment=_environment(), seconds=SECONDS)


def _verdict(name: str, out: Path) -> verdict.Verdict:
    if name == PIPELINE:
        silver, quarantine = "processed/transactions", "processed/quarantine/dataset=transactions/**"
    else:
        silver, quarantine = "silver", "quarantine.parquet"
    return verdict.of_files(f"{out}/{silver}/**/*.parquet", f"{out}/{quarantine}/*.parquet")


class _Session:
    """A contender's session, asked for one run after the other."""

    def __init__(self, python: Path, name: str, raw: Path) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [str(python), str(HERE / SCRIPTS[name]), str(raw), "-"], cwd=ROOT, env=_environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._expect("ready")

    def run(self, out: Path) -> float:
        """Return the seconds of wall time of a run into an emptied folder."""
        shutil.rmtree(out, ignore_errors=True)
        start = time.monotonic()
        assert self.process.stdin is not None
        self.process.stdin.write(f"{out}\n")
        self.process.stdin.flush()
        self._expect("done")
        return time.monotonic() - start

    def end(self) -> None:
        """End the session."""
        self.process.communicate()

    def _expect(self, word: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise RunFailedError(f"{self.name} ended with {self.process.wait()} before it said {word}")
