"""The real engine with the provider as its plugin: deploy, repeat, refresh, change, fail, mend, destroy."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi import automation

from local.aws import Cloud
from local.emulator import process
from local.engine.program_loop import ProgramLoop
from local.provider.version import VERSION
from tests.local.provider.example_support import KEY_POLICY, TRUST, reading

ROOT = Path(__file__).resolve().parents[3]
Program = Callable[[], None]
# Importing a service of the SDK touches its deprecated types.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* has been deprecated in favor of:DeprecationWarning"),
    # The Automation API leaves the event loop of an inline program open; the fixture collects it.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    emulator, _ = process.ensure(tmp_path / "clone", "roundtrip")
    yield Cloud(emulator.endpoint)
    process.stop(tmp_path / "clone", "roundtrip")


class Deployment:
    """A stack of its own home, state and emulator, whose program a test exchanges."""

    def __init__(self, engine_root: Path, folder: Path, endpoint: str) -> None:
        plugin = folder / "home" / "plugins" / f"resource-aws-v{VERSION}" / "pulumi-resource-aws"
        plugin.parent.mkdir(parents=True)
        plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" -u -m local.provider "$@"\n')
        plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
        (folder / "state").mkdir()
        (folder / "work").mkdir()
        self.state = folder / "state"
        workspace = automation.LocalWorkspace(
            work_dir=str(folder / "work"),
            program=self._run,
            pulumi_command=automation.PulumiCommand(str(engine_root)),
            project_settings=automation.ProjectSettings(name="lake", runtime="python"),
            env_vars={
                "PULUMI_HOME": str(folder / "home"),
                "PULUMI_BACKEND_URL": self.state.as_uri(),
                "PULUMI_CONFIG_PASSPHRASE": "passphrase of a test",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PYTHONPATH": str(ROOT),
                "LAKE_EMULATOR": endpoint,
            },
        )
        self.stack = automation.Stack.create_or_select("test", workspace)
        self.stack.set_config("aws:region", automation.ConfigValue("eu-west-1"))
        self.program: Program = lambda: None
        self._loop = ProgramLoop()

    def _run(self) -> None:
        self._loop.note()
        self.program()

    def up(self, program: Program) -> dict[str, int]:
        """Deploy a program; return the number of resources by what was done to them, if anything."""
        self.program = program
        try:
            changes = dict(self.stack.up().summary.resource_changes or {})
        finally:
            self._loop.close()
        return {operation: count for operation, count in changes.items() if operation != "same"}

    def exported(self) -> dict[str, Any]:
        resources = self.stack.export_stack().deployment["resources"]
        return {resource["urn"].rsplit("::", 1)[-1]: resource for resource in resources}


@pytest.fixture
def deployment(engine_root: Path, tmp_path: Path, cloud: Cloud) -> Deployment:
    return Deployment(engine_root, tmp_path, cloud.endpoint)


def lake(
    script: Path, *, team: str = "data", database: str = "energy_raw", secret: str = "s3cr3t"
) -> Program:
    """A small lake, in which most things depend on another."""

    def program() -> None:
        tags = {"team": team}
        key = aws.kms.Key("key", description="lake", enable_key_rotation=True, policy=KEY_POLICY, tags=tags)
        aws.kms.Alias("alias", name="alias/lake", target_key_id=key.key_id)
        bucket = aws.s3.Bucket("data", bucket="roundtrip-data", force_destroy=True, tags=tags)
        aws.s3.BucketVersioning(
            "versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"}
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            "encryption",
            bucket=bucket.id,
            rules=[
                {
                    "bucket_key_enabled": True,
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": key.arn,
                    },
                }
            ],
        )
        aws.s3.BucketObjectv2(
            "script", bucket=bucket.id, key="jobs/job.py", source=pulumi.FileAsset(str(script)), tags=tags
        )
        role = aws.iam.Role("role", assume_role_policy=TRUST, tags=tags)
        aws.iam.RolePolicy("read", role=role.name, policy=bucket.arn.apply(lambda arn: reading(f"{arn}/*")))
        catalog = aws.glue.CatalogDatabase("database", name=database)
        columns = [{"name": "id", "type": "string"}, {"name": "mwh", "type": "double"}]
        aws.glue.CatalogTable(
            "table", name="trades", database_name=catalog.name, storage_descriptor={"columns": columns}
        )
        aws.glue.Job(
            "job",
            role_arn=role.arn,
            command={"script_location": pulumi.Output.concat("s3://", bucket.id, "/jobs/job.py")},
            default_arguments={"--token": pulumi.Output.secret(secret)},
            number_of_workers=2,
            worker_type="G.1X",
            glue_version="5.1",
        )
        pulumi.export("bucket", bucket.arn)

    return program


@pytest.mark.slow
def test_a_stack_lives_from_creation_to_destruction(
    deployment: Deployment, cloud: Cloud, tmp_path: Path
) -> None:
    script = tmp_path / "job.py"
    script.write_text("print(1)")
    assert deployment.up(lake(script)) == {"create": 12}
    assert deployment.up(lake(script)) == {}
    refreshed = deployment.stack.refresh(expect_no_changes=True)
    assert (refreshed.summary.resource_changes or {}).keys() == {"same"}
    assert deployment.stack.preview(expect_no_changes=True).change_summary.keys() == {"same"}

    # In place: tags and a new script.
    script.write_text("print(2)")
    assert deployment.up(lake(script, team="energy")) == {"update": 4}
    s3 = cloud.client("s3")
    assert s3.get_object(Bucket="roundtrip-data", Key="jobs/job.py")["Body"].read() == b"print(2)"

    # A new name makes a new database, and a new table in it.
    assert deployment.up(lake(script, team="energy", database="energy_bronze")) == {"replace": 2}
    names = [database["Name"] for database in cloud.client("glue").get_databases()["DatabaseList"]]
    assert names == ["energy_bronze"]

    # Drift is found by a refresh and mended by the next deployment.
    cloud.client("iam").untag_role(RoleName=deployment.exported()["role"]["id"], TagKeys=["team"])
    assert deployment.stack.refresh().summary.resource_changes["update"] == 1  # type: ignore[index]
    assert deployment.up(lake(script, team="energy", database="energy_bronze")) == {"update": 1}

    deployment.stack.destroy()
    assert cloud.control("GET", "inventory") == {}


@pytest.mark.slow
def test_a_secret_is_encrypted_in_state_and_unseen_in_the_log(
    deployment: Deployment, cloud: Cloud, tmp_path: Path
) -> None:
    script = tmp_path / "job.py"
    script.write_text("print(1)")
    deployment.program = lake(script, secret="unmistakable-secret")
    result = deployment.stack.up()
    job = deployment.exported()["job"]
    arguments = cloud.client("glue").get_job(JobName=job["id"])["Job"]["DefaultArguments"]
    assert arguments == {"--token": "unmistakable-secret"}
    kept = [file.read_bytes() for file in deployment.state.rglob("*.json") if file.is_file()]
    assert any(b"--token" in content for content in kept)
    assert not any(b"unmistakable-secret" in content for content in kept)
    assert "unmistakable-secret" not in result.stdout + result.stderr


@pytest.mark.slow
def test_a_half_made_resource_is_in_state_and_the_next_deployment_finishes_it(
    deployment: Deployment, cloud: Cloud
) -> None:
    def program(tags: dict[str, str]) -> Program:
        return lambda: aws.s3.Bucket("data", bucket="half-made", tags=tags) and None

    with pytest.raises(automation.CommandError) as raised:
        deployment.up(program({"aws:reserved": "x"}))
    assert "PutBucketTagging" in str(raised.value)
    assert deployment.exported()["data"]["initErrors"]
    assert deployment.up(program({"team": "data"})) == {"update": 1}
    assert "initErrors" not in deployment.exported()["data"]
    assert "__incomplete" not in deployment.exported()["data"]["outputs"]
    tags = cloud.client("s3").get_bucket_tagging(Bucket="half-made")["TagSet"]
    assert tags == [{"Key": "team", "Value": "data"}]
    assert deployment.up(program({"team": "data"})) == {}


@pytest.mark.slow
def test_a_preview_deploys_nothing_and_needs_no_credentials(
    deployment: Deployment, cloud: Cloud, tmp_path: Path
) -> None:
    script = tmp_path / "job.py"
    script.write_text("print(1)")
    deployment.program = lake(script)
    assert not any(name.startswith("AWS_ACCESS") for name in os.environ)
    assert deployment.stack.preview().change_summary == {"create": 12}
    assert cloud.control("GET", "inventory") == {}


@pytest.mark.slow
def test_a_typing_mistake_stops_the_deployment_before_it_begins(deployment: Deployment, cloud: Cloud) -> None:
    def program() -> None:
        aws.s3.Bucket("data", bucket="never-made")
        # The typed classes accept any key in a dictionary; the provider does not.
        aws.s3.BucketLifecycleConfiguration(
            "life",
            bucket="never-made",
            rules=[{"id": "a", "status": "Enabled", "expiraton": {"days": 1}}],  # type: ignore[typeddict-unknown-key]
        )

    with pytest.raises(automation.CommandError) as raised:
        deployment.up(program)
    assert "did you mean `expiration`?" in str(raised.value)
