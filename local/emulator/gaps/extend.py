"""How moto is extended: what it lacks is added to its own classes, what is wrong replaced, both checked.

An addition refuses to hide an operation that a newer moto has; a replacement keeps the original, whose
source a test pins. So an upgrade of moto fails loudly and names the handler to look at.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from etl.errors import DataLakeError

REPLACED: dict[str, Any] = {}


class GapError(DataLakeError):
    """moto is no longer the one that the handlers in `local/emulator/gaps/` were written for."""


def add(owner: type, *handlers: Callable[..., Any]) -> None:
    """Adds handlers to a class of moto that must not have them."""
    for handler in handlers:
        name = handler.__name__
        if hasattr(owner, name):
            raise GapError(
                f"moto now has {owner.__name__}.{name} itself",
                where=f"{handler.__module__}.{name}",
                fix="remove our handler, or make it a replacement, after comparing the two",
            )
        setattr(owner, name, handler)


def replace(owner: Any, name: str, handler: Any) -> Any:
    """Replaces an attribute of a class or module of moto that must have it; returns the original."""
    place = f"{getattr(owner, '__module__', '')}.{owner.__name__}.{name}".removeprefix(".")
    if name not in vars(owner):
        raise GapError(
            f"moto no longer has {place}",
            where=getattr(handler, "__module__", __name__),
            fix="see what took its place, and adapt our handler",
        )
    original = inspect.getattr_static(owner, name)
    REPLACED.setdefault(place, original)
    setattr(owner, name, handler)
    return original


def source(original: Any) -> str:
    """Returns the source text of what was replaced: a function, a property or a static method."""
    if isinstance(original, property):
        return "".join(inspect.getsource(each) for each in (original.fget, original.fset) if each)
    return inspect.getsource(inspect.unwrap(getattr(original, "__func__", original)))
