"""QuickSight's way to the warehouse: a VPC connection into the private network, and the data source."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import ec2, iam, quicksight, redshift, vpc

from components.bi_policies import network_policy, network_trust
from components.names import Names
from components.settings import Settings
from components.tagging import tags

NETWORK_ROLE = "quicksight-network"
REDSHIFT_SOURCE = "warehouse"


@dataclass(frozen=True)
class WarehouseSourceArgs:
    """Where the warehouse is: its network, group and cluster; `permissions` are the source's."""

    settings: Settings
    names: Names
    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    warehouse_group_id: Input[str]
    port: int
    cluster: redshift.Cluster
    permissions: Sequence[quicksight.DataSourcePermissionArgs]


class WarehouseSource(ComponentResource):
    """A Redshift data source that signs in as the read-only user whose password the given secret holds.

    It names the cluster's address: to look one up by its identifier, QuickSight needs rights of the account.

    QuickSight's interfaces keep no state of connections: their group has to let the answers in itself.
    https://docs.aws.amazon.com/quicksight/latest/user/vpc-security-groups.html
    """

    def __init__(self, name: str, args: WarehouseSourceArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:bi:WarehouseSource", name, None, opts)
        self._name, self._args = name, args
        names, settings = args.names, args.settings
        self._tags = tags(settings, "business-intelligence")
        role = self._role()
        group = ec2.SecurityGroup(
            f"{name}-group",
            name=names.role("quicksight"),
            description="QuickSight: out to the warehouse, its answers in",
            vpc_id=args.vpc_id,
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        rules = self._rules(group)
        connection = quicksight.VpcConnection(
            f"{name}-connection",
            vpc_connection_id=names.prefix,
            name=names.prefix,
            aws_account_id=names.account,
            role_arn=names.role_arn(NETWORK_ROLE),
            security_group_ids=[group.id],
            subnet_ids=list(args.subnet_ids),
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[*role, *rules]),
        )
        quicksight.DataSource(
            f"{name}-source",
            data_source_id=f"{names.prefix}-{REDSHIFT_SOURCE}",
            name=f"Energy warehouse {names.stack}",
            aws_account_id=names.account,
            type="REDSHIFT",
            parameters=quicksight.DataSourceParametersArgs(
                redshift=quicksight.DataSourceParametersRedshiftArgs(
                    host=args.cluster.dns_name, port=args.port, database=settings.warehouse.database
                )
            ),
            credentials=quicksight.DataSourceCredentialsArgs(
                secret_arn=settings.business_intelligence.warehouse_secret_arn
            ),
            ssl_properties=quicksight.DataSourceSslPropertiesArgs(disable_ssl=False),
            vpc_connection_properties=quicksight.DataSourceVpcConnectionPropertiesArgs(
                vpc_connection_arn=names.arn("quicksight", f"vpcConnection/{names.prefix}")
            ),
            permissions=list(args.permissions),
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[connection, args.cluster]),
        )
        self.register_outputs({"vpc_connection": names.prefix})

    def _role(self) -> list[pulumi.Resource]:
        names = self._args.names
        role = iam.Role(
            f"{self._name}-role",
            name=names.role(NETWORK_ROLE),
            description="Lets QuickSight put interfaces into the private subnets",
            assume_role_policy=json.dumps(network_trust(names)),
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        policy = iam.RolePolicy(
            f"{self._name}-policy",
            name="connect-to-subnets",
            role=names.role(NETWORK_ROLE),
            policy=json.dumps(network_policy(names)),
            opts=ResourceOptions(parent=self, depends_on=[role]),
        )
        return [role, policy]

    def _rules(self, group: ec2.SecurityGroup) -> list[pulumi.Resource]:
        args, child = self._args, ResourceOptions(parent=self)
        return [
            vpc.SecurityGroupEgressRule(
                f"{self._name}-to-warehouse",
                security_group_id=group.id,
                referenced_security_group_id=args.warehouse_group_id,
                description="Queries to the warehouse",
                ip_protocol="tcp",
                from_port=args.port,
                to_port=args.port,
                tags=self._tags,
                opts=child,
            ),
            vpc.SecurityGroupIngressRule(
                f"{self._name}-answers",
                security_group_id=group.id,
                referenced_security_group_id=args.warehouse_group_id,
                description="Answers of the warehouse, to any port that asked",
                ip_protocol="tcp",
                from_port=0,
                to_port=65535,
                tags=self._tags,
                opts=child,
            ),
            vpc.SecurityGroupIngressRule(
                f"{self._name}-at-warehouse",
                security_group_id=args.warehouse_group_id,
                referenced_security_group_id=group.id,
                description="Queries of QuickSight",
                ip_protocol="tcp",
                from_port=args.port,
                to_port=args.port,
                tags=self._tags,
                opts=child,
            ),
        ]
