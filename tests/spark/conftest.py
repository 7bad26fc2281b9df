"""The one Spark session of the suite."""

from collections.abc import Iterator

import pytest

from tests.spark.spark_support import Session, session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with session(tmp_path_factory.mktemp("session")) as opened:
        yield opened
