"""The engine's folders: settings in step, the salt kept, the passphrase private, the user's variables out."""

import stat
from pathlib import Path

import pytest
import yaml

from local.engine.errors import EngineError
from local.engine.workspace import Mode, merged
from tests.local.engine.engine_support import Project, project


@pytest.fixture
def here(tmp_path: Path) -> Project:
    return project(tmp_path)


def test_changed_settings_reach_the_engine_and_its_salt_stays(here: Project) -> None:
    workspace = here.workspace()
    workspace.prepare()
    copy = workspace.directory / "Pulumi.dev.yaml"
    copy.write_text("config:\n  test:rooms: 3\nencryptionsalt: v1:abc\n")
    here.write(settings="config:\n  test:rooms: 5\n")
    workspace.prepare()
    assert yaml.safe_load(copy.read_text()) == {"config": {"test:rooms": 5}, "encryptionsalt": "v1:abc"}
    assert "encryptionsalt" not in (here.program / "Pulumi.dev.yaml").read_text()


SECRET = """
secretsprovider: awskms://alias/x
encryptedkey: AQ==
config:
  test:rooms: 3
  test:token:
    secure: v1:x
"""


def test_an_offline_plan_needs_neither_the_key_nor_what_only_it_decrypts(here: Project) -> None:
    here.write(settings=SECRET)
    workspace = here.workspace()
    workspace.prepare()
    assert yaml.safe_load((workspace.directory / "Pulumi.dev.yaml").read_text()) == {
        "config": {"test:rooms": 3}
    }
    assert workspace.withheld() == ["test:token"]


def test_a_cloud_deployment_keeps_the_projects_own_encryption(here: Project) -> None:
    settings = merged(yaml.safe_load(SECRET), {"encryptionsalt": "v1:old"}, keep_encryption=True)
    assert settings == yaml.safe_load(SECRET)


def test_the_passphrase_is_random_kept_and_for_its_owner_only(here: Project, tmp_path: Path) -> None:
    here.workspace().prepare()
    path = here.workspace().passphrase_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.read_text()
    assert len(first) >= 32
    here.workspace("local").prepare()
    assert path.read_text() == first
    other = project(tmp_path / "other")
    other.workspace().prepare()
    assert other.workspace().passphrase_file().read_text() != first


def test_a_stack_without_settings_is_named_with_those_that_exist(here: Project) -> None:
    with pytest.raises(EngineError, match="dev, local"):
        here.workspace("staging").prepare()


def test_settings_that_are_no_yaml_are_named(here: Project) -> None:
    (here.program / "Pulumi.dev.yaml").write_text("config: [")
    with pytest.raises(EngineError, match=r"Pulumi\.dev\.yaml cannot be read"):
        here.workspace().prepare()


@pytest.mark.parametrize("mode", list(Mode))
def test_only_a_cloud_deployment_sees_the_users_aws_and_pulumi(here: Project, mode: Mode) -> None:
    workspace = here.workspace(mode=mode)
    workspace.prepare()
    user = {
        "PATH": "/bin",
        "AWS_PROFILE": "trading",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "PULUMI_BACKEND_URL": "s3://state",
        "PULUMI_HOME": "/home/user/.pulumi",
        "LANG": "C",
    }
    made = workspace.environment("http://127.0.0.1:9", user)
    is_cloud = mode is Mode.CLOUD
    assert ("AWS_PROFILE" in made) is is_cloud
    assert made["PULUMI_BACKEND_URL"] == ("s3://state" if is_cloud else f"file://{workspace.state}")
    assert "AWS_ENDPOINT_URL" not in made
    assert made["PULUMI_HOME"] == str(workspace.home)
    assert made["LANG"] == "C"
    assert made["PATH"].split(":")[0] == str(workspace.bin)
    assert "127.0.0.1" in made["NO_PROXY"]


def test_plans_and_deployments_of_one_stack_have_states_of_their_own(here: Project) -> None:
    offline, cloud = here.workspace(mode=Mode.OFFLINE), here.workspace(mode=Mode.CLOUD)
    assert offline.state != cloud.state
    assert offline.home != cloud.home
