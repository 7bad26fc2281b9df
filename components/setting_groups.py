"""The groups of settings a stack has: storage, market, pipeline, queries, governance, network, tags."""

import ipaddress
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from components import rules
from components.schema import Problem, Setting, settings_of
from etl import engine_names


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long each kind of data is kept, in days."""

    raw_days: Annotated[int, Setting("Days raw objects are kept", rules.between(1, 3650, "days"))] = 90
    raw_noncurrent_days: Annotated[
        int,
        Setting(
            "Days an overwritten or expired raw object can still be restored", rules.between(1, 3650, "days")
        ),
    ] = 7
    noncurrent_days: Annotated[
        int,
        Setting(
            "Days any other overwritten or deleted object can still be restored",
            rules.between(1, 3650, "days"),
        ),
    ] = 30
    incomplete_upload_days: Annotated[
        int, Setting("Days until an unfinished multipart upload is dropped", rules.between(1, 365, "days"))
    ] = 3
    query_results_days: Annotated[
        int, Setting("Days Athena's results are kept", rules.between(1, 3650, "days"))
    ] = 30
    access_log_days: Annotated[
        int, Setting("Days S3 access logs are kept", rules.between(1, 3650, "days"))
    ] = 365
    inventory_days: Annotated[
        int, Setting("Days the daily lists of all objects are kept", rules.between(1, 3650, "days"))
    ] = 30
    job_log_days: Annotated[
        int, Setting("Days the logs of jobs and crawlers are kept", rules.one_of(rules.LOG_RETENTION_DAYS))
    ] = 90

    def conflicts(self) -> Iterator[Problem]:
        """Check that raw data is gone for good within twice its retention."""
        if self.raw_noncurrent_days > self.raw_days:
            allowed = f"at most raw_days, which is {self.raw_days}"
            yield Problem("retention.raw_noncurrent_days", str(self.raw_noncurrent_days), allowed)


@dataclass(frozen=True, kw_only=True)
class Tier:
    """When the objects of one zone move to cheaper storage that Athena still reads at once."""

    infrequent_access_days: Annotated[
        int, Setting("Days until objects move to STANDARD_IA", rules.never_or_at_least(30))
    ] = 90
    glacier_instant_days: Annotated[
        int,
        Setting(
            "Days until objects move to GLACIER_IR, 30 or more after STANDARD_IA", rules.never_or_at_least(1)
        ),
    ] = 365


@dataclass(frozen=True, kw_only=True)
class Tiering:
    """Storage classes by zone; raw objects expire before a cheaper class would pay."""

    processed: Annotated[Tier, Setting("When processed objects move to cheaper storage")] = Tier()
    curated: Annotated[Tier, Setting("When curated objects move to cheaper storage")] = Tier()

    def conflicts(self) -> Iterator[Problem]:
        """Check the 30 days in STANDARD_IA that S3 wants before the next class."""
        for zone, tier in (("processed", self.processed), ("curated", self.curated)):
            first, second = tier.infrequent_access_days, tier.glacier_instant_days
            if first and second and second < first + 30:
                allowed = f"0 for never, or {first + 30} days or more (30 after STANDARD_IA)"
                yield Problem(f"tiering.{zone}.glacier_instant_days", str(second), allowed)


@dataclass(frozen=True, kw_only=True)
class Market:
    """The market whose data the lake holds."""

    timezone: Annotated[
        str, Setting("Time zone of delivery days and of timestamps without an offset", rules.TIMEZONE)
    ] = "Europe/Madrid"
    price_floor: Annotated[float, Setting("Lowest price a transaction may have, in EUR/MWh")] = -500.0
    price_cap: Annotated[float, Setting("Highest price a transaction may have, in EUR/MWh")] = 4000.0
    first_load_date: Annotated[
        str, Setting("First load date Athena looks for in the raw zone", rules.DATE)
    ] = "2020-01-01"

    def conflicts(self) -> Iterator[Problem]:
        """Check that the band of prices has a width."""
        if self.price_cap <= self.price_floor:
            allowed = f"more than price_floor, which is {self.price_floor:g}"
            yield Problem("market.price_cap", f"{self.price_cap:g}", allowed)


@dataclass(frozen=True, kw_only=True)
class Ingestion:
    """When new raw objects start the pipeline."""

    batch_size: Annotated[
        int, Setting("New objects that start a run at once", rules.between(1, 100, "events"))
    ] = 100
    batch_window_seconds: Annotated[
        int,
        Setting(
            "Seconds after the first new object until a run starts anyway", rules.between(1, 900, "seconds")
        ),
    ] = 900
    daily_run: Annotated[
        str, Setting("Schedule that starts a run even when nothing arrived", rules.SCHEDULE)
    ] = "cron(30 4 * * ? *)"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one Glue job may use."""

    worker_type: Annotated[
        str, Setting("Size of a worker", rules.one_of(("G.1X", "G.2X", "G.4X", "G.8X")))
    ] = "G.1X"
    workers: Annotated[int, Setting("Workers of a run", rules.between(2, 299, "workers"))] = 2
    timeout_minutes: Annotated[
        int, Setting("Minutes until a run is stopped", rules.between(1, 2880, "minutes"))
    ] = 60
    delay_alert_minutes: Annotated[
        int,
        Setting(
            "Minutes after which a run counts as late, less than timeout_minutes",
            rules.between(1, 2880, "minutes"),
        ),
    ] = 30
    retries: Annotated[int, Setting("Times a failed run is tried again", rules.between(0, 10, "retries"))] = 1
    concurrency: Annotated[
        int,
        Setting(
            "Runs that may be under way at once; the publisher's lock serialises them",
            rules.between(1, 1000, "runs"),
        ),
    ] = 1


@dataclass(frozen=True, kw_only=True)
class EngineJob(Job):
    """What a Glue job may use that runs on either engine."""

    engine: Annotated[
        str,
        Setting(
            "What computes: duckdb on the driver, or spark on all workers; the results are equal",
            rules.one_of(engine_names.NAMES),
        ),
    ] = engine_names.DUCKDB


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """The Glue jobs by name."""

    raw_to_processed: Annotated[EngineJob, Setting("Job raw-to-processed", name="raw-to-processed")] = (
        EngineJob()
    )
    processed_to_curated: Annotated[
        EngineJob, Setting("Job processed-to-curated", name="processed-to-curated")
    ] = EngineJob()
    processed_to_redshift: Annotated[
        Job, Setting("Job processed-to-redshift", name="processed-to-redshift")
    ] = Job()

    def by_name(self) -> dict[str, Job]:
        """Return the jobs' limits by the jobs' names."""
        return {declared.key: getattr(self, declared.field) for declared in settings_of(type(self))}

    def conflicts(self) -> Iterator[Problem]:
        """Check that a run is late before it is stopped."""
        for name, job in self.by_name().items():
            if job.delay_alert_minutes >= job.timeout_minutes:
                allowed = f"less than timeout_minutes, which is {job.timeout_minutes}"
                yield Problem(f"jobs.{name}.delay_alert_minutes", str(job.delay_alert_minutes), allowed)


@dataclass(frozen=True, kw_only=True)
class Workgroup:
    """What one Athena workgroup may use."""

    scan_limit_bytes: Annotated[
        int, Setting("Bytes a query may scan before Athena stops it", rules.at_least(10_000_000, "bytes"))
    ]


@dataclass(frozen=True, kw_only=True)
class Workgroups:
    """The Athena workgroups by name."""

    analysts: Annotated[Workgroup, Setting("Ad-hoc analysis")] = Workgroup(scan_limit_bytes=10_737_418_240)
    reporting: Annotated[Workgroup, Setting("Scheduled reports")] = Workgroup(scan_limit_bytes=53_687_091_200)
    data_science: Annotated[Workgroup, Setting("Exploration of whole tables", name="data-science")] = (
        Workgroup(scan_limit_bytes=107_374_182_400)
    )
    data_engineers: Annotated[
        Workgroup, Setting("Investigation and repair, personal data included", name="data-engineers")
    ] = Workgroup(scan_limit_bytes=107_374_182_400)

    def by_name(self) -> dict[str, tuple[str, Workgroup]]:
        """Return the workgroups' descriptions and limits by the workgroups' names."""
        return {
            declared.key: (declared.setting.description, getattr(self, declared.field))
            for declared in settings_of(type(self))
        }


@dataclass(frozen=True, kw_only=True)
class LakeFormation:
    """Who administers the lake; these principals hold implicit rights and never get grants."""

    deployer_role_arn: Annotated[str, Setting("Role that runs the deployment", rules.ROLE_ARN)]
    administrator_role_arns: Annotated[
        tuple[str, ...], Setting("Further data lake administrators", rules.ROLE_ARN)
    ] = ()
    reader_role_arns: Annotated[
        tuple[str, ...],
        Setting(
            "Roles that see the whole catalog and its grants: the catalog-backup roles of guest stacks",
            rules.ROLE_ARN,
        ),
    ] = ()


@dataclass(frozen=True, kw_only=True)
class Network:
    """The address plan of the platform's private network."""

    vpc_cidr: Annotated[str, Setting("Block of the whole network", rules.CIDR)]
    private_subnet_cidrs: Annotated[
        tuple[str, ...], Setting("Blocks of the private subnets, one an availability zone", rules.SUBNET_CIDR)
    ]
    availability_zones: Annotated[
        tuple[str, ...], Setting("Letters of the subnets' zones, in the order of their blocks", rules.ZONE)
    ] = ("a", "b", "c")
    endpoints_in_every_zone: Annotated[
        bool, Setting("Whether the interface endpoints outlive a zone; each zone costs them again")
    ] = True
    flow_log_days: Annotated[
        int, Setting("Days the network's flow logs are kept", rules.one_of(rules.LOG_RETENTION_DAYS))
    ] = 90

    def conflicts(self) -> Iterator[Problem]:
        """Check for two or more subnets inside the network, none over another, each in a zone of its own."""
        whole = ipaddress.IPv4Network(self.vpc_cidr)
        subnets = [ipaddress.IPv4Network(cidr) for cidr in self.private_subnet_cidrs]
        where = "network.private_subnet_cidrs"
        if len(subnets) < 2:
            yield Problem(where, json.dumps(self.private_subnet_cidrs), "2 or more blocks, one a zone")
        for subnet in subnets:
            if not subnet.subnet_of(whole):
                yield Problem(where, str(subnet), f"a block inside vpc_cidr, which is {whole}")
        for one, other in itertools.combinations(subnets, 2):
            if one.overlaps(other):
                yield Problem(where, f"{one} and {other}", "blocks that do not overlap")
        zones = self.availability_zones
        if len(zones) < len(subnets) or len(set(zones)) < len(zones):
            allowed = f"{len(subnets)} different letters or more, one for each of private_subnet_cidrs"
            yield Problem("network.availability_zones", json.dumps(zones), allowed)


@dataclass(frozen=True, kw_only=True)
class Tags:
    """What every resource is tagged with, next to project, environment and component."""

    owner: Annotated[str, Setting("Team that answers for the platform", rules.TAG_VALUE)]
    cost_center: Annotated[str, Setting("Where the costs are booked", rules.TAG_VALUE)]
    data_classification: Annotated[
        str,
        Setting(
            "Class of the most sensitive data held", rules.one_of(("public", "internal", "confidential"))
        ),
    ]
