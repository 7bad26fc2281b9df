"""A backup of the Glue catalog and its Lake Formation grants that can be restored in another region.

Everything is read through the APIs, kept in the shape that the creating calls take, with every location
rewritten to the replica's bucket, and written as JSON. The manifest comes last: a backup without one is none.
"""

import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.errors import DataLakeError

Document = list[dict[str, Any]]

_PAGE = 100


class CatalogBackupError(DataLakeError):
    """The catalog could not be backed up whole."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is backed up: databases by name, and the bucket whose locations become the replica's."""

    databases: tuple[str, ...]
    source_bucket: str
    replica_bucket: str

    def rewritten(self, value: Any) -> Any:
        """Return a value in which every address of the source bucket is the replica's.

        Addresses are `s3://bucket/…`, `s3a://`, `s3n://` and ARNs; a longer bucket name is another bucket.
        """
        if isinstance(value, str):
            return self._rewritten_text(value)
        if isinstance(value, Mapping):
            return {key: self.rewritten(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.rewritten(member) for member in value]
        return value

    def holds(self, address: str) -> bool:
        """Whether an address or ARN lies in the source bucket."""
        return self._rewritten_text(address) != address

    def _rewritten_text(self, text: str) -> str:
        scheme, mark, path = text.partition("://") if "://" in text else text.partition(":::")
        bucket, slash, key = path.partition("/")
        known = scheme in {"s3", "s3a", "s3n"} if mark == "://" else scheme.endswith(":s3")
        if not known or bucket != self.source_bucket:
            return text
        return f"{scheme}{mark}{self.replica_bucket}{slash}{key}"


def export(glue: Any, lake_formation: Any, scope: Scope) -> dict[str, Document]:
    """Read the catalog and return its documents by file name, each sorted, so that equal catalogs are equal.

    `glue` and `lake_formation` are boto3 clients. Raises `CatalogBackupError` where a database or the grants
    cannot be seen: without rights in Lake Formation its answers are empty, not errors.
    """
    found = [_database(glue, name) for name in scope.databases]
    missing = [name for name, body in zip(scope.databases, found, strict=True) if body is None]
    if missing:
        raise CatalogBackupError(
            f"the databases {', '.join(missing)} cannot be seen",
            where="Glue Data Catalog",
            fix="make the backup's role a read-only administrator of the data lake",
        )
    tables = {name: list(_tables(glue, name)) for name in scope.databases}
    inputs = _members(glue, "TableInput")
    documents: dict[str, Document] = {
        "databases.json": [_kept(body, _members(glue, "DatabaseInput")) for body in found if body],
        "tables.json": [
            {"DatabaseName": name, "TableInput": _kept(table, inputs)}
            for name in scope.databases
            for table in tables[name]
        ],
    }
    for name in scope.databases:
        for table in tables[name]:
            documents[f"partitions/{name}/{table['Name']}.json"] = _partitions(glue, name, table["Name"])
    documents |= _governance(lake_formation, scope, tables)
    return {name: _sorted(scope.rewritten(rows)) for name, rows in sorted(documents.items())}


def write(
    s3: Any, bucket: str, prefix: str, documents: Mapping[str, Document], taken_at: datetime.datetime
) -> str:
    """Write a backup under `prefix/<time>/` and return its manifest's key.

    The manifest names each file with its entries, bytes and SHA-256. The same documents and time give the
    same keys and bytes.
    """
    folder = f"{prefix}{taken_at.astimezone(datetime.UTC):%Y-%m-%dT%H%M%SZ}/"
    files = []
    for name, rows in documents.items():
        body = _json(rows)
        s3.put_object(Bucket=bucket, Key=folder + name, Body=body, ContentType="application/json")
        digest = hashlib.sha256(body).hexdigest()
        files.append({"name": name, "entries": len(rows), "bytes": len(body), "sha256": digest})
    manifest = {"taken_at": taken_at.astimezone(datetime.UTC).isoformat(), "files": files}
    key = f"{folder}manifest.json"
    s3.put_object(Bucket=bucket, Key=key, Body=_json(manifest), ContentType="application/json")
    return key


def newest_snapshot_age(
    home: Any, away: Any, cluster: str, now: datetime.datetime
) -> datetime.timedelta | None:
    """Return how old the replica region's newest usable snapshot of a cluster is; None without any.

    `home` and `away` are Redshift clients of the two regions. A paused cluster changes nothing: what was
    copied when it was paused is as good as new.
    """
    pages = away.get_paginator("describe_cluster_snapshots").paginate(ClusterIdentifier=cluster)
    taken = [
        snapshot["SnapshotCreateTime"]
        for page in pages
        for snapshot in page["Snapshots"]
        if snapshot["Status"] == "available"
    ]
    if not taken:
        return None
    (state,) = home.describe_clusters(ClusterIdentifier=cluster)["Clusters"]
    return datetime.timedelta(0) if state["ClusterStatus"] == "paused" else now - max(taken)


def _database(glue: Any, name: str) -> dict[str, Any] | None:
    try:
        return dict(glue.get_database(Name=name)["Database"])
    except glue.exceptions.EntityNotFoundException:
        return None


def _tables(glue: Any, database: str) -> Iterator[dict[str, Any]]:
    for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
        yield from page["TableList"]


def _partitions(glue: Any, database: str, table: str) -> Document:
    inputs = _members(glue, "PartitionInput")
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
    return [_kept(partition, inputs) for page in pages for partition in page["Partitions"]]


def _governance(
    lake_formation: Any, scope: Scope, tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Document]:
    """Return who may do what, tags and whose they are, filters of cells, and registered locations."""
    entries = _all(lake_formation.list_permissions, "PrincipalResourcePermissions")
    grants = [_kept(entry, _GRANT) for entry in entries if _concerns(entry["Resource"], scope)]
    if not grants:
        raise CatalogBackupError(
            "no grant on the databases can be seen",
            where="Lake Formation",
            fix="make the backup's role a read-only administrator of the data lake",
        )
    assignments: Document = []
    for database, rows in tables.items():
        for resource in _taggable(database, rows):
            tags = lake_formation.get_resource_lf_tags(Resource=resource, ShowAssignedLFTags=True)
            tags = {key: value for key, value in tags.items() if key != "ResponseMetadata" and value}
            if tags:
                assignments.append({"Resource": resource, **tags})
    return {
        "lake-formation/permissions.json": grants,
        "lake-formation/tags.json": list(_all(lake_formation.list_lf_tags, "LFTags")),
        "lake-formation/tag-assignments.json": assignments,
        "lake-formation/cell-filters.json": [
            _without(entry, "VersionId")
            for database, rows in tables.items()
            for table in rows
            for entry in _all(
                lake_formation.list_data_cells_filter,
                "DataCellsFilters",
                Table={"DatabaseName": database, "Name": table["Name"]},
            )
        ],
        "lake-formation/locations.json": [
            _without(entry, "LastModified")
            for entry in _all(lake_formation.list_resources, "ResourceInfoList")
            if scope.holds(entry["ResourceArn"])
        ],
    }


_GRANT = frozenset({"Principal", "Resource", "Permissions", "PermissionsWithGrantOption", "Condition"})


def _concerns(resource: Mapping[str, Any], scope: Scope) -> bool:
    """Whether a grant is about the databases, what lies in them, the bucket's locations, or tags."""
    location = resource.get("DataLocation", {}).get("ResourceArn")
    if location is not None:
        return scope.holds(location)
    named = {
        resource.get("Database", {}).get("Name"),
        resource.get("Table", {}).get("DatabaseName"),
        resource.get("TableWithColumns", {}).get("DatabaseName"),
        resource.get("DataCellsFilter", {}).get("DatabaseName"),
    }
    tagged = bool({"LFTag", "LFTagPolicy", "LFTagExpression"} & set(resource))
    return tagged or bool(named & set(scope.databases))


def _taggable(database: str, tables: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    yield {"Database": {"Name": database}}
    for table in tables:
        yield {"Table": {"DatabaseName": database, "Name": table["Name"]}}


def _all(call: Any, key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    """Yield every entry of a call that answers in pages; Lake Formation has paginators for none."""
    token: dict[str, str] = {}
    while True:
        page = call(MaxResults=_PAGE, **arguments, **token)
        yield from page.get(key, [])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _members(client: Any, shape: str) -> frozenset[str]:
    """Return what a creating call takes, as AWS's own model of the service says."""
    return frozenset(client.meta.service_model.shape_for(shape).members)


def _kept(body: Mapping[str, Any], members: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key in members}


def _without(body: Mapping[str, Any], member: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != member}


def _sorted(rows: Document) -> Document:
    return sorted(rows, key=_json)


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_moment).encode()


def _moment(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a backup")
