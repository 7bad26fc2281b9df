"""The engine for the tests of the local run, found or built as `./lake` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.engine import binary


@pytest.fixture(scope="session")
def pulumi_engine() -> binary.Engine:
    """An engine that answers."""
    return binary.ensure()


@pytest.fixture(scope="session")
def engine_root(pulumi_engine: binary.Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds bin/pulumi."""
    root = tmp_path_factory.mktemp("engine")
    (root / "bin").mkdir()
    (root / "bin" / "pulumi").symlink_to(pulumi_engine.executable)
    return root
