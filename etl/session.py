"""A run's session of the engine: opened when something is due, and shared by all that is."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from etl.market import Market

if TYPE_CHECKING:
    import duckdb


class Session:
    """`connection` and `folder` come into being with the first use, and end with the run."""

    def __init__(self, market: Market, stack: ExitStack) -> None:
        self.market = market
        self._stack = stack
        self._folder: Path | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def folder(self) -> Path:
        """A folder for the run's files."""
        if self._folder is None:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="lake-")))
        return self._folder

    @property
    def connection(self) -> "duckdb.DuckDBPyConnection":
        """The session, whose tables are held in memory."""
        if self._connection is None:
            self._connection = self._connect(on_disk=False)
        return self._connection

    def on_disk(self) -> "duckdb.DuckDBPyConnection":
        """Return a session of its own, whose tables are held in a file."""
        return self._connect(on_disk=True)

    def _connect(self, *, on_disk: bool) -> "duckdb.DuckDBPyConnection":
        from etl.engine import connect  # noqa: PLC0415  a run that finds nothing due does without an engine

        return self._stack.enter_context(connect(self.market, self.folder, on_disk=on_disk))


@contextmanager
def session(market: Market) -> Iterator[Session]:
    """Give a run its session."""
    with ExitStack() as stack:
        yield Session(market, stack)
