"""A driver that speaks the engine's protocol to the provider, and an example of every type of the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from local.provider.server import start
from local.provider.servicer import AwsProvider
from local.provider.values import Properties, from_struct, to_struct

STACK = "urn:pulumi:test::lake"


class Engine:
    """The calls an engine makes, in plain values."""

    def __init__(self, stub: Any) -> None:
        self.stub = stub

    @staticmethod
    def urn(token: str, name: str) -> str:
        return f"{STACK}::{token}::{name}"

    def configure(self, **config: Any) -> Any:
        settings = {"region": "eu-west-1", **config}
        return self.stub.Configure(
            provider_pb2.ConfigureRequest(args=to_struct(settings), acceptSecrets=True)
        )

    def check(
        self, token: str, name: str, news: Properties, olds: Properties | None = None, **more: Any
    ) -> tuple[Properties, dict[str, str]]:
        request = provider_pb2.CheckRequest(
            urn=self.urn(token, name),
            name=name,
            type=token,
            news=to_struct(news),
            olds=to_struct(olds or {}),
            randomSeed=more.pop("seed", b"seed"),
            **more,
        )
        answer = self.stub.Check(request)
        return from_struct(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def diff(
        self,
        token: str,
        name: str,
        identifier: str,
        olds: Properties,
        news: Properties,
        *,
        state: Properties | None = None,
    ) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=identifier,
                urn=self.urn(token, name),
                name=name,
                type=token,
                olds=to_struct(state or olds),
                old_inputs=to_struct(olds),
                news=to_struct(news),
            )
        )

    def create(
        self, token: str, name: str, inputs: Properties, *, preview: bool = False
    ) -> tuple[str, Properties]:
        answer = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=self.urn(token, name),
                name=name,
                type=token,
                properties=to_struct(inputs),
                preview=preview,
            )
        )
        return answer.id, from_struct(answer.properties)

    def read(
        self,
        token: str,
        name: str,
        identifier: str,
        state: Properties | None = None,
        inputs: Properties | None = None,
    ) -> tuple[str, Properties, Properties]:
        answer = self.stub.Read(
            provider_pb2.ReadRequest(
                id=identifier,
                urn=self.urn(token, name),
                name=name,
                type=token,
                properties=to_struct(state or {}),
                inputs=to_struct(inputs or {}),
            )
        )
        return answer.id, from_struct(answer.properties), from_struct(answer.inputs)

    def update(
        self,
        token: str,
        name: str,
        identifier: str,
        *,
        state: Properties,
        olds: Properties,
        news: Properties,
        preview: bool = False,
    ) -> Properties:
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=identifier,
                urn=self.urn(token, name),
                name=name,
                type=token,
                olds=to_struct(state),
                old_inputs=to_struct(olds),
                news=to_struct(news),
                preview=preview,
            )
        )
        return from_struct(answer.properties)

    def delete(self, token: str, name: str, identifier: str, state: Properties) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=identifier, urn=self.urn(token, name), name=name, type=token, properties=to_struct(state)
            )
        )

    def invoke(self, token: str, **args: Any) -> Properties:
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_struct(args)))
        return from_struct(getattr(answer, "return"))


@contextmanager
def serving(endpoint: str | None) -> Iterator[Engine]:
    """A provider on its own port, with an engine connected to it; not configured yet."""
    server, port = start(AwsProvider(endpoint))
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    try:
        yield Engine(provider_pb2_grpc.ResourceProviderStub(channel))
    finally:
        channel.close()
        server.stop(grace=None).wait()


def init_failure(error: grpc.RpcError) -> provider_pb2.ErrorResourceInitFailed:
    """The detail of a partial failure, as the engine reads it."""
    metadata = dict(error.trailing_metadata())  # type: ignore[attr-defined]
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    return detail


def details(raised: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    """The message of a failed call, as the engine shows it."""
    return str(raised.value.details())  # type: ignore[attr-defined]
