"""One clone, as a newcomer meets it: demo, query, bad data, no drift, destroy."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from components import access_matrix
from etl.catalog import Zone, tables
from local.athena import QueryError, Reader
from local.athena.catalog import Catalog
from local.engine.binary import Engine
from local.engine.embedded import Embedded
from tests.etl import oracle
from tests.local.clone_support import GOLD, Clone, canonical, clone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clone, str]]:
    """A clone in which `demo` has run once, and what it printed."""
    here = clone(tmp_path_factory.mktemp("clone") / "lake")
    try:
        yield here, here.must("demo", timeout=400)
    finally:
        here.close()


def test_the_demo_ends_with_a_summary(shown: tuple[Clone, str]) -> None:
    _, printed = shown
    for word in ("created", "controls passed", "rejected", "quarantined", *GOLD):
        assert word in printed.lower(), printed


@pytest.mark.parametrize("table", GOLD)
def test_gold_equals_an_independent_calculation(shown: tuple[Clone, str], table: str) -> None:
    here, _ = shown
    expected = oracle.gold(here.root / ".lake" / "local" / "work" / "generated")[table]
    columns = list(expected[0])
    got = here.rows("reporting", f"SELECT {', '.join(columns)} FROM energy_curated_local.{table}")
    assert canonical(got) == canonical(expected)


def test_every_row_that_came_in_is_accounted_for(shown: tuple[Clone, str]) -> None:
    here, _ = shown
    good = "SELECT count(*) AS n FROM energy_processed_local.transactions"
    rejected = (
        "SELECT count(*) AS n FROM energy_processed_local.quarantine"
        " WHERE dataset = 'transactions' AND source_line > 0"  # line 0 stands for a whole rejected file
    )
    expected = oracle.evaluate(here.root / ".lake" / "local" / "work" / "generated").counts("transactions")
    assert min(expected.values()) > 0
    assert int(here.rows("analysts", good)[0]["n"]) == expected["good"]
    assert int(here.rows("analysts", rejected)[0]["n"]) == expected["rejected"]


def test_each_persona_sees_what_the_access_matrix_says_and_no_more(shown: tuple[Clone, str]) -> None:
    cloud, contracts = shown[0].cloud(), {zone: tables(zone) for zone in Zone}
    matrix = access_matrix.load(contracts)
    views = {(view.persona, view.zone, view.table): view for view in matrix.views(contracts)}
    catalog = Catalog(cloud)
    for persona in matrix.personas:
        reader = Reader(cloud, f"energy-trading-datalake-local-{persona.name}")
        for zone, group in contracts.items():
            for each in group:
                table = catalog.table(f"energy_{zone}_local", each.name)
                assert table is not None
                expected = views.get((persona.name, zone, each.name))
                if expected is None:
                    with pytest.raises(QueryError, match="ACCESS_DENIED"):
                        reader(table)
                    continue
                seen = reader(table)
                everything = {column.name for column in table.all_columns}
                assert (seen.columns or everything) == set(expected.columns), (persona.name, table)
                assert seen.row_filter == expected.rows


def test_a_persona_asks_in_its_own_workgroup_and_refusals_are_audited(shown: tuple[Clone, str]) -> None:
    here, _ = shown
    complete = "SELECT min(completeness) >= 1 AS whole FROM energy_curated_local.daily_energy_consumption"
    for persona, whole in (("analysts", "false"), ("reporting", "true")):
        assert here.must("query", "--as", persona, persona, complete, "--format", "csv").split() == [
            "whole",
            whole.capitalize(),
        ]
    raw = "SELECT raw FROM energy_processed_local.quarantine"
    for words in (
        ("analysts", "analysts", raw),
        ("analysts", "reporting", "SELECT 1"),
        ("x", "analysts", raw),
    ):
        refused = here.lake("query", "--as", *words)
        assert refused.returncode == 3
        assert "ACCESS_DENIED" in refused.stderr
    events = (
        here.cloud()
        .client("logs")
        .filter_log_events(logGroupName="/aws/cloudtrail/energy-trading-datalake-local", filterPattern="")[
            "events"
        ]
    )
    told = [json.loads(event["message"]) for event in events]
    denied = {event["requestParameters"]["tableArn"] for event in told if "errorCode" in event}
    assert any(arn.endswith("table/energy_processed_local/quarantine") for arn in denied)
    assert any("errorCode" not in event for event in told)


def test_the_drawn_dashboards_show_what_the_lake_holds(shown: tuple[Clone, str], tmp_path: Path) -> None:
    here, printed = shown
    assert "dashboards.html" in printed
    here.must("dashboards", "--out", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    days = oracle.gold(here.root / ".lake" / "local" / "work" / "generated")["daily_energy_consumption"]
    # The dashboards' role sees what reports see: whole days only.
    net = sum(day["net_mwh"] for day in days if day["completeness"] >= 1)
    assert f'<p class="number">{net:,.0f}</p>' in page
    assert page.count("<section>") == 6
    assert "Rows rejected" in page
    assert "<script" not in page
    assert set(re.findall(r"https?://[^\"' ]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_a_second_demo_converges_and_publishes_nothing_new(shown: tuple[Clone, str]) -> None:
    here, _ = shown
    before = published(here)
    assert any(key.startswith("curated/client_analytics/") for key in before)
    here.must("demo", timeout=400)
    assert published(here) == before


def published(here: Clone) -> dict[str, tuple[str, str]]:
    """Entity tag and time of every object that readers see."""
    s3 = here.cloud().client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="energy-trading-datalake-local")
    return {
        entry["Key"]: (entry["ETag"], str(entry["LastModified"]))
        for page in pages
        for entry in page["Contents"]
        if entry["Key"].endswith(".parquet")
    }


def test_a_bad_file_changes_nothing_published(shown: tuple[Clone, str], tmp_path: Path) -> None:
    here, _ = shown
    total = "SELECT count(*) AS n, sum(net_mwh) AS mwh FROM energy_curated_local.daily_energy_consumption"
    before = here.rows("reporting", total)
    bad = tmp_path / "broken.csv"
    bad.write_text("client_id,quantity\nC000001,not-a-number\n", encoding="utf-8")
    answer = here.lake("put", "transactions", str(bad), "--date", "2026-03-31")
    assert "broken.csv" in answer.stdout + answer.stderr
    assert "transaction_id" in answer.stdout + answer.stderr, "the missing column is named"
    assert here.rows("reporting", total) == before


def test_sql_that_would_change_data_is_refused_by_name(shown: tuple[Clone, str]) -> None:
    here, _ = shown
    answer = here.lake("query", "analysts", "DELETE FROM energy_curated_local.client_analytics")
    assert answer.returncode == 2
    assert "DELETE" in answer.stdout + answer.stderr


def test_up_again_changes_nothing_and_refresh_sees_no_drift(
    shown: tuple[Clone, str], pulumi_engine: Engine
) -> None:
    here, _ = shown
    plan = here.root / "plan.json"
    here.must("preview", "local", "--json", str(plan))
    operations = {step["op"] for step in json.loads(plan.read_text())["steps"]}
    assert operations == {"same"}
    drift = Embedded(here.root, here.root, here.root / "policies", pulumi_engine).refresh()
    assert drift.touched == ()


def test_destroy_leaves_the_embedded_aws_empty(shown: tuple[Clone, str]) -> None:
    here, _ = shown
    assert here.control("inventory") != {}
    here.must("destroy", "local", "--yes")
    assert here.control("inventory") == {}
