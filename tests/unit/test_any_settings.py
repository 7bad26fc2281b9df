"""Any valid settings give a valid graph."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.rules import LOG_RETENTION_DAYS
from components.settings import parse
from tests.unit.iam_lint_support import lint, lint_endpoint_policy, lint_resource_policy
from tests.unit.recorder import PROJECT, UNKNOWN, record

REGIONS = ["eu-west-1", "eu-central-1", "us-east-1", "ap-southeast-2", "sa-east-1"]
CHINA = ["cn-north-1", "cn-northwest-1"]
DAYS = st.integers(1, 3650)


@st.composite
def tier(draw: st.DrawFn) -> dict[str, int]:
    first = draw(st.just(0) | st.integers(30, 1000))
    return {
        "infrequent_access_days": first,
        "glacier_instant_days": draw(st.just(0) | st.integers(first + 30, 3000)),
    }


@st.composite
def job(draw: st.DrawFn, name: str) -> dict[str, Any]:
    engine = {} if name == "processed-to-redshift" else {"engine": draw(st.sampled_from(["duckdb", "spark"]))}
    timeout = draw(st.integers(2, 2880))
    return engine | {
        "worker_type": draw(st.sampled_from(["G.1X", "G.2X", "G.4X", "G.8X"])),
        "workers": draw(st.integers(2, 299)),
        "timeout_minutes": timeout,
        "delay_alert_minutes": draw(st.integers(1, timeout - 1)),
        "retries": draw(st.integers(0, 10)),
        "concurrency": draw(st.integers(1, 1000)),
    }


@st.composite
def warehouse(draw: st.DrawFn, subnets: int, rpo_hours: int) -> dict[str, Any]:
    both = subnets >= 3 and draw(st.booleans())
    pauses = not both and draw(st.booleans())
    node_type = draw(st.sampled_from(["ra3.large", "ra3.xlplus", "ra3.4xlarge", "ra3.16xlarge"]))
    alone = not both and node_type in ("ra3.large", "ra3.xlplus")
    return {
        "node_type": node_type,
        "nodes": draw(st.integers(1 if alone else 2, 32)),
        "multi_az": both,
        "database": draw(st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True)),
        "snapshot_days": draw(st.integers(7, 35)),
        "snapshot_every_hours": draw(
            st.sampled_from([hours for hours in (1, 2, 3, 4, 6, 8, 12, 24) if hours <= rpo_hours])
        ),
        "final_snapshot": draw(st.booleans()),
        "maintenance_window": "sat:23:30-sun:00:30",
        "pause_at": "cron(0 19 ? * MON-FRI *)" if pauses else "",
        "resume_at": "cron(0 5 ? * MON-FRI *)" if pauses else "",
        "concurrency_scaling_minutes": draw(st.integers(1, 14_400)),
        "spectrum_terabytes": draw(st.integers(1, 1000)),
        "log_days": draw(st.sampled_from(LOG_RETENTION_DAYS)),
    }


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    account = draw(st.from_regex(r"[0-9]{12}", fullmatch=True))
    china = draw(st.booleans())
    region, replica = draw(st.permutations(CHINA if china else REGIONS))[:2]
    roles = st.from_regex(r"[A-Za-z0-9+=,.@_-]{1,40}", fullmatch=True)
    arn = f"arn:aws{'-cn' if china else ''}:iam::{account}:role/"
    raw_days = draw(DAYS)
    protect = draw(st.booleans())
    subnets, rpo_hours = draw(st.integers(2, 6)), draw(st.integers(1, 72))
    text = st.from_regex(r"[A-Za-z0-9 _.:/=+@-]{1,60}", fullmatch=True)
    return {
        "aws:region": region,
        "aws:allowedAccountIds": [account],
        **{
            f"{PROJECT}:{key}": value
            for key, value in {
                "account_id": account,
                "replica_region": replica,
                "owns_account_settings": draw(st.booleans()),
                "protect": protect,
                "force_destroy": not protect and draw(st.booleans()),
                "key_deletion_days": draw(st.integers(7, 30)),
                "retention": {
                    "raw_days": raw_days,
                    "raw_noncurrent_days": draw(st.integers(1, raw_days)),
                    "noncurrent_days": draw(DAYS),
                    "incomplete_upload_days": draw(st.integers(1, 365)),
                    "query_results_days": draw(DAYS),
                    "access_log_days": draw(DAYS),
                    "inventory_days": draw(DAYS),
                    "job_log_days": draw(st.sampled_from(LOG_RETENTION_DAYS)),
                },
                "tiering": {"processed": draw(tier()), "curated": draw(tier())},
                "market": {
                    "timezone": draw(st.sampled_from(["Europe/Madrid", "UTC", "Atlantic/Canary"])),
                    "price_floor": draw(st.integers(-9999, 0)),
                    "price_cap": draw(st.integers(1, 99999) | st.floats(0.5, 99999)),
                },
                "ingestion": {
                    "batch_size": draw(st.integers(1, 100)),
                    "batch_window_seconds": draw(st.integers(1, 900)),
                    "daily_run": draw(st.sampled_from(["", "rate(1 hour)", "cron(0 5 ? * MON-FRI *)"])),
                },
                "jobs": {
                    name: draw(job(name))
                    for name in ("raw-to-processed", "processed-to-curated", "processed-to-redshift")
                },
                "workgroups": {
                    group: {"scan_limit_bytes": draw(st.integers(10_000_000, 10**15))}
                    for group in ("analysts", "reporting", "data-science")
                },
                "lake_formation": {
                    "deployer_role_arn": arn + draw(roles),
                    "administrator_role_arns": [arn + role for role in draw(st.lists(roles, max_size=3))],
                },
                "network": {
                    "vpc_cidr": "10.80.0.0/16",
                    "private_subnet_cidrs": [f"10.80.{16 * number}.0/20" for number in range(subnets)],
                    "availability_zones": list("fbdace")[: draw(st.integers(subnets, 6))],
                    "endpoints_in_every_zone": draw(st.booleans()),
                    "flow_log_days": draw(st.sampled_from(LOG_RETENTION_DAYS)),
                },
                "alerts": {
                    "emails": ["data-platform@example.com"],
                    "stale_after_hours": draw(st.integers(1, 168)),
                    "reject_ratio": draw(st.floats(0, 1)),
                },
                "audit": {"trail_days": draw(st.integers(90, 3650)), "insights": draw(st.booleans())},
                "costs": {
                    "monthly": {"warehouse": draw(st.integers(1, 10**6))},
                    "cost_tags_seen": draw(st.booleans()),
                    "reservation_percent": draw(st.integers(0, 100)),
                },
                "business_intelligence": {
                    "enabled": draw(st.booleans()),
                    "warehouse_secret_arn": f"arn:aws{'-cn' if china else ''}:secretsmanager:{region}:"
                    f"{account}:secret:reader-a1B2c3",
                },
                "warehouse": draw(warehouse(subnets, rpo_hours)),
                "disaster_recovery": {
                    "rpo_hours": rpo_hours,
                    "rto_hours": draw(st.integers(1, 72)),
                    "replication_time_control": draw(st.booleans()),
                    "replicate_deletions": draw(st.booleans()),
                    "snapshot_copy_days": draw(st.integers(1, 35)),
                    "catalog_backup_days": draw(DAYS),
                },
                "tags": {
                    "owner": draw(text),
                    "cost_center": draw(text),
                    "data_classification": draw(st.sampled_from(["public", "internal", "confidential"])),
                },
            }.items()
        },
    }


STACK_NAMES = st.from_regex(r"[a-z][a-z0-9]{0,15}", fullmatch=True)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STACK_NAMES, configurations())
def test_any_valid_configuration_is_accepted(stack: str, config: dict[str, Any]) -> None:
    assert parse(stack, config).account_id == config["aws:allowedAccountIds"][0]


@pytest.mark.slow
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(STACK_NAMES, configurations())
def test_any_valid_configuration_gives_a_valid_graph(stack: str, config: dict[str, Any]) -> None:
    graph = record(stack, config)
    assert max(Counter((one.type, one.name) for one in graph).values()) == 1
    for one in graph:
        if one.short_type == "RolePolicy":
            assert list(lint(json.loads(one.inputs["policy"]))) == []
            assert len(one.inputs["policy"]) <= 10_240
        if one.short_type in {"Key", "BucketPolicy"}:
            assert list(lint_resource_policy(json.loads(one.inputs["policy"]))) == []
        if one.short_type == "Role":
            assert len(one.inputs["name"]) <= 64
            assert UNKNOWN not in one.inputs["assumeRolePolicy"]
        if one.short_type == "VpcEndpoint":
            assert list(lint_endpoint_policy(json.loads(one.inputs["policy"]))) == []
            assert len(one.inputs["policy"]) <= 20_480
        if one.short_type == "Bucket":
            assert 3 <= len(one.inputs["bucket"]) <= 63
        if one.custom and "tags" in one.inputs:
            assert all(1 <= len(value) <= 256 for value in one.inputs["tags"].values())
