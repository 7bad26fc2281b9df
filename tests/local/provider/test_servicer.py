"""Configuration, functions, cancellation and concurrency of the provider."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from local.aws import Cloud
from local.provider.values import to_struct
from tests.local.provider.provider_support import Engine, details, serving

BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
LOGS = "aws:cloudwatch/logGroup:LogGroup"


def test_default_tags_are_on_every_resource_and_their_change_is_an_update(endpoint: str, name: str) -> None:
    with serving(endpoint) as first:
        first.configure(defaultTags=json.dumps({"tags": {"project": "lake"}}))
        inputs, _ = first.check(LOGS, "l", {"name": name, "tags": {"a": "b"}})
        identifier, state = first.create(LOGS, "l", inputs)
        assert state["tags"] == {"a": "b"}
        assert state["tagsAll"] == {"a": "b", "project": "lake"}
        assert first.read(LOGS, "l", identifier, state, inputs) == (identifier, state, inputs)
    with serving(endpoint) as second:
        second.configure(defaultTags=json.dumps({"tags": {"project": "energy"}}))
        assert second.diff(LOGS, "l", identifier, inputs, inputs, state=state).diffs == ["tagsAll"]
        updated = second.update(LOGS, "l", identifier, state=state, olds=inputs, news=inputs)
        assert updated["tagsAll"] == {"a": "b", "project": "energy"}
        second.delete(LOGS, "l", identifier, updated)


def test_an_endpoint_that_is_not_this_machine_is_refused() -> None:
    with serving("http://aws.example.com:80") as engine, pytest.raises(grpc.RpcError) as raised:
        engine.configure()
    assert "on this machine" in details(raised)


def test_configured_endpoints_must_be_on_this_machine(previews: Engine) -> None:
    def failures(endpoint: str) -> list[str]:
        news = to_struct({"region": "eu-west-1", "endpoints": json.dumps([{"s3": endpoint}])})
        answer = previews.stub.CheckConfig(provider_pb2.CheckRequest(urn="urn", news=news))
        return [failure.property for failure in answer.failures]

    assert failures("https://s3.example.com") == ["endpoints"]
    assert failures("http://127.0.0.1:4566") == []


def test_a_region_must_be_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with serving(None) as engine, pytest.raises(grpc.RpcError) as raised:
        engine.configure(region=None)
    assert "aws:region" in details(raised)


def test_another_region_is_another_provider(previews: Engine) -> None:
    olds, news = to_struct({"region": "eu-west-1"}), to_struct({"region": "eu-central-1"})
    answer = previews.stub.DiffConfig(provider_pb2.DiffRequest(olds=olds, old_inputs=olds, news=news))
    assert answer.replaces == ["region"]


def test_facts_of_the_account_are_answered(engine: Engine) -> None:
    identity = engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert identity["accountId"] == "123456789012"
    assert engine.invoke("aws:index/getRegion:getRegion")["region"] == "eu-west-1"
    assert engine.invoke("aws:index/getPartition:getPartition")["partition"] == "aws"


def test_a_function_that_is_not_known_is_named(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        engine.invoke("aws:ec2/getAmi:getAmi")
    assert "aws:ec2/getAmi:getAmi" in details(raised)


def test_no_work_begins_after_a_cancellation(endpoint: str, name: str) -> None:
    with serving(endpoint) as engine:
        engine.configure()
        inputs, _ = engine.check(BUCKET, "b", {"bucket": name})
        engine.stub.Cancel(empty_pb2.Empty())
        with pytest.raises(grpc.RpcError) as raised:
            engine.create(BUCKET, "b", inputs)
    assert raised.value.code() == grpc.StatusCode.CANCELLED  # type: ignore[attr-defined]
    assert Cloud(endpoint).client("s3").list_buckets(Prefix=name)["Buckets"] == []


@pytest.fixture
def meeting_point() -> Iterator[str]:
    """An AWS that answers only when four requests are there at a time."""
    barrier = threading.Barrier(4, timeout=20)

    class Meeting(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                barrier.wait()
                status = 409
            except threading.BrokenBarrierError:
                status = 400
            body = f"<Error><Code>Met{status}</Code><Message>met</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Meeting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_calls_do_not_wait_for_each_other(meeting_point: str) -> None:
    with serving(meeting_point) as engine:
        engine.configure(allowedAccountIds=json.dumps(["123456789012"]))

        def outcome(number: int) -> str:
            with pytest.raises(grpc.RpcError) as raised:
                engine.create(BUCKET, f"b{number}", {"bucket": f"bucket-{number}"})
            return details(raised)

        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(outcome, range(4)))
    assert all("Met409" in text for text in outcomes)
