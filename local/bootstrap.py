"""Makes the clone's `.venv` from the lock file; run by `./lake` with a Python 3.11+ and no package installed.

`.venv` leads to an environment in the user's cache, one for each lock and Python: packages, and the bytecode
that Python keeps beside them, are there at once for every further clone. Where the cache cannot be written,
or `.venv` is a folder already, the environment is the clone's own.

The stamp `lake.lock` inside is a copy of the lock that the environment was made from. It is removed before
the first change and written last, so that the next run goes on where an interrupted one stopped. A file lock
keeps two starts apart.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

MISSING_VENV = """lake: {python} cannot make virtual environments: its module `{module}` is missing.
  Debian, Ubuntu: sudo apt-get install python3-venv   (or python{version}-venv)
  Fedora:         sudo dnf install python3-libs python-pip-wheel
  macOS:          brew install python
Then run the same command again."""


class BootstrapError(Exception):
    """The environment could not be made; the message says why and what to do."""


def main(root: Path) -> None:
    """Make or update `<root>/.venv`."""
    own, lock = root / ".venv", root / "requirements.lock"
    shared = None if own.is_dir() and not own.is_symlink() else shared_environment(lock)
    if shared is None:
        make(root, own, lock)
        return
    make(root, shared, lock)
    partial = root / f".venv.{os.getpid()}.{threading.get_ident()}"
    partial.unlink(missing_ok=True)  # of a start that was killed
    partial.symlink_to(shared)
    partial.replace(own)


def shared_environment(lock: Path) -> Path | None:
    """Name the environment of a lock in the user's cache; None where the cache cannot be written."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "energy-trading-datalake"
    system = f"{platform.python_version()}-{platform.system()}-{platform.machine()}".lower()
    place = base / "python" / f"{system}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return place if os.access(place.parent, os.W_OK) else None


def make(root: Path, environment: Path, lock: Path) -> None:
    """Make or update an environment from a lock file, unless another start did so while this one waited."""
    stamp = environment / "lake.lock"
    with _alone(environment.parent if environment.parent != root else root / ".lake"):
        if _stamped(stamp, lock):
            return
        stamp.unlink(missing_ok=True)
        if not _healthy(environment):
            _create(environment)
        _install(root, environment, lock)
        partial = environment / "lake.lock.partial"
        shutil.copyfile(lock, partial)
        partial.replace(stamp)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    with (folder / "environment.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another start is making the Python environment; waiting for it\n")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _stamped(stamp: Path, lock: Path) -> bool:
    python = stamp.parent / "bin" / "python"
    return stamp.is_file() and python.exists() and stamp.read_bytes() == lock.read_bytes()


def _healthy(environment: Path) -> bool:
    """Tell whether the environment has a Python 3.11+ that runs and a pip that answers."""
    python = environment / "bin" / "python"
    if not python.exists():
        return False
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0


def _create(environment: Path) -> None:
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise BootstrapError(MISSING_VENV.format(python=sys.executable, module=module, version=version))
    if environment.exists():
        shutil.rmtree(environment)
    # The versioned executable, not the one on PATH: the environment is remade when an upgrade removes it.
    python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    with _phase(f"Making the Python environment (Python {sys.version.split()[0]})"):
        _run([python, "-I", "-m", "venv", str(environment)])


def _install(root: Path, environment: Path, lock: Path) -> None:
    """Bring the packages to what the lock says, with uv where that works, else with pip."""
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes", "-r"]
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line and line[:1].isalnum())
    try:
        with _phase("Getting the package installer (uv)"):
            _run([*pip, str(root / "tools" / "requirements-bootstrap.lock")])
        with _phase(f"Installing {count} locked packages"):
            uv = str(environment / "bin" / "uv")
            environ = {**os.environ, **uv_settings(_pip_settings(python), os.environ)}
            _run([uv, "pip", "sync", "--python", python, "--require-hashes", str(lock)], environ)
    except BootstrapError as error:
        _say(f"{error}\nThat did not work; trying pip instead.\n")
        with _phase(f"Installing {count} locked packages with pip"):
            _run([*pip, str(lock)])


def _pip_settings(python: str) -> dict[str, str]:
    """Read what `pip install` would use, by option; the environment wins over [install] over [global]."""
    listing = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    settings: dict[str, str] = {}
    for section in ("global.", "install.", ":env:."):
        for line in listing.stdout.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(section):
                settings[name.removeprefix(section)] = value.strip().strip("'\"").replace("\\n", " ")
    return settings


def uv_settings(pip: dict[str, str], environ: os._Environ[str] | dict[str, str]) -> dict[str, str]:
    """Translate pip's settings to uv's variables; whatever the user set for uv itself stays as it is."""
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "no-index": "UV_NO_INDEX",
        "trusted-host": "UV_INSECURE_HOST",
        "cert": "SSL_CERT_FILE",
        "client-cert": "SSL_CLIENT_CERT",
        "timeout": "UV_HTTP_TIMEOUT",
        "default-timeout": "UV_HTTP_TIMEOUT",
        "proxy": "ALL_PROXY",
    }
    chosen = {variable: pip[option] for option, variable in names.items() if pip.get(option)}
    if places := [
        place for place in pip.get("find-links", "").split() if "://" in place or Path(place).is_dir()
    ]:
        chosen["UV_FIND_LINKS"] = ",".join(places)
    # pip takes the best match of all indexes; with hashes there is no confusion to fear.
    chosen["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    chosen["UV_NO_PROGRESS"] = "" if sys.stderr.isatty() else "1"
    return {variable: value for variable, value in chosen.items() if value and variable not in environ}


def _run(command: list[str], environ: dict[str, str] | None = None) -> None:
    """Run one step, its output kept for the message of a failure; at a terminal uv draws its own bars."""
    live = command[0].endswith("uv") and sys.stderr.isatty()
    stderr = None if live else subprocess.STDOUT
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environ, check=False
        )
    except OSError as error:
        raise BootstrapError(f"{command[0]} cannot be started: {error.strerror}") from error
    if done.returncode:
        raise BootstrapError(
            f"{' '.join(command)}\nended with status {done.returncode}\n{done.stdout.strip()}"
        )


@contextlib.contextmanager
def _phase(title: str) -> Iterator[None]:
    start = time.monotonic()
    _say(f"{title} ...")
    try:
        yield
    except BaseException:
        _say(" failed\n")
        raise
    _say(f" {time.monotonic() - start:.1f} s\n")


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except BootstrapError as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
