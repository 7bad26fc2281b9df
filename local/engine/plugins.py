"""The programs the engine starts: the policy host, and the embedded or the official `aws` provider."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from local.engine.binary import Engine
from local.engine.errors import EngineError
from local.engine.workspace import CODE, Workspace


def aws_version() -> str:
    """Return the version of the `aws` provider that the program's SDK asks for."""
    return metadata.version("pulumi-aws")


def install(workspace: Workspace, engine: Engine) -> None:
    """Put the engine and the policy host on the workspace's PATH, and the embedded provider into its home.

    A cloud workspace gets no embedded provider: see `require_official`.
    """
    link = workspace.bin / "pulumi"
    if not link.is_symlink() or link.readlink() != engine.executable:
        link.unlink(missing_ok=True)
        link.symlink_to(engine.executable)
    # The pack stands alone: it must not need the clone's packages on its path.
    _script(
        workspace.bin / "pulumi-analyzer-policy-python", "unset PYTHONPATH", ["-u", "-m", "pulumi.policy"]
    )
    if not workspace.is_cloud:
        setting = f"PYTHONPATH={shlex.quote(str(CODE))}; export PYTHONPATH"
        _script(_plugin(workspace.home), setting, ["-P", "-u", "-m", "local.provider"])


def require_official(workspace: Workspace, engine: Engine, environment: dict[str, str]) -> None:
    """Make sure that the official `aws` provider is at hand: installed, on PATH, or downloaded by the engine.

    Raises EngineError naming what was looked for and how to install it.
    """
    version = aws_version()
    wanted = _plugin(workspace.home)
    if wanted.exists() or shutil.which("pulumi-resource-aws"):
        return
    users = _plugin(Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi"))
    if users.exists():
        wanted.parent.parent.mkdir(parents=True, exist_ok=True)
        wanted.parent.symlink_to(users.parent)
        return
    command = [str(engine.executable), "plugin", "install", "resource", "aws", version]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(
            f"the official AWS provider {version} is not installed and could not be downloaded",
            where=done.stderr.strip().splitlines()[-1]
            if done.stderr.strip()
            else f"looked for {users.parent}",
            fix=f"where the download works, run: pulumi plugin install resource aws {version}",
        )


def _plugin(home: Path) -> Path:
    return home / "plugins" / f"resource-aws-v{aws_version()}" / "pulumi-resource-aws"


def _script(path: Path, setting: str, arguments: list[str]) -> None:
    """Write an executable that starts this Python; atomically, since an engine may be starting it."""
    text = f'#!/bin/sh\n{setting}\nexec {shlex.join([sys.executable, *arguments])} "$@"\n'
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text)
    partial.chmod(0o755)
    partial.replace(path)
