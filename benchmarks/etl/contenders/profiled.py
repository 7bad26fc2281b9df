"""The pipeline with its steps timed one after the other, which costs it the overlap of reading and judging.

Usage: python -m benchmarks.etl.contenders.profiled RAW OUT. Prints a JSON object of (wall, CPU) seconds by step.
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.etl.contenders import pipeline, timing
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


def main(raw: Path, out: Path) -> int:
    """Run the pipeline and print what its steps took; what is left is start-up and bookkeeping."""
    timing.watch(STEPS)
    setattr(processed, "ahead", lambda work, items: (work(item) for item in items))  # noqa: B010
    code: int = timing.timed("start-up, dimensions, bookkeeping", pipeline.main)(raw, out)
    print(json.dumps(timing.spent))
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
