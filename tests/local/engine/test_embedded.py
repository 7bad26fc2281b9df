"""The embedded stack over a small program on the real emulator: rebuilt when it died, empty after destroy."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.aws import Cloud
from local.emulator import process
from local.engine import instance, recovery
from local.engine.binary import Engine
from local.engine.cloud import CloudStack, require_account
from local.engine.embedded import Embedded
from local.engine.errors import EngineError
from tests.local.engine.engine_support import Project, project

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]

BUCKETS = """
    import pulumi_aws as aws

    for number in range(2):
        aws.s3.Bucket(f"bucket-{number}", bucket=f"lake-test-{number}", force_destroy=True)
"""
SETTINGS = "config:\n  aws:region: eu-west-1\n"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Project]:
    made = project(tmp_path)
    made.write(BUCKETS, settings=SETTINGS)
    yield made
    process.stop(made.root, "local")


def embedded(here: Project, engine: Engine) -> Embedded:
    return Embedded(here.root, here.program, here.pack, engine)


def test_destroy_leaves_the_embedded_aws_empty(here: Project, pulumi_engine: Engine) -> None:
    stack = embedded(here, pulumi_engine)
    assert stack.up().changes["create"] == 2
    cloud = instance.deployed(stack.workspace)
    assert cloud.control("GET", "inventory")
    assert not stack.preview().changed
    assert set(stack.refresh().changes) <= {"same"}
    stack.destroy()
    assert cloud.control("GET", "inventory") == {}
    with pytest.raises(EngineError, match="nothing is deployed"):
        instance.deployed(stack.workspace)


def test_what_the_stack_did_not_make_is_named_when_destroy_leaves_it(
    here: Project, pulumi_engine: Engine
) -> None:
    stack = embedded(here, pulumi_engine)
    stack.up()
    s3 = instance.deployed(stack.workspace).client("s3")
    s3.create_bucket(Bucket="somebody-elses", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with pytest.raises(EngineError, match="somebody-elses"):
        stack.destroy()


def test_a_stack_whose_embedded_aws_was_killed_is_rebuilt_and_says_so(
    here: Project, pulumi_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = embedded(here, pulumi_engine)
    stack.up()
    first = process.find(here.root, "local")
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    while process.find(here.root, "local"):
        time.sleep(0.05)
    assert stack.up().changes == {"create": 2}
    assert "is gone" in capsys.readouterr().err
    second = process.find(here.root, "local")
    assert second is not None
    assert len(Cloud(second.endpoint).client("s3").list_buckets()["Buckets"]) == 2


def started(here: Project, verb: str) -> subprocess.Popen[str]:
    """A verb in a process of its own."""
    code = (
        "import sys; from pathlib import Path; from local.engine import binary;"
        " from local.engine.embedded import Embedded; root, program, pack, verb = sys.argv[1:];"
        " getattr(Embedded(Path(root), Path(program), Path(pack), binary.ensure()), verb)()"
    )
    command = [sys.executable, "-c", code, str(here.root), str(here.program), str(here.pack), verb]
    return subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def killed(here: Project, stack: Embedded, verb: str, ready: Callable[[str], bool]) -> None:
    """Run a verb in a process of its own; kill it and its engine once `ready` says so of what it printed."""
    with started(here, verb) as running:
        assert running.stdout is not None
        said = ""
        for line in running.stdout:
            said += line
            if ready(said):
                os.killpg(running.pid, signal.SIGKILL)
                break
        else:
            raise AssertionError(f"never got to the point of the kill:\n{said}")
    assert recovery.lost(stack.workspace)


@pytest.mark.parametrize("verb", ["up", "destroy"])
def test_what_was_killed_while_it_made_or_removed_the_whole_stack_is_rebuilt(
    here: Project, pulumi_engine: Engine, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    here.write(BUCKETS.replace("range(2)", "range(60)"), settings=SETTINGS)
    stack = embedded(here, pulumi_engine)
    word = "created Bucket"
    if verb == "destroy":
        assert stack.up().changes == {"create": 60}
        word = "deleted Bucket"
    killed(here, stack, verb, lambda said: word in said)
    assert stack.up().changes == {"create": 60}
    assert "was killed" in " ".join(capsys.readouterr().err.split())
    assert not recovery.lost(stack.workspace)
    stack.destroy()
    assert recovery.resources(stack.workspace) == []


def test_a_second_run_waits_for_the_one_that_makes_the_stack(here: Project, pulumi_engine: Engine) -> None:
    here.write(BUCKETS.replace("range(2)", "range(60)"), settings=SETTINGS)
    with started(here, "up") as first:
        assert first.stdout is not None
        said = ""
        while "created Bucket" not in said:
            line = first.stdout.readline()
            assert line, said
            said += line
        stack = embedded(here, pulumi_engine)
        again = stack.up()
        said += first.stdout.read()
    assert first.returncode == 0, said
    assert not again.changed
    assert not recovery.lost(stack.workspace)


def test_destroy_after_the_embedded_aws_died_forgets_the_stack(here: Project, pulumi_engine: Engine) -> None:
    stack = embedded(here, pulumi_engine)
    stack.up()
    process.stop(here.root, "local")
    assert stack.destroy() is None
    assert recovery.resources(stack.workspace) == []


def test_a_plan_without_a_deployment_starts_nothing(here: Project, pulumi_engine: Engine) -> None:
    stack = embedded(here, pulumi_engine)
    assert stack.preview().changes["create"] == 2
    assert process.find(here.root, "local") is None


def test_a_cloud_stack_is_planned_without_credentials_and_not_deployed_without(
    here: Project, pulumi_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    stack = CloudStack(here.root, here.program, here.pack, pulumi_engine, "dev")
    assert stack.preview().changes["create"] == 2
    with pytest.raises(EngineError, match="needs AWS credentials"):
        stack.up()
    assert recovery.resources(here.workspace()) == []


def test_an_account_that_is_not_the_stacks_is_refused(
    here: Project, pulumi_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator, _ = process.ensure(here.root, "local")
    monkeypatch.setattr(
        "local.engine.cloud.boto3.client",
        lambda service, region_name: Cloud(emulator.endpoint).client(service),
    )
    with pytest.raises(EngineError, match="belong to account 123456789012, stack dev to 999999999999"):
        require_account({"aws:allowedAccountIds": ["999999999999"], "aws:region": "eu-west-1"}, "dev")


def test_an_endpoint_override_never_reaches_a_cloud_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(EngineError, match="endpoint override"):
        require_account({}, "prod")
