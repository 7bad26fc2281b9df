"""Benchmarks E1, E2, E4 to E7 of the pipeline: `./lake bench etl`.

Usage: python -m benchmarks.etl --python PYTHON [--rows 100000,1000000] [--rounds 5] [--only e1,e2,e4,e5,e6,e7]
[--oracle-rows 1000000] [--work DIR] [--report DIR]. PYTHON is the interpreter that has the contenders' packages.
Writes etl.md and etl.svg into the report's folder. Exit code 1 when an output differs from the oracle's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.etl import inputs, lakes, report
from benchmarks.etl.contest import BY_HAND, FLOOR, PIPELINE, ROOT, Arena, Contest, GateError
from benchmarks.etl.process import RunFailedError

PARTS = ("e1", "e2", "e4", "e5", "e6", "e7")


def main() -> int:
    """Run what was asked for and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.etl", description=__doc__)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--rows", default="100000,1000000", help="sizes, comma separated")
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds, after a warm-up")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--oracle-rows", type=int, default=1_000_000, help="largest size the oracle judges")
    parser.add_argument("--work", type=Path, default=ROOT / ".lake" / "bench")
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "benchmarks")
    given = parser.parse_args()
    only = set(given.only.lower().split(","))
    if unknown := only - set(PARTS):
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    sizes = [int(n) for n in given.rows.split(",")]
    given.work.mkdir(parents=True, exist_ok=True)
    before = report.machine()
    arena = Arena(given.work.resolve(), given.python.absolute())
    try:
        lines, contests = _run(arena, sizes, only, given.rounds, given.oracle_rows)
    except (GateError, RunFailedError) as error:
        print(error, file=sys.stderr)
        return 1
    given.report.mkdir(parents=True, exist_ok=True)
    page = given.report / "etl.md"
    head = [
        "# Benchmarks of the pipeline",
        "",
        f"Made by `./lake bench etl`. Machine: {before}; at the end load {os.getloadavg()[0]:.1f}.",
        "",
    ]
    if contests:
        head += ["![CPU seconds by contender](etl.svg)", ""]
        data = arena.work / "picture.json"
        report.picture_data(contests, data)
        figure = ROOT / "benchmarks" / "etl" / "figure.py"
        subprocess.run([str(arena.python), str(figure), str(data), str(given.report / "etl.svg")], check=True)
    page.write_text("\n".join([*head, *lines]).rstrip() + "\n")
    print("\n".join(lines))
    print(f"Written to {page}")
    return 0


def _run(
    arena: Arena, sizes: list[int], only: set[str], rounds: int, oracle_rows: int
) -> tuple[list[str], list[Contest]]:
    lines: list[str] = []
    contests = []
    if only & {"e1", "e2"}:
        lines += ["## E1, E2: raw to processed", ""]
        names = [PIPELINE, *([FLOOR] if "e1" in only else []), *(BY_HAND if "e2" in only else [])]
        for rows in sizes:
            contests.append(arena.contest(rows, names, rounds=rounds, oracle_rows=oracle_rows))
            lines += report.contest_table(contests[-1])
        if "e1" in only:
            lines += report.profile_table(contests[-1], arena.profile(inputs.raw(arena.work, sizes[-1])))
    if "e4" in only:
        lines += report.growth_table(*lakes.growth(arena, sizes))
    if only & {"e5", "e7"}:
        lines += report.again_table(sizes[-1], lakes.again(arena, sizes[-1]))
    if "e6" in only:
        raw, lake = inputs.raw(arena.work, sizes[-1]), arena.work / "out" / "reading"
        arena.run(PIPELINE, raw, lake)
        plain = lakes.plain_parquet(raw, arena.work / "out" / "plain")
        lines += report.bytes_table(lakes.bytes_read(lake, raw, plain))
    return lines, contests


if __name__ == "__main__":
    sys.exit(main())
