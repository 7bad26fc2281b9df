"""A command as a benchmark sees it: wall time, CPU seconds and peak memory of its whole process tree."""

from __future__ import annotations

import math
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_SECONDS = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """One measured run: seconds of wall and CPU time, and the peak of resident bytes over the tree."""

    wall: float
    cpu: float
    peak: int


class RunFailedError(Exception):
    """A measured command failed; the message holds the end of what it printed."""


def measure(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], seconds: float) -> Run:
    """Run a command to its end; RunFailedError if it fails or takes longer than `seconds`."""
    before = os.times()
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seen = _Seen()
    done = threading.Event()
    sampler = threading.Thread(target=_sample, args=(process.pid, done, seen), daemon=True)
    sampler.start()
    try:
        printed, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise RunFailedError(f"{' '.join(command)} took longer than {seconds:.0f} s") from error
    finally:
        done.set()
        sampler.join()
    wall = time.monotonic() - start
    after = os.times()
    if process.returncode:
        raise RunFailedError(f"{' '.join(command)} ended with {process.returncode}\n{printed[-3000:]}")
    # The times of children count once they and their own children were waited for, which nobody does for Spark's JVM.
    waited = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(wall, max(waited, sum(seen.cpu.values())), seen.peak)


@dataclass
class _Seen:
    """What the sampler saw: the peak of resident bytes over the tree, and the CPU seconds of each process."""

    peak: int = 0
    cpu: dict[int, float] = field(default_factory=dict)


def _sample(root: int, done: threading.Event, seen: _Seen) -> None:
    while not done.wait(SAMPLE_SECONDS):
        tree = _tree(root)
        seen.peak = max(seen.peak, sum(_resident(pid) for pid in tree))
        for pid in tree:
            seen.cpu[pid] = max(seen.cpu.get(pid, 0.0), _cpu(pid))


def _tree(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            continue
        waiting += [int(child) for child in children]
    return found


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    except (OSError, IndexError):
        return 0.0


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def output(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], seconds: float) -> list[str]:
    """Return the lines that a process prints; RunFailedError when it ends otherwise than with 0."""
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    if done.returncode:
        raise RunFailedError(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout.splitlines()


def log_log_slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the least-squares slope of cost over size, (size, cost), both as logarithms; NaN for one size."""
    logs = [(math.log(size), math.log(cost)) for size, cost in points]
    x, y = (sum(p[i] for p in logs) / len(logs) for i in (0, 1))
    spread = sum((a - x) ** 2 for a, _ in logs)
    return sum((a - x) * (b - y) for a, b in logs) / spread if spread else math.nan
