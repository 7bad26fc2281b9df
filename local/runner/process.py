"""A job's process: started in its own group, streamed, ended at its time limit, found again after a crash.

The process inherits a locked file. As long as the lock is held the process (or a child of it) lives, so a
runner that starts after a killed one can end what is left without ever touching a stranger's process id.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

GRACE_SECONDS = 5.0
LOCK_NAME = "process.lock"


@dataclass(frozen=True)
class Line:
    """One line that the process wrote, with the time it was read (Unix epoch, milliseconds)."""

    stream: str
    text: str
    at_ms: int


@dataclass(frozen=True)
class Outcome:
    """How the process ended: exit code (negative: a signal), time-out, seconds, everything it wrote."""

    exit_code: int
    timed_out: bool
    seconds: float
    lines: tuple[Line, ...]

    def text(self, stream: str) -> str:
        """Return what was written to `stdout` or `stderr`."""
        return "\n".join(line.text for line in self.lines if line.stream == stream)


def execute(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    timeout_seconds: float | None,
    on_stderr: Callable[[str], None],
) -> Outcome:
    """Run a command in `folder` to its end, or to its time limit.

    Past the limit the whole process group gets SIGTERM, then after 5 s SIGKILL; the same when this very call
    is interrupted.
    """
    started = time.monotonic()
    lines: list[Line] = []
    with (folder / LOCK_NAME).open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=(lock.fileno(),),
        ) as process:
            lock.write(str(process.pid))
            lock.flush()
            readers = [
                _reader(process.stdout, "stdout", lines, None),
                _reader(process.stderr, "stderr", lines, on_stderr),
            ]
            timed_out = False
            try:
                process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                timed_out = True
                _end(process)
            except BaseException:
                _end(process)
                raise
            for reader in readers:
                reader.join(GRACE_SECONDS)
    return Outcome(process.returncode, timed_out, time.monotonic() - started, tuple(lines))


def end_abandoned(folder: Path) -> bool:
    """End the process that a killed runner left in `folder`; tell whether there was one alive."""
    path = folder / LOCK_NAME
    if not path.exists():
        return False
    with path.open("r+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            written = lock.read().strip()
            if written:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(int(written), signal.SIGKILL)
            return True
    return False


def _reader(
    source: IO[str] | None, stream: str, lines: list[Line], on_line: Callable[[str], None] | None
) -> threading.Thread:
    def read() -> None:
        for raw in source or ():
            text = raw.rstrip("\n")
            lines.append(Line(stream, text, time.time_ns() // 1_000_000))
            if on_line:
                on_line(text)

    thread = threading.Thread(target=read, name=f"job-{stream}", daemon=True)
    thread.start()
    return thread


def _end(process: subprocess.Popen[str]) -> None:
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
            return
