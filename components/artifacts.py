"""What Glue runs: job scripts, the etl package and the warehouse's model, the same bytes on every machine."""

import hashlib
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from etl.errors import DataLakeError
from etl.warehouse.model import model

GLUE_MODULES = ("duckdb", "pyyaml", "sqlglot")
"""What the etl package imports and Glue does not bring along."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Artifact:
    """A file on this machine and its key in the artifacts bucket."""

    path: Path
    key: str


def script(root: Path, name: str) -> Artifact:
    """Find a job's script under `etl/jobs/`; its key is `jobs/<name>`."""
    path = root / "etl" / "jobs" / name
    if not path.is_file():
        raise DataLakeError(
            f"the job script {name} does not exist", where=str(path), fix="restore it, or name another script"
        )
    return Artifact(path, f"jobs/{name}")


def package(root: Path) -> Artifact:
    """Pack `etl/**` as a zip whose key carries the hash of its content, `packages/etl-<16 hex digits>.zip`.

    The same sources give the same bytes everywhere: sorted names, one date, one mode, nothing compressed.
    """
    sources = sorted(path for path in (root / "etl").rglob("*") if path.is_file() and _ships(path))
    if not sources:
        raise DataLakeError("there is no etl package to ship", where=str(root / "etl"))
    digest = hashlib.sha256()
    for path in sources:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    name = f"etl-{digest.hexdigest()[:16]}.zip"
    target = root / ".lake" / "packages" / name
    if not target.is_file():
        _pack(root, sources, target)
    return Artifact(target, f"packages/{name}")


def warehouse_model(root: Path) -> Artifact:
    """Write the document of the warehouse's tables and views; its key carries the hash of its content."""
    body = model().to_json()
    name = f"warehouse-{hashlib.sha256(body).hexdigest()[:16]}.json"
    target = root / ".lake" / "packages" / name
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_suffix(f".{os.getpid()}")
        half.write_bytes(body)
        half.replace(target)
    return Artifact(target, f"packages/{name}")


def glue_modules(root: Path) -> str:
    """Return the modules Glue installs for a run, pinned as in requirements.in: `duckdb==2.0.0,...`."""
    path = root / "requirements.in"
    pins = dict(re.findall(r"^([A-Za-z0-9-]+)(==\S+)", path.read_text(), re.MULTILINE))
    missing = [module for module in GLUE_MODULES if module not in pins]
    if missing:
        raise DataLakeError(
            f"no pinned version of {', '.join(missing)}", where=str(path), fix="pin it with =="
        )
    return ",".join(module + pins[module] for module in GLUE_MODULES)


def _ships(path: Path) -> bool:
    return "__pycache__" not in path.parts and path.suffix != ".pyc"


def _pack(root: Path, sources: list[Path], target: Path) -> None:
    """Write the zip beside its name and rename it, so that nobody ever reads half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_STORED) as archive:
        for path in sources:
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, path.read_bytes())
    half.replace(target)
