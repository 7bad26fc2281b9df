"""The groups of settings about the warehouse and about recovering it and the lake from a disaster."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from components import rules
from components.schema import Problem, Setting

_ALONE = ("ra3.large", "ra3.xlplus")
"""Sizes of which one node makes a cluster."""


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """Size, backups and limits of the Redshift cluster."""

    node_type: Annotated[
        str,
        Setting(
            "Size of a node; only RA3 can be paused, moved and put in two zones",
            rules.one_of(("ra3.large", "ra3.xlplus", "ra3.4xlarge", "ra3.16xlarge")),
        ),
    ] = "ra3.large"
    nodes: Annotated[int, Setting("Nodes, in each of its zones", rules.between(1, 32, "nodes"))] = 1
    multi_az: Annotated[bool, Setting("Whether the cluster runs in two zones at once")] = False
    database: Annotated[str, Setting("Database of the cluster", rules.DATABASE)] = "energy"
    snapshot_days: Annotated[
        int, Setting("Days automated snapshots are kept", rules.between(7, 35, "days"))
    ] = 7
    snapshot_every_hours: Annotated[
        int, Setting("Hours between automated snapshots", rules.one_of((1, 2, 3, 4, 6, 8, 12, 24)))
    ] = 8
    final_snapshot: Annotated[bool, Setting("Whether deleting the cluster leaves a last snapshot behind")] = (
        True
    )
    maintenance_window: Annotated[
        str, Setting("When AWS may patch the cluster", rules.MAINTENANCE_WINDOW)
    ] = "sun:03:00-sun:03:30"
    pause_at: Annotated[str, Setting("When the cluster stops costing compute", rules.CLOCK)] = ""
    resume_at: Annotated[str, Setting("When a paused cluster comes back", rules.CLOCK)] = ""
    concurrency_scaling_minutes: Annotated[
        int,
        Setting("Minutes a day that bursts may use extra clusters", rules.between(1, 14_400, "minutes")),
    ] = 60
    spectrum_terabytes: Annotated[
        int, Setting("Terabytes a day that external queries may scan", rules.between(1, 1000, "terabytes"))
    ] = 1
    log_days: Annotated[
        int, Setting("Days the cluster's audit logs are kept", rules.one_of(rules.LOG_RETENTION_DAYS))
    ] = 365

    def conflicts(self) -> Iterator[Problem]:
        """Check what Redshift wants of a cluster of one node or in two zones, and that what pauses resumes.

        https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-clusters.html
        """
        if self.nodes < 2 and self.node_type not in _ALONE:
            yield Problem("warehouse.nodes", str(self.nodes), f"2 or more nodes of {self.node_type}")
        if self.multi_az and self.nodes < 2:
            yield Problem("warehouse.nodes", str(self.nodes), "2 or more while multi_az is true")
        if self.multi_az and (self.pause_at or self.resume_at):
            given = self.pause_at or self.resume_at
            yield Problem("warehouse.pause_at", given, "empty while multi_az is true: it cannot be paused")
        if bool(self.pause_at) != bool(self.resume_at):
            yield Problem("warehouse.resume_at", self.resume_at, "set together with pause_at, or both empty")


@dataclass(frozen=True, kw_only=True)
class DisasterRecovery:
    """What may be lost and how long a recovery may take, and what the replica region keeps."""

    rpo_hours: Annotated[
        int, Setting("Hours of work that a disaster may cost at most", rules.between(1, 72, "hours"))
    ] = 24
    rto_hours: Annotated[
        int, Setting("Hours until the platform works again at most", rules.between(1, 72, "hours"))
    ] = 4
    replication_time_control: Annotated[
        bool, Setting("Whether AWS guarantees replication within 15 minutes, at a price")
    ] = False
    replicate_deletions: Annotated[bool, Setting("Whether deleting an object also hides its replica")] = False
    snapshot_copy_days: Annotated[
        int, Setting("Days the replica region keeps snapshots", rules.between(1, 35, "days"))
    ] = 7
    catalog_backup_days: Annotated[
        int, Setting("Days the replica region keeps backups of the catalog", rules.between(1, 3650, "days"))
    ] = 35
