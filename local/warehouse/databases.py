"""The databases of the embedded warehouse's clusters: one PostgreSQL server, started when first asked."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from local.warehouse.binaries import PostgresError
from local.warehouse.server import OWNER

_NAME_BYTES = 63
Connection = psycopg.Connection[tuple[Any, ...]]


class Databases:
    """Databases by cluster and name, each owned by its cluster's administrator, as long as we live."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starting = threading.Lock()
        self._holder: subprocess.Popen[str] | None = None
        self._sockets = ""
        self._made: set[str] = set()

    def prepare(self) -> None:
        """Begin to start the server; who connects meanwhile waits for it, and is told if it failed."""
        threading.Thread(target=self._prepare, name="postgresql", daemon=True).start()

    def connect(self, cluster: str, database: str, user: str) -> Connection:
        """Open a session of a cluster's administrator; the database is made when it is the first."""
        name = _short(f"{cluster}/{database}")
        with self._starting:
            self._start()
            if name not in self._made:
                self._make(name, user)
                self._made.add(name)
        return psycopg.connect(host=self._sockets, dbname=name, user=user, options="-c timezone=UTC")

    def drop(self, cluster: str) -> None:
        """Remove a cluster's databases, and whoever is still at them."""
        with self._starting:
            gone = {name for name in self._made if name.startswith(f"{cluster}/")}
            if gone:
                with self._administer() as connection:
                    for name in gone:
                        connection.execute(
                            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                        )
            self._made -= gone

    def _prepare(self) -> None:
        with self._starting, contextlib.suppress(PostgresError):
            self._start()

    def _start(self) -> None:
        if self._holder is not None and self._holder.poll() is None:
            return
        self._made.clear()
        command = [sys.executable, "-P", "-m", "local.warehouse", str(self._folder)]
        # Whatever becomes of us, the end of this pipe ends the server.
        self._holder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._holder.stdout is not None
        line = self._holder.stdout.readline()
        answer = json.loads(line) if line else {"error": "PostgreSQL's holder ended without a word"}
        if "error" in answer:
            raise PostgresError(answer["error"])
        self._sockets = answer["sockets"]

    def _administer(self) -> Connection:
        return psycopg.connect(host=self._sockets, dbname="postgres", user=OWNER, autocommit=True)

    def _make(self, name: str, user: str) -> None:
        with self._administer() as connection:
            with contextlib.suppress(psycopg.errors.DuplicateObject):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(user)))
            with contextlib.suppress(psycopg.errors.DuplicateDatabase):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(user))
                )


def _short(name: str) -> str:
    """Return a name that PostgreSQL does not cut; a long one ends in a digest of itself."""
    if len(name.encode()) <= _NAME_BYTES:
        return name
    return f"{name[:40]}…{hashlib.sha256(name.encode()).hexdigest()[:16]}"
