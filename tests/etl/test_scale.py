"""Deliveries of unusual size: memory stays flat and time grows with the rows.

The unit of 100,000 files and the extra-wide file are of the promised size in every run. LAKE_SCALE=full gives
the other two theirs as well (10 M rows, a file of 1 GB), which takes minutes each and some GB of disk.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from etl.generate import generate
from tests.etl.lake_support import HEADERS, Lake, changed, lines

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("LAKE_SCALE") == "full"
MB = 1 << 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600 if FULL else 600)]

# Prints CPU seconds and the peak of resident memory of a run in a process of its own. Linux lets a new
# program begin with its parent's ru_maxrss, so what this process once needed would count; VmHWM begins anew.
_RUN = """
import resource, sys
from pathlib import Path
from etl import processed
from etl.market import Market
from etl.store import FolderStore
processed.run(FolderStore(Path(sys.argv[1])), Market())
used = resource.getrusage(resource.RUSAGE_SELF)
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
peak = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), used.ru_maxrss)
print(used.ru_utime + used.ru_stime, peak * 1024)
"""


def measured(root: Path, memory_limit: str = "1200MB") -> tuple[float, float]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "LAKE_MEMORY_LIMIT": memory_limit}
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(root)], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    cpu, peak = map(float, done.stdout.split())
    return cpu, peak


def test_memory_stays_flat_and_time_linear_as_rows_grow(tmp_path: Path) -> None:
    few, many, limit = (1_000_000, 10_000_000, "1200MB") if FULL else (60_000, 300_000, "128MB")
    used = {}
    for rows in (few, many):
        generate(tmp_path / str(rows) / "raw", rows=rows, cases=False)
        used[rows] = measured(tmp_path / str(rows), limit)
    assert used[many][1] < (2048 * MB if FULL else 384 * MB), used
    assert used[many][0] / used[few][0] < 1.15 * many / few, used


def test_a_unit_of_very_many_small_files(tmp_path: Path) -> None:
    count = 100_000
    lake = Lake(tmp_path)
    lake.dimensions()
    folder = tmp_path / "raw" / "transactions" / "2026-03-28"
    folder.mkdir(parents=True)
    first = "T0000000000"
    text = lines("transactions", changed("transactions", transaction_id=first))
    bad = changed("transactions", transaction_id=first, quantity_mwh="-1", version="2") + "\n"
    for number in range(count):
        content = text if number % 100 else text + bad
        (folder / f"{number:06d}.csv").write_text(content.replace(first, f"T{number:010d}"))
    summary = lake.process()
    (unit,) = [u for u in summary.units if u.dataset == "transactions"]
    assert (unit.files, unit.good, unit.rejected) == (count, count, count // 100)
    place = lake.rows("processed/transactions/", "transaction_id, source_object, source_line")
    expected = [(f"T{n:010d}", f"raw/transactions/2026-03-28/{n:06d}.csv", 2) for n in range(count)]
    assert place == expected
    assert {key[1] for key in lake.quarantine()} == {3}


def test_an_extra_wide_file_is_mapped_by_name_and_keeps_its_other_columns_in_quarantine(
    tmp_path: Path,
) -> None:
    rows = 200_000
    lake = Lake(tmp_path)
    lake.dimensions()
    others = [f"extra_{n}" for n in range(200 - len(HEADERS["transactions"].split(",")))]
    values = ",".join(f"v{n}" for n in range(len(others)))
    text = [HEADERS["transactions"] + "," + ",".join(others)]
    text += [f"{changed('transactions', transaction_id=f'T{n:010d}')},{values}" for n in range(rows)]
    text.append(f"{changed('transactions', transaction_id='X')},{values}")
    lake.deliver("transactions", "\n".join(text) + "\n")
    (unit,) = [u for u in lake.process().units if u.dataset == "transactions"]
    assert (unit.good, unit.rejected) == (rows, 1)
    assert unit.warnings["file.extra_columns"] == 1
    ((fields,),) = lake.rows("processed/quarantine/dataset=transactions/", "fields")
    assert '"extra_184":"v184"' in fields


def test_a_large_file_with_a_broken_last_line_loses_that_line_only(tmp_path: Path) -> None:
    size = (1024 if FULL else 256) * MB
    lake = Lake(tmp_path)
    lake.dimensions()
    path = tmp_path / "raw" / "transactions" / "2026-03-28" / "large.csv"
    path.parent.mkdir(parents=True)
    row, number = changed("transactions", transaction_id="T{}"), 0
    with path.open("w") as stream:
        stream.write(HEADERS["transactions"] + "\n")
        while stream.tell() < size:
            stream.writelines(row.replace("{}", f"{n:010d}") + "\n" for n in range(number, number + 10_000))
            number += 10_000
        stream.write(changed("transactions", transaction_id="T9999999999")[:60])
    _, peak = measured(tmp_path)
    assert peak < 2048 * MB
    assert lake.quarantine() == {
        ("raw/transactions/2026-03-28/large.csv", number + 2): frozenset({"record.truncated"})
    }
    ((good, last),) = lake.rows("processed/transactions/", "count(*), max(source_line)")
    assert (good, last) == (number, number + 1)
