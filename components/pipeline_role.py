"""The identity of one job or crawler: its role, what IAM allows it and what Lake Formation grants it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import lakeformation

from components.iam import Document, glue_trust
from components.names import Names
from components.service_role import service_role
from components.settings import Settings
from components.tagging import tags

TABLE_RIGHTS = ("ALTER", "DESCRIBE", "SELECT")
"""What comparing and registering partitions takes; no DROP, no INSERT: jobs write by S3's own rights."""

DATABASE_RIGHTS = ("DESCRIBE",)
CRAWLED_DATABASE_RIGHTS = ("CREATE_TABLE", "DESCRIBE")
"""AWS asks for the right to create tables where a crawler is lent; no policy of ours lets it use that one.

https://docs.aws.amazon.com/glue/latest/dg/crawler-lf-integ.html
"""


@dataclass(frozen=True)
class PipelineRoleArgs:
    """Who it is for (`function`), what its policy says, and the zone whose tables it works on, if any.

    `table` is the only one of them it works on, as a crawler's; None: all of them. `governed` are the
    database, tables and location that the grants are about.
    """

    settings: Settings
    names: Names
    function: str
    description: str
    policy: Document
    zone: str | None
    table: str | None
    governed: Sequence[pulumi.Resource]


class PipelineRole(ComponentResource):
    """A Glue role of one function, with grants on the zone or table it works on.

    https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
    """

    def __init__(self, name: str, args: PipelineRoleArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:pipeline:PipelineRole", name, None, opts)
        names = args.names
        role, policy = service_role(
            name,
            names,
            args.function,
            purpose=args.description,
            trust=glue_trust(names),
            grant=args.function,
            policy=args.policy,
            tags=tags(args.settings, "pipeline"),
            parent=self,
        )
        self.ready: list[pulumi.Resource] = [policy]
        if args.zone is not None:
            self.ready += self._grants(name, args, role, args.zone)
        self.register_outputs({"role_arn": names.role_arn(args.function)})

    def _grants(
        self, name: str, args: PipelineRoleArgs, role: pulumi.Resource, zone: str
    ) -> list[pulumi.Resource]:
        names = args.names
        principal, database = names.role_arn(args.function), names.database(zone)
        opts = ResourceOptions(parent=self, depends_on=[role, *args.governed])
        return [
            lakeformation.Permissions(
                f"{name}-database-grant",
                principal=principal,
                permissions=list(CRAWLED_DATABASE_RIGHTS if args.table else DATABASE_RIGHTS),
                database=lakeformation.PermissionsDatabaseArgs(name=database, catalog_id=names.account),
                opts=opts,
            ),
            lakeformation.Permissions(
                f"{name}-tables-grant",
                principal=principal,
                permissions=list(TABLE_RIGHTS),
                table=lakeformation.PermissionsTableArgs(
                    database_name=database,
                    name=args.table,
                    wildcard=None if args.table else True,
                    catalog_id=names.account,
                ),
                opts=opts,
            ),
            lakeformation.Permissions(
                f"{name}-location-grant",
                principal=principal,
                permissions=["DATA_LOCATION_ACCESS"],
                data_location=lakeformation.PermissionsDataLocationArgs(
                    arn=names.location_arn(zone), catalog_id=names.account
                ),
                opts=opts,
            ),
        ]
