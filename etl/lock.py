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
from dataclasses import dataclass, field
from pathlib import Path

from etl import faults
from etl.errors import DataLakeError
from etl.progress import say
from etl.store import Store

LEASE_SECONDS = 120.0
POLL_SECONDS = 0.2


@dataclass(slots=True)
class Lock:
    """A held lock; `ensure` raises DataLakeError when another holder has taken over."""

    store: Store
    prefix: str
    generation: int
    checked: float = field(default=float("-inf"), init=False)

    def ensure(self, *, within: float = 0.0) -> None:
        """Raise unless this is still the newest generation; a check is good for `within` seconds."""
        now = time.monotonic()
        if now - self.checked < within:
            return
        if _newest(_keys(self.store, self.prefix)) != self.generation:
            raise DataLakeError(
                "Another run took this lock over because its lease had run out.",
                where=self.prefix,
                fix="Nothing is lost: the other run finishes the work. Run again to see the result.",
            )
        self.checked = now


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
        keys = _keys(store, prefix)
        generation = _newest(keys)
        free, holder = _standing(store, prefix, generation, keys)
        if free and store.put_if_absent(f"{prefix}{generation + 1:012d}.lock", _claim()):
            keys = _keys(store, prefix)
            if _newest(keys) == generation + 1:
                store.delete([key for key in keys if _number(key) <= generation])
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


def _keys(store: Store, prefix: str) -> list[str]:
    return [entry.key for entry in store.list(prefix)]


def _newest(keys: list[str]) -> int:
    return max((_number(key) for key in keys), default=0)


def _standing(store: Store, prefix: str, generation: int, keys: list[str]) -> tuple[bool, str]:
    """Return whether the newest generation is free to follow, and who holds it."""
    if generation == 0 or f"{prefix}{generation:012d}.released" in keys:
        return True, "nobody"
    body = store.get(f"{prefix}{generation:012d}.lock")
    if body is None:
        return False, "a run that is starting"
    claim = json.loads(body)
    return _is_stale(claim), f"process {claim['pid']} on {claim['host']}"


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
