"""What a role may read, computed from what is deployed: its IAM policy, Lake Formation's grants and tags.

Lake Formation lends a reader only what a grant names. Grants add up: tables, columns, data cells filters, and
LF-tag expressions, whose tags a column inherits from its table and a table from its database.
https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from local.athena import audit
from local.athena.access import View
from local.athena.catalog import Table
from local.athena.errors import QueryError
from local.aws import Cloud
from local.emulator.policy_documents import Caller, Request, decide, parse

EVERYBODY = "IAM_ALLOWED_PRINCIPALS"
"""The group of all whom IAM lets read: a grant to it switches Lake Formation off for what it names."""

_SELECTING = {"SELECT", "ALL"}


class Reader:
    """A role that asks Athena. Called with a table, it tells what of it the role may see.

    Args:
        cloud: The emulator.
        role: The role's name.

    Raises:
        QueryError: There is no such role.

    """

    def __init__(self, cloud: Cloud, role: str) -> None:
        self._cloud = cloud
        self._lake = cloud.client("lakeformation")
        iam = cloud.client("iam")
        try:
            self.arn = str(iam.get_role(RoleName=role)["Role"]["Arn"])
        except iam.exceptions.NoSuchEntityException as error:
            raise QueryError("ACCESS_DENIED", f"there is no role {role}", fix=self._known()) from error
        self.account = self.arn.split(":")[4]
        self._caller = Caller(self.account, self.arn, self.arn)
        documents = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        self._statements = [
            statement
            for document in documents
            for statement in parse(document if isinstance(document, str) else json.dumps(document))
        ]

    def _known(self) -> str:
        grants = self._lake.list_permissions()["PrincipalResourcePermissions"]
        arns = {grant["Principal"]["DataLakePrincipalIdentifier"] for grant in grants}
        roles = sorted(arn.rsplit("/", 1)[-1] for arn in arns if ":role/" in arn)
        return f"roles with grants: {', '.join(roles) or 'none'}"

    def admit(self, workgroup: str) -> None:
        """Raise QueryError when IAM does not let the role query in a workgroup."""
        self._require("athena:StartQueryExecution", self._arn("athena", f"workgroup/{workgroup}"))

    def __call__(self, table: Table) -> View:
        """Return what the role may see of a table; raises QueryError when that is nothing."""
        self._require("glue:GetTable", self._arn("glue", f"table/{table.database}/{table.name}"))
        self._require("lakeformation:GetDataAccess", "*")
        view = united(list(self._parts(table)), table) if self._registered(table) else None
        if view is None:
            raise QueryError(
                "ACCESS_DENIED",
                f"Insufficient Lake Formation permission(s): Required Select on {table.name}",
                where=f"{table}, as {self.arn}",
                fix="ask as a persona that the access matrix lets read it, or change the matrix and deploy",
            )
        return view

    def record(self, table: Table, denied: QueryError | None) -> None:
        """Leave an access to a table, or a refused one, in the audit trail."""
        audit.record(self._cloud, self.arn, table, denied.reason if denied else None)

    def _require(self, action: str, resource: str) -> None:
        request = Request(action, resource, self._caller, {})
        if decide(self._statements, request) != "Allow":
            raise QueryError(
                "ACCESS_DENIED",
                f"{self.arn} is not authorized to perform: {action} on resource: {resource}",
                fix="ask as a persona whose role may, or change the access matrix and deploy",
            )

    def _arn(self, service: str, rest: str) -> str:
        region = self._cloud.client(service).meta.region_name
        return f"{':'.join(self.arn.split(':')[:2])}:{service}:{region}:{self.account}:{rest}"

    @cached_property
    def _grants(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = self._lake.list_permissions(**token)
            found += [
                grant
                for grant in page["PrincipalResourcePermissions"]
                if grant["Principal"]["DataLakePrincipalIdentifier"] in (self.arn, EVERYBODY)
                and _SELECTING & set(grant["Permissions"])
            ]
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}

    @cached_property
    def _locations(self) -> list[str]:
        held = self._lake.list_resources()["ResourceInfoList"]
        return ["s3://" + each["ResourceArn"].split(":::", 1)[1].rstrip("/") + "/" for each in held]

    def _registered(self, table: Table) -> bool:
        """Whether Lake Formation lends the table's data at all; the personas' own roles reach no object."""
        return any(unquote(table.location).startswith(place) for place in self._locations)

    def _parts(self, table: Table) -> Iterator[View]:
        """Yield what each grant shows of a table."""
        for grant in self._grants:
            resource: Mapping[str, Any] = grant["Resource"]
            if "Table" in resource and _names(resource["Table"], table):
                yield View()
            elif "TableWithColumns" in resource and _names(resource["TableWithColumns"], table):
                yield View(_columns(resource["TableWithColumns"], table))
            elif "DataCellsFilter" in resource:
                yield from self._filtered(resource["DataCellsFilter"], table)
            elif "LFTagPolicy" in resource and resource["LFTagPolicy"].get("ResourceType") == "TABLE":
                tagged = self._tagged(resource["LFTagPolicy"]["Expression"], table)
                if tagged:
                    yield View(tagged)

    def _filtered(self, named: Mapping[str, Any], table: Table) -> Iterator[View]:
        if (named["DatabaseName"], named["TableName"]) != (table.database, table.name):
            return
        found = self._lake.get_data_cells_filter(
            TableCatalogId=named["TableCatalogId"],
            DatabaseName=named["DatabaseName"],
            TableName=named["TableName"],
            Name=named["Name"],
        )["DataCellsFilter"]
        yield View(_columns(found, table), found["RowFilter"].get("FilterExpression"))

    def _tagged(self, expression: Sequence[Mapping[str, Any]], table: Table) -> frozenset[str]:
        """Return the columns whose LF-tags satisfy every part of an expression."""
        wanted = {part["TagKey"]: set(part["TagValues"]) for part in expression}
        carried = self._tags(table)
        return frozenset(
            column for column, tags in carried.items() if all(tags.get(k) in v for k, v in wanted.items())
        )

    def _tags(self, table: Table) -> dict[str, dict[str, str]]:
        columns = [column.name for column in table.all_columns]
        answer = self._lake.get_resource_lf_tags(
            Resource={
                "TableWithColumns": {
                    "DatabaseName": table.database,
                    "Name": table.name,
                    "ColumnNames": columns,
                }
            }
        )
        whole = _by_key(answer.get("LFTagOnDatabase") or []) | _by_key(answer.get("LFTagsOnTable") or [])
        own = {each["Name"]: _by_key(each["LFTags"]) for each in answer.get("LFTagsOnColumns") or []}
        return {column: whole | own.get(column, {}) for column in columns}


def united(parts: Sequence[View], table: Table) -> View | None:
    """Return what several grants show together; None when there are none.

    Raises:
        QueryError: They show different columns of different rows, which one view cannot say.

    """
    if not parts:
        return None
    everything = frozenset(column.name for column in table.all_columns)
    sets = [(everything if part.columns is None else part.columns, part.row_filter) for part in parts]
    free: frozenset[str] = frozenset().union(*(columns for columns, rows in sets if rows is None))
    bound = [(columns, rows) for columns, rows in sets if rows is not None and not columns <= free]
    if not bound:
        return View() if free == everything else View(free)
    if free or len({columns for columns, _ in bound}) > 1:
        raise QueryError(
            "NOT_SUPPORTED", f"the grants on {table} show different columns of different rows",
            fix="give the reader one data filter of the table",
        )  # fmt: skip
    rows = list(dict.fromkeys(rows for _, rows in bound))
    return View(bound[0][0], rows[0] if len(rows) == 1 else " OR ".join(f"({each})" for each in rows))


def _names(resource: Mapping[str, Any], table: Table) -> bool:
    named = resource.get("Name")
    return resource["DatabaseName"] == table.database and (
        named == table.name or (named is None and "TableWildcard" in resource)
    )


def _columns(resource: Mapping[str, Any], table: Table) -> frozenset[str]:
    if resource.get("ColumnNames"):
        return frozenset(name.lower() for name in resource["ColumnNames"])
    left_out = set((resource.get("ColumnWildcard") or {}).get("ExcludedColumnNames") or [])
    return frozenset(column.name for column in table.all_columns if column.name not in left_out)


def _by_key(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {tag["TagKey"]: tag["TagValues"][0] for tag in tags}
