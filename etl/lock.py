"""One writer for each unit: a lock of numbered generations that needs only put-if-absent and a listing.

Generation n+1 can be taken when n is released or stale, and putting its object if absent decides who gets
it. A lock is stale when its holder ran on this machine and is dead, or when its lease has run out; the
holder renews the lease while it works. Before each irreversible step the holder checks that no later
generation exists.
"""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from etl import faults
from etl.errors import DataLakeError
from etl.progress import say
from etl.store import Store

LEASE_SECONDS = 120.0
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Lock:
    """A held lock; `ensure` raises DataLakeError when another holder has taken over."""

    store: Store
    prefix: str
    generation: int

    def ensure(self) -> None:
        """Raise unless this is still the newest generation."""
        if _newest(self.store, self.prefix)[0] != self.generation:
            raise DataLakeError(
                "Another run took this lock over because its lease had run out.",
                where=self.prefix,
                fix="Nothing is lost: the other run finishes the work. Run again to see the result.",
            )


@contextmanager
def hold(store: Store, prefix: str, *, wait_seconds: float = 60.0) -> Iterator[Lock]:
    """Hold the lock kept under `prefix`, waiting for another holder; DataLakeError when the wait is over."""
    lock = _acquire(store, prefix, wait_seconds)
    faults.step("lock-acquired")
    stop = threading.Event()
    renewal = threading.Thread(target=_renew, args=(lock, stop), daemon=True)
    renewal.start()
    try:
        yield lock
    finally:
        stop.set()
        renewal.join()
        store.put(f"{prefix}{lock.generation:012d}.released", b"")
        faults.step("lock-released")


def _acquire(store: Store, prefix: str, wait_seconds: float) -> Lock:
    deadline = time.monotonic() + wait_seconds
    told = False
    while True:
        generation, free, holder = _newest(store, prefix)
        if free and store.put_if_absent(f"{prefix}{generation + 1:012d}.lock", _claim()):
            if _newest(store, prefix)[0] == generation + 1:
                old = [e.key for e in store.list(prefix) if _number(e.key) <= generation]
                store.delete(old)
                return Lock(store, prefix, generation + 1)
            store.delete([f"{prefix}{generation + 1:012d}.lock"])
        if time.monotonic() >= deadline:
            raise DataLakeError(
                f"Another run holds this lock: {holder}.",
                where=f"{store.uri}{prefix}",
                fix=f"Wait for it to finish; a dead run loses the lock after {LEASE_SECONDS:.0f} s.",
            )
        if not free and not told:
            say("waiting for another run", lock=prefix, holder=holder)
            told = True
        time.sleep(POLL_SECONDS)


def _newest(store: Store, prefix: str) -> tuple[int, bool, str]:
    """Return the newest generation, whether it is free to follow, and who holds it."""
    entries = {e.key: e for e in store.list(prefix)}
    generation = max((_number(key) for key in entries), default=0)
    if generation == 0 or f"{prefix}{generation:012d}.released" in entries:
        return generation, True, "nobody"
    body = store.get(f"{prefix}{generation:012d}.lock")
    if body is None:
        return generation, False, "a run that is starting"
    claim = json.loads(body)
    return generation, _is_stale(claim), f"process {claim['pid']} on {claim['host']}"


def _claim() -> bytes:
    claim = {
        "owner": uuid.uuid4().hex,
        "host": socket.gethostname(),
        "boot": _boot_id(),
        "pid": os.getpid(),
        "started": _process_start(os.getpid()),
        "expires": time.time() + LEASE_SECONDS,
    }
    return json.dumps(claim).encode()


def _is_stale(claim: dict[str, object]) -> bool:
    here = claim["boot"] == _boot_id() and claim["host"] == socket.gethostname()
    if here and claim["boot"]:
        started = _process_start(int(str(claim["pid"])))
        if started != claim["started"]:
            return True
    return time.time() > float(str(claim["expires"]))


def _boot_id() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def _process_start(pid: int) -> str | None:
    """Return when a process started, in kernel ticks: a reused process id differs in it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def _renew(lock: Lock, stop: threading.Event) -> None:
    while not stop.wait(LEASE_SECONDS / 3):
        lock.store.put(f"{lock.prefix}{lock.generation:012d}.lock", _claim())


def _number(key: str) -> int:
    return int(key.rpartition("/")[2].partition(".")[0])
