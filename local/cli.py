"""The command line of the data lake: `./lake COMMAND`."""

from __future__ import annotations

import importlib
import sys

import typer
from rich.markup import escape
from typer.exceptions import TyperException

from etl.errors import DataLakeError
from local import console
from local.commands import refusal
from local.commands.errors import Exit, Refused, UsageError
from local.engine.errors import PolicyViolation

EPILOG = (
    "Exit codes: 0 done · 1 something failed · 2 wrong arguments or unreadable input · 3 a policy or a"
    " data-quality threshold said no · 130 interrupted. The same command run again goes on where an"
    " interrupted one stopped."
)


COMMANDS = {
    "demo": ("local.demo:demo", "The whole path: deploy, three days of trades, query."),
    "test": ("local.commands.checks:check", "Run all tests and checks."),
    "bench": (
        "local.commands.bench:app",
        "Measure the pipeline against what teams write by hand, and the gate.",
    ),
    "up": ("local.commands.stacks:up", "Deploy a stack behind the policy pack."),
    "preview": ("local.commands.stacks:preview", "Show what `up` would do; needs no account."),
    "destroy": ("local.commands.stacks:destroy", "Delete everything a stack holds."),
    "put": ("local.commands.data:put", "Deliver CSV files to the lake."),
    "run": ("local.commands.data:run", "Run the pipeline over what was delivered."),
    "replay": ("local.commands.data:replay", "Judge rejected records again that may be good now."),
    "query": ("local.commands.data:query", "Ask the lake in Athena's SQL."),
    "dashboards": (
        "local.commands.boards:dashboards",
        "Draw the deployed dashboards with what the lake holds.",
    ),
    "policy": ("local.commands.policy:app", "Judge stacks and files; report what the pack found."),
    "status": ("local.commands.state:status", "What is up, and how much it holds."),
    "stop": ("local.commands.state:stop", "End the embedded AWS."),
}
"""The function of each command, its module loaded only when wanted, and what it does in a few words."""


def application(wanted: str | None = None) -> typer.Typer:
    """Assemble the command line, with the one wanted command or, when there is no such, with all."""
    app = typer.Typer(
        help="A governed AWS data lake for energy trading, on an embedded AWS or the real one.",
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(lambda: None)
    passing = {"allow_extra_args": True, "ignore_unknown_options": True}
    for name in [wanted] if wanted in COMMANDS else COMMANDS:
        place, short = COMMANDS[name]
        module, _, attribute = place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, short_help=short, epilog=EPILOG)
        else:
            app.command(
                name, short_help=short, epilog=EPILOG, context_settings=passing if name == "test" else None
            )(command)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; failures a person can act on come without a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        result = application(given[0] if given else None)(given, standalone_mode=False, prog_name="./lake")
    except TyperException as error:
        context = getattr(error, "ctx", None)
        usage = f"{context.get_usage()}\n" if context is not None and given else ""
        console.messages().print(escape(usage + error.format_message()), soft_wrap=True)
        return Exit.USAGE
    except (KeyboardInterrupt, typer.Abort):
        console.messages().print("\nInterrupted. The same command run again goes on.")
        return Exit.INTERRUPTED
    except PolicyViolation as error:
        console.messages().print(f"[red]✗[/] {escape(refusal.told(error))}", soft_wrap=True)
        return Exit.REFUSED
    except DataLakeError as error:
        console.messages().print(f"[red]✗[/] {escape(str(error))}", soft_wrap=True)
        return _code(error)
    return result if isinstance(result, int) else Exit.OK


def _code(error: DataLakeError) -> Exit:
    if isinstance(error, UsageError):
        return Exit.USAGE
    return Exit.REFUSED if isinstance(error, Refused) else Exit.FAILURE


if __name__ == "__main__":
    sys.exit(main())
