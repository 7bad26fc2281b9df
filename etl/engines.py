"""The engines that a job may run on, by name."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from etl.contract import Contract
from etl.engine import connect
from etl.lock import Lock
from etl.market import Market
from etl.store import Store
from etl.workload import Workload

DUCKDB, SPARK = "duckdb", "spark"
NAMES = (DUCKDB, SPARK)


class Engine(Protocol):
    """What judges and settles the units of a dataset."""

    def workload(
        self, store: Store, market: Market, contract: Contract, lock: Lock, *, large: bool
    ) -> AbstractContextManager[Workload]:
        """Open a workload; `large` says that some unit may not fit into memory."""


class Embedded:
    """DuckDB inside the job's process."""

    @contextmanager
    def workload(
        self, store: Store, market: Market, contract: Contract, lock: Lock, *, large: bool
    ) -> Iterator[Workload]:
        """See Engine.workload."""
        with (
            tempfile.TemporaryDirectory(prefix="lake-") as name,
            connect(market, Path(name), on_disk=large) as connection,
        ):
            yield Workload(store, market, contract, lock=lock, folder=Path(name), connection=connection)
