"""Which start of the embedded AWS a stack's state speaks of; what it holds is gone when that start ends."""

from __future__ import annotations

import shutil

from local.aws import Cloud
from local.emulator import process
from local.engine import recovery
from local.engine.errors import EngineError
from local.engine.workspace import Workspace


def recorded(workspace: Workspace) -> str | None:
    """Return the instance that the last deployment worked on."""
    note = workspace.folder / "instance"
    return note.read_text().strip() if note.is_file() else None


def record(workspace: Workspace, emulator: process.Emulator) -> None:
    """Note, before the first resource is made, on which instance a deployment works."""
    workspace.folder.mkdir(parents=True, exist_ok=True)
    (workspace.folder / "instance").write_text(emulator.instance)


def agreed(workspace: Workspace) -> process.Emulator | None:
    """Return the running emulator if it is the one the state speaks of."""
    running = process.find(workspace.root, workspace.stack)
    return running if running is not None and recorded(workspace) == running.instance else None


def forget(workspace: Workspace) -> int:
    """Drop the state of an instance that is gone and return how many resources it named."""
    lost = len(recovery.resources(workspace))
    shutil.rmtree(workspace.state, ignore_errors=True)
    (workspace.folder / "instance").unlink(missing_ok=True)
    recovery.settle(workspace)
    return lost


def deployed(workspace: Workspace) -> Cloud:
    """Return the embedded AWS that holds the stack. Raises EngineError when nothing is deployed there."""
    running = agreed(workspace)
    if running is None or not recovery.resources(workspace):
        raise EngineError(
            f"nothing is deployed on stack {workspace.stack}", fix=f"run ./lake up {workspace.stack} first"
        )
    return Cloud(running.endpoint)
