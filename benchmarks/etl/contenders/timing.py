"""Seconds that the steps of a run take, each without the steps inside it."""

import functools
import time
from collections.abc import Callable, Iterable
from typing import Any

spent: dict[str, list[float]] = {}
"""Wall and CPU seconds by step so far; CPU is that of this process."""

_open: list[list[float]] = []


def timed(step: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Count what `work` takes without what the steps inside it take."""

    @functools.wraps(work)
    def counted(*given: Any, **named: Any) -> Any:
        inner = [0.0, 0.0]
        _open.append(inner)
        before = (time.monotonic(), time.process_time())
        try:
            return work(*given, **named)
        finally:
            took = [time.monotonic() - before[0], time.process_time() - before[1]]
            _open.pop()
            total = spent.setdefault(step, [0.0, 0.0])
            for i in (0, 1):
                total[i] += took[i] - inner[i]
                if _open:
                    _open[-1][i] += took[i]

    return counted


def watch(steps: Iterable[tuple[str, Any, str]]) -> None:
    """Have functions timed wherever they are called from now on: (step, owner, name of the function)."""
    for step, owner, name in steps:
        setattr(owner, name, timed(step, getattr(owner, name)))
