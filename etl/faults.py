"""Fault injection: kill the process at a named step of publishing, to prove that the next run repairs it."""

import os
import sys
import threading

STEPS = (
    "lock-acquired",
    "planned",
    "stage-object",
    "staged",
    "verified",
    "journal-written",
    "copy-object",
    "copied",
    "delete-object",
    "deleted",
    "manifest-written",
    "index-written",
    "journal-deleted",
    "staging-deleted",
    "lock-released",
)
KILLED = 137


def step(name: str) -> None:
    """Mark a step; LAKE_FAULT=STEP or STEP:N in the environment kills the process at its Nth passage."""
    wanted = os.environ.get("LAKE_FAULT")
    if not wanted:
        return
    target, _, count = wanted.partition(":")
    if target != name:
        return
    with _counting:
        _passed[name] = _passed.get(name, 0) + 1
        if _passed[name] >= int(count or 1):
            sys.stderr.flush()
            os._exit(KILLED)


_passed: dict[str, int] = {}
_counting = threading.Lock()
