"""The engine's protocol: each call of `pulumirpc.ResourceProvider` on the table's lifecycle.

Protocol: `proto/pulumi/provider.proto` of the Pulumi SDK. The engine calls in parallel; every call runs on
a thread of its own, and nothing here waits for another.
"""

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from etl.errors import DataLakeError
from local.provider import invokes, table
from local.provider.check import Autoname, check
from local.provider.clients import EMULATOR, Clients
from local.provider.configuration import foreign_endpoints, read_settings
from local.provider.diff import Change, changes, name_is_free
from local.provider.errors import Cancelled, PartialFailure, ProviderError, redact
from local.provider.lifecycle import Lifecycle
from local.provider.outputs import INCOMPLETE, planned
from local.provider.values import (
    UNKNOWN,
    Properties,
    Unknown,
    from_struct,
    has_unknown,
    reveal,
    secret_texts,
    to_struct,
)
from local.provider.version import VERSION

Answer = TypeVar("Answer")
_KINDS = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The `aws` package on the embedded AWS.

    Args:
        endpoint: address of the embedded AWS, by default that of the environment; None serves previews.

    """

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint or os.environ.get(EMULATOR)
        self._cancelled = threading.Event()
        self._lifecycle: Lifecycle | None = None

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Tell the engine what this provider can do, before its configuration."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, supports_autonaming_configuration=True
        )

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Tell the version, which is that of the SDK the program uses."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Check the configuration: an endpoint, if any is given, must be on this machine."""
        news = from_struct(request.news)
        failures = [
            provider_pb2.CheckFailure(property="endpoints", reason=reason)
            for reason in foreign_endpoints(reveal(news.get("endpoints")))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Compare two configurations; another region is another provider."""
        olds, news = from_struct(request.old_inputs) or from_struct(request.olds), from_struct(request.news)
        changed = sorted(name for name in {*olds, *news} if olds.get(name) != news.get(name))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=[name for name in changed if name == "region"],
        )

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the region, default tags and account from the configuration."""

        def configure() -> Any:
            settings = read_settings(reveal(from_struct(request.args)), dict(request.variables))
            self._lifecycle = Lifecycle(Clients(self._endpoint, settings), self._cancelled.is_set)
            return provider_pb2.ConfigureResponse(
                acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
            )

        return self._guard(context, {}, configure)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Refuse: programs use the schema of the official SDK."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "the embedded provider has no schema; use pulumi_aws")

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Answer a function of the provider."""
        args = from_struct(request.args)

        def answer() -> Any:
            result = to_struct(invokes.invoke(request.tok, self._ready().clients, reveal(args)))
            return provider_pb2.InvokeResponse(**{"return": result})

        return self._guard(context, args, answer)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Begin no more work; what runs is finished."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Check a resource's inputs and fill in its name and defaults."""
        news, olds = from_struct(request.news), from_struct(request.olds)
        wishes = provider_pb2.CheckRequest.AutonamingOptions
        autoname = Autoname(
            seed=request.randomSeed,
            proposed=request.autonaming.proposed_name,
            disabled=request.HasField("autonaming") and request.autonaming.mode == wishes.DISABLE,
        )

        def answer() -> Any:
            checked = check(table.row(_type(request)), _name(request), news, olds, autoname)
            failures = [
                provider_pb2.CheckFailure(property=name, reason=why) for name, why in checked.failures
            ]
            return provider_pb2.CheckResponse(inputs=to_struct(checked.inputs), failures=failures)

        return self._guard(context, news, answer)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Compare a resource's inputs with those of the last deployment."""
        news, state = from_struct(request.news), from_struct(request.olds)
        olds = from_struct(request.old_inputs) or state
        return self._guard(context, {**state, **news}, lambda: self._diff(request, olds, news, state))

    def _diff(self, request: Any, olds: Properties, news: Properties, state: Properties) -> Any:
        row = table.row(_type(request))
        lifecycle = self._ready()
        scope = lifecycle.scope(row, request.urn, news, state, request.id)
        lifecycle.claim(scope)
        found = changes(row, olds, news)
        if row.tags and not any(change.top == "tags" for change in found):
            wanted = {**lifecycle.clients.settings.default_tags, **(scope.inputs.get("tags") or {})}
            seen = scope.state.get("tagsAll")
            if (
                not has_unknown(wanted)
                and seen is not None
                and seen != wanted
                and state.get("tags") == news.get("tags")
            ):
                found.append(Change("tagsAll", "update", False))
        if state.get(INCOMPLETE) and not found:
            found.append(Change(INCOMPLETE, "delete", False))
        replaces = [change for change in found if change.replaces]
        # What the new resource's identifier would be, when its inputs alone tell.
        identity = lifecycle.scope(row, request.urn, news).render(row.id)
        collides = not name_is_free(row, news) and identity in (request.id, UNKNOWN)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=sorted({change.top for change in found}),
            replaces=sorted({change.top for change in replaces}),
            deleteBeforeReplace=bool(replaces) and collides,
            detailedDiff={
                change.path: provider_pb2.PropertyDiff(
                    kind=_KINDS[change.kind, change.replaces], inputDiff=change.top in scope.codec.type.inputs
                )
                for change in found
            },
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Make a resource, or at a preview say what it will be."""
        inputs = from_struct(request.properties)

        def answer() -> Any:
            row = table.row(_type(request))
            lifecycle = self._ready()
            if request.preview:
                scope = lifecycle.scope(row, request.urn, inputs)
                identifier = scope.render(row.id)
                return provider_pb2.CreateResponse(
                    id="" if identifier is None or isinstance(identifier, Unknown) else str(identifier),
                    properties=_told(planned(scope, inputs), identifier),
                )
            self._begin()
            made = lifecycle.create(row, request.urn, inputs)
            return provider_pb2.CreateResponse(id=made.id, properties=_told(made.outputs, made.id))

        return self._guard(context, inputs, answer)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Read a resource as it is in AWS; an empty answer says that it is not there."""
        state, inputs = from_struct(request.properties), from_struct(request.inputs)

        def answer() -> Any:
            self._begin()
            found = self._ready().read(table.row(_type(request)), request.urn, request.id, state, inputs)
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=found.id, properties=_told(found.outputs, found.id), inputs=to_struct(found.inputs)
            )

        return self._guard(context, {**state, **inputs}, answer)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Change a resource in place, or at a preview say what it will be."""
        news, state = from_struct(request.news), from_struct(request.olds)
        olds = from_struct(request.old_inputs) or state

        def answer() -> Any:
            row = table.row(_type(request))
            lifecycle = self._ready()
            if request.preview:
                scope = lifecycle.scope(row, request.urn, news, state, request.id)
                return provider_pb2.UpdateResponse(properties=_told(planned(scope, news, state), request.id))
            self._begin()
            outputs = lifecycle.update(row, request.urn, request.id, state=state, olds=olds, news=news)
            return provider_pb2.UpdateResponse(properties=_told(outputs, request.id))

        return self._guard(context, {**state, **news}, answer)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Remove a resource."""
        state = from_struct(request.properties)

        def answer() -> Any:
            self._begin()
            self._ready().delete(table.row(_type(request)), request.urn, request.id, state)
            return empty_pb2.Empty()

        return self._guard(context, state, answer)

    def _ready(self) -> Lifecycle:
        if self._lifecycle is None:
            raise ProviderError("the provider is not configured yet")
        return self._lifecycle

    def _begin(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled("the deployment was cancelled before this began")

    def _guard(self, context: grpc.ServicerContext, seen: Properties, answer: Callable[[], Answer]) -> Answer:
        """Give the answer, or end the call with an error the engine can show, without secrets in it."""
        try:
            return answer()
        except PartialFailure as error:
            secrets = secret_texts(seen)
            _abort_incomplete(context, error, secrets)
            raise
        except Cancelled as error:
            context.abort(grpc.StatusCode.CANCELLED, str(error))
            raise
        except Exception as error:
            known = isinstance(error, DataLakeError)
            message = (
                str(error) if known else f"the embedded provider failed: {type(error).__name__}: {error}"
            )
            context.abort(grpc.StatusCode.UNKNOWN, redact(message, secret_texts(seen)))
            raise


def _abort_incomplete(context: grpc.ServicerContext, error: PartialFailure, secrets: set[str]) -> None:
    """End a call with the detail that makes the engine keep a resource whose set-up failed."""
    message = redact(str(error), secrets)
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.identifier,
            properties=_told(error.properties, error.identifier),
            reasons=[redact(reason, secrets) for reason in error.reasons],
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, message)


def _told(outputs: Properties, identifier: Any) -> Any:
    """Return outputs for the engine; as from the official provider, the identifier is one of them."""
    return to_struct({**outputs, "id": UNKNOWN if identifier is None else identifier})


def _type(request: Any) -> str:
    """Return the resource's type, from its URN: `urn:pulumi:<stack>::<project>::<parents$type>::<name>`."""
    return str(request.type or request.urn.split("::")[2].rsplit("$", 1)[-1])


def _name(request: Any) -> str:
    return str(request.name or request.urn.split("::", 3)[-1])
