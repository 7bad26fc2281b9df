"""kill -9 anywhere; the same command run again finishes with the undisturbed result."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.emulator import process
from tests.local.clone_support import Clone, clone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Clone]:
    made = clone(tmp_path / "lake")
    try:
        yield made
    finally:
        made.close()


def kill_when(running: subprocess.Popen[str], ready: Callable[[str], bool], deadline: float = 180) -> str:
    """Reads what `running` prints and kills its whole group with -9 once `ready` says so."""
    printed = ""
    until = time.monotonic() + deadline
    assert running.stdout is not None
    while time.monotonic() < until:
        line = running.stdout.readline()
        printed += line
        if ready(printed):
            os.killpg(running.pid, signal.SIGKILL)
            running.wait(30)
            return printed
        if not line and running.poll() is not None:
            break
    raise AssertionError(f"never got to the point of the kill:\n{printed}")


def test_a_killed_up_is_finished_by_the_next_up(here: Clone) -> None:
    kill_when(here.spawn("up", "local"), lambda text: "raw-to-processed" in text or text.count("creat") > 20)
    here.must("up", "local")
    here.must("destroy", "local", "--yes")
    assert here.control("inventory") == {}


@pytest.mark.parametrize("moment", ["raw-to-processed", "publish"])
def test_a_killed_demo_is_finished_by_the_next_demo(here: Clone, moment: str) -> None:
    kill_when(here.spawn("demo"), lambda text: moment in text.rpartition("Pipeline")[2])
    here.must("demo", timeout=400)
    total = "SELECT count(*) AS n, sum(net_mwh) AS mwh FROM energy_curated_local.daily_energy_consumption"
    after = here.rows("reporting", total)
    here.must("demo", timeout=400)
    assert here.rows("reporting", total) == after


def test_a_stack_whose_embedded_aws_died_is_rebuilt(here: Clone) -> None:
    here.must("up", "local")
    emulator = process.find(here.root, "local")
    assert emulator is not None
    os.kill(emulator.pid, signal.SIGKILL)
    said = here.lake("up", "local")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "rebuil" in (said.stdout + said.stderr).lower()
    assert here.control("inventory") != {}
