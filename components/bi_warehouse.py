"""QuickSight's way to the warehouse: a VPC connection into the private network, and the data source."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import quicksight, redshift

from components.bi_policies import network_policy, network_trust
from components.names import Names
from components.security_groups import SecurityGroups
from components.service_role import service_role
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
        names, settings = args.names, args.settings
        tagged = tags(settings, "business-intelligence")
        role = service_role(
            name,
            names,
            NETWORK_ROLE,
            purpose="Lets QuickSight put interfaces into the private subnets",
            trust=network_trust(names),
            grant="connect-to-subnets",
            policy=network_policy(names),
            tags=tagged,
            parent=self,
        )
        groups = SecurityGroups(name, args.vpc_id, tagged, self)
        group = groups.group(
            "group", names.role("quicksight"), "QuickSight: out to the warehouse, its answers in"
        )
        warehouse = args.warehouse_group_id
        groups.let_out("to-warehouse", group.id, "Queries to the warehouse", target=warehouse, port=args.port)
        groups.admit(
            "answers", group.id, "Answers of the warehouse, to any port that asked", source=warehouse
        )
        groups.admit("at-warehouse", warehouse, "Queries of QuickSight", source=group.id, port=args.port)
        connection = quicksight.VpcConnection(
            f"{name}-connection",
            vpc_connection_id=names.prefix,
            name=names.prefix,
            aws_account_id=names.account,
            role_arn=names.role_arn(NETWORK_ROLE),
            security_group_ids=[group.id],
            subnet_ids=list(args.subnet_ids),
            tags=tagged,
            opts=ResourceOptions(parent=self, depends_on=[*role, *groups.rules]),
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
            tags=tagged,
            opts=ResourceOptions(parent=self, depends_on=[connection, args.cluster]),
        )
        self.register_outputs({"vpc_connection": names.prefix})
