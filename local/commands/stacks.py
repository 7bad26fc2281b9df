"""`up`, `preview` and `destroy`: the stacks, on the embedded AWS or in the real one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from etl.errors import DataLakeError
from local import console
from local.commands import layout
from local.commands.report import print_outcome
from local.engine import binary, preload
from local.engine.cloud import CloudStack
from local.engine.embedded import Embedded

Stack = Annotated[
    str,
    typer.Argument(
        metavar="STACK", help="local, dev or prod: the stack's settings are in Pulumi.STACK.yaml."
    ),
]


def deployment(stack: str, *, planned: bool = True) -> Embedded | CloudStack:
    """Return the stack with an engine to deploy it, which is built first where there is none.

    `planned` tells that the program is going to run.
    """
    layout.require_stack(stack)
    if planned:
        preload.begin(layout.PROGRAM)
    engine = binary.ensure()
    if stack == layout.STACK:
        return Embedded(layout.ROOT, layout.PROGRAM, layout.PACK, engine)
    return CloudStack(layout.ROOT, layout.PROGRAM, layout.PACK, engine, stack)


def up(stack: Stack) -> None:
    """Deploy a stack behind the policy pack: local on the embedded AWS, dev and prod on the real one.

    Running it again changes nothing, or goes on where an interrupted run stopped.
    dev and prod need AWS credentials of the account in their settings, and the official AWS provider.
    """
    chosen = deployment(stack)
    print_outcome(console.output(), chosen.up(), done=True)


def preview(
    stack: Stack,
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json", metavar="FILE", help="Write the plan there, as `pulumi preview --json` prints it."
        ),
    ] = None,
) -> None:
    """Show what `up` would do and what the policy pack says of it; needs no account and no credentials.

    dev and prod are planned against an empty account; local against what is deployed.
    """
    outcome = deployment(stack).preview()
    if json_file is not None:
        text = json.dumps(outcome.plan, indent=2, ensure_ascii=False) + "\n"
        try:
            json_file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise DataLakeError(
                f"the plan cannot be written: {error.strerror}", where=str(json_file)
            ) from error
    print_outcome(console.output(), outcome, done=False)


def destroy(
    stack: Stack,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask for the name of a stack in the real AWS.")
    ] = False,
) -> None:
    """Delete everything a stack holds; for dev and prod after typing the stack's name.

    Data goes with it. Resources that are protected in prod stop it.
    """
    if stack != layout.STACK and not yes:
        _confirm(stack)
    outcome = deployment(stack, planned=False).destroy()
    if outcome is None:
        console.messages().print(f"Nothing is deployed on stack {stack}.")
    else:
        print_outcome(console.output(), outcome, done=True)


def _confirm(stack: str) -> None:
    layout.require_stack(stack)
    if not sys.stdin.isatty():
        raise DataLakeError(f"destroying {stack} must be confirmed", fix=f"./lake destroy {stack} --yes")
    typed = typer.prompt(f"This deletes stack {stack} in the real AWS, data included. Type its name to go on")
    if typed != stack:
        raise DataLakeError(f"{typed!r} is not {stack!r}: nothing was done")
