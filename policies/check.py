"""Judging a stack from a file, without an engine: `python -m policies.check FILE`.

Exit codes: 0 nothing that stops a deployment, 1 findings, 2 a file or an argument that cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import date
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from policies.errors import PolicyPackError
from policies.levels import Profile, for_stack, names, profile
from policies.pack import NAME, VERSION
from policies.report import report
from policies.ruling import judge
from policies.sarif import sarif
from policies.state_files import read
from policies.text import text
from policies.waivers import FILE

STRICTEST = "regulated"
OF_THE_STACK = "stack"


class Exit(IntEnum):
    """How a check ends."""

    CLEAN = 0
    FINDINGS = 1
    UNREADABLE = 2


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def account_of(
    file: Path, chosen: str = STRICTEST, waiver_file: Path = FILE, today: date | None = None
) -> dict[str, Any]:
    """Return the account (`policies.report.report`) of the stack in a file.

    Args:
        file: What `policies.state_files.read` takes.
        chosen: A profile, or `stack` for the one that the stack of that name holds here.
        waiver_file: Waivers to honour.
        today: The day they are in force on; the current one by default.

    Raises:
        PolicyPackError: the file cannot be judged, or there is no such profile.

    """
    graph = read(file)
    held: Profile = for_stack(graph.stack) if chosen == OF_THE_STACK else profile(chosen)
    return report(judge(graph, held, today or date.today(), waiver_file=waiver_file), NAME, VERSION)


def rendered(account: Mapping[str, Any], form: Format, *, coverage: bool = False) -> str:
    """Return an account (`policies.report.report`) in a format, with a line end."""
    if form is Format.TEXT:
        return text(account, coverage=coverage) + "\n"
    content = sarif(account) if form is Format.SARIF else account
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Judge a file, print what was found, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m policies.check",
        description="Judge the stack in a state export or in the JSON of a preview, of any program.",
        epilog="Exit codes: 0 clean, 1 findings, 2 a file that cannot be read.",
    )
    parser.add_argument("file", type=Path, help="pulumi stack export, or pulumi preview --json --show-sames")
    parser.add_argument("--profile", choices=[*names(), OF_THE_STACK], default=STRICTEST)
    parser.add_argument("--format", choices=[form.value for form in Format], default=Format.TEXT.value)
    parser.add_argument("--coverage", action="store_true", help="say which control looked at what")
    parser.add_argument("--waivers", type=Path, default=FILE, help="the waiver file to honour")
    given = parser.parse_args(arguments)
    try:
        account = account_of(given.file, given.profile, given.waivers)
    except PolicyPackError as error:
        print(error, file=sys.stderr)
        return Exit.UNREADABLE
    sys.stdout.write(rendered(account, Format(given.format), coverage=given.coverage))
    return Exit.FINDINGS if account["stops"] else Exit.CLEAN


if __name__ == "__main__":
    sys.exit(main())
