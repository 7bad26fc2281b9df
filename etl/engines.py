"""The engines that a job may run on."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from etl.contract import Contract
from etl.curated import Compute
from etl.engine import connect
from etl.engine_names import SPARK
from etl.lock import Lock
from etl.market import Market
from etl.store import Store
from etl.workload import Workload


class Engine(Protocol):
    """What judges and settles the units of a dataset, and computes Gold."""

    compute: Compute | None
    """What computes due partitions of Gold; None stands for etl.curated's own way."""

    def workload(
        self, store: Store, market: Market, contract: Contract, lock: Lock, *, large: bool
    ) -> AbstractContextManager[Workload]:
        """Open a workload; `large` says that some unit may not fit into memory."""


class Embedded:
    """DuckDB inside the job's process."""

    compute: Compute | None = None

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


@contextmanager
def open_engine(name: str) -> Iterator[Engine]:
    """Open an engine by its name; Spark's is imported, and a session opened, for none but itself."""
    if name != SPARK:
        yield Embedded()
        return
    from etl.spark.session import open_session  # noqa: PLC0415

    with open_session() as session:
        from etl.spark.engine import SparkEngine  # noqa: PLC0415

        yield SparkEngine(session)
