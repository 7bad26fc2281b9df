"""A job's Python packages: fetched for every run, unpacked once for each content.

Python keeps no bytecode for modules inside a zip file, so that every run would compile the package anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path


def unpacked(package: Path, shelf: Path) -> Path:
    """Return the folder below `shelf` that holds what a package file (zip, wheel or single module) holds.

    Made complete beside its place and then renamed, so that no run sees half of it.
    """
    place = shelf / hashlib.sha256(package.name.encode() + b"\0" + package.read_bytes()).hexdigest()[:20]
    if place.is_dir():
        return place
    shelf.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=shelf))
    if zipfile.is_zipfile(package):
        with zipfile.ZipFile(package) as archive:
            archive.extractall(partial)
    else:
        shutil.copy(package, partial)
    try:
        partial.rename(place)
    except OSError:  # another run was first
        shutil.rmtree(partial)
    return place


def bytecode() -> dict[str, str]:
    """Return the part of a job's environment that says where bytecode is kept: where ours is."""
    prefix = os.environ.get("PYTHONPYCACHEPREFIX")
    return {"PYTHONPYCACHEPREFIX": prefix} if prefix else {"PYTHONDONTWRITEBYTECODE": "1"}
