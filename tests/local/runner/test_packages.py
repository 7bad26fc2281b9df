"""Packages of jobs: unpacked once for each content, never half."""

import zipfile
from pathlib import Path

import pytest

from local.runner.packages import bytecode, unpacked


def _zip(folder: Path, name: str, content: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("desk/__init__.py", content)
    return folder / name


def test_equal_content_is_unpacked_once_and_other_content_beside_it(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    first = unpacked(_zip(tmp_path / "a", "desk.zip", "SIZE = 1"), shelf)
    again = unpacked(_zip(tmp_path / "b", "desk.zip", "SIZE = 1"), shelf)
    other = unpacked(_zip(tmp_path / "c", "desk.zip", "SIZE = 2"), shelf)

    assert first == again != other
    assert (first / "desk" / "__init__.py").read_text() == "SIZE = 1"
    assert sorted(shelf.iterdir()) == sorted([first, other])


def test_a_single_module_is_a_package_too(tmp_path: Path) -> None:
    module = tmp_path / "book.py"
    module.write_text("SIZE = 3")
    assert (unpacked(module, tmp_path / "shelf") / "book.py").read_text() == "SIZE = 3"


def test_a_package_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sly.zip", "w") as archive:
        archive.writestr("../../outside.py", "x = 1")
    place = unpacked(tmp_path / "sly.zip", tmp_path / "shelf")
    assert [path.relative_to(place) for path in place.rglob("*.py")] == [Path("outside.py")]
    assert not (tmp_path / "outside.py").exists()


def test_bytecode_lies_where_ours_does_or_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "/somewhere")
    assert bytecode() == {"PYTHONPYCACHEPREFIX": "/somewhere"}
    monkeypatch.delenv("PYTHONPYCACHEPREFIX")
    assert bytecode() == {"PYTHONDONTWRITEBYTECODE": "1"}
