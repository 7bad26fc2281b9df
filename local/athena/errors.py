"""Failures of a query, named and worded as Athena does."""

from typing import Literal

from etl.errors import DataLakeError


class QueryError(DataLakeError):
    """A query that Athena would refuse, fail or cancel.

    `code` is Athena's error name (`COLUMN_NOT_FOUND`, `NOT_SUPPORTED`, `DIVISION_BY_ZERO`, …); `state` the
    execution's final state; `execution_id` is set once the execution was registered.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str | None = None,
        fix: str | None = None,
        state: Literal["FAILED", "CANCELLED"] = "FAILED",
    ) -> None:
        self.code = code
        self.state = state
        self.execution_id: str | None = None
        self.reason = message if state == "CANCELLED" else f"{code}: {message}"
        super().__init__(self.reason, where=where, fix=fix)


def at(sql: str, offset: int | None, message: str) -> str:
    """Prefix a message with Athena's `line L:C: ` for a character offset into the statement."""
    if offset is None or offset < 0:
        return message
    before = sql[:offset]
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    return f"line {line}:{column}: {message}"
