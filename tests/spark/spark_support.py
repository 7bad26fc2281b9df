"""A Spark session in a process of its own, and the canonical row hash that results are compared by."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from local import bootstrap
from tests.etl.lake_support import Lake

ROOT = Path(__file__).parents[2]
UNREADABLE = "unreadable"
"""Name of a raw object that no process of a session can open."""
QUICK = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}
"""For many queries over few rows the compiler that is done at once is the better one."""
LOCK = ROOT / "tools" / "requirements-spark.lock"


def spark_python() -> Path:
    """Return the Python of Spark's environment, which is made the first time."""
    environment = bootstrap.shared_environment(LOCK) or ROOT / ".lake" / "spark-python"
    bootstrap.make(ROOT, environment, LOCK)
    return environment / "bin" / "python"


class Session:
    """Asks the worker to run both jobs over a lake."""

    def __init__(self, process: "subprocess.Popen[str]", trace: Path, errors: Path) -> None:
        self.process = process
        self.trace = trace
        self.errors = errors

    def run(self, lake: Lake, *, ansi: bool, curate: bool = True, share: int = 8 << 20) -> dict[str, Any]:
        """Run and return the summaries by job; files are shared out by at least `share` bytes."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {"lake": lake.store.uri, "ansi": ansi, "curate": curate, "share": share}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()[-4000:]
        answer: dict[str, Any] = json.loads(line)
        assert "fault" not in answer, answer["fault"]
        return answer

    def opened(self, lake: Lake) -> list[tuple[int, str]]:
        """Process and key of each opening of a raw object of a lake."""
        prefix = f"{lake.root}/"
        found = (line.split("\t") for line in self.trace.read_text().splitlines())
        return [(int(pid), path.removeprefix(prefix)) for pid, path in found if path.startswith(prefix)]


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """Start the worker, and end it."""
    trace, errors = folder / "opened", folder / "errors"
    trace.touch()
    places = [str(ROOT), str(ROOT / "tests" / "spark" / "trace")]
    environment = os.environ | QUICK | {"PYTHONPATH": os.pathsep.join(places), "LAKE_TRACE": str(trace)}
    command = [str(spark_python()), "-m", "tests.spark.worker"]
    with errors.open("w") as stream:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream,
        )  # fmt: skip
        try:
            yield Session(process, trace, errors)
        finally:
            process.communicate(timeout=300)


def row_hash(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of rows in canonical text, whatever order they came in."""
    texts = (json.dumps({c: _text(v) for c, v in sorted(row.items())}, ensure_ascii=False) for row in rows)
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()


def _text(value: object) -> str | list[str] | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.6f}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return sorted(str(v) for v in value)
    return str(value)
