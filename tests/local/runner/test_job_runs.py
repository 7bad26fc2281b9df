"""Jobs run as deployed: their script, packages, role, arguments, limits and logs."""

import json
from pathlib import Path

import pytest

from local.runner.deployed import Action, Node
from local.runner.jobs import effective_arguments, summary_of
from local.runner.report import NodeKind, NodeReport
from tests.local.runner.workflow_support import GROUP, Stage, job_action

ECHO = """
    import json, os, sys
    print("noise on stdout")
    print("working on it", file=sys.stderr)
    print(json.dumps({"run": {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd()}}))
"""


def only(stage: Stage) -> NodeReport:
    (node,) = stage.start().nodes
    return node


def arguments_of(node: NodeReport) -> dict[str, str]:
    words = (node.summary or {})["argv"]
    return dict(zip(words[::2], words[1::2], strict=True))


def test_script_gets_default_arguments_overlaid_by_the_trigger_and_glues_own(stage: Stage) -> None:
    stage.job(
        "load",
        ECHO,
        DefaultArguments={"--lake_uri": "s3://lake/", "--price_cap": "4000", "--mode": "default"},
        NonOverridableArguments={"--mode": "fixed"},
    )
    stage.on_demand("begin", job_action("load", price_cap="3000", mode="changed"))

    node = only(stage)

    given = arguments_of(node)
    assert given["--lake_uri"] == "s3://lake/"
    assert given["--price_cap"] == "3000"
    assert given["--mode"] == "fixed"
    assert given["--JOB_NAME"] == "load"
    assert given["--JOB_RUN_ID"] == node.run_id
    assert given["--WORKFLOW_NAME"] == "daily"
    assert "job load: working on it" in stage.lines


def test_package_zip_is_importable_and_the_project_is_not(stage: Stage) -> None:
    zipped = stage.package("packages/desk-1.zip", {"desk/__init__.py": "", "desk/book.py": "SIZE = 42"})
    stage.job(
        "load",
        """
        import importlib.util, json
        from desk.book import SIZE
        print(json.dumps({"run": {"size": SIZE, "local": importlib.util.find_spec("local") is not None}}))
        """,
        DefaultArguments={"--extra-py-files": zipped},
    )
    stage.on_demand("begin", job_action("load"))

    assert only(stage).summary == {"size": 42, "local": False}


def test_job_runs_as_its_role_with_a_clean_environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "x")
    stage.job(
        "load",
        """
        import boto3, json, os
        caller = boto3.client("sts").get_caller_identity()["Arn"]
        print(json.dumps({"run": {"caller": caller, "names": sorted(os.environ)}}))
        """,
    )
    stage.on_demand("begin", job_action("load"))

    summary = only(stage).summary or {}

    assert summary["caller"].startswith("arn:aws:sts::123456789012:assumed-role/glue-role/load-")
    assert "AWS_ENDPOINT_URL_S3" not in summary["names"]
    assert "SECRET_OF_THE_CALLER" not in summary["names"]


def test_temporary_files_are_gone_after_the_run(stage: Stage) -> None:
    stage.job("load", ECHO)
    stage.on_demand("begin", job_action("load"))

    folder = Path((only(stage).summary or {})["cwd"])

    assert folder.parent == stage.work.resolve() / "jobs" or folder.parent == stage.work / "jobs"
    assert not folder.exists()


def test_missing_script_fails_and_names_the_address(stage: Stage) -> None:
    stage.job("load", ECHO, Command={"Name": "glueetl", "ScriptLocation": "s3://stage/jobs/gone.py"})
    stage.on_demand("begin", job_action("load"))

    node = only(stage)

    assert node.state == "FAILED"
    assert "cannot fetch s3://stage/jobs/gone.py" in (node.error or "")


def test_missing_package_fails_and_names_the_argument(stage: Stage) -> None:
    stage.job("load", ECHO, DefaultArguments={"--extra-py-files": "s3://stage/packages/gone.zip"})
    stage.on_demand("begin", job_action("load"))

    assert "job load, --extra-py-files: cannot fetch" in (only(stage).error or "")


def test_argument_that_nobody_passes_fails_with_the_scripts_own_words(stage: Stage) -> None:
    stage.job(
        "load",
        """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--lake_uri", required=True)
        parser.parse_known_args()
        """,
    )
    stage.on_demand("begin", job_action("load"))

    node = only(stage)

    assert node.state == "FAILED"
    assert "the following arguments are required: --lake_uri" in (node.error or "")
    assert "default arguments of the job load" in (node.error or "")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("nobody", "wants the role nobody, which does not exist"),
        ("arn:aws:iam::123456789012:role/other/glue-role", "but the role of that name is"),
        ("closed", "the role closed does not let Glue assume it"),
    ],
)
def test_role_that_glue_cannot_assume_fails_the_job(stage: Stage, role: str, expected: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    stage.role("closed", {"Version": "2012-10-17", "Statement": [statement]})
    stage.job("load", ECHO, Role=role)
    stage.on_demand("begin", job_action("load"))

    node = only(stage)

    assert node.state == "FAILED"
    assert expected in (node.error or "")


def test_job_past_its_timeout_is_ended_with_its_children(stage: Stage, tmp_path: Path) -> None:
    marker = tmp_path / "survivor"
    stage.job(
        "slow",
        f"""
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(8); open({str(marker)!r}, 'w')"])
        time.sleep(60)
        """,
        Timeout=1,
    )
    stage.on_demand("begin", {"JobName": "slow", "Timeout": 1})
    from local.runner import jobs

    original = jobs.process.execute

    def hurried(command, **options):  # type: ignore[no-untyped-def]
        return original(command, **{**options, "timeout_seconds": options["timeout_seconds"] / 60})

    jobs.process.execute = hurried  # a minute is the least that Glue has; a test has no minute
    try:
        node = only(stage)
    finally:
        jobs.process.execute = original

    assert node.state == "TIMEOUT"
    assert node.seconds < 7
    run = stage.cloud.client("glue").get_job_run(JobName="slow", RunId=node.run_id)["JobRun"]
    assert run["JobRunState"] == "TIMEOUT"
    assert not marker.exists()


def test_failed_job_is_retried_as_often_as_deployed_and_may_recover(stage: Stage) -> None:
    stage.job(
        "flaky",
        """
        import boto3, json
        s3 = boto3.client("s3")
        tried = len(s3.list_objects_v2(Bucket="stage", Prefix="tries/").get("Contents", []))
        s3.put_object(Bucket="stage", Key=f"tries/{tried}")
        if tried < 2:
            raise SystemExit(f"try {tried} failed")
        print(json.dumps({"run": {"tries": tried + 1}}))
        """,
        MaxRetries=2,
    )
    stage.on_demand("begin", job_action("flaky"))

    node = only(stage)

    assert (node.state, node.attempts, node.summary) == ("SUCCEEDED", 3, {"tries": 3})
    runs = stage.cloud.client("glue").get_job_runs(JobName="flaky")["JobRuns"]
    assert sorted(run["JobRunState"] for run in runs) == ["FAILED", "FAILED", "SUCCEEDED"]


def test_second_run_beyond_max_concurrent_runs_is_refused(stage: Stage) -> None:
    stage.job("load", ECHO, ExecutionProperty={"MaxConcurrentRuns": 1})
    stage.cloud.client("glue").start_job_run(JobName="load")
    stage.on_demand("begin", job_action("load"))

    node = only(stage)

    assert node.state == "FAILED"
    assert "already runs 1 time(s), its MaxConcurrentRuns" in (node.error or "")


def test_output_goes_to_the_jobs_log_group(stage: Stage) -> None:
    stage.job("load", ECHO)
    stage.on_demand("begin", job_action("load"))

    node = only(stage)

    logged = stage.cloud.client("logs").get_log_events(
        logGroupName=GROUP, logStreamName=f"{node.run_id}-driver"
    )["events"]
    said = [event["message"] for event in logged]
    assert "working on it" in said
    assert "noise on stdout" in said
    assert node.notes == ()


def test_log_group_that_was_not_deployed_is_noted_and_not_made(stage: Stage) -> None:
    stage.job(
        "load",
        ECHO,
        DefaultArguments={
            "--custom-logGroup-prefix": "/aws-glue/nowhere",
        },
    )
    stage.on_demand("begin", job_action("load"))

    node = only(stage)

    assert node.state == "SUCCEEDED"
    (note,) = node.notes
    assert "log group /aws-glue/nowhere/output: ResourceNotFoundException" in note
    groups = stage.cloud.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == [GROUP]


def test_encrypted_logs_go_to_the_group_of_configuration_and_role(stage: Stage) -> None:
    group = "/aws-glue/jobs/lake-security-role/glue-role/output"
    stage.cloud.client("logs").create_log_group(logGroupName=group)
    stage.job("load", ECHO, SecurityConfiguration="lake-security")
    stage.on_demand("begin", job_action("load"))

    assert only(stage).notes == ()

    streams = stage.cloud.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    assert len(streams) == 1


def test_final_state_and_seconds_are_in_the_emulator(stage: Stage) -> None:
    stage.job("load", "raise SystemExit(3)")
    stage.on_demand("begin", job_action("load"))

    node = only(stage)

    run = stage.cloud.client("glue").get_job_run(JobName="load", RunId=node.run_id)["JobRun"]
    assert run["JobRunState"] == "FAILED"
    assert "exit code 3" in run["ErrorMessage"]
    assert "a threshold was breached and nothing was published" in run["ErrorMessage"]


def test_a_failed_job_says_why_without_the_progress_it_told_before(stage: Stage) -> None:
    script = """
import sys
print('{"step": "judging", "dataset": "clients"}', file=sys.stderr)
print("clients 2026-03-28: 40 of 100 broke reject_ratio", file=sys.stderr)
raise SystemExit(3)
"""
    stage.job("load", script)
    stage.on_demand("begin", job_action("load"))

    error = only(stage).error or ""

    assert "40 of 100 broke reject_ratio" in error
    assert "judging" not in error


def test_overlay_order_of_arguments() -> None:
    action = Action(Node(NodeKind.JOB, "j"), {"--b": "trigger", "--c": "trigger"})
    job = {"DefaultArguments": {"--a": "job", "--b": "job"}, "NonOverridableArguments": {"--c": "fixed"}}

    assert effective_arguments(job, action) == {"--a": "job", "--b": "trigger", "--c": "fixed"}


@pytest.mark.parametrize(
    ("stdout", "expected"),
    [
        ("", None),
        ("plain text", None),
        ('{"run": {"rows": 1}}\nbye', {"rows": 1}),
        ('{"run": {"rows": 1}}\n{"run": {"rows": 2}}', {"rows": 2}),
        ('{"run": {"rows": 1}}\n{broken', {"rows": 1}),
        ('{"other": 1}', None),
        (json.dumps({"run": "text"}), None),
    ],
)
def test_summary_is_the_last_json_line_with_a_run(stdout: str, expected: object) -> None:
    assert summary_of(stdout) == expected
