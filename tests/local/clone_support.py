"""A clone of the working tree in a folder of its own, driven the way a user drives it."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.aws import Cloud
from local.emulator import process

ROOT = Path(__file__).resolve().parents[2]
GOLD = ("daily_energy_consumption", "provider_performance", "client_analytics")


def canonical(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as sorted text; numbers by value, so 1.50 and 1.5 are one."""

    def text(value: Any) -> str:
        if value is None or value == "":
            return "∅"
        if isinstance(value, (int, float, Decimal)) or re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
            return f"{Decimal(str(value)).normalize():f}"
        return str(value)

    return sorted(json.dumps({k: text(v) for k, v in row.items()}, sort_keys=True) for row in rows)


@dataclass(frozen=True)
class Clone:
    """The files git would check out, plus uncommitted ones; its `.lake/` folder is its own."""

    root: Path

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "local.cli", *args]

    def environment(self, **extra: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "LAKE_", "AWS_"))}
        return kept | {"PYTHONPATH": str(self.root), "COLUMNS": "120", "NO_COLOR": "1"} | extra

    def lake(self, *args: str, timeout: float = 240, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*args),
            cwd=self.root,
            env=self.environment(**extra),
            text=True,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def must(self, *args: str, timeout: float = 240, **extra: str) -> str:
        done = self.lake(*args, timeout=timeout, **extra)
        assert done.returncode == 0, f"{args} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def rows(self, workgroup: str, sql: str) -> list[dict[str, Any]]:
        """What `query --format json` answers."""
        answer: list[dict[str, Any]] = json.loads(self.must("query", workgroup, sql, "--format", "json"))
        return answer

    def spawn(self, *args: str, **extra: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*args),
            cwd=self.root,
            env=self.environment(**extra),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def emulator(self) -> process.Emulator:
        """The clone's own embedded AWS, which must be running."""
        found = process.find(self.root, "local")
        assert found is not None, "the emulator is not running"
        return found

    def cloud(self) -> Cloud:
        return Cloud(self.emulator().endpoint)

    def control(self, path: str) -> Any:
        """An answer of the emulator's control API."""
        return self.cloud().control("GET", path)

    def close(self) -> None:
        self.lake("stop")
        shutil.rmtree(self.root, ignore_errors=True)


def clone(into: Path) -> Clone:
    """Copies every file git knows of or would add, as it stands in the working tree."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True
    ).stdout.split(b"\0")
    for name in (os.fsdecode(n) for n in names if n):
        source = ROOT / name
        if source.is_file():
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return Clone(into)
