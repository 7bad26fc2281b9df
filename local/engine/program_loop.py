"""The event loop that the Automation API runs a program in, which it leaves open when the program fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE = 10.0
"""Seconds that a program may take to end after its engine has."""

GRACE = 0.5
"""Seconds that the SDK's server gets to close the loop by itself: two that close it trip over each other."""


class ProgramLoop:
    """Remembers the loop of the program that runs, and closes it once the engine is done.

    The SDK's server cancels what is left of a failed program and then closes its loop, but not where one of
    the cancelled tasks ends with an error of its own: loop and sockets stay open for as long as the process.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def note(self) -> None:
        """Remember the running loop; called from the program."""
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Close the loop noted last, if it is open, as soon as it has stopped."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        _wait(lambda: not loop.is_running(), PATIENCE)
        if not loop.is_running() and not _wait(loop.is_closed, GRACE):
            loop.close()


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds; tell whether it came to that."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
