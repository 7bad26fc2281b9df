import copy
from dataclasses import MISSING
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config

from components.schema import describe
from components.settings import Settings, SettingsError, load, parse
from tests.unit.recorder import PROJECT, ROOT, STACKS, record, stack_config


def problems_of(stack: str, config: dict[str, Any]) -> dict[str, tuple[str, str]]:
    with pytest.raises(SettingsError) as caught:
        parse(stack, config)
    return {problem.key: (problem.given, problem.allowed) for problem in caught.value.problems}


def changed(path: str, value: Any, stack: str = "prod") -> dict[str, Any]:
    """The stack's configuration with one value set; `path` is dotted below the namespaced key."""
    config = stack_config(stack)
    top, *rest = path.split(".")
    top = top if ":" in top else f"{PROJECT}:{top}"
    if not rest:
        config[top] = value
        return config
    inner = config[top] = copy.deepcopy(config[top])
    for part in rest[:-1]:
        inner = inner.setdefault(part, {})
    inner[rest[-1]] = value
    return config


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_file_is_valid(stack: str) -> None:
    settings = parse(stack, stack_config(stack))
    assert (settings.stack, settings.region, settings.partition) == (stack, "eu-west-1", "aws")


def test_the_project_file_declares_exactly_the_settings_with_their_defaults() -> None:
    expected: dict[str, Any] = {}
    for key in describe(Settings):
        if "." not in key.path:
            expected[key.path] = {"type": key.kind, "description": f"{key.description}."}
            if key.default is not MISSING:
                expected[key.path]["default"] = key.default
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    assert declared == expected, yaml.safe_dump({"config": expected}, sort_keys=False, width=100)


def test_a_part_of_an_object_keeps_the_other_defaults() -> None:
    settings = parse("prod", changed("retention", {"raw_days": 30}))
    assert settings.retention.raw_days == 30
    assert settings.retention.job_log_days == 90
    assert (
        parse("prod", changed("jobs", {"raw-to-processed": {"workers": 3}})).jobs.processed_to_curated.workers
        == 2
    )


BAD: list[tuple[str, Any, str, str]] = [
    ("account_id", "1234", "account_id", "12 digits"),
    ("account_id", 111122223333, "account_id", "in quotes"),
    ("replica_region", "eu-west-1", "replica_region", "another region than aws:region"),
    ("replica_region", "eu-west-9", "replica_region", "a region AWS has"),
    ("replica_region", "cn-north-1", "replica_region", "same partition"),
    ("aws:region", "mars-north-1", "aws:region", "a region AWS has"),
    ("aws:allowedAccountIds", ["999999999999"], "aws:allowedAccountIds", "444455556666"),
    ("protect", "yes", "protect", "true or false"),
    ("force_destroy", True, "force_destroy", "false while protect"),
    ("key_deletion_days", 6, "key_deletion_days", "7 to 30"),
    ("retention.raw_days", 0, "retention.raw_days", "from 1"),
    ("retention.raw_days", "90", "retention.raw_days", "whole number"),
    ("retention.raw_days", 90.5, "retention.raw_days", "whole number"),
    ("retention.raw_days", True, "retention.raw_days", "whole number"),
    ("retention.raw_noncurrent_days", 91, "retention.raw_noncurrent_days", "at most raw_days"),
    ("retention.job_log_days", 91, "retention.job_log_days", "90, 120"),
    ("retention", 90, "retention", "a mapping of raw_days"),
    (
        "tiering.curated.infrequent_access_days",
        29,
        "tiering.curated.infrequent_access_days",
        "30 days or more",
    ),
    ("tiering.processed.glacier_instant_days", 100, "tiering.processed.glacier_instant_days", "120 days"),
    ("market.timezone", "Europe/Madird", "market.timezone", "IANA"),
    ("market.timezone", "../etc", "market.timezone", "IANA"),
    ("market.price_cap", -500, "market.price_cap", "more than price_floor"),
    ("market.first_load_date", "2020-02-30", "market.first_load_date", "YYYY-MM-DD"),
    ("ingestion.batch_size", 101, "ingestion.batch_size", "1 to 100"),
    ("ingestion.batch_window_seconds", 901, "ingestion.batch_window_seconds", "1 to 900"),
    ("ingestion.daily_run", "every day", "ingestion.daily_run", "EventBridge schedule"),
    ("ingestion.daily_run", "rate(1 days)", "ingestion.daily_run", "EventBridge schedule"),
    ("jobs.raw-to-processed.workers", 1, "jobs.raw-to-processed.workers", "from 2"),
    ("jobs.raw-to-processed.worker_type", "G.3X", "jobs.raw-to-processed.worker_type", "G.1X"),
    ("jobs.raw-to-processed.retries", -1, "jobs.raw-to-processed.retries", "from 0"),
    (
        "jobs.processed-to-curated.delay_alert_minutes",
        120,
        "jobs.processed-to-curated.delay_alert_minutes",
        "less than timeout_minutes",
    ),
    (
        "workgroups.analysts.scan_limit_bytes",
        9_999_999,
        "workgroups.analysts.scan_limit_bytes",
        "10000000 or more",
    ),
    (
        "lake_formation.deployer_role_arn",
        "arn:aws:iam::999999999999:role/x",
        "lake_formation",
        "principals of account 444455556666",
    ),
    ("lake_formation.deployer_role_arn", "me", "lake_formation.deployer_role_arn", "ARN of an IAM role"),
    ("network.vpc_cidr", "10.40.0.0/33", "network.vpc_cidr", "private IPv4 block"),
    ("network.vpc_cidr", "10.40.0.1/16", "network.vpc_cidr", "without host bits"),
    ("network.vpc_cidr", "8.8.0.0/16", "network.vpc_cidr", "private"),
    ("network.vpc_cidr", "10.41.0.0/16", "network.private_subnet_cidrs", "inside vpc_cidr"),
    ("network.private_subnet_cidrs", ["10.40.0.0/20"], "network.private_subnet_cidrs", "2 or more"),
    (
        "network.private_subnet_cidrs",
        ["10.40.0.0/20", "10.40.8.0/21"],
        "network.private_subnet_cidrs",
        "do not overlap",
    ),
    ("network.private_subnet_cidrs", "10.40.0.0/20", "network.private_subnet_cidrs", "private IPv4"),
    ("network.private_subnet_cidrs", ["10.40.0.0/27", "10.40.1.0/27"], "network.private_subnet_cidrs", "/26"),
    ("network.availability_zones", ["a", "b"], "network.availability_zones", "3 different letters"),
    ("network.availability_zones", ["a", "a", "b"], "network.availability_zones", "different letters"),
    ("network.availability_zones", ["eu-west-1a"], "network.availability_zones", "letter of an"),
    ("network.flow_log_days", 8, "network.flow_log_days", "one of"),
    ("retention.inventory_days", 0, "retention.inventory_days", "from 1"),
    ("warehouse.node_type", "dc2.large", "warehouse.node_type", "ra3.xlplus"),
    ("warehouse.nodes", 1, "warehouse.nodes", "2 or more while multi_az"),
    (
        "warehouse",
        {"node_type": "ra3.4xlarge", "nodes": 1},
        "warehouse.nodes",
        "2 or more nodes of ra3.4xlarge",
    ),
    ("warehouse.snapshot_days", 6, "warehouse.snapshot_days", "from 7"),
    ("warehouse.snapshot_every_hours", 5, "warehouse.snapshot_every_hours", "one of"),
    ("warehouse.pause_at", "cron(0 19 ? * MON-FRI *)", "warehouse.pause_at", "cannot be paused"),
    ("warehouse.pause_at", "rate(1 day)", "warehouse.pause_at", "cron"),
    ("warehouse.maintenance_window", "sunday", "warehouse.maintenance_window", "sun:03:00"),
    ("warehouse.database", "Energy", "warehouse.database", "lower-case"),
    ("warehouse.concurrency_scaling_minutes", 0, "warehouse.concurrency_scaling_minutes", "from 1"),
    ("disaster_recovery.rpo_hours", 0, "disaster_recovery.rpo_hours", "from 1"),
    (
        "disaster_recovery.rpo_hours",
        4,
        "warehouse.snapshot_every_hours",
        "at most disaster_recovery.rpo_hours",
    ),
    ("disaster_recovery.snapshot_copy_days", 36, "disaster_recovery.snapshot_copy_days", "from 1 to 35"),
    ("disaster_recovery.catalog_backup_days", 0, "disaster_recovery.catalog_backup_days", "from 1"),
    ("alerts.emails", [], "alerts.emails", "1 address or more"),
    ("alerts.emails", ["oncall"], "alerts.emails", "an e-mail address"),
    ("alerts.reject_ratio", 1.5, "alerts.reject_ratio", "from 0 to 1"),
    ("alerts.stale_after_hours", 169, "alerts.stale_after_hours", "1 to 168"),
    ("audit.trail_days", 30, "audit.trail_days", "90 to 3650"),
    ("costs.monthly.storage", 0, "costs.monthly.storage", "1 or more"),
    ("costs.monthly.lake", 5, "costs.monthly.lake", "no such key"),
    ("costs.alert_percents", [], "costs.alert_percents", "1 to 4"),
    ("costs.reservation_percent", 101, "costs.reservation_percent", "0 to 100"),
    (
        "business_intelligence.warehouse_secret_arn",
        "",
        "business_intelligence.warehouse_secret_arn",
        "set while enabled",
    ),
    (
        "business_intelligence.warehouse_secret_arn",
        "arn:aws:secretsmanager:eu-west-1:444455556666:secret:reader",
        "business_intelligence.warehouse_secret_arn",
        "six characters",
    ),
    ("business_intelligence.refresh_at", "24:00", "business_intelligence.refresh_at", "HH:MM"),
    ("tags.owner", "", "tags.owner", "1 to 256"),
    ("tags.data_classification", "secret", "tags.data_classification", "public, internal, confidential"),
    ("retension", {}, "retension", "did you mean retention?"),
    ("retention.raw_day", 3, "retention.raw_day", "did you mean raw_days?"),
    ("tags.purpose", "x", "tags.purpose", "known are owner, cost_center, data_classification"),
]


@pytest.mark.parametrize(("path", "value", "key", "allowed"), BAD, ids=[f"{b[0]}={b[1]}" for b in BAD])
def test_a_bad_value_is_named_with_what_is_allowed(path: str, value: Any, key: str, allowed: str) -> None:
    found = problems_of("prod", changed(path, value))
    full = key if ":" in key else f"{PROJECT}:{key}"
    assert full in found, found
    assert allowed in found[full][1]


@pytest.mark.parametrize("key", ["account_id", "replica_region", "lake_formation", "network", "tags"])
def test_what_a_stack_must_choose_has_no_default(key: str) -> None:
    config = stack_config("prod")
    del config[f"{PROJECT}:{key}"]
    assert problems_of("prod", config)[f"{PROJECT}:{key}"][0] == "not set"


def test_a_warehouse_in_two_zones_wants_three_subnets() -> None:
    two = {"vpc_cidr": "10.40.0.0/16", "private_subnet_cidrs": ["10.40.0.0/20", "10.40.16.0/20"]}
    found = problems_of("prod", changed("network", two))
    assert "3 or more network.private_subnet_cidrs" in found[f"{PROJECT}:warehouse.multi_az"][1]


def test_what_is_paused_is_resumed() -> None:
    found = problems_of("dev", changed("warehouse.resume_at", "", "dev"))
    assert "together with pause_at" in found[f"{PROJECT}:warehouse.resume_at"][1]


def test_all_problems_come_at_once_with_the_file_to_edit() -> None:
    config = stack_config("dev")
    config |= {
        "aws:region": "eu-nowhere-1",
        f"{PROJECT}:replica_region": "eu-west-99",
        f"{PROJECT}:retention": {"raw_days": 0, "raw_dayz": 1},
        f"{PROJECT}:network": {"vpc_cidr": "10.0.0.0/8", "private_subnet_cidrs": ["x"]},
        f"{PROJECT}:workgroups": {"analysts": {"scan_limit_bytes": 1}},
        f"{PROJECT}:colour": "blue",
    }
    with pytest.raises(SettingsError) as caught:
        parse("dev", config)
    keys = [problem.key.removeprefix(f"{PROJECT}:") for problem in caught.value.problems]
    assert sorted(keys) == [
        "aws:region",
        "colour",
        "network.private_subnet_cidrs",
        "network.vpc_cidr",
        "replica_region",
        "retention.raw_days",
        "retention.raw_dayz",
        "workgroups.analysts.scan_limit_bytes",
    ]
    message = str(caught.value)
    assert "8 setting(s) of stack dev" in message
    assert "edit Pulumi.dev.yaml" in message
    assert "retention.raw_days is 0" in message


@pytest.mark.parametrize("key", ["endpoints", "s3UsePathStyle", "skipCredentialsValidation", "secretKey"])
def test_only_the_local_stack_may_override_the_provider(key: str) -> None:
    for stack in ("dev", "prod"):
        found = problems_of(stack, stack_config(stack) | {f"aws:{key}": "hunter2"})
        assert f"aws:{key}" in found
        assert "hunter2" not in str(found)
    assert parse("local", stack_config("local") | {f"aws:{key}": "x"}).stack == "local"


@pytest.mark.parametrize("stack", ["Prod", "a-b", "x" * 17, ""])
def test_a_stack_name_that_aws_names_cannot_carry_is_refused(stack: str) -> None:
    assert "the stack's name" in problems_of(stack, stack_config("dev"))


def test_bad_settings_stop_the_program_before_any_resource() -> None:
    with pytest.raises(SettingsError, match="raw_days is 0"):
        record("dev", changed("retention.raw_days", 0, "dev"))


def test_what_the_engine_hands_over_reads_like_the_files() -> None:
    mocks.set_mocks(_NoResources(), project=PROJECT, stack="prod")
    set_all_config(
        {
            "aws:region": "eu-west-1",
            "aws:allowedAccountIds": '["012345678901"]',
            f"{PROJECT}:account_id": "012345678901",
            f"{PROJECT}:replica_region": "eu-central-1",
            f"{PROJECT}:protect": "false",
            f"{PROJECT}:key_deletion_days": "9",
            f"{PROJECT}:retention": '{"raw_days":12}',
            f"{PROJECT}:alerts": '{"emails":["oncall@example.com"]}',
            f"{PROJECT}:lake_formation": '{"deployer_role_arn":"arn:aws:iam::012345678901:role/d"}',
            f"{PROJECT}:network": '{"vpc_cidr":"10.0.0.0/20",'
            '"private_subnet_cidrs":["10.0.0.0/24","10.0.1.0/24"]}',
            f"{PROJECT}:tags": '{"owner":"o","cost_center":"1234","data_classification":"internal"}',
        }
    )
    settings = load()
    assert pulumi.get_stack() == settings.stack == "prod"
    assert (settings.account_id, settings.protect, settings.key_deletion_days) == ("012345678901", False, 9)
    assert (settings.retention.raw_days, settings.tags.cost_center) == (12, "1234")


def test_a_partition_follows_from_the_region() -> None:
    config = stack_config("prod") | {
        "aws:region": "cn-north-1",
        f"{PROJECT}:replica_region": "cn-northwest-1",
    }
    settings = parse("prod", config)
    assert (settings.partition, settings.dns_suffix) == ("aws-cn", "amazonaws.com.cn")


class _NoResources(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise AssertionError(args.name)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(args.token)


def test_the_jobs_may_run_on_spark_but_not_on_the_embedded_aws() -> None:
    settings = parse("prod", changed("jobs", {"raw-to-processed": {"engine": "spark"}}))
    assert settings.jobs.raw_to_processed.engine == "spark"
    assert settings.jobs.processed_to_curated.engine == "duckdb"
    assert problems_of("prod", changed("jobs", {"raw-to-processed": {"engine": "pandas"}})) == {
        f"{PROJECT}:jobs.raw-to-processed.engine": ('"pandas"', "one of duckdb, spark")
    }
    assert problems_of("local", changed("jobs", {"raw-to-processed": {"engine": "spark"}}, "local")) == {
        f"{PROJECT}:jobs.raw-to-processed.engine": ("spark", "duckdb on the stack local")
    }
