"""Habits of the Pulumi SDK that cost more than the program itself on a stack of hundreds of resources.

- `pulumi.log.debug` makes one synchronous call to the engine for each of some twenty notes a resource; the
  engine shows them under `--debug` only.
- At its end the SDK waits for *one* of all outputs at a time and hangs itself on all the others each time,
  which is quadratic.
- Each resource carries the whole stack of calls that made it, this command line's own among them: a third of
  the state, which the engine writes again after every resource.
- The hundred thousand objects of its generated types are walked by the collector again and again.
- After an operation the Automation API starts the engine three times more, to ask for outputs and history
  that its events have told, and before one once or twice to ask whether the stack exists.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gc
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi.log
import pulumi.runtime.resource
import pulumi.runtime.stack
from pulumi import automation
from pulumi.automation._stack import StackInitMode
from pulumi.runtime.proto import source_pb2

_STACK: ModuleType = pulumi.runtime.stack
_RESOURCE: ModuleType = pulumi.runtime.resource


class Stack(automation.Stack):
    """A stack that is opened by looking for its state, and whose operations end when the engine does.

    `state` is the file of its state in a `file://` backend; None when the backend is the user's own.
    """

    def __init__(self, name: str, workspace: automation.Workspace, state: Path | None) -> None:
        if state is not None and state.is_file():
            self.name, self.workspace, self._mode = name, workspace, StackInitMode.SELECT
            return
        made = StackInitMode.CREATE if state else StackInitMode.CREATE_OR_SELECT
        super().__init__(name, workspace, made)

    def outputs(self) -> automation.OutputMap:
        """Return nothing: nobody here asks the result of an operation for outputs."""
        return {}

    def info(self, show_secrets: bool | None = None) -> automation.UpdateSummary:
        """Return a summary that says no more than that the operation has ended."""
        now = datetime.datetime.now(datetime.UTC)
        return automation.UpdateSummary("update", now, "", {}, {}, "succeeded")


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
    collects = gc.isenabled()
    gc.disable()
    try:
        for place, name, value in changes:
            setattr(place, name, value)
        yield
    finally:
        if collects:
            gc.enable()
        for place, name, value in before:
            setattr(place, name, value)
