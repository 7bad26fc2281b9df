"""P1: what the policy pack adds to a preview of the production stack, run as `./lake preview` runs it.

Previews with and without the pack take turns, after one of each that does not count; every preview is a process
of its own. Wall time is what a person waits for; CPU seconds are those of the whole process tree.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi import automation

from benchmarks.etl.process import Run, measure
from local.engine import binary, preload
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
    preload.begin(CODE)
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
            command = [sys.executable, "-m", "benchmarks.policies.preview", "--one", way]
            run = measure(command, cwd=folder, environment=os.environ, seconds=SECONDS)
            if number:
                runs[way].append(run)
    return runs


def adds(runs: Mapping[str, list[Run]], name: str) -> float:
    """Return the median of what the pack adds, as a share, pair by pair."""
    pairs = zip(runs["without"], runs["with"], strict=True)
    return float(statistics.median(getattr(b, name) / getattr(a, name) for a, b in pairs)) - 1


def main(arguments: list[str] | None = None) -> int:
    """Preview once, in this process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policies.preview", description=main.__doc__)
    parser.add_argument("--one", choices=WAYS, required=True)
    preview(parser.parse_args(arguments).one)
    return 0


if __name__ == "__main__":
    sys.exit(main())
