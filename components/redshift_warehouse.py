"""The Redshift warehouse: a private encrypted cluster, its schemas, backups, limits and way in for Glue."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import cloudwatch, redshift, redshiftdata

from components.names import Names
from components.private_network import PrivateNetwork
from components.service_role import service_role
from components.settings import Settings
from components.tagging import tags
from components.warehouse_access import WarehouseAccess, WarehouseAccessArgs
from components.warehouse_policies import COPY_ROLE, copy_policy, copy_trust, pause_policy, pause_trust
from etl.warehouse.model import SCHEMAS

LOG_KINDS = ("connectionlog", "userlog", "useractivitylog")
PAUSE_ROLE = "warehouse-pause"
ADMINISTRATOR = "warehouse_admin"
PARAMETERS = {
    "require_ssl": "true",
    "enable_user_activity_logging": "true",
    "auto_analyze": "true",
    "wlm_json_configuration": json.dumps([{"auto_wlm": True}]),
}
"""The parameter group's values; AWS's default group cannot be changed and takes plain connections."""


@dataclass(frozen=True)
class RedshiftWarehouseArgs:
    """Where the cluster lives, and the keys of its storage and password, and of its logs."""

    settings: Settings
    names: Names
    network: PrivateNetwork
    warehouse_key_arn: Input[str]
    logs_key_arn: Input[str]


class RedshiftWarehouse(ComponentResource):
    """An encrypted RA3 cluster in private subnets that takes TLS connections only, with managed password.

    COPY and UNLOAD go through the network's S3 endpoint (enhanced VPC routing).
    https://docs.aws.amazon.com/redshift/latest/mgmt/security.html
    """

    def __init__(self, name: str, args: RedshiftWarehouseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:warehouse:RedshiftWarehouse", name, None, opts)
        self._args, self._tags = args, tags(args.settings, "warehouse")
        settings, names = args.settings, args.names
        access = WarehouseAccess(
            f"{name}-access",
            WarehouseAccessArgs(settings, names, args.network),
            ResourceOptions(parent=self),
        )
        self.cluster = self._cluster(name, access)
        self.access = access
        self._logging(name)
        self._backups(name)
        self._limits(name)
        if settings.warehouse.pause_at:
            self._schedule(name)
        self.schemas: list[pulumi.Resource] = [self._schema(name, schema) for schema in SCHEMAS]
        self.connection = access.connect(self.cluster)
        self.register_outputs({"cluster": names.cluster, "endpoint": self.cluster.endpoint})

    def _cluster(self, name: str, access: WarehouseAccess) -> redshift.Cluster:
        settings, names, wanted = self._args.settings, self._args.names, self._args.settings.warehouse
        subnets = redshift.SubnetGroup(
            f"{name}-subnet-group",
            name=names.cluster,
            description="Private subnets of the warehouse",
            subnet_ids=self._args.network.subnet_ids,
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        parameters = redshift.ParameterGroup(
            f"{name}-parameter-group",
            name=names.cluster,
            description="TLS connections only, activity logged",
            family="redshift-1.0",
            parameters=[
                redshift.ParameterGroupParameterArgs(name=key, value=value)
                for key, value in PARAMETERS.items()
            ],
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        copier = service_role(
            f"{name}-copy",
            names,
            COPY_ROLE,
            purpose="Lets the warehouse copy processed and curated tables",
            trust=copy_trust(names),
            grant=COPY_ROLE,
            policy=copy_policy(names),
            tags=self._tags,
            parent=self,
        )
        return redshift.Cluster(
            f"{name}-cluster",
            cluster_identifier=names.cluster,
            cluster_type="single-node" if wanted.nodes == 1 else "multi-node",
            node_type=wanted.node_type,
            number_of_nodes=wanted.nodes,
            multi_az=wanted.multi_az,
            # A cluster in two zones moves by itself and refuses the setting.
            availability_zone_relocation_enabled=None if wanted.multi_az else True,
            database_name=wanted.database,
            port=access.port,
            master_username=ADMINISTRATOR,
            manage_master_password=True,
            master_password_secret_kms_key_id=self._args.warehouse_key_arn,
            encrypted="true",
            kms_key_id=self._args.warehouse_key_arn,
            publicly_accessible=False,
            enhanced_vpc_routing=True,
            cluster_subnet_group_name=names.cluster,
            cluster_parameter_group_name=names.cluster,
            vpc_security_group_ids=[access.warehouse_group_id],
            iam_roles=[names.role_arn(COPY_ROLE)],
            default_iam_role_arn=names.role_arn(COPY_ROLE),
            automated_snapshot_retention_period=wanted.snapshot_days,
            preferred_maintenance_window=wanted.maintenance_window,
            allow_version_upgrade=True,
            skip_final_snapshot=not wanted.final_snapshot,
            final_snapshot_identifier=f"{names.cluster}-final" if wanted.final_snapshot else None,
            tags=self._tags,
            opts=ResourceOptions(
                parent=self,
                protect=settings.protect,
                depends_on=[subnets, parameters, *copier, *access.rules, *self._args.network.ready],
            ),
        )

    def _after_cluster(self, *more: pulumi.Resource) -> ResourceOptions:
        return ResourceOptions(parent=self, depends_on=[self.cluster, *more])

    def _logging(self, name: str) -> None:
        """Send connections, user changes and statements to log groups of ours.

        Log delivery to S3 would need a bucket without a customer key.
        """
        names = self._args.names
        groups = [
            cloudwatch.LogGroup(
                f"{name}-{kind}-log-group",
                name=names.warehouse_log_group(kind),
                kms_key_id=self._args.logs_key_arn,
                retention_in_days=self._args.settings.warehouse.log_days,
                tags=self._tags,
                opts=ResourceOptions(parent=self),
            )
            for kind in LOG_KINDS
        ]
        redshift.Logging(
            f"{name}-logging",
            cluster_identifier=names.cluster,
            log_destination_type="cloudwatch",
            log_exports=list(LOG_KINDS),
            opts=self._after_cluster(*groups),
        )

    def _backups(self, name: str) -> None:
        names, hours = self._args.names, self._args.settings.warehouse.snapshot_every_hours
        schedule = redshift.SnapshotSchedule(
            f"{name}-snapshot-schedule",
            identifier=names.cluster,
            description=f"Automated snapshots every {hours} hours",
            definitions=[f"rate({hours} {'hour' if hours == 1 else 'hours'})"],
            force_destroy=True,
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        redshift.SnapshotScheduleAssociation(
            f"{name}-snapshot-association",
            cluster_identifier=names.cluster,
            schedule_identifier=names.cluster,
            opts=self._after_cluster(schedule),
        )

    def _limits(self, name: str) -> None:
        """Switch features that cost by use off for the rest of the day once they used what they may."""
        wanted = self._args.settings.warehouse
        limits = {
            "concurrency-scaling": ("time", wanted.concurrency_scaling_minutes),
            "spectrum": ("data-scanned", wanted.spectrum_terabytes),
        }
        for feature, (kind, amount) in limits.items():
            redshift.UsageLimit(
                f"{name}-{feature}-limit",
                cluster_identifier=self._args.names.cluster,
                feature_type=feature,
                limit_type=kind,
                amount=amount,
                period="daily",
                breach_action="disable",
                tags=self._tags,
                opts=self._after_cluster(),
            )

    def _schedule(self, name: str) -> None:
        """Pause and resume the cluster by the clock."""
        names, wanted = self._args.names, self._args.settings.warehouse
        scheduler = service_role(
            f"{name}-pause",
            names,
            PAUSE_ROLE,
            purpose="Lets Redshift's scheduler pause and resume the warehouse",
            trust=pause_trust(),
            grant=PAUSE_ROLE,
            policy=pause_policy(names),
            tags=self._tags,
            parent=self,
        )
        target, pause, resume = (
            redshift.ScheduledActionTargetActionArgs,
            redshift.ScheduledActionTargetActionPauseClusterArgs(cluster_identifier=names.cluster),
            redshift.ScheduledActionTargetActionResumeClusterArgs(cluster_identifier=names.cluster),
        )
        actions = {
            "pause": (wanted.pause_at, target(pause_cluster=pause)),
            "resume": (wanted.resume_at, target(resume_cluster=resume)),
        }
        for action, (clock, what) in actions.items():
            redshift.ScheduledAction(
                f"{name}-{action}-action",
                name=f"{names.cluster}-{action}",
                description=f"Runs {action} on the warehouse by the clock, in UTC",
                schedule=clock,
                iam_role=names.role_arn(PAUSE_ROLE),
                target_action=what,
                enable=True,
                opts=self._after_cluster(*scheduler),
            )

    def _schema(self, name: str, schema: str) -> redshiftdata.Statement:
        """Create a schema through the Data API, which needs no way into the network."""
        return redshiftdata.Statement(
            f"{name}-{schema.replace('_', '-')}-schema",
            cluster_identifier=self._args.names.cluster,
            database=self._args.settings.warehouse.database,
            secret_arn=self.cluster.master_password_secret_arn,
            sql=f"CREATE SCHEMA IF NOT EXISTS {schema}",
            statement_name=f"create-{schema}",
            opts=self._after_cluster(),
        )


def log_groups(names: Names) -> Sequence[str]:
    """Return the log groups the cluster writes to."""
    return [names.warehouse_log_group(kind) for kind in LOG_KINDS]
