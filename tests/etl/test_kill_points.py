"""Jobs killed at random store operations, over and over, end in what an undisturbed run gives."""

import random
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etl import curated, lock, processed
from etl.store import FolderStore
from tests.etl.lake_support import MARKET, Lake, changed, lines

POINTS = 200


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it, and the store refuses what `finally` blocks still try."""


class MortalStore(FolderStore):
    """A folder whose process dies at its n-th change, before or after the change is made."""

    def __init__(self, root: Path, deadly: int, *, after: bool) -> None:
        super().__init__(root)
        self.left = deadly
        self.after = after

    def put(self, key: str, body: bytes | Path) -> None:
        with self._change():
            super().put(key, body)

    def put_if_absent(self, key: str, body: bytes) -> bool:
        with self._change():
            return super().put_if_absent(key, body)

    def copy(self, source: str, target: str) -> None:
        with self._change():
            super().copy(source, target)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            with self._change():
                super().delete([key])

    @contextmanager
    def _change(self) -> Iterator[None]:
        if self.left <= 0:
            raise Killed
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        yield
        if self.left == 0:
            raise Killed


def work(store: FolderStore) -> None:
    processed.run(store, MARKET)
    curated.run(store, MARKET)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published day, and a next one that corrects it, brings something late and leaves a file out."""
    lake = Lake(tmp_path_factory.mktemp("delivered"))
    lake.dimensions()
    first = [changed("transactions", transaction_id=f"T000000000{n}") for n in range(1, 5)]
    lake.deliver("transactions", lines("transactions", *first, "T1,ragged"))
    lake.deliver("transactions", lines("transactions", "T2,ragged"), name="withdrawn")
    work(lake.store)
    lake.store.delete(["raw/transactions/2026-03-28/withdrawn.csv"])
    amended = changed("transactions", transaction_id="T0000000001", version="2", status="AMENDED")
    other_day = changed(
        "transactions", transaction_id="T0000000009",
        delivery_start="2026-03-29T10:00:00Z", delivery_end="2026-03-29T10:15:00Z",
    )  # fmt: skip
    orphan = changed("transactions", transaction_id="T0000000008", client_id="C000009")
    lake.deliver("transactions", lines("transactions", amended, other_day, orphan), day="2026-03-29")
    return lake.root


def copy_of(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, copy_function=shutil.copy2)
    return target


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_random_kills_leave_nothing_that_the_next_run_does_not_mend(
    delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_is_stale", lambda claim: True)  # a killed process is dead at once
    root = copy_of(delivered, tmp_path / "undisturbed")
    counting = MortalStore(root, 10**9, after=False)
    work(counting)
    changes = 10**9 - counting.left
    expected = Lake(root).content()
    draw = random.Random(11)
    kills = attempts = 0
    while kills < POINTS:
        attempts += 1
        root = copy_of(delivered, tmp_path / str(attempts))
        while True:
            store = MortalStore(root, draw.randint(1, changes), after=draw.random() < 0.5)
            try:
                work(store)
            except Killed:
                kills += 1
            else:
                break
        assert Lake(root).content() == expected, f"after {kills} kills, attempt {attempts}"
        shutil.rmtree(root)
    assert attempts > 1
