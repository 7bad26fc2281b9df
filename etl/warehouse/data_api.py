"""Redshift through its Data API: statements as one transaction, waited for, and errors a person can act on.

https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from etl.errors import DataLakeError

STATEMENTS_AT_ONCE = 40
"""Most statements of one transaction."""

PAUSED = ("paused", "pausing")
_ENDED = ("FINISHED", "FAILED", "ABORTED")
_FIRST_WAIT, _LONGEST_WAIT, _GROWTH = 0.05, 5.0, 1.3
_ATTEMPTS = 3
_CONFLICTS = ("Serializable isolation violation", "could not serialize", "deadlock detected", "40001")
_SHOWN = 300

_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        "divi(de|sion) by zero",
        (
            "The rows that were copied are not the ones the lake's index tells of; nothing was kept. Run the "
            "job again: if the lake was being published to, the next run finds both in step."
        ),
    ),
    (
        "incompatible Parquet schema|number of columns",
        (
            "The Parquet file's columns are not the table's: deploy program and contracts together, then run "
            "raw-to-processed and processed-to-curated with --force true."
        ),
    ),
    (
        "S3ServiceException|Access ?Denied|not authorized to assume|not associated",
        (
            "Let the warehouse's copy role read the object and its key, attach it to the cluster, and let "
            "the network's S3 endpoint through."
        ),
    ),
    ("schema .*does not exist", "Deploy the stack: it creates the schemas."),
    (
        "value too long|length exceeds",
        "A text is longer than its column: the contract's rule that bounds it and the table disagree.",
    ),
)
"""What to do about an error, by a pattern of its text."""


class WarehouseError(DataLakeError):
    """The warehouse refused a statement or could not be reached."""


@dataclass(frozen=True, slots=True)
class Login:
    """A cluster, its database, and the secret with the user and password to sign in with."""

    cluster: str
    database: str
    secret_arn: str


def find_login(redshift: Any, cluster: str, database: str) -> Login | None:
    """Return how to sign in to a cluster whose password Redshift manages; None while it is paused."""
    try:
        (found,) = redshift.describe_clusters(ClusterIdentifier=cluster)["Clusters"]
    except (BotoCoreError, ClientError) as error:
        raise WarehouseError(
            f"The cluster {cluster} cannot be looked at: {error}",
            where=f"redshift cluster {cluster}",
            fix="Deploy the warehouse, and let the job's role describe its cluster.",
        ) from error
    if found["ClusterStatus"] in PAUSED:
        return None
    secret = found.get("MasterPasswordSecretArn")
    if not secret:
        raise WarehouseError(
            f"The cluster {cluster} keeps its password elsewhere.",
            where=f"redshift cluster {cluster}",
            fix="Set manage_master_password on the cluster: jobs sign in with the secret Redshift keeps.",
        )
    return Login(cluster, database, secret)


class Warehouse:
    """Runs statements in a cluster's database; `client` is boto3's of redshift-data."""

    def __init__(self, client: Any, login: Login) -> None:
        self._client = client
        self._login = login

    def transaction(self, statements: Sequence[str], *, name: str) -> list[list[dict[str, Any]]]:
        """Run all statements as one transaction, or none of them; return the rows of the last, if it has any.

        A transaction that lost against another one is tried again. Raises WarehouseError, which names the
        statement that failed.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            described = self._wait(self._send(statements, name))
            if described["Status"] == "FINISHED":
                last = described.get("SubStatements", [described])[-1]
                return self._rows(last["Id"]) if last.get("HasResultSet") else []
            said = str(described.get("Error", described["Status"]))
            if attempt == _ATTEMPTS or not any(sign in said for sign in _CONFLICTS):
                break
        raise self._explained(described, said, name)

    def _send(self, statements: Sequence[str], name: str) -> str:
        try:
            answer = self._client.batch_execute_statement(
                ClusterIdentifier=self._login.cluster,
                Database=self._login.database,
                SecretArn=self._login.secret_arn,
                Sqls=list(statements),
                StatementName=name,
            )
        except (BotoCoreError, ClientError) as error:
            raise WarehouseError(
                f"The warehouse does not take statements: {error}",
                where=f"redshift cluster {self._login.cluster}, database {self._login.database}",
                fix="Check redshift-data, secretsmanager and kms rights of the role, and that the cluster is "
                "available.",
            ) from error
        return str(answer["Id"])

    def _wait(self, identity: str) -> dict[str, Any]:
        wait = _FIRST_WAIT
        while True:
            described: dict[str, Any] = self._client.describe_statement(Id=identity)
            if described["Status"] in _ENDED:
                return described
            time.sleep(wait)
            wait = min(_GROWTH * wait, _LONGEST_WAIT)

    def _rows(self, identity: str) -> list[list[dict[str, Any]]]:
        pages = self._client.get_paginator("get_statement_result").paginate(Id=identity)
        return [row for page in pages for row in page["Records"]]

    def _explained(self, described: dict[str, Any], said: str, name: str) -> WarehouseError:
        parts = described.get("SubStatements", [])
        failed = next((part for part in parts if part["Status"] in ("FAILED", "ABORTED")), described)
        reason = str(failed.get("Error") or said)
        statement = " ".join(str(failed.get("QueryString", "")).split())
        shown = statement if len(statement) <= _SHOWN else f"{statement[: _SHOWN - 1]}…"
        remedy = next(
            (fix for pattern, fix in _REMEDIES if re.search(pattern, reason, re.IGNORECASE)),
            "Nothing of this transaction was kept; mend the cause and run the job again.",
        )
        return WarehouseError(
            f"{name}: {reason}",
            where=f"redshift cluster {self._login.cluster}: {shown}" if shown else self._login.cluster,
            fix=remedy,
        )


def value(cell: dict[str, Any]) -> Any:
    """Return the one value of a cell of a result; None for NULL."""
    if cell.get("isNull"):
        return None
    ((_, found),) = cell.items()
    return found
