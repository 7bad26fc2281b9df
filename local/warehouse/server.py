"""A PostgreSQL server for as long as the process that holds it: made, started, stopped, removed.

Its files lie in the folder it is given; where PostgreSQL's user could not get there, in a private folder of
the machine's temporary one, which the given folder then names.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from local.warehouse.binaries import Account, PostgresError, programs

OWNER = "lake"
"""The database's first user, which makes databases and roles."""

_SOCKET_PATH_BYTES = 100
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",  # its folder lets in nobody but its owner and root
    "max_connections": "40",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    # What it holds ends with the embedded AWS: nothing has to outlive a crash of the machine.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Server:
    """One server and its files below a folder; `sockets` is where clients find it once it has started."""

    def __init__(self, folder: Path) -> None:
        self._account = Account.suitable()
        self._note = folder / "home"
        folder.mkdir(parents=True, exist_ok=True)
        self._remove_leftovers()
        inside = self._account.reaches(self._note)
        within_reach = inside and len(os.fsencode(folder)) < _SOCKET_PATH_BYTES - len(
            "/lake-postgres-01234567"
        )
        self._home = Path(
            tempfile.mkdtemp(prefix="lake-postgres-", dir=folder if within_reach else _temporary())
        )
        self._note.write_text(str(self._home), encoding="utf-8")
        self._home.chmod(0o755 if self._account.uid is not None else 0o700)
        self.sockets = self._home / "sockets"
        self._data = self._home / "data"

    def start(self) -> None:
        """Make the database and start the server; PostgresError tells what it said when it does not."""
        for place in (self.sockets, self._data):
            place.mkdir(mode=0o700)
            self._account.own(place)
        self._bin = programs(self._account, self._home)
        initialise = ["-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        self._run("initdb", "-D", str(self._data), *initialise)
        settings = {**_SETTINGS, "unix_socket_directories": str(self.sockets)}
        with (self._data / "postgresql.auto.conf").open("a", encoding="utf-8") as handle:
            handle.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        log = self._data / "server.log"
        self._run("pg_ctl", "-D", str(self._data), "-l", str(log), "-w", "-t", "60", "start")

    def stop(self) -> None:
        """End the server, at once and with all its connections, and remove its files."""
        _end(self._account, self._home)
        self._note.unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = self._account.run(self._bin / program, *arguments, cwd=self._home)
        if done.returncode:
            log = self._data / "server.log"
            told = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
            said = "\n".join((done.stdout + done.stderr + told).strip().splitlines()[-12:])
            raise PostgresError(
                f"PostgreSQL's {program} failed with exit code {done.returncode}; it said:\n{said}",
                where=str(self._home),
                fix="Run the same command again; ./lake stop removes what is left.",
            )

    def _remove_leftovers(self) -> None:
        """End what an earlier holder left that was killed with everything around it."""
        with contextlib.suppress(FileNotFoundError):
            home = Path(self._note.read_text(encoding="utf-8"))
            if home.name.startswith("lake-postgres-") and home.is_dir():
                _end(self._account, home)


def _end(account: Account, home: Path) -> None:
    process = home / "data" / "postmaster.pid"
    copied = home / "programs"
    with contextlib.suppress(PostgresError):
        found = next(copied.rglob("pg_ctl"), None) or programs(account, home) / "pg_ctl"
        if process.exists():
            account.run(found, "-D", home / "data", "-m", "immediate", "-w", "-t", "20", "stop", cwd=home)
    shutil.rmtree(home, ignore_errors=True)


def _temporary() -> str:
    """Return the machine's temporary folder, whatever our process takes for one."""
    return os.environ.get("TMPDIR") or "/tmp"
