"""The embedded AWS as a background process of one clone and one stack: found, started once, ended.

Everything it keeps lies in `<root>/.lake/<stack>/emulator/`: the pid file, the log, the lock that lets only
one start win, and the spool of large objects. A pid file alone proves nothing, since pids and ports are
reused: an emulator is ours only if what answers on the port states the same instance, stack and root.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.errors import DataLakeError

START_SECONDS = 60.0
STOP_SECONDS = 5.0
_PROJECT = Path(__file__).resolve().parents[2]
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class EmulatorError(DataLakeError):
    """The embedded AWS could not be started or ended."""


@dataclass(frozen=True)
class Emulator:
    """A running embedded AWS: its loopback endpoint, the UUID of this start, its process and its stack."""

    endpoint: str
    instance: str
    pid: int
    stack: str


def folder(root: Path, stack: str) -> Path:
    """Names the folder of a stack's emulator."""
    return root.resolve() / ".lake" / stack / "emulator"


def pid_file(root: Path, stack: str) -> Path:
    """Names the file in which a running emulator states pid, port, instance and start time."""
    return folder(root, stack) / "emulator.json"


def ensure(root: Path, stack: str) -> tuple[Emulator, bool]:
    """Returns the stack's emulator and whether it was started just now; concurrent calls start only one."""
    home = folder(root, stack)
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home):
        running = find(root, stack)
        if running:
            return running, False
        _end_unanswering(root, stack)
        pid_file(root, stack).unlink(missing_ok=True)
        return _start(root.resolve(), stack), True


def find(root: Path, stack: str) -> Emulator | None:
    """Returns the stack's emulator if it runs and answers as this clone's, else None."""
    note = _note(root, stack)
    if note is None or not _alive(note["pid"]):
        return None
    endpoint = f"http://127.0.0.1:{note['port']}"
    try:
        with _DIRECT.open(f"{endpoint}/_lake/identity", timeout=5) as answer:
            identity = json.load(answer)
    except (OSError, ValueError):
        return None
    expected = {"instance": note["instance"], "stack": stack, "root": str(root.resolve())}
    if not isinstance(identity, dict) or any(identity.get(key) != value for key, value in expected.items()):
        return None
    return Emulator(endpoint, note["instance"], note["pid"], stack)


def stop(root: Path, stack: str) -> bool:
    """Ends the stack's emulator, gently and then by force; returns whether there was one."""
    home = folder(root, stack)
    if not home.is_dir():
        return False
    with _alone(home):
        running = find(root, stack)
        if running:
            _end(running.pid)
        ended = _end_unanswering(root, stack)
        pid_file(root, stack).unlink(missing_ok=True)
        return running is not None or ended


def _start(root: Path, stack: str) -> Emulator:
    log = folder(root, stack) / "emulator.log"
    with log.open("a", encoding="utf-8") as handle:
        began = handle.tell()
        command = ["-P", "-m", "local.emulator", str(root), stack]
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, *command],
            _environment(),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, handle.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, handle.fileno(), 2),
            ],
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if not _alive(pid):
            raise _failure("The embedded AWS ended while starting", log, began)
        running = find(root, stack)
        if running and running.pid == pid:
            return running
        time.sleep(0.05)
    _end(pid)
    raise _failure(f"The embedded AWS was not ready within {START_SECONDS:.0f} s", log, began)


def _environment() -> dict[str, str]:
    """Returns our environment without anything that would change whom the emulator believes to be."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "MOTO_", "PYTHON")) or name == "PYTHONPYCACHEPREFIX"
    }
    # Without these, glibc keeps the memory of every large request for good, once for each thread.
    frugal = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1048576"}
    return {**kept, **frugal, "PYTHONPATH": str(_PROJECT), "PYTHONUNBUFFERED": "1"}


def _failure(what: str, log: Path, began: int) -> EmulatorError:
    with log.open("rb") as handle:
        handle.seek(began)
        tail = handle.read().decode("utf-8", "replace").strip().splitlines()[-15:]
    said = "\n".join(["; it said:", *tail]) if tail else " and said nothing"
    return EmulatorError(
        what + said, where=str(log), fix="run the same command again; if it fails again, read the log"
    )


def _note(root: Path, stack: str) -> dict[str, Any] | None:
    try:
        note = json.loads(pid_file(root, stack).read_text(encoding="utf-8"))
        return {"pid": int(note["pid"]), "port": int(note["port"]), "instance": str(note["instance"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _end_unanswering(root: Path, stack: str) -> bool:
    """Ends an emulator that lives but does not answer (hung, or suspended), known by its command line."""
    note = _note(root, stack)
    if note is None or not _alive(note["pid"]):
        return False
    listing = subprocess.run(
        ["ps", "-o", "command=", "-ww", "-p", str(note["pid"])], capture_output=True, text=True, check=False
    )
    if not listing.stdout.rstrip().endswith(f"-m local.emulator {root.resolve()} {stack}"):
        return False
    _end(note["pid"], signal.SIGKILL)
    return True


def _end(pid: int, *signals: signal.Signals) -> None:
    for number in signals or (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not _alive(pid):
                return
            time.sleep(0.02)
    raise EmulatorError(f"The embedded AWS (process {pid}) does not end", fix=f"kill -9 {pid}")


def _alive(pid: int) -> bool:
    """Tells whether a process runs; one of our own children that ended is reaped on the way."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    with (home / "emulator.lock").open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
