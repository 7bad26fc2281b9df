"""The real engine over small programs: plans, deployments, the gate, failures, and recovery from kill -9."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.errors import DataLakeError
from local.engine import recovery
from local.engine.binary import Engine
from local.engine.errors import EngineError, PolicyViolation
from tests.local.engine.engine_support import COMPONENTS, Project, project

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let what a test leaves behind show in this test and not in the next one."""
    yield
    gc.collect()


@pytest.fixture
def here(tmp_path: Path) -> Project:
    return project(tmp_path)


def test_a_deployment_is_planned_made_unchanged_the_second_time_and_destroyed(
    here: Project, pulumi_engine: Engine
) -> None:
    driver = here.driver(pulumi_engine)
    plan = driver.preview()
    assert plan.changes == {"create": 3}
    assert driver.up().changes == {"create": 3}
    assert [resource["type"] for resource in recovery.resources(here.workspace())] == [
        "energylake:test:Room"
    ] * 3
    assert not driver.up().changed
    assert set(driver.refresh().changes) <= {"same"}
    assert driver.destroy().changes == {"delete": 3}
    assert recovery.resources(here.workspace()) == []


def test_the_plan_has_the_form_of_pulumi_preview_json_and_tells_nothing_of_this_machine(
    here: Project, pulumi_engine: Engine
) -> None:
    plan = here.driver(pulumi_engine).preview().plan
    assert plan is not None
    rooms = [step for step in plan["steps"] if step["newState"]["type"] == "energylake:test:Room"]
    assert {step["op"] for step in rooms} == {"create"}
    assert all(step["newState"]["parent"].endswith("::test-dev") for step in rooms)
    text = json.dumps(plan)
    assert "stackTrace" not in text
    assert "sourcePosition" not in text
    assert str(here.folder) not in text


def test_a_mandatory_policy_stops_the_deployment_before_the_first_resource(
    here: Project, pulumi_engine: Engine
) -> None:
    here.write(settings="config:\n  test:rooms: 14\n")
    with pytest.raises(PolicyViolation) as stopped:
        here.driver(pulumi_engine).up()
    (violation,) = stopped.value.violations
    assert violation.resource == "energylake:test:Room room-13"
    assert violation.message == "[T-1 no-thirteen] room-13: is unlucky\n  Fix: build fewer rooms"
    assert recovery.resources(here.workspace()) == []


def test_an_error_the_program_explains_comes_through_as_it_is(here: Project, pulumi_engine: Engine) -> None:
    here.write(
        'from etl.errors import DataLakeError\nraise DataLakeError("bad setting", where="Pulumi.dev.yaml")\n'
    )
    with pytest.raises(DataLakeError) as raised:
        here.driver(pulumi_engine).preview()
    assert raised.value.what == "bad setting"
    assert raised.value.where == "Pulumi.dev.yaml"


def test_a_fault_of_the_program_is_told_with_its_own_line_only(here: Project, pulumi_engine: Engine) -> None:
    here.write('import pulumi\n\ndef broken():\n    return {}["missing"]\n\nbroken()\n')
    with pytest.raises(EngineError) as raised:
        here.driver(pulumi_engine).preview()
    assert "KeyError: 'missing'" in str(raised.value)
    assert "__main__.py:4" in str(raised.value)
    assert "site-packages" not in str(raised.value)


def test_an_output_that_fails_when_the_program_has_ended_is_told(
    here: Project, pulumi_engine: Engine
) -> None:
    here.write(
        "import pulumi\n\nfor n in range(3):\n    pulumi.Output.from_input(n).apply(lambda x: 1 // x)\n"
    )
    with pytest.raises(EngineError, match="division"):
        here.driver(pulumi_engine).preview()


def test_the_users_own_pulumi_and_aws_settings_are_neither_seen_nor_changed(
    here: Project, pulumi_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PULUMI_HOME", str(home / ".pulumi"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://pulumi.invalid")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "theirs")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
    program = 'import os\nassert not [n for n in os.environ if n.startswith("AWS_ACC")]\n' + textwrap.dedent(
        COMPONENTS
    )
    here.write(program)
    assert here.driver(pulumi_engine).up().changes == {"create": 3}
    assert os.environ["AWS_ACCESS_KEY_ID"] == "theirs"
    assert list(home.iterdir()) == []


WAITING = """
    import pathlib, time
    import pulumi

    if not pulumi.runtime.is_dry_run():
        pathlib.Path({flag!r}).touch()
        time.sleep(600)
"""

START = """
    import sys
    from pathlib import Path
    from local.engine.binary import Engine
    from tests.local.engine.engine_support import Project
    Project(Path(sys.argv[1])).driver(Engine(Path(sys.argv[2]), (3, 250, 0), "test")).up()
"""


@pytest.mark.parametrize("with_engine", [True, False], ids=["starter and engine", "starter only"])
def test_the_next_run_finishes_what_kill_9_interrupted(
    here: Project, pulumi_engine: Engine, with_engine: bool, tmp_path: Path
) -> None:
    flag = tmp_path / "running"
    here.write(textwrap.dedent(WAITING.format(flag=str(flag))))
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(START), str(tmp_path), str(pulumi_engine.executable)],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not flag.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (lock,) = recovery.locks(here.workspace())
    if with_engine:
        os.kill(lock.pid, signal.SIGKILL)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    here.write()
    assert here.driver(pulumi_engine).up().changes == {"create": 3}
    assert recovery.locks(here.workspace()) == []


def test_what_an_interrupted_engine_left_in_doubt_is_settled(here: Project, pulumi_engine: Engine) -> None:
    driver = here.driver(pulumi_engine)
    driver.up()
    path = here.workspace().state / ".pulumi" / "stacks" / "test" / "dev.json"
    state = json.loads(path.read_text())
    latest = state["checkpoint"]["latest"]
    room = next(r for r in latest["resources"] if r["urn"].endswith("room-1"))
    latest["resources"].remove(room)
    latest["pending_operations"] = [{"type": "creating", "resource": room}]
    path.write_text(json.dumps(state))
    assert recovery.pending(here.workspace()) == [f"creating {room['urn']}"]
    assert driver.up().changes == {"create": 1, "same": 2}
    assert recovery.pending(here.workspace()) == []


def test_a_lock_of_another_machine_is_left_alone(here: Project) -> None:
    workspace = here.workspace()
    workspace.prepare()
    lock = workspace.state / ".pulumi" / "locks" / "organization" / "test" / "dev" / "1.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": 1, "hostname": f"not-{socket.gethostname()}"}))
    with pytest.raises(EngineError, match="from the machine not-"):
        recovery.release(workspace)
    assert lock.exists()
