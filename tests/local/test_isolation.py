"""Two clones side by side share neither ports, nor state, nor data."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.local.clone_support import clone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_two_demos_side_by_side_do_not_disturb_each_other(tmp_path: Path) -> None:
    one, other = clone(tmp_path / "one"), clone(tmp_path / "other")
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda each: each.must("demo", timeout=600), (one, other)))
        assert one.control("identity")["instance"] != other.control("identity")["instance"]
        total = "SELECT count(*) AS n, sum(net_mwh) AS mwh FROM energy_curated_local.daily_energy_consumption"
        assert one.rows("reporting", total) == other.rows("reporting", total)
        one.must("destroy", "local", "--yes")
        assert one.control("inventory") == {}
        assert other.rows("reporting", total)
    finally:
        one.close()
        other.close()
