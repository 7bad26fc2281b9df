"""LF-tags `zone`, `domain` and `sensitivity`, and which databases, tables and columns carry them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import lakeformation

from components.access_matrix import TAG_KEYS, AccessMatrix
from components.names import Names
from etl.catalog import Table, Zone


@dataclass(frozen=True)
class LakeTagsArgs:
    """What is tagged: the contracts' tables by zone; `after` are databases and tables, by zone."""

    names: Names
    matrix: AccessMatrix
    tables: Mapping[Zone, Sequence[Table]]
    after: Mapping[Zone, Sequence[pulumi.Resource]]


class LakeTags(ComponentResource):
    """Tags `zone` and `sensitivity` on databases, `domain` on tables, `sensitivity=pii` on personal columns.

    A table inherits its database's tags and a column its table's, unless it has its own of that key. Each
    assignment is a resource of its own, so that tags which others set stay.
    https://docs.aws.amazon.com/lake-formation/latest/dg/TBAC-overview.html
    """

    def __init__(self, name: str, args: LakeTagsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:governance:LakeTags", name, None, opts)
        self._args, names = args, args.names
        self._tags = {
            key: lakeformation.LfTag(
                f"{name}-{key}",
                key=names.lf_tag(key),
                values=list(args.matrix.tag_values(key)),
                catalog_id=names.account,
                opts=ResourceOptions(parent=self, depends_on=list(args.after[Zone.RAW][:1])),
            )
            for key in TAG_KEYS
        }
        self.ready: list[pulumi.Resource] = list(self._tags.values())
        for zone, tables in args.tables.items():
            database = lakeformation.ResourceLfTagDatabaseArgs(
                name=names.database(zone), catalog_id=names.account
            )
            for key, value in (("zone", zone.value), ("sensitivity", "internal")):
                self._assign(f"{name}-{zone}-{key}", key, value, zone, database=database)
            for table in tables:
                self._table(f"{name}-{zone}-{table.name}", zone, table)
        self.register_outputs({"keys": [names.lf_tag(key) for key in TAG_KEYS]})

    def _table(self, name: str, zone: Zone, table: Table) -> None:
        names = self._args.names
        database = names.database(zone)
        self._assign(
            f"{name}-domain",
            "domain",
            self._args.matrix.domains[table.name],
            zone,
            table=lakeformation.ResourceLfTagTableArgs(
                database_name=database, name=table.name, catalog_id=names.account
            ),
        )
        personal = [column.name for column in table.columns if column.pii]
        if personal:
            self._assign(
                f"{name}-pii",
                "sensitivity",
                "pii",
                zone,
                columns=lakeformation.ResourceLfTagTableWithColumnsArgs(
                    database_name=database, name=table.name, column_names=personal, catalog_id=names.account
                ),
            )

    def _assign(
        self,
        name: str,
        key: str,
        value: str,
        zone: Zone,
        *,
        database: lakeformation.ResourceLfTagDatabaseArgs | None = None,
        table: lakeformation.ResourceLfTagTableArgs | None = None,
        columns: lakeformation.ResourceLfTagTableWithColumnsArgs | None = None,
    ) -> None:
        names = self._args.names
        self.ready.append(
            lakeformation.ResourceLfTag(
                f"{name}-tag",
                catalog_id=names.account,
                lf_tag=lakeformation.ResourceLfTagLfTagArgs(
                    key=names.lf_tag(key), value=value, catalog_id=names.account
                ),
                database=database,
                table=table,
                table_with_columns=columns,
                opts=ResourceOptions(parent=self, depends_on=[self._tags[key], *self._args.after[zone]]),
            )
        )
