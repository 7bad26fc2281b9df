"""Who reaches the warehouse over the network: its groups, their rules, and the loader's connection."""

from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import ec2, glue, redshift, vpc

from components.names import Names
from components.private_network import HTTPS, PrivateNetwork
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
        self.rules: list[pulumi.Resource] = []
        warehouse = self._group("warehouse", "Redshift: its loader in, S3 and the endpoints out")
        loader = self._group("loader", "Workers of Glue jobs that load the warehouse")
        self.warehouse_group_id: Output[str] = warehouse.id
        self.loader_group_id: Output[str] = loader.id
        self._admit("warehouse-from-loader", warehouse.id, loader.id, PORT, "Connections of the loader")
        self._let_out("loader-to-warehouse", loader.id, group=warehouse.id, port=PORT)
        self._admit("loader-from-itself", loader.id, loader.id, None, "Workers of one job")
        self._let_out("loader-to-itself", loader.id, group=loader.id)
        for source, group in (("warehouse", warehouse), ("loader", loader)):
            self._let_out(f"{source}-to-s3", group.id, prefix_list=args.network.s3_prefix_list_id, port=HTTPS)
            self._let_out(
                f"{source}-to-endpoints", group.id, group=args.network.endpoint_group_id, port=HTTPS
            )
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

    def _group(self, part: str, purpose: str) -> ec2.SecurityGroup:
        label = f"{self._args.names.prefix}-{part}"
        return ec2.SecurityGroup(
            f"{self._name}-{part}-group",
            name=label,
            description=purpose,
            vpc_id=self._args.network.vpc_id,
            tags={**self._tags, "Name": label},
            opts=ResourceOptions(parent=self),
        )

    def _admit(
        self, name: str, group: Input[str], source: Input[str], port: int | None, purpose: str
    ) -> None:
        """Let a group in on one port, or on every TCP port."""
        self.rules.append(
            vpc.SecurityGroupIngressRule(
                f"{self._name}-{name}",
                security_group_id=group,
                referenced_security_group_id=source,
                description=purpose,
                ip_protocol="tcp",
                from_port=port or 0,
                to_port=port or 65535,
                tags=self._tags,
                opts=ResourceOptions(parent=self),
            )
        )

    def _let_out(
        self,
        name: str,
        source: Input[str],
        *,
        group: Input[str] | None = None,
        prefix_list: Input[str] | None = None,
        port: int | None = None,
    ) -> None:
        """Let a group out to another group or to a list of AWS's addresses."""
        self.rules.append(
            vpc.SecurityGroupEgressRule(
                f"{self._name}-{name}",
                security_group_id=source,
                referenced_security_group_id=group,
                prefix_list_id=prefix_list,
                description=name.replace("-", " "),
                ip_protocol="tcp",
                from_port=port or 0,
                to_port=port or 65535,
                tags=self._tags,
                opts=ResourceOptions(parent=self),
            )
        )
