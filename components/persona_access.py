"""The access of one persona: its role, what IAM allows it, its data filters and its grants."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import iam, lakeformation

from components.access_matrix import Persona, View
from components.lake_grants import LakeGrants, LakeGrantsArgs
from components.names import Names
from components.persona_policies import persona_policy, persona_trust
from components.settings import Settings
from components.tagging import tags
from etl.catalog import Zone


@dataclass(frozen=True)
class PersonaAccessArgs:
    """Who (`persona`) sees what (`views`); `after` is what the grants are about."""

    settings: Settings
    names: Names
    persona: Persona
    views: Sequence[View]
    after: Sequence[pulumi.Resource]


class PersonaAccess(ComponentResource):
    """A role that queries in its own workgroup, with exactly the matrix's rights on the lake.

    Columns are named one by one in a filter: a column that a contract adds later is hidden until this
    program shows it. https://docs.aws.amazon.com/lake-formation/latest/dg/data-filters-about.html
    """

    def __init__(self, name: str, args: PersonaAccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:governance:PersonaAccess", name, None, opts)
        names, persona = args.names, args.persona
        role_name = names.role(persona.name)
        role = iam.Role(
            f"{name}-role",
            name=role_name,
            description=persona.description,
            assume_role_policy=json.dumps(persona_trust(names, persona.name)),
            max_session_duration=3600,
            tags=tags(args.settings, "governance"),
            opts=ResourceOptions(parent=self),
        )
        iam.RolePolicy(
            f"{name}-policy",
            name="query-as-persona",
            role=role_name,
            policy=json.dumps(persona_policy(names, persona.name, args.views)),
            opts=ResourceOptions(parent=self, depends_on=[role]),
        )
        self.filters: dict[tuple[Zone, str], pulumi.Resource] = {
            (view.zone, view.table): self._filter(name, args, view)
            for view in args.views
            if not view.whole and not persona.tags
        }
        LakeGrants(
            f"{name}-grants",
            LakeGrantsArgs(
                names=names,
                principal=names.role_arn(persona.name),
                persona=persona,
                views=args.views,
                filters=self.filters,
                after=[role, *args.after],
            ),
            ResourceOptions(parent=self),
        )
        self.register_outputs({"role_arn": names.role_arn(persona.name)})

    def _filter(self, name: str, args: PersonaAccessArgs, view: View) -> lakeformation.DataCellsFilter:
        rows = lakeformation.DataCellsFilterTableDataRowFilterArgs(filter_expression=view.rows)
        if view.rows is None:
            rows = lakeformation.DataCellsFilterTableDataRowFilterArgs(
                all_rows_wildcard=lakeformation.DataCellsFilterTableDataRowFilterAllRowsWildcardArgs()  # type: ignore[no-untyped-call]
            )
        return lakeformation.DataCellsFilter(
            f"{name}-{view.zone}-{view.table}-filter",
            table_data=lakeformation.DataCellsFilterTableDataArgs(
                table_catalog_id=args.names.account,
                database_name=args.names.database(view.zone),
                table_name=view.table,
                name=view.persona,
                column_names=list(view.columns),
                row_filter=rows,
            ),
            opts=ResourceOptions(parent=self, depends_on=list(args.after)),
        )
