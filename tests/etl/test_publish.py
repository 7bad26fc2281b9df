"""Publishing: idempotent, repaired after a kill at any step, one writer at a time, only touched partitions
move.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from etl import faults, lock, processed
from etl.dimensions import processed_area
from etl.errors import DataLakeError
from etl.generate import generate
from tests.etl.lake_support import MARKET, Lake, changed, lines
from tests.etl.test_oracle_agreement import assert_agreement

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliveries of two days, their modification times fixed so that every copy of them is the same input."""
    root = tmp_path_factory.mktemp("delivered")
    generate(root / "raw", seed=5, rows=300, dates=("2026-03-28", "2026-03-29"))
    return root


@pytest.fixture(scope="module")
def undisturbed(delivered: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    lake = copy_of(delivered, tmp_path_factory.mktemp("undisturbed"))
    assert work(lake).returncode == 0
    return lake.content()


def copy_of(source: Path, target: Path) -> Lake:
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=shutil.copy2)
    return Lake(target)


def work(lake: Lake, fault: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "LAKE_FAULT"} | {"PYTHONPATH": str(ROOT)}
    if fault:
        environment["LAKE_FAULT"] = fault
    command = [sys.executable, "-m", "tests.etl.publish_worker", lake.store.uri]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_second_run_over_the_same_deliveries_does_nothing(delivered: Path, tmp_path: Path) -> None:
    lake = copy_of(delivered, tmp_path)
    lake.process()
    lake.curate()
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    again, gold = lake.process(), lake.curate()
    assert (again.units, again.unchanged) == ([], 6)
    assert gold.units == []
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == before


def test_the_same_deliveries_give_the_same_bytes(
    delivered: Path, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    lake = copy_of(delivered, tmp_path)
    lake.process()
    lake.curate()
    assert lake.content() == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize(
    "step", [*faults.STEPS, "stage-object:3", "copy-object:4", "copy-object:20", "index-written:5"]
)
def test_a_kill_at_any_step_is_repaired_by_the_next_run(
    delivered: Path, tmp_path: Path, undisturbed: dict[str, str], step: str
) -> None:
    lake = copy_of(delivered, tmp_path)
    if step.startswith("delete-object"):
        lake.deliver("transactions", "T1\n", day="2026-03-29", name="withdrawn")
        lake.process()
        lake.store.delete(["raw/transactions/2026-03-29/withdrawn.csv"])
        lake.store.put("processed/_ops/staging/transactions/dead-run/x", b"left over")
    assert work(lake, step).returncode == faults.KILLED
    repaired = work(lake)
    assert repaired.returncode == 0, repaired.stderr
    assert lake.content() == undisturbed


@pytest.mark.slow
def test_kill_9_at_arbitrary_moments_is_repaired(
    delivered: Path, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    lake = copy_of(delivered, tmp_path)
    command = [sys.executable, "-m", "tests.etl.publish_worker", lake.store.uri]
    for seconds in (0.7, 1.1, 1.6, 2.3):
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert work(lake).returncode == 0
    assert lake.content() == undisturbed


@pytest.mark.slow
def test_two_runs_at_once_give_what_one_gives(
    delivered: Path, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    lake = copy_of(delivered, tmp_path)
    command = [sys.executable, "-m", "tests.etl.publish_worker", lake.store.uri]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pair = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    endings = [(p.communicate()[1], p.returncode) for p in pair]
    assert [code for _, code in endings] == [0, 0], endings
    work(lake)
    assert lake.content() == undisturbed


def test_a_held_lock_is_refused_after_the_wait_and_a_dead_holder_is_followed_at_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    prefix = processed_area("providers").lock
    with lock.hold(lake.store, prefix), pytest.raises(DataLakeError, match="Another run holds this lock"):
        processed.run(lake.store, MARKET, processed.Scope(lock_wait_seconds=0.3))
    dead = subprocess.Popen(["true"])
    dead.wait()
    claim = json.loads(lock._claim()) | {"pid": dead.pid, "started": "1"}
    lake.store.put(f"{prefix}000000000099.lock", json.dumps(claim).encode())
    started = time.monotonic()
    assert len(lake.process().units) == 2
    assert time.monotonic() - started < 10
    assert lake.store.get(f"{prefix}000000000100.released") is not None


def test_a_holder_whose_lock_was_taken_over_may_not_publish(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with lock.hold(lake.store, "locks/x/") as held:
        held.ensure()
        lake.store.put("locks/x/000000000002.lock", lock._claim())
        with pytest.raises(DataLakeError, match="took this lock over"):
            held.ensure()


def test_a_late_file_rewrites_only_the_partitions_it_touches(delivered: Path, tmp_path: Path) -> None:
    lake = copy_of(delivered, tmp_path)
    lake.process()
    lake.curate()
    before = lake.content("processed/transactions/", "curated/daily_energy_consumption/")
    late = changed("transactions", transaction_id="T8000000001", quantity_mwh="0.0005", client_id="C000001")
    lake.deliver("transactions", lines("transactions", late), day="2026-03-30")
    summary = lake.process()
    assert [u.partitions for u in summary.units] == [("2026-03-28",)]
    lake.curate()
    after = lake.content("processed/transactions/", "curated/daily_energy_consumption/")
    assert {k.rpartition("/")[0] for k in after if after[k] != before.get(k)} == {
        "processed/transactions/year=2026/month=03/day=28",
        "curated/daily_energy_consumption/year=2026/month=03/day=28",
    }
    assert_agreement(lake)


def test_a_corrected_file_replaces_what_it_said_before(delivered: Path, tmp_path: Path) -> None:
    lake = copy_of(delivered, tmp_path)
    lake.process()
    key = "raw/transactions/2026-03-28/lifecycle.csv"
    content = (lake.root / key).read_text().replace("T9100000002", "T9100000012").replace("55.00", "56.00")
    lake.store.put(key, content.encode())
    lake.process()
    assert_agreement(lake)


def test_a_withdrawn_file_takes_its_rows_back(delivered: Path, tmp_path: Path) -> None:
    lake = copy_of(delivered, tmp_path)
    lake.process()
    lake.store.delete(
        ["raw/transactions/2026-03-29/lifecycle.csv", "raw/transactions/2026-03-28/lifecycle.csv"]
    )
    lake.process()
    assert_agreement(lake)


def test_deliveries_in_any_order_end_in_the_same_silver_and_gold(
    delivered: Path, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    lake = copy_of(delivered, tmp_path)
    for dataset, day in (
        ("transactions", "2026-03-29"),
        ("clients", "2026-03-28"),
        ("transactions", "2026-03-28"),
    ):
        lake.process(datasets=(dataset,), load_dates=(day,))
    lake.process()
    assert_agreement(lake)
    tables = {k: v for k, v in undisturbed.items() if "/_ops/" not in k and "/dq_results/" not in k}
    published = lake.content()
    silver = {k for k in tables if not k.startswith("processed/quarantine/")}
    assert {k: published[k] for k in silver} == {k: tables[k] for k in silver}


def test_an_orphan_is_judged_again_when_its_client_arrives(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    lake.deliver("transactions", lines("transactions", changed("transactions", client_id="C000002")))
    assert lake.process().reasons["client.unknown"] == 1
    assert lake.process().units == []
    lake.deliver("clients", lines("clients", changed("clients", client_id="C000002")), day="2026-03-29")
    replayed = [u for u in lake.process().units if u.dataset == "transactions"]
    assert [(u.unit, u.good, u.rejected) for u in replayed] == [("2026-03-28", 1, 0)]
    assert lake.quarantine() == {}
    assert lake.process().units == []


def test_the_lake_conserves_every_record_across_load_dates(delivered: Path, tmp_path: Path) -> None:
    lake = copy_of(delivered, tmp_path)
    lake.process()
    for dataset, total in processed.totals(lake.store).items():
        assert total["rows_in"] == total["good"] + total["rejected"] + total["duplicates"]
        assert total["good"] == len(lake.rows(f"processed/{dataset}/"))
        assert total["rejected"] == len(lake.quarantine(dataset))


def test_expired_raw_files_retract_nothing_and_a_late_addition_beside_them_is_refused(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    key = lake.deliver("transactions", lines("transactions", changed("transactions")))
    old = time.time() - 100 * 86400
    os.utime(tmp_path / key, (old, old))
    lake.deliver(
        "transactions", lines("transactions", changed("transactions", transaction_id="T0000000002")), name="b"
    )
    lake.process()
    lake.store.delete([key])
    assert lake.process().units == []
    assert len(lake.rows("processed/transactions/")) == 2
    lake.deliver(
        "transactions", lines("transactions", changed("transactions", transaction_id="T0000000003")), name="c"
    )
    with pytest.raises(DataLakeError, match="under a new load date"):
        lake.process()
