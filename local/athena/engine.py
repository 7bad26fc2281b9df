"""A DuckDB that can do nothing but answer one query: no files but the staged ones, no settings, bounded."""

import re
import threading
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from local.athena.errors import QueryError

MEMORY_LIMIT = "2GB"
THREADS = 2
TIMEOUT_SECONDS = 300.0
_ERRORS = (
    ("Division by zero", "DIVISION_BY_ZERO", "Division by zero"),
    ("must appear in the GROUP BY", "EXPRESSION_NOT_AGGREGATE", None),
    ("Out of Range", "NUMERIC_VALUE_OUT_OF_RANGE", None),
    ("Overflow", "NUMERIC_VALUE_OUT_OF_RANGE", None),
    ("Out of Memory", "EXCEEDED_LOCAL_MEMORY_LIMIT", None),
)

_OURS = re.compile(r"string '((?:array subscript|key not present).*)' to")
_BADLY_CAST = re.compile(r"string '(no [\w ]+): (.*)' to")


class Engine:
    """An in-memory DuckDB with the macros; it reads the files in `folder` and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "threads": THREADS,
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": str(folder / "spill"),
                "extension_directory": str(folder / "extensions"),
                "secret_directory": str(folder / "secrets"),
                "home_directory": str(folder),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_persistent_secrets": "false",
                "python_enable_replacements": "false",
            },
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute(files("local.athena").joinpath("macros.sql").read_text(encoding="utf-8"))
        quoted = str(folder).replace("'", "''")
        self._connection.execute(f"SET allowed_directories = ['{quoted}/']")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def run(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a statement of our own and return all rows.

        Raises:
            QueryError: It failed, by a condition of the user's that it holds.

        """
        try:
            return self._connection.execute(sql, parameters or []).fetchall()
        except duckdb.Error as error:
            raise failure(error) from error

    def query(self, sql: str, *, timeout: float = TIMEOUT_SECONDS) -> list[tuple[Any, ...]]:
        """Run a translated query within the time limit and return all rows.

        Raises:
            QueryError: The query failed or ran too long.

        """
        timer = threading.Timer(timeout, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            return self._connection.execute(sql).fetchall()
        except duckdb.InterruptException as error:
            raise QueryError(
                "EXCEEDED_TIME_LIMIT", f"Query exceeded the maximum run time of {timeout:g} s"
            ) from error
        except duckdb.Error as error:
            raise failure(error) from error
        finally:
            timer.cancel()

    def describe(self, sql: str) -> list[tuple[str, str]]:
        """(name, DuckDB type) of a query's columns, without running it.

        Raises:
            QueryError: The query does not bind.

        """
        try:
            return [(row[0], row[1]) for row in self._connection.execute(f"DESCRIBE {sql}").fetchall()]
        except duckdb.Error as error:
            raise failure(error) from error


def failure(error: duckdb.Error) -> QueryError:
    """DuckDB's error under the name that Athena would give it, without DuckDB's internals."""
    message = str(error).split("\n", maxsplit=1)[0].replace("athena_", "")
    ours = _OURS.search(message)
    if ours:
        return QueryError("INVALID_FUNCTION_ARGUMENT", ours[1])
    badly_cast = _BADLY_CAST.search(message)
    if badly_cast:
        return QueryError("INVALID_CAST_ARGUMENT", f"Cannot cast '{badly_cast[2]}': it is {badly_cast[1]}")
    for needle, code, spoken in _ERRORS:
        if needle in message:
            return QueryError(code, spoken or message.split(": ", 1)[-1])
    if isinstance(error, duckdb.ConversionException):
        return QueryError("INVALID_CAST_ARGUMENT", message.removeprefix("Conversion Error: "))
    if isinstance(error, (duckdb.BinderException, duckdb.CatalogException)):
        return QueryError("TYPE_MISMATCH", message.split(": ", 1)[-1])
    return QueryError("GENERIC_USER_ERROR", message)
