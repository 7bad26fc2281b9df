"""Three habits of the Pulumi SDK that cost more than the program itself on a stack of hundreds of resources.

- `pulumi.log.debug` makes one synchronous call to the engine for each of some twenty notes a resource; the
  engine shows them under `--debug` only.
- At its end the SDK waits for *one* of all outputs at a time and hangs itself on all the others each time,
  which is quadratic.
- Each resource carries the whole stack of calls that made it, this command line's own among them: a third of
  the state, which the engine writes again after every resource.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pulumi.log
import pulumi.runtime.resource
import pulumi.runtime.stack
from pulumi.runtime.proto import source_pb2

_STACK: ModuleType = pulumi.runtime.stack
_RESOURCE: ModuleType = pulumi.runtime.resource


class _Asyncio(ModuleType):
    """asyncio as the SDK's last step sees it: what waits for one task waits for all, or the first failure."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(tasks: Any, **options: Any) -> Any:
        """Wait as `asyncio.wait` does, for all tasks or the first that fails."""
        return await asyncio.wait(tasks, **options | {"return_when": asyncio.FIRST_EXCEPTION})


def _quiet(*_: object, **__: object) -> None:
    """Take a debug note and drop it."""


def _no_trace() -> source_pb2.StackTrace:
    """Tell of no call."""
    return source_pb2.StackTrace()


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Run a program inside without these habits; what it registers and how it fails stay the same."""
    changes = (
        (pulumi.log, "debug", _quiet),
        (_STACK, "asyncio", _Asyncio("asyncio")),
        (_RESOURCE, "_get_stack_trace", _no_trace),
    )
    before = [(place, name, getattr(place, name)) for place, name, _ in changes]
    try:
        for place, name, value in changes:
            setattr(place, name, value)
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)
