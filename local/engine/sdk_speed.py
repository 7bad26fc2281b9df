"""Two habits of the Pulumi SDK that cost more than the program itself on a stack of some hundred resources.

- `pulumi.log.debug` makes one synchronous call to the engine for each of its some twenty notes a resource; the
  engine shows them under `--debug` only.
- At its end the SDK waits for *one* of all outputs at a time and hangs itself on all the others each time,
  which is quadratic.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pulumi.log
import pulumi.runtime.stack

_SDK: ModuleType = pulumi.runtime.stack


class _Asyncio(ModuleType):
    """asyncio as the SDK's last step sees it: what waits for the first to finish waits for all, or a failure."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(tasks: Any, **options: Any) -> Any:
        """Wait as `asyncio.wait` does, for all tasks or the first that fails."""
        return await asyncio.wait(tasks, **options | {"return_when": asyncio.FIRST_EXCEPTION})


def _quiet(*_: object, **__: object) -> None:
    """Take a debug note and drop it."""


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Run a program inside without either habit; what it registers and how it fails stay the same."""
    debug = pulumi.log.debug
    pulumi.log.debug = _quiet
    _SDK.asyncio = _Asyncio("asyncio")  # type: ignore[attr-defined]
    try:
        yield
    finally:
        pulumi.log.debug = debug
        _SDK.asyncio = asyncio  # type: ignore[attr-defined]
