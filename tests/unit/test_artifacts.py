import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components.artifacts import glue_modules, package, script
from etl.errors import DataLakeError
from tests.unit.recorder import ROOT


def tree(root: Path, text: str = "answer = 42\n") -> Path:
    for name, content in {
        "etl/__init__.py": "",
        "etl/rules.py": text,
        "etl/contracts/clients.yaml": "a: 1\n",
        "etl/jobs/raw_to_processed.py": "print(1)\n",
        "etl/__pycache__/rules.cpython-311.pyc": "x",
        "requirements.in": "boto3==1.0\nduckdb==2.0.0\npyyaml==6.0.3\nsqlglot==30.30.0\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_the_same_sources_give_the_same_bytes_on_another_machine_and_day(tmp_path: Path) -> None:
    one, other = tree(tmp_path / "one"), tree(tmp_path / "other")
    os.utime(other / "etl" / "rules.py", (0, 0))
    (other / "etl" / "rules.py").chmod(0o600)
    first, second = package(one), package(other)
    assert first.key == second.key
    assert first.path.read_bytes() == second.path.read_bytes()


def test_another_content_gives_another_key(tmp_path: Path) -> None:
    one, other = tree(tmp_path / "one"), tree(tmp_path / "other", "answer = 43\n")
    assert package(one).key != package(other).key


def test_a_moved_file_gives_another_key(tmp_path: Path) -> None:
    root = tree(tmp_path)
    before = package(root).key
    (root / "etl" / "rules.py").rename(root / "etl" / "laws.py")
    assert package(root).key != before


def test_the_package_holds_sources_and_contracts_and_no_caches(tmp_path: Path) -> None:
    with zipfile.ZipFile(package(tree(tmp_path)).path) as archive:
        assert archive.namelist() == [
            "etl/__init__.py",
            "etl/contracts/clients.yaml",
            "etl/jobs/raw_to_processed.py",
            "etl/rules.py",
        ]


def test_python_imports_the_package_from_the_zip(tmp_path: Path) -> None:
    path = package(tree(tmp_path)).path
    code = (
        f"import sys; sys.path[:] = [{str(path)!r}] + sys.path; import etl.rules; print(etl.rules.__file__)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert str(path) in done.stdout


def test_a_second_run_leaves_the_file_alone(tmp_path: Path) -> None:
    root = tree(tmp_path)
    first = package(root).path
    stamp = first.stat().st_mtime_ns
    assert package(root).path.stat().st_mtime_ns == stamp
    assert [path.name for path in first.parent.iterdir()] == [first.name]


def test_a_missing_script_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataLakeError, match=r"job script gone\.py does not exist"):
        script(tree(tmp_path), "gone.py")
    assert script(tmp_path, "raw_to_processed.py").key == "jobs/raw_to_processed.py"


def test_an_empty_tree_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataLakeError, match="no etl package"):
        package(tmp_path)


def test_glue_installs_what_the_environment_is_locked_to(tmp_path: Path) -> None:
    assert glue_modules(tree(tmp_path)) == "duckdb==2.0.0,pyyaml==6.0.3,sqlglot==30.30.0"
    locked = (ROOT / "requirements.lock").read_text()
    assert all(pin in locked for pin in glue_modules(ROOT).split(","))
    (tmp_path / "requirements.in").write_text("duckdb\n")
    with pytest.raises(DataLakeError, match="no pinned version of duckdb, pyyaml, sqlglot"):
        glue_modules(tmp_path)
