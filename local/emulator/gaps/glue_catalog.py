"""AWS Glue's catalog: defaults of databases, connections that change and go, tags that go too."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.glue.exceptions import AlreadyExistsException, EntityNotFoundException
from moto.glue.models import FakeConnection, GlueBackend
from moto.glue.responses import GlueResponse
from moto.lakeformation.models import lakeformation_backends

from local.emulator.gaps.extend import add, replace


def update_connection(self: Any) -> EmptyResult:
    """Replaces a connection's definition; its name stays."""
    name, definition = self._get_param("Name"), self._get_param("ConnectionInput")
    connection = _connection(self.glue_backend, name)
    created = connection.created_time
    connection.__init__(self.glue_backend, connection.catalog_id, {**definition, "Name": name}, {})
    connection.created_time = created
    return EmptyResult()


def delete_connection(self: Any) -> EmptyResult:
    """Removes a connection."""
    name = self._get_param("ConnectionName")
    connection = _connection(self.glue_backend, name)
    del self.glue_backend.connections[name]
    forget_tags(self.glue_backend, connection.arn)
    return EmptyResult()


def batch_delete_connection(self: Any) -> ActionResult:
    """Removes connections; those that do not exist are reported."""
    succeeded: list[str] = []
    errors: dict[str, Any] = {}
    for name in self._get_param("ConnectionNameList"):
        try:
            forget_tags(self.glue_backend, _connection(self.glue_backend, name).arn)
            del self.glue_backend.connections[name]
            succeeded.append(name)
        except EntityNotFoundException as missing:
            errors[name] = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": str(missing)}
    return ActionResult({"Succeeded": succeeded, "Errors": errors})


def forget_tags(backend: GlueBackend, arn: str) -> None:
    """Drops the tags of something deleted, so that a namesake starts without them."""
    backend.tagger.delete_all_tags_for_resource(arn)


def already_exists(kind: str, name: str) -> Exception:
    """Returns AWS's refusal of a second thing by the same name."""
    return AlreadyExistsException(f"{kind} {name}")


def install() -> None:
    """Extends moto's Glue."""

    def create_database(
        self: Any, database_name: str, database_input: dict[str, Any], tags: Any = None
    ) -> Any:
        if database_input.get("CreateTableDefaultPermissions") is None:
            settings = lakeformation_backends[self.account_id][self.region_name].settings[self.account_id]
            inherited = settings.get("CreateTableDefaultPermissions", [])
            database_input = {**database_input, "CreateTableDefaultPermissions": inherited}
        return create(self, database_name, database_input, tags)

    def update_database(self: Any, database_name: str, database_input: dict[str, Any]) -> None:
        if database_input.get("CreateTableDefaultPermissions") is None:
            kept = self.get_database(database_name).input.get("CreateTableDefaultPermissions", [])
            database_input = {**database_input, "CreateTableDefaultPermissions": kept}
        update(self, database_name, database_input)

    def delete_database(self: Any, database_name: str) -> None:
        delete(self, database_name)
        forget_tags(self, f"{self.default_catalog_arn.removesuffix('catalog')}database/{database_name}")

    def connection_as_dict(self: Any, hide_password: bool = False) -> dict[str, Any]:
        answer: dict[str, Any] = as_dict(self, hide_password)
        answer.pop("Connection", None)
        for field in ("ConnectionType", "MatchCriteria", "AuthenticationConfiguration"):
            if field in self.connection_input:
                answer[field] = self.connection_input[field]
        return answer

    add(GlueResponse, update_connection, delete_connection, batch_delete_connection)
    create = replace(GlueBackend, "create_database", create_database)
    update = replace(GlueBackend, "update_database", update_database)
    delete = replace(GlueBackend, "delete_database", delete_database)
    as_dict = replace(FakeConnection, "as_dict", connection_as_dict)


def _connection(backend: Any, name: str) -> Any:
    connection = backend.connections.get(name)
    if connection is None:
        raise EntityNotFoundException(f"Connection with name {name} not found.")
    return connection
