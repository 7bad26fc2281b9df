"""The plugin as a process: it serves one engine and ends with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from local.provider.version import VERSION

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def engine_socket() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def plugin(engine_socket: socket.socket) -> Iterator[subprocess.Popen[str]]:
    address = f"127.0.0.1:{engine_socket.getsockname()[1]}"
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "local.provider", address],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def port_of(plugin: subprocess.Popen[str]) -> int:
    assert plugin.stdout is not None
    return int(plugin.stdout.readline())


def test_it_prints_its_port_and_serves_the_version_of_the_sdk(plugin: subprocess.Popen[str]) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port_of(plugin)}") as channel:
        info = provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(empty_pb2.Empty())
    assert info.version == VERSION


def test_it_ends_at_once_when_the_engine_interrupts_it(plugin: subprocess.Popen[str]) -> None:
    port_of(plugin)
    plugin.send_signal(signal.SIGINT)
    assert plugin.wait(timeout=4) == 0


def test_it_ends_when_its_engine_was_killed(
    plugin: subprocess.Popen[str], engine_socket: socket.socket
) -> None:
    port_of(plugin)
    engine_socket.close()
    assert plugin.wait(timeout=20) == 1
