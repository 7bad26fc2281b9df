"""`policy`: what the policy pack says of a stack or of a file, without deploying anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from etl.errors import DataLakeError
from local.commands import layout
from local.commands.errors import UsageError
from local.commands.stacks import deployment
from local.engine.errors import PolicyViolation
from local.engine.workspace import Mode, Workspace
from policies.check import STRICTEST, Format, account_of, rendered
from policies.errors import PolicyPackError

app = typer.Typer(
    help="What the policy pack says of a stack or of a file.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Form = Annotated[Format, typer.Option("--format", help="How findings are written.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write there instead of to standard output.")
]
Coverage = Annotated[bool, typer.Option("--coverage", help="Say also which control looked at what.")]


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A state export or the JSON of a preview.")],
    profile: Annotated[
        str, typer.Option(help="A profile, or `stack` for the one the stack of that name holds here.")
    ] = STRICTEST,
    form: Form = Format.TEXT,
    out: Out = None,
    coverage: Coverage = False,
) -> int:
    """Judge any Pulumi state export or preview JSON: exit code 0 clean, 1 findings, 2 a file it cannot read.

    FILE comes from `pulumi stack export` or `pulumi preview --json --show-sames`, also of other programs.
    """
    return _told(_judged(file, profile), form, out, coverage=coverage)


@app.command()
def report(
    subject: Annotated[
        str, typer.Argument(metavar="STACK|FILE", help="A stack, which is planned anew, or a file.")
    ],
    form: Form = Format.TEXT,
    out: Out = None,
    coverage: Coverage = False,
) -> int:
    """Tell what the pack says of a stack under its profile, and which control looked at which resource.

    Exit code 1 where it would stop a deployment.
    """
    if subject in layout.stacks():
        account = _planned(subject)
    elif Path(subject).exists():
        account = _judged(Path(subject), "stack")
    else:
        known = ", ".join(layout.stacks())
        raise UsageError("is neither a stack nor a file", where=subject, fix=f"use one of {known}, or a file")
    return _told(account, form, out, coverage=coverage)


def _judged(file: Path, profile: str) -> dict[str, Any]:
    try:
        return account_of(file, profile)
    except PolicyPackError as error:
        raise UsageError(error.what, where=error.where, fix=error.fix) from error


def _planned(stack: str) -> dict[str, Any]:
    places = [
        Workspace(layout.ROOT, layout.PROGRAM, stack, mode).folder / "policy-report.json"
        for mode in (Mode.EMBEDDED, Mode.OFFLINE)
    ]
    for place in places:
        # What an earlier plan left must not be taken for the answer of this one.
        place.unlink(missing_ok=True)
    refused = False
    try:
        deployment(stack).preview()
    except PolicyViolation:
        refused = True
    written = [place for place in places if place.exists()]
    if not written:
        raise DataLakeError(
            "the policy pack left no account of the plan", where=stack, fix=f"run ./lake preview {stack}"
        )
    account: dict[str, Any] = json.loads(written[0].read_text(encoding="utf-8"))
    # The engine has the last word: a level that a configuration file set is known to it alone.
    return {**account, "stops": account["stops"] or refused}


def _told(account: dict[str, Any], form: Format, out: Path | None, *, coverage: bool) -> int:
    text = rendered(account, form, coverage=coverage)
    if out is None:
        sys.stdout.write(text)
    else:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise DataLakeError(
                f"the report cannot be written: {error.strerror}", where=str(out), fix="choose another --out"
            ) from error
    return 1 if account["stops"] else 0
