"""Runs the real program against a recording engine: every registration of a stack, as an engine gets it."""

import asyncio
import copy
import functools
import json
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import mocks, rpc
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2

from local.engine import sdk_speed

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "energy-trading-datalake"
STACKS = ("dev", "prod", "local")
UNKNOWN = rpc.UNKNOWN
INVENTED = ("arn", "keyId", "id", "prefixListId", "endpoint", "masterPasswordSecretArn")
"""Outputs that AWS invents: unknown before the first deployment."""


@dataclass(frozen=True)
class Registration:
    """One resource as registered: inputs as on the wire, dependencies as URNs.

    Inputs have the engine's (camelCase) names; what is unknown is `UNKNOWN`, an asset is
    a mapping with a `path`.
    """

    type: str
    name: str
    urn: str
    parent: str
    custom: bool
    protect: bool
    inputs: Mapping[str, Any]
    dependencies: tuple[str, ...]
    property_dependencies: Mapping[str, tuple[str, ...]]

    @property
    def short_type(self) -> str:
        """The type's last word, such as `BucketPolicy`."""
        return self.type.rpartition(":")[2]


def stack_config(stack: str) -> dict[str, Any]:
    """The whole configuration of a stack: its file over the project's defaults, as the engine merges them."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    defaults = {
        f"{PROJECT}:{key}": declared["default"]
        for key, declared in project["config"].items()
        if "default" in declared
    }
    own = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return copy.deepcopy(defaults | own)


def record(
    stack: str, config: Mapping[str, Any] | None = None, *, unknown_ids: bool = True
) -> list[Registration]:
    """Run `__main__.py` for a stack and return its registrations, sorted by URN.

    With `unknown_ids` what AWS invents is unknown, as in a first preview; otherwise it has a made-up value.
    """
    return record_with_outputs(stack, config, unknown_ids=unknown_ids)[0]


@functools.cache
def recorded(stack: str) -> tuple[Registration, ...]:
    """What a stack registers with its own settings, run once a process."""
    return tuple(record(stack))


def record_with_outputs(
    stack: str, config: Mapping[str, Any] | None = None, *, unknown_ids: bool = True
) -> tuple[list[Registration], dict[str, Any]]:
    """Run `__main__.py` for a stack; return its registrations and the names of its exports."""
    values = stack_config(stack) if config is None else config
    monitor = _Recorder(unknown_ids)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(monitor.mocks, project=PROJECT, stack=stack, preview=True, monitor=monitor)
    set_all_config(
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    )
    root = pulumi.runtime.get_root_resource()

    @pulumi.runtime.test
    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    try:
        with sdk_speed.quick():
            program()
    finally:
        loop.close()
        asyncio.set_event_loop(None)
    return sorted(monitor.registrations, key=lambda one: one.urn), dict(root.outputs if root else {})


class _NoLookups(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise AssertionError(f"the program reads a resource it did not make: {args.name}")

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"the program looks something up: {args.token}")


class _Recorder(mocks.MockMonitor):
    def __init__(self, unknown_ids: bool) -> None:
        super().__init__(_NoLookups())
        self._unknown_ids = unknown_ids
        self.registrations: list[Registration] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Name a resource alike whatever stack the SDK was last told of in this process."""
        lineage = parent.split("::")[2].rpartition("$")[2] + "$" if parent else ""
        return f"urn:pulumi:stack::project::{lineage}{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:
        """Answer with the inputs and the invented outputs; no event loop is made in the caller's thread."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        self.registrations.append(
            Registration(
                type=request.type,
                name=request.name,
                urn=urn,
                parent=request.parent,
                custom=request.custom,
                protect=request.protect,
                inputs=json_format.MessageToDict(request.object),
                dependencies=tuple(sorted(request.dependencies)),
                property_dependencies={
                    key: tuple(sorted(value.urns))
                    for key, value in sorted(request.propertyDependencies.items())
                },
            )
        )
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.object)
        for key in INVENTED:
            outputs[key] = UNKNOWN if self._unknown_ids else f"arn:aws:made-up:::{request.name}/{key}"
        # Before the first deployment a resource has no id, which makes its output unknown.
        invented = "" if self._unknown_ids else f"{request.name}-id"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=invented, object=outputs)
