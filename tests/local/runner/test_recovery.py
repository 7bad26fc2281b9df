"""A runner that is killed leaves nothing that the next one cannot mend."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from etl.errors import DataLakeError
from local.runner import run_pending
from local.runner.process import end_abandoned, execute
from tests.local.runner.workflow_support import Stage, job_action

RUNNER = """
import sys
from pathlib import Path
from local.aws import Cloud
from local.runner import run_pending
run_pending(Cloud(sys.argv[1]), "local", Path(sys.argv[2]), lambda line: print(line, flush=True))
"""
HANGS_ONCE = """
    import boto3, json, os, sys, time
    s3 = boto3.client("s3")
    first = not s3.list_objects_v2(Bucket="stage", Prefix="pids/").get("Contents")
    s3.put_object(Bucket="stage", Key=f"pids/{os.getpid()}")
    print("started", file=sys.stderr, flush=True)
    if first:
        while True:
            time.sleep(0.2)
    print(json.dumps({"run": {"converged": True}}))
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        if Path("/proc").exists()
        else True
    )


@pytest.mark.slow
def test_run_of_a_killed_runner_is_walked_again_and_its_job_ended(stage: Stage) -> None:
    stage.job("load", HANGS_ONCE)
    stage.on_demand("begin", job_action("load"))
    run_id = stage.cloud.client("glue").start_workflow_run(Name="daily")["RunId"]
    with subprocess.Popen(
        [sys.executable, "-c", RUNNER, stage.cloud.endpoint, str(stage.work)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as runner:
        assert runner.stdout is not None
        for line in runner.stdout:
            if "job load: started" in line:
                break
        runner.send_signal(signal.SIGKILL)
    s3 = stage.cloud.client("s3")
    (key,) = [found["Key"] for found in s3.list_objects_v2(Bucket="stage", Prefix="pids/")["Contents"]]
    orphan = int(key.removeprefix("pids/"))
    assert alive(orphan)

    (report,) = stage.run_pending()

    assert report.run_id == run_id
    node = report.node("load")
    assert node is not None
    assert (node.state, node.summary) == ("SUCCEEDED", {"converged": True})
    deadline = time.monotonic() + 5
    while alive(orphan) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(orphan)
    runs = stage.cloud.client("glue").get_job_runs(JobName="load")["JobRuns"]
    assert sorted(run["JobRunState"] for run in runs) == ["STOPPED", "SUCCEEDED"]
    assert any("of an interrupted runner stopped (it was still running)" in line for line in stage.lines)


def test_crawler_left_running_is_freed(stage: Stage) -> None:
    stage.raw_table("2025-10-01")
    stage.crawler("raw-crawler")
    stage.on_demand("begin", {"CrawlerName": "raw-crawler"})
    stage.cloud.client("glue").start_crawler(Name="raw-crawler")

    (node,) = stage.start().nodes

    assert node.state == "SUCCEEDED"


def test_two_runners_of_one_stack_do_not_walk_side_by_side(stage: Stage) -> None:
    stage.job("load", "import time, sys; print('in', file=sys.stderr, flush=True); time.sleep(2)")
    stage.on_demand("begin", job_action("load"))
    refused: list[str] = []

    def second(line: str) -> None:
        if line == "job load: in":
            with pytest.raises(DataLakeError, match="another run of the stack local is in progress"):
                run_pending(stage.cloud, "local", stage.work, lambda _: None)
            refused.append(line)

    stage.cloud.client("glue").start_workflow_run(Name="daily")
    run_pending(stage.cloud, "local", stage.work, second)

    assert refused == ["job load: in"]


def test_folder_of_an_ended_process_is_not_mistaken_for_a_running_one(tmp_path: Path) -> None:
    outcome = execute(
        [sys.executable, "-c", "print(1)"],
        folder=tmp_path,
        environment=os.environ,
        timeout_seconds=30,
        on_stderr=lambda _: None,
    )

    assert outcome.exit_code == 0
    assert outcome.text("stdout") == "1"
    assert not end_abandoned(tmp_path)
