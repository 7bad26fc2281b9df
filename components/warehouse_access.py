"""Who reaches the warehouse over the network: its groups, their rules, and the loader's connection."""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import glue, redshift

from components.names import Names
from components.private_network import HTTPS, PrivateNetwork
from components.security_groups import SecurityGroups
from components.settings import Settings
from components.tagging import tags

PORT = 5439
"""Redshift's own; a cluster in two zones takes 5431 to 5455 and 8191 to 8215 only."""


@dataclass(frozen=True)
class WarehouseAccessArgs:
    """The network the warehouse and its loader live in."""

    settings: Settings
    names: Names
    network: PrivateNetwork


class WarehouseAccess(ComponentResource):
    """The security groups of the warehouse and of its loader, and the loader's Glue connection.

    A Glue job with a connection needs a group that admits itself on every TCP port.
    https://docs.aws.amazon.com/glue/latest/dg/setup-vpc-for-glue-access.html
    """

    def __init__(self, name: str, args: WarehouseAccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:warehouse:WarehouseAccess", name, None, opts)
        self._name, self._args, self._tags = name, args, tags(args.settings, "warehouse")
        self.port = PORT
        prefix, network = args.names.prefix, args.network
        groups = SecurityGroups(name, network.vpc_id, self._tags, self)
        warehouse = groups.group(
            "warehouse-group", f"{prefix}-warehouse", "Redshift: its loader in, S3 and the endpoints out"
        )
        loader = groups.group(
            "loader-group", f"{prefix}-loader", "Workers of Glue jobs that load the warehouse"
        )
        self.warehouse_group_id: Output[str] = warehouse.id
        self.loader_group_id: Output[str] = loader.id
        groups.admit(
            "warehouse-from-loader", warehouse.id, "Connections of the loader", source=loader.id, port=PORT
        )
        groups.let_out(
            "loader-to-warehouse", loader.id, "loader to warehouse", target=warehouse.id, port=PORT
        )
        groups.admit("loader-from-itself", loader.id, "Workers of one job", source=loader.id)
        groups.let_out("loader-to-itself", loader.id, "loader to itself", target=loader.id)
        for source, group in (("warehouse", warehouse), ("loader", loader)):
            groups.let_out(
                f"{source}-to-s3",
                group.id,
                f"{source} to s3",
                prefix_list=network.s3_prefix_list_id,
                port=HTTPS,
            )
            groups.let_out(
                f"{source}-to-endpoints",
                group.id,
                f"{source} to endpoints",
                target=network.endpoint_group_id,
                port=HTTPS,
            )
        self.rules = groups.rules
        self.register_outputs({"warehouse_group_id": warehouse.id, "loader_group_id": loader.id})

    def connect(self, cluster: redshift.Cluster) -> glue.Connection:
        """Make the connection that puts a job into the private network.

        It holds neither address nor password: jobs reach the warehouse through the Redshift Data API, with
        their role. https://docs.aws.amazon.com/glue/latest/dg/connection-properties.html
        """
        args, network = self._args, self._args.settings.network
        return glue.Connection(
            f"{self._name}-connection",
            name=args.names.warehouse_connection,
            description="Puts a job beside the warehouse, inside the private network",
            connection_type="NETWORK",
            physical_connection_requirements=glue.ConnectionPhysicalConnectionRequirementsArgs(
                availability_zone=f"{args.names.region}{network.availability_zones[0]}",
                subnet_id=args.network.subnet_ids[0],
                security_group_id_lists=[self.loader_group_id],
            ),
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[cluster, *self.rules]),
        )
