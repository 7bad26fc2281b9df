"""One embedded AWS and the providers for the tests of this folder."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from local.aws import Cloud
from local.emulator import process
from tests.local.provider.provider_support import Engine, serving


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("clone")
    emulator, _ = process.ensure(root, "provider")
    yield emulator.endpoint
    process.stop(root, "provider")


@pytest.fixture(scope="session")
def engine(endpoint: str) -> Iterator[Engine]:
    """A provider with an embedded AWS."""
    with serving(endpoint) as connected:
        connected.configure()
        yield connected


@pytest.fixture(scope="session")
def previews() -> Iterator[Engine]:
    """A provider without an embedded AWS, which serves previews only."""
    with serving(None) as connected:
        connected.configure()
        yield connected


@pytest.fixture
def cloud(endpoint: str) -> Cloud:
    return Cloud(endpoint)


@pytest.fixture
def name() -> str:
    """A name no other test uses."""
    return f"lake-{uuid.uuid4().hex[:12]}"
