"""The pack's server: the SDK's own, which unpacks a message once instead of once a policy.

The SDK hands every stack policy its own copy of all resources, made from the message anew, so that a pack of
a hundred policies spends its time on copies. Here the stack becomes one graph before the policies are asked,
and they are asked with an empty message. A policy that finds no graph prepared uses the copy it was given.

Before that the engine asks about each resource, twice: for remedies, of which the pack has none, so that the
question is not even registered, and for verdicts, which are given without the SDK where no policy has any.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Sequence
from threading import Thread
from typing import Any, cast

import grpc
from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto import analyzer_pb2_grpc as registration
from pulumi_policy import EnforcementLevel, Policy, PolicyPack
from pulumi_policy import policy as sdk

from policies.graph.inputs import SeenInputs, merged
from policies.graph.kinds import KIND_OF
from policies.graph.model import Graph, Resource
from policies.pack import NAME, Pack, build, is_preview
from policies.signatures import properties

SERVER = "_PolicyAnalyzerServicer"
REGISTRAR = "add_AnalyzerServicer_to_server"
_REGISTER = getattr(registration, REGISTRAR)
_REMEDIATE = "/pulumirpc.Analyzer/Remediate"
_INIT = 1
# Seconds between two looks at who the parent is: it costs nothing, and nobody waits for the end.
_GLANCE = 1.0


def resources_of(request: pb.AnalyzeStackRequest, seen: SeenInputs) -> tuple[Resource, ...]:
    """Return the resources of a message of the engine, with the inputs seen before."""
    return tuple(
        Resource(
            urn=raw.urn,
            name=raw.name,
            token=raw.type,
            props=merged(properties(json_format.MessageToDict(raw.properties)), seen.of(raw.urn)),
            parent=raw.parent or None,
            dependencies=tuple(raw.dependencies),
            property_dependencies={
                prop: tuple(targets.urns) for prop, targets in raw.propertyDependencies.items()
            },
            protect=raw.options.protect,
            inputs=seen.of(raw.urn),
        )
        for raw in request.resources
    )


def lone_graph_of(request: pb.AnalyzeRequest) -> Graph:
    """Return a graph of the one resource in a message, from its inputs."""
    inputs = properties(json_format.MessageToDict(request.properties))
    resource = Resource(
        urn=request.urn,
        name=request.name,
        token=request.type,
        props=inputs,
        parent=request.options.parent or None,
        protect=request.options.protect,
        inputs=inputs,
    )
    return Graph((resource,))


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]
    """The SDK's answers but for remedies: of none the engine is told before its question is unpacked."""

    def __init__(self, sdks: grpc.GenericRpcHandler) -> None:
        self._sdks = sdks

    def service(self, handler_call_details: Any) -> Any:
        """Return what answers a call; nothing answers for remedies."""
        if handler_call_details.method == _REMEDIATE:
            return None
        return self._sdks.service(handler_call_details)


class _Server:
    """A server as the SDK's registration sees it."""

    def __init__(self, server: grpc.Server) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        self._server.add_generic_rpc_handlers([_Handlers(handler) for handler in handlers])


def register(servicer: Any, server: grpc.Server) -> None:
    """Register a servicer with a server, as the SDK does but for remedies."""
    _REGISTER(servicer, _Server(server))


def servicer_of(pack: Pack) -> type[sdk._PolicyAnalyzerServicer]:
    """Return the SDK's server of policies with one graph for all policies of an analysis."""

    class Servicer(sdk._PolicyAnalyzerServicer):
        def Analyze(self, request: pb.AnalyzeRequest, context: Any) -> pb.AnalyzeResponse:
            if request.type not in KIND_OF:
                return pb.AnalyzeResponse()
            graph = lone_graph_of(request)
            pack.sessions.seen.remember(request.urn, graph.resources[0].props)
            if is_preview():
                return pb.AnalyzeResponse()
            with pack.sessions.before_creation(graph):
                empty = pb.AnalyzeRequest(type=request.type, name=request.name, urn=request.urn)
                answer = super().Analyze(empty, context)  # type: ignore[no-untyped-call]
            return cast(pb.AnalyzeResponse, answer)

        def _configure_runtime_settings(self) -> None:
            """Leave the program's settings alone: no policy asks for them."""

        def AnalyzeStack(self, request: pb.AnalyzeStackRequest, context: Any) -> pb.AnalyzeResponse:
            bindings = {policy.name: self._binding(policy) for policy in pack.policies}
            resources = resources_of(request, pack.sessions.seen)
            with pack.sessions.analysis(resources, bindings):
                answer = super().AnalyzeStack(pb.AnalyzeStackRequest(), context)  # type: ignore[no-untyped-call]
            return cast(pb.AnalyzeResponse, answer)

        def _binding(self, policy: Policy) -> dict[str, Any]:
            level = self._get_enforcement_level(policy)
            # No policy of the pack changes resources: the SDK itself takes this level for mandatory then.
            if level is EnforcementLevel.REMEDIATE:
                level = EnforcementLevel.MANDATORY
            return {"enforcementLevel": level.value, **(self._get_policy_config(policy.name) or {})}

    return Servicer


def end_with_parent(seconds: float = _GLANCE) -> None:
    """End this process soon after the one that started it, which an engine that was killed cannot ask for.

    A parent that is init from the start tells nothing: the process then stays until it is killed.
    """
    parent = os.getppid()
    if parent == _INIT:
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(seconds)
        # The server's threads are not waited for: nobody is left who could be answered.
        os._exit(0)

    Thread(target=watch, name="parent-watch", daemon=True).start()


def serve() -> None:
    """Serve the pack to the engine until it ends or the process is killed; prints the port first."""
    end_with_parent()
    # The engine names the stack it works on; the stack's profile is what the pack starts with.
    pack = build(stack=os.environ.get("PULUMI_STACK", ""))
    # What is loaded once stays: the collector need not walk it again for every stack.
    gc.freeze()
    # The SDK takes its server, and what registers it, by these names when a pack starts.
    setattr(sdk, SERVER, servicer_of(pack))
    setattr(registration, REGISTRAR, register)
    PolicyPack(
        name=NAME,
        policies=pack.policies,
        enforcement_level=EnforcementLevel.MANDATORY,
        initial_config=initial(pack.configuration),
    )


def initial(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration file's content in the form that the SDK starts with."""
    return {
        name: {**given, "enforcementLevel": EnforcementLevel(given["enforcementLevel"])}
        for name, given in configuration.items()
    }
