"""The benchmark's results as a page: a table of every figure and its ratio, and the picture's data."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.etl.contest import BY_HAND, FLOOR, PIPELINE, Contest
from benchmarks.etl.lakes import Again
from benchmarks.etl.process import Run

AIM = {FLOOR: 2.0, "DuckDB by hand": 1.2, "Polars by hand": 1.5, "awswrangler by hand": 5.0}


def machine() -> str:
    """Cores, system and load of the machine the figures come from."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, load {load:.1f}"


def contest_table(contest: Contest) -> list[str]:
    """E1 and E2: seconds, memory, and the ratios pair by pair."""
    lines = [
        f"### {contest.rows:,} transactions ({contest.size / 1e6:.0f} MB), {_rounds(contest)} rounds; hashes {contest.gate}",
        "",
        "| contender | wall s, min · median · max | CPU s, min · median · max | peak MB | wall ÷ pipeline's | CPU ÷ pipeline's |",
        "|---|---|---|---|---|---|",
    ]
    for name, runs in contest.runs.items():
        peak = max(run.peak for run in runs) / 1e6
        lines.append(
            f"| {name} | {three([r.wall for r in runs])} | {three([r.cpu for r in runs])} | {peak:.0f} "
            f"| {_ratio(contest.ratio(name, PIPELINE, 'wall'))} | {_ratio(contest.ratio(name, PIPELINE, 'cpu'))} |"
        )
    lines.append("")
    for name, aim in AIM.items():
        if name not in contest.runs:
            continue
        if name == FLOOR:
            wall, cpu = (contest.ratio(PIPELINE, FLOOR, what)[1] for what in ("wall", "cpu"))
            lines.append(
                f"- E1: {wall:.2f} × the floor's wall time ({cpu:.2f} × its CPU time); to reach: at most {aim}."
            )
        else:
            wall, cpu = (contest.ratio(name, PIPELINE, what)[1] for what in ("wall", "cpu"))
            lines.append(
                f"- E2: {wall:.2f} × faster than {name} ({cpu:.2f} × by CPU time); to reach: at least {aim}."
            )
    return [*lines, ""]


def profile_table(contest: Contest, spent: Mapping[str, tuple[float, float]]) -> list[str]:
    """E1: where the pipeline's time goes, as multiples of the floor, which bounds what can be reached."""
    floor = median(run.cpu for run in contest.runs[FLOOR])
    whole = sum(cpu for _, cpu in spent.values())
    lines = [
        f"### Where the time goes, {contest.rows:,} transactions",
        "",
        "One run with its steps one after the other; the floor's whole CPU time is 1.",
        "",
        "| step | wall s | CPU s | of the floor's CPU |",
        "|---|---|---|---|",
    ]
    for step, (wall, cpu) in sorted(spent.items(), key=lambda item: -item[1][1]):
        lines.append(f"| {step} | {wall:.2f} | {cpu:.2f} | {cpu / floor:.2f} × |")
    shared = sum(cpu for step, (_, cpu) in spent.items() if "floor" in step)
    return [
        *lines,
        "",
        f"What the floor does too, typing and writing, takes {shared / floor:.2f} × the floor: Silver is sorted.",
        "",
        f"With all that the rules need it is {whole / floor:.2f} ×; the overlap of the steps is left out.",
        "",
    ]


def growth_table(runs: dict[int, Run], slope: float) -> list[str]:
    """E4."""
    lines = ["### E4: growth", "", "| transactions | wall s | CPU s | peak MB |", "|---|---|---|---|"]
    lines += [f"| {n:,} | {r.wall:.1f} | {r.cpu:.1f} | {r.peak / 1e6:.0f} |" for n, r in runs.items()]
    return [*lines, "", f"Log-log slope of CPU time over rows: {slope:.2f}; to reach: at most 1.05.", ""]


def again_table(rows: int, again: Again) -> list[str]:
    """E5 and E7."""
    first = again.first
    full_cpu, late_cpu = sum(again.gold_full.values()), sum(again.gold_late.values())
    return [
        f"### E5 and E7: running again over {rows:,} transactions",
        "",
        "| run | wall s | CPU s | of the first run's CPU |",
        "|---|---|---|---|",
        *(
            f"| {name} | {run.wall:.2f} | {run.cpu:.2f} | {run.cpu / first.cpu:.1%} |"
            for name, run in (
                ("first", first),
                ("nothing changed", again.unchanged),
                ("one late line", again.late),
            )
        ),
        "",
        f"The late line had {again.touched:.0%} of Silver's bytes rewritten; an unchanged run is to cost at most 2 %.",
        "",
        "| Gold | all days, CPU s | after the late line, CPU s |",
        "|---|---|---|",
        *(
            f"| {table} | {full:.2f} | {again.gold_late[table]:.2f} |"
            for table, full in again.gold_full.items()
        ),
        f"| together; all by hand {again.by_hand:.2f} | {full_cpu:.2f} | {late_cpu:.2f} |",
        "",
    ]


def bytes_table(rows: int, found: dict[str, tuple[int, int, int]]) -> list[str]:
    """E6."""
    lines = [
        f"### E6: bytes a query must read, {rows:,} transactions",
        "",
        "| query | lake | plain Parquet | CSV | of plain Parquet | of CSV |",
        "|---|---|---|---|---|---|",
    ]
    for query, (ours, plain, csv) in found.items():
        lines.append(f"| {query} | {ours:,} | {plain:,} | {csv:,} | {ours / plain:.1%} | {ours / csv:.2%} |")
    of_plain = median(ours / plain for ours, plain, _ in found.values())
    of_csv = median(ours / csv for ours, _, csv in found.values())
    lines += [
        "",
        f"Median: {of_plain:.1%} of plain Parquet (to reach: 40 %), {of_csv:.2%} of CSV (to reach: 2 %).",
        "",
    ]
    return lines


def picture_data(contests: list[Contest], to: Path) -> None:
    """Write what the picture shows: CPU and wall seconds of every counted run."""
    shown = [
        {
            "rows": contest.rows,
            "runs": {
                name: {"wall": [r.wall for r in runs], "cpu": [r.cpu for r in runs]}
                for name, runs in contest.runs.items()
            },
        }
        for contest in contests
    ]
    order = [FLOOR, PIPELINE, *BY_HAND]
    to.write_text(json.dumps({"order": order, "contests": shown}))


def _rounds(contest: Contest) -> int:
    return len(next(iter(contest.runs.values())))


def three(values: list[float]) -> str:
    """Minimum, median and maximum as text."""
    return f"{min(values):.2f} · {median(values):.2f} · {max(values):.2f}"


def _ratio(found: tuple[float, float, float]) -> str:
    return f"{found[1]:.2f} ({found[0]:.2f}–{found[2]:.2f})"
