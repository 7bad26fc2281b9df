"""The job entry points as Glue starts them: the package as a ZIP, the lake in S3 or a folder, exit codes."""

import json
import os
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from etl import curated, processed
from etl.generate import generate
from etl.store import FolderStore, S3Store, Store, open_store
from tests.etl import oracle
from tests.etl.lake_support import MARKET, Lake, changed, lines

ROOT = Path(__file__).parents[2]
GLUE = [
    "--JOB_NAME",
    "raw-to-processed",
    "--enable-metrics",
    "--job-language",
    "python",
    "--TempDir=s3://x/y",
]
OWN = ["--market_timezone", "Europe/Madrid", "--price_floor", "-500", "--price_cap", "4000"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "etl.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((ROOT / "etl").rglob("*")):
            if file.suffix in {".py", ".yaml", ".sql"}:
                archive.write(file, file.relative_to(ROOT))
    return path


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    for name, value in aws(endpoint).items():
        monkeypatch.setenv(name, value)
    name = f"energy-trading-datalake-{uuid.uuid4().hex[:8]}"
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return open_store(f"s3://{name}/")


def aws(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def start(package: Path, folder: Path, job: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start a job script outside the repository, with nothing but the package on the path."""
    script = folder / f"{job}.py"
    script.write_text((ROOT / "etl" / "jobs" / f"{job}.py").read_text())
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_both_jobs_run_from_the_package_over_a_folder(package: Path, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    generate(lake.root / "raw", seed=2, rows=120, dates=("2026-03-29",), cases=False)
    first = start(package, tmp_path, "raw_to_processed", "--lake_uri", lake.store.uri, *OWN, *GLUE)
    assert first.returncode == 0, first.stderr
    run = json.loads(first.stdout)["run"]
    totals = run["totals"]
    assert totals["rows_in"] == totals["good"] + totals["rejected"] + totals["duplicates"]
    assert all(json.loads(line)["step"] for line in first.stderr.splitlines())
    second = start(package, tmp_path, "processed_to_curated", "--lake_uri", lake.store.uri, *OWN, *GLUE)
    assert second.returncode == 0, second.stderr
    expected = oracle.gold(lake.root / "raw")
    for table, rows in expected.items():
        assert sorted(map(str, lake.table(f"curated/{table}/"))) == sorted(map(str, rows))


def test_a_lake_in_s3_holds_the_same_objects_as_one_in_a_folder(bucket: Store, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    generate(tmp_path / "raw", seed=4, rows=100, dates=("2026-03-29",))
    for entry in lake.store.list("raw/"):
        bucket.put(entry.key, tmp_path / entry.key)
    for store in (bucket, lake.store):
        assert processed.run(store, MARKET).exit_code == 0
        curated.run(store, MARKET)
    tables = {k: v for k, v in lake.content().items() if "/_ops/" not in k}
    assert tables
    for key in tables:
        assert bucket.get(key) == lake.store.get(key), key
    again = processed.run(bucket, MARKET)
    assert (again.units, again.unchanged) == ([], 3)


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_stores_behave_alike(kind: str, tmp_path: Path, bucket: Store) -> None:
    store = bucket if kind == "s3" else FolderStore(tmp_path)
    assert isinstance(store, S3Store if kind == "s3" else FolderStore)
    assert store.get("a/b") is None
    assert store.etag("a/b") is None
    assert store.put_if_absent("a/b", b"1")
    assert not store.put_if_absent("a/b", b"2")
    before = store.etag("a/b")
    store.put("a/b", b"22")
    assert store.etag("a/b") != before
    store.copy("a/b", "a/c")
    store.put("ab", b"")
    assert [(e.key, e.size) for e in store.list("a/")] == [("a/b", 2), ("a/c", 2)]
    assert [e.key for e in store.list("a")] == ["a/b", "a/c", "ab"]
    assert store.fetch("a/c", tmp_path).read_bytes() == b"22"
    store.delete(["a/b", "a/c", "ab", "never/was"])
    assert list(store.list("")) == []


def test_bad_arguments_are_listed_together_and_exit_with_2(package: Path, tmp_path: Path) -> None:
    done = start(
        package,
        tmp_path,
        "raw_to_processed",
        "--price_floor",
        "low",
        "--load_dates",
        "yesterday",
        "--JOB_NAME",
        "x",
    )
    assert done.returncode == 2
    for fault in ("--lake_uri is missing", "'low'", "'yesterday'"):
        assert fault in done.stderr


@pytest.mark.slow
def test_a_breached_threshold_exits_with_3_and_names_the_rule(package: Path, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.dimensions()
    rows = [changed("transactions", transaction_id=f"T{n:010d}", status="DONE") for n in range(200)]
    lake.deliver("transactions", lines("transactions", *rows))
    done = start(package, tmp_path, "raw_to_processed", "--lake_uri", lake.store.uri)
    assert done.returncode == 3
    assert "200 of 200 broke reject_ratio" in done.stderr
    assert json.loads(done.stdout)["run"]["exit_code"] == 3
    assert lake.rows("processed/transactions/") == []


def test_jobs_narrow_to_datasets_and_load_dates(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.dimensions()
    lake.dimensions(day="2026-03-29")
    summary = lake.process(datasets=("clients",), load_dates=("2026-03-29",))
    assert [(u.dataset, u.unit) for u in summary.units] == [("clients", "2026-03-29")]
