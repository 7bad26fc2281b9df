"""Runs a Pulumi program on the SDK's mocks, as at its very first preview, and records it for the pack.

Usage: python -m tests.policies.record_program PROGRAM_DIRECTORY PROJECT STACK OUTPUT_FILE
The output is an `AnalyzeStackRequest`: inputs as outputs, everything that AWS would invent unknown.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any

from pulumi.runtime import mocks
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_pulumi_func
from pulumi.runtime.sync_await import _sync_await
from pulumi_policy import proxy

_INVENTED = ("id", "arn")


class _NothingKnown(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise NotImplementedError(f"the program calls {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return "", dict(args.inputs)


class _Recorder(mocks.MockMonitor):
    def __init__(self, project: str, stack: str) -> None:
        super().__init__(_NothingKnown())
        self._prefix = f"urn:pulumi:{stack}::{project}"
        self.recorded: list[pb.AnalyzerResource] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        parent_type = parent.split("::")[2] if parent else ""
        prefix = "" if parent_type in ("", "pulumi:pulumi:Stack") else f"{parent_type}$"
        return f"{self._prefix}::{prefix}{type_}::{name}"

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:
        response: resource_pb2.RegisterResourceResponse = super().RegisterResource(request)
        message = pb.AnalyzerResource(
            type=request.type,
            name=request.name,
            urn=response.urn,
            parent=request.parent,
            dependencies=request.dependencies,
            properties=request.object,
            options=pb.AnalyzerResourceOptions(protect=request.protect),
        )
        for prop, dependencies in request.propertyDependencies.items():
            # The engine leaves properties without dependencies out of the message.
            if dependencies.urns:
                message.propertyDependencies[prop].urns.extend(dependencies.urns)
        if request.custom:
            for prop in (p for p in _INVENTED if p not in message.properties):
                message.properties.fields[prop].string_value = proxy.UNKNOWN_STRING_VALUE
        self.recorded.append(message)
        return response


def record(program: Path, project: str, stack: str) -> pb.AnalyzeStackRequest:
    """Run a program and return what its first preview would be judged on."""
    recorder = _Recorder(project, stack)
    mocks.set_mocks(_NothingKnown(), project=project, stack=stack, preview=True, monitor=recorder)
    os.chdir(program)

    async def run() -> None:
        await run_pulumi_func(lambda: runpy.run_path(str(program), run_name="__main__"))

    _sync_await(run())
    return pb.AnalyzeStackRequest(resources=recorder.recorded)


if __name__ == "__main__":
    directory, project_name, stack_name, target = sys.argv[1:]
    request = record(Path(directory).resolve(), project_name, stack_name)
    Path(target).write_bytes(request.SerializeToString())
