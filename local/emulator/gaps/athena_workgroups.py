"""Amazon Athena workgroups, named queries, prepared statements, data catalogs: updates and deletes."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from moto.athena.models import AthenaBackend, NamedQuery, PreparedStatement, WorkGroup
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError

from local.emulator.gaps.extend import add, replace

DEFAULT_CATALOG = "AwsDataCatalog"
_REMOVABLE = ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration")


class InvalidRequest(JsonRESTError):
    """Athena's refusal."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidRequestException", message)


def workgroup(backend: AthenaBackend, name: str | None) -> WorkGroup:
    """Returns a workgroup by name (`primary` without one), or Athena's refusal."""
    found = backend.work_groups.get(name or "primary")
    if found is None:
        raise InvalidRequest(f"WorkGroup {name} is not found.")
    return found


def update_work_group(self: Any) -> str:
    """Changes what ConfigurationUpdates, Description and State give."""
    group: Any = workgroup(self.athena_backend, self._get_param("WorkGroup"))
    updates = self._get_param("ConfigurationUpdates") or {}
    configuration = copy.deepcopy(group.configuration)
    _apply(configuration, updates)
    group.configuration = configuration
    if self._get_param("Description") is not None:
        group.description = self._get_param("Description")
    if self._get_param("State") is not None:
        group.state = self._get_param("State")
    return "{}"


def _apply(configuration: dict[str, Any], updates: dict[str, Any]) -> None:
    results = updates.get("ResultConfigurationUpdates")
    if results:
        kept = configuration.setdefault("ResultConfiguration", {})
        for field in _REMOVABLE:
            if results.get(f"Remove{field}"):
                kept.pop(field, None)
            elif field in results:
                kept[field] = results[field]
    for field, value in updates.items():
        if field.startswith("Remove"):
            if value:
                configuration.pop(field.removeprefix("Remove"), None)
        elif field == "EngineVersion":
            configuration[field] = _engine(value)
        elif field == "ManagedQueryResultsConfigurationUpdates":
            configuration["ManagedQueryResultsConfiguration"] = value
        elif field != "ResultConfigurationUpdates":
            configuration[field] = value


def _engine(version: dict[str, Any]) -> dict[str, Any]:
    return {"EffectiveEngineVersion": "Athena engine version 3", **version}


def get_work_group(self: Any) -> str:
    """Answers one workgroup, with the time it was made."""
    group: Any = workgroup(self.athena_backend, self._get_param("WorkGroup"))
    answer = {
        "Name": group.name,
        "State": group.state,
        "Configuration": group.configuration,
        "Description": group.description,
        "CreationTime": group.__dict__.setdefault("creation_time", time.time()),
    }
    return json.dumps({"WorkGroup": answer})


def delete_work_group(self: Any) -> str:
    """Removes a workgroup; with contents only when RecursiveDeleteOption is set."""
    backend = self.athena_backend
    group = workgroup(backend, self._get_param("WorkGroup"))
    if group.name == "primary":
        raise InvalidRequest("primary workgroup cannot be deleted.")
    queries = [query.id for query in backend.named_queries.values() if query.workgroup.name == group.name]
    statements = [key for key in backend.prepared_statements if key.startswith(f"{group.name}/")]
    if (queries or statements) and not self._get_param("RecursiveDeleteOption"):
        raise InvalidRequest(f"WorkGroup {group.name} is not empty")
    for each in queries:
        del backend.named_queries[each]
    for each in statements:
        del backend.prepared_statements[each]
    del backend.work_groups[group.name]
    backend.tagger.delete_all_tags_for_resource(group.arn)
    return "{}"


def get_named_query(self: Any) -> str:
    """Answers one named query."""
    return json.dumps({"NamedQuery": _as_dict(_named_query(self))})


def batch_get_named_query(self: Any) -> str:
    """Answers several named queries; those that do not exist are reported."""
    known = self.athena_backend.named_queries
    ids = self._get_param("NamedQueryIds")
    missing = [{"NamedQueryId": each, "ErrorCode": "NOT_FOUND"} for each in ids if each not in known]
    found = [_as_dict(known[each]) for each in ids if each in known]
    return json.dumps({"NamedQueries": found, "UnprocessedNamedQueryIds": missing})


def update_named_query(self: Any) -> str:
    """Changes name, description and text of a named query."""
    query = _named_query(self)
    query.name = self._get_param("Name")
    query.query_string = self._get_param("QueryString")
    query.description = self._get_param("Description")
    return "{}"


def delete_named_query(self: Any) -> str:
    """Removes a named query."""
    del self.athena_backend.named_queries[_named_query(self).id]
    return "{}"


def _named_query(self: Any) -> NamedQuery:
    identity = self._get_param("NamedQueryId")
    query: NamedQuery | None = self.athena_backend.named_queries.get(identity)
    if query is None:
        raise InvalidRequest(f"NamedQuery {identity} was not found.")
    return query


def _as_dict(query: NamedQuery) -> dict[str, Any]:
    return {
        "Name": query.name,
        "Description": query.description,
        "Database": query.database,
        "QueryString": query.query_string,
        "NamedQueryId": query.id,
        "WorkGroup": query.workgroup.name,
    }


def create_prepared_statement(self: Any) -> str:
    """Makes a prepared statement; its name is the workgroup's own."""
    group = workgroup(self.athena_backend, self._get_param("WorkGroup"))
    name = self._get_param("StatementName")
    if f"{group.name}/{name}" in self.athena_backend.prepared_statements:
        raise InvalidRequest(f"PreparedStatement {name} already exists in workgroup {group.name}")
    statement = PreparedStatement(
        name, group, self._get_param("QueryStatement"), self._get_param("Description")
    )
    self.athena_backend.prepared_statements[f"{group.name}/{name}"] = statement
    return "{}"


def get_prepared_statement(self: Any) -> str:
    """Answers one prepared statement."""
    statement = _statement(self)
    answer = {
        "StatementName": statement.statement_name,
        "QueryStatement": statement.query_statement,
        "WorkGroupName": statement.workgroup.name,
        "Description": statement.description,
        "LastModifiedTime": statement.last_modified_time.timestamp(),
    }
    return json.dumps({"PreparedStatement": {k: v for k, v in answer.items() if v is not None}})


def update_prepared_statement(self: Any) -> str:
    """Changes text and description of a prepared statement."""
    old = _statement(self)
    new = PreparedStatement(
        old.statement_name, old.workgroup, self._get_param("QueryStatement"), self._get_param("Description")
    )
    self.athena_backend.prepared_statements[f"{old.workgroup.name}/{old.statement_name}"] = new
    return "{}"


def delete_prepared_statement(self: Any) -> str:
    """Removes a prepared statement."""
    statement = _statement(self)
    del self.athena_backend.prepared_statements[f"{statement.workgroup.name}/{statement.statement_name}"]
    return "{}"


def list_prepared_statements(self: Any) -> str:
    """Lists a workgroup's prepared statements."""
    group = workgroup(self.athena_backend, self._get_param("WorkGroup"))
    listed = [
        {"StatementName": each.statement_name, "LastModifiedTime": each.last_modified_time.timestamp()}
        for each in self.athena_backend.prepared_statements.values()
        if each.workgroup.name == group.name
    ]
    return json.dumps({"PreparedStatements": listed})


def _statement(self: Any) -> PreparedStatement:
    group, name = self._get_param("WorkGroup"), self._get_param("StatementName")
    statement: PreparedStatement | None = self.athena_backend.prepared_statements.get(f"{group}/{name}")
    if statement is None:
        error = JsonRESTError(
            "ResourceNotFoundException", f"PreparedStatement {name} was not found in workGroup {group}"
        )
        raise error
    return statement


def get_data_catalog(self: Any) -> str:
    """Answers one data catalog; the account's own always exists."""
    name = self._get_param("Name")
    catalog = self.athena_backend.get_data_catalog(name)
    if catalog is None and name == DEFAULT_CATALOG:
        catalog = {"Name": name, "Type": "GLUE", "Parameters": {"catalog-id": self.current_account}}
    if catalog is None:
        raise InvalidRequest(f"DataCatalog {name} was not found")
    return json.dumps({"DataCatalog": {**catalog, "Status": "CREATE_COMPLETE"}})


def update_data_catalog(self: Any) -> str:
    """Replaces a data catalog's type, description and parameters."""
    catalog = _catalog(self)
    catalog.type = self._get_param("Type")
    catalog.description = self._get_param("Description")
    catalog.parameters = self._get_param("Parameters")
    return "{}"


def delete_data_catalog(self: Any) -> str:
    """Removes a data catalog."""
    catalog = _catalog(self)
    del self.athena_backend.data_catalogs[catalog.name]
    self.athena_backend.tagger.delete_all_tags_for_resource(catalog.arn)
    return "{}"


def _catalog(self: Any) -> Any:
    name = self._get_param("Name")
    catalog = self.athena_backend.data_catalogs.get(name)
    if catalog is None:
        raise InvalidRequest(f"DataCatalog {name} was not found")
    return catalog


def list_tags_for_resource(self: Any) -> str:
    """Answers the tags of a resource, none for one without."""
    tags = self.athena_backend.list_tags_for_resource(self._get_param("ResourceARN"))
    return json.dumps(tags or {"Tags": []})


def install() -> None:
    """Extends moto's Athena."""

    def create_work_group(self: Any) -> Any:
        answer = create(self)
        group: Any = self.athena_backend.work_groups[self._get_param("Name")]
        group.configuration["EngineVersion"] = _engine(group.configuration.get("EngineVersion", {}))
        group.__dict__.setdefault("creation_time", time.time())
        return answer

    create = replace(AthenaResponse, "create_work_group", create_work_group)
    add(AthenaResponse, update_work_group, batch_get_named_query, update_named_query, delete_named_query)
    add(AthenaResponse, update_prepared_statement, delete_prepared_statement, list_prepared_statements)
    add(AthenaResponse, update_data_catalog, delete_data_catalog)
    for handler in (
        get_work_group,
        delete_work_group,
        get_named_query,
        get_data_catalog,
        list_tags_for_resource,
    ):
        replace(AthenaResponse, handler.__name__, handler)
    for handler in (create_prepared_statement, get_prepared_statement):
        replace(AthenaResponse, handler.__name__, handler)
