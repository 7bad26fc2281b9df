"""kill -9 anywhere; the same command run again finishes with the undisturbed result."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.etl import oracle
from tests.local.clone_support import GOLD, Clone, canonical, clone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def kill_when(here: Clone, verb: str, ready: Callable[[str], bool]) -> None:
    """Starts a verb and kills its whole process group with -9 once `ready` says so of what it printed."""
    printed = ""
    with here.spawn(*verb.split()) as running:
        assert running.stdout is not None
        for line in running.stdout:
            printed += line
            if ready(printed):
                os.killpg(running.pid, signal.SIGKILL)
                return
        raise AssertionError(f"never got to the point of the kill:\n{printed}")


def during(job: str, step: str) -> Callable[[str], bool]:
    return lambda printed: f"job {job}: {step}" in printed


def test_whatever_is_killed_the_same_command_finishes_it(tmp_path: Path) -> None:
    here = clone(tmp_path / "lake")
    try:
        kill_when(here, "up local", lambda printed: printed.count("created") > 20)
        here.must("up", "local")
        kill_when(here, "demo", during("raw-to-processed", "judging transactions"))
        kill_when(here, "demo", during("raw-to-processed", "published transactions"))
        kill_when(here, "demo", during("processed-to-curated", "published daily_energy_consumption"))
        here.must("demo", timeout=400)
        expected = oracle.gold(here.root / ".lake" / "local" / "work" / "generated")
        for table in GOLD:
            columns = list(expected[table][0])
            got = here.rows("reporting", f"SELECT {', '.join(columns)} FROM energy_curated_local.{table}")
            assert canonical(got) == canonical(expected[table]), table
        here.must("destroy", "local")
        assert here.control("inventory") == {}
    finally:
        here.close()


def test_a_stack_whose_embedded_aws_died_is_rebuilt(tmp_path: Path) -> None:
    here = clone(tmp_path / "lake")
    try:
        here.must("up", "local")
        os.kill(here.emulator().pid, signal.SIGKILL)
        time.sleep(0.5)
        said = here.lake("up", "local")
        assert said.returncode == 0, said.stdout + said.stderr
        assert "rebuilding starts from nothing" in " ".join((said.stdout + said.stderr).split())
        assert here.control("inventory") != {}
    finally:
        here.close()
