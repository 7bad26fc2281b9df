"""The order of the whole suite: what drives whole clones takes longest and begins first."""

from pathlib import Path

import pytest

CLONES = Path(__file__).parent / "local"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent != CLONES)
