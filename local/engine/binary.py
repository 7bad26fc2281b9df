"""The Pulumi engine: one on PATH that is new enough, else one built before, else one built now.

What is built is the module that `tools/go.mod` pins and `tools/go.sum` fixes by hash. It is kept per user,
for all clones, in `$XDG_CACHE_HOME/energy-trading-datalake/engine/<version>-<os>-<arch>-<hash>/bin/pulumi`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etl.errors import DataLakeError
from local import console
from local.engine import build

MINIMUM = (3, 230, 0)
"""The oldest engine that serves the locked SDK: its Automation API needs this engine's flags."""

TOOLS = Path(__file__).parents[2] / "tools"


@dataclass(frozen=True)
class Engine:
    """An engine that has answered `pulumi version`; `origin` is where it came from: PATH, cache or build."""

    executable: Path
    version: tuple[int, int, int]
    origin: str

    @property
    def text(self) -> str:
        """The version as people write it, for instance 3.250.0."""
        return ".".join(map(str, self.version))


def ensure(tools: Path = TOOLS) -> Engine:
    """Return an engine to drive, building it first where there is none.

    Raises DataLakeError when it cannot be built: no disk space, no network, or a module that is not the
    pinned one.
    """
    found = on_path() or cached(tools)
    if found is not None:
        return found
    place = cache_folder(tools)
    place.parent.mkdir(parents=True, exist_ok=True)
    with _alone(place.with_name(f"{place.name}.lock")):
        return cached(tools) or _build(place, tools)


def on_path() -> Engine | None:
    """Find the newest engine on PATH that is new enough; older ones are passed over."""
    candidates = []
    for folder in dict.fromkeys(os.environ.get("PATH", "").split(os.pathsep)):
        executable = Path(folder or ".") / "pulumi"
        if executable.is_file() and os.access(executable, os.X_OK):
            version = probe(executable)
            if version is not None and version >= MINIMUM:
                candidates.append(Engine(executable.absolute(), version, "PATH"))
    return max(candidates, key=lambda engine: engine.version, default=None)


def cached(tools: Path = TOOLS) -> Engine | None:
    """Find the engine built before from the same pinned module; one that does not answer is not taken."""
    executable = cache_folder(tools) / "bin" / "pulumi"
    version = probe(executable) if executable.is_file() else None
    return Engine(executable, version, "cache") if version is not None else None


def probe(executable: Path) -> tuple[int, int, int] | None:
    """Ask an executable for its version; None when it does not answer as the engine does."""
    # A home of its own: asking the version must not touch the user's `~/.pulumi`.
    with tempfile.TemporaryDirectory(prefix="lake-probe-") as home:
        environ = {**os.environ, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            done = subprocess.run(
                [executable, "version"], capture_output=True, text=True, env=environ, timeout=60, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", done.stdout.strip())
    if done.returncode or match is None:
        return None
    major, minor, patch = map(int, match.groups())
    return major, minor, patch


def cache_folder(tools: Path = TOOLS) -> Path:
    """Name the folder of the engine built from `tools`; another pin, system or recipe has another folder."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "energy-trading-datalake"
    recipe = (tools / "go.sum").read_bytes() + " ".join(build.FLAGS).encode()
    digest = hashlib.sha256(recipe).hexdigest()[:12]
    system = f"{platform.system()}-{platform.machine()}".lower()
    return base / "engine" / f"{build.pinned_version(tools)}-{system}-{digest}"


def _build(place: Path, tools: Path) -> Engine:
    """Build beside `place`, asks the result for its version, and only then renames it to `place`."""
    version = build.pinned_version(tools)
    work = place.with_name(f"{place.name}.build")
    console.messages().print(
        f"Pulumi {'.'.join(map(str, MINIMUM))} or newer is not on PATH: building {version} from its source,"
        " once for this user. This takes some minutes."
    )
    executable = build.build(work, tools)
    answer = probe(executable)
    if answer is None or ".".join(map(str, answer)) != version:
        raise DataLakeError(
            f"the engine that was built does not answer as Pulumi {version}",
            where=str(executable),
            fix=f"remove {work} and run the same command again",
        )
    shutil.rmtree(place, ignore_errors=True)
    executable.parent.parent.rename(place)
    shutil.rmtree(work, ignore_errors=True)
    return Engine(place / "bin" / "pulumi", answer, "build")


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let one build run at a time for this user; the others wait for its result."""
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with console.step("Waiting for another clone that is building the Pulumi engine"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
