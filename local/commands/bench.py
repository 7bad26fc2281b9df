"""`bench`: the benchmarks, each in the environment that its contenders need."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from local import bootstrap
from local.commands import layout
from local.commands.errors import UsageError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def bench() -> None:
    """Measure; every number that the documentation quotes comes from here."""


@app.command("etl")
def etl(
    rows: Annotated[str, typer.Option(help="Transactions, sizes comma separated.")] = "100000,1000000",
    rounds: Annotated[int, typer.Option(min=1, help="Counted rounds, after a warm-up.")] = 5,
    only: Annotated[str, typer.Option(help="Of e1 to e7, comma separated.")] = "e1,e2,e3,e4,e5,e6,e7",
) -> None:
    """Run the pipeline and its contenders side by side; write docs/benchmarks/etl.md and its picture.

    The first time it makes .lake/bench-python with the contenders' packages, which nothing else needs.
    """
    if not all(size.strip().isdigit() and int(size) for size in rows.split(",")):
        raise UsageError(f"--rows {rows!r} is not a list of sizes", fix="give numbers such as 100000,1000000")
    environment = layout.ROOT / ".lake" / "bench-python"
    bootstrap.make(layout.ROOT, environment, layout.ROOT / "benchmarks" / "etl" / "requirements.lock")
    command = [
        sys.executable, "-m", "benchmarks.etl", "--python", str(environment / "bin" / "python"),
        "--rows", rows, "--rounds", str(rounds), "--only", only,
    ]  # fmt: skip
    where = {**os.environ, "PYTHONPATH": str(layout.ROOT)}
    raise typer.Exit(subprocess.run(command, cwd=layout.ROOT, env=where, check=False).returncode)


@app.command("policies")
def policies(
    scales: Annotated[str, typer.Option(help="Sizes, times the production stack.")] = "1,4,16",
    rounds: Annotated[int, typer.Option(min=1, help="Counted previews, with the pack and without.")] = 5,
    only: Annotated[str, typer.Option(help="Of p1,p3, comma separated.")] = "p1,p3",
) -> None:
    """Measure what the policy pack costs; write docs/benchmarks/policies.md and its picture."""
    if not all(scale.strip().isdigit() and int(scale) for scale in scales.split(",")):
        raise UsageError(f"--scales {scales!r} is not a list of sizes", fix="give numbers such as 1,4,16")
    if unknown := set(only.lower().split(",")) - {"p1", "p3"}:
        raise UsageError(f"--only names {', '.join(sorted(unknown))}", fix="give p1, p3 or both")
    command = [
        sys.executable, "-m", "benchmarks.policies", "--scales", scales, "--rounds", str(rounds),
        "--only", only.lower(),
    ]  # fmt: skip
    where = {**os.environ, "PYTHONPATH": str(layout.ROOT)}
    raise typer.Exit(subprocess.run(command, cwd=layout.ROOT, env=where, check=False).returncode)
