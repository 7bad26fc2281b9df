"""Builds the Pulumi engine from the module proxy with visible progress; an interrupted build is continued."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from etl.errors import DataLakeError
from local import console
from local.engine import toolchain

MODULE = "github.com/pulumi/pulumi/pkg/v3"
PACKAGE = f"{MODULE}/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"

FLAGS = ("-trimpath", "-gcflags=all=-l -dwarf=false", "-ldflags=-s -w")
"""What decides the binary's bytes beside go.sum. Without inlining and debug tables the build takes a third
less time; the engine waits for providers, so its own speed does not show."""

DISK = 4 * 2**30
"""Bytes that toolchain, modules and object files take during the build; only the engine is kept."""


def pinned_version(tools: Path) -> str:
    """Read the engine's version, for instance 3.250.0, from go.mod."""
    match = re.search(
        rf"^\s*(?:require\s+)?{re.escape(MODULE)} v(\S+)", (tools / "go.mod").read_text(), re.MULTILINE
    )
    assert match is not None, f"tools/go.mod does not require {MODULE}"
    return match[1]


def build(work: Path, tools: Path) -> Path:
    """Build the pinned engine and return the executable, `<work>/engine/bin/pulumi`.

    `work` keeps the downloaded modules and compiled packages, so that a rerun goes on.
    Raises DataLakeError with the tool's own words when a step fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(work).free
    if free < DISK and not (work / "objects").exists():
        raise DataLakeError(
            f"building the engine takes {DISK / 2**30:.0f} GiB of disk; {free / 2**30:.1f} GiB are free",
            where=str(work),
            fix="free some disk, or set XDG_CACHE_HOME to a larger one",
        )
    go = toolchain.ensure(work, tools)
    environ = toolchain.environment(go, work)
    weights = _download(go, tools, environ)
    executable = work / "engine" / "bin" / "pulumi"
    _compile(go, tools, environ, weights, executable)
    return executable


def _download(go: Path, tools: Path, environ: Mapping[str, str]) -> dict[str, int]:
    """Get the modules; return each package to be compiled with its weight, the bytes of its source."""
    total = len(re.findall(r"^\s+\S+ v\S+", (tools / "go.mod").read_text(), re.MULTILINE))
    fields = '{{.ImportPath}}\t{{.Dir}}\t{{join .GoFiles "\t"}}'
    with console.step("Downloading the engine's modules") as step:
        count = 0

        def on_line(line: str) -> None:
            nonlocal count
            if line.startswith("go: downloading "):
                count += 1
                step.update(f"{count}/{total} {line.split()[2]}", min(count / total, 1.0))

        listing = _go([str(go), "list", "-deps", "-f", fields, PACKAGE], tools, environ, on_line)
        weights = {}
        for row in listing.splitlines():
            package, folder, *files = row.split("\t")
            weights[package] = 2000 + sum((Path(folder) / file).stat().st_size for file in files if file)
        step.finish(f"{count} modules" if count else "all there already")
    return weights


def _compile(
    go: Path, tools: Path, environ: Mapping[str, str], weights: Mapping[str, int], executable: Path
) -> None:
    journal = executable.parents[2] / "compiled.txt"
    done = set(journal.read_text().split()) & set(weights) if journal.is_file() else set()
    earlier, total = sum(weights[package] for package in done), sum(weights.values())
    version = f"-X {VERSION_VARIABLE}={pinned_version(tools)}"
    command = [str(go), "build", "-v", *FLAGS[:-1], f"{FLAGS[-1]} {version}", "-o", str(executable), PACKAGE]
    with console.step("Compiling the engine") as step, journal.open("a") as log:
        weight = earlier

        def on_line(line: str) -> None:
            nonlocal weight
            if line in weights and line not in done:
                done.add(line)
                weight += weights[line]
                print(line, file=log, flush=True)
                step.update(
                    _outlook(len(done), len(weights), step.seconds, weight - earlier, total - weight),
                    weight / total,
                )

        _go(command, tools, environ, on_line)
        step.finish(f"{len(weights)} packages")


def _outlook(done: int, count: int, seconds: float, weight: int, left: int) -> str:
    """Say how far the compiler is and, once there is enough to go by, how long it will still take."""
    text = f"{done}/{count} packages"
    if seconds < 10 or weight <= 0:
        return text
    minutes = left / weight * seconds / 60
    return f"{text}, less than a minute left" if minutes < 1 else f"{text}, about {minutes:.0f} min left"


def _go(command: list[str], folder: Path, environ: Mapping[str, str], on_line: Callable[[str], None]) -> str:
    """Run Go, hand each line of its progress to `on_line`, and return what it printed as result."""
    result: list[str] = []
    said: list[str] = []
    with subprocess.Popen(
        command, cwd=folder, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        reader = threading.Thread(target=lambda stream: result.append(stream.read()), args=(process.stdout,))
        reader.start()
        try:
            for line in process.stderr:
                said.append(line.rstrip())
                on_line(line.rstrip())
            status = process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            reader.join()
    if status:
        told = [line for line in said if not line.startswith("go: downloading ")]
        raise DataLakeError(
            "building the Pulumi engine failed; what was downloaded and compiled is kept",
            where="\n".join(told[-15:]),
            fix="check the connection to the Go module proxy (GOPROXY) and run the same command"
            " again, or install Pulumi",
        )
    return "".join(result)
