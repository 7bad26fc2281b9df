"""Business intelligence: QuickSight's groups, sources, data sets from the gold contracts, and dashboards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import cloudformation, quicksight, redshift

from components.access_matrix import AccessMatrix
from components.bi_policies import READER, reader_policy, source_trust
from components.bi_template import column_type, template
from components.bi_visuals import BOARDS
from components.bi_warehouse import WarehouseSource, WarehouseSourceArgs
from components.governed_database import GovernedDatabase
from components.lake_grants import LakeGrants, LakeGrantsArgs
from components.names import Names
from components.service_role import service_role
from components.settings import Settings
from components.tagging import tags
from etl.catalog import Table, Zone

LAKE_ROLE = "quicksight-lake"
LAKE_SOURCE = "lake"
OWNERS, VIEWERS = "data-engineers", ("analysts", "reporting")
OWN_SOURCE = (
    "quicksight:DeleteDataSource",
    "quicksight:DescribeDataSource",
    "quicksight:DescribeDataSourcePermissions",
    "quicksight:PassDataSource",
    "quicksight:UpdateDataSource",
    "quicksight:UpdateDataSourcePermissions",
)
"""An owner's actions on a data source; QuickSight takes an owner's or a user's set, and nothing between."""
OWN_DATA_SET = (
    "quicksight:CancelIngestion",
    "quicksight:CreateIngestion",
    "quicksight:DeleteDataSet",
    "quicksight:DescribeDataSet",
    "quicksight:DescribeDataSetPermissions",
    "quicksight:DescribeIngestion",
    "quicksight:ListIngestions",
    "quicksight:PassDataSet",
    "quicksight:UpdateDataSet",
    "quicksight:UpdateDataSetPermissions",
)
"""An owner's actions on a data set, for which the same holds."""


@dataclass(frozen=True)
class BusinessIntelligenceArgs:
    """What is shown: gold `tables` as `matrix` grants them, and the warehouse in its network."""

    settings: Settings
    names: Names
    tables: Mapping[Zone, Sequence[Table]]
    matrix: AccessMatrix
    catalog: GovernedDatabase
    workgroups: Sequence[pulumi.Resource]
    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    warehouse_group_id: Input[str]
    warehouse_port: int
    cluster: redshift.Cluster


class BusinessIntelligence(ComponentResource):
    """Groups named after personas, an Athena and a Redshift source, data sets of the gold tables, dashboards.

    Lake Formation judges QuickSight by its groups and by the source's role, so both get the persona's grants.
    https://docs.aws.amazon.com/quicksight/latest/user/lake-formation.html
    """

    def __init__(
        self, name: str, args: BusinessIntelligenceArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("energylake:bi:BusinessIntelligence", name, None, opts)
        self._name, self._args, names = name, args, args.names
        self._tags = tags(args.settings, "business-intelligence")
        self._groups: list[pulumi.Resource] = [
            quicksight.Group(
                f"{name}-{group}-group",
                group_name=names.role(group),
                namespace="default",
                aws_account_id=names.account,
                description=f"Members of the persona {group}",
                opts=ResourceOptions(parent=self),
            )
            for group in (OWNERS, *VIEWERS)
        ]
        role = self._role()
        for group in (OWNERS, *VIEWERS):
            self._grant(f"{name}-{group}-group", group, names.quicksight_group_arn(group), self._groups)
        self._grant(f"{name}-lake", READER, names.role_arn(LAKE_ROLE), role)
        source = self._lake_source(role)
        WarehouseSource(
            f"{name}-warehouse",
            WarehouseSourceArgs(
                settings=args.settings,
                names=names,
                vpc_id=args.vpc_id,
                subnet_ids=args.subnet_ids,
                warehouse_group_id=args.warehouse_group_id,
                port=args.warehouse_port,
                cluster=args.cluster,
                permissions=self._source_permissions(),
            ),
            ResourceOptions(parent=self, depends_on=self._groups),
        )
        gold = {table.name: table for table in args.tables[Zone.CURATED]}
        data_sets = [self._data_set(table, source) for table in gold.values()]
        self.stack = cloudformation.Stack(
            f"{name}-dashboards",
            name=names.alarm("dashboards"),
            template_body=json.dumps(
                template(
                    BOARDS,
                    gold,
                    account=names.account,
                    prefix=names.prefix,
                    data_set_arns={table: self._data_set_arn(table) for table in gold},
                    viewers=[names.quicksight_group_arn(group) for group in (OWNERS, *VIEWERS)],
                    tags=self._tags,
                )
            ),
            on_failure="ROLLBACK",
            timeout_in_minutes=15,
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[*self._groups, *data_sets]),
        )
        self.register_outputs({"dashboards": [f"{names.prefix}-{board.name}" for board in BOARDS]})

    def _grant(self, name: str, persona: str, principal: str, after: Sequence[pulumi.Resource]) -> None:
        """Give a principal what a persona sees of the gold tables."""
        args = self._args
        views = [
            view
            for view in args.matrix.views(args.tables)
            if view.persona == persona and view.zone is Zone.CURATED
        ]
        LakeGrants(
            f"{name}-grants",
            LakeGrantsArgs(
                names=args.names,
                principal=principal,
                persona=next(one for one in args.matrix.personas if one.name == persona),
                views=views,
                filters=args.catalog.personas[persona].filters,
                after=[*after, *args.catalog.governed],
            ),
            ResourceOptions(parent=self),
        )

    def _role(self) -> list[pulumi.Resource]:
        """Make the role QuickSight queries Athena under, in the workgroup of reports."""
        args, names = self._args, self._args.names
        views = [view for view in args.matrix.views(args.tables) if view.persona == READER]
        return service_role(
            f"{self._name}-lake",
            names,
            LAKE_ROLE,
            purpose="Lets QuickSight query the lake as reports do",
            trust=source_trust(names),
            grant="query-for-reports",
            policy=reader_policy(names, views),
            tags=self._tags,
            parent=self,
        )

    def _source_permissions(self) -> list[quicksight.DataSourcePermissionArgs]:
        owners = self._args.names.quicksight_group_arn(OWNERS)
        return [quicksight.DataSourcePermissionArgs(actions=list(OWN_SOURCE), principal=owners)]

    def _lake_source(self, after: Sequence[pulumi.Resource]) -> quicksight.DataSource:
        names = self._args.names
        return quicksight.DataSource(
            f"{self._name}-lake-source",
            data_source_id=f"{names.prefix}-{LAKE_SOURCE}",
            name=f"Energy data lake {names.stack}",
            aws_account_id=names.account,
            type="ATHENA",
            parameters=quicksight.DataSourceParametersArgs(
                athena=quicksight.DataSourceParametersAthenaArgs(
                    work_group=names.shared(READER), role_arn=names.role_arn(LAKE_ROLE)
                )
            ),
            ssl_properties=quicksight.DataSourceSslPropertiesArgs(disable_ssl=False),
            permissions=self._source_permissions(),
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[*after, *self._groups, *self._args.workgroups]),
        )

    def _data_set_arn(self, table: str) -> str:
        names = self._args.names
        return names.arn("quicksight", f"dataset/{names.prefix}-{table}")

    def _data_set(self, table: Table, source: quicksight.DataSource) -> quicksight.DataSet:
        """Make the data set of a gold table, imported into QuickSight's memory and refreshed every day."""
        names = self._args.names
        physical = quicksight.DataSetPhysicalTableMapRelationalTableArgs(
            data_source_arn=names.arn("quicksight", f"datasource/{names.prefix}-{LAKE_SOURCE}"),
            catalog="AwsDataCatalog",
            schema=names.database(Zone.CURATED),
            name=table.name,
            input_columns=[
                quicksight.DataSetPhysicalTableMapRelationalTableInputColumnArgs(
                    name=column.name, type=column_type(column)
                )
                for column in (*table.columns, *table.partitions)
            ],
        )
        data_set = quicksight.DataSet(
            f"{self._name}-{table.name}-data-set",
            data_set_id=f"{names.prefix}-{table.name}",
            name=table.name,
            aws_account_id=names.account,
            import_mode="SPICE",
            physical_table_maps=[
                quicksight.DataSetPhysicalTableMapArgs(
                    physical_table_map_id=table.name.replace("_", "-"), relational_table=physical
                )
            ],
            permissions=[
                quicksight.DataSetPermissionArgs(
                    actions=list(OWN_DATA_SET), principal=names.quicksight_group_arn(OWNERS)
                )
            ],
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[source]),
        )
        quicksight.RefreshSchedule(
            f"{self._name}-{table.name}-refresh",
            aws_account_id=names.account,
            data_set_id=f"{names.prefix}-{table.name}",
            schedule_id="daily",
            schedule=quicksight.RefreshScheduleScheduleArgs(
                refresh_type="FULL_REFRESH",
                schedule_frequency=quicksight.RefreshScheduleScheduleScheduleFrequencyArgs(
                    interval="DAILY",
                    time_of_the_day=self._args.settings.business_intelligence.refresh_at,
                    timezone="UTC",
                ),
            ),
            opts=ResourceOptions(parent=self, depends_on=[data_set]),
        )
        return data_set
