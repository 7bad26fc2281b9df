"""Where the clone's parts lie."""

from __future__ import annotations

from pathlib import Path

from local.commands.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT
PACK = ROOT / "policies"

STACK = "local"
"""The stack on the embedded AWS."""

BUCKET = f"energy-trading-datalake-{STACK}"
"""Its data bucket."""


def role(persona: str) -> str:
    """Name the role of a persona of the embedded stack."""
    return f"{BUCKET}-{persona}"


def stacks() -> list[str]:
    """List the stacks that have settings."""
    return sorted(path.name.split(".")[1] for path in PROGRAM.glob("Pulumi.*.yaml"))


def require_stack(stack: str) -> None:
    """Raise UsageError for a stack without settings."""
    if stack not in stacks():
        raise UsageError(
            f"there is no stack {stack!r}",
            fix=f"use one of {', '.join(stacks())}, or write Pulumi.{stack}.yaml",
        )


def work() -> Path:
    """Return the folder of job files and results of the embedded stack, made when missing."""
    folder = ROOT / ".lake" / "local" / "work"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
