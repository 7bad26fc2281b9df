"""How a command ends: the exit codes of `./lake` and the errors that choose them."""

from __future__ import annotations

from enum import IntEnum

from etl.errors import DataLakeError


class Exit(IntEnum):
    """Exit codes, the same for all commands."""

    OK = 0
    FAILURE = 1
    """Something failed; the message says what, where and how to fix it."""
    USAGE = 2
    """Wrong arguments or input that cannot be read; nothing was done."""
    REFUSED = 3
    """A policy or a data-quality threshold said no; nothing was deployed or published."""
    INTERRUPTED = 130
    """Ctrl-C; the same command run again goes on."""


class UsageError(DataLakeError):
    """The command was given something it cannot work with; nothing was done."""


class Refused(DataLakeError):
    """A data-quality threshold was breached; nothing was published."""
