"""The load job against the stand-in: rows equal the lake's, repeated and interrupted runs, late files."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from etl import curated, processed
from etl.contract import GOLD_TABLES, RAW_DATASETS, load
from etl.engine import read_parquet
from etl.market import Market
from etl.store import S3Store
from etl.summary import RunSummary
from etl.warehouse.data_api import Login, Warehouse, WarehouseError, find_login
from etl.warehouse.document import LEDGER
from etl.warehouse.load import Load, due, lake_units, portions, statements
from etl.warehouse.model import RAW_DATA, SCHEMAS, model
from local.aws import Cloud
from local.emulator import process
from local.warehouse import query
from tests.etl.lake_support import Lake, changed, lines

ROOT = Path(__file__).parents[2]
CLUSTER, DATABASE, BUCKET = "lake", "energy", "energy-trading-datalake-test"
COPY_ROLE = "arn:aws:iam::123456789012:role/copier"
MARKET = Market("Europe/Madrid")
TABLES = model().tables


@dataclass
class Place:
    """A lake in the embedded AWS's S3 and a warehouse beside it."""

    cloud: Cloud
    store: S3Store
    warehouse: Warehouse
    folder: Lake

    def deliver(self, dataset: str, text: bytes | str, day: str = "2026-03-28", name: str = "a.csv") -> None:
        body = text.encode() if isinstance(text, str) else text
        self.store.put(f"raw/{dataset}/{day}/{name}", body)

    def publish(self) -> None:
        processed.run(self.store, MARKET)
        curated.run(self.store, MARKET)

    def load(self) -> RunSummary:
        summary = RunSummary("test")
        Load(self.store, self.warehouse, COPY_ROLE, summary).run(model())
        return summary

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return query.ask(self.cloud, sql).rows

    def table(self, name: str) -> list[str]:
        """A table's rows as text, in an order of their own."""
        columns = [f.name for f in load(name.rpartition(".")[2]).stored_fields]
        return sorted(map(str, self.rows(f"SELECT {', '.join(columns)} FROM {name}")))

    def lake(self, name: str) -> list[str]:
        """The rows of the same table in the lake, read from its objects."""
        import duckdb

        schema, _, dataset = name.partition(".")
        zone = "processed" if schema == RAW_DATA else "curated"
        keys = [e.key for e in self.store.list(f"{zone}/{dataset}/") if e.key.endswith(".parquet")]
        if not keys:
            return []
        paths = [self.store.fetch(key, self.folder.root) for key in keys]
        kinds = {f.name: f.type for f in load(dataset).stored_fields}
        shown = [
            f"CAST({column} AS VARCHAR) AS {column}" if kind in ("date", "timestamp") else column
            for column, kind in kinds.items()
        ]
        with duckdb.connect() as connection:
            sql = f"SELECT {', '.join(shown)} FROM {read_parquet(paths)}"
            return sorted(map(str, connection.execute(sql).fetchall()))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    root = tmp_path_factory.mktemp("clone")
    emulator, _ = process.ensure(root, "local")
    found = Cloud(emulator.endpoint)
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}}]}
    found.client("iam").create_role(RoleName="copier", AssumeRolePolicyDocument=json.dumps(trust))
    found.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    try:
        yield found
    finally:
        process.stop(root, "local")


@pytest.fixture
def place(cloud: Cloud, tmp_path: Path) -> Iterator[Place]:
    """An empty warehouse and lake, with one client, one provider and transactions on two days."""
    redshift = cloud.client("redshift")
    redshift.create_cluster(
        ClusterIdentifier=CLUSTER,
        NodeType="ra3.large",
        MasterUsername="admin",
        ManageMasterPassword=True,
        DBName=DATABASE,
        IamRoles=[COPY_ROLE],
    )
    login = find_login(redshift, CLUSTER, DATABASE)
    assert isinstance(login, Login)
    warehouse = Warehouse(cloud.client("redshift-data"), login)
    warehouse.transaction([f"CREATE SCHEMA IF NOT EXISTS {schema}" for schema in SCHEMAS], name="schemas")
    found = Place(cloud, S3Store(BUCKET, cloud.client("s3")), warehouse, Lake(tmp_path))
    found.folder.dimensions()
    for dataset in ("clients", "providers"):
        for entry in found.folder.store.list(f"raw/{dataset}/"):
            found.store.put(entry.key, found.folder.root / entry.key)
    yield found
    found.store.delete([entry.key for entry in found.store.list("")])
    redshift.delete_cluster(ClusterIdentifier=CLUSTER, SkipFinalClusterSnapshot=True)


def transaction(number: int, day: str = "2026-03-28", **changes: Any) -> Any:
    """A transaction of a quarter-hour on a day, at noon in the market."""
    return changed(
        "transactions",
        transaction_id=f"T{number:010d}",
        delivery_start=f"{day}T12:00:00+01:00",
        delivery_end=f"{day}T12:15:00+01:00",
        **changes,
    )


def test_the_warehouse_holds_exactly_what_the_lake_holds(place: Place) -> None:
    rows = [transaction(n) for n in range(1, 4)] + [transaction(9, "2026-03-27")]
    place.deliver("transactions", lines("transactions", *rows))
    place.publish()
    summary = place.load()
    for table in TABLES:
        assert place.table(table.name) == place.lake(table.name), table.name
        assert place.table(table.name), table.name
    assert len(place.table("raw_data.transactions")) == 4
    assert summary.totals["rows_out"] == sum(len(place.lake(table.name)) for table in TABLES)
    views = {name for (name,) in place.rows("SELECT viewname FROM pg_views WHERE schemaname = 'reporting'")}
    for view in views:
        assert place.rows(f"SELECT * FROM reporting.{view}"), view
    assert len(views) == len(model().views)


def test_loading_again_changes_nothing_and_loads_nothing(place: Place) -> None:
    place.deliver("transactions", lines("transactions", transaction(1)))
    place.publish()
    place.load()
    before = {table.name: place.table(table.name) for table in TABLES}
    ledger = place.rows(f"SELECT * FROM {LEDGER} ORDER BY 1, 2")
    again = place.load()
    assert again.units == []
    assert again.unchanged == 6
    assert {table.name: place.table(table.name) for table in TABLES} == before
    assert place.rows(f"SELECT * FROM {LEDGER} ORDER BY 1, 2") == ledger
    place.warehouse.transaction([f"DELETE FROM {LEDGER} WHERE unit <> ''"], name="forget")
    assert place.load().totals["files"] == 6
    assert {table.name: place.table(table.name) for table in TABLES} == before, "twice is once"


def test_a_late_file_reloads_only_its_units(place: Place) -> None:
    place.deliver("transactions", lines("transactions", transaction(1), transaction(2, "2026-03-27")))
    place.publish()
    place.load()
    place.deliver("transactions", lines("transactions", transaction(3, "2026-03-27")), "2026-03-29")
    place.publish()
    summary = place.load()
    assert {unit.dataset: unit.partitions for unit in summary.units} == {
        "raw_data.transactions": ("2026-03-27",),
        "analytics.daily_energy_consumption": ("2026-03-27",),
        "analytics.provider_performance": ("2026-03-27",),
        "analytics.client_analytics": ("2026-03-01",),
    }
    for table in TABLES:
        assert place.table(table.name) == place.lake(table.name), table.name


def test_a_unit_that_left_the_lake_leaves_the_warehouse(place: Place) -> None:
    """A transaction is amended onto another day: its old day has no rows any more."""
    place.deliver("transactions", lines("transactions", transaction(1, "2026-03-27"), transaction(2)))
    place.publish()
    place.load()
    amended = transaction(1, version="2", status="AMENDED")
    place.deliver("transactions", lines("transactions", amended), "2026-03-29")
    place.publish()
    place.load()
    assert [day for (day,) in place.rows("SELECT DISTINCT delivery_date FROM raw_data.transactions")] == [
        "2026-03-28"
    ]
    for table in TABLES:
        assert place.table(table.name) == place.lake(table.name), table.name


@pytest.mark.parametrize("after", range(1, 8))
def test_a_transaction_that_is_cut_short_anywhere_leaves_the_table_as_it_was(
    after: int, place: Place
) -> None:
    place.deliver("transactions", lines("transactions", transaction(1)))
    place.publish()
    place.load()
    before, ledger = place.table("raw_data.transactions"), place.rows(f"SELECT * FROM {LEDGER} ORDER BY 1, 2")
    place.deliver("transactions", lines("transactions", transaction(2)), "2026-03-29")
    place.publish()
    table = next(table for table in TABLES if table.name == "raw_data.transactions")
    held = {(str(r), str(u)): str(c) for r, u, c, *_ in ledger}
    (work,) = portions(due(table, lake_units(place.store, table), held))
    sqls = statements(work, place.store.uri, COPY_ROLE)
    assert len(sqls) == 8
    kill = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(WarehouseError):
        place.warehouse.transaction([*sqls[:after], kill, *sqls[after:]], name="killed")
    assert place.table("raw_data.transactions") == before
    assert place.rows(f"SELECT * FROM {LEDGER} ORDER BY 1, 2") == ledger
    place.load()
    assert place.table("raw_data.transactions") == place.lake("raw_data.transactions")


def test_rows_that_are_not_the_indexs_are_refused_and_told(place: Place) -> None:
    place.deliver("transactions", lines("transactions", transaction(1)))
    place.publish()
    key = lake_units(place.store, TABLES[2])[0].key
    place.deliver("transactions", lines("transactions", transaction(1), transaction(2)))
    other = place.store.get(key)
    index = place.store.get(TABLES[2].index)
    assert other is not None
    assert index is not None
    place.publish()
    place.store.put(key, other)  # the index tells of two rows, the object holds one
    with pytest.raises(WarehouseError, match="not the ones the lake's index tells of") as refused:
        place.load()
    assert "raw_data.transactions" in str(refused.value)
    assert place.rows("SELECT COUNT(*) FROM raw_data.clients") == [(1,)], "what came before is kept"
    assert "raw_data.transactions" not in {name for (name,) in place.rows(f"SELECT relation FROM {LEDGER}")}


def test_a_table_whose_definition_changed_is_made_anew_and_loaded_whole(place: Place) -> None:
    place.deliver("transactions", lines("transactions", transaction(1)))
    place.publish()
    place.load()
    place.warehouse.transaction(
        [f"UPDATE {LEDGER} SET content = 'old' WHERE relation = 'raw_data.clients' AND unit = ''"], name="old"
    )
    summary = place.load()
    assert [unit.dataset for unit in summary.units] == ["raw_data.clients"]
    assert place.table("raw_data.clients") == place.lake("raw_data.clients")
    assert place.rows("SELECT * FROM reporting.energy_by_client"), "views on it are there again"


def test_a_first_load_of_many_days_is_split_and_each_part_fits(place: Place) -> None:
    days = [f"2026-{month:02d}-{day:02d}" for month in (1, 2) for day in range(1, 24)]
    rows = [transaction(n, day) for n, day in enumerate(days, 1)]
    place.deliver("transactions", lines("transactions", *rows))
    place.publish()
    summary = place.load()
    parts = [unit for unit in summary.units if unit.dataset == "raw_data.transactions"]
    assert [unit.files for unit in parts] == [28, 18]
    assert place.table("raw_data.transactions") == place.lake("raw_data.transactions")
    assert place.load().units == []


def test_the_job_needs_nothing_but_boto3_and_tells_what_it_did(place: Place, tmp_path: Path) -> None:
    """The script as Glue starts it, in a network where nothing else can be installed."""
    place.deliver("transactions", lines("transactions", transaction(1)))
    place.publish()
    place.store.put("packages/warehouse.json", model().to_json())
    blocked = tmp_path / "blocked"
    for module in ("yaml", "duckdb", "sqlglot", "pyarrow"):
        (blocked / module).mkdir(parents=True)
        (blocked / module / "__init__.py").write_text("raise ImportError('not in Glue')\n")

    def job(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "etl" / "jobs" / "processed_to_redshift.py"), *arguments, *more],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{blocked}:{ROOT}",
                "AWS_ENDPOINT_URL": place.cloud.endpoint,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": "eu-west-1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    arguments = [
        "--lake_uri", place.store.uri, "--warehouse_model", f"{place.store.uri}packages/warehouse.json",
        "--warehouse_cluster", CLUSTER, "--warehouse_database", DATABASE, "--copy_role", COPY_ROLE,
        "--metric_namespace", "Lake/Test", "--JOB_NAME", "x",
    ]  # fmt: skip
    done = job()
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout.splitlines()[-1])["run"]
    assert run["totals"]["rows_out"] == sum(len(place.lake(table.name)) for table in TABLES)
    metrics = place.cloud.client("cloudwatch").list_metrics(Namespace="Lake/Test")["Metrics"]
    assert {one["MetricName"] for one in metrics} >= {"RunsSucceeded", "RowsOut", "JobLatencySeconds"}
    assert {d["Value"] for one in metrics for d in one["Dimensions"]} == {"warehouse"}

    failed = job("--copy_role", "arn:aws:iam::123456789012:role/nobody", "--lake_uri", place.store.uri)
    assert failed.returncode == 0, "nothing was due, so nothing was copied"
    gone = job("--warehouse_cluster", "elsewhere")
    assert gone.returncode == 1
    assert "Deploy the warehouse" in gone.stderr
    missing = subprocess.run(
        [sys.executable, str(ROOT / "etl" / "jobs" / "processed_to_redshift.py"), "--lake_uri", "s3://x/"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert missing.returncode == 2
    assert "--copy_role" in missing.stderr
    place.cloud.client("redshift").pause_cluster(ClusterIdentifier=CLUSTER)
    paused = job()
    assert paused.returncode == 0, paused.stderr
    assert "paused" in paused.stderr
    place.cloud.client("redshift").resume_cluster(ClusterIdentifier=CLUSTER)


def test_a_role_that_the_cluster_does_not_have_is_explained(place: Place) -> None:
    place.deliver("transactions", lines("transactions", transaction(1)))
    place.publish()
    stranger = "arn:aws:iam::123456789012:role/stranger"
    with pytest.raises(WarehouseError, match="attach it to the cluster"):
        Load(place.store, place.warehouse, stranger, RunSummary("test")).run(model())
    assert place.load().units


def test_the_tables_are_those_of_the_contracts() -> None:
    raw, gold = [f"raw_data.{name}" for name in RAW_DATASETS], [f"analytics.{name}" for name in GOLD_TABLES]
    assert [table.name for table in TABLES] == raw + gold
