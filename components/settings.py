"""Every setting of a stack, declared once, typed, and read once."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

import pulumi
from pulumi.runtime import get_config_env
from pulumi.runtime.config import CONFIG

from components import rules
from components.operation_settings import Alerts, Audit, BusinessIntelligence, Costs
from components.schema import Problem, Setting, decode_fields, settings_of
from components.setting_groups import (
    Ingestion,
    Jobs,
    LakeFormation,
    Market,
    Network,
    Retention,
    Tags,
    Tiering,
    Workgroups,
)
from components.warehouse_settings import DisasterRecovery, Warehouse
from etl.engine_names import DUCKDB
from etl.errors import DataLakeError

PROJECT = "energy-trading-datalake"
LOCAL_STACK = "local"

_STACK = rules.matching(r"[a-z][a-z0-9]{0,15}", "1 to 16 lower-case letters and digits, a letter first")
_OVERRIDES = (
    "endpoints",
    "s3UsePathStyle",
    "skipCredentialsValidation",
    "skipRequestingAccountId",
    "skipMetadataApiCheck",
    "accessKey",
    "secretKey",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One stack's settings; `partition` and `dns_suffix` follow from the region."""

    stack: str
    region: str
    partition: str
    dns_suffix: str
    account_id: Annotated[
        str, Setting("AWS account the stack lives in, as aws:allowedAccountIds has it", rules.ACCOUNT)
    ]
    replica_region: Annotated[str, Setting("Region that holds the copy for disaster recovery", rules.REGION)]
    owns_account_settings: Annotated[
        bool,
        Setting(
            "Whether this stack sets what an account has once a region (Lake Formation settings, catalog"
            " encryption). One stack does; others add their name to crawlers, jobs and workgroups"
        ),
    ] = True
    protect: Annotated[bool, Setting("Whether buckets, keys and databases refuse to be deleted")] = True
    force_destroy: Annotated[
        bool, Setting("Whether destroying the stack empties its buckets; not with protect")
    ] = False
    key_deletion_days: Annotated[
        int, Setting("Days a deleted encryption key can be brought back", rules.between(7, 30, "days"))
    ] = 30
    retention: Annotated[Retention, Setting("How long each kind of data is kept, in days")] = field(
        default_factory=Retention
    )
    tiering: Annotated[Tiering, Setting("When objects move to cheaper storage, by zone, in days")] = field(
        default_factory=Tiering
    )
    market: Annotated[Market, Setting("The market whose data the lake holds")] = field(default_factory=Market)
    ingestion: Annotated[Ingestion, Setting("When new raw objects start the pipeline")] = field(
        default_factory=Ingestion
    )
    jobs: Annotated[Jobs, Setting("Workers, time limits and retries of the Glue jobs")] = field(
        default_factory=Jobs
    )
    workgroups: Annotated[Workgroups, Setting("Limits of the Athena workgroups")] = field(
        default_factory=Workgroups
    )
    warehouse: Annotated[Warehouse, Setting("Size, backups and limits of the Redshift cluster")] = field(
        default_factory=Warehouse
    )
    disaster_recovery: Annotated[
        DisasterRecovery, Setting("What a disaster may cost, and what the replica region keeps")
    ] = field(default_factory=DisasterRecovery)
    audit: Annotated[Audit, Setting("How long the trail of API calls is kept")] = field(default_factory=Audit)
    costs: Annotated[Costs, Setting("What may be spent, and how cost reports are split")] = field(
        default_factory=Costs
    )
    business_intelligence: Annotated[BusinessIntelligence, Setting("Dashboards on QuickSight")] = field(
        default_factory=BusinessIntelligence
    )
    alerts: Annotated[Alerts, Setting("Who hears of trouble, and when a run counts as trouble")]
    lake_formation: Annotated[LakeFormation, Setting("Who administers the lake")]
    network: Annotated[Network, Setting("Address plan of the private network")]
    tags: Annotated[Tags, Setting("Tags of every resource")]


class SettingsError(DataLakeError):
    """The settings of a stack cannot be used; `problems` holds every reason."""

    def __init__(self, stack: str, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"{len(problems)} setting(s) of stack {stack} cannot be used:"]
        for problem in problems:
            lines.append(f"  {problem.key}" + (f" is {problem.given}" if problem.given else ""))
            lines.append(f"    allowed: {problem.allowed}")
        super().__init__("\n".join(lines), fix=f"edit Pulumi.{stack}.yaml (defaults are in Pulumi.yaml)")


def parse(stack: str, raw: Mapping[str, object]) -> Settings:
    """Read the settings of a stack from its whole configuration, keys with their namespace.

    Values are plain YAML or JSON values. `SettingsError` tells every problem at once.
    """
    problems: list[Problem] = []
    if not _STACK.holds(stack):
        problems.append(Problem("the stack's name", stack, _STACK.allowed))
    own = {name.partition(":")[2]: value for name, value in raw.items() if name.startswith(f"{PROJECT}:")}
    values = decode_fields(Settings, own, f"{PROJECT}:", problems)
    for value in values.values():
        for conflict in getattr(value, "conflicts", list)():
            problems.append(Problem(f"{PROJECT}:{conflict.key}", conflict.given, conflict.allowed))
    problems.extend(_provider_problems(stack, raw, values.get("account_id")))
    region = raw.get("aws:region")
    problems.extend(_joint_problems(values, region))
    if stack == LOCAL_STACK:
        problems.extend(_local_problems(values.get("jobs")))
    partition = rules.partition_of(region) if isinstance(region, str) else None
    if problems or partition is None:
        raise SettingsError(stack, problems)
    return Settings(
        stack=stack, region=cast("str", region), partition=partition[0], dns_suffix=partition[1], **values
    )


def load() -> Settings:
    """Read the settings of the stack under way, as the engine hands them over."""
    texts: dict[str, Any] = {**get_config_env(), **CONFIG.get()}
    return parse(pulumi.get_stack(), {name: _value(name, text) for name, text in texts.items()})


def _value(name: str, text: object) -> object:
    """Undo the engine's flattening: everything that is not declared as text travels as JSON."""
    texts = {f"{PROJECT}:{declared.key}" for declared in settings_of(Settings) if declared.kind is str}
    if name in texts | {"aws:region"} or not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _provider_problems(stack: str, raw: Mapping[str, object], account: str | None) -> Iterator[Problem]:
    region = raw.get("aws:region")
    if not rules.REGION.holds(region):
        yield Problem("aws:region", json.dumps(region), rules.REGION.allowed)
    allowed = raw.get("aws:allowedAccountIds")
    if account is not None and allowed != [account]:
        yield Problem(
            "aws:allowedAccountIds",
            json.dumps(allowed),
            f'exactly ["{account}"], so that no other account is ever touched',
        )
    if stack != LOCAL_STACK:
        for name in _OVERRIDES:
            if f"aws:{name}" in raw:
                yield Problem(f"aws:{name}", "", f"only on stack {LOCAL_STACK}; remove it")


def _local_problems(jobs: Jobs | None) -> Iterator[Problem]:
    """Check what the embedded AWS cannot run: Spark has no connector for its S3."""
    for name, job in jobs.by_name().items() if jobs else ():
        engine = getattr(job, "engine", DUCKDB)
        if engine != DUCKDB:
            yield Problem(f"{PROJECT}:jobs.{name}.engine", engine, f"{DUCKDB} on the stack {LOCAL_STACK}")


def _joint_problems(values: Mapping[str, Any], region: object) -> Iterator[Problem]:
    """Check what single settings cannot tell: the pairs that must agree."""
    replica, account = values.get("replica_region"), values.get("account_id")
    if replica is not None and replica == region:
        yield Problem(
            f"{PROJECT}:replica_region", replica, f"another region than aws:region, which is {region}"
        )
    elif replica is not None and _partitions_differ(replica, region):
        yield Problem(f"{PROJECT}:replica_region", replica, f"a region of the same partition as {region}")
    if values.get("protect") and values.get("force_destroy"):
        yield Problem(f"{PROJECT}:force_destroy", "true", "false while protect is true")
    yield from _recovery_problems(values)
    governance: LakeFormation | None = values.get("lake_formation")
    if governance is not None and account is not None:
        for arn in (governance.deployer_role_arn, *governance.administrator_role_arns):
            if arn.split(":")[4] != account:
                yield Problem(f"{PROJECT}:lake_formation", arn, f"principals of account {account}")


def _recovery_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    warehouse: Warehouse | None = values.get("warehouse")
    recovery: DisasterRecovery | None = values.get("disaster_recovery")
    network: Network | None = values.get("network")
    if warehouse and recovery and warehouse.snapshot_every_hours > recovery.rpo_hours:
        allowed = f"at most disaster_recovery.rpo_hours, which is {recovery.rpo_hours}"
        given = str(warehouse.snapshot_every_hours)
        yield Problem(f"{PROJECT}:warehouse.snapshot_every_hours", given, allowed)
    if warehouse and network and warehouse.multi_az and len(network.private_subnet_cidrs) < 3:
        allowed = "false, or 3 or more network.private_subnet_cidrs: Redshift picks two zones of three"
        yield Problem(f"{PROJECT}:warehouse.multi_az", "true", allowed)


def _partitions_differ(replica: str, region: object) -> bool:
    home, away = (rules.partition_of(name) for name in (str(region), replica))
    return home is not None and home != away
