"""A Glue job as deployed: script and packages from S3, its role, its arguments, its limits, its retries."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.aws import Cloud
from local.runner import logs, packages, process, roles
from local.runner.deployed import Action
from local.runner.errors import RunnerError
from local.runner.report import NodeKind, NodeReport

RETRIED_STATES = ("FAILED",)
DEFAULT_TIMEOUT_MINUTES = 2880
NAMES_OF_PACKAGES = ("--extra-py-files",)


@dataclass(frozen=True)
class RunContext:
    """The workflow run that a job belongs to, and where its temporary files may live."""

    workflow: str
    workflow_run_id: str
    work: Path
    on_progress: Callable[[str], None]


@dataclass(frozen=True)
class _Attempt:
    run_id: str
    state: str
    error: str | None
    summary: Mapping[str, Any] | None
    notes: tuple[str, ...]


def effective_arguments(job: Mapping[str, Any], action: Action) -> dict[str, str]:
    """Return the job's default arguments, overlaid by the trigger's; the non-overridable ones win."""
    return {
        **(job.get("DefaultArguments") or {}),
        **action.arguments,
        **(job.get("NonOverridableArguments") or {}),
    }


def command_line(arguments: Mapping[str, str], glue_arguments: Mapping[str, str]) -> list[str]:
    """Return what follows the script's name: Glue's own arguments, then the job's, each as `--name value`."""
    merged = {**arguments, **glue_arguments}
    return [word for name, value in sorted(merged.items()) for word in (name, value)]


def run(cloud: Cloud, action: Action, context: RunContext) -> NodeReport:
    """Run a job to its final state, with as many retries as it was deployed with. Never raises."""
    name = action.node.name
    started = time.monotonic()
    attempt = _Attempt("", "FAILED", None, None, ())
    attempts = 0
    try:
        job = _job(cloud, name)
        for attempts in range(1, int(job.get("MaxRetries") or 0) + 2):
            if attempts > 1:
                context.on_progress(f"job {name}: attempt {attempts}")
            attempt = _attempt(cloud, job, action, context, attempt.run_id)
            if attempt.state not in RETRIED_STATES:
                break
    except (RunnerError, ClientError) as error:
        attempt = _Attempt(attempt.run_id, "FAILED", str(error), None, ())
    return NodeReport(
        kind=NodeKind.JOB,
        name=name,
        state=attempt.state,
        seconds=time.monotonic() - started,
        run_id=attempt.run_id or None,
        attempts=max(attempts, 1),
        summary=attempt.summary,
        error=attempt.error,
        notes=attempt.notes,
    )


def _job(cloud: Cloud, name: str) -> Mapping[str, Any]:
    glue = cloud.client("glue")
    try:
        job: Mapping[str, Any] = glue.get_job(JobName=name)["Job"]
    except glue.exceptions.EntityNotFoundException as error:
        raise RunnerError(
            f"a trigger starts the job {name}, which does not exist",
            where=f"glue job {name}",
            fix="deploy the job or correct the trigger's action",
        ) from error
    return job


def _attempt(
    cloud: Cloud, job: Mapping[str, Any], action: Action, context: RunContext, previous: str
) -> _Attempt:
    """One job run: registered in the emulator first, so that whatever happens leaves a final state there."""
    name = action.node.name
    glue = cloud.client("glue")
    try:
        run_id = glue.start_job_run(
            JobName=name,
            Arguments=dict(action.arguments),
            **({"Timeout": action.timeout_minutes} if action.timeout_minutes else {}),
            **({"JobRunId": previous} if previous else {}),
        )["JobRunId"]
    except glue.exceptions.ConcurrentRunsExceededException as error:
        limit = (job.get("ExecutionProperty") or {}).get("MaxConcurrentRuns", 1)
        raise RunnerError(
            f"job {name} already runs {limit} time(s), its MaxConcurrentRuns",
            where=f"glue job {name}",
            fix="wait for the other run, or raise the job's max_concurrent_runs",
        ) from error
    started_on = datetime.now(UTC)
    _tell(cloud, name, run_id, state="RUNNING", started_on=started_on.isoformat())
    folder = context.work / "jobs" / run_id
    folder.mkdir(parents=True)
    (folder / "job").write_text(name, encoding="utf-8")
    try:
        attempt = _execute(cloud, job, action, context=context, run_id=run_id, folder=folder)
    except (RunnerError, ClientError, OSError) as error:
        attempt = _Attempt(run_id, "FAILED", str(error), None, ())
    except BaseException:
        _tell(cloud, name, run_id, state="STOPPED", error="the runner was interrupted")
        raise
    completed_on = datetime.now(UTC)
    _tell(
        cloud,
        name,
        run_id,
        state=attempt.state,
        error=attempt.error,
        started_on=started_on.isoformat(),
        completed_on=completed_on.isoformat(),
        execution_time_s=round((completed_on - started_on).total_seconds()),
    )
    shutil.rmtree(folder, ignore_errors=True)
    return attempt


def _execute(
    cloud: Cloud, job: Mapping[str, Any], action: Action, *, context: RunContext, run_id: str, folder: Path
) -> _Attempt:
    name = action.node.name
    session = roles.assume(cloud, job.get("Role"), user=f"job {name}", session_name=f"{name}-{run_id[:12]}")
    arguments = effective_arguments(job, action)
    script = _download(
        cloud, (job.get("Command") or {}).get("ScriptLocation"), folder, f"job {name}, its script"
    )
    paths = [
        packages.unpacked(
            _download(cloud, location.strip(), folder / "packages", f"job {name}, {option}"),
            context.work / "packages",
        )
        for option in NAMES_OF_PACKAGES
        for location in arguments.get(option, "").split(",")
        if location.strip()
    ]
    minutes = action.timeout_minutes or job.get("Timeout") or DEFAULT_TIMEOUT_MINUTES
    own = {
        "--JOB_NAME": name,
        "--JOB_RUN_ID": run_id,
        "--WORKFLOW_NAME": context.workflow,
        "--WORKFLOW_RUN_ID": context.workflow_run_id,
    }
    outcome = process.execute(
        [sys.executable, str(script), *command_line(arguments, own)],
        folder=folder,
        environment=_environment(cloud, session, folder, paths),
        timeout_seconds=float(minutes) * 60,
        on_stderr=lambda line: context.on_progress(f"job {name}: {line}"),
    )
    group = logs.group_of(arguments, job.get("SecurityConfiguration"), session.role_name)
    notes = logs.write(cloud, group, logs.stream_of(arguments, run_id), outcome.lines)
    summary = summary_of(outcome.text("stdout"))
    if outcome.timed_out:
        return _Attempt(run_id, "TIMEOUT", f"job {name} ran past its {minutes} min", summary, notes)
    if outcome.exit_code:
        return _Attempt(run_id, "FAILED", _failure(name, outcome), summary, notes)
    return _Attempt(run_id, "SUCCEEDED", None, summary, notes)


def summary_of(stdout: str) -> Mapping[str, Any] | None:
    """Return the object under `run` of the last output line that is a JSON object with such a key."""
    for line in reversed(stdout.splitlines()):
        if not line.lstrip().startswith("{"):
            continue
        try:
            parsed = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(parsed, dict) and isinstance(parsed.get("run"), dict):
            summary: Mapping[str, Any] = parsed["run"]
            return summary
    return None


def _failure(name: str, outcome: process.Outcome) -> str:
    lines = (line.strip() for line in outcome.text("stderr").splitlines())
    said = [line for line in lines if line and not line.startswith("{")]  # progress is told as it comes
    reason = "\n".join(said[-12:]) or "it wrote nothing on stderr"
    hint = {
        2: f"\n  fix:   give the argument in the default arguments of the job {name}",
        3: "\n  fix:   a threshold was breached and nothing was published; see the run's report",
    }.get(outcome.exit_code, "")
    return f"job {name} ended with exit code {outcome.exit_code}: {reason}{hint}"


def _download(cloud: Cloud, uri: str | None, folder: Path, what: str) -> Path:
    if not uri or not uri.startswith("s3://") or "/" not in uri[5:]:
        raise RunnerError(f"{what}: {uri!r} is not an s3:// location", where=what, fix="correct it")
    bucket, key = uri[5:].split("/", 1)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / key.rsplit("/", 1)[-1]
    try:
        cloud.client("s3").download_file(bucket, key, str(target))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise RunnerError(
            f"{what}: cannot fetch {uri} ({code})", where=what, fix="deploy the artifact or correct its key"
        ) from error
    return target


def _environment(cloud: Cloud, session: roles.Session, folder: Path, paths: list[Path]) -> dict[str, str]:
    """Return what the job sees: the emulator, its role's credentials, its packages; nothing else."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    region = cloud.client("sts").meta.region_name
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONUNBUFFERED": "1",
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": session.access_key,
        "AWS_SECRET_ACCESS_KEY": session.secret_key,
        "AWS_SESSION_TOKEN": session.token,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _tell(cloud: Cloud, job: str, run_id: str, **state: Any) -> None:
    cloud.control("PUT", f"glue/job-runs/{job}/{run_id}", state)
