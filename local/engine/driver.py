"""Drives the program through the engine: plan, deploy, refresh and destroy one stack, behind the policy pack.

The program runs in this process (an Automation API inline program), so no language host is needed. It is the
same `__main__.py` that `pulumi up` runs, and cannot tell which of the two started it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.errors import RunError
from semver import VersionInfo

from etl.errors import DataLakeError
from local import console
from local.aws import Cloud
from local.engine import orphans, plugins, preload, recovery, sdk_speed
from local.engine.binary import Engine
from local.engine.errors import EngineError, PolicyViolation, StackBusy, Violation
from local.engine.program_loop import ProgramLoop
from local.engine.progress import POLICY_HOST, Feed
from local.engine.workspace import Mode, Workspace

_UNSAVED = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""Makes the engine write its state once, at the end, however it ends, instead of after every resource."""

_NOISE = ("sourcePosition", "stackTrace")

# When the engine ends early, the SDK's server logs a traceback for each open call; `_explained` says it all.
logging.getLogger("grpc._server").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Outcome:
    """What an operation did, or would do.

    `changes` counts resources by the engine's operation (`create`, `update`, `delete`, `replace`, `same`, …);
    `touched` lists (operation, URN) without the unchanged ones; `advice` holds the pack's findings that
    do not stop; `packs` maps the policy packs that judged to their versions; previews have a `plan` in the
    form of `pulumi preview --json`.
    """

    summary: str
    changes: Mapping[str, int]
    touched: tuple[tuple[str, str], ...]
    advice: tuple[Violation, ...]
    packs: Mapping[str, str]
    seconds: float
    plan: Mapping[str, Any] | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was or would be changed."""
        return bool(self.touched)


class _Command(automation.PulumiCommand):
    """The engine by its path; it has been asked for its version already."""

    def __init__(self, executable: Path, engine: Engine) -> None:
        self.command = str(executable)
        self.version = VersionInfo(*engine.version)


class Driver:
    """One stack of one program and the engine that deploys it.

    `emulator` is the endpoint of the embedded AWS; without it the embedded provider only plans.
    `report` is where the policy pack writes its account of all controls (see policies/report.py).
    """

    def __init__(
        self, workspace: Workspace, engine: Engine, pack: Path, *, emulator: str | None = None
    ) -> None:
        self.workspace = workspace
        self.engine = engine
        self.pack = pack
        self.emulator = emulator
        self._failure: BaseException | None = None
        self._loop = ProgramLoop()

    @property
    def report(self) -> Path:
        """The file of the policy pack's account of the last plan or deployment."""
        return self.workspace.folder / "policy-report.json"

    def preview(self) -> Outcome:
        """Plan the stack behind the pack.

        Raises PolicyViolation when a mandatory policy is broken, EngineError when something fails.
        """
        with self._operation("Planning", planning=True) as (stack, feed):
            lines: list[str] = []
            with self._told(feed):
                stack.preview(policy_packs=[str(self.pack)], on_event=feed, on_output=lines.append, json=True)
        plan = _cleaned(json.loads("\n".join(lines)))
        told = plan.get("diagnostics") or []
        plan["diagnostics"] = [note for note in told if POLICY_HOST not in note.get("message", "")]
        return self._outcome(feed, plan)

    def up(self) -> Outcome:
        """Deploy the stack: its plan must pass the pack before any resource is touched, then the result.

        Raises as `preview` does. What was made before a failure is in the state; a rerun goes on from there.
        """
        self.preview()
        with (
            self._operation("Deploying", whole=lambda: not recovery.resources(self.workspace)) as (
                stack,
                feed,
            ),
            self._told(feed),
        ):
            stack.up(policy_packs=[str(self.pack)], on_event=feed)
        return self._outcome(feed)

    def refresh(self) -> Outcome:
        """Read every resource back from the provider into the state; what differs counts as updated."""
        with self._operation("Reading back") as (stack, feed), self._told(feed):
            stack.refresh(on_event=feed)
        return self._outcome(feed)

    def destroy(self) -> Outcome:
        """Delete everything the stack holds."""
        with self._operation("Destroying", whole=lambda: True) as (stack, feed), self._told(feed):
            stack.destroy(on_event=feed, run_program=False)
        return self._outcome(feed)

    def export(self) -> dict[str, Any]:
        """Return the stack's state, in the form of `pulumi stack export`."""
        with self._operation("Reading the state") as (stack, _):
            return dict(stack.export_stack().deployment or {})

    @contextlib.contextmanager
    def _saving(self, whole: Callable[[], bool]) -> Iterator[Mapping[str, str]]:
        """Give the engine's settings for when it saves; called while the stack is held.

        What makes or removes a whole stack of the embedded AWS saves once: nothing could be lost.
        """
        if self.workspace.mode is Mode.EMBEDDED and whole():
            with recovery.unsaved(self.workspace):
                yield _UNSAVED
        else:
            yield {}

    @contextlib.contextmanager
    def _operation(
        self, title: str, *, planning: bool = False, whole: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[automation.Stack, Feed]]:
        """Hold the stack for one operation of the engine; `whole` tells whether it makes or removes all."""
        workspace = self.workspace
        workspace.prepare()
        plugins.install(workspace, self.engine)
        environment = workspace.environment(self.emulator, os.environ) | {
            "LAKE_POLICY_REPORT": str(self.report),
        }
        self._failure = None
        with (
            recovery.alone(workspace),
            self._saving(whole) as saving,
            _environment({**environment, **saving}),
            sdk_speed.quick(),
        ):
            stale = recovery.release(workspace)
            self.report.unlink(missing_ok=True)
            with console.step(f"{title} stack {workspace.stack}") as step:
                if stale:
                    step.note("  an earlier run was interrupted; going on from where it was")
                feed = Feed(step, planning)
                state = None if workspace.is_cloud else recovery.state_file(workspace)
                stack = sdk_speed.Stack(workspace.stack, self._local_workspace(), state)
                self._repair(stack)
                yield stack, feed
                for warning in feed.warnings:
                    step.note(f"  warning: {warning}")
                step.finish(feed.summary())

    def _local_workspace(self) -> automation.LocalWorkspace:
        return automation.LocalWorkspace(
            work_dir=str(self.workspace.directory),
            program=self._program,
            pulumi_command=_Command(self.workspace.bin / "pulumi", self.engine),
            pulumi_home=str(self.workspace.home),
        )

    def _program(self) -> None:
        """Run the program as `python __main__.py` in its folder would, keeping the error it ends with."""
        self._loop.note()
        preload.wait(self.workspace.program)
        folder = str(self.workspace.program)
        sys.path.insert(0, folder)
        try:
            runpy.run_path(str(self.workspace.program / "__main__.py"), run_name="__main__")
        except BaseException as error:
            self._failure = error
            raise
        finally:
            sys.path.remove(folder)

    def _repair(self, stack: automation.Stack) -> None:
        """Settle what a killed engine had begun and never saw the end of.

        The embedded provider takes over what it finds half-made under the same name, and what has no name
        is removed: the notes are dropped.
        In the real AWS only a person may decide that.
        """
        unsettled = recovery.pending(self.workspace)
        if not unsettled:
            return
        if self.workspace.mode is Mode.CLOUD:
            raise EngineError(
                f"an interrupted deployment left {len(unsettled)} resources in doubt:\n  "
                + "\n  ".join(unsettled),
                fix="look which of them exist in AWS, then settle them with `pulumi refresh`",
            )
        if self.emulator:
            orphans.remove(
                Cloud(self.emulator), recovery.begun(self.workspace), recovery.resources(self.workspace)
            )
        state = stack.export_stack()
        settled = {
            name: value for name, value in (state.deployment or {}).items() if name != "pending_operations"
        }
        stack.import_stack(automation.Deployment(version=state.version, deployment=settled))

    @contextlib.contextmanager
    def _told(self, feed: Feed) -> Iterator[None]:
        """Turn the engine's failure into the error a person can act on."""
        try:
            yield
        except (automation.CommandError, automation.RuntimeError, RuntimeError) as error:
            raise self._explained(feed, error) from error
        finally:
            self._loop.close()
        mandatory = tuple(violation for violation in feed.violations if violation.mandatory)
        if mandatory:
            raise PolicyViolation(self.workspace.stack, mandatory)

    def _explained(self, feed: Feed, error: Exception) -> DataLakeError:
        stack = self.workspace.stack
        if isinstance(self._failure, DataLakeError):
            return self._failure
        mandatory = tuple(violation for violation in feed.violations if violation.mandatory)
        if mandatory:
            return PolicyViolation(stack, mandatory)
        if isinstance(error, automation.ConcurrentUpdateError):
            return StackBusy(f"another engine is at work on stack {stack}", fix="wait for it to end")
        if self._failure is not None and not isinstance(self._failure, RunError):
            return _program_error(self._failure, self.workspace)
        told = feed.errors or [str(error)]
        return EngineError(
            f"the engine could not finish stack {stack}:\n" + "\n".join(f"  {line}" for line in told)
        )

    def _outcome(self, feed: Feed, plan: Mapping[str, Any] | None = None) -> Outcome:
        advice = tuple(violation for violation in feed.violations if not violation.mandatory)
        seconds = feed.step.seconds if feed.step else 0.0
        return Outcome(
            feed.summary(), dict(feed.changes), tuple(feed.touched), advice, dict(feed.packs), seconds, plan
        )


@contextlib.contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    """Make `environment` the whole environment of this process, so of the engine and the program."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _program_error(failure: BaseException, workspace: Workspace) -> EngineError:
    """Tell a fault in the program by its own frames, without the engine's and the SDK's around them."""
    frames = [
        frame
        for frame in traceback.extract_tb(failure.__traceback__)
        if Path(frame.filename).is_relative_to(workspace.program)
        and ".venv" not in Path(frame.filename).parts
        and frame.filename != __file__
    ]
    said = "".join(traceback.format_exception_only(failure)).strip()
    where = "\n         ".join(f"{frame.filename}:{frame.lineno} {frame.line}" for frame in frames[-4:])
    return EngineError(f"the program failed: {said}", where=where or None, fix="correct the program")


def _cleaned(plan: Any) -> Any:
    """Drop from a plan what tells about this machine instead of about the stack."""
    if isinstance(plan, dict):
        return {key: _cleaned(value) for key, value in plan.items() if key not in _NOISE}
    return [_cleaned(value) for value in plan] if isinstance(plan, list) else plan
