"""One embedded AWS a test module."""

from collections.abc import Iterator

import pytest

from local.aws import Cloud
from local.emulator import process


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    root = tmp_path_factory.mktemp("clone")
    emulator, _ = process.ensure(root, "local")
    try:
        yield Cloud(emulator.endpoint)
    finally:
        process.stop(root, "local")
