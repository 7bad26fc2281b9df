from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws import Cloud
from local.emulator import process
from tests.local.runner.workflow_support import BUCKET, GROUP, Stage, wipe


@pytest.fixture(scope="package")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("clone")
    emulator, _ = process.ensure(root, "local")
    yield emulator.endpoint
    process.stop(root, "local")


@pytest.fixture
def cloud(endpoint: str) -> Iterator[Cloud]:
    """An embedded AWS with nothing in it."""
    cloud = Cloud(endpoint)
    yield cloud
    wipe(cloud)
    assert cloud.control("GET", "inventory") == {}


@pytest.fixture
def stage(cloud: Cloud, tmp_path: Path) -> Stage:
    """A bucket, a role that Glue may assume, a log group and an empty workflow `daily`."""
    cloud.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    cloud.client("logs").create_log_group(logGroupName=GROUP)
    stage = Stage(cloud, tmp_path / "work")
    stage.role()
    stage.workflow()
    return stage
