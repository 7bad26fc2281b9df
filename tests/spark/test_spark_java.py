"""Which Java the Spark engine takes: one that fits and is there, else the one from the package index."""

import os
import subprocess
from pathlib import Path

import pytest

from etl.errors import DataLakeError
from etl.spark.java import java_home
from tests.spark.spark_support import ROOT, spark_python


def fake_java(folder: Path, version: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2026-01-01' >&2\n")
    java.chmod(0o755)
    return folder


@pytest.mark.parametrize("version", ["17.0.15", "11.0.2", "1.8.0_402"])
def test_a_java_on_path_that_runs_spark_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{fake_java(tmp_path, version)}/bin:/usr/bin:/bin")
    assert java_home() is None


def test_a_java_home_that_is_too_new_is_said_where_there_is_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path, "25.0.1")))
    with pytest.raises(DataLakeError, match="needs Java 17") as caught:
        java_home()
    assert caught.value.fix is not None


@pytest.mark.slow
def test_the_environment_of_the_tests_brings_a_java_of_its_own(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "JAVA_HOME"}
    environment |= {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [str(spark_python()), "-c", "from etl.spark.java import java_home; print(java_home())"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    version = subprocess.run(
        [f"{found.stdout.strip()}/bin/java", "-version"], capture_output=True, text=True, check=True
    )
    assert 'version "17.' in version.stderr
