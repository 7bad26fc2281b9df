"""Deploys a stack on the embedded AWS, and notices when that AWS is not the one the state speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local import console
from local.aws import Cloud
from local.emulator import process
from local.engine import instance, recovery
from local.engine.binary import Engine
from local.engine.driver import Driver, Outcome
from local.engine.errors import EngineError
from local.engine.workspace import Mode, Workspace


@dataclass(frozen=True)
class Embedded:
    """A stack on the embedded AWS of a clone; `program` holds the program and `pack` the policies."""

    root: Path
    program: Path
    pack: Path
    engine: Engine
    stack: str = "local"

    @property
    def workspace(self) -> Workspace:
        """The stack's folders."""
        return Workspace(self.root, self.program, self.stack, Mode.EMBEDDED)

    def up(self) -> Outcome:
        """Deploy the stack; an emulator that is not the one the state speaks of is filled from nothing.

        Raises as `Driver.up` does.
        """
        emulator = self._started()
        Cloud(emulator.endpoint).control("POST", "warm")
        return self._driver(emulator).up()

    def preview(self) -> Outcome:
        """Plan the stack against what is deployed; the embedded AWS is not started for it."""
        running = instance.agreed(self.workspace)
        if running is not None:
            return self._driver(running).preview()
        offline = Workspace(self.root, self.program, self.stack, Mode.OFFLINE)
        return Driver(offline, self.engine, self.pack).preview()

    def refresh(self) -> Outcome:
        """Read what is deployed back into the state. Raises EngineError when nothing is deployed."""
        instance.deployed(self.workspace)
        return self._driver(self._started()).refresh()

    def destroy(self) -> Outcome | None:
        """Delete what is deployed; None when there is nothing.

        Raises EngineError when the embedded AWS still holds something afterwards, naming it.
        """
        running = instance.agreed(self.workspace)
        if running is None:
            self._forget()
            return None
        outcome = self._driver(running).destroy()
        if left := Cloud(running.endpoint).control("GET", "inventory"):
            names = "\n".join(f"  {kind}: {', '.join(found)}" for kind, found in sorted(left.items()))
            raise EngineError(
                f"the stack is gone, but the embedded AWS still holds what the stack did not make:\n{names}",
                fix="./lake stop ends the embedded AWS with all that is in it",
            )
        return outcome

    def _driver(self, emulator: process.Emulator) -> Driver:
        return Driver(self.workspace, self.engine, self.pack, emulator=emulator.endpoint)

    def _started(self) -> process.Emulator:
        """Return the running emulator after making sure that the state is about it."""
        if recovery.lost(self.workspace):
            self._abandon()
        with console.step("Starting the embedded AWS") as step:
            emulator, fresh = process.ensure(self.root, self.stack)
            step.finish(f"{'started' if fresh else 'running'} at {emulator.endpoint}")
        if instance.recorded(self.workspace) != emulator.instance:
            self._forget()
            instance.record(self.workspace, emulator)
        return emulator

    def _abandon(self) -> None:
        """End the embedded AWS whose state was lost in a kill, unless that run is still at work."""
        with recovery.alone(self.workspace):
            if not recovery.lost(self.workspace):
                return
            recovery.release(self.workspace)
            process.stop(self.root, self.stack)
            instance.forget(self.workspace)
        console.messages().print(
            f"The last run that made or removed all of stack {self.stack} was killed;"
            " rebuilding starts from nothing."
        )

    def _forget(self) -> None:
        if lost := instance.forget(self.workspace):
            console.messages().print(
                f"The embedded AWS that held stack {self.stack} is gone (stopped, killed or rebooted), and"
                f" its {lost} resources with it; rebuilding starts from nothing."
            )
