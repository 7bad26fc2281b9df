"""The engines that a job may run on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from etl.engine_names import SPARK

if TYPE_CHECKING:
    from etl.curated import Compute
    from etl.workload import Workload


class Engine(Protocol):
    """What judges and settles the units of a dataset, and computes Gold."""

    compute: "Compute | None"
    """What computes due partitions of Gold; None stands for etl.curated's own way."""

    def workload(self) -> "Callable[..., Workload]":
        """Return what makes a workload of the arguments of etl.workload.Workload."""


class Embedded:
    """DuckDB inside the job's process."""

    compute: "Compute | None" = None

    def workload(self) -> "Callable[..., Workload]":
        """See Engine.workload."""
        from etl.embedded import EmbeddedWorkload  # noqa: PLC0415  a run that finds nothing due needs no engine

        return EmbeddedWorkload


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
