"""The pipeline with its steps timed one after the other, which costs it the overlap of reading and judging.

Usage: python -m benchmarks.etl.contenders.profiled RAW OUT. Prints a JSON object of (wall, CPU) seconds by step.
"""

import functools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.etl.contenders import pipeline
from etl import embedded, merge, processed, publish, unit, workload

STEPS: tuple[tuple[str, Any, str], ...] = (
    ("reading lines: digest, shapes, what is plain", embedded, "take_in"),
    ("typing plain lines, which the floor does as well", unit, "type_parts"),
    ("rules and dimensions over typed values", unit, "set_aside"),
    ("judging all other lines, and counting", embedded, "judge"),
    ("settling versions, duplicates, cancellations", merge.Merge, "settle"),
    ("periods missing or traded twice", embedded.EmbeddedWorkload, "_period_groups"),
    ("quarantine and dq_results", embedded, "write_quarantine"),
    ("quarantine and dq_results", workload, "write_dq_results"),
    ("sorting and writing Silver; the floor writes unsorted", merge.Merge, "write"),
    ("publishing", publish, "publish"),
)
_spent: dict[str, list[float]] = {}
_open: list[list[float]] = []


def _timed(step: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Count what `work` takes without what the steps inside it take."""

    @functools.wraps(work)
    def timed(*given: Any, **named: Any) -> Any:
        inner = [0.0, 0.0]
        _open.append(inner)
        before = (time.monotonic(), time.process_time())
        try:
            return work(*given, **named)
        finally:
            took = [time.monotonic() - before[0], time.process_time() - before[1]]
            _open.pop()
            total = _spent.setdefault(step, [0.0, 0.0])
            for i in (0, 1):
                total[i] += took[i] - inner[i]
                if _open:
                    _open[-1][i] += took[i]

    return timed


def main(raw: Path, out: Path) -> int:
    """Run the pipeline and print what its steps took; what is left is start-up and bookkeeping."""
    for step, owner, name in STEPS:
        setattr(owner, name, _timed(step, getattr(owner, name)))
    setattr(processed, "ahead", lambda work, items: (work(item) for item in items))  # noqa: B010
    code: int = _timed("start-up, dimensions, bookkeeping", pipeline.main)(raw, out)
    print(json.dumps(_spent))
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
