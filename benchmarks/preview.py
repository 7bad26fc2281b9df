"""What the policy pack adds to a preview of the production stack, with the engine of the command line.

Usage: python -m benchmarks.preview [--rounds 5]
Previews with and without the pack take turns, after one of each that does not count; every preview is a
process of its own. Prints, for each, minimum, median and maximum of wall and CPU seconds of the whole process
tree, and the median of the ratios pair by pair. On a busy machine the CPU seconds are the ones to read.
Exit code 1 where the pack adds more than 25 % of CPU seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pulumi import automation

from benchmarks.etl.process import Run, measure
from local.engine import binary
from local.engine.driver import Driver
from local.engine.workspace import CODE, Mode, Workspace

ADDS_AT_MOST = 0.25
SECONDS = 300.0
STACK = "prod"
WAYS = ("without", "with")


def preview(way: str) -> None:
    """Preview the production stack in this process, with the pack or without."""
    if way == "without":
        judged = automation.Stack.preview

        def unjudged(stack: automation.Stack, *, policy_packs: Any = None, **options: Any) -> Any:
            del policy_packs
            return judged(stack, **options)

        automation.Stack.preview = unjudged  # type: ignore[method-assign, assignment]
    workspace = Workspace(CODE, CODE, STACK, Mode.OFFLINE)
    outcome = Driver(workspace, binary.ensure(), CODE / "policies").preview()
    # The gate of this benchmark: both plan the same, and only one was judged.
    print(outcome.summary, "judged" if outcome.packs else "not judged")
    if bool(outcome.packs) is not (way == "with"):
        raise SystemExit(f"the preview {way} the pack was{'' if outcome.packs else ' not'} judged")


def measured(rounds: int, folder: Path = CODE) -> dict[str, list[Run]]:
    """Return the runs of both ways, in turns, without the first of each."""
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    for number in range(rounds + 1):
        for way in WAYS:
            command = [sys.executable, "-m", "benchmarks.preview", "--one", way]
            run = measure(command, cwd=folder, environment=os.environ, seconds=SECONDS)
            if number:
                runs[way].append(run)
    return runs


def adds(runs: dict[str, list[Run]], name: str) -> float:
    """Return the median of what the pack adds, as a share, pair by pair."""
    pairs = zip(runs["without"], runs["with"], strict=True)
    return float(statistics.median(getattr(b, name) / getattr(a, name) for a, b in pairs)) - 1


def _spread(values: Sequence[float]) -> str:
    return f"{min(values):.1f} / {statistics.median(values):.1f} / {max(values):.1f}"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and compare with the bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.preview", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=WAYS, help="preview once, in this process")
    given = parser.parse_args(arguments)
    if given.one:
        preview(given.one)
        return 0
    runs = measured(given.rounds)
    print(f"preview of {STACK}, {given.rounds} rounds, {os.cpu_count()} cores; min / median / max")
    for way in WAYS:
        wall, cpu = ([getattr(run, name) for run in runs[way]] for name in ("wall", "cpu"))
        print(f"{way:8} the pack: {_spread(wall)} s wall, {_spread(cpu)} s CPU")
    print(f"the pack adds {adds(runs, 'wall'):.0%} of wall time, {adds(runs, 'cpu'):.0%} of CPU seconds")
    if adds(runs, "cpu") > ADDS_AT_MOST:
        print(f"over the bound: {ADDS_AT_MOST:.0%} of CPU seconds", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
