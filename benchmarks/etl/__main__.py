"""Benchmarks E1 to E7 of the pipeline: `./lake bench etl`.

Usage: python -m benchmarks.etl --python PYTHON [--rows 100000,1000000] [--rounds 5] [--only e1,e2,e3,e4,e5,e6,e7]
[--oracle-rows 1000000] [--awswrangler-rows 1000000] [--work DIR] [--report DIR]. PYTHON is the interpreter that has the contenders' packages.
Writes etl.md and etl.svg into the report's folder. Exit code 1 when an output differs from the oracle's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.etl import inputs, lakes, report, spark_contest
from benchmarks.etl.contest import (
    AWSWRANGLER,
    BY_HAND,
    FLOOR,
    PIPELINE,
    ROOT,
    Arena,
    Contest,
    GateError,
)
from benchmarks.etl.process import RunFailedError

PARTS = ("e1", "e2", "e3", "e4", "e5", "e6", "e7")


def main() -> int:
    """Run what was asked for and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.etl", description=__doc__)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--rows", default="100000,1000000", help="sizes, comma separated")
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds, after a warm-up")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--oracle-rows", type=int, default=1_000_000, help="largest size the oracle judges")
    parser.add_argument("--awswrangler-rows", type=int, default=1_000_000, help="largest size it runs at")
    parser.add_argument("--work", type=Path, default=ROOT / ".lake" / "bench")
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "benchmarks")
    given = parser.parse_args()
    only = set(given.only.lower().split(","))
    if unknown := only - set(PARTS):
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    sizes = [int(n) for n in given.rows.split(",")]
    given.work.mkdir(parents=True, exist_ok=True)
    arena = Arena(given.work.resolve(), given.python.absolute())
    page = _Page(arena, given.report)
    try:
        _run(page, sizes, only, rounds=given.rounds, limits=(given.oracle_rows, given.awswrangler_rows))
    except (GateError, RunFailedError) as error:
        print(error, file=sys.stderr)
        return 1
    print(page.path.read_text())
    print(f"Written to {page.path}")
    return 0


class _Page:
    """The report, written anew whenever something is known: a run that is stopped keeps what it measured."""

    def __init__(self, arena: Arena, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.arena = arena
        self.path = folder / "etl.md"
        self.before = report.machine()
        self.contests: dict[int, Contest] = {}
        self.parts: dict[str, list[str]] = {}

    def write(self) -> None:
        """Write page and picture."""
        now = f"at the end load {os.getloadavg()[0]:.1f}"
        head = [
            "# Benchmarks of the pipeline",
            "",
            f"Made by `./lake bench etl`. Machine: {self.before}; {now}.",
            "",
        ]
        lines = []
        if self.contests:
            head += ["![CPU seconds by contender](etl.svg)", ""]
            data = self.arena.work / "picture.json"
            report.picture_data(list(self.contests.values()), data)
            figure = ROOT / "benchmarks" / "etl" / "figure.py"
            command = [str(self.arena.python), str(figure), str(data), str(self.path.with_suffix(".svg"))]
            subprocess.run(command, check=True)
            lines += ["## E1, E2: raw to processed", ""]
            for contest in self.contests.values():
                lines += report.contest_table(contest)
        for _, part in sorted(self.parts.items()):
            lines += part
        self.path.write_text("\n".join([*head, *lines]).rstrip() + "\n")


def _run(page: _Page, sizes: list[int], only: set[str], *, rounds: int, limits: tuple[int, int]) -> None:
    arena, largest = page.arena, sizes[-1]
    oracle_rows, awswrangler_rows = limits
    raw = inputs.raw(arena.work, largest)
    if only & {"e5", "e6", "e7"}:
        lake, first = lakes.fresh(arena, largest)
        if "e6" in only:
            plain = lakes.plain_parquet(raw, arena.work / "out" / "plain")
            page.parts["e6"] = report.bytes_table(largest, lakes.bytes_read(lake, raw, plain))
        if only & {"e5", "e7"}:
            page.parts["e5"] = report.again_table(largest, lakes.again(arena, largest, lake, first))
        page.write()
    if "e4" in only:
        page.parts["e4"] = report.growth_table(*lakes.growth(arena, sizes))
        page.write()
    if "e1" in only:
        spent = arena.profile(raw)
    for rows in sizes if only & {"e1", "e2"} else ():
        names = [PIPELINE, *([FLOOR] if "e1" in only else []), *(BY_HAND if "e2" in only else [])]
        if rows > awswrangler_rows:
            names = [name for name in names if name != AWSWRANGLER]
        for contest in arena.contest(rows, names, rounds=rounds, oracle_rows=oracle_rows):
            page.contests[rows] = contest
            if "e1" in only and rows == largest:
                page.parts["e1"] = report.profile_table(contest, spent)
            page.write()
    if "e3" in only:
        for rows in sizes:
            found = spark_contest.contest(arena, rows, rounds=rounds, oracle_rows=oracle_rows)
            page.parts[f"e3-{rows:012}"] = spark_contest.table(found)
            page.write()


if __name__ == "__main__":
    sys.exit(main())
