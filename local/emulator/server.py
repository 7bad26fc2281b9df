"""The HTTP server of the embedded AWS: one loopback port, for as long as its pid file names it."""

from __future__ import annotations

import datetime
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
import uuid
from pathlib import Path
from types import FrameType
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from local.emulator import places
from local.emulator.control import Control, Identity
from local.emulator.gateway import Gateway
from local.emulator.process import folder, pid_file

WATCH_SECONDS = 2.0


class Handler(MotoRequestHandler):
    """Reports nothing but errors."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leaves requests out of the log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Writes an error of the server itself, such as a client that went away."""
        sys.stderr.write(f"{type}: {message % args if args else message}\n")


def serve(root: Path, stack: str) -> None:
    """Serves until told to end, or until the pid file is gone or names another process."""
    root = root.resolve()
    home = folder(root, stack)
    places.settle(home)
    _spool_in(home / "spool")
    _allow_many_open_files()
    identity = Identity(str(uuid.uuid4()), stack, str(root), datetime.datetime.now(datetime.UTC).isoformat())
    gateway = Gateway(Control(identity))
    server = make_server("127.0.0.1", 0, gateway, threaded=True, request_handler=Handler)
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ended = threading.Event()

    def end(_number: int = 0, _frame: FrameType | None = None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
    note = pid_file(root, stack)
    _write(
        note,
        {
            "pid": os.getpid(),
            "port": server.port,
            "instance": identity.instance,
            "started_at": identity.started_at,
        },
    )
    while not ended.wait(WATCH_SECONDS):
        if not _names_us(note, identity.instance):
            break
    if _names_us(note, identity.instance):
        note.unlink(missing_ok=True)
    # Memory only, nothing to flush: requests still running would only delay the end.
    os._exit(0)


def _write(note: Path, content: dict[str, Any]) -> None:
    partial = note.with_suffix(".partial")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(note)


def _names_us(note: Path, instance: str) -> bool:
    try:
        return bool(json.loads(note.read_text(encoding="utf-8"))["instance"] == instance)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _spool_in(place: Path) -> None:
    """Makes large objects go to the clone's disk; the temporary folder is memory on many machines."""
    place.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(place)


def _allow_many_open_files() -> None:
    """Raises the soft limit: each large object keeps one file open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
