"""What a killed operation leaves behind, and how the next one goes on: locks and half-made resources."""

from __future__ import annotations

import contextlib
import fcntl
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import console
from local.engine.errors import StackBusy
from local.engine.workspace import Workspace

PATIENCE = 60.0
"""Seconds an engine whose starter was killed gets to end by itself; it notices within a second or two."""


@dataclass(frozen=True)
class Lock:
    """The engine's lock on a stack in a `file://` backend, and the process that holds it."""

    path: Path
    pid: int
    host: str


@contextlib.contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """Let one operation of this clone work on a stack at a time; the others wait."""
    with (workspace.folder / "operation.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with console.step(f"Waiting for another operation on stack {workspace.stack}"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def release(workspace: Workspace, patience: float = PATIENCE) -> list[Lock]:
    """Remove the engine's locks whose holders are gone and return them.

    An engine that still runs is given time to end. Raises StackBusy when it does not, or is on another
    machine.
    """
    stale = []
    for lock in locks(workspace):
        if lock.host != socket.gethostname():
            raise StackBusy(
                f"stack {workspace.stack} is being worked on from the machine {lock.host}",
                where=str(lock.path),
                fix="wait for it to end; if that machine is gone, remove the file",
            )
        if _holds(lock) and not _ended(lock, patience):
            raise StackBusy(
                f"stack {workspace.stack} is being worked on by process {lock.pid}",
                where=str(lock.path),
                fix=f"wait for it to end, or end it: kill {lock.pid}",
            )
        lock.path.unlink(missing_ok=True)
        stale.append(lock)
    return stale


def locks(workspace: Workspace) -> list[Lock]:
    """Read the engine's locks on the stack."""
    found = []
    folder = workspace.state / ".pulumi" / "locks"
    for path in sorted(folder.glob(f"**/{workspace.stack}/*.json")):
        try:
            note = json.loads(path.read_text())
        except (OSError, ValueError):
            note = {}
        found.append(Lock(path, int(note.get("pid", 0)), str(note.get("hostname", socket.gethostname()))))
    return found


def _ended(lock: Lock, patience: float) -> bool:
    with console.step(f"Waiting for the engine of an interrupted run to end (process {lock.pid})"):
        deadline = time.monotonic() + patience
        while _holds(lock):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
    return True


def _holds(lock: Lock) -> bool:
    """Tell whether the lock's process lives and is an engine: process numbers are used again."""
    if not lock.path.exists() or lock.pid <= 0:
        return False
    listing = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(lock.pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return "pulumi" in listing and not listing.startswith("Z")


@contextlib.contextmanager
def unsaved(workspace: Workspace) -> Iterator[None]:
    """Mark an operation whose state is written only at its end, for the case that it never gets there.

    An engine that ends by itself has written the state before it lets go of its lock.
    """
    _unsaved_mark(workspace).touch()
    try:
        yield
    finally:
        if not locks(workspace):
            settle(workspace)


def lost(workspace: Workspace) -> bool:
    """Tell whether such an operation was killed: the state is not about what the embedded AWS holds."""
    return _unsaved_mark(workspace).exists()


def settle(workspace: Workspace) -> None:
    """Drop the mark, once nothing is left that the state could be wrong about."""
    _unsaved_mark(workspace).unlink(missing_ok=True)


def _unsaved_mark(workspace: Workspace) -> Path:
    return workspace.folder / "unsaved"


def state_file(workspace: Workspace) -> Path:
    """Name the file of the stack's state in the `file://` backend."""
    return workspace.state / ".pulumi" / "stacks" / workspace.project / f"{workspace.stack}.json"


def checkpoint(workspace: Workspace) -> dict[str, Any]:
    """Read the stack's state from the `file://` backend; empty when there is none."""
    try:
        latest = json.loads(state_file(workspace).read_text())["checkpoint"]["latest"]
    except (OSError, ValueError, KeyError):
        return {}
    return latest if isinstance(latest, dict) else {}


def resources(workspace: Workspace) -> list[dict[str, Any]]:
    """List the resources in the stack's state, without the stack itself and its providers."""
    held = checkpoint(workspace).get("resources") or []
    own = ("pulumi:pulumi:Stack", "pulumi:providers:")
    return [resource for resource in held if not str(resource.get("type", "")).startswith(own)]


def begun(workspace: Workspace) -> list[dict[str, Any]]:
    """List the resources whose creation began and was never reported as ended."""
    operations = checkpoint(workspace).get("pending_operations") or []
    return [operation["resource"] for operation in operations if operation["type"] == "creating"]


def pending(workspace: Workspace) -> list[str]:
    """Name the resources on which an operation began and was never reported as ended, as `creating URN`."""
    operations = checkpoint(workspace).get("pending_operations") or []
    return [f"{operation['type']} {operation['resource']['urn']}" for operation in operations]
