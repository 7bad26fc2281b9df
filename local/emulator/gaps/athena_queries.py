"""Amazon Athena query executions: the workgroup rules, and the engine states course and results."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from moto.athena.models import AthenaBackend, Execution
from moto.athena.responses import AthenaResponse
from moto.s3.models import s3_backends
from moto.s3.utils import bucket_and_name_from_url

from local.emulator.gaps.athena_workgroups import InvalidRequest, workgroup
from local.emulator.gaps.extend import add, replace

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
_DDL = ("ALTER", "CREATE", "DESCRIBE", "DROP", "MSCK", "SHOW")


def set_course(execution: Any, course: dict[str, Any]) -> None:
    """States an execution's course: state, reason, output_location, bytes_scanned, engine_time_ms, columns.

    `columns` (name and Athena type each) describe the CSV file that the engine put at the output location.
    """
    if "state" in course:
        execution.status = course["state"]
        if course["state"] in ENDED:
            execution.end_time = time.time()
    execution.course = {**getattr(execution, "course", {}), **course}
    if course.get("output_location"):
        execution.config = {**execution.config, "OutputLocation": course["output_location"]}


def start_query_execution(self: Any) -> str:
    """Queues a query under its workgroup's rules; it stays so until the control API says otherwise."""
    group: Any = workgroup(self.athena_backend, self._get_param("WorkGroup"))
    if group.state == "DISABLED":
        raise InvalidRequest(f"WorkGroup {group.name} is disabled.")
    configured = group.configuration
    own = copy.deepcopy(configured.get("ResultConfiguration") or {})
    asked = self._get_param("ResultConfiguration") or {}
    results = own if configured.get("EnforceWorkGroupConfiguration") else {**own, **asked}
    if not results.get("OutputLocation"):
        raise InvalidRequest(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    context: Any = self._get_param("QueryExecutionContext") or {}
    execution = Execution(
        query=self._get_param("QueryString"),
        context=context,
        config=results,
        workgroup=group,
        execution_parameters=self._get_param("ExecutionParameters"),
    )
    self.athena_backend.executions[execution.id] = execution
    return json.dumps({"QueryExecutionId": execution.id})


def get_query_execution(self: Any) -> str:
    """Answers one execution with what is known of its course."""
    return json.dumps({"QueryExecution": _as_dict(_execution(self))})


def batch_get_query_execution(self: Any) -> str:
    """Answers several executions; those that do not exist are reported."""
    known = self.athena_backend.executions
    ids = self._get_param("QueryExecutionIds")
    missing = [{"QueryExecutionId": each, "ErrorCode": "NOT_FOUND"} for each in ids if each not in known]
    found = [_as_dict(known[each]) for each in ids if each in known]
    return json.dumps({"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing})


def stop_query_execution(self: Any) -> str:
    """Cancels an execution that is not over yet."""
    execution = _execution(self)
    if execution.status not in ENDED:
        set_course(execution, {"state": "CANCELLED", "reason": "Query was cancelled by the user"})
    return "{}"


def list_query_executions(self: Any) -> str:
    """Lists a workgroup's executions, newest first."""
    group = workgroup(self.athena_backend, self._get_param("WorkGroup"))
    ids = [each.id for each in self.athena_backend.executions.values() if each.workgroup.name == group.name]
    return json.dumps({"QueryExecutionIds": ids[::-1]})


def get_query_results(self: Any) -> str:
    """Reads an execution's rows from its CSV file, page by page; the first row is the header."""
    execution = _execution(self)
    if execution.status != "SUCCEEDED":
        raise InvalidRequest(f"Query did not finish successfully. Final query state: {execution.status}")
    rows = _rows(self.athena_backend, execution.config["OutputLocation"])
    begin = int(self._get_param("NextToken") or 0)
    end = begin + (self._get_param("MaxResults") or 1000)
    columns = getattr(execution, "course", {}).get("columns") or [
        {"name": name, "type": "varchar"} for name in (rows[0] if rows else [])
    ]
    answer: dict[str, Any] = {
        "ResultSet": {
            "Rows": [
                {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
                for row in rows[begin:end]
            ],
            "ResultSetMetadata": {"ColumnInfo": [_column(each) for each in columns]},
        },
        "UpdateCount": 0,
    }
    if end < len(rows):
        answer["NextToken"] = str(end)
    return json.dumps(answer)


def split_csv(text: str) -> list[list[str | None]]:
    """Splits Athena's CSV, in which a quoted empty field is an empty string and an unquoted one is NULL."""
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    position = 0
    while position < len(text):
        if text[position] == '"':
            begin, pieces = position + 1, []
            while True:
                quote = text.index('"', begin)
                pieces.append(text[begin:quote])
                if text[quote + 1 : quote + 2] != '"':
                    break
                pieces.append('"')
                begin = quote + 2
            value: str | None = "".join(pieces)
            position = quote + 1
        else:
            end = position
            while end < len(text) and text[end] not in ",\n":
                end += 1
            value = text[position:end] or None
            position = end
        row.append(value)
        if position < len(text) and text[position] == ",":
            position += 1
            if position == len(text) or text[position] == "\n":
                row.append(None)
        if position >= len(text) or text[position] == "\n":
            rows.append(row)
            row = []
            position += 1
    return rows


def _execution(self: Any) -> Any:
    identity = self._get_param("QueryExecutionId")
    execution = self.athena_backend.executions.get(identity)
    if execution is None:
        raise InvalidRequest(f"QueryExecution {identity} was not found")
    return execution


def _as_dict(execution: Any) -> dict[str, Any]:
    course = getattr(execution, "course", {})
    engine_ms = int(course.get("engine_time_ms") or 0)
    status: dict[str, Any] = {"State": execution.status, "SubmissionDateTime": execution.start_time}
    statistics: dict[str, Any] = {"DataScannedInBytes": int(course.get("bytes_scanned") or 0)}
    if execution.status in ENDED:
        total_ms = max(engine_ms, int((execution.end_time - execution.start_time) * 1000))
        status["CompletionDateTime"] = execution.end_time
        statistics |= {
            "EngineExecutionTimeInMillis": engine_ms,
            "TotalExecutionTimeInMillis": total_ms,
            "QueryQueueTimeInMillis": total_ms - engine_ms,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        }
    if course.get("reason"):
        status["StateChangeReason"] = course["reason"]
    answer = {
        "QueryExecutionId": execution.id,
        "Query": execution.query,
        "StatementType": "DDL" if execution.query.lstrip().upper().startswith(_DDL) else "DML",
        "ResultConfiguration": execution.config,
        "QueryExecutionContext": execution.context,
        "Status": status,
        "Statistics": statistics,
        "WorkGroup": execution.workgroup.name,
        "EngineVersion": execution.workgroup.configuration.get("EngineVersion"),
    }
    if execution.execution_parameters is not None:
        answer["ExecutionParameters"] = execution.execution_parameters
    return answer


def _rows(backend: AthenaBackend, location: str) -> list[list[str | None]]:
    bucket, name = bucket_and_name_from_url(location)
    key = s3_backends[backend.account_id][backend.partition].get_object(str(bucket), str(name))
    if key is None:
        raise InvalidRequest(f"Could not find results at {location}")
    return split_csv(key.value.decode("utf-8"))


def _column(column: dict[str, str]) -> dict[str, Any]:
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column["name"],
        "Label": column["name"],
        "Type": column.get("type", "varchar"),
        "Nullable": "UNKNOWN",
    }


def install() -> None:
    """Extends moto's Athena."""
    add(AthenaResponse, batch_get_query_execution)
    for handler in (start_query_execution, get_query_execution, stop_query_execution):
        replace(AthenaResponse, handler.__name__, handler)
    for handler in (list_query_executions, get_query_results):
        replace(AthenaResponse, handler.__name__, handler)
