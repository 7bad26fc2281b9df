"""Amazon Redshift Data API: statements run for real, in the PostgreSQL that stands in for the cluster.

A call answers at once; a thread of its own runs the statements as one transaction, as the service does.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random
from moto.redshift.models import redshift_backends
from moto.redshiftdata.exceptions import ResourceNotFoundException, ValidationException
from moto.redshiftdata.responses import RedshiftDataAPIServiceResponse
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from local.emulator.gaps import redshift
from local.emulator.gaps.extend import add, replace
from local.emulator.places import home
from local.warehouse.binaries import PostgresError
from local.warehouse.databases import Databases
from local.warehouse.dialect import Copy, StatementError
from local.warehouse.statements import Result, cell, execute

_STATEMENTS_AT_ONCE = 40
_PAGE_ROWS = 1000
_ENDED = ("FINISHED", "FAILED", "ABORTED")
_databases: Databases | None = None


def databases() -> Databases:
    """Return this process's databases, below the folder of its stack."""
    global _databases  # noqa: PLW0603
    if _databases is None:
        _databases = Databases(home() / "warehouse")
    return _databases


def _forget(cluster: str) -> None:
    if _databases is not None:
        _databases.drop(cluster)


class Part:
    """One statement of a run: its text, its course, its result."""

    def __init__(self, identity: str, text: str) -> None:
        self.id = identity
        self.text = text
        self.status = "SUBMITTED"
        self.error: str | None = None
        self.created_at = self.updated_at = time.time()
        self.duration = 0
        self.result = Result()

    def move(self, status: str, error: str | None = None) -> None:
        """Set the course."""
        self.status, self.error, self.updated_at = status, error, time.time()

    def as_dict(self) -> dict[str, Any]:
        """Return what DescribeStatement tells of it."""
        told: dict[str, Any] = {
            "Id": self.id,
            "QueryString": self.text,
            "Status": self.status,
            "CreatedAt": self.created_at,
            "UpdatedAt": self.updated_at,
            "Duration": self.duration,
            "HasResultSet": self.result.columns is not None,
            "ResultRows": self.result.count,
            "ResultSize": -1,
            "RedshiftQueryId": 0,
        }
        return told if self.error is None else {**told, "Error": self.error}


class Run(Part):
    """One call's statements as a transaction of a cluster's administrator."""

    def __init__(
        self, cluster: Any, login: dict[str, Any], user: str, texts: list[str], *, batch: bool
    ) -> None:
        identity = str(mock_random.uuid4())
        super().__init__(identity, "" if batch else texts[0])
        self.cluster, self.login, self.user, self.batch = cluster, login, user, batch
        self.parts = [Part(f"{identity}:{n}" if batch else identity, t) for n, t in enumerate(texts, 1)]
        self.connection: Any = None
        self.cancelled = False

    def start(self) -> None:
        """Run in a thread of its own; whatever happens there ends in a state."""
        threading.Thread(target=self._run, name=f"redshift-data-{self.id}", daemon=True).start()

    def _run(self) -> None:
        self.move("STARTED")
        began = time.monotonic_ns()
        try:
            with databases().connect(
                self.cluster.cluster_identifier, self.login["Database"], self.user
            ) as connection:
                self.connection = connection
                for part in self.parts:
                    self._run_part(part)
        except StatementError as error:
            self._end(began, str(error))
        except (PostgresError, psycopg.Error, OSError) as error:
            self._end(began, f"ERROR: the connection to the cluster failed: {error}")
        except Exception as error:
            self._end(began, f"ERROR: {type(error).__name__} in the embedded warehouse: {error}")
        else:
            self.result = self.parts[-1].result
            self._end(began, None)

    def _run_part(self, part: Part) -> None:
        part.move("STARTED")
        began = time.monotonic_ns()
        try:
            if self.cancelled:
                raise StatementError("ERROR: Query cancelled on user's request")
            part.result = execute(self.connection, part.text, self._objects)
        except Exception as error:
            part.move("ABORTED" if self.cancelled else "FAILED", str(error))
            raise
        part.duration = time.monotonic_ns() - began
        part.move("FINISHED")

    def _end(self, began: int, error: str | None) -> None:
        self.duration = time.monotonic_ns() - began
        if error is not None:
            for part in self.parts:
                if part.status not in _ENDED:
                    part.move("ABORTED")
        failed = "ABORTED" if self.cancelled else "FAILED"
        self.move("FINISHED" if error is None else failed, error)

    def _objects(self, wanted: Copy) -> Iterator[tuple[str, bytes]]:
        """Yield what a COPY asks for, where the cluster has the role and the objects are there."""
        role = wanted.role or getattr(self.cluster, "default_iam_role_arn", None)
        account = self.cluster.account_id
        known = {one.arn: one for one in iam_backends[account]["aws"].roles.values()}
        if role not in self.cluster.iam_roles_arn:
            raise StatementError(f"ERROR: The role {role} is not associated to cluster")
        if role not in known or "redshift.amazonaws.com" not in str(known[role].assume_role_policy_document):
            raise StatementError(f"ERROR: User is not authorized to assume IAM Role {role}")
        bucket, _, prefix = wanted.uri.removeprefix("s3://").partition("/")
        backend = s3_backends[account]["aws"]
        if bucket not in backend.buckets:
            raise StatementError(f"ERROR: S3ServiceException:The specified bucket does not exist: {bucket}")
        names = sorted(name for name in backend.buckets[bucket].keys if str(name).startswith(prefix))
        found = [(name, backend.get_object(bucket, str(name))) for name in names]
        present = [(name, key) for name, key in found if key is not None]
        if not present:
            raise StatementError(f"ERROR: The specified S3 prefix '{prefix}' does not exist")
        yield from ((f"s3://{bucket}/{name}", key.value) for name, key in present)

    def as_dict(self) -> dict[str, Any]:
        """Return what DescribeStatement tells: of a batch, its statements one by one."""
        told = {**super().as_dict(), **self.login, "RedshiftPid": 0}
        if not self.batch:
            return told
        told.pop("QueryString")
        return {**told, "SubStatements": [part.as_dict() for part in self.parts]}


def execute_statement(self: Any) -> str:
    """Runs one statement."""
    return _submit(self, [self._get_param("Sql")], batch=False)


def batch_execute_statement(self: Any) -> str:
    """Runs several statements as one transaction."""
    texts = self._get_param("Sqls") or []
    if not 1 <= len(texts) <= _STATEMENTS_AT_ONCE:
        raise ValidationException(
            f"1 validation error detected: Value at 'sqls' failed to satisfy constraint: Member must have "
            f"length less than or equal to {_STATEMENTS_AT_ONCE}"
        )
    return _submit(self, texts, batch=True)


def _submit(self: Any, texts: list[str], *, batch: bool) -> str:
    if self._get_param("Parameters") or self._get_param("WorkgroupName"):
        raise NotImplementedError("parameters of statements, and serverless workgroups")
    backend = self.redshiftdata_backend
    clusters = redshift_backends[backend.account_id][backend.region_name].clusters
    cluster = clusters.get(self._get_param("ClusterIdentifier"))
    if cluster is None:
        raise ValidationException("Redshift endpoint doesn't exist in this region.")
    if cluster.status != "available":
        raise ValidationException(f"The cluster is {cluster.status}: it does not take statements.")
    login = {
        name: self._get_param(name)
        for name in ("ClusterIdentifier", "Database", "SecretArn", "DbUser")
        if self._get_param(name)
    }
    run = Run(cluster, login, _user(self, cluster), texts, batch=batch)
    backend.statements[run.id] = run
    run.start()
    return json.dumps({"Id": run.id, "CreatedAt": run.created_at, **login})


def _user(self: Any, cluster: Any) -> str:
    """Return who signs in: the user of a secret, which Redshift keeps for the administrator alone."""
    arn = self._get_param("SecretArn")
    if not arn:
        raise NotImplementedError("signing in without a secret")
    backend = self.redshiftdata_backend
    secrets = secretsmanager_backends[backend.account_id][backend.region_name]
    try:
        held = json.loads(secrets.get_secret_value(arn, "", "")["SecretString"])
        user = str(held["username"])
    except Exception as error:
        raise ValidationException(f"Secret {arn} cannot be used: {error}") from None
    if arn != getattr(cluster, "master_password_secret_arn", None):
        raise ValidationException(f"Secret {arn} is not of the cluster {cluster.cluster_identifier}.")
    return user


def _found(self: Any) -> tuple[Run, Part]:
    identity = self._get_param("Id")
    run = self.redshiftdata_backend.statements.get(identity.partition(":")[0])
    if not isinstance(run, Run):
        raise ResourceNotFoundException()
    if identity == run.id:
        return run, run
    part = next((part for part in run.parts if part.id == identity), None)
    if part is None:
        raise ResourceNotFoundException()
    return run, part


def describe_statement(self: Any) -> str:
    """Tells the course of a run, or of one of its statements."""
    return json.dumps(_found(self)[1].as_dict())


def get_statement_result(self: Any) -> str:
    """Answers the rows of a finished statement, page by page."""
    _, part = _found(self)
    if part.status != "FINISHED" or part.result.columns is None:
        raise ResourceNotFoundException()
    start = int(self._get_param("NextToken") or 0)
    rows = part.result.rows[start : start + _PAGE_ROWS]
    answer: dict[str, Any] = {
        "ColumnMetadata": [
            {"name": name, "label": name, "typeName": kind, "nullable": 2}
            for name, kind in part.result.columns
        ],
        "Records": [[cell(value) for value in row] for row in rows],
        "TotalNumRows": len(part.result.rows),
    }
    if start + _PAGE_ROWS < len(part.result.rows):
        answer["NextToken"] = str(start + _PAGE_ROWS)
    return json.dumps(answer)


def cancel_statement(self: Any) -> str:
    """Ends a run that is not over; its transaction is rolled back."""
    run, _ = _found(self)
    if run.status in _ENDED:
        raise ValidationException(
            f"Could not cancel a query that is already in {run.status} state with ID: {run.id}"
        )
    run.cancelled = True
    if run.connection is not None:
        run.connection.cancel()
    return json.dumps({"Status": True})


def install() -> None:
    """Extends moto's Redshift Data API."""
    redshift.ON_CREATION.append(lambda: databases().prepare())
    redshift.ON_DELETION.append(_forget)
    add(RedshiftDataAPIServiceResponse, batch_execute_statement)
    for handler in (execute_statement, describe_statement, get_statement_result, cancel_statement):
        replace(RedshiftDataAPIServiceResponse, handler.__name__, handler)
