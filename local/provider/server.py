"""Serves the provider to one engine and ends with it."""

import os
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from local.provider.servicer import AwsProvider

# Enough that a wide stack's calls do not wait for each other.
THREADS = 32
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_PROBE_SECONDS = 2.0


def start(provider: AwsProvider) -> tuple[Any, int]:
    """Serve a provider on a free port of this machine; return the server and the port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=THREADS), options=_UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(engine: str | None) -> None:
    """Serve the engine at an address (`127.0.0.1:34567`) until it ends; print the port first, as it expects.

    The engine interrupts its plugins when all work is done, and waits seconds for one that lingers. A user's
    interrupt does not come here: the engine runs plugins in process groups of their own.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    server, port = start(AwsProvider())
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    if engine:
        threading.Thread(target=_end_with, args=(engine,), daemon=True).start()
    server.wait_for_termination()


def _end_with(engine: str) -> None:
    """End this process when the engine is gone, so that a killed deployment changes nothing more."""
    host, _, port = engine.rpartition(":")
    pause = threading.Event()
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_PROBE_SECONDS).close()
        except OSError:
            os._exit(1)
        pause.wait(_PROBE_SECONDS)
