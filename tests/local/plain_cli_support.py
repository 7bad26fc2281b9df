"""The engine's own command line in a clone, `pulumi preview --policy-pack policies`, without `./lake`.

An official installation brings `pulumi-language-python` along, which no registry has. The SDK's own server of
programs takes its place here and runs the clone's `__main__.py`; engine, policy host and pack are the real
ones, found on PATH and started as the engine starts them.

Usage: python -m tests.local.plain_cli_support FOLDER ARGUMENT...
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from local.engine import plugins
from local.engine.binary import Engine
from local.engine.workspace import CODE, Mode, Workspace

_NO_LIMIT = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


def prepare(folder: Path, stack: str, engine: Engine) -> dict[str, str]:
    """Make a clone ready for the engine, offline, and its stack empty; return the engine's environment."""
    workspace = Workspace(folder, folder, stack, Mode.OFFLINE)
    workspace.prepare()
    plugins.install(workspace, engine)
    environment = {**workspace.environment(None, os.environ), "NO_COLOR": "1"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    done = subprocess.run(
        ["pulumi", "stack", "select", stack, "--create", "--non-interactive"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return environment


def command(folder: Path, *arguments: str) -> list[str]:
    """Return the command that runs `pulumi ARGUMENT...` in a clone that is ready."""
    return [sys.executable, "-m", "tests.local.plain_cli_support", str(folder), *arguments]


def preview(folder: Path, stack: str, engine: Engine, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `pulumi preview` of a clone's stack with more arguments, and return what it printed."""
    environment = prepare(folder, stack, engine)
    return subprocess.run(
        command(folder, "preview", "--stack", stack, "--non-interactive", *arguments),
        cwd=CODE,
        env={**environment, "PYTHONPATH": str(CODE)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def _program(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    runpy.run_path(str(folder / "__main__.py"), run_name="__main__")


def main(folder: Path, arguments: Sequence[str]) -> int:
    """Serve the program of a clone to `pulumi ARGUMENT...` and return its exit code."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=_NO_LIMIT)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(lambda: _program(folder)), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        return subprocess.run(
            ["pulumi", *arguments, f"--client=127.0.0.1:{port}"], cwd=folder, check=False
        ).returncode
    finally:
        server.stop(0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2:]))
