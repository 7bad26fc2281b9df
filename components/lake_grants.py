"""Lake Formation grants of one principal, as the access matrix has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import lakeformation

from components.access_matrix import Persona, View
from components.names import Names
from etl.catalog import Zone

READ_TABLE = ("DESCRIBE", "SELECT")
"""Sorted as AWS answers them: anything else is revoked and granted again at every deployment."""


@dataclass(frozen=True)
class LakeGrantsArgs:
    """Who gets what: `principal` an ARN, `views` what its persona sees.

    `filters` are the data filters by zone and table where the persona sees less than all; `after` what the
    grants are about.
    """

    names: Names
    principal: str
    persona: Persona
    views: Sequence[View]
    filters: Mapping[tuple[Zone, str], pulumi.Resource]
    after: Sequence[pulumi.Resource]


class LakeGrants(ComponentResource):
    """The grants of a persona to one principal: by LF-tags, or table by table and filter by filter.

    https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
    """

    def __init__(self, name: str, args: LakeGrantsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:governance:LakeGrants", name, None, opts)
        self._args = args
        if args.persona.tags:
            self._by_tags(name)
        else:
            self._by_table(name)
        self.register_outputs({"principal": args.principal})

    def _by_tags(self, name: str) -> None:
        names = self._args.names
        for kind, permissions in (("DATABASE", ("DESCRIBE",)), ("TABLE", READ_TABLE)):
            lakeformation.Permissions(
                f"{name}-{kind.lower()}-tags-grant",
                principal=self._args.principal,
                permissions=list(permissions),
                lf_tag_policy=lakeformation.PermissionsLfTagPolicyArgs(
                    resource_type=kind,
                    catalog_id=names.account,
                    expressions=[
                        lakeformation.PermissionsLfTagPolicyExpressionArgs(
                            key=names.lf_tag(key), values=list(values)
                        )
                        for key, values in sorted(self._args.persona.tags.items())
                    ],
                ),
                opts=ResourceOptions(parent=self, depends_on=list(self._args.after)),
            )

    def _by_table(self, name: str) -> None:
        args, names = self._args, self._args.names
        after = ResourceOptions(parent=self, depends_on=list(args.after))
        for zone in dict.fromkeys(view.zone for view in args.views):
            lakeformation.Permissions(
                f"{name}-{zone}-database-grant",
                principal=args.principal,
                permissions=["DESCRIBE"],
                database=lakeformation.PermissionsDatabaseArgs(
                    name=names.database(zone), catalog_id=names.account
                ),
                opts=after,
            )
        for view in args.views:
            database, subject = names.database(view.zone), f"{name}-{view.zone}-{view.table}"
            if view.whole:
                lakeformation.Permissions(
                    f"{subject}-grant",
                    principal=args.principal,
                    permissions=list(READ_TABLE),
                    table=lakeformation.PermissionsTableArgs(
                        database_name=database, name=view.table, catalog_id=names.account
                    ),
                    opts=after,
                )
                continue
            data_filter = args.filters[view.zone, view.table]
            lakeformation.Permissions(
                f"{subject}-filter-grant",
                principal=args.principal,
                permissions=["SELECT"],
                data_cells_filter=lakeformation.PermissionsDataCellsFilterArgs(
                    database_name=database,
                    table_name=view.table,
                    name=view.persona,
                    table_catalog_id=names.account,
                ),
                opts=ResourceOptions(parent=self, depends_on=[*args.after, data_filter]),
            )
