from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.policies.protocol_support import Pack, running_pack


@pytest.fixture(scope="session")
def shared_pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pack]:
    with running_pack(tmp_path_factory.mktemp("pack") / "report.json") as pack:
        yield pack


@pytest.fixture
def pack(shared_pack: Pack) -> Iterator[Pack]:
    """The pack with its default configuration."""
    shared_pack.configure({})
    yield shared_pack
    shared_pack.configure({})
