"""A job run's output in CloudWatch Logs, in the groups that Glue itself would write to.

Source: AWS Glue developer guide, "Logging for AWS Glue jobs" (Glue 5.0 and newer).
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from botocore.exceptions import ClientError

from local.aws import Cloud
from local.runner.process import Line

DEFAULT_PREFIX = "/aws-glue/jobs"
EVENT_BYTES = 256 * 1024 - 26
BATCH_BYTES = 1_000_000
BATCH_EVENTS = 10_000


def group_of(arguments: Mapping[str, str], security_configuration: str | None, role: str) -> str:
    """Return the log group of what a script writes to stdout and stderr, as Glue 5 names it.

    Where logs are encrypted the default prefix ends with the security configuration and the role's name.
    """
    secured = f"{DEFAULT_PREFIX}/{security_configuration}-role/{role}" if security_configuration else None
    return f"{arguments.get('--custom-logGroup-prefix') or secured or DEFAULT_PREFIX}/output"


def stream_of(arguments: Mapping[str, str], run_id: str) -> str:
    """Return the log stream of the driver, which is all there is here."""
    return f"{arguments.get('--custom-logStream-prefix') or run_id}-driver"


def write(cloud: Cloud, group: str, stream: str, lines: Sequence[Line]) -> tuple[str, ...]:
    """Put a run's lines into its log group; return a note when the group could not take them.

    A missing group is noted, not created: what the stack did not deploy, the stack could not delete.
    """
    try:
        _put(cloud, group, stream, lines)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return (f"log group {group}: {code}; {len(lines)} lines were not kept",)
    return ()


def _put(cloud: Cloud, group: str, stream: str, lines: Iterable[Line]) -> None:
    logs = cloud.client("logs")
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    batch: list[dict[str, object]] = []
    size = 0
    for line in sorted(lines, key=lambda line: line.at_ms):
        message = line.text.encode()[:EVENT_BYTES].decode(errors="ignore") or " "
        cost = len(message.encode()) + 26
        if batch and (size + cost > BATCH_BYTES or len(batch) == BATCH_EVENTS):
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
            batch, size = [], 0
        batch.append({"timestamp": line.at_ms, "message": message})
        size += cost
    if batch:
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
