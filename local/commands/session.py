"""The embedded AWS with what is deployed on it, for the commands that work with data; needs no engine."""

from __future__ import annotations

from local.aws import Cloud
from local.commands import layout
from local.engine import instance
from local.engine.workspace import Mode, Workspace


def workspace() -> Workspace:
    """Return the folders of the embedded stack."""
    return Workspace(layout.ROOT, layout.PROGRAM, layout.STACK, Mode.EMBEDDED)


def deployed() -> Cloud:
    """Return the embedded AWS of this clone. Raises EngineError when nothing is deployed on it."""
    return instance.deployed(workspace())
