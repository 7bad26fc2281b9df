"""AWS Glue jobs: every field echoed, updates, and runs whose course the runner states."""

from __future__ import annotations

import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.glue.models import FakeJob, FakeJobRun, GlueBackend
from moto.glue.responses import GlueResponse

from local.emulator.gaps.extend import add, replace
from local.emulator.gaps.glue_catalog import already_exists, forget_tags

_FIELDS = {
    "Description": "description",
    "LogUri": "log_uri",
    "Role": "role",
    "ExecutionProperty": "execution_property",
    "Command": "command",
    "DefaultArguments": "default_arguments",
    "NonOverridableArguments": "non_overridable_arguments",
    "Connections": "connections",
    "MaxRetries": "max_retries",
    "AllocatedCapacity": "allocated_capacity",
    "Timeout": "timeout",
    "MaxCapacity": "max_capacity",
    "WorkerType": "worker_type",
    "NumberOfWorkers": "number_of_workers",
    "SecurityConfiguration": "security_configuration",
    "NotificationProperty": "notification_property",
    "GlueVersion": "glue_version",
    "CodeGenConfigurationNodes": "code_gen_configuration_nodes",
    "ExecutionClass": "execution_class",
    "SourceControlDetails": "source_control_details",
    "JobMode": "job_mode",
    "JobRunQueuingEnabled": "job_run_queuing_enabled",
    "MaintenanceWindow": "maintenance_window",
}
_DPU = {"Standard": 1.0, "G.025X": 0.25, "G.1X": 1.0, "G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0, "G.12X": 12.0}
_DPU |= {"G.16X": 16.0, "Z.2X": 2.0, "R.1X": 1.0, "R.2X": 2.0, "R.4X": 4.0, "R.8X": 8.0}
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR")


def update_job(self: Any) -> ActionResult:
    """Replaces a job's whole definition, as AWS does: what is not given goes back to its default."""
    name, definition = self._get_param("JobName"), self._get_param("JobUpdate")
    job = self.glue_backend.get_job(name)
    for field, attribute in _FIELDS.items():
        setattr(job, attribute, definition.get(field))
    _fill(job)
    job.last_modified_on = utcnow()
    return ActionResult({"JobName": name})


def batch_stop_job_run(self: Any) -> ActionResult:
    """Stops runs that are not over yet."""
    name = self._get_param("JobName")
    stopped, errors = [], []
    for run_id in self._get_param("JobRunIds"):
        run = self.glue_backend.get_job_run(name, run_id)
        if run.status in ENDED:
            detail = {
                "ErrorCode": "InvalidInputException",
                "ErrorMessage": f"Job run is in state {run.status}",
            }
            errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
        else:
            set_course(run, {"state": "STOPPED"})
            stopped.append({"JobName": name, "JobRunId": run_id})
    return ActionResult({"SuccessfulSubmissions": stopped, "Errors": errors})


def set_course(run: Any, course: dict[str, Any]) -> None:
    """States a run's course: state, error, started_on, completed_on (ISO 8601), execution_time_s, log."""
    if "state" in course:
        run.status = course["state"]
        if course["state"] in ENDED:
            run.completed_on = utcnow()
    for field, attribute in (("started_on", "started_on"), ("completed_on", "completed_on")):
        if course.get(field):
            setattr(run, attribute, instant(course[field]))
    run.error = course.get("error", getattr(run, "error", None))
    run.log = course.get("log", getattr(run, "log", None))
    run.modified_on = utcnow()
    if run.completed_on is not None:
        run.execution_time = round((run.completed_on - run.started_on).total_seconds())
    if course.get("execution_time_s") is not None:
        run.execution_time = round(course["execution_time_s"])


def instant(text: str) -> datetime.datetime:
    """Reads ISO 8601 into the naive UTC that moto keeps."""
    moment = datetime.datetime.fromisoformat(text)
    return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _fill(job: Any) -> None:
    job.execution_property = job.execution_property or {"MaxConcurrentRuns": 1}
    job.default_arguments = job.default_arguments or {}
    job.max_retries = job.max_retries or 0
    job.execution_class = job.execution_class or "STANDARD"
    job.job_mode = getattr(job, "job_mode", None) or "SCRIPT"
    job.job_run_queuing_enabled = bool(getattr(job, "job_run_queuing_enabled", None))
    job.maintenance_window = getattr(job, "maintenance_window", None)
    if job.timeout is None:
        # Glue 5.0 and newer end a run after 8 hours, older ones after two days.
        job.timeout = 480 if (job.glue_version or "0.9") >= "5.0" else 2880
    if job.worker_type and job.number_of_workers:
        job.max_capacity = _DPU.get(job.worker_type, 1.0) * job.number_of_workers
        job.allocated_capacity = int(job.max_capacity)


def install() -> None:
    """Extends moto's Glue."""

    def create_job(self: Any) -> ActionResult:
        name = self._get_param("Name")
        if name in self.glue_backend.jobs:
            raise already_exists("Job", name)
        answer: ActionResult = create(self)
        job = self.glue_backend.jobs[name]
        for field in ("JobMode", "JobRunQueuingEnabled", "MaintenanceWindow"):
            setattr(job, _FIELDS[field], self._get_param(field))
        _fill(job)
        return answer

    def job_as_dict(self: Any) -> dict[str, Any]:
        answer: dict[str, Any] = as_dict(self)
        fields = ("JobMode", "JobRunQueuingEnabled", "MaintenanceWindow")
        return answer | {field: getattr(self, _FIELDS[field]) for field in fields}

    def start_job_run(self: Any, **options: Any) -> str:
        run_id: str = start(self, **options)
        run: Any = self.job_runs[-1]
        run.job, run.completed_on, run.execution_time = self, None, 0
        return run_id

    def get_job_runs(self: Any) -> list[FakeJobRun]:
        return list(reversed(self.job_runs))

    def run_as_dict(self: Any) -> dict[str, Any]:
        answer: dict[str, Any] = run_dict(self)
        answer["ExecutionTime"] = self.execution_time
        answer["LogGroupName"] = "/aws-glue/jobs"
        answer["GlueVersion"] = self.job.glue_version
        answer["ExecutionClass"] = self.job.execution_class
        answer["JobMode"] = self.job.job_mode
        if self.completed_on is None:
            del answer["CompletedOn"]
        if getattr(self, "error", None):
            answer["ErrorMessage"] = self.error
        return answer

    def delete_job(self: Any, name: str) -> None:
        job = self.jobs.get(name)
        delete(self, name)
        if job:
            forget_tags(self, job.arn)

    add(GlueResponse, update_job, batch_stop_job_run)
    create = replace(GlueResponse, "create_job", create_job)
    as_dict = replace(FakeJob, "as_dict", job_as_dict)
    start = replace(FakeJob, "start_job_run", start_job_run)
    replace(FakeJob, "get_job_runs", get_job_runs)
    run_dict = replace(FakeJobRun, "as_dict", run_as_dict)
    delete = replace(GlueBackend, "delete_job", delete_job)
