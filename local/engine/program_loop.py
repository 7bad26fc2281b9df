"""The event loop that the Automation API runs a program in, which it leaves open when the program fails."""

from __future__ import annotations

import asyncio
import time

PATIENCE = 10.0
"""Seconds that a program may take to end after its engine has."""


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
        deadline = time.monotonic() + PATIENCE
        while loop is not None and loop.is_running() and time.monotonic() < deadline:
            time.sleep(0.01)
        if loop is not None and not loop.is_running():
            loop.close()
